// The gateway's origins on real sockets: requests that are sent on, answers that are relayed, collected or abandoned, and
// everything that may break in between.

import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';

import { selfSigned } from '../../support/self-signed.ts';
import {
  addressOf,
  answer,
  ASKER,
  call,
  Caller,
  fetchFor,
  get,
  origin,
  own,
  OWNER,
  ProductionGateway,
  proxyTo,
  rawOrigin,
  RECEIPTS,
  relay,
  startStream,
} from './production-gateway.ts';

const post = (body: string, ...lines: readonly string[]): string =>
  `${['POST / HTTP/1.1', 'Host: a', `Content-Length: ${body.length}`, ...lines].join('\r\n')}\r\n\r\n${body}`;

/** As much of a body as comes before its origin is asked. */
const begun = 'a'.repeat(10_000);

/** An origin that says these bytes to whatever it is asked, and then perhaps breaks off. */
function saying(world: ProductionGateway, bytes: string, then: 'stay' | 'end' | 'reset' = 'stay') {
  return rawOrigin(world, (socket) => {
    socket.on('data', () => {
      socket.write(Buffer.from(bytes, 'latin1'), () => {
        if (then === 'end') socket.end();
        if (then === 'reset') socket.resetAndDestroy();
      });
    });
  });
}

test('a request is sent on as it is, and the answer comes back with its headers', async () => {
  const world = await ProductionGateway.open();
  const seen: string[] = [];
  const { address } = await origin(world, (request, response) => {
    seen.push(`${request.method} ${request.url}`, ...request.rawHeaders);
    response.writeHead(201, 'Made', [
      ['X-B', '1'],
      ['set-cookie', 'a'],
      ['Set-Cookie', 'b'],
      ['Content-Length', '5'],
    ] as never);
    response.end('hello');
  });
  proxyTo(world, address);
  const caller = new Caller(
    world,
    get('/a%20b?c', 'X-One: 1', 'X-One: 2', 'Connection: x', 'TE: x'),
  );
  await world.until('it came', () => caller.text.endsWith('hello'));
  expect(seen).toEqual(['GET /a%20b?c', 'Host', 'a', 'X-One', '1', 'X-One', '2']);
  expect(caller.text).toMatch(
    /^HTTP\/1\.1 201 Made\r\nX-B: 1\r\nset-cookie: a\r\nSet-Cookie: b\r\nDate: [^\r]*\r\nContent-Length: 5\r\n\r\nhello$/,
  );
  const relayed = await world.event('relayed');
  expect(relayed).toMatchObject({ isWhole: true, bytes: 5 });
});

test('a small answer leaves in one piece', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => response.end('hello'));
  proxyTo(world, address);
  const caller = new Caller(world);
  const pieces: number[] = [];
  caller.socket.on('data', (chunk: Buffer) => pieces.push(chunk.byteLength));
  caller.say(get());
  await world.until('it came', () => caller.text.endsWith('hello'));
  expect(pieces.length).toBe(1);
});

test.each<[title: string, version: string, method: string, answer: string, expected: RegExp]>([
  ['a length', '1.1', 'GET', 'Content-Length: 3\r\n\r\nabc', /Content-Length: 3\r\n\r\nabc$/],
  [
    'chunks that are whole at once',
    '1.1',
    'GET',
    'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n',
    /Content-Length: 3\r\n\r\nabc$/,
  ],
  ['no body', '1.1', 'GET', 'Content-Length: 0\r\n\r\n', /Content-Length: 0\r\n\r\n$/],
  ['HEAD', '1.1', 'HEAD', 'Content-Length: 3\r\n\r\n', /Content-Length: 3\r\n\r\n$/],
  [
    'HTTP/1.0 that keeps',
    '1.0',
    'GET',
    'Content-Length: 3\r\n\r\nabc',
    /Content-Length: 3\r\nConnection: keep-alive\r\n\r\nabc$/,
  ],
])('%s is framed for HTTP/%s', async (_, version, method, said, expected) => {
  const world = await ProductionGateway.open();
  proxyTo(world, await saying(world, `HTTP/1.1 200 OK\r\n${said}`));
  const caller = new Caller(
    world,
    `${method} / HTTP/${version}\r\nHost: a\r\nConnection: keep-alive\r\n\r\n`,
  );
  await world.event('relayed');
  await world.until('it came', () => expected.test(caller.text));
  expect(caller.hasEnded).toBe(false);
  caller.say(get('/next'));
  await world.request(1);
});

