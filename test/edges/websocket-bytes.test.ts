// The web edge's WebSockets, byte by byte on real sockets: what a client may say, what it must not, and how the edge
// answers either. The rules of frames have their own tables in test/unit/codecs; here they meet sockets and closes.

import { Socket } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';

import { WINDOW_BYTES, writeCost } from '../../src/actors/runtime/edges.ts';
import { type DoorChanges, ProductionWeb } from './production-web.ts';
import { closeFrame, frame, handshake, openRaw, RawClient, serverClose } from './raw-client.ts';
import { accept, close, nextRequest, nextUpgrade, respond, textOf, write } from './web-contract.ts';

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const padded = (payload: string): Buffer => Buffer.concat([Buffer.from('x'), Buffer.from(payload)]);

test('[WS-FRAME-1] a conversation cut at every byte is the same conversation', async () => {
  const world = await begin();
  const { client, connection } = await openRaw(world);
  const said = Buffer.concat([
    frame('text', 'whole'),
    frame('text', 'frag', { fin: false }),
    frame('ping', 'amid'),
    frame('continuation', 'ment', { fin: false }),
    frame('continuation', 'ed ä'),
    frame('pong', 'unasked'),
    frame('binary', 'x'.repeat(300)),
    closeFrame(4000, 'done'),
  ]);
  for (const byte of said) client.say(bytes(byte));
  await world.until('the close is heard', () => world.heard.length === 5);
  expect(world.heard.map((event) => textOf(event) ?? event.type)).toEqual([
    'whole',
    'fragmented ä',
    'pongReceived',
    'x'.repeat(300),
    'closed',
  ]);
  expect(world.heard[4]).toEqual({ type: 'closed', connection, code: 4000, reason: 'done' });
  await world.until('the answer came', () => client.hasEnded);
  const pong = Buffer.concat([bytes(0x8a, 4), Buffer.from('amid')]);
  expect(client.afterHead).toEqual(Buffer.concat([pong, serverClose(4000, '')]));
});

test('payloads belong to the actors: none is a view of a larger read', async () => {
  const world = await begin({ limits: { messageBytesMax: 1_000_000 } });
  const { client } = await openRaw(world);
  client.say(Buffer.concat([...Array(50).keys()].map((n) => frame('text', `message ${n}`))));
  client.say(frame('text', 'x'.repeat(500_000)));
  await world.until('all came', () => world.heard.length === 51);
  for (const event of world.heard) {
    if (event.type !== 'messageReceived') throw new Error('only messages were sent');
    const payload = event.payload as Uint8Array;
    expect(payload.constructor).toBe(Uint8Array);
    expect(payload.buffer.byteLength).toBeLessThanOrEqual(payload.byteLength * 2);
  }
});

test.each<[title: string, said: Uint8Array, code: number, reason: string]>([
  ['[WS-FRAME-2] an unmasked frame', bytes(0x81, 1, 0x61), 1002, 'unmasked frame from a client'],
  ['[WS-FRAME-3] a reserved bit', bytes(0xa1, 0x80, 0, 0, 0, 0), 1002, 'reserved bit set'],
  [
    '[WS-FRAME-3] a compressed frame that was not agreed on',
    frame('text', 'a', { rsv1: true }),
    1002,
    'reserved bit set',
  ],
  ['[WS-FRAME-3] a reserved opcode', bytes(0x83, 0x80, 0, 0, 0, 0), 1002, 'reserved opcode'],
  [
    '[WS-FRAME-5] a fragmented ping',
    frame('ping', '', { fin: false }),
    1002,
    'fragmented control frame',
  ],
  [
    '[WS-FRAME-5] a long ping',
    bytes(0x89, 0xfe, 0, 126),
    1002,
    'control frame longer than 125 bytes',
  ],
  [
    '[WS-FRAME-6] a continuation of nothing',
    frame('continuation', 'a'),
    1002,
    'continuation of nothing',
  ],
  [
    '[WS-FRAME-7] a message that is announced as too big',
    bytes(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0),
    1009,
    'message exceeds limit of 65536 bytes',
  ],
  [
    '[WS-FRAME-8] text that is not UTF-8',
    frame('text', bytes(0x61, 0xff)),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] half a character at the end',
    frame('text', bytes(0xc3)),
    1007,
    'text is not UTF-8',
  ],
  ['[WS-FRAME-9] a close of one byte', frame('close', 'a'), 1002, 'close body of one byte'],
  ['[WS-FRAME-9] a close with a code that is none', closeFrame(1005), 1002, 'invalid close code'],
  [
    '[WS-FRAME-9] a close whose reason is not UTF-8',
    closeFrame(1000, bytes(0xff)),
    1007,
    'close reason is not UTF-8',
  ],
])('%s ends the connection with %#', async (_, said, code, reason) => {
  const world = await begin();
  const { client, connection } = await openRaw(world);
  // What comes before it is heard, what comes after it is not.
  client.say(Buffer.concat([frame('text', 'before'), said, frame('text', 'after')]));
  await world.until('the connection ended', () => client.hasEnded && world.heard.length === 2);
  expect(client.afterHead).toEqual(serverClose(code, reason));
  expect(textOf(world.heard[0] as never)).toBe('before');
  expect(world.heard[1]).toEqual({ type: 'closed', connection, code, reason });
  expect(world.count('web.websocket.protocolErrors')).toBe(1);
});

