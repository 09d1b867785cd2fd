// The web edge's HTTP, byte by byte on real sockets: what it refuses before an actor hears of it, how streams look on
// the wire whichever reader took the request, and how doors open, change their certificate and close.

import { request as httpsRequest } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';

import { selfSigned } from '../support/self-signed.ts';
import { type DoorChanges, ProductionWeb } from './production-web.ts';
import { handshake, openRaw, RawClient, serverClose } from './raw-client.ts';
import {
  accept,
  close,
  nextRequest,
  nextUpgrade,
  openStream,
  openWebSocket,
  respond,
  stream,
  write,
} from './web-contract.ts';

const get = (path: string, ...lines: readonly string[]): string =>
  `${[`GET ${path} HTTP/1.1`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;
const post = (...lines: readonly string[]): string =>
  `${['POST / HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;

test.each<[title: string, said: string, status: number]>([
  ['what is no HTTP', 'hello\r\n\r\n', 400],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['[WEB-HTTP-3] two Hosts', get('/', 'Host: b'), 400],
  ['[WEB-HTTP-3] two Hosts of an event stream', get('/sse', 'Host: b'), 400],
  ['[WEB-HTTP-3] two Hosts of a handshake', handshake('/ws', 'Host: b'), 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['no Host of an event stream', 'GET /sse HTTP/1.1\r\n\r\n', 400],
  ['both lengths', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 400],
  ['two lengths', `${post('Content-Length: 1', 'Content-Length: 2')}ab`, 400],
  ['a list of lengths', `${post('Content-Length: 1, 1')}a`, 400],
  ['a signed length', `${post('Content-Length: +1')}a`, 400],
  ['an unknown coding', `${post('Transfer-Encoding: gzip')}a`, 400],
  ['chunked not last', `${post('Transfer-Encoding: chunked, gzip')}0\r\n\r\n`, 400],
  ['a broken chunk', `${post('Transfer-Encoding: chunked')}zz\r\n`, 400],
  ['a space before the colon', get('/', 'X : y'), 400],
  ['a folded header', get('/', 'X: y', ' z'), 400],
  ['a bare line feed in a header', get('/', 'X: y\nZ: z'), 400],
  ['a bare carriage return in a header', get('/sse', 'X: y\rZ: z'), 400],
  ['a zero byte in a header', get('/sse', 'X: \0'), 400],
  ['a space in the target', 'GET /s se HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a head that is too long', get('/sse', `X: ${'y'.repeat(17_000)}`), 431],
  [
    '[WEB-HTTP-3] too many fields',
    get('/sse', ...[...Array(100).keys()].map((n) => `X-${n}: y`)),
    431,
  ],
  ['[WEB-HTTP-5] a body that is announced too long', post('Content-Length: 1001'), 413],
  [
    '[WEB-HTTP-5] a body that is announced too long, and waits',
    post('Content-Length: 1001', 'Expect: 100-continue'),
    413,
  ],
  [
    'a body that becomes too long',
    `${post('Transfer-Encoding: chunked')}3e9\r\n${'x'.repeat(1_001)}\r\n0\r\n\r\n`,
    413,
  ],
  ['an expectation that nobody can meet', get('/', 'Expect: a miracle'), 417],
  ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
])('%s is refused, and no actor hears of it', async (_, said, status) => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(said);
  await world.until('an answer came', () => client.text.includes('\r\n\r\n'));
  expect(client.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(client.text).not.toContain('100 Continue');
  if (status !== 417) await world.until('the connection ended', () => client.hasEnded);
  expect(world.asked).toEqual([]);
});

test('a client that is refused in the middle of a long body still reads why', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(post('Content-Length: 9000000'));
  for (let n = 0; n < 50; n += 1) client.say(Buffer.alloc(65_536));
  await world.until('the connection ended', () => client.hasEnded);
  expect(client.text).toMatch(/^HTTP\/1\.1 413 [^]*at most 1000 bytes\.\n$/);
});

test('[WEB-HTTP-6] long answers that nobody reads are bounded, and those who read them are not', async () => {
  const world = await begin();
  const most = 'x'.repeat(67_108_864);
  const ask = async (nth: number): Promise<{ client: RawClient; connection: number }> => {
    const client = new RawClient(world);
    client.say(get('/topics'));
    return { client, connection: (await nextRequest(world, nth)).connection };
  };
  const slow = await ask(0);
  slow.client.socket.pause();
  world.turn(respond(slow.connection, 200, most));
  const refused = await ask(1);
  world.turn(respond(refused.connection, 200, 'y'.repeat(65_537)));
  await world.until('it is refused', () => refused.client.text.endsWith('to be read.\n'));
  expect(refused.client.text).toMatch(/^HTTP\/1\.1 503 /);
  const short = await ask(2);
  world.turn(respond(short.connection, 200, 'y'.repeat(65_536)));
  await world.until('a short one passes', () => short.client.afterHead.length === 65_536);
  slow.client.socket.resume();
  await world.until('it is read', () => slow.client.size > most.length);
  const next = await ask(3);
  world.turn(respond(next.connection, 200, most));
  next.client.socket.destroy();
  await world.until('it has gone', () => next.client.isClosed);
  const last = await ask(4);
  world.turn(respond(last.connection, 200, 'y'.repeat(65_537)));
  await world.until('it is told', () => last.client.afterHead.length === 65_537);
});

test('a body is asked for when it is welcome', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(post('Content-Length: 4', 'Expect: 100-continue'));
  await world.until('it is asked for', () => client.text === 'HTTP/1.1 100 Continue\r\n\r\n');
  client.say('body');
  const { body } = await nextRequest(world, 0);
  expect(Buffer.from(body).toString()).toBe('body');
});

test('a body comes whole, in whatever chunks it was sent', async () => {
  const world = await begin();
  const client = new RawClient(world);
  const text = Array.from({ length: 1_000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join(
    '',
  );
  const letters = text.split('');
  const chunks = [...letters.slice(0, 400), text.slice(400, 900), ...letters.slice(900)];
  const said = chunks.map((one) => `${one.length.toString(16)}\r\n${one}\r\n`).join('');
  client.say(`${post('Transfer-Encoding: chunked')}${said}0\r\n\r\n`);
  const { body } = await nextRequest(world, 0);
  expect(Buffer.from(body).toString()).toBe(text);
});

test.each([
  ['nothing', '', ''],
  ['half a head', 'GET / HTTP/1.1\r\n', '408'],
  ['half a body', `${post('Content-Length: 10')}half`, '408'],
])('a client that says %s and waits is cut off', async (_, said, status) => {
  const world = await begin({ limits: { headTimeoutMs: 200, bodyTimeoutMs: 200 } });
  const client = new RawClient(world);
  if (said !== '') client.say(said);
  await world.until('the connection ended', () => client.hasEnded || client.isClosed);
  expect(client.text.slice(9, 12)).toBe(status);
  expect(world.count('web.http.timeouts')).toBe(1);
});

test('pipelined requests are heard one after the other and answered in order', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(get('/1') + get('/2') + get('/3'));
  for (const n of [0, 1, 2]) {
    const { connection, path } = await nextRequest(world, n);
    expect(path).toBe(`/${n + 1}`);
    expect(world.asked).toHaveLength(n + 1);
    world.turn(respond(connection, 200, `answer ${n}`));
  }
  await world.until('all are answered', () => client.text.endsWith('answer 2'));
  expect(client.text.match(/answer \d/g)).toEqual(['answer 0', 'answer 1', 'answer 2']);
});

test('[SHARD-4] under pressure no actor hears of a request until it is over', async () => {
  const world = await begin();
  world.pauseReading(true);
  for (const said of [get('/1'), get('/sse'), handshake()]) new RawClient(world).say(said);
  await world.until('all knocked', () => world.edge.exchanges === 3);
  expect(world.asked).toEqual([]);
  world.pauseReading(false);
  expect(world.asked).toHaveLength(3);
});

test.each([
  ['a handshake', handshake()],
  ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['what is no HTTP', 'hello\r\n\r\n'],
  ['[WEB-HTTP-3] a request with two Hosts', get('/', 'Host: b')],
])('%s behind a request that is not answered yet ends the connection', async (_, said) => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(get('/first') + said);
  await world.until('the connection ended', () => client.isClosed);
  await world.until('nobody is asked any more', () => world.edge.exchanges === 0);
  expect(world.asked.length).toBeLessThanOrEqual(1);
  // An answer would be taken for that to the first request.
  expect(client.text).toBe('');
});

test('a client that lets a heap of requests wait is cut off', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(get('/').repeat(300));
  await world.until('the connection ended', () => client.isClosed);
  expect(world.asked.length).toBeLessThanOrEqual(1);
});