test.each([204, 304])('%d has no body and keeps both connections', async (status) => {
  const world = await ProductionGateway.open();
  let sockets = 0;
  const { address, server } = await origin(world, (_, response) => {
    response.writeHead(status);
    response.end();
  });
  server.on('connection', () => (sockets += 1));
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.event('relayed');
  caller.say(get());
  await world.event('relayed', 1);
  await world.until('both came', () => caller.text.split('HTTP/1.1').length === 3);
  expect(caller.text).toMatch(/\r\n\r\n$/);
  expect(sockets).toBe(1);
});

test('[GRIP-PROXY-7] a 304 does not tell the length of what it does not have', async () => {
  const world = await ProductionGateway.open();
  const said = 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\nX-A: b\r\n\r\n';
  proxyTo(world, await saying(world, said));
  const caller = new Caller(world, get());
  await world.event('relayed');
  await world.until('it came', () => caller.text.endsWith('\r\n\r\n'));
  expect(caller.text).toMatch(/X-A: b/);
  expect(caller.text).not.toMatch(/Content-Length/);
});

test('what comes before the answer is left out', async () => {
  const world = await ProductionGateway.open();
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
  proxyTo(world, await saying(world, `${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`));
  const caller = new Caller(world, get());
  await world.until('it came', () => caller.text.endsWith('ok'));
  expect(caller.text).not.toContain('103');
  expect(world.origin.filter(({ type }) => type === 'originAnswered').length).toBe(1);
});

test('a body that comes in pieces is chunked as it comes, and for HTTP/1.0 raw', async () => {
  const world = await ProductionGateway.open();
  const goOn: (() => void)[] = [];
  const { address } = await origin(world, (_, response) => {
    response.write('first');
    goOn.push(() => response.end('second'));
  });
  proxyTo(world, address);
  const modern = new Caller(world, get());
  await world.until('the first piece came', () => modern.text.endsWith('5\r\nfirst\r\n'));
  const old = new Caller(world, 'GET / HTTP/1.0\r\n\r\n');
  await world.until('the first piece came', () => old.text.endsWith('first'));
  for (const go of goOn) go();
  await world.until('it ended', () => old.hasEnded && modern.text.endsWith('0\r\n\r\n'));
  expect(modern.text).toMatch(
    /Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n$/,
  );
  expect(old.text).toMatch(/^HTTP\/1\.0 [^]*\r\n\r\nfirstsecond$/);
});