test('a close without a code is answered without one and heard as 1005', async () => {
  const world = await begin();
  const { client, connection } = await openRaw(world);
  client.say(frame('close'));
  await world.until('the connection ended', () => client.hasEnded);
  expect(client.afterHead).toEqual(bytes(0x88, 0));
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1005, reason: '' }]);
});

test('a client that does not answer a close is cut off, and its owner hears the close', async () => {
  const world = await begin();
  const { client, connection } = await openRaw(world);
  world.turn(close(connection, 4001, 'enough'));
  await world.until('the owner knows', () => world.heard.length === 1);
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 4001, reason: 'enough' }]);
  await world.until('the socket is gone', () => client.isClosed);
  expect(client.afterHead).toEqual(serverClose(4001, 'enough'));
});

test('a client that goes on talking after its mistake still reads why it was closed', async () => {
  const world = await begin();
  const { client } = await openRaw(world);
  client.say(bytes(0x81, 1, 0x61));
  for (let n = 0; n < 50; n += 1) client.say(Buffer.alloc(65_536));
  await world.until('the connection ended', () => client.hasEnded);
  expect(client.afterHead).toEqual(serverClose(1002, 'unmasked frame from a client'));
});

test('[WS-SHAKE-1] a handshake after other requests on the same connection opens as any other', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
  world.turn(respond((await nextRequest(world, 0)).connection, 200, 'first'));
  await world.until('the first answer came', () => client.text.endsWith('first'));
  // The first frames may come with the head, before anybody accepted.
  client.say(Buffer.concat([Buffer.from(handshake()), frame('text', 'early')]));
  const { connection } = await nextUpgrade(world, 1);
  client.say(frame('text', 'still early'));
  world.turn(accept(connection));
  await world.until('both messages came', () => world.heard.length === 2);
  expect(world.heard.map((event) => textOf(event))).toEqual(['early', 'still early']);
});

test.each([['whole'], ['cut']])(
  'frames that follow a %s handshake wait for the accept',
  async (how) => {
    const world = await begin();
    const client = new RawClient(world);
    const said = Buffer.concat([Buffer.from(handshake()), frame('text', 'early')]);
    if (how === 'whole') client.say(said);
    else for (const byte of said) client.say(bytes(byte));
    const { connection } = await nextUpgrade(world, 0);
    world.turn(accept(connection), write([connection], 'hello'));
    await world.until(
      'both sides heard',
      () => client.text.endsWith('hello') && world.heard.length === 1,
    );
    expect(textOf(world.heard[0] as never)).toBe('early');
  },
);

test('frames that come between handshake and accept are not lost', async () => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(handshake());
  const { connection } = await nextUpgrade(world, 0);
  client.say(frame('text', 'impatient'));
  // While others come in, these bytes arrive as well.
  await openRaw(world);
  world.turn(accept(connection));
  await world.until('the message is heard', () => world.heard.length === 1);
  expect(textOf(world.heard[0] as never)).toBe('impatient');
});

test('a client that was told why, and stays, is cut off', async () => {
  const world = await begin();
  const client = new RawClient(world, true);
  client.say(handshake());
  world.turn(accept((await nextUpgrade(world, 0)).connection));
  client.say(bytes(0x81, 1, 0x61));
  await world.until('the edge ended its side', () => client.hasEnded);
  expect(client.isClosed).toBe(false);
  // Its own side is open until the edge resets it: then writing fails.
  client.socket.on('error', () => world.changed());
  const insist = setInterval(() => client.say('still here'), 50);
  onTestFinished(() => clearInterval(insist));
  await world.until('the socket is gone', () => client.isClosed);
});

