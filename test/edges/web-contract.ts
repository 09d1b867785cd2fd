// What every web edge promises to actors, in the words of runtime/edges.ts: one suite for the production edge and for
// its understudy. It knows neither sockets nor simulation: a world carries out commands as turns, speaks as clients,
// and waits until something is so.

import { describe, expect, onTestFinished, test } from 'vitest';

import type { Address } from '../../src/actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type DoorEvent,
  type Receipt,
  type RequestReceived,
  type UpgradeRequested,
  WINDOW_BYTES,
  type WebCommand,
  writeCost,
} from '../../src/actors/runtime/edges.ts';

/** A client's request and what came back so far. */
export interface ClientRequest {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The answer has ended. */
  readonly isOver: boolean;
  leave(): void;
}

/** A client's WebSocket and what came to it so far. */
export interface ClientWebSocket {
  /** 101 once it is open, or the status that refused it. */
  readonly status: number | undefined;
  readonly subprotocol: string | undefined;
  readonly messages: readonly string[];
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Gone without a word. */
  vanish(): void;
  /** Reads nothing until `resume`. */
  stall(): void;
  resume(): void;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One edge with one door, `limits.messageBytesMax` 65,536, and everything that it delivered, in order. */
export interface WebWorld {
  readonly asked: readonly DoorEvent[];
  readonly heard: readonly ConnectionEvent[];
  readonly receipts: readonly Receipt[];
  /** Carries out commands as one turn of the actors. */
  turn(...commands: WebCommand[]): void;
  pauseReading(isOn: boolean): void;
  request(asked: Asked): ClientRequest;
  webSocket(path: string, subprotocols?: readonly string[]): ClientWebSocket;
  /** Lets the world go on until it is so; rejects, with the sentence, when it does not come to be. */
  until(sentence: string, isSo: () => boolean): Promise<void>;
  end(): Promise<void>;
}

export const OWNER = '0/owner' as Address<ConnectionEvent>;
export const RECEIPTS = '0/receipts' as Address<Receipt>;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function webContract(name: string, makeWorld: () => Promise<WebWorld>): void {
  describe(`${name}: requests`, () => {
    test('a request reaches the door with all its parts, and the answer reaches the client', async () => {
      const world = await begin(makeWorld);
      const headers = { 'x-mixed-case': 'kept', 'content-type': 'text/plain' };
      const client = world.request({ method: 'POST', path: '/a%20b?c=d&e', headers, body: 'body' });
      const asked = await nextRequest(world, 0);
      expect(asked).toMatchObject({ method: 'POST', path: '/a%20b', query: 'c=d&e' });
      expect(asked.headers).toMatchObject(headers);
      expect(decoder.decode(asked.body)).toBe('body');
      expect(asked.remote).not.toBe('');
      world.turn(respond(asked.connection, 201, 'made', { 'x-answer': 'yes' }));
      await world.until('the client has the answer', () => client.isOver);
      expect(client).toMatchObject({ status: 201, body: 'made' });
      expect(client.headers).toMatchObject({ 'x-answer': 'yes', 'content-length': '4' });
    });

    test('the answer to HEAD has no body', async () => {
      const world = await begin(makeWorld);
      const client = world.request({ method: 'HEAD', path: '/' });
      world.turn(respond((await nextRequest(world, 0)).connection, 200, 'not sent'));
      await world.until('the client has the answer', () => client.isOver);
      expect(client).toMatchObject({ status: 200, body: '' });
    });

    test('only the first answer counts, and one for a client that left is dropped', async () => {
      const world = await begin(makeWorld);
      const client = world.request({ method: 'GET', path: '/' });
      const first = await nextRequest(world, 0);
      world.turn(respond(first.connection, 200, 'first'), respond(first.connection, 200, 'second'));
      await world.until('the client has the answer', () => client.isOver);
      expect(client.body).toBe('first');

      const leaving = world.request({ method: 'GET', path: '/gone' });
      const second = await nextRequest(world, 1);
      expect(second.connection).not.toBe(first.connection);
      leaving.leave();
      world.turn(respond(second.connection, 200, 'nobody hears this'));
      const staying = world.request({ method: 'GET', path: '/here' });
      world.turn(respond((await nextRequest(world, 2)).connection, 200, 'here'));
      await world.until('the next client has its answer', () => staying.isOver);
      expect(staying.body).toBe('here');
    });
  });

  describe(`${name}: WebSockets`, () => {
    test('a handshake waits for the word of an actor, who chooses the subprotocol', async () => {
      const world = await begin(makeWorld);
      const client = world.webSocket('/ws?x=y', ['one', 'two']);
      const asked = await nextUpgrade(world, 0);
      expect(asked).toMatchObject({ path: '/ws', query: 'x=y', subprotocols: ['one', 'two'] });
      expect(client.status).toBeUndefined();
      world.turn(accept(asked.connection, 'two'));
      await world.until('the client is in', () => client.status === 101);
      expect(client.subprotocol).toBe('two');
    });

    test('a refused handshake gets a whole answer', async () => {
      const world = await begin(makeWorld);
      const client = world.webSocket('/ws');
      world.turn(respond((await nextUpgrade(world, 0)).connection, 403, 'no'));
      await world.until('the client is refused', () => client.status === 403);
      expect(world.heard).toEqual([]);
    });

    test('messages go both ways in their order, each as large as it was', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      const texts = ['', 'ä', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_536)];
      for (const text of texts) client.send(text);
      await world.until('all were heard', () => world.heard.length === texts.length);
      expect(world.heard.map((event) => textOf(event))).toEqual(texts);
      world.turn(...texts.map((text) => write([connection], text)));
      await world.until('all came back', () => client.messages.length === texts.length);
      expect(client.messages).toEqual(texts);
    });

    test('one payload is written to many, in order with what else each is told', async () => {
      const world = await begin(makeWorld);
      const one = await openWebSocket(world);
      const two = await openWebSocket(world);
      const [a, b] = [one.connection, two.connection];
      world.turn(
        write([a], 'only one'),
        write([a, 999_999, b], 'both'),
        write([b], 'only two'),
        write([b, a], 'both again'),
      );
      await world.until(
        'all came',
        () => one.client.messages.length + two.client.messages.length === 6,
      );
      expect(one.client.messages).toEqual(['only one', 'both', 'both again']);
      expect(two.client.messages).toEqual(['both', 'only two', 'both again']);
    });

    test('what is written with the accept arrives after it', async () => {
      const world = await begin(makeWorld);
      const client = world.webSocket('/');
      const { connection } = await nextUpgrade(world, 0);
      world.turn(accept(connection), write([connection], 'welcome'));
      await world.until('the welcome came', () => client.messages.length === 1);
      expect(client.messages).toEqual(['welcome']);
    });

    test('after an actor closes, nothing is heard but one closed', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      world.turn(write([connection], 'last'), close(connection, 4001, 'enough'));
      world.turn(write([connection], 'too late'), close(connection, 4002, 'twice'));
      client.send('unheard');
      await world.until('the client is closed', () => client.closed !== undefined);
      await world.until('the owner knows', () => world.heard.length > 0);
      expect(client.messages).toEqual(['last']);
      expect(client.closed).toEqual({ code: 4001, reason: 'enough' });
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 4001, reason: 'enough' }]);
    });

    test('whoever is held and closed is read again, and what it says then is its close', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      const hold = { type: 'hold', connection, isHeld: true } as const;
      world.turn(hold);
      client.send('unheard');
      client.close(4003, 'bye');
      world.turn(close(connection, 4001, 'enough'), hold);
      await world.until('the owner knows', () => world.heard.length > 0);
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 4003, reason: 'bye' }]);
    });

    test('a close of the client is answered with its code and told to the owner', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      client.send('first');
      client.close(4003, 'bye');
      await world.until('the owner knows', () => world.heard.length === 2);
      expect(world.heard[1]).toEqual({ type: 'closed', connection, code: 4003, reason: 'bye' });
      await world.until('the client has the answer', () => client.closed !== undefined);
      expect(client.closed?.code).toBe(4003);
    });

    test('a client that vanishes is closed with 1006', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      client.vanish();
      await world.until('the owner knows', () => world.heard.length === 1);
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 1006, reason: '' }]);
    });

    test('a client that vanishes before it is let in is closed as soon as it has an owner', async () => {
      const world = await begin(makeWorld);
      const client = world.webSocket('/');
      const { connection } = await nextUpgrade(world, 0);
      client.vanish();
      world.turn(accept(connection));
      await world.until('the owner knows', () => world.heard.length === 1);
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 1006, reason: '' }]);
    });

    test('a ping is answered by the client', async () => {
      const world = await begin(makeWorld);
      const { connection } = await openWebSocket(world);
      world.turn({ type: 'ping', connection });
      await world.until('the pong is heard', () => world.heard.length === 1);
      expect(world.heard).toEqual([{ type: 'pongReceived', connection }]);
    });

    test('[WS-FRAME-7] a message that is too big ends the connection with 1009', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      client.send('x'.repeat(65_537));
      await world.until('the client is closed', () => client.closed !== undefined);
      const reason = 'message exceeds limit of 65536 bytes';
      expect(client.closed).toEqual({ code: 1009, reason });
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 1009, reason }]);
    });
  });

  describe(`${name}: streams`, () => {
    test('a stream stays open and carries what is written as it is', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openStream(world);
      expect(client).toMatchObject({ status: 200, isOver: false });
      expect(client.headers['content-type']).toBe('text/event-stream');
      world.turn(write([connection], 'data: 1\n\n'), write([connection], 'data: 2\n\n'));
      await world.until('both events came', () => client.body.endsWith('2\n\n'));
      expect(client.body).toBe('data: 1\n\ndata: 2\n\n');
      world.turn(write([connection], 'last'), close(connection, 1013, 'too slow'));
      await world.until('the stream ended', () => client.isOver);
      expect(client.body).toBe('data: 1\n\ndata: 2\n\nlast');
      await world.until('the owner knows', () => world.heard.length === 1);
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 1013, reason: 'too slow' }]);
    });

    test('a client that leaves its stream is closed with 1000', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openStream(world);
      client.leave();
      await world.until('the owner knows', () => world.heard.length === 1);
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
    });

    test('a client that left before its stream began is closed as soon as it has an owner', async () => {
      const world = await begin(makeWorld);
      const client = world.request({ method: 'GET', path: '/sse' });
      const { connection } = await nextRequest(world, 0);
      client.leave();
      world.turn(stream(connection));
      await world.until('the owner knows', () => world.heard.length === 1);
      expect(world.heard).toEqual([{ type: 'closed', connection, code: 1000, reason: '' }]);
    });
  });

  describe(`${name}: credit`, () => {
    test('half a window is receipted when the network has it, and less is not', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      const payload = 'x'.repeat(1_000);
      const half = Math.ceil(WINDOW_BYTES / 2 / costOf(payload));
      const writes = (count: number): WebCommand[] =>
        Array.from({ length: count }, () => write([connection], payload));
      world.turn(...writes(half - 1));
      await world.until(
        'the client has nearly half a window',
        () => client.messages.length === half - 1,
      );
      expect(world.receipts).toEqual([]);
      world.turn(...writes(1));
      await world.until('the receipt came', () => world.receipts.length === 1);
      expect(world.receipts).toEqual([
        { type: 'receipt', connection, bytes: half * costOf(payload) },
      ]);
    });

    test.each([
      ['many short payloads', 10],
      ['payloads of a kilobyte', 1_000],
      ['payloads of a whole window', WINDOW_BYTES],
    ])('a writer within its credit gets %s through to a reader that stalls', async (_, size) => {
      const world = await begin(makeWorld);
      const { client, connection } = await openWebSocket(world);
      const payload = 'x'.repeat(size);
      const cost = costOf(payload);
      const total = Math.ceil((24 * WINDOW_BYTES) / cost);
      let [written, receipted] = [0, 0];
      /** Writes what credit allows, as an outbox would; one payload may run it below zero. */
      const pump = (): void => {
        const commands: WebCommand[] = [];
        for (const { bytes } of world.receipts.slice(receipted)) credit += bytes;
        receipted = world.receipts.length;
        while (credit > 0 && written < total) {
          commands.push(write([connection], payload));
          credit -= cost;
          written += 1;
        }
        if (commands.length > 0) world.turn(...commands);
      };
      let credit = WINDOW_BYTES;
      client.stall();
      pump();
      client.resume();
      await world.until('everything came', () => {
        pump();
        return client.messages.length === total;
      });
      // What is still owed is less than half a window: with no more to come no receipt is due.
      expect(WINDOW_BYTES - credit).toBeLessThan(WINDOW_BYTES / 2 + cost);
      expect(client.messages.every((message) => message.length === size)).toBe(true);
    });
  });

  describe(`${name}: pressure`, () => {
    test('[SHARD-4] under pressure new requests wait, and come when it is over', async () => {
      const world = await begin(makeWorld);
      const { client } = await openWebSocket(world);
      world.pauseReading(true);
      const request = world.request({ method: 'GET', path: '/late' });
      for (let n = 0; n < 10; n += 1) client.send(`message ${n}`);
      world.pauseReading(false);
      const asked = await nextRequest(world, 1);
      world.turn(respond(asked.connection, 200, 'at last'));
      await world.until('the answer came', () => request.isOver);
      await world.until('all messages came', () => world.heard.length === 10);
      expect(world.heard.map((event) => textOf(event))[9]).toBe('message 9');
    });
  });
}