test.each<[title: string, said: string, then: 'end' | 'reset']>([
  ['a length that is not reached', 'Content-Length: 10\r\n\r\nabc', 'end'],
  ['a length that is not reached, and a reset', 'Content-Length: 10\r\n\r\nabc', 'reset'],
  ['chunks that break off', 'Transfer-Encoding: chunked\r\n\r\n5\r\nab', 'end'],
  ['chunks without a last one', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', 'end'],
  ['a chunk that is none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n', 'end'],
])('%s: the client sees that its answer is not whole', async (_, said, then) => {
  const world = await ProductionGateway.open();
  proxyTo(world, await saying(world, `HTTP/1.1 200 OK\r\n${said}`, then));
  const caller = new Caller(world, get());
  await world.until('it is closed', () => caller.isClosed);
  expect(caller.text).not.toMatch(/0\r\n\r\n$/);
  expect(caller.text).not.toContain('Content-Length: 3');
  expect(await world.event('relayed')).toMatchObject({ isWhole: false });
  expect(world.count('gateway.origin.truncated')).toBe(1);
});

test('a body without a length ends with its connection', async () => {
  const world = await ProductionGateway.open();
  proxyTo(world, await saying(world, 'HTTP/1.0 200 OK\r\n\r\nall of it', 'end'));
  const caller = new Caller(world, get());
  expect(await world.event('relayed')).toMatchObject({ isWhole: true, bytes: 9 });
  await world.until('it came', () => caller.text.includes('all of it'));
  expect(caller.hasEnded).toBe(false);
});

test('a body without a length that ends in a reset is not whole', async () => {
  const world = await ProductionGateway.open();
  proxyTo(world, await saying(world, 'HTTP/1.1 200 OK\r\n\r\nhalf of it', 'reset'));
  const caller = new Caller(world, get());
  expect(await world.event('relayed')).toMatchObject({ isWhole: false });
  await world.until('it is closed', () => caller.isClosed);
  expect(caller.text).not.toMatch(/0\r\n\r\n$/);
});

test('a long answer passes with back-pressure from its client', async () => {
  const world = await ProductionGateway.open();
  const size = 60_000_000;
  let sent = 0;
  const { address } = await origin(world, (_, response) => {
    response.writeHead(200, { 'content-length': size });
    const piece = Buffer.alloc(1_000_000, 'x');
    const more = (): void => {
      while (sent < size) {
        sent += piece.byteLength;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.until('it began', () => caller.size > 0);
  caller.socket.pause();
  let before = -1;
  // As long as anything moves, it is not held back yet.
  while (sent !== before || before < 1_000_000) {
    before = sent;
    for (let round = 0; round < 200; round += 1)
      await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toBeLessThan(size);
  caller.socket.resume();
  expect(await world.event('relayed')).toMatchObject({ isWhole: true, bytes: size });
  await world.until('all came', () => caller.size > size);
});

test('a request body is streamed with its length, and a copy of a short one comes with the answer', async () => {
  const world = await ProductionGateway.open();
  let body = '';
  let headers: readonly string[] = [];
  const { address } = await origin(world, (request, response) => {
    headers = request.rawHeaders;
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
      world.changed();
    });
    request.on('end', () => response.end('done'));
  });
  const caller = new Caller(
    world,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10004\r\n\r\n${begun}`,
  );
  const request = await world.request(0);
  world.turn(own(request.connection), {
    type: 'readBody',
    connection: request.connection,
    bytesMax: 1,
  });
  const { body: first } = await world.event('bodyRead');
  expect(Buffer.from(first).toString()).toBe('a');
  const { connection } = request;
  world.turn(
    fetchFor(request, address, {
      body: { kind: 'client', connection, first, keepBytesMax: 10_004 },
    }),
  );
  await world.until('the beginning came', () => body === begun);
  caller.say('cdef');
  const answered = await world.event('originAnswered');
  expect(body).toBe(`${begun}cdef`);
  expect(headers.join()).toContain('Content-Length,10004');
  expect(Buffer.from(answered.requestBody ?? []).toString()).toBe(body);
});

test.each([
  ['a length', 'Content-Length: 6', 'abc', 'def'],
  ['chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\n', '3\r\ndef\r\n0\r\n\r\n'],
])(
  '[GRIP-PROXY-5] [GRIP-INSTR-7] an origin that answers at once, and may hold, is asked when a short body of %s is whole',
  async (_, framing, some, rest) => {
    const world = await ProductionGateway.open();
    let asked = 0;
    const { address } = await origin(world, (request, response) => {
      asked += 1;
      response.end('done');
      request.resume();
    });
    const caller = new Caller(world, `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${some}`);
    const request = await world.request(0);
    world.turn(own(request.connection), fetchFor(request, address));
    // Another one that comes later is asked before it.
    const other = new Caller(world, get());
    world.turn(fetchFor(await world.request(1), address));
    await world.event('originAnswered');
    expect(asked).toBe(1);
    caller.say(rest);
    const answered = await world.event('originAnswered', 1);
    expect(Buffer.from(answered.requestBody ?? []).toString()).toBe('abcdef');
    other.socket.destroy();
  },
);

test.each<[title: string, said: string]>([
  ['a length', post('x'.repeat(20))],
  [
    'chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n',
  ],
])('a body of %s that is longer than what may be kept has no copy', async (_, said) => {
  const world = await ProductionGateway.open();
  let body = '';
  const { address } = await origin(world, (request, response) => {
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.end());
  });
  call(world, said);
  const request = await world.request(0);
  const { connection } = request;
  const first = new Uint8Array(0);
  world.turn(
    fetchFor(request, address, { body: { kind: 'client', connection, first, keepBytesMax: 10 } }),
  );
  expect((await world.event('originAnswered')).requestBody).toBeUndefined();
  expect(body).toBe('x'.repeat(20));
});

test('a large upload passes with back-pressure from its origin', async () => {
  const world = await ProductionGateway.open();
  const size = 60_000_000;
  let upload: { resume(): void } | undefined;
  let received = 0;
  const { address } = await origin(world, (request, response) => {
    upload = request;
    request.on('data', (chunk: Buffer) => (received += chunk.byteLength));
    request.on('end', () => response.end(String(received)));
    request.pause();
    world.changed();
  });
  proxyTo(world, address);
  const caller = new Caller(world, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
  caller.say(Buffer.alloc(size));
  await world.until('it began', () => upload !== undefined);
  let before = -1;
  while (world.count('gateway.bytes.in') !== before) {
    before = world.count('gateway.bytes.in');
    for (let round = 0; round < 200; round += 1)
      await new Promise((resolve) => setImmediate(resolve));
  }
  expect(before).toBeLessThan(size / 2);
  upload?.resume();
  await world.until('it was answered', () => caller.text.endsWith(String(size)));
});

test('a chunk that is none, in the middle of a relayed body: the origin is let go and the client told', async () => {
  const world = await ProductionGateway.open();
  let wasAborted = false;
  let body = '';
  const { address } = await origin(world, (request) => {
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
      world.changed();
    });
    request.on('aborted', () => {
      wasAborted = true;
      world.changed();
    });
    request.on('error', () => {});
  });
  proxyTo(world, address);
  const caller = new Caller(
    world,
    `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n${begun}\r\n`,
  );
  await world.until('the beginning came', () => body === begun);
  caller.say('zz\r\nGET /smuggled HTTP/1.1\r\n\r\n');
  await world.until('the origin was let go', () => wasAborted);
  await world.until('the client was told', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 400 [^]*bad chunk size/);
  expect(world.count('gateway.smuggling.refused')).toBe(1);
  await world.event('clientGone');
  expect(world.requests.length).toBe(1);
});

test('a client that goes in the middle of its body takes the origin request with it', async () => {
  const world = await ProductionGateway.open();
  let isAsked = false;
  let wasAborted = false;
  const { address } = await origin(world, (request) => {
    isAsked = true;
    world.changed();
    request.on('aborted', () => {
      wasAborted = true;
      world.changed();
    });
    request.on('error', () => {});
  });
  proxyTo(world, address);
  const caller = new Caller(
    world,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10009\r\n\r\n${begun}`,
  );
  await world.until('it is asked', () => isAsked);
  caller.socket.destroy();
  await world.until('it was let go', () => wasAborted);
  await world.event('clientGone');
  expect(await world.event('originFailed')).toMatchObject({ why: 'broken', wasSent: true });
});

test('a client that goes while it is answered takes the origin request with it', async () => {
  const world = await ProductionGateway.open();
  let wasClosed = false;
  const { address } = await origin(world, (request, response) => {
    response.write('first');
    response.on('close', () => {
      wasClosed = true;
      world.changed();
    });
    request.resume();
  });
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.until('it began', () => caller.text.includes('first'));
  caller.socket.destroy();
  await world.until('it was let go', () => wasClosed);
  expect(await world.event('relayed')).toMatchObject({ isWhole: false });
  expect(world.count('gateway.origin.truncated')).toBe(0);
  await world.event('clientGone');
});

test('an abandoned question is let go before and after its answer', async () => {
  const world = await ProductionGateway.open();
  let closed = 0;
  const { address } = await origin(world, (request, response) => {
    if (request.url === '/answered') response.write('first');
    response.on('close', () => {
      closed += 1;
      world.changed();
    });
    world.changed();
  });
  call(world, get('/answered'));
  const request = await world.request(0);
  world.turn(fetchFor(request, address));
  await world.event('originAnswered');
  world.turn({ type: 'abandon', owner: ASKER, ref: request.connection });
  await world.until('it was let go', () => closed === 1);
  const heard = world.origin.length;
  world.turn(fetchFor({ ...request, path: '/silent' }, address));
  world.turn({ type: 'abandon', owner: ASKER, ref: request.connection });
  world.turn(fetchFor({ ...request, path: '/answered' }, address, { ref: 99 }));
  await world.event('originAnswered', 1);
  expect(world.origin.length).toBe(heard + 1);
});

test('collect tells a whole body, or its beginning, and what is relayed then begins at its beginning', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => response.end('0123456789'));
  const caller = new Caller(world, get());
  const request = await world.request(0);
  world.turn(fetchFor(request, address));
  const answered = await world.event('originAnswered');
  const { ref } = answered;
  world.turn({ type: 'collect', owner: ASKER, ref, bytesMax: 4 });
  const part = await world.event('originBody');
  expect(part).toMatchObject({ isWhole: false, isBroken: false });
  expect(Buffer.from(part.body).toString()).toBe('0123');
  world.turn(relay(request.connection, answered));
  await world.until('it came', () => caller.text.endsWith('\r\n\r\n0123456789'));

  world.turn(fetchFor(request, address));
  await world.event('originAnswered', 1);
  world.turn({ type: 'collect', owner: ASKER, ref, bytesMax: 10 });
  const all = await world.event('originBody', 1);
  expect(all).toMatchObject({ isWhole: true, isBroken: false });
  expect(Buffer.from(all.body).toString()).toBe('0123456789');
});

test('collect tells of a body that broke off', async () => {
  const world = await ProductionGateway.open();
  const address = await saying(world, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'end');
  call(world, get());
  const request = await world.request(0);
  world.turn(fetchFor(request, address));
  const { ref } = await world.event('originAnswered');
  world.turn({ type: 'collect', owner: ASKER, ref, bytesMax: 100 });
  expect(await world.event('originBody')).toMatchObject({ isWhole: false, isBroken: true });
});

test('relay and then hold: the origin’s body first, then what the stream is told', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => response.end('from the origin'));
  const caller = new Caller(world, get());
  const request = await world.request(0);
  const { connection } = request;
  world.turn(own(connection), fetchFor(request, address));
  const answered = await world.event('originAnswered');
  world.turn(relay(connection, answered, { thenHold: { owner: OWNER, receiptsTo: RECEIPTS } }));
  await world.event('relayed');
  world.webTurn({ type: 'write', connections: [connection], payload: Buffer.from('told') });
  await world.until('both came', () => caller.text.endsWith('4\r\ntold\r\n'));
  expect(caller.text).toMatch(
    /Transfer-Encoding: chunked\r\n\r\nf\r\nfrom the origin\r\n4\r\ntold\r\n$/,
  );
  world.webTurn({ type: 'close', connection, code: 1000, reason: '' });
  await world.until('it ended', () => caller.text.endsWith('0\r\n\r\n'));
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
});