test.each([
  ['http://localhost:1/a?b', '/a', 'b'],
  ['http://localhost', '/', ''],
  ['http://localhost?b', '/', 'b'],
  ['/a?b?c', '/a', 'b?c'],
  ['/%2e/%F0%9F%9A%80?%20', '/%2e/%F0%9F%9A%80', '%20'],
])('the target %s has a path and a query', async (target, path, query) => {
  const world = await begin();
  new RawClient(world).say(get(target));
  expect(await nextRequest(world, 0)).toMatchObject({ path, query });
});

test('repeated headers are joined, and none can pass for a property of objects', async () => {
  const world = await begin();
  new RawClient(world).say(
    get('/', 'X-A: 1', 'x-a: 2', '__proto__: evil', 'Cookie: a', 'Cookie: b'),
  );
  const { headers } = await nextRequest(world, 0);
  expect(headers['x-a']).toBe('1, 2');
  expect(headers['cookie']).toBe('a, b');
  expect(headers['__proto__']).toBe('evil');
  expect('toString' in headers).toBe(false);
});

test('another protocol than WebSocket is not switched to: the request is answered as it is', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA'));
  world.turn(respond((await nextRequest(world, 0)).connection, 200, 'HTTP/1.1 it is'));
  await world.until('the answer came', () => client.text.endsWith('it is'));
  expect(client.text.startsWith('HTTP/1.1 200 OK\r\n')).toBe(true);
});

