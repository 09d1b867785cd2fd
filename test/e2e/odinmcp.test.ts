// OdinMCP behind a node that is started with OdinMCP's own pushpin.conf and routes, as they are but for the ports: its
// origin in Python publishes over ZeroMQ, a new socket for each message.

import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import {
  ask,
  type Folder,
  type GatewayNode,
  newFolder,
  type Program,
  PYTHON,
  type Reading,
  startGateway,
  startProgram,
} from './gateway-node.ts';

let folder: Folder;
let node: GatewayNode;
let origin: Program;

afterEach(async () => {
  await origin.kill();
  expect(await node.stop()).toBe(0);
  folder.remove();
});

/** Their files with other ports, and with the change that an operator makes. */
async function start(change: (conf: string) => string = (conf) => conf): Promise<void> {
  const usual = ['7999', '5560', '5561', '5562', '5563', '8000'];
  const free = await freePorts(usual.length);
  const withPorts = (text: string): string =>
    usual.reduce(
      (done, port, at) => done.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(free[at])),
      text,
    );
  const own = (name: string): string => withPorts(readFileSync(`test/e2e/odinmcp/${name}`, 'utf8'));
  folder = newFolder();
  folder.write('routes', own('routes'));
  const file = folder.write('pushpin.conf', change(own('pushpin.conf')));
  node = await startGateway([`--pushpin-conf=${file}`], folder.path);
  const [port, url] = [withPorts('8000'), withPorts('tcp://localhost:5562')] as const;
  origin = await startProgram(PYTHON, ['test/e2e/odinmcp/origin.py', port, url], {});
}

interface Session {
  readonly id: string;
  readonly stream: Reading;
}

/** `padding` makes the session's id, and with it the channel, as long as client parameters make it. */
async function begin(
  padding: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const params = { clientInfo: { name: 'x'.repeat(padding) } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const initialized = await ask(`${node.url}/mcp`, { method: 'POST', body });
  expect([initialized.status, await initialized.whole()]).toEqual([
    200,
    '{"jsonrpc": "2.0", "id": 0, "result": {"protocolVersion": "2025-03-26"}}',
  ]);
  const id = initialized.header('mcp-session-id') ?? '';
  const stream = await ask(`${node.url}/mcp`, { headers: { ...headers, 'mcp-session-id': id } });
  return { id, stream };
}

function call(id: string, number: number): Promise<Reading> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: number, method: 'tools/call' });
  return ask(`${node.url}/mcp`, { method: 'POST', headers: { 'mcp-session-id': id }, body });
}

function results(text: string): string[] {
  return [...text.matchAll(/event: message\ndata: (.*)\n\n/g)].map(([, data = '']) => {
    const { id, result } = JSON.parse(data) as { id: number; result: { part: string } };
    return `${id} ${result.part}`;
  });
}

test('their two mistaken routes and their old keys are told of, and nothing fails', async () => {
  await start();
  await expect.poll(() => node.logged('gateway.routesLoaded').length).toBe(1);
  const skipped = node.logged('gateway.routeSkipped');
  expect(skipped.map(({ line, sentence }) => [line, sentence])).toEqual([
    [2, 'skipping duplicate condition'],
    [3, 'skipping duplicate condition'],
  ]);
  const warned = node.logged('config.warning').map(({ warning }) => String(warning));
  for (const key of ['include', 'condure_bin', 'mongrel2_bin', 'm2sh_bin', 'zurl_bin'])
    expect(warned.filter((warning) => warning.includes(key))).toHaveLength(1);
  expect(Object.keys(node.doors).toSorted()).toEqual([
    ...['control', 'gateway', 'stats', 'zmq-command', 'zmq-pull', 'zmq-sub'],
  ]);
});

test('a session: a 202 is held, results come as events, and DELETE closes the stream', async () => {
  await start();
  const { id, stream } = await begin(0);
  expect([stream.status, stream.header('content-type')]).toEqual([202, 'text/event-stream']);
  expect([stream.header('mcp-session-id'), stream.header('content-length')]).toEqual([
    id,
    undefined,
  ]);
  const called = await call(id, 1);
  expect([called.status, await called.whole()]).toEqual([202, '']);
  await stream.until('done');
  await call(id, 2);
  await stream.until('"id": 2, "result": {"part": "done"}');
  expect(results(stream.text)).toEqual(
    ['1', '2'].flatMap((number) => [`${number} started`, `${number} half`, `${number} done`]),
  );
  const deleted = await ask(`${node.url}/mcp`, {
    method: 'DELETE',
    headers: { 'mcp-session-id': id },
  });
  expect(deleted.status).toBe(200);
  await stream.whole();
  expect(stream.end).toBe('whole');
});

test('their keep-alive is an empty line after ten seconds without a word', async () => {
  await start();
  const { stream } = await begin(0);
  expect(await stream.until('\n')).toBe('\n');
  stream.leave();
});

test('a channel of 3 kB, with a token of the same length beside it, fits the 8,192 bytes of their file', async () => {
  await start();
  const authorization = `Bearer ${'t'.repeat(3_000)}`;
  const { id, stream } = await begin(2_200, { authorization });
  expect(id.length).toBeGreaterThan(3_000);
  expect(stream.status).toBe(202);
  await call(id, 1);
  await stream.until('done');
  expect(results(stream.text)).toEqual(['1 started', '1 half', '1 done']);
  await ask(`${node.url}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': id } });
  await stream.whole();
  expect(stream.end).toBe('whole');
});

test('[GRIP-LIMIT-3] client_buffer_size says how long a head may be: with theirs 20 kB are refused, with 32 kB taken', async () => {
  await start();
  const headers = { authorization: `Bearer ${'t'.repeat(20_000)}`, 'mcp-session-id': 'x' };
  const refused = await ask(`${node.url}/mcp`, { headers });
  expect([refused.status, await refused.whole()]).toEqual([
    400,
    'Request header size exceeded limit of 8192 bytes.\n',
  ]);
  await origin.kill();
  await node.stop();
  folder.remove();
  await start((conf) => conf.replace('client_buffer_size=8192', 'client_buffer_size=32768'));
  const { id, stream } = await begin(2_200, { authorization: `Bearer ${'t'.repeat(20_000)}` });
  expect(stream.status).toBe(202);
  await call(id, 1);
  await stream.until('done');
  stream.leave();
});