test.each([
  [
    '[WS-SHAKE-1] another version',
    handshake('/', 'X: y').replace('Version: 13', 'Version: 8'),
    '426 Upgrade Required',
  ],
  [
    '[WS-SHAKE-1] a key that is none',
    handshake().replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'),
    '400 Bad Request',
  ],
  ['[WS-SHAKE-1] another method', handshake().replace('GET', 'DELETE'), '400 Bad Request'],
  [
    '[WS-SHAKE-1] a Connection that names no Upgrade',
    handshake().replace('n: Upgrade', 'n: close'),
    '400 Bad Request',
  ],
])('%s is refused by the edge', async (_, said, status) => {
  const world = await begin();
  const client = new RawClient(world);
  client.say(said);
  await world.until('the connection ended', () => client.hasEnded);
  expect(client.text.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
  expect(world.asked).toEqual([]);
});

test('[BROKER-KEEP-2] every ping is answered; of a slow reader the latest', async () => {
  const world = await begin();
  const { client, connection } = await openRaw(world);
  client.say(Buffer.concat([...Array(100).keys()].map((n) => frame('ping', `${n}`))));
  const pongs = (from: number, to: number): string => {
    let text = '';
    for (let n = from; n < to; n += 1) text += `\x8a${String.fromCharCode(`${n}`.length)}${n}`;
    return text;
  };
  await world.until('all pongs came', () => client.afterHead.byteLength >= pongs(0, 100).length);
  expect(client.afterHead.toString('latin1')).toBe(pongs(0, 100));

  client.socket.pause();
  const size = 200_000;
  for (let n = 0; n < 100; n += 1) world.turn(write([connection], 'x'.repeat(size)));
  client.say(Buffer.concat([...Array(50).keys()].map((n) => frame('ping', `${n}`))));
  client.say(frame('text', 'mark'));
  await world.until('the pings were read', () => world.heard.length === 1);
  expect(world.count('web.websocket.pongsDropped')).toBe(49);
  client.socket.resume();
  const headBytes = client.bytes.indexOf('\r\n\r\n') + 4;
  const frameBytes = size + 10;
  const total = headBytes + pongs(0, 100).length + 100 * frameBytes + pongs(49, 50).length;
  await world.until('all came', () => client.size >= total);
  expect(client.text.endsWith(pongs(49, 50))).toBe(true);
  expect(client.size).toBe(total);
});

test('a reader that stalls gets no more than it reads, and all receipts once it does', async () => {
  const world = await begin();
  const { client, connection } = await openRaw(world);
  client.socket.pause();
  const payload = 'x'.repeat(1_000);
  const cost = writeCost(Buffer.from(payload));
  let [credit, written, counted] = [WINDOW_BYTES, 0, 0];
  const pump = (): void => {
    for (const receipt of world.receipts.slice(counted)) credit += receipt.bytes;
    counted = world.receipts.length;
    for (; credit > 0; credit -= cost, written += 1) world.turn(write([connection], payload));
  };
  // The kernel takes megabytes; then the window closes, and the event loop comes round without another receipt.
  for (let idle = 0; idle < 200; idle += 1) {
    const before = written;
    pump();
    if (written > before) idle = 0;
    expect(written).toBeLessThan(100_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(credit).toBeLessThanOrEqual(0);
  const stalledAt = written;
  client.socket.resume();
  const frameBytes = 1_004;
  await world.until('the window opened again, many times', () => {
    pump();
    return written >= stalledAt * 2;
  });
  const headBytes = client.bytes.indexOf('\r\n\r\n') + 4;
  await world.until('all came', () => client.size === headBytes + written * frameBytes);
  const receipted = world.receipts.reduce((sum, { bytes: taken }) => sum + taken, 0);
  expect(written * cost - receipted).toBeLessThan(WINDOW_BYTES / 2);
});

test('a thousand connections cost one write each for all that a turn says', async () => {
  const world = await begin();
  const clients = [...Array(1_000)].map(() => new RawClient(world));
  for (const client of clients) client.say(handshake());
  await world.until('all knocked', () => world.asked.length === clients.length);
  const connections = world.asked.map(({ connection }) => connection);
  world.turn(...connections.map((connection) => accept(connection)));
  const writes = countWrites();
  world.turn(
    ...[...Array(10).keys()].map((n) => write(connections, `publication ${n}`)),
    write(connections.slice(0, 500), 'to half of them'),
  );
  expect(writes.count()).toBe(1_000);
  // Those who are told the same are written the same bytes, made once.
  expect(writes.buffers()).toBe(2);
  await world.until('everybody has all', () =>
    clients.every((client) => client.text.includes('publication 9')),
  );
});

test('more than 64 KiB for one connection do not wait for the end of the turn', async () => {
  const world = await begin();
  const { connection } = await openRaw(world);
  const writes = countWrites();
  const payload = 'x'.repeat(1_000);
  for (let n = 0; n < 65; n += 1) world.edge.obey(write([connection], payload));
  expect(writes.count()).toBe(0);
  world.edge.obey(write([connection], payload));
  expect(writes.count()).toBe(1);
  world.edge.flush();
  expect(writes.count()).toBe(1);
});

test('a client that pours is heard by the actors before all of it is read', async () => {
  const world = await begin({ limits: { messageBytesMax: 1_000_000 } });
  const { client } = await openRaw(world);
  for (let n = 0; n < 40; n += 1) client.say(frame('binary', Buffer.alloc(100_000)));
  await world.until('all came', () => world.heard.length === 40);
  expect(world.wanted.now).toBeGreaterThan(10);
});

test('[WEB-DEFLATE-1] deflate is agreed on where the door has it and the window is whole', async () => {
  const world = await begin({ deflate: true });
  const offer = 'Sec-WebSocket-Extensions: permessage-deflate';
  const agreed = await openRaw(world, `${offer}; client_max_window_bits`);
  expect(agreed.client.text).toContain(
    'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n',
  );
  const narrow = await openRaw(world, `${offer}; server_max_window_bits=10`);
  expect(narrow.client.text).not.toContain('Extensions');
  const without = await openRaw(await begin(), offer);
  expect(without.client.text).not.toContain('Extensions');

  const long = 'long enough to be worth it '.repeat(100);
  world.turn(write([agreed.connection, narrow.connection], 'short'));
  world.turn(write([agreed.connection, narrow.connection], long));
  const deflated = deflateRawSync(Buffer.from(long), { finishFlush: 2 }).subarray(0, -4);
  const compressed = Buffer.concat([bytes(0xc1, deflated.byteLength), deflated]);
  await world.until('both came', () => narrow.client.text.endsWith(long));
  await world.until('both came', () => agreed.client.afterHead.subarray(7).equals(compressed));
  expect(agreed.client.afterHead.subarray(0, 7)).toEqual(
    Buffer.concat([bytes(0x81, 5), Buffer.from('short')]),
  );

  agreed.client.say(frame('text', deflated, { rsv1: true }));
  agreed.client.say(frame('text', 'plain'));
  await world.until('both were heard', () => world.heard.length === 2);
  expect(world.heard.map((event) => textOf(event))).toEqual([long, 'plain']);
});

test.each<[title: string, body: Buffer, code: number, reason: string]>([
  [
    '[WEB-DEFLATE-1] a message that is not deflate',
    padded('nonsense'),
    1007,
    'compressed data is broken',
  ],
  [
    '[WS-FRAME-7] a message that grows too big',
    deflateRawSync(Buffer.alloc(10_000_000)),
    1009,
    'message exceeds limit of 65536 bytes',
  ],
  [
    '[WS-FRAME-8] a compressed text that is not UTF-8',
    deflateRawSync(bytes(0xff, 0xfe)),
    1007,
    'text is not UTF-8',
  ],
])('%s ends a compressed connection', async (_, body, code, reason) => {
  const world = await begin({ deflate: true });
  const { client, connection } = await openRaw(
    world,
    'Sec-WebSocket-Extensions: permessage-deflate',
  );
  client.say(Buffer.concat([frame('text', body, { rsv1: true }), frame('text', 'after')]));
  await world.until('the connection ended', () => client.hasEnded);
  expect(client.afterHead).toEqual(serverClose(code, reason));
  expect(world.heard).toEqual([{ type: 'closed', connection, code, reason }]);
});

async function begin(changes: DoorChanges = {}): Promise<ProductionWeb> {
  const world = await ProductionWeb.open(changes);
  onTestFinished(() => world.end());
  return world;
}

/** Counts what is written to any socket from now on, and how many different buffers. */
function countWrites(): { count(): number; buffers(): number } {
  const spy = vi.spyOn(Socket.prototype, 'write');
  onTestFinished(() => spy.mockRestore());
  const written = (): readonly unknown[] => spy.mock.calls.map(([chunk]) => chunk);
  return { count: () => written().length, buffers: () => new Set(written()).size };
}
