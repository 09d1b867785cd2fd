// WebSockets of the gateway on real sockets: to its clients, where every frame reaches the owner, and to origins, where
// the edge is the client.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { encodeFrame, type Opcode } from '../../../src/actors/codecs/websocket-frames.ts';
import type { WebCommand } from '../../../src/actors/runtime/edges.ts';
import type {
  FramedPayload,
  GatewayCommand,
  OriginAddress,
} from '../../../src/actors/runtime/gateway-edges.ts';
import type { GatewayListenOptions } from '../../../src/transports/gateway.edge.ts';
import {
  addressOf,
  answer,
  ASKER,
  call,
  Caller,
  get,
  origin,
  OWNER,
  own,
  ProductionGateway,
  rawOrigin,
  RECEIPTS,
} from './production-gateway.ts';

const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const handshake = (...lines: readonly string[]): string =>
  get(
    '/ws?x',
    'Upgrade: WebSocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
  );

function frame(
  opcode: Opcode,
  payload: string | Uint8Array = '',
  options: { readonly fin?: boolean } = {},
): Uint8Array {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return encodeFrame(opcode, bytes, { ...options, mask });
}

function closeBody(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

function upgrade(connection: number, ...headers: [string, string][]): GatewayCommand {
  return { type: 'upgrade', connection, owner: OWNER, receiptsTo: RECEIPTS, headers };
}

function framed(kind: FramedPayload['frame'], text: string): FramedPayload {
  const bytes = Buffer.from(text);
  return { frame: kind, bytes, byteLength: bytes.byteLength };
}

function write(connection: number, payload: FramedPayload | string): WebCommand {
  const told = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return { type: 'write', connections: [connection], payload: told };
}

async function open(
  world: ProductionGateway,
  ...lines: readonly string[]
): Promise<{ readonly caller: Caller; readonly connection: number }> {
  const caller = new Caller(world, handshake(...lines));
  const { connection } = await world.request(world.requests.length);
  world.turn(upgrade(connection));
  await world.until('it is open', () => caller.text.endsWith('\r\n\r\n'));
  return { caller, connection };
}

function afterHead(caller: Caller): Buffer {
  return caller.bytes.subarray(caller.bytes.indexOf('\r\n\r\n') + 4);
}

test('a handshake is a request, and is granted with the headers it is given', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, handshake('Sec-WebSocket-Protocol: a, b'));
  const request = await world.request(0);
  expect(request).toMatchObject({ isWebSocket: true, path: '/ws', search: '?x', bodyBytes: 0 });
  world.turn(
    upgrade(
      request.connection,
      ['Sec-WebSocket-Protocol', 'b'],
      ['X-One', '1'],
      ['x-one', '2'],
      ['Sec-WebSocket-Accept', 'forged'],
      ['Sec-WebSocket-Extensions', 'grip'],
      ['Content-Length', '3'],
      ['Upgrade', 'other'],
      ['X', 'a\r\nY: b'],
    ),
  );
  await world.until('it is open', () => caller.text.endsWith('\r\n\r\n'));
  expect(caller.text).toBe(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: b\r\nX-One: 1\r\nx-one: 2\r\nSec-WebSocket-Extensions: grip\r\n\r\n',
  );
});

test.each<[title: string, said: string]>([
  ['another version', handshake().replace('13', '8')],
  ['no key', handshake().replace(/Sec-WebSocket-Key: .*\r\n/, '')],
  ['a body', handshake('Content-Length: 3')],
  ['another method', handshake().replace('GET', 'POST')],
  ['HTTP/1.0', handshake().replace('HTTP/1.1', 'HTTP/1.0')],
])('a handshake with %s is refused in the words of Pushpin', async (_, said) => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, said);
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(
    /^HTTP\/1\.1 400 [^]*Request contained an Upgrade header with value "websocket" but the request was not a valid WebSocket request\.\n$/,
  );
  expect(world.requests).toEqual([]);
});

test('a handshake may be answered like any request', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, handshake());
  const { connection } = await world.request(0);
  world.turn(answer(connection, 'no', { status: 403 }));
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 403 [^]*no$/);
});

test('a plain request cannot be upgraded', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, get());
  const { connection } = await world.request(0);
  world.turn(upgrade(connection));
  await world.until('it ended', () => caller.hasEnded);
  expect(caller.text).toMatch(/^HTTP\/1\.1 500 /);
  expect(world.heard).toMatchObject([{ type: 'closed', code: 1006 }]);
});

