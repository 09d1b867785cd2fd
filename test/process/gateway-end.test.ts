// How a gateway node ends: everybody who is connected is told so in the words of their protocol, and nobody is cut.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { launch, type Launched } from '../support/node-process.ts';
import { WsClient } from '../support/ws-client.ts';

// Whole processes on machines with few cores.
vi.setConfig({ testTimeout: 60_000 });

let folder = '';
const closing: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-end-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true });
});

/** An origin that holds what is asked of it, and answers `/slow` when it is told to. */
async function origin() {
  const asked: string[] = [];
  const slow: ServerResponse[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/slow') {
      slow.push(response);
      return;
    }
    const mode = request.url === '/poll' ? 'response' : 'stream';
    response.setHeader('Grip-Hold', mode);
    response.setHeader('Grip-Channel', 'a');
    response.setHeader('Grip-Link', '</gone>; rel=gone');
    response.end(`${mode}\n`);
  });
  const sockets = new WebSocketServer({ server });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    sockets.close();
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked, slow };
}

async function gateway(
  port: number,
  spread: string,
  condition = '',
): Promise<Launched & { readonly url: string }> {
  const routes = join(folder, 'routes');
  writeFileSync(routes, `*${condition} 127.0.0.1:${port}\n`);
  const node = launch(
    [
      ...['--json', '--threads', '2', '--port', '0', '--admin-port', 'off'],
      ...['--routes', routes, '--gateway-host', '127.0.0.1', '--gateway-port', '0'],
      ...['--control-port', '0'],
    ],
    {
      HERMOD_DRAIN_SPREAD_MS: spread,
      HERMOD_GATEWAY_ZMQ_PULL: 'off',
      HERMOD_GATEWAY_ZMQ_SUB: 'off',
      HERMOD_GATEWAY_ZMQ_COMMAND: 'off',
      HERMOD_GATEWAY_UPDATE_ON_FIRST_SUBSCRIPTION: 'false',
    },
  );
  closing.push(async () => {
    node.child.kill('SIGKILL');
    await node.exited;
  });
  const doors = await node.ready;
  return { ...node, url: `http://${doors['gateway']}` };
}

test('[PROC-DRAIN-3] [DIFF-52] SIGTERM: streams end as whole, WebSockets with 1001, requests are answered, no gone link is asked', async () => {
  const { port, asked, slow } = await origin();
  const node = await gateway(port, '2s');
  const streams = await Promise.all(Array.from({ length: 10 }, () => fetch(`${node.url}/stream`)));
  const polls = Array.from({ length: 10 }, () => fetch(`${node.url}/poll`));
  const underWay = fetch(`${node.url}/slow`);
  const sockets = await Promise.all(
    Array.from({ length: 5 }, () => WsClient.open(node.url.replace('http', 'ws'))),
  );
  await expect.poll(() => asked.filter((line) => line.endsWith('/poll')).length).toBe(10);
  await expect.poll(() => slow.length).toBe(1);
  const began = performance.now();
  node.child.kill('SIGTERM');
  const told = Promise.all(sockets.map(({ closed }) => closed));
  for (const stream of streams) expect(await stream.text()).toBe('stream\n');
  for (const poll of polls) {
    const answer = await poll;
    expect([answer.status, await answer.text()]).toEqual([200, 'response\n']);
  }
  expect(performance.now() - began).toBeLessThan(4_000);
  slow[0]?.end('at last\n');
  const answer = await underWay;
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  expect(await answer.text()).toBe('at last\n');
  for (const end of await told) expect(end).toEqual({ code: 1001, reason: 'going away' });
  expect(await node.exited).toBe(0);
  const events = node.lines.map((line) => (JSON.parse(line) as { event: string }).event);
  expect(events.slice(-2)).toEqual(['process.draining', 'process.drained']);
  expect(asked.filter((line) => line.includes('gone'))).toEqual([]);
});

test('[SOCKJS-20] SIGTERM: a SockJS page that polls is told that the node goes', async () => {
  const { port } = await origin();
  const node = await gateway(port, '500ms', ',sockjs=/sock');
  const poll = (session: number): Promise<string> =>
    fetch(`${node.url}/sock/0/s${session}/xhr`, { method: 'POST' }).then((page) => page.text());
  for (let session = 0; session < 8; session += 1) expect(await poll(session)).toBe('o\n');
  const waiting: Promise<string>[] = [];
  for (let session = 0; session < 7; session += 1) {
    // Whether one waits cannot be seen: the other one of the same session is told so, whichever comes second.
    const pages = [poll(session), poll(session)] as const;
    const told = await Promise.race(pages.map(async (page, at) => ({ at, text: await page })));
    expect(told.text).toBe('c[2010,"Another connection still open"]\n');
    waiting.push(told.at === 0 ? pages[1] : pages[0]);
  }
  node.child.kill('SIGTERM');
  for (const page of waiting) expect(await page).toBe('c[1001,"going away"]\n');
  expect(await node.exited).toBe(0);
});

test('[PROC-DRAIN-3] who is not answered in time is told so, and idle connections do not hold up the end', async () => {
  const { port, slow } = await origin();
  const node = await gateway(port, '0ms');
  const idle = await fetch(`${node.url}/poll`, { signal: AbortSignal.timeout(50) }).catch(() => 0);
  expect(idle).toBe(0);
  const underWay = fetch(`${node.url}/slow`);
  await expect.poll(() => slow.length).toBe(1);
  node.child.kill('SIGTERM');
  const answer = await underWay;
  expect([answer.status, await answer.text()]).toEqual([503, 'The service restarts.\n']);
  expect(await node.exited).toBe(0);
});