test('relayInto puts a body behind what an open stream was told', async () => {
  const world = await ProductionGateway.open();
  const size = 3_000_000;
  const { address } = await origin(world, (_, response) => response.end('x'.repeat(size)));
  const caller = new Caller(world, get());
  const request = await world.request(0);
  const { connection } = request;
  world.turn(startStream(connection, 'before'), fetchFor(request, address));
  const { ref } = await world.event('originAnswered');
  world.turn({ type: 'relayInto', owner: ASKER, ref, connection });
  expect(await world.event('relayed')).toMatchObject({ isWhole: true, bytes: size });
  world.webTurn({ type: 'write', connections: [connection], payload: Buffer.from('after') });
  await world.until('all came', () => caller.size > size && caller.text.endsWith('5\r\nafter\r\n'));
  expect(caller.text).toContain('6\r\nbefore\r\n');
  expect(caller.text.split('x').length - 1).toBe(size);
});

test('relayInto for a stream that is gone says so and lets the origin go', async () => {
  const world = await ProductionGateway.open();
  let wasClosed = false;
  const { address } = await origin(world, (_, response) => {
    response.write('first');
    response.on('close', () => {
      wasClosed = true;
      world.changed();
    });
  });
  const caller = new Caller(world, get());
  const request = await world.request(0);
  const { connection } = request;
  world.turn(startStream(connection), fetchFor(request, address));
  const { ref } = await world.event('originAnswered');
  world.turn({ type: 'relayInto', owner: ASKER, ref, connection });
  await world.until('it began', () => caller.text.includes('first'));
  caller.socket.destroy();
  expect(await world.event('relayed')).toMatchObject({ isWhole: false });
  await world.until('it was let go', () => wasClosed);
});