const streamHead =
  /^HTTP\/1\.1 200 OK\r\nDate: [^\r]+ GMT\r\nConnection: close\r\ncontent-type: text\/event-stream\r\n\r\n$/;

test.each<[title: string, say: (client: RawClient, world: ProductionWeb) => Promise<void>]>([
  ['a plain request', async (client) => client.say(get('/sse'))],
  [
    'a plain request on any path',
    async (client) => client.say(get('/any', 'Accept: text/event-stream')),
  ],
  [
    'a head in pieces',
    async (client) => {
      for (const byte of get('/sse')) client.say(byte);
    },
  ],
  [
    'a second request',
    async (client, world) => {
      client.say(get('/first'));
      world.turn(respond((await nextRequest(world, 0)).connection, 200, ''));
      await world.until('the first answer came', () => client.text.endsWith('\r\n\r\n'));
      client.say(get('/sse'));
    },
  ],
  [
    'a pipelined request',
    async (client, world) => {
      client.say(get('/first') + get('/sse'));
      world.turn(respond((await nextRequest(world, 0)).connection, 200, ''));
    },
  ],
  [
    'a request with half of another behind it',
    async (client) => client.say(`${get('/sse')}GET /ignored`),
  ],
  ['HTTP/1.0', async (client) => client.say('GET /sse HTTP/1.0\r\n\r\n')],
])('a stream looks the same for %s', async (_, say) => {
  const world = await begin();
  const client = new RawClient(world);
  await say(client, world);
  await world.until(
    'the stream is asked for',
    () => world.asked.at(-1)?.path !== '/first' && world.asked.length > 0,
  );
  const { connection } = world.asked.at(-1) ?? { connection: 0 };
  world.turn(stream(connection), write([connection], 'data: 1\n\n'));
  await world.until('the first event came', () => client.text.endsWith('data: 1\n\n'));
  const text = client.text.slice(client.text.lastIndexOf('HTTP/1.1 200'));
  expect(text.replace('data: 1\n\n', '')).toMatch(streamHead);
  // What such a client says further has no meaning, and its going is noticed.
  client.say(get('/ignored').repeat(1_000));
  world.turn(write([connection], 'data: 2\n\n'));
  await world.until('the second event came', () => client.text.endsWith('data: 2\n\n'));
  client.socket.end();
  await world.until('the owner knows', () => world.heard.length === 1);
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
  expect(world.asked.every(({ path }) => path !== '/ignored')).toBe(true);
});

test('the end of a stream is the end of its connection', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(get('/sse'));
  const { connection } = await nextRequest(world, 0);
  world.turn(
    stream(connection),
    write([connection], 'data: 1\n\n'),
    close(connection, 1001, 'going'),
  );
  await world.until('the connection ended', () => client.hasEnded);
  expect(client.text.endsWith('\r\n\r\ndata: 1\n\n')).toBe(true);
});

test('a header that would forge another ends in 500, and is logged as the bug it is', async () => {
  const world = await begin();
  const forged = { 'x-a': 'b\r\nx-c: d' };
  for (const [at, path] of ['/managed', '/sse'].entries()) {
    const client = world.request({ method: 'GET', path });
    world.turn(respond((await nextRequest(world, at)).connection, 200, 'never', forged));
    await world.until('the answer came', () => client.isOver);
    expect(client).toMatchObject({ status: 500, body: 'Internal error.\n' });
  }
  const client = world.request({ method: 'GET', path: '/sse' });
  const { connection } = await nextRequest(world, 2);
  world.turn({ ...stream(connection), headers: forged } as never);
  await world.until('the answer came', () => client.isOver);
  expect(client.status).toBe(500);
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
  expect(world.logged.map(({ event }) => event)).toEqual(Array(3).fill('web.answerFailed'));
});