async function begin(makeWorld: () => Promise<WebWorld>): Promise<WebWorld> {
  const world = await makeWorld();
  onTestFinished(() => world.end());
  return world;
}

/** The event at this place of those that the door heard, a request. */
export async function nextRequest(world: WebWorld, at: number): Promise<RequestReceived> {
  await world.until('the door hears of a request', () => world.asked.length > at);
  const event = world.asked[at];
  if (event?.type !== 'requestReceived') throw new Error('the door heard something else');
  return event;
}

export async function nextUpgrade(world: WebWorld, at: number): Promise<UpgradeRequested> {
  await world.until('the door hears of a handshake', () => world.asked.length > at);
  const event = world.asked[at];
  if (event?.type !== 'upgradeRequested') throw new Error('the door heard something else');
  return event;
}

export async function openWebSocket(
  world: WebWorld,
): Promise<{ readonly client: ClientWebSocket; readonly connection: ConnectionId }> {
  const before = world.asked.length;
  const client = world.webSocket('/ws');
  const { connection } = await nextUpgrade(world, before);
  world.turn(accept(connection));
  await world.until('the client is in', () => client.status === 101);
  return { client, connection };
}

export async function openStream(
  world: WebWorld,
): Promise<{ readonly client: ClientRequest; readonly connection: ConnectionId }> {
  const before = world.asked.length;
  const client = world.request({ method: 'GET', path: '/sse?topic=a' });
  const { connection } = await nextRequest(world, before);
  world.turn(stream(connection));
  await world.until('the stream begins', () => client.status !== undefined);
  return { client, connection };
}

export function accept(connection: ConnectionId, subprotocol?: string): WebCommand {
  return { type: 'accept', connection, subprotocol, owner: OWNER, receiptsTo: RECEIPTS };
}

export function stream(connection: ConnectionId): WebCommand {
  const headers = { 'content-type': 'text/event-stream' };
  return { type: 'stream', connection, headers, owner: OWNER, receiptsTo: RECEIPTS };
}

export function write(connections: readonly ConnectionId[], text: string): WebCommand {
  return { type: 'write', connections, payload: encoder.encode(text) };
}

export function close(connection: ConnectionId, code: number, reason: string): WebCommand {
  return { type: 'close', connection, code, reason };
}

export function respond(
  connection: ConnectionId,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): WebCommand {
  return { type: 'respond', connection, status, headers, body };
}

export function textOf(event: ConnectionEvent): string | undefined {
  return event.type === 'messageReceived' ? decoder.decode(event.payload as Uint8Array) : undefined;
}

function costOf(text: string): number {
  return writeCost(encoder.encode(text));
}