test('an answer for a client that is gone: relayed says so', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => response.end('late'));
  const caller = new Caller(world, get());
  const request = await world.request(0);
  world.turn(own(request.connection), fetchFor(request, address));
  const answered = await world.event('originAnswered');
  caller.socket.destroy();
  await world.event('clientGone');
  world.turn(relay(request.connection, answered));
  expect(await world.event('relayed')).toMatchObject({ isWhole: false, bytes: 0 });
});

test('a burst of 300 requests in the same instant is served', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => response.end('ok'));
  proxyTo(world, address);
  const callers = Array.from(
    { length: 300 },
    () => new Caller(world, get('/', 'Connection: close')),
  );
  await world.until('all are served', () => callers.every(({ hasEnded }) => hasEnded));
  for (const { text } of callers) expect(text).toMatch(/^HTTP\/1\.1 200 [^]*ok$/);
});

test('a connection to the origin is used again', async () => {
  const world = await ProductionGateway.open();
  let sockets = 0;
  const { address, server } = await origin(world, (_, response) => response.end('ok'));
  server.on('connection', () => (sockets += 1));
  proxyTo(world, address);
  const caller = new Caller(world);
  for (let nth = 1; nth <= 5; nth += 1) {
    caller.say(get());
    await world.event('relayed', nth - 1);
  }
  expect(sockets).toBe(1);
});

