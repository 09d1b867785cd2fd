// The gateway's clients, byte by byte on real sockets: what is refused before an actor hears of it, how bodies are read
// and answers framed, and what becomes of connections.

import { expect, onTestFinished, test } from 'vitest';

import {
  answer,
  call,
  Caller,
  get,
  own,
  OWNER,
  ProductionGateway,
  RECEIPTS,
  startStream,
} from './production-gateway.ts';

const post = (...lines: readonly string[]): string =>
  `${['POST / HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;

test.each<[title: string, said: string, text: string, isSmuggling: boolean]>([
  ['what is no HTTP', 'hello\r\n\r\n', 'bad request line', false],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01', 'bad request line', false],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 'bad request line', false],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 'bad request line', false],
  ['a target of no form', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n', 'bad target', false],
  [
    'a password in the target',
    'GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'bad target',
    false,
  ],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 'no Host', true],
  ['two Hosts', get('/', 'Host: b'), 'more than one Host', true],
  ['the same Host twice', get('/', 'Host: a'), 'more than one Host', true],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'bad Host', true],
  ['two Hosts in one', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 'bad Host', true],
  [
    'both lengths',
    `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    'both Content-Length and Transfer-Encoding',
    true,
  ],
  ['two lengths', `${post('Content-Length: 1', 'Content-Length: 2')}ab`, 'more than one', true],
  [
    'the same length twice',
    `${post('Content-Length: 1', 'Content-Length: 1')}a`,
    'more than',
    true,
  ],
  ['a list of lengths', `${post('Content-Length: 1, 1')}a`, 'bad Content-Length', true],
  ['a signed length', `${post('Content-Length: +1')}a`, 'bad Content-Length', true],
  ['a length in hexadecimal', `${post('Content-Length: 0x1')}a`, 'bad Content-Length', true],
  ['an empty length', post('Content-Length:'), 'bad Content-Length', true],
  ['an unknown coding', post('Transfer-Encoding: gzip'), 'bad Transfer-Encoding', true],
  ['chunked not alone', post('Transfer-Encoding: gzip, chunked'), 'bad Transfer-Encoding', true],
  [
    'two codings',
    post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
    'more than one Transfer-Encoding',
    true,
  ],
  ['chunks of HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 'bad Tr', true],
  ['a space before the colon', get('/', 'X : y'), 'bad header', true],
  ['a space before the colon of a length', post('Content-Length : 1'), 'bad header', true],
  ['a folded header', get('/', 'X: y', ' z'), 'bad header', true],
  ['a header without a colon', get('/', 'X'), 'bad header', false],
  ['a header without a name', get('/', ': y'), 'bad header', false],
  ['a bare line feed in a header', get('/', 'X: y\nZ: z'), 'bad header', true],
  ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n', 'bare line feed', true],
  ['a bare carriage return', get('/', 'X: y\rZ: z'), 'bad header', true],
  ['a zero byte in a header', get('/', 'X: \0'), 'bad header', false],
  ['a control character in a name', get('/', 'X\x01: y'), 'bad header', false],
  [
    'too many headers',
    get('/', ...Array.from({ length: 128 }, (_, n) => `X-${n}: y`)),
    'too',
    false,
  ],
])('%s is refused with 400, and no actor hears of it', async (_, said, text, isSmuggling) => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, said);
  await world.until('the connection ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(caller.text).toContain(`\r\n\r\nFailed to parse request: ${text}`);
  expect(caller.text).toContain('Connection: close\r\n');
  expect(world.requests).toEqual([]);
  expect(world.count('gateway.smuggling.refused')).toBe(isSmuggling ? 1 : 0);
});

test('a tunnel is refused', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
  await world.until('the connection ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 405 /);
  expect(world.requests).toEqual([]);
});

test('a head beyond the limit is refused in the words of Pushpin', async () => {
  const world = await ProductionGateway.open({ limits: { headBytesMax: 8_192 } });
  const caller = new Caller(world, get('/', `X: ${'y'.repeat(8_192)}`));
  await world.until('the connection ended', () => caller.hasEnded);
  expect(caller.text).toContain('\r\n\r\nRequest header size exceeded limit of 8192 bytes.\n');
});

