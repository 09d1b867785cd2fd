// Apps built on `@fanoutio/serve-grip` with Express, and on `@fanoutio/grip` alone, each a process of its own, behind a
// node that has the configuration which Hermod's container ships, but for its ports.

import { readFileSync } from 'node:fs';
import { Publisher, WebSocketMessageFormat } from '@fanoutio/grip';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { freePorts } from '../support/free-port.ts';
import {
  ask,
  type Folder,
  type GatewayNode,
  newFolder,
  type Program,
  startGateway,
  startProgram,
} from './gateway-node.ts';
import { Socket } from './socket.ts';

/** Signed with another key. */
const FORGED =
  'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJwdXNocGluIn0.c2lnbmVkIHdpdGggYW5vdGhlciBrZXksIG9yIHdpdGggbm9uZQ';

let folder: Folder;
let node: GatewayNode;
let gripUrl: string;
const ports = { express: 0, plain: 0 };
const programs: Program[] = [];

beforeAll(async () => {
  [ports.express = 0, ports.plain = 0] = await freePorts(2);
  folder = newFolder();
  const shipped = readFileSync('packaging/pushpin.conf', 'utf8');
  const conf = shipped.replaceAll(/\b(?:7999|556\d)\b/g, '0');
  folder.write(
    'routes',
    `plain.test 127.0.0.1:${ports.plain},over_http\n* 127.0.0.1:${ports.express},over_http\n`,
  );
  node = await startGateway([`--pushpin-conf=${folder.write('pushpin.conf', conf)}`], folder.path);
  gripUrl = `${node.control}/?iss=pushpin&key=changeme&verify-iss=pushpin&verify-key=changeme`;
  for (const [app, port] of [
    ['express-app.js', ports.express],
    ['plain-app.js', ports.plain],
  ] as const) {
    const env = { PORT: String(port), GRIP_URL: gripUrl };
    programs.push(await startProgram(process.execPath, [`test/e2e/apps/${app}`], env));
  }
});

afterAll(async () => {
  for (const program of programs) await program.kill();
  expect(await node.stop()).toBe(0);
  folder.remove();
});

function say(path: string, body: string, headers: Record<string, string> = {}): Promise<string> {
  const all = { 'Content-Type': 'text/plain', ...headers };
  return ask(`${node.url}${path}`, { method: 'POST', headers: all, body }).then((answer) =>
    answer.whole(),
  );
}

test('a stream is held, gets what the library publishes, and ends when the app says so', async () => {
  const streams = await Promise.all(Array.from({ length: 4 }, () => ask(`${node.url}/stream`)));
  for (const stream of streams) {
    expect(stream.status).toBe(200);
    expect(await stream.until('\n')).toBe('open, signed: true\n');
    expect(Object.keys(stream.response.headers).filter((name) => name.startsWith('grip'))).toEqual(
      [],
    );
  }
  expect(await say('/news', 'snow')).toBe('told\n');
  expect(await say('/news', 'thaw')).toBe('told\n');
  for (const stream of streams) await stream.until('thaw\n');
  const closing = await ask(`${node.url}/news`, { method: 'DELETE' });
  expect(await closing.whole()).toBe('closed\n');
  for (const stream of streams) {
    expect(await stream.whole()).toBe('open, signed: true\nsnow\nthaw\n');
    expect(stream.end).toBe('whole');
  }
});

test('a poll is answered with what the library publishes, and its headers join those of the app', async () => {
  const asked = ask(`${node.url}/poll`);
  // Nobody can see when it is held: the app tells until it is answered.
  let answered = false;
  const poll = asked.then(async (answer) => {
    answered = true;
    return { answer, text: await answer.whole() };
  });
  await expect
    .poll(async () => {
      if (!answered) await say('/news', 'rain');
      return answered;
    })
    .toBe(true);
  const { answer, text } = await poll;
  expect([answer.status, answer.header('x-app'), answer.header('x-told'), text]).toEqual([
    201,
    'express',
    'yes',
    'rain\n',
  ]);
});

test('a stream with places gets each price once, also those that were published to nobody', async () => {
  const stream = await ask(`${node.url}/prices?from=0`);
  for (const price of ['10', '11', '12']) await say('/prices', price);
  await stream.until('12\n');
  // One that never reaches the gateway: the next one makes it ask the link.
  await say('/prices', '13', { 'X-Silent': 'yes' });
  await say('/prices', '14');
  await stream.until('14\n');
  expect(stream.text).toBe('10\n11\n12\n13\n14\n');
  const late = await ask(`${node.url}/prices?from=3`);
  await late.until('14\n');
  await say('/prices', '15');
  expect(await late.until('15\n')).toBe('13\n14\n15\n');
  expect(await stream.until('15\n')).toBe('10\n11\n12\n13\n14\n15\n');
  stream.leave();
  late.leave();
});

