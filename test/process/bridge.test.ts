// A channel of the gateway and a room of the chat on one node: who holds a stream hears the room, and the room hears what
// is published. And what a configuration must not join.

import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launch, type NodeProcess, startNode } from '../support/node-process.ts';

// Whole processes on machines with few cores.
vi.setConfig({ testTimeout: 60_000 });

let node: NodeProcess;
let person: Socket;
let heard = '';

beforeAll(async () => {
  node = await startNode(
    [
      ...['--threads', '2', '--route', '* test', '--gateway-port', '0', '--control-port', '0'],
      ...['--gateway-host', '127.0.0.1', '--chat-port', '0', '--chat-envelope', 'lenient'],
      ...['--bridge', 'chat/general=grip/test'],
    ],
    {
      HERMOD_GATEWAY_ZMQ_PULL: 'off',
      HERMOD_GATEWAY_ZMQ_SUB: 'off',
      HERMOD_GATEWAY_ZMQ_COMMAND: 'off',
    },
  );
  const [host, port] = node.doors['chat']?.split(':') ?? [];
  person = connect(Number(port), host);
  person.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  type('LOGIN', { user: 'alice' });
  type('JOIN', { room: 'general' });
}, 60_000);

afterAll(async () => {
  person.destroy();
  expect(await node.stop()).toBe(0);
});

function type(kind: string, payload: object): void {
  person.write(`${JSON.stringify({ version: '1.0', type: kind, payload })}\n`);
}

test('[BRIDGE-3] [BRIDGE-4] [BRIDGE-6] a stream hears the room, and the room what is published', async () => {
  await expect.poll(() => heard, { timeout: 10_000 }).toContain('JOIN_OK');
  const stream = await fetch(`http://${node.doors['gateway']}/stream`);
  let told = '';
  void (async () => {
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>)
      told += new TextDecoder().decode(chunk);
  })().catch(() => {});
  await expect.poll(() => told, { timeout: 10_000 }).toContain('[stream opened]');
  type('ROOM_MESSAGE', { room: 'general', body: 'hello' });
  await expect
    .poll(() => told, { timeout: 10_000 })
    .toContain('data: {"from":"alice","body":"hello"');
  const item = { channel: 'test', formats: { 'http-stream': { content: 'snow\n' } } };
  const answer = await fetch(`http://${node.doors['control']}/publish`, {
    method: 'POST',
    body: JSON.stringify({ items: [item] }),
  });
  expect(answer.status).toBe(200);
  await expect
    .poll(() => heard, { timeout: 10_000 })
    .toContain('"from":"guest@grip","body":"snow"');
  expect(told.split('snow')).toHaveLength(2);
});

test('[BRIDGE-12] a room without a chat is told before anything starts', async () => {
  const { exited, errors } = launch(['--port', '0', '--bridge', 'chat/general=broker/general']);
  expect(await exited).toBe(2);
  expect(errors()).toContain(
    '--bridge: bridge.topics joins a room, and there is no chat. Set chat.port.',
  );
});
