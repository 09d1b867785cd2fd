// What every TCP edge keeps, the real one on real sockets and the simulated one: who connects is told of and waits, an owned
// connection is one of the web edge, a peer that says no more may still be spoken to, and a call is answered once.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type Address, addressOf } from '../../../src/actors/runtime/actor.ts';
import type {
  ConnectionEvent,
  ConnectionId,
  Payload,
  Receipt,
  WebCommand,
} from '../../../src/actors/runtime/edges.ts';
import { WINDOW_BYTES } from '../../../src/actors/runtime/edges.ts';
import type {
  TcpCommand,
  TcpDialed,
  TcpOpened,
} from '../../../src/actors/runtime/tcp/tcp-edges.ts';

export type Heard = TcpOpened | TcpDialed | ConnectionEvent | Receipt;

export const DOOR = addressOf<TcpOpened>(0, 'chat');
const OWNER = addressOf<ConnectionEvent>(0, 'chat/1');
const CALLER = addressOf<ConnectionEvent>(0, 'caller/1');
const RECEIPTS = addressOf<Receipt>(0, 'router');
const DIALER = addressOf<TcpDialed>(0, 'members');

/** A peer on the other side of the network. */
export interface TcpClient {
  say(text: string): void;
  /** Says no more, and goes on reading. */
  end(): void;
  reset(): Promise<void>;
  /** Everything that it hears up to the end. */
  text(): Promise<string>;
}