test('a port that is taken is told by the code of the system', async () => {
  const world = await begin();
  await expect(ProductionWeb.open({ port: world.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  await expect(ProductionWeb.open({ host: '192.0.2.1' })).rejects.toMatchObject({
    code: 'EADDRNOTAVAIL',
  });
});

test('several edges share a port that they may share', async () => {
  const first = await begin({ reusePort: true });
  const second = await begin({ reusePort: true, port: first.port });
  expect(second.port).toBe(first.port);
  for (let n = 1; n <= 64; n += 1) {
    new RawClient(first).say(get('/'));
    const heard = (): number => first.asked.length + second.asked.length;
    second.join(first.lastClient);
    await Promise.race([
      first.until('', () => heard() === n),
      second.until('', () => heard() === n),
    ]);
  }
  expect(Math.min(first.asked.length, second.asked.length)).toBeGreaterThan(0);
});

test('a drain answers what was asked, closes the rest over its time, and then all is gone', async () => {
  const world = await begin();
  const socket = await openWebSocket(world);
  const streaming = await openStream(world);
  const idle = new RawClient(world);
  idle.say(get('/'));
  world.turn(respond((await nextRequest(world, 2)).connection, 200, 'idle now'));
  await world.until('it is idle', () => idle.text.endsWith('idle now'));
  const silent = new RawClient(world);
  await world.until('it is in', () => world.count('web.sockets.accepted') === 4);
  const pending = new RawClient(world);
  pending.say(get('/pending'));
  const { connection } = await nextRequest(world, 3);

  const drained = world.edge.drain(1001, 'going away', 100);
  await world.until(
    'the open ones are closed',
    () => socket.client.closed !== undefined && streaming.client.isOver,
  );
  expect(socket.client.closed).toEqual({ code: 1001, reason: 'going away' });
  await world.until('those who wait for nothing are gone', () => idle.isClosed && silent.isClosed);
  expect(pending.hasEnded).toBe(false);
  world.turn(respond(connection, 200, 'still answered'));
  await world.until('the last one is answered', () => pending.hasEnded);
  expect(pending.text).toMatch(/Connection: close[^]*still answered$/);
  await drained;
  expect(world.edge.connections + world.edge.exchanges).toBe(0);
  expect(world.heard.map(({ type }) => type)).toEqual(['closed', 'closed']);
  await expect(
    new Promise((resolve, reject) => {
      const late = new RawClient(world);
      late.socket.once('connect', resolve);
      late.socket.once('error', reject);
    }),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an edge that is abandoned says goodbye to everybody at once', async () => {
  const world = await begin();
  const { client } = await openRaw(world);
  const pending = new RawClient(world);
  pending.say(get('/pending'));
  await nextRequest(world, 1);
  world.edge.abandon(1012, 'service restart');
  await world.until('both know', () => client.afterHead.byteLength > 0 && pending.text !== '');
  expect(client.afterHead).toEqual(serverClose(1012, 'service restart'));
  expect(pending.text).toMatch(/^HTTP\/1\.1 503 /);
});

test('TLS doors carry requests, streams and WebSockets, and change their certificate for those who come', async () => {
  const [old, fresh] = [selfSigned('old'), selfSigned('new')];
  const world = await begin({ tls: old });
  const rejectUnauthorized = false;
  let answer = '';
  const request = httpsRequest(
    { port: world.port, path: '/plain', rejectUnauthorized, agent: false },
    (response) => {
      response.on('data', (text: Buffer) => {
        answer += text.toString();
        world.changed();
      });
    },
  );
  request.end();
  world.turn(respond((await nextRequest(world, 0)).connection, 200, 'in secret'));
  await world.until('the answer came', () => answer === 'in secret');

  const client = new WebSocket(`wss://localhost:${world.port}/`, { rejectUnauthorized });
  client.on('message', (text: Buffer) => {
    answer = text.toString();
    world.changed();
  });
  const upgrade = await nextUpgrade(world, 1);
  world.turn(accept(upgrade.connection), write([upgrade.connection], 'welcome'));
  await world.until('the welcome came', () => answer === 'welcome');

  world.edge.reloadTls('broker', fresh);
  const reader = connectTls({ port: world.port, rejectUnauthorized });
  world.join(reader);
  reader.write(get('/sse'));
  reader.on('data', (text: Buffer) => {
    answer += text.toString();
    world.changed();
  });
  const { connection } = await nextRequest(world, 2);
  world.turn(
    stream(connection),
    write([connection], 'data: secret\n\n'),
    write([upgrade.connection], 'still here'),
  );
  await world.until('the event came', () => answer.includes('data: secret'));
  await world.until('the old connection lives', () => answer.includes('still here'));
  expect(reader.getPeerCertificate().subject.CN).toBe('new');
  client.terminate();
});

async function begin(changes: DoorChanges = {}): Promise<ProductionWeb> {
  const world = await ProductionWeb.open(changes);
  onTestFinished(() => world.end());
  return world;
}