test('[WOH-DIRECT-2] [WOH-DIRECT-3] messages of both kinds, pings and pongs reach the owner and are not answered', async () => {
  const world = await ProductionGateway.open();
  const { caller, connection } = await open(world);
  caller.say(frame('text', 'ä'));
  caller.say(frame('binary', Uint8Array.of(0, 255)));
  caller.say(frame('ping', 'p1'));
  caller.say(frame('pong', 'p2'));
  await world.until('all were heard', () => world.heard.length === 4);
  expect(world.heard).toEqual([
    { type: 'messageReceived', connection, payload: bytesOf('ä'), isBinary: false },
    { type: 'messageReceived', connection, payload: Uint8Array.of(0, 255), isBinary: true },
    { type: 'pingReceived', connection, payload: bytesOf('p1') },
    { type: 'pongReceived', connection, payload: bytesOf('p2') },
  ]);
  expect(afterHead(caller).byteLength).toBe(0);
});

test('what is said before the handshake is granted is heard after it', async () => {
  const world = await ProductionGateway.open();
  const caller = new Caller(world, handshake());
  const { connection } = await world.request(0);
  caller.say(frame('text', 'early'));
  await world.until('it was read', () => world.count('gateway.bytes.in') > handshake().length);
  world.turn(own(connection), upgrade(connection));
  await world.until('it was heard', () => world.heard.length === 1);
  expect(world.heard).toMatchObject([{ type: 'messageReceived', payload: bytesOf('early') }]);
});

test('payloads written are text, or what they say they are, in their order', async () => {
  const world = await ProductionGateway.open();
  const { caller, connection } = await open(world);
  world.webTurn(
    write(connection, 'text'),
    write(connection, framed('binary', 'binary')),
    write(connection, framed('ping', 'ping')),
    write(connection, framed('pong', 'pong')),
    write(connection, 'text again'),
  );
  const expected = Buffer.concat([
    encodeFrame('text', Buffer.from('text')),
    encodeFrame('binary', Buffer.from('binary')),
    encodeFrame('ping', Buffer.from('ping')),
    encodeFrame('pong', Buffer.from('pong')),
    encodeFrame('text', Buffer.from('text again')),
  ]);
  await world.until('all came', () => afterHead(caller).byteLength >= expected.byteLength);
  expect(afterHead(caller)).toEqual(expected);
});

test('[WOH-FRAME-3] a ping between the fragments of a message is heard at once, and the message is whole', async () => {
  const world = await ProductionGateway.open();
  const { caller } = await open(world);
  caller.say(frame('text', 'one ', { fin: false }));
  caller.say(frame('ping', 'between'));
  await world.until('the ping was heard', () => world.heard.length === 1);
  caller.say(frame('continuation', 'two'));
  await world.until('the message was heard', () => world.heard.length === 2);
  expect(world.heard).toMatchObject([
    { type: 'pingReceived', payload: bytesOf('between') },
    { type: 'messageReceived', payload: bytesOf('one two') },
  ]);
});

test.each<[title: string, said: Uint8Array, code: number]>([
  ['[WOH-FRAME-1] a reserved opcode', Uint8Array.of(0x83, 0x80, 0, 0, 0, 0), 1002],
  ['[WOH-FRAME-2] a frame without a mask', encodeFrame('text', Buffer.from('x')), 1002],
  ['[WOH-FRAME-2] text that is no UTF-8', frame('text', Uint8Array.of(0xff)), 1007],
  ['[WOH-FRAME-2] a close code that must not be sent', frame('close', closeBody(1005)), 1002],
  ['a message beyond the limit', frame('binary', new Uint8Array(101)), 1009],
])('%s is answered with its code, and [WOH-FRAME-4] the client has gone', async (_, said, code) => {
  const world = await ProductionGateway.open({ limits: { messageBytesMax: 100 } });
  const { caller, connection } = await open(world);
  caller.say(said);
  await world.until('it ended', () => caller.hasEnded);
  expect(afterHead(caller).subarray(2, 4)).toEqual(closeBody(code));
  expect(world.heard).toMatchObject([{ type: 'closed', connection, code }]);
});

test.each<[title: string, body: Buffer, code: number, reply: number, answered: Buffer]>([
  ['a code and a reason', closeBody(4001, 'bye'), 4001, 4002, closeBody(4002, 'ok')],
  ['no code, answered without one', Buffer.alloc(0), 1005, 1005, Buffer.alloc(0)],
])('a close with %s waits for the owner’s', async (_, body, code, reply, answered) => {
  const world = await ProductionGateway.open();
  const { caller, connection } = await open(world);
  caller.say(frame('close', body));
  await world.until('it was heard', () => world.heard.length === 1);
  expect(world.heard).toMatchObject([{ type: 'closeReceived', connection, code }]);
  expect(afterHead(caller).byteLength).toBe(0);
  world.webTurn(write(connection, 'still'), {
    type: 'close',
    connection,
    code: reply,
    reason: answered.byteLength > 0 ? 'ok' : '',
  });
  await world.until('it ended', () => caller.hasEnded);
  const still = encodeFrame('text', Buffer.from('still'));
  expect(afterHead(caller)).toEqual(
    Buffer.concat([still, Buffer.from([0x88, answered.byteLength]), answered]),
  );
  expect(world.heard[1]).toMatchObject({ type: 'closed', connection, code: reply });
});