export interface TcpWorld {
  /** In order, with whom it was for. */
  readonly heard: { readonly to: string; readonly message: Heard }[];
  client(): TcpClient;
  obey(command: TcpCommand): void;
  web(command: WebCommand): void;
  /** Resolves when anything more was heard. */
  more(): Promise<void>;
  /** Where its door is. */
  readonly door: { readonly host: string; readonly port: number };
  /** Where nobody listens. */
  nowhere(): Promise<{ readonly host: string; readonly port: number }>;
  close(): void;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (payload: Payload): string => new TextDecoder().decode(payload as Uint8Array);

export function tcpContract(name: string, open: () => Promise<TcpWorld>): void {
  describe(`the TCP edge (${name})`, () => {
    let world: TcpWorld;

    beforeEach(async () => {
      world = await open();
    });

    afterEach(() => world.close());

    /** The first message of a type, whenever it comes. */
    async function hear<T extends Heard['type']>(
      type: T,
      to?: Address,
    ): Promise<Extract<Heard, { type: T }>> {
      for (;;) {
        const found = world.heard.find(
          (one) => one.message.type === type && (to === undefined || one.to === to),
        );
        if (found !== undefined) return found.message as Extract<Heard, { type: T }>;
        await world.more();
      }
    }

    /** What came of a connection, up to so many characters. */
    async function received(owner: string, length: number): Promise<string> {
      for (;;) {
        const text = world.heard
          .flatMap(({ to, message }) =>
            to === owner && message.type === 'messageReceived' ? [textOf(message.payload)] : [],
          )
          .join('');
        if (text.length >= length) return text;
        await world.more();
      }
    }

    async function owned(): Promise<ConnectionId> {
      const { connection } = await hear('tcpOpened');
      world.obey({ type: 'own', connection, owner: OWNER, receiptsTo: RECEIPTS });
      return connection;
    }

    const write = (connection: ConnectionId, text: string): void =>
      world.web({ type: 'write', connections: [connection], payload: bytesOf(text) });
    const close = (connection: ConnectionId): void =>
      world.web({ type: 'close', connection, code: 1_000, reason: '' });

    test('whoever connects is told of, with chance of its own, and read only when it is owned', async () => {
      const client = world.client();
      client.say('early');
      const opened = await hear('tcpOpened');
      expect(opened.door).toBe('chat');
      expect(opened.remote).not.toBe('');
      expect(opened.isSecure).toBe(false);
      expect(opened.secret).toMatch(/^[\da-f]{32}$/);
      expect(opened.nonce).toMatch(/^[\da-f]{20}$/);
      expect(world.heard.map(({ to }) => to)).toEqual([DOOR]);
      await owned();
      expect(await received(OWNER, 5)).toBe('early');
    });

    test('what is said in pieces comes in order, however it is cut', async () => {
      const client = world.client();
      await owned();
      const lines = Array.from({ length: 40 }, (_, at) => `${at} ${'x'.repeat(at * 7)}\n`);
      for (const line of lines) client.say(line);
      const whole = lines.join('');
      expect(await received(OWNER, whole.length)).toBe(whole);
    });

    test('an owned connection is written to and closed at the web edge', async () => {
      const client = world.client();
      const connection = await owned();
      write(connection, 'a\nb\n');
      write(connection, 'c\n');
      close(connection);
      expect(await client.text()).toBe('a\nb\nc\n');
      client.end();
      expect(await hear('closed')).toMatchObject({ connection });
      write(connection, 'nobody hears this');
    });

    test('a peer that says no more is told of, and may still be spoken to', async () => {
      const client = world.client();
      const connection = await owned();
      client.say('last');
      client.end();
      expect(await hear('closeReceived')).toMatchObject({ connection, code: 1_005 });
      expect(await received(OWNER, 4)).toBe('last');
      expect(world.heard.some(({ message }) => message.type === 'closed')).toBe(false);
      write(connection, 'answer');
      close(connection);
      expect(await client.text()).toBe('answer');
      expect(await hear('closed')).toMatchObject({ connection });
    });

    test('a reset is the end', async () => {
      const client = world.client();
      const connection = await owned();
      await client.reset();
      expect(await hear('closed')).toMatchObject({ connection });
    });

    test('a connection that is cut is over, for both', async () => {
      const client = world.client();
      const connection = await owned();
      world.web({ type: 'cut', connection });
      expect(await hear('closed')).toMatchObject({ connection });
      expect(await client.text()).toBe('');
    });

    test('one that is dismissed hears why', async () => {
      const client = world.client();
      const { connection } = await hear('tcpOpened');
      world.obey({ type: 'dismiss', connection, lastWords: bytesOf('full\n') });
      expect(await client.text()).toBe('full\n');
    });

    test('one that went before it was owned is told to its owner', async () => {
      const client = world.client();
      const { connection } = await hear('tcpOpened');
      await client.reset();
      await owned();
      expect(await hear('closed')).toMatchObject({ connection });
    });

    test('nothing is read while it is held', async () => {
      const client = world.client();
      const connection = await owned();
      client.say('a');
      expect(await received(OWNER, 1)).toBe('a');
      world.web({ type: 'hold', connection, isHeld: true });
      client.say('b');
      const other = world.client();
      other.say('c');
      for (;;) {
        const opened = world.heard.flatMap(({ message }) =>
          message.type === 'tcpOpened' && message.connection !== connection ? [message] : [],
        );
        if (opened[0] !== undefined) {
          const second = opened[0].connection;
          world.obey({ type: 'own', connection: second, owner: CALLER, receiptsTo: RECEIPTS });
          break;
        }
        await world.more();
      }
      expect(await received(CALLER, 1)).toBe('c');
      expect(await received(OWNER, 1)).toBe('a');
      world.web({ type: 'hold', connection, isHeld: false });
      expect(await received(OWNER, 2)).toBe('ab');
    });

    test('receipts tell what the network took, half a window at a time at most', async () => {
      world.client();
      const connection = await owned();
      const half = WINDOW_BYTES / 2;
      write(connection, 'x'.repeat(half));
      const { bytes, connection: whose } = await hear('receipt', RECEIPTS);
      expect(whose).toBe(connection);
      expect(bytes).toBeGreaterThanOrEqual(half);
    });

    test('a call that is answered is a connection on both sides', async () => {
      const { host, port } = world.door;
      const call = {
        type: 'connect',
        host,
        port,
        timeoutMs: 5_000,
        ref: 7,
        replyTo: DIALER,
      } as const;
      world.obey(call);
      const { ref, opened } = await hear('tcpConnected', DIALER);
      expect(ref).toBe(7);
      const { connection } = opened;
      world.obey({ type: 'own', connection, owner: CALLER, receiptsTo: RECEIPTS });
      const called = await hear('tcpOpened');
      expect(called.connection).not.toBe(connection);
      expect(called.secret).not.toBe(opened.secret);
      await owned();
      write(connection, 'hello');
      expect(await received(OWNER, 5)).toBe('hello');
      write(called.connection, 'welcome');
      expect(await received(CALLER, 7)).toBe('welcome');
      close(connection);
      expect(await hear('closeReceived', OWNER)).toMatchObject({ connection: called.connection });
      close(called.connection);
      expect(await hear('closed', OWNER)).toMatchObject({ connection: called.connection });
      expect(await hear('closed', CALLER)).toMatchObject({ connection });
    });

    test('a call to where nobody listens is refused', async () => {
      const { host, port } = await world.nowhere();
      world.obey({ type: 'connect', host, port, timeoutMs: 5_000, ref: 3, replyTo: DIALER });
      expect(await hear('tcpFailed')).toEqual({ type: 'tcpFailed', ref: 3, reason: 'refused' });
    });
  });
}