test('a head of exactly the limit passes', async () => {
  const bare = get('/', 'X: ');
  const world = await ProductionGateway.open({ limits: { headBytesMax: 8_192 } });
  call(world, get('/', `X: ${'y'.repeat(8_192 - bare.length)}`));
  await world.request(0);
});

test('a head that does not become whole is refused when its time is up', async () => {
  const world = await ProductionGateway.open({ limits: { headTimeoutMs: 1 } });
  const caller = new Caller(world, 'GET / HT');
  await world.until('the connection ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 408 /);
});

test('a request reaches the door with names, case and repeats of its headers', async () => {
  const world = await ProductionGateway.open();
  call(world, get('/a%20b?c=d&e', 'X-One: 1', 'x-one:  2\t', 'X-EMPTY:', 'Cookie: ä'));
  const request = await world.request(0);
  expect(request).toMatchObject({
    door: 'gateway',
    method: 'GET',
    path: '/a%20b',
    search: '?c=d&e',
    host: 'a',
    isSecure: false,
    isWebSocket: false,
    bodyBytes: 0,
    remote: '127.0.0.1',
  });
  expect(request.headers).toEqual([
    ['Host', 'a'],
    ['X-One', '1'],
    ['x-one', '2'],
    ['X-EMPTY', ''],
    ['Cookie', 'ä'],
  ]);
});

test.each<[title: string, said: string, host: string, path: string, search: string]>([
  ['an absolute target', 'GET http://b:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n', 'b:81', '/c', '?d'],
  [
    'an absolute target without a path',
    'GET http://b?d HTTP/1.1\r\nHost: a\r\n\r\n',
    'b',
    '/',
    '?d',
  ],
  ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 'a', '*', ''],
  ['a fragment', 'GET /x?y#z?w HTTP/1.1\r\nHost: a\r\n\r\n', 'a', '/x', '?y'],
  ['a fragment of a path', 'GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n', 'a', '/x', ''],
  ['HTTP/1.0 without a Host', 'GET /x HTTP/1.0\r\n\r\n', '', '/x', ''],
  ['an IPv6 host', 'GET / HTTP/1.1\r\nHost: [::1]:8\r\n\r\n', '[::1]:8', '/', ''],
  ['empty lines before it', `\r\n\r\n${get('/y')}`, 'a', '/y', ''],
])('%s is understood', async (_, said, host, path, search) => {
  const world = await ProductionGateway.open();
  call(world, said);
  expect(await world.request(0)).toMatchObject({ host, path, search });
});

test('a request that comes byte by byte is the same request', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world);
  const said = `${post('Transfer-Encoding: chunked')}3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n`;
  for (const byte of said) caller.say(byte);
  const { connection } = await world.request(0);
  world.turn(own(connection), { type: 'readBody', connection, bytesMax: 10 });
  expect(await world.event('bodyRead')).toMatchObject({ isWhole: true, body: bytesOf('abc') });
});

test('an answer is framed, keeps its headers as they are, and the connection', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  const headers = [
    ['X-B', '1'],
    ['set-cookie', 'a'],
    ['Set-Cookie', 'b'],
    ['Content-Length', '999'],
    ['Transfer-Encoding', 'chunked'],
    ['Connection', 'close'],
    ['Date', 'now'],
  ] as const;
  world.turn(
    answer(connection, 'hello', { status: 201, reason: 'Made', headers }),
    answer(connection, 'second'),
  );
  await world.until('it came', () => caller.text.endsWith('hello'));
  expect(caller.text).toBe(
    'HTTP/1.1 201 Made\r\nX-B: 1\r\nset-cookie: a\r\nSet-Cookie: b\r\nDate: now\r\nContent-Length: 5\r\n\r\nhello',
  );
  caller.say(get('/next'));
  expect(await world.request(1)).toMatchObject({ path: '/next' });
});

