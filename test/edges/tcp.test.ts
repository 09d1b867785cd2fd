// The TCP edge of production, on real sockets: who connects is told and waits, an owned connection is one of the web edge,
// and a peer that says no more may still be spoken to.

import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addressOf } from '../../src/actors/runtime/actor.ts';
import type { ConnectionEvent, Receipt } from '../../src/actors/runtime/edges.ts';
import type { TcpOpened } from '../../src/actors/runtime/tcp/tcp-edges.ts';
import { TcpEdge } from '../../src/transports/tcp.edge.ts';
import { WebEdge } from '../../src/transports/web.edge.ts';

const doorActor = addressOf<TcpOpened>(0, 'chat');
const owner = addressOf<ConnectionEvent>(0, 'chat/1');
const receiptsTo = addressOf<Receipt>(0, 'router');

type Heard = TcpOpened | ConnectionEvent | Receipt;

let heard: { readonly to: string; readonly message: Heard }[];
let changed: () => void;
let web: WebEdge;
let tcp: TcpEdge;
let port: number;
let sockets: Socket[];

beforeEach(async () => {
  heard = [];
  sockets = [];
  changed = () => {};
  const deliver = (to: string, message: unknown): void => {
    heard.push({ to, message: message as Heard });
  };
  const host = {
    deliver,
    schedule: () => {
      web.flush();
      changed();
    },
    runNow: () => {},
    count: () => {},
    log: () => {},
  };
  web = new WebEdge(host);
  tcp = new TcpEdge({ ...host, ground: web.ground });
  const listening = await tcp.listen({
    ...{ door: 'chat', host: '127.0.0.1', port: 0, reusePort: false, tls: undefined, doorActor },
  });
  port = listening.port;
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  tcp.closeListeners();
});

/** The first message of a type, whenever it comes. */
async function hear<T extends Heard['type']>(type: T): Promise<Extract<Heard, { type: T }>> {
  for (;;) {
    const found = heard.find(({ message }) => message.type === type);
    if (found !== undefined) return found.message as Extract<Heard, { type: T }>;
    await new Promise<void>((resolve) => {
      changed = resolve;
    });
  }
}

function client(): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

const textOf = async (socket: Socket): Promise<string> => {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
};

async function owned(socket: Socket): Promise<number> {
  const { connection } = await hear('tcpOpened');
  tcp.obey({ type: 'own', connection, owner, receiptsTo });
  void socket;
  return connection;
}

test('whoever connects is told, with chance of its own, and read only when it is owned', async () => {
  const socket = client();
  socket.write('early');
  const opened = await hear('tcpOpened');
  expect(opened).toMatchObject({
    door: 'chat',
    remote: '127.0.0.1',
    isLoopback: true,
    isSecure: false,
  });
  expect(opened.secret).toMatch(/^[\da-f]{32}$/);
  expect(opened.nonce).toMatch(/^[\da-f]{20}$/);
  expect(heard.some(({ message }) => message.type === 'messageReceived')).toBe(false);
  await owned(socket);
  const { payload } = await hear('messageReceived');
  expect(new TextDecoder().decode(payload as Uint8Array)).toBe('early');
});

test('an owned connection is written to and closed at the web edge', async () => {
  const socket = client();
  const connection = await owned(socket);
  web.obey({
    type: 'write',
    connections: [connection],
    payload: new TextEncoder().encode('a\nb\n'),
  });
  web.obey({ type: 'close', connection, code: 1_000, reason: '' });
  expect(await textOf(socket)).toBe('a\nb\n');
  socket.end();
  expect(await hear('closed')).toMatchObject({ connection });
});

test('a peer that says no more is told of, and may still be spoken to', async () => {
  const socket = client();
  const connection = await owned(socket);
  socket.end('last');
  expect(await hear('closeReceived')).toMatchObject({ connection, code: 1_005 });
  expect(heard.map(({ message }) => message.type)).toEqual([
    'tcpOpened',
    'messageReceived',
    'closeReceived',
  ]);
  web.obey({
    type: 'write',
    connections: [connection],
    payload: new TextEncoder().encode('answer'),
  });
  web.obey({ type: 'close', connection, code: 1_000, reason: '' });
  expect(await textOf(socket)).toBe('answer');
});

test('a reset is the end', async () => {
  const socket = client();
  const connection = await owned(socket);
  socket.resetAndDestroy();
  expect(await hear('closed')).toMatchObject({ connection });
});

test('one that is dismissed hears why', async () => {
  const socket = client();
  const { connection } = await hear('tcpOpened');
  tcp.obey({ type: 'dismiss', connection, lastWords: new TextEncoder().encode('full\n') });
  expect(await textOf(socket)).toBe('full\n');
});

test('one that went before it was owned is told to its owner', async () => {
  const socket = client();
  const { connection } = await hear('tcpOpened');
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.resetAndDestroy();
  await gone;
  tcp.obey({ type: 'own', connection, owner, receiptsTo });
  expect(await hear('closed')).toMatchObject({ connection });
});