const put = (body: string): string => post(body).replace('POST', 'PUT');

test.each<[title: string, said: string]>([
  ['no body', get()],
  ['a body', put('again')],
])(
  '[GRIP-PROXY-9] a connection that was closed meanwhile is replaced, once, for %s',
  async (_, said) => {
    const world = await ProductionGateway.open();
    const bodies: string[] = [];
    let requests = 0;
    const address = await rawOrigin(world, (socket: Socket) => {
      let isUsed = false;
      socket.on('data', (chunk: Buffer) => {
        requests += 1;
        // The second request of a connection is met with its end.
        if (isUsed) socket.destroy();
        else {
          isUsed = true;
          bodies.push(chunk.toString());
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        }
      });
    });
    proxyTo(world, address);
    const caller = new Caller(world, said);
    await world.event('relayed');
    caller.say(said);
    await world.event('relayed', 1);
    await world.until('both were answered', () => caller.text.split('ok').length === 3);
    expect(requests).toBe(3);
    expect(world.count('gateway.origin.retries')).toBe(1);
    expect(bodies[1]?.endsWith(said.includes('again') ? 'again' : '\r\n\r\n')).toBe(true);
  },
);

/** Answers the first request of each connection, and ends it at the second. */
async function fickleOrigin(world: ProductionGateway) {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const address = await rawOrigin(world, (socket: Socket) => {
    let isUsed = false;
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      world.changed();
    });
    socket.on('data', (chunk: Buffer) => {
      asked.push(chunk.toString('latin1', 0, 4));
      if (isUsed) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      isUsed = true;
    });
  });
  return { asked, open, address };
}

test('[GRIP-PROXY-9] a POST is never sent twice', async () => {
  const world = await ProductionGateway.open();
  const { asked, address } = await fickleOrigin(world);
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.event('relayed');
  caller.say(post('once'));
  expect(await world.event('originFailed')).toMatchObject({ why: 'broken', wasSent: true });
  expect(asked).toEqual(['GET ', 'POST']);
  expect(world.count('gateway.origin.retries')).toBe(0);
});