test('a header that would forge another is left out', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  const headers = [
    ['X', 'a\r\nY: b'],
    ['X\r\nY', 'a'],
    ['X y', 'a'],
    ['', 'a'],
    ['Z', 'fine'],
  ] as const;
  world.turn(answer(connection, 'ok', { headers, reason: 'O\r\nK: x' }));
  await world.until('it came', () => caller.text.endsWith('ok'));
  expect(caller.text).not.toContain('Y');
  expect(caller.text).not.toContain('K: x');
  expect(caller.text).toContain('Z: fine\r\n');
  expect(world.count('gateway.headers.dropped')).toBe(4);
});

test.each<[title: string, method: string, status: number, length: string | undefined]>([
  ['HEAD', 'HEAD', 200, '7'],
  ['204', 'GET', 204, undefined],
  ['304', 'GET', 304, undefined],
])('the answer of %s has no body', async (_, method, status, length) => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`, get('/next'));
  const { connection } = await world.request(0);
  world.turn(answer(connection, 'no body', { status, reason: '' }));
  const next = await world.request(1);
  world.turn(answer(next.connection, 'next'));
  await world.until('both came', () => caller.text.endsWith('next'));
  expect(caller.text).not.toContain('no body');
  const [first = ''] = caller.text.split('\r\n\r\n');
  expect(/Content-Length: (.*)/.exec(first)?.[1]).toBe(length);
});

test.each([
  ['HEAD', 200, '5'],
  ['HEAD', 204, undefined],
  ['GET', 204, undefined],
  ['GET', 304, undefined],
])(
  '[GRIP-PROXY-7] an empty answer to %s with %i and a length has it or not',
  async (method, status, length) => {
    const world = await ProductionGateway.open();
    const caller = new Caller(world, `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`, get('/next'));
    const { connection } = await world.request(0);
    const headers = [['Content-Length', '5']] as const;
    world.turn(answer(connection, '', { status, reason: '', headers }));
    const next = await world.request(1);
    world.turn(answer(next.connection, 'next'));
    await world.until('both came', () => caller.text.endsWith('next'));
    const [first = ''] = caller.text.split('\r\n\r\n');
    expect(/Content-Length: (.*)/.exec(first)?.[1]).toBe(length);
  },
);

test.each<
  [title: string, version: string, line: string, isKept: boolean, said: string | undefined]
>([
  ['HTTP/1.1', '1.1', 'X: y', true, undefined],
  ['HTTP/1.1 that closes', '1.1', 'Connection: Close', false, 'close'],
  ['HTTP/1.1 that closes among others', '1.1', 'Connection: te , close', false, 'close'],
  ['HTTP/1.0', '1.0', 'X: y', false, undefined],
  ['HTTP/1.0 that keeps', '1.0', 'Connection: keep-alive', true, 'keep-alive'],
])(
  '[GRIP-CLIENT-2] %s: the connection is kept or closed, and says so',
  async (_, version, line, isKept, said) => {
    const world = await ProductionGateway.open();
    const caller = new Caller(world, `GET / HTTP/${version}\r\nHost: a\r\n${line}\r\n\r\n`);
    const { connection } = await world.request(0);
    world.turn(answer(connection, 'done'));
    await world.until('it came', () => caller.text.endsWith('done'));
    expect(caller.text.startsWith(`HTTP/${version} 200 `)).toBe(true);
    expect(/Connection: (.*)\r/.exec(caller.text)?.[1]).toBe(said);
    if (isKept) {
      caller.say(get('/next'));
      await world.request(1);
    } else await world.until('it ended', () => caller.hasEnded);
  },
);

test('an answer that is the last ends the connection', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn(answer(connection, 'last', { isLast: true }));
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toContain('Connection: close\r\n');
});

test('a large answer reaches a slow client whole, though the connection ends after it', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get('/', 'Connection: close'));
  const { connection } = await world.request(0);
  caller.socket.pause();
  const size = 20_000_000;
  world.turn(answer(connection, 'x'.repeat(size)));
  await new Promise((resolve) => setImmediate(resolve));
  caller.socket.resume();
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.bytes.byteLength).toBeGreaterThan(size);
});

test('pipelined requests are asked one after the other', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, `${get('/1')}${post('Content-Length: 3')}abc${get('/3')}`);
  const first = await world.request(0);
  expect(world.requests.length).toBe(1);
  world.turn(answer(first.connection, 'one'));
  const second = await world.request(1);
  expect(second.method).toBe('POST');
  world.turn(answer(second.connection, 'two'));
  const third = await world.request(2);
  world.turn(answer(third.connection, 'three'));
  await world.until('all came', () => caller.text.endsWith('three'));
  expect(caller.text).toMatch(/one[^]*two[^]*three$/);
});

test('Expect: 100-continue is answered when the body is wanted, and not otherwise', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, post('Content-Length: 3', 'Expect: 100-Continue'));
  const { connection } = await world.request(0);
  expect(caller.text).toBe('');
  world.turn(own(connection), { type: 'readBody', connection, bytesMax: 10 });
  await world.until('it goes on', () => caller.text === 'HTTP/1.1 100 Continue\r\n\r\n');
  caller.say('abc');
  expect(await world.event('bodyRead')).toMatchObject({ isWhole: true });

  const refused = new Caller(world, post('Content-Length: 3', 'Expect: 100-continue'));
  const second = await world.request(1);
  world.turn(answer(second.connection, 'no', { status: 403 }));
  await world.until('it ended', () => refused.hasEnded);
  expect(refused.text).toMatch(/^HTTP\/1\.1 403 [^]*Connection: close\r\n/);
});

test.each<[title: string, said: string, bytesMax: number, body: string, isWhole: boolean]>([
  ['a short body', `${post('Content-Length: 3')}abc`, 10, 'abc', true],
  ['a body of exactly so much', `${post('Content-Length: 3')}abc`, 3, 'abc', true],
  ['more than asked for', `${post('Content-Length: 5')}abcde`, 3, 'abc', false],
  ['chunks', `${post('Transfer-Encoding: chunked')}2\r\nab\r\n1\r\nc\r\n0\r\n\r\n`, 9, 'abc', true],
  ['no body', get(), 10, '', true],
])('readBody: %s', async (_, said, bytesMax, body, isWhole) => {
  const world = await ProductionGateway.open();
  call(world, said);
  const { connection } = await world.request(0);
  world.turn(own(connection), { type: 'readBody', connection, bytesMax });
  expect(await world.event('bodyRead')).toEqual({
    type: 'bodyRead',
    connection,
    body: bytesOf(body),
    isWhole,
  });
});

test('a body that nobody takes is not read without bounds', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, post('Content-Length: 50000000'));
  const { connection } = await world.request(0);
  caller.say(Buffer.alloc(50_000_000));
  await world.until('something came', () => world.count('gateway.bytes.in') > 64 * 1_024);
  world.turn(own(connection), { type: 'readBody', connection, bytesMax: 1_000 });
  expect(await world.event('bodyRead')).toMatchObject({ isWhole: false });
  world.turn(own(connection));
  expect(world.count('gateway.bytes.in')).toBeLessThan(1_000_000);
});

test('a client that goes is told at once, once', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn(own(connection));
  caller.socket.end();
  expect(await world.event('clientGone')).toEqual({ type: 'clientGone', connection });
  world.turn(answer(connection, 'nobody'));
  // Whoever asks later is told as well.
  world.turn(own(connection));
  expect(world.exchange.length).toBe(2);
});

test('cut breaks the connection without an answer', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn({ type: 'cut', connection });
  await world.until('it is closed', () => caller.isClosed);
  expect(caller.text).toBe('');
});

test('[GRIP-CLIENT-8] a silent connection ends after its time', async () => {
  const world = await ProductionGateway.open({ limits: { idleTimeoutMs: 40 } });
  const caller = new Caller(world);
  await world.until('it is closed', () => caller.isClosed);
  expect(world.count('gateway.idle')).toBe(1);
});

test('[GRIP-CLIENT-8] a held stream ends after its time of silence, and not before', async () => {
  const world = await ProductionGateway.open({ limits: { idleTimeoutMs: 200 } });
  const talking = new Caller(world, get());
  const { connection } = await world.request(0);
  const silent = new Caller(world, get());
  const other = await world.request(1);
  world.turn(startStream(connection, '.'), startStream(other.connection, '.'));
  const payload = Buffer.from('.');
  const talk = setInterval(
    () => world.webTurn({ type: 'write', connections: [connection], payload }),
    20,
  );
  onTestFinished(() => clearInterval(talk));
  await world.until('the silent one is closed', () => silent.isClosed);
  expect(talking.isClosed).toBe(false);
  // Cut, not ended: it must not look whole.
  expect(silent.text.endsWith('1\r\n.\r\n')).toBe(true);
  clearInterval(talk);
  await world.until('the other is closed', () => world.heard.length === 2);
  expect(world.heard).toMatchObject([
    { type: 'closed', connection: other.connection },
    { type: 'closed', connection },
  ]);
});

test('[GRIP-CLIENT-8] a stream that is over ends after its time, though its client reads nothing of it', async () => {
  const world = await ProductionGateway.open({ limits: { idleTimeoutMs: 200 } });
  const caller = new Caller(world, get('/', 'Connection: close'));
  const { connection } = await world.request(0);
  caller.socket.pause();
  world.turn(startStream(connection));
  // More than the network takes.
  const payload = Buffer.alloc(16_000_000);
  world.webTurn(
    { type: 'write', connections: [connection], payload },
    { type: 'close', connection, code: 1000, reason: '' },
  );
  await world.until('it is given up', () => world.count('gateway.idle') === 1);
  caller.socket.resume();
  await world.until('it is closed', () => caller.isClosed);
  expect(caller.text.length).toBeLessThan(payload.byteLength);
});

test('more connections than allowed are dropped', async () => {
  const world = await ProductionGateway.open({ limits: { connectionsMax: 1 } });
  call(world, get());
  await world.request(0);
  const second = new Caller(world, get());
  await world.until('the second is closed', () => second.isClosed);
  expect(world.requests.length).toBe(1);
});

test('under pressure new requests wait, and come when it is over', async () => {
  const world = await ProductionGateway.open();
  world.edge.pauseReading(true);
  call(world, get());
  await world.until('it was counted', () => world.count('gateway.requests') === 1);
  expect(world.requests.length).toBe(0);
  world.edge.pauseReading(false);
  expect(world.requests.length).toBe(1);
});

test('a drain closes who is idle, answers who waits and says that it closes', async () => {
  const world = await ProductionGateway.open();
  const idle = new Caller(world, get());
  const first = await world.request(0);
  world.turn(answer(first.connection, 'idle'));
  const waiting = new Caller(world, get());
  const second = await world.request(1);
  const drained = world.edge.drain(5_000);
  await world.until('the idle one ended', () => idle.hasEnded);
  world.turn(answer(second.connection, 'answered'));
  await drained;
  await world.until('the other one ended', () => waiting.isClosed);
  expect(waiting.text).toMatch(/Connection: close\r\n[^]*answered$/);
});

test('a shard that can do nothing more tells those who wait', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  await world.request(0);
  world.edge.abandon();
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 503 /);
});

test('a stream is chunked: each payload one chunk, the end a last one, and the connection goes on', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn(own(connection), startStream(connection, 'first\n'));
  const write = (text: string) =>
    ({ type: 'write', connections: [connection], payload: Buffer.from(text) }) as const;
  world.webTurn(write('a'.repeat(16)), write(''), write('b'));
  await world.until('it came', () => caller.text.endsWith('b\r\n'));
  const [head = '', body = ''] = caller.text.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Transfer-Encoding: chunked$/);
  expect(body).toBe(`6\r\nfirst\n\r\n10\r\n${'a'.repeat(16)}\r\n1\r\nb\r\n`);
  caller.say(get('/early'));
  world.webTurn(write('c'), { type: 'close', connection, code: 1000, reason: '' });
  const next = await world.request(1);
  expect(next.path).toBe('/early');
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
  world.turn(answer(next.connection, 'next'));
  await world.until('the next answer came', () => caller.text.endsWith('next'));
  expect(caller.text).toContain('1\r\nc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n');
});

test('what was said behind the request of a stream is asked when the stream is over', async () => {
  const world = await ProductionGateway.open();
  call(world, `${get('/stream')}${get('/behind')}`);
  const { connection } = await world.request(0);
  world.turn(startStream(connection));
  world.webTurn({ type: 'close', connection, code: 1000, reason: '' });
  expect(await world.request(1)).toMatchObject({ path: '/behind' });
});

test('of what is said behind the request of a stream no more than 64 KiB is kept: then the connection ends with it', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get('/stream'));
  const { connection } = await world.request(0);
  world.turn(startStream(connection));
  caller.say(get('/behind').repeat(2_500));
  await world.until('it came', () => world.count('gateway.pipelined.dropped') === 1);
  world.webTurn({ type: 'close', connection, code: 1000, reason: '' });
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/\r\n0\r\n\r\n$/);
  expect(world.requests).toHaveLength(1);
});

test('a client of a stream that goes is missed, however much it has said before', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get('/stream'));
  const { connection } = await world.request(0);
  world.turn(startStream(connection));
  caller.say(get('/behind').repeat(20_000));
  caller.socket.end();
  await world.until('it is missed', () => world.heard.length > 0);
  expect(world.heard).toMatchObject([{ type: 'closed', connection }]);
});

test('a stream for a client that closes ends the connection', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get('/', 'Connection: close'));
  const { connection } = await world.request(0);
  world.turn(startStream(connection, 'x'));
  world.webTurn({ type: 'close', connection, code: 1000, reason: '' });
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/Connection: close\r\n\r\n1\r\nx\r\n0\r\n\r\n$/);
});

test('[DIFF-35] a stream for HTTP/1.0 is raw and ends with its connection', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
  const { connection } = await world.request(0);
  world.turn(startStream(connection, 'raw '));
  world.webTurn(
    { type: 'write', connections: [connection], payload: Buffer.from('bytes') },
    { type: 'close', connection, code: 1000, reason: '' },
  );
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.0 [^]*\r\n\r\nraw bytes$/);
  expect(caller.text).not.toContain('Connection');
  expect(caller.text).not.toContain('chunked');
});

test('a stream for HEAD is its head', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, `HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${get('/next')}`);
  const { connection } = await world.request(0);
  world.turn(startStream(connection, 'no body'));
  const next = await world.request(1);
  world.turn(answer(next.connection, 'next'));
  await world.until('it came', () => caller.text.endsWith('next'));
  expect(caller.text).not.toContain('no body');
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
});

test('a client that leaves a stream is told at once, and receipts come for what it was told', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn(startStream(connection));
  const payload = Buffer.alloc(200_000);
  world.webTurn({ type: 'write', connections: [connection], payload });
  await world.until('a receipt came', () => world.receipts.length > 0);
  expect(world.receipts).toEqual([{ type: 'receipt', connection, bytes: 200_032 }]);
  caller.socket.destroy();
  await world.until('it is known', () => world.heard.length > 0);
  expect(world.heard).toMatchObject([{ type: 'closed', connection }]);
});

test('a stream for a client that is gone is closed at once', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn(own(connection));
  caller.socket.destroy();
  await world.event('clientGone');
  world.turn(startStream(connection));
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
  world.turn({ type: 'upgrade', connection, owner: OWNER, receiptsTo: RECEIPTS, headers: [] });
  expect(world.heard.length).toBe(2);
});

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
