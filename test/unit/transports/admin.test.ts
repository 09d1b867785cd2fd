// The admin door and the metrics it shows, on a real socket.

import { request } from 'node:https';
import { afterEach, expect, test } from 'vitest';
import { AdminDoor, type AdminSources } from '../../../src/transports/process/admin.ts';
import { metricName, Metrics } from '../../../src/transports/process/metrics.ts';
import type { ShardStats } from '../../../src/transports/shards-contract.ts';
import { selfSigned } from '../../support/certificates.ts';
import { addressText } from '../../../src/transports/operator/listening.ts';

let door: AdminDoor | undefined;

afterEach(() => {
  door?.close();
});

let isReady = true;
const sources: AdminSources = {
  health: () => ({ status: 'ok', shards: { alive: 2 } }),
  readiness: () => ({ isReady, status: isReady ? 'ready' : 'draining' }),
  cluster: () => Promise.resolve('alone'),
  metrics: () => Promise.resolve({ contentType: 'text/plain', text: 'up 1\n' }),
};

async function open(changed: Partial<AdminSources> = {}): Promise<string> {
  door = new AdminDoor({ host: '127.0.0.1', port: 0, tls: undefined }, { ...sources, ...changed });
  const listening = await door.listen();
  if (!listening.ok) throw new Error(listening.message);
  return `http://${listening.address}`;
}

test('[PROC-ADMIN-1] health, readiness and metrics are answered', async () => {
  const base = await open();
  const health = await fetch(`${base}/healthz?x=1`);
  expect([health.status, await health.json()]).toEqual([
    200,
    { status: 'ok', shards: { alive: 2 } },
  ]);
  expect(health.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const metrics = await fetch(`${base}/metrics`);
  expect([metrics.status, await metrics.text()]).toEqual([200, 'up 1\n']);
  expect((await fetch(`${base}/readyz`)).status).toBe(200);
  isReady = false;
  const draining = await fetch(`${base}/readyz`);
  expect([draining.status, await draining.json()]).toEqual([503, { status: 'draining' }]);
  isReady = true;
});

test('[PROC-ADMIN-2] what the node knows of its cluster is told', async () => {
  const told = { type: 'clusterTold', ref: 1, node: 'n1', cluster: 'c', incarnation: 7 } as const;
  const whole = { isServing: true, cutOff: ['n2'], caps: ['presence'] };
  const base = await open({ cluster: () => Promise.resolve({ ...told, ...whole, members: [] }) });
  const answer = await fetch(`${base}/cluster`);
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { node: 'n1', cluster: 'c', incarnation: 7, ...whole, members: [] },
  ]);
});

test('[PROC-ADMIN-2] nothing is told of a node that is alone', async () => {
  const answer = await fetch(`${await open()}/cluster`);
  expect(answer.status).toBe(404);
});

test('[PROC-ADMIN-2] a node whose shard does not answer is not alone for that', async () => {
  const base = await open({ cluster: () => Promise.resolve(undefined) });
  const answer = await fetch(`${base}/cluster`);
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { error: 'This node cannot say it now: no answer came in time.' },
  ]);
});

test('[PROC-ADMIN-1] HEAD has no body, other methods are refused, other paths are not there', async () => {
  const base = await open();
  const head = await fetch(`${base}/metrics`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
    200,
    '5',
    '',
  ]);
  const post = await fetch(`${base}/healthz`, { method: 'POST', body: 'x'.repeat(100_000) });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const lost = await fetch(`${base}/config`);
  expect([lost.status, await lost.json()]).toEqual([
    404,
    { error: 'Nothing is here. There are /metrics, /healthz, /readyz and /cluster.' },
  ]);
});

test('[PROC-ADMIN-1] metrics that cannot be collected are an answer too', async () => {
  const base = await open({ metrics: () => Promise.reject(new Error('no')) });
  expect((await fetch(`${base}/metrics`)).status).toBe(500);
});

test('[PROC-PORT-2] a taken port is told, with its code', async () => {
  const base = await open();
  const second = new AdminDoor(
    { host: '127.0.0.1', port: Number(new URL(base).port), tls: undefined },
    sources,
  );
  expect(await second.listen()).toMatchObject({ ok: false, code: 'EADDRINUSE' });
});

test('[PROC-TLS-1] [PROC-TLS-2] the door takes TLS, and a newer certificate for new connections', async () => {
  const [first, second] = [selfSigned('one'), selfSigned('two')];
  door = new AdminDoor({ host: '127.0.0.1', port: 0, tls: first }, sources);
  const listening = await door.listen();
  if (!listening.ok) throw new Error(listening.message);
  expect(await healthOver(listening.address, first.cert)).toBe(200);
  door.reloadTls(second);
  expect(await healthOver(listening.address, second.cert)).toBe(200);
  await expect(healthOver(listening.address, first.cert)).rejects.toThrow(/certificate/);
});

test('addresses are written as URLs have them', () => {
  expect([addressText('127.0.0.1', 80), addressText('::1', 80)]).toEqual([
    '127.0.0.1:80',
    '[::1]:80',
  ]);
});

test('[PROC-ADMIN-1] what shards count is shown by shard, beside the numbers of the process', async () => {
  const metrics = new Metrics('1.2.3');
  const stats: ShardStats[] = [
    { shard: 0, counters: { 'web.acceptFailed': 2, turns: 5 }, gauges: { connections: 7 } },
    { shard: 1, counters: { turns: 6 }, gauges: { connections: 8, 'mailbox.waiting': 0 } },
  ];
  const sourcesOf = (found: readonly ShardStats[]) => ({
    alive: found.length,
    restarts: 1,
    stats: () => Promise.resolve(found),
  });
  const lines = (await metrics.scrape(sourcesOf(stats))).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'hermod_info{version="1.2.3"} 1',
      'hermod_shards_alive 2',
      'hermod_shard_restarts_total 1',
      'hermod_web_accept_failed_total{shard="0"} 2',
      'hermod_turns_total{shard="0"} 5',
      'hermod_turns_total{shard="1"} 6',
      'hermod_connections{shard="0"} 7',
      'hermod_connections{shard="1"} 8',
      'hermod_mailbox_waiting{shard="1"} 0',
      '# TYPE hermod_turns_total counter',
      '# TYPE hermod_connections gauge',
    ]),
  );
  expect(lines.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true);

  const again = (await metrics.scrape(sourcesOf(stats.slice(1)))).split('\n');
  expect(again).toContain('hermod_turns_total{shard="1"} 6');
  expect(again.filter((line) => line.includes('shard="0"'))).toEqual([]);
});

test('[PROC-ADMIN-1] scrapes at the same time ask the shards once', async () => {
  const metrics = new Metrics('0');
  let asked = 0;
  const counting = {
    alive: 1,
    restarts: 0,
    stats: () => {
      asked += 1;
      return Promise.resolve([]);
    },
  };
  await Promise.all([metrics.scrape(counting), metrics.scrape(counting)]);
  expect(asked).toBe(1);
  await metrics.scrape(counting);
  expect(asked).toBe(2);
});

test('[PROC-ADMIN-1] before the shards are up there are metrics already', async () => {
  expect(await new Metrics('0').scrape(undefined)).toContain('hermod_shards_alive 0');
});

test.each([
  ['connections', 'connections'],
  ['web.tls.failures', 'web_tls_failures'],
  ['acceptFailed', 'accept_failed'],
  ['9 lives-left', '9_lives_left'],
])('%s is the metric %s', (name, metric) => {
  expect(metricName(name)).toBe(metric);
});

function healthOver(address: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`https://${address}/healthz`, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}