test('[GRIP-PROXY-9] a POST goes on no connection that was kept for long', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const world = await ProductionGateway.open();
  const { asked, open, address } = await fickleOrigin(world);
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.event('relayed');
  vi.advanceTimersByTime(1_000);
  caller.say(post('once'));
  await world.event('relayed', 1);
  await world.until('both were answered', () => caller.text.split('ok').length === 3);
  expect(asked).toEqual(['GET ', 'POST']);
  await world.until('the old one is closed', () => open.size === 1);
});

test('a body that is still coming goes to a fresh connection from its beginning', async () => {
  const world = await ProductionGateway.open();
  let uploads = 0;
  let body = '';
  const { address, server } = await origin(world, (request, response) => {
    if (request.method === 'GET') {
      response.end();
      return;
    }
    uploads += 1;
    // The first time the kept connection is met with its end.
    if (uploads === 1) request.socket.destroy();
    else {
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
        world.changed();
      });
      request.on('end', () => response.end('got it'));
    }
  });
  let sockets = 0;
  server.on('connection', () => (sockets += 1));
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.event('relayed');
  caller.say(`PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n${begun}\r\n`);
  await world.until('the beginning came', () => body === begun);
  caller.say('3\r\ndef\r\n0\r\n\r\n');
  await world.until('it was answered', () => caller.text.endsWith('got it'));
  expect(body).toBe(`${begun}def`);
  expect(sockets).toBe(2);
  expect(world.count('gateway.origin.retries')).toBe(1);
});

test('a body that could not be sent to one origin is sent to the next, whole', async () => {
  const world = await ProductionGateway.open();
  const dead = await origin(world, (_, response) => response.end());
  dead.server.close();
  let body = '';
  const { address } = await origin(world, (request, response) => {
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.end());
  });
  const said = 'x'.repeat(200_000);
  call(world, post(said));
  const request = await world.request(0);
  world.turn(fetchFor(request, dead.address));
  expect(await world.event('originFailed')).toMatchObject({ why: 'refused', wasSent: false });
  world.turn(fetchFor(request, address));
  await world.event('originAnswered');
  expect(body).toBe(said);
});

test('what a kept connection says without being asked is nobody’s answer', async () => {
  const world = await ProductionGateway.open();
  const said = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
  const asked: string[] = [];
  let origins = 0;
  const address = await rawOrigin(world, (socket) => {
    const nth = (origins += 1);
    socket.on('close', () => world.changed());
    socket.on('data', () => {
      asked.push(`asked ${nth}`);
      socket.write(`${said}${nth === 1 ? `ok${said}no` : 'ok'}`);
    });
  });
  proxyTo(world, address);
  const caller = new Caller(world, get());
  await world.event('relayed');
  caller.say(get());
  await world.event('relayed', 1);
  await world.until('both came', () => caller.text.split('ok').length === 3);
  expect(caller.text).not.toContain('no');
  expect(asked).toEqual(['asked 1', 'asked 2']);
});

test('an origin that breaks every connection at once fails, asked once', async () => {
  const world = await ProductionGateway.open();
  let asked = 0;
  const address = await rawOrigin(world, (socket) => {
    socket.on('data', () => {
      asked += 1;
      socket.destroy();
    });
  });
  call(world, get());
  const request = await world.request(0);
  world.turn(fetchFor(request, address));
  expect(await world.event('originFailed')).toMatchObject({ why: 'broken', wasSent: true });
  expect(asked).toBe(1);
});

test('an origin that speaks no HTTP has broken', async () => {
  const world = await ProductionGateway.open();
  const address = await saying(world, 'SSH-2.0-x\r\n');
  call(world, get());
  world.turn(fetchFor(await world.request(0), address));
  expect(await world.event('originFailed')).toMatchObject({ why: 'broken', wasSent: true });
});