test('the owner’s close waits for the client’s', async () => {
  const world = await ProductionGateway.open();
  const { caller, connection } = await open(world);
  world.webTurn({ type: 'close', connection, code: 4000, reason: '' });
  await world.until('it came', () => afterHead(caller).byteLength === 4);
  expect(world.heard).toEqual([]);
  caller.say(frame('close', closeBody(4000)));
  await world.until('it is over', () => caller.hasEnded);
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 4000, reason: '' }]);
});

test('cut ends it without a close, and a client that vanishes is 1006', async () => {
  const world = await ProductionGateway.open();
  const one = await open(world);
  world.webTurn({ type: 'cut', connection: one.connection });
  await world.until('it is closed', () => one.caller.isClosed);
  expect(afterHead(one.caller).byteLength).toBe(0);
  const two = await open(world);
  two.caller.socket.destroy();
  await world.until('both are known', () => world.heard.length === 2);
  expect(world.heard).toMatchObject([{ code: 1006 }, { code: 1006 }]);
});

test('[GRIP-CLIENT-8] a WebSocket that is silent for too long is cut', async () => {
  const world = await ProductionGateway.open({ limits: { idleTimeoutMs: 60 } });
  const { caller, connection } = await open(world);
  await world.until('it is closed', () => caller.isClosed);
  expect(afterHead(caller).byteLength).toBe(0);
  await world.until('it is known', () => world.heard.length === 1);
  expect(world.heard).toEqual([{ type: 'closed', connection, code: 1006, reason: '' }]);
  expect(world.count('web.connections.idle')).toBe(1);
});