test('apps take nobody but the gateway, and no client can pretend to be it, or spoil its signature', async () => {
  const headers = { 'Grip-Sig': FORGED, Host: 'plain.test' };
  // serve-grip 2.0.0 looks only whether there is a signature; the other app has the library verify it.
  expect((await ask(`http://127.0.0.1:${ports.express}/stream`)).status).toBe(501);
  expect((await ask(`http://127.0.0.1:${ports.plain}/hold`, { headers })).status).toBe(403);
  const stream = await ask(`${node.url}/hold`, { headers });
  expect(stream.status).toBe(203);
  stream.leave();
});

test('a WebSocket speaks with the app over HTTP, and hears what is published', async () => {
  const socket = await Socket.open(`${node.url.replace('http', 'ws')}/socket`);
  socket.say('one');
  expect(await socket.next()).toBe('1: one');
  socket.say('two');
  expect(await socket.next()).toBe('2: two');
  // The app's keep-alive, after a second of silence.
  expect(await socket.next()).toBe('still here');
  await say('/news', 'hail');
  expect(await socket.nextBut('still here')).toBe('hail');
  socket.say('leave');
  expect(await socket.nextBut('still here')).toBe('3: leave');
  await say('/news', 'fog');
  socket.say('bye');
  expect(await socket.nextBut('still here')).toBe('4: bye');
  expect(await socket.closed).toBe(4002);
});

test('a client that closes is answered with its own code, and one that is told to go gets the publisher’s', async () => {
  const own = await Socket.open(`${node.url.replace('http', 'ws')}/socket`);
  own.socket.close(4005);
  expect(await own.closed).toBe(4005);
  const sent = await Socket.open(`${node.url.replace('http', 'ws')}/socket`);
  sent.say('x');
  expect(await sent.next()).toBe('1: x');
  await ask(`${node.url}/news`, { method: 'DELETE' });
  expect(await sent.closed).toBe(4001);
});

test('the library’s headers without a framework: binary keep-alives, another status, meta', async () => {
  const headers = { Host: 'plain.test' };
  const stream = await ask(`${node.url}/hold`, { headers });
  expect(stream.status).toBe(203);
  expect(await stream.until(':\n\n')).toBe('data: 1\n\n:\n\n');
  await new Publisher(gripUrl).publishHttpStream('plain', 'data: 2\n\n');
  expect(await stream.until('data: 2\n\n')).toContain('data: 1\n\n:\n\n');
  stream.leave();
});

test('the library’s events without its context: pings, bytes, a close', async () => {
  const socket = await Socket.open(`${node.url.replace('http', 'ws')}/events`, 'plain.test');
  const pong = new Promise<string>((resolve) => {
    socket.socket.once('pong', (data) => resolve(data.toString()));
  });
  socket.socket.ping('are you there');
  expect(await pong).toBe('are you there');
  socket.socket.send(Uint8Array.of(0, 255, 1));
  expect(await socket.next()).toBe('\u0000\u00ff\u0001');
  socket.socket.close(4010, 'enough');
  expect(await socket.closed).toBe(4010);
  const vanishing = await Socket.open(`${node.url.replace('http', 'ws')}/events`, 'plain.test');
  vanishing.socket.terminate();
  const told = async (): Promise<string> =>
    (await ask(`${node.url}/told`, { headers: { Host: 'plain.test' } })).whole();
  await expect.poll(told).toContain('"OPEN","DISCONNECT"');
});

test('a detached socket goes on without its app', async () => {
  const socket = await Socket.open(`${node.url.replace('http', 'ws')}/detached`, 'plain.test');
  expect(await socket.next()).toBe('on your own');
  socket.say('nobody hears this');
  const publisher = new Publisher(gripUrl);
  await publisher.publishFormats('plain', new WebSocketMessageFormat('you are not alone'));
  expect(await socket.next()).toBe('you are not alone');
  expect(socket.socket.readyState).toBe(WebSocket.OPEN);
  socket.socket.close();
  expect(await socket.closed).toBe(1000);
});