test('a refused connection, an unknown name and a blocked address fail before anything was sent', async () => {
  const world = await ProductionGateway.open();
  const { address, server } = await origin(world, (_, response) => response.end());
  server.close();
  call(world, get());
  const request = await world.request(0);
  world.turn(fetchFor(request, address));
  expect(await world.event('originFailed')).toMatchObject({ why: 'refused', wasSent: false });
  for (const [nth, host] of [
    '127.0.0.1',
    '10.1.2.3',
    '::1',
    '::ffff:127.0.0.1',
    'localhost',
  ].entries()) {
    world.turn(fetchFor(request, addressOf(1, { host, isUntrusted: true })));
    expect(await world.event('originFailed', nth + 1)).toMatchObject({
      why: 'blocked',
      wasSent: false,
    });
  }
  world.turn(fetchFor(request, addressOf(1, { host: 'nobody.invalid' })));
  expect(await world.event('originFailed', 6)).toMatchObject({ why: 'refused', wasSent: false });
});

test('an origin that does not answer in time has timed out', async () => {
  const world = await ProductionGateway.open();
  let wasClosed = false;
  const { address } = await origin(world, (_, response) => {
    response.on('close', () => {
      wasClosed = true;
      world.changed();
    });
  });
  call(world, get());
  world.turn(fetchFor(await world.request(0), address, { timeoutMs: 50 }));
  expect(await world.event('originFailed')).toMatchObject({ why: 'timeout', wasSent: true });
  await world.until('it was let go', () => wasClosed);
});

test('TLS to an origin: a certificate that nobody vouches for fails, unless it need not', async () => {
  const world = await ProductionGateway.open();
  const { cert, key } = selfSigned('localhost');
  const names: unknown[] = [];
  const server = createHttpsServer({ cert, key }, (request, response) => {
    names.push((request.socket as unknown as { servername: unknown }).servername);
    response.end('safe');
  });
  server.on('connection', (socket: Socket) => world.join(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const caller = new Caller(world, get());
  const request = await world.request(0);
  world.turn(fetchFor(request, addressOf(port, { isSecure: true, serverName: 'localhost' })));
  expect(await world.event('originFailed')).toMatchObject({ why: 'tls', wasSent: false });
  const insecure = addressOf(port, { isSecure: true, isInsecure: true, serverName: 'other.test' });
  world.turn(fetchFor(request, insecure));
  world.turn(relay(request.connection, await world.event('originAnswered')));
  await world.until('it came', () => caller.text.endsWith('safe'));
  expect(names).toEqual(['other.test']);
  const clientCertFile = join(mkdtempSync(join(tmpdir(), 'hermod-')), 'no.pem');
  world.turn(fetchFor(request, { ...insecure, clientCertFile }));
  expect(await world.event('originFailed', 1)).toMatchObject({ why: 'tls', wasSent: false });
});

test('an answer before the request’s body was whole reaches the client, and the connection ends', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => {
    response.writeHead(413);
    response.end('too long');
  });
  proxyTo(world, address);
  const caller = new Caller(
    world,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10099\r\n\r\n${begun}`,
  );
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close\r\n\r\ntoo long$/);
});

test('a request with a signature carries a token of its issuer', async () => {
  const world = await ProductionGateway.open();
  let token = '';
  const { address } = await origin(world, (request, response) => {
    token = request.headers['grip-sig'] as string;
    response.end();
  });
  call(world, get());
  const signature = { issuer: 'hermod', key: 'secret' };
  world.turn(fetchFor(await world.request(0), address, { signature }));
  await world.event('originAnswered');
  const claims = JSON.parse(
    Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
  ) as object;
  expect(claims).toMatchObject({ iss: 'hermod' });
});

test('an answer that an actor makes itself ends a question like any other', async () => {
  const world = await ProductionGateway.open();
  const { address } = await origin(world, (_, response) => response.end('instruct'));
  const caller = new Caller(world, get());
  const request = await world.request(0);
  world.turn(fetchFor(request, address));
  const { ref } = await world.event('originAnswered');
  world.turn({ type: 'abandon', owner: ASKER, ref }, answer(request.connection, 'mine'));
  await world.until('it came', () => caller.text.endsWith('mine'));
});