test.each([true, false])('deflate is agreed on when the door allows it: %s', async (deflate) => {
  const world = await ProductionGateway.open({ deflate } satisfies Partial<GatewayListenOptions>);
  world.answering = ({ connection }) => world.turn(upgrade(connection));
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/`);
  onTestFinished(() => socket.terminate());
  const received: string[] = [];
  socket.on('message', (message: Buffer, isBinary: boolean) => {
    received.push(`${isBinary} ${message.toString()}`);
    world.changed();
  });
  socket.on('open', () => socket.send('x'.repeat(5_000)));
  await world.until('it was heard', () => world.heard.length === 1);
  expect(socket.extensions.includes('permessage-deflate')).toBe(deflate);
  expect(world.heard).toMatchObject([{ isBinary: false, payload: bytesOf('x'.repeat(5_000)) }]);
  const connection = world.requests[0]?.connection ?? 0;
  world.webTurn(write(connection, 'y'.repeat(5_000)), write(connection, framed('binary', 'z')));
  await world.until('both came', () => received.length === 2);
  expect(received).toEqual([`false ${'y'.repeat(5_000)}`, 'true z']);
});

/** An origin of the `ws` package that shows the test what it hears. */
async function wsOrigin(world: ProductionGateway): Promise<{
  readonly address: OriginAddress;
  readonly heard: string[];
  readonly requests: IncomingMessage[];
  readonly sockets: WebSocket[];
}> {
  const server = createServer();
  const wss = new WebSocketServer({
    server,
    autoPong: false,
    handleProtocols: (protocols) => [...protocols].at(-1) ?? false,
  });
  const heard: string[] = [];
  const requests: IncomingMessage[] = [];
  const sockets: WebSocket[] = [];
  const tell = (sentence: string): void => {
    heard.push(sentence);
    world.changed();
  };
  wss.on('headers', (headers) => headers.push('X-Origin: yes'));
  wss.on('connection', (socket, request) => {
    requests.push(request);
    sockets.push(socket);
    socket.on('message', (message: Buffer, isBinary) =>
      tell(`${isBinary ? 'binary' : 'text'} ${message.toString()}`),
    );
    socket.on('ping', (data) => tell(`ping ${data.toString()}`));
    socket.on('pong', (data) => tell(`pong ${data.toString()}`));
    socket.on('close', (code, reason) => tell(`close ${code} ${reason.toString()}`));
    socket.on('error', () => {});
  });
  server.on('connection', (socket: Socket) => world.join(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    wss.close();
    server.close();
  });
  return { address: addressOf((server.address() as AddressInfo).port), heard, requests, sockets };
}

function connectWs(address: OriginAddress, ...headers: [string, string][]): GatewayCommand {
  const said: [string, string][] = [['Host', 'a.test'], ...headers];
  return {
    type: 'connectWs',
    ref: 7,
    owner: ASKER,
    origin: address,
    target: '/ws?x',
    headers: said,
    signature: { issuer: 'hermod', key: 'secret' },
  };
}

const toOrigin = { owner: ASKER, ref: 7 } as const;

test('[WOH-DIRECT-1] an origin is asked for a WebSocket with a key of our own, and its headers are told', async () => {
  const world = await ProductionGateway.open();
  const { address, requests } = await wsOrigin(world);
  world.turn(
    connectWs(
      address,
      ['Sec-WebSocket-Key', 'the client’s'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Protocol', 'a, b'],
      ['Sec-WebSocket-Extensions', 'grip'],
      ['Upgrade', 'websocket'],
      ['Meta-X', '1'],
    ),
  );
  const { headers } = await world.event('originUpgraded');
  expect(headers).toContainEqual(['X-Origin', 'yes']);
  expect(headers).toContainEqual(['Sec-WebSocket-Protocol', 'b']);
  const [request] = requests;
  expect(request?.url).toBe('/ws?x');
  expect(request?.headers).toMatchObject({
    host: 'a.test',
    upgrade: 'websocket',
    'sec-websocket-extensions': 'grip',
    'meta-x': '1',
  });
  expect(request?.headers['grip-sig']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const names = request?.rawHeaders
    .filter((_, at) => at % 2 === 0)
    .map((name) => name.toLowerCase());
  expect(names?.filter((name) => name === 'upgrade' || name === 'sec-websocket-key').length).toBe(
    2,
  );
});

test('messages, pings and pongs go both ways with their content', async () => {
  const world = await ProductionGateway.open();
  const { address, heard, sockets } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  const kinds = ['text', 'binary', 'ping', 'pong'] as const;
  world.turn(
    ...kinds.map((kind): GatewayCommand => ({
      type: 'sayToOrigin',
      ...toOrigin,
      kind,
      payload: Buffer.from(kind),
    })),
  );
  await world.until('all were heard', () => heard.length === 4);
  expect(heard).toEqual(kinds.map((kind) => `${kind} ${kind}`));
  const [socket] = sockets;
  socket?.send('text');
  socket?.send(Buffer.from('binary'));
  socket?.ping('ping');
  socket?.pong('pong');
  const large = 'x'.repeat(2_000_000);
  socket?.send(large);
  await world.event('originMessage', 4);
  const told = world.origin.filter((event) => event.type === 'originMessage');
  expect(told.map(({ kind }) => kind)).toEqual([...kinds, 'text']);
  expect(told.map(({ payload }) => Buffer.from(payload).toString())).toEqual([...kinds, large]);
});

test('[WOH-DIRECT-8] an origin’s close is told and waits for an answer', async () => {
  const world = await ProductionGateway.open();
  const { address, heard, sockets } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  sockets[0]?.close(4001, 'bye');
  expect(await world.event('originClosed')).toMatchObject({ code: 4001, reason: 'bye' });
  expect(heard).toEqual([]);
  world.turn({ type: 'closeOrigin', ...toOrigin, code: 4002, reason: 'ok' });
  await world.until('it was answered', () => heard.length === 1);
  expect(heard).toEqual(['close 4002 ok']);
  expect(world.origin.filter(({ type }) => type === 'originClosed').length).toBe(1);
});

test.each<[title: string, code: number, heardClose: string]>([
  ['a code', 4003, 'close 4003 why'],
  ['no code', 1005, 'close 1005 '],
  ['no close', 1006, 'close 1006 '],
])('closeOrigin with %s', async (_, code, heardClose) => {
  const world = await ProductionGateway.open();
  const { address, heard } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  world.turn({ type: 'closeOrigin', ...toOrigin, code, reason: code === 4003 ? 'why' : '' });
  await world.until('it was heard', () => heard.length === 1);
  expect(heard).toEqual([heardClose]);
  if (code !== 1006) expect(await world.event('originClosed')).toMatchObject({ code });
});

test('an origin that vanishes has closed with 1006', async () => {
  const world = await ProductionGateway.open();
  const { address, sockets } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  sockets[0]?.terminate();
  expect(await world.event('originClosed')).toMatchObject({ code: 1006 });
});

test('[WOH-DIRECT-4] [WOH-DIRECT-5] a refusal is an answer with its reason, headers and body', async () => {
  const world = await ProductionGateway.open();
  const body = 'x'.repeat(100_000);
  const { address } = await origin(world, () => {});
  const refusing = await rawOrigin(world, (socket) => {
    socket.on('data', () =>
      socket.end(`HTTP/1.1 403 Nope\r\nX-Why: so\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    );
  });
  expect(address.port).not.toBe(refusing.port);
  world.turn(connectWs(refusing));
  const { ref, status, reason, headers } = await world.event('originAnswered');
  expect({ ref, status, reason }).toEqual({ ref: 7, status: 403, reason: 'Nope' });
  expect(headers).toContainEqual(['X-Why', 'so']);
  world.turn({ type: 'collect', ...toOrigin, bytesMax: 1_000_000 });
  const told = await world.event('originBody');
  expect(told).toMatchObject({ isWhole: true, isBroken: false });
  expect(Buffer.from(told.body).toString()).toBe(body);
});

