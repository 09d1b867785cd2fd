// What an operator's tools see of the process from outside: the admin door, and TLS.

import assert from 'node:assert/strict';
import { connect } from 'node:tls';

import { bytesCases, type Need } from '../case.ts';
import { placeOf, RawSocket } from '../raw-socket.ts';
import type { Sockets } from '../sockets.ts';

const adminDoor: Need = {
  unmet: ({ sockets }) => (sockets?.admin === undefined ? 'needs --admin' : undefined),
};

const secureDoor: Need = {
  unmet: ({ sockets }) =>
    sockets?.url.protocol === 'wss:' ? undefined : 'needs a target of wss://',
};

async function ask(
  { facts }: Sockets,
  path: string,
  method = 'GET',
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: string }> {
  const response = await fetch(`${facts.admin}${path}`, { method });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

export const processCases = bytesCases('process', [
  [
    '[PROC-ADMIN-1] /healthz and /readyz of a node that is ready are answered 200',
    async (_, sockets) => {
      const health = await ask(sockets, '/healthz');
      assert.equal(health.status, 200);
      const { status, shards } = JSON.parse(health.body) as {
        status: string;
        shards: { alive: number };
      };
      assert.equal(status, 'ok');
      assert.ok(shards.alive >= 1, 'no shard is alive');
      const ready = await ask(sockets, '/readyz');
      assert.deepEqual([ready.status, JSON.parse(ready.body)], [200, { status: 'ready' }]);
    },
    adminDoor,
  ],
  [
    '[PROC-ADMIN-1] /metrics are in Prometheus’ text form, and count what clients do',
    async (target, sockets) => {
      const topic = `${target.topic()}-not-a-label`;
      const client = await target.client();
      await client.subscribe(topic);
      const { status, headers, body } = await ask(sockets, '/metrics');
      assert.equal(status, 200);
      assert.match(headers.get('content-type') ?? '', /^text\/plain; *version=/);
      for (const line of body.split('\n').filter((each) => each !== ''))
        assert.match(line, /^(?:# (?:HELP|TYPE) \w+ .*|\w+(?:\{[^}]*\})? \S+)$/);
      assert.match(body, /^hermod_info\{version="[^"]+"\} 1$/m);
      assert.match(body, /^hermod_shards_alive [1-9]\d*$/m);
      assert.match(body, /^hermod_shard_restarts_total \d+$/m);
      assert.match(body, /^process_\w+ \S+$/m);
      const connections = [...body.matchAll(/^hermod_connections\{shard="\d+"\} (\d+)$/gm)];
      assert.ok(
        connections.some(([, count]) => Number(count) > 0),
        'no connection is counted',
      );
      assert.ok(!body.includes(topic), 'a topic is a label');
    },
    adminDoor,
  ],
  [
    '[PROC-ADMIN-1] HEAD is answered as GET is, other methods 405 with Allow, other paths 404',
    async (_, sockets) => {
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        const head = await ask(sockets, path, 'HEAD');
        assert.deepEqual([head.status, head.body], [200, '']);
        for (const method of ['POST', 'PUT', 'DELETE']) {
          const refused = await ask(sockets, path, method);
          assert.equal(refused.status, 405);
          assert.equal(refused.headers.get('allow'), 'GET, HEAD');
        }
      }
      for (const path of ['/', '/config', '/metrics/', '/topics'])
        assert.equal((await ask(sockets, path)).status, 404);
    },
    adminDoor,
  ],
  [
    '[PROC-TLS-1] the door speaks TLS 1.2 or later, and nothing without',
    async (target, { facts: { url } }) => {
      const socket = connect(placeOf(url));
      try {
        await new Promise<void>((resolve, reject) => {
          socket.once('secureConnect', resolve);
          socket.once('error', reject);
        });
        assert.match(socket.getProtocol() ?? '', /^TLSv1\.[23]$/);
      } finally {
        socket.destroy();
      }
      const plain = new RawSocket(url, false);
      try {
        plain.say('GET /topics HTTP/1.1\r\nHost: a\r\n\r\n');
        await plain.ended();
        assert.ok(!plain.text.startsWith('HTTP/'), 'plain HTTP was answered');
      } finally {
        plain.socket.destroy();
      }
      assert.equal((await target.get('/topics')).status, 200);
    },
    secureDoor,
  ],
]);
