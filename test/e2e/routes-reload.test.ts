// The routes file of a running node is edited, as editors and deployments do it, while clients are there.

import { renameSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  decodeWebSocketEvents,
  encodeWebSocketEvents,
  Publisher,
  WebSocketEvent,
} from '@fanoutio/grip';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ask, type Folder, type GatewayNode, newFolder, startGateway } from './gateway-node.ts';
import { Socket } from './socket.ts';

const PATIENCE = { timeout: 15_000 };

const origins: Server[] = [];
let folder: Folder;
let node: GatewayNode;

afterEach(async () => {
  for (const origin of origins.splice(0)) origin.close();
  expect(await node.stop()).toBe(0);
  folder.remove();
});

/** An origin that says its name, holds streams, and echoes what sockets say; gives its port. */
async function startOrigin(name: string): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/stream')
      response
        .writeHead(200, { 'Grip-Hold': 'stream', 'Grip-Channel': 'all' })
        .end(`held by ${name}\n`);
    else if (request.headers['content-type'] === 'application/websocket-events')
      void echo(name, request, response);
    else response.end(name);
  });
  origins.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function echo(
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const events = decodeWebSocketEvents(Buffer.concat(chunks)).map(({ type, content }) => {
    const text = Buffer.from(content ?? '').toString();
    return type === 'TEXT'
      ? new WebSocketEvent(type, `${name}: ${text}`)
      : new WebSocketEvent(type);
  });
  response
    .writeHead(200, { 'Content-Type': 'application/websocket-events' })
    .end(encodeWebSocketEvents(events));
}

async function whoAnswers(): Promise<string> {
  return (await ask(`${node.url}/`)).whole();
}

test('[PROC-GATE-3] a change of the routes file counts for new requests, drops nobody, and a bad line is a warning', async () => {
  const [first, second] = [await startOrigin('first'), await startOrigin('second')];
  folder = newFolder();
  const file = folder.write('routes', `* 127.0.0.1:${first},over_http\n`);
  node = await startGateway(['--routes', file]);
  const publisher = new Publisher(node.control);
  const stream = await ask(`${node.url}/stream`);
  await stream.until('held by first\n');
  const socket = await Socket.open(`${node.url.replace('http', 'ws')}/socket`);
  socket.say('hello');
  expect(await socket.next()).toBe('first: hello');
  expect(await whoAnswers()).toBe('first');

  // Written in place, with a line that says nothing, one that is wrong and one that says nothing new.
  folder.write(
    'routes',
    `\n* 127.0.0.1:${second},over_http\n*,path_beg=/x\n* 127.0.0.1:${first}\n`,
  );
  await expect.poll(whoAnswers, PATIENCE).toBe('second');
  const skipped = node.logged('gateway.routeSkipped');
  expect(skipped.map(({ level, line }) => [level, line])).toEqual([
    ['warn', 3],
    ['warn', 4],
  ]);
  await stillThere('one');
  const late = await ask(`${node.url}/stream`);
  expect(await late.until('\n')).toBe('held by second\n');

  // Put in its place by renaming, twice, and empty at last.
  for (const [routes, answer] of [
    [`* 127.0.0.1:${first},over_http\n`, 'first'],
    ['', 'No route for host: 127.0.0.1\n'],
  ] as const) {
    renameSync(folder.write('routes.new', routes), file);
    await expect.poll(whoAnswers, PATIENCE).toBe(answer);
    await stillThere(answer);
  }
  await publisher.publishHttpStream('all', 'to both\n');
  await late.until('to both\n');
  late.leave();
  stream.leave();
  socket.socket.close();
  expect(await socket.closed).toBe(1000);

  async function stillThere(word: string): Promise<void> {
    await publisher.publishHttpStream('all', `${word}\n`);
    await stream.until(`${word}\n`);
    socket.say(word);
    expect(await socket.next()).toBe(`first: ${word}`);
    expect(socket.socket.readyState).toBe(WebSocket.OPEN);
  }
});