test('[WOH-DIRECT-5] a refusal that breaks off is told as one, and counted', async () => {
  const world = await ProductionGateway.open();
  const refusing = await rawOrigin(world, (socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 403 Nope\r\nContent-Length: 10\r\n\r\nhalf'));
  });
  world.turn(connectWs(refusing));
  await world.event('originAnswered');
  world.turn({ type: 'collect', ...toOrigin, bytesMax: 100 });
  expect(await world.event('originBody')).toMatchObject({ isWhole: false, isBroken: true });
  expect(world.count('gateway.origin.truncated')).toBe(1);
});

test.each<[title: string, said: string]>([
  [
    'a wrong key',
    'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
  ],
  ['a 101 that names no protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['no HTTP', 'SSH-2.0\r\n'],
  ['nothing', ''],
])('[WOH-DIRECT-6] an origin that answers with %s has broken', async (_, said) => {
  const world = await ProductionGateway.open();
  const address = await rawOrigin(world, (socket) => {
    socket.on('data', () => socket.end(said));
  });
  world.turn(connectWs(address));
  expect(await world.event('originFailed')).toMatchObject({ why: 'broken', wasSent: true });
});

test('an origin that cannot be reached has refused', async () => {
  const world = await ProductionGateway.open();
  const { address, server } = await origin(world, () => {});
  server.close();
  world.turn(connectWs(address));
  expect(await world.event('originFailed')).toMatchObject({ why: 'refused', wasSent: false });
});

test('what piles up for a slow origin is told, and when it has left', async () => {
  const world = await ProductionGateway.open();
  const { address, sockets } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  sockets[0]?.pause();
  const payload = Buffer.alloc(20_000_000);
  world.turn({ type: 'sayToOrigin', ...toOrigin, kind: 'binary', payload });
  expect(await world.event('originPressed')).toMatchObject({ isPressed: true });
  sockets[0]?.resume();
  expect(await world.event('originPressed', 1)).toMatchObject({ isPressed: false });
});

test('a held origin is not read until it is let go', async () => {
  const world = await ProductionGateway.open();
  const { address, sockets } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  world.turn({ type: 'holdOrigin', ...toOrigin, isHeld: true });
  sockets[0]?.send('held');
  for (let round = 0; round < 50; round += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(world.origin.length).toBe(1);
  world.turn({ type: 'holdOrigin', ...toOrigin, isHeld: false });
  expect(await world.event('originMessage')).toMatchObject({ kind: 'text' });
});

test('a masked frame of an origin breaks the protocol', async () => {
  const world = await ProductionGateway.open();
  const { address, heard, sockets } = await wsOrigin(world);
  world.turn(connectWs(address));
  await world.event('originUpgraded');
  const raw = Reflect.get(sockets[0] ?? {}, '_socket') as Socket;
  raw.write(frame('text', 'x'));
  expect(await world.event('originClosed')).toMatchObject({ code: 1006 });
  await world.until('it was told', () => heard.length === 1);
  expect(heard).toEqual(['close 1002 masked frame from a server']);
});

test('an abandoned handshake leaves nothing behind', async () => {
  const world = await ProductionGateway.open();
  let isClosed = false;
  const address = await rawOrigin(world, (socket) => {
    socket.on('close', () => {
      isClosed = true;
      world.changed();
    });
    socket.resume();
    world.changed();
  });
  world.turn(connectWs(address));
  world.turn({ type: 'abandon', ...toOrigin });
  await world.until('it was let go', () => isClosed);
  expect(world.origin).toEqual([]);
  call(world, get());
  await world.request(0);
});

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
