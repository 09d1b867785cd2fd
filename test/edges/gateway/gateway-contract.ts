// What every gateway edge promises to actors, in the words of runtime/gateway-edges.ts: one suite for the production
// edge and for its understudy. It knows neither sockets nor simulation: a world carries out commands as turns, speaks
// as clients and as origins, and waits until something is so.

import { describe, expect, onTestFinished, test } from 'vitest';

import type { Address } from '../../../src/actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type Receipt,
  type WebCommand,
  writeCost,
} from '../../../src/actors/runtime/edges.ts';
import type {
  ExchangeEvent,
  FramedPayload,
  GatewayCommand,
  HeaderList,
  MessageKind,
  OriginAddress,
  OriginEvent,
  ProxyRequested,
} from '../../../src/actors/runtime/gateway-edges.ts';

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: HeaderList;
  /** What is said of the body at once. */
  readonly body?: string;
  /** Bytes of the body that come later, by `say`. */
  readonly laterBytes?: number;
}

/** A client's request and what came back so far. */
export interface GatewayClient {
  readonly status: number | undefined;
  readonly headers: HeaderList;
  readonly body: string;
  /** Its answer has come to its end. */
  readonly isWhole: boolean;
  /** Its answer broke off, or never came. */
  readonly isBroken: boolean;
  /** The rest of the body. */
  say(text: string): void;
  leave(): void;
}

/** Either end of a WebSocket that is not the edge's, and what came to it so far, as `text hello`. */
export interface SocketEnd {
  readonly heard: readonly string[];
  /** The other side's, 1006 when it vanished. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  say(kind: MessageKind, text: string): void;
  close(code: number, reason: string): void;
  vanish(): void;
}

export interface GatewaySocket extends SocketEnd {
  readonly isOpen: boolean;
}

/** One question that reached an origin. */
export interface OriginExchange {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: string;
  /** Its asker has let go of it. */
  readonly isLetGo: boolean;
  head(status: number, headers?: HeaderList): void;
  carry(text: string): void;
  end(): void;
  /** Ends the connection where it stands. */
  break(): void;
}

export interface HttpOrigin {
  readonly address: OriginAddress;
  readonly asked: readonly OriginExchange[];
}

export interface WsOrigin {
  readonly address: OriginAddress;
  readonly sockets: readonly (SocketEnd & {
    readonly target: string;
    /** Reads nothing until `resume`. */
    stall(): void;
    resume(): void;
  })[];
}

/** One edge with one door, origins beside it, and everything that it delivered, in order. */
export interface ContractWorld {
  readonly requests: readonly ProxyRequested[];
  readonly exchange: readonly ExchangeEvent[];
  readonly origin: readonly OriginEvent[];
  readonly heard: readonly ConnectionEvent[];
  readonly receipts: readonly Receipt[];
  /** Carries out commands as one turn of the actors. */
  turn(...commands: GatewayCommand[]): void;
  webTurn(...commands: WebCommand[]): void;
  ask(asked: Asked): GatewayClient;
  webSocket(path: string): GatewaySocket;
  httpOrigin(): Promise<HttpOrigin>;
  wsOrigin(): Promise<WsOrigin>;
  /** An address where nobody listens. */
  nowhere(): Promise<OriginAddress>;
  /** Lets the world go on until it is so; rejects, with the sentence, when it does not come to be. */
  until(sentence: string, isSo: () => boolean): Promise<void>;
  end(): Promise<void>;
}

export const EXCHANGE = '0/exchange' as Address<ExchangeEvent>;
export const ASKER = '0/asker' as Address<OriginEvent>;
export const OWNER = '0/owner' as Address<ConnectionEvent>;
export const RECEIPTS = '0/receipts' as Address<Receipt>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const opening = { owner: OWNER, receiptsTo: RECEIPTS } as const;

type MakeWorld = () => Promise<ContractWorld>;

export function gatewayContract(name: string, makeWorld: MakeWorld): void {
  clientsContract(name, makeWorld);
  originsContract(name, makeWorld);
  streamsContract(name, makeWorld);
  webSocketsContract(name, makeWorld);
  directContract(name, makeWorld);
}

function clientsContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: clients`, () => {
    test('a request reaches the door with all its parts, and the answer its client', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({ path: '/a%20b?c=d', headers: [['X-One', '1']] });
      const request = await nextRequest(world);
      expect(request).toMatchObject({ method: 'GET', path: '/a%20b', search: '?c=d', host: 'a' });
      expect(request.headers).toContainEqual(['X-One', '1']);
      expect(request).toMatchObject({ bodyBytes: 0, isWebSocket: false, isSecure: false });
      world.turn(answer(request.connection, 'made', 201, [['X-Answer', 'yes']]));
      await world.until('it has its answer', () => client.isWhole);
      expect(client).toMatchObject({ status: 201, body: 'made' });
      expect(client.headers).toContainEqual(['X-Answer', 'yes']);
    });

    test('only the first answer counts', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(answer(connection, 'first'), answer(connection, 'second'));
      await world.until('it has its answer', () => client.isWhole);
      expect(client.body).toBe('first');
    });

    test('the answer to HEAD has no body', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({ method: 'HEAD' });
      world.turn(answer((await nextRequest(world)).connection, 'not sent'));
      await world.until('it has its answer', () => client.isWhole);
      expect(client).toMatchObject({ status: 200, body: '' });
    });

    test('who owns an exchange hears of it under the number that it chose', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({ method: 'POST', body: 'abc' });
      const { connection } = await nextRequest(world);
      world.turn({ ...own(connection), heardAs: 1_000_000 }, readBody(connection, 3));
      await world.until('it is read', () => world.exchange.length === 1);
      client.leave();
      await world.until('it is gone', () => world.exchange.length === 2);
      world.turn({ ...own(connection), heardAs: 1_000_001 });
      await world.until('it is told again', () => world.exchange.length === 3);
      expect(world.exchange).toMatchObject([
        { type: 'bodyRead', connection: 1_000_000 },
        { type: 'clientGone', connection: 1_000_000 },
        { type: 'clientGone', connection: 1_000_001 },
      ]);
    });

    test('a client that goes is told of once, also to who asks later', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(own(connection));
      client.leave();
      await world.until('it is told', () => world.exchange.length > 0);
      const gone = { type: 'clientGone', connection };
      expect(world.exchange).toEqual([gone]);
      world.turn(answer(connection, 'nobody hears this'), own(connection));
      await world.until('it is told again', () => world.exchange.length > 1);
      expect(world.exchange).toEqual([gone, gone]);
    });

    test('cut ends an exchange without an answer', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(own(connection), { type: 'cut', connection });
      await world.until('it broke', () => client.isBroken);
      expect(client.status).toBeUndefined();
    });

    test('the owners on a shard that died take their exchanges along', async () => {
      const world = await begin(makeWorld);
      const lost = world.ask({});
      const one = await nextRequest(world);
      const kept = world.ask({});
      const two = await nextRequest(world, 1);
      const free = world.ask({});
      const three = await nextRequest(world, 2);
      const owner = '1/exchange' as Address<ExchangeEvent>;
      world.turn({ ...own(one.connection), owner }, own(two.connection));
      world.turn({ type: 'cutOwned', shard: 1 });
      await world.until('it broke', () => lost.isBroken);
      world.turn(answer(two.connection, 'kept'), answer(three.connection, 'free'));
      await world.until('the others are answered', () => kept.isWhole && free.isWhole);
      expect([lost.status, kept.body, free.body]).toEqual([undefined, 'kept', 'free']);
    });

    test('readBody tells the whole of a body, or its beginning', async () => {
      const world = await begin(makeWorld);
      world.ask({ method: 'POST', body: 'abc' });
      const whole = (await nextRequest(world)).connection;
      world.turn(own(whole), readBody(whole, 3));
      world.ask({ method: 'POST', body: 'abcdef' });
      const part = (await nextRequest(world, 1)).connection;
      world.turn(own(part), readBody(part, 4));
      await world.until('both are read', () => world.exchange.length === 2);
      const read = world.exchange.map((event) =>
        event.type === 'bodyRead' ? `${decoder.decode(event.body)} ${event.isWhole}` : event.type,
      );
      expect(new Set(read)).toEqual(new Set(['abc true', 'abcd false']));
    });
  });
}

function originsContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: origins`, () => {
    test('a question reaches its origin with a copy of the body for its asker', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({ method: 'POST', path: '/p?q', headers: [['X-One', '1']], body: 'abc' });
      world.turn(...fetchFor(await nextRequest(world), origin.address));
      const asked = await nextAsked(world, origin);
      expect(asked).toMatchObject({ method: 'POST', target: '/p?q', body: 'abc' });
      expect(asked.headers).toContainEqual(['X-One', '1']);
      asked.head(201, [['X-Answer', 'yes']]);
      const answered = await originEvent(world, 'originAnswered');
      expect(answered.status).toBe(201);
      expect(answered.headers).toContainEqual(['X-Answer', 'yes']);
      expect(decoder.decode(answered.requestBody)).toBe('abc');
    });

    test('a body that is longer than what may be kept comes without a copy', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({ method: 'POST', body: 'abcd' });
      world.turn(...fetchFor(await nextRequest(world), origin.address, { keepBytesMax: 3 }));
      const asked = await nextAsked(world, origin);
      expect(asked.body).toBe('abcd');
      asked.head(200);
      expect((await originEvent(world, 'originAnswered')).requestBody).toBeUndefined();
    });

    test('what was read of a body goes before the rest of it', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({ method: 'POST', body: 'abcd', laterBytes: 3 });
      const request = await nextRequest(world);
      world.turn(own(request.connection), readBody(request.connection, 2));
      await world.until('the beginning is read', () => world.exchange.length === 1);
      const [read] = world.exchange;
      const first = read?.type === 'bodyRead' ? read.body : new Uint8Array(0);
      world.turn(...fetchFor(request, origin.address, { first }));
      client.say('efg');
      expect((await nextAsked(world, origin)).body).toBe('abcdefg');
    });

    test('a relayed body reaches the client as it comes, and its end is told', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(relay(connection, [['X-Mine', '1']]));
      asked.carry('one ');
      await world.until('the first part is there', () => client.body === 'one ');
      expect(client).toMatchObject({ status: 200, isWhole: false });
      expect(client.headers).toContainEqual(['X-Mine', '1']);
      asked.carry('two');
      asked.end();
      await world.until('all is there', () => client.isWhole);
      expect(client.body).toBe('one two');
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: true, bytes: 7 });
    });

    test('a relayed body that breaks off cuts its client', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(relay(connection));
      asked.carry('half');
      await world.until('a part is there', () => client.body === 'half');
      asked.break();
      await world.until('it broke', () => client.isBroken);
      expect(client.isWhole).toBe(false);
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: false });
    });

    test('a client that goes while it is answered takes the question with it', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(relay(connection));
      asked.carry('half');
      await world.until('a part is there', () => client.body === 'half');
      client.leave();
      await world.until('the origin is let go', () => asked.isLetGo);
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: false });
      await world.until('it is told', () => world.exchange.length > 0);
      expect(world.exchange).toEqual([{ type: 'clientGone', connection }]);
    });

    test('an answer for a client that is gone lets go of the question', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      client.leave();
      await world.until('it is told', () => world.exchange.length > 0);
      world.turn(relay(connection));
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: false, bytes: 0 });
      await world.until('the origin is let go', () => asked.isLetGo);
    });

    test('collect tells a whole body', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({});
      const { asked } = await answeredFor(world, origin);
      world.turn(collect(7));
      asked.carry('one ');
      asked.carry('two');
      asked.end();
      const { body, ...told } = await originEvent(world, 'originBody');
      expect(told).toMatchObject({ isWhole: true, isBroken: false });
      expect(decoder.decode(body)).toBe('one two');
    });

    test('collect tells the beginning of more, and relay begins with it again', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(collect(3));
      asked.carry('one two');
      const { body, ...told } = await originEvent(world, 'originBody');
      expect(told).toMatchObject({ isWhole: false, isBroken: false });
      expect('one two three').toContain(decoder.decode(body));
      expect(body.byteLength).toBeGreaterThan(0);
      world.turn(relay(connection));
      asked.carry(' three');
      asked.end();
      await world.until('all is there', () => client.isWhole);
      expect(client.body).toBe('one two three');
    });

    test('collect tells of a body that broke off', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({});
      const { asked } = await answeredFor(world, origin);
      world.turn(collect(100));
      asked.carry('half');
      asked.break();
      expect(await originEvent(world, 'originBody')).toMatchObject({
        isWhole: false,
        isBroken: true,
      });
    });

    test('an abandoned question is let go, before its answer and after', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({});
      world.turn(...fetchFor(await nextRequest(world), origin.address));
      const before = await nextAsked(world, origin);
      world.turn({ type: 'abandon', owner: ASKER, ref: 7 });
      await world.until('the origin is let go', () => before.isLetGo);
      expect(world.origin).toEqual([]);
      world.ask({});
      const { asked } = await answeredFor(world, origin, 1);
      world.turn({ type: 'abandon', owner: ASKER, ref: 7 });
      await world.until('the origin is let go', () => asked.isLetGo);
      expect(world.origin.map(({ type }) => type)).toEqual(['originAnswered']);
    });

    test('an origin where nobody listens has refused, before anything was sent', async () => {
      const world = await begin(makeWorld);
      world.ask({});
      world.turn(...fetchFor(await nextRequest(world), await world.nowhere()));
      const failed = await originEvent(world, 'originFailed');
      expect(failed).toMatchObject({ ref: 7, why: 'refused', wasSent: false });
    });

    test('an origin that ends before its head has broken', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({});
      world.turn(...fetchFor(await nextRequest(world), origin.address));
      (await nextAsked(world, origin)).break();
      const failed = await originEvent(world, 'originFailed');
      expect(failed).toMatchObject({ ref: 7, why: 'broken', wasSent: true });
    });

    test('an origin that does not answer in time is let go', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.ask({});
      world.turn(...fetchFor(await nextRequest(world), origin.address, { timeoutMs: 30 }));
      expect(await originEvent(world, 'originFailed')).toMatchObject({ why: 'timeout' });
    });
  });
}

function streamsContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: streams`, () => {
    test('a stream begins at once, takes what is written, and ends whole', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(startStream(connection, 'first '));
      await world.until('it has begun', () => client.body === 'first ');
      const [one, two] = [encoder.encode('one '), encoder.encode('two')];
      world.webTurn(write(connection, one), write(connection, two));
      world.webTurn({ type: 'close', connection, code: 1000, reason: '' });
      await world.until('it is over', () => client.isWhole && world.heard.length > 0);
      expect(client.body).toBe('first one two');
      expect(world.heard).toMatchObject([{ type: 'closed', connection, code: 1000 }]);
    });

    test('what is written gets receipts, for no more than it cost', async () => {
      const world = await begin(makeWorld);
      world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(startStream(connection));
      const payload = encoder.encode('x'.repeat(40_000));
      const owed = 5 * writeCost(payload);
      for (let part = 0; part < 5; part += 1) world.webTurn(write(connection, payload));
      const given = (): number => world.receipts.reduce((sum, { bytes }) => sum + bytes, 0);
      await world.until('receipts came', () => given() > 0);
      expect(given()).toBeLessThanOrEqual(owed);
    });

    test('a client that leaves a stream is told to its owner', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(own(connection), startStream(connection, 'first'));
      await world.until('it has begun', () => client.body === 'first');
      client.leave();
      await world.until('it is told', () => world.heard.length > 0);
      expect(world.heard).toMatchObject([{ type: 'closed', connection, code: 1000 }]);
    });

    test('a stream for a client that is gone is closed at once', async () => {
      const world = await begin(makeWorld);
      const client = world.ask({});
      const { connection } = await nextRequest(world);
      world.turn(own(connection));
      client.leave();
      await world.until('it is gone', () => world.exchange.length > 0);
      world.turn(startStream(connection));
      await world.until('it is told', () => world.heard.length > 0);
      expect(world.heard).toMatchObject([{ type: 'closed', connection, code: 1000 }]);
    });

    test('relay and then hold: what is written comes behind the body', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(relay(connection, [], opening));
      asked.carry('body ');
      asked.end();
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: true });
      world.webTurn(write(connection, encoder.encode('held')));
      await world.until('both are there', () => client.body === 'body held');
      expect(client.isWhole).toBe(false);
      world.webTurn({ type: 'close', connection, code: 1000, reason: '' });
      await world.until('it is over', () => client.isWhole);
    });

    test('relayInto puts a body behind what a stream was told', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(startStream(connection, 'first '));
      world.turn({ type: 'relayInto', owner: ASKER, ref: 7, connection });
      asked.carry('body ');
      asked.end();
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: true, bytes: 5 });
      world.webTurn(write(connection, encoder.encode('last')));
      await world.until('all is there', () => client.body === 'first body last');
    });

    test('relayInto for a stream that is gone says so and lets the origin go', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      const client = world.ask({});
      const { asked, connection } = await answeredFor(world, origin);
      world.turn(startStream(connection, 'first'));
      await world.until('it has begun', () => client.body === 'first');
      client.leave();
      await world.until('it is told', () => world.heard.length > 0);
      world.turn({ type: 'relayInto', owner: ASKER, ref: 7, connection });
      expect(await originEvent(world, 'relayed')).toMatchObject({ isWhole: false, bytes: 0 });
      await world.until('the origin is let go', () => asked.isLetGo);
    });
  });
}

function webSocketsContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: WebSockets`, () => {
    test('a handshake waits for its word, and may be answered like any request', async () => {
      const world = await begin(makeWorld);
      const client = world.webSocket('/ws?x');
      const request = await nextRequest(world);
      expect(request).toMatchObject({ path: '/ws', search: '?x', isWebSocket: true });
      expect(client.isOpen).toBe(false);
      world.turn(answer(request.connection, 'no', 403));
      await world.until('it is refused', () => client.closed !== undefined);
      expect(client.isOpen).toBe(false);
      expect(world.heard).toEqual([]);
    });

    test('all that a client says reaches the owner, and nothing is answered for it', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openSocket(world);
      client.say('text', 'hello');
      client.say('binary', 'bytes');
      client.say('ping', 'p1');
      client.say('pong', 'p2');
      await world.until('all is heard', () => world.heard.length === 4);
      expect(world.heard).toMatchObject([
        { type: 'messageReceived', connection, isBinary: false },
        { type: 'messageReceived', connection, isBinary: true },
        { type: 'pingReceived', connection },
        { type: 'pongReceived', connection },
      ]);
      const said = world.heard.map((event) =>
        'payload' in event ? decoder.decode(event.payload as Uint8Array) : '',
      );
      expect(said).toEqual(['hello', 'bytes', 'p1', 'p2']);
      expect(client.heard).toEqual([]);
    });

    test('what is written is text, or what it says it is, in its order', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openSocket(world);
      world.webTurn(
        write(connection, encoder.encode('hello')),
        write(connection, framed('binary', 'bytes')),
        write(connection, framed('ping', 'p1')),
        write(connection, framed('pong', 'p2')),
        write(connection, encoder.encode('last')),
      );
      await world.until('all is heard', () => client.heard.length === 5);
      expect(client.heard).toEqual([
        'text hello',
        'binary bytes',
        'ping p1',
        'pong p2',
        'text last',
      ]);
    });

    test('a client’s close waits for the owner’s word', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openSocket(world);
      client.close(4001, 'bye');
      await world.until('it is heard', () => world.heard.length === 1);
      expect(world.heard).toEqual([
        { type: 'closeReceived', connection, code: 4001, reason: 'bye' },
      ]);
      world.webTurn({ type: 'close', connection, code: 4002, reason: 'ok' });
      await world.until('it is over', () => client.closed !== undefined && world.heard.length > 1);
      expect(client.closed).toEqual({ code: 4002, reason: 'ok' });
      expect(world.heard.map(({ type }) => type)).toEqual(['closeReceived', 'closed']);
    });

    test('the owner’s close waits for the client’s', async () => {
      const world = await begin(makeWorld);
      const { client, connection } = await openSocket(world);
      world.webTurn({ type: 'close', connection, code: 4003, reason: 'go' });
      await world.until('it is over', () => client.closed !== undefined && world.heard.length > 0);
      expect(client.closed).toEqual({ code: 4003, reason: 'go' });
      expect(world.heard).toMatchObject([{ type: 'closed', connection, code: 4003 }]);
    });

    test('cut ends it without a word, and a client that vanishes is 1006', async () => {
      const world = await begin(makeWorld);
      const first = await openSocket(world);
      world.webTurn({ type: 'cut', connection: first.connection });
      await world.until('it is gone', () => first.client.closed !== undefined);
      expect(first.client.closed?.code).toBe(1006);
      const second = await openSocket(world, 1);
      second.client.vanish();
      await world.until('both are told', () => world.heard.length === 2);
      expect(world.heard.map((event) => 'code' in event && event.code)).toEqual([1006, 1006]);
    });

    test('an upgrade for a client that is gone is closed at once', async () => {
      const world = await begin(makeWorld);
      const client = world.webSocket('/ws');
      const { connection } = await nextRequest(world);
      world.turn(own(connection));
      client.vanish();
      await world.until('it is gone', () => world.exchange.length > 0);
      world.turn({ type: 'upgrade', connection, headers: [], ...opening });
      await world.until('it is told', () => world.heard.length > 0);
      expect(world.heard).toMatchObject([{ type: 'closed', connection, code: 1006 }]);
    });
  });
}

function directContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: WebSockets to origins`, () => {
    test('messages, pings and pongs go both ways with their content', async () => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      expect(socket.target).toBe('/ws?x');
      const kinds = ['text', 'binary', 'ping', 'pong'] as const;
      world.turn(
        ...kinds.map((kind): GatewayCommand => ({
          type: 'sayToOrigin',
          ...question,
          kind,
          payload: encoder.encode(`my ${kind}`),
        })),
      );
      await world.until('all is heard', () => socket.heard.length === 4);
      expect(socket.heard).toEqual(kinds.map((kind) => `${kind} my ${kind}`));
      for (const kind of kinds) socket.say(kind, `its ${kind}`);
      await world.until('all is told', () => messages(world).length === 4);
      expect(messages(world)).toEqual(kinds.map((kind) => `${kind} its ${kind}`));
    });

    test('[WOH-DIRECT-8] an origin’s close is told behind its words, and waits for an answer', async () => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      socket.say('text', 'last');
      socket.close(4001, 'bye');
      const closed = await originEvent(world, 'originClosed');
      expect(closed).toMatchObject({ code: 4001, reason: 'bye' });
      expect(messages(world)).toEqual(['text last']);
      expect(socket.closed).toBeUndefined();
      world.turn({ type: 'closeOrigin', ...question, code: 4002, reason: 'ok' });
      await world.until('it is answered', () => socket.closed !== undefined);
      expect(socket.closed).toEqual({ code: 4002, reason: 'ok' });
      expect(world.origin.filter(({ type }) => type === 'originClosed')).toHaveLength(1);
    });

    test.each<[title: string, code: number, reason: string]>([
      ['a code', 4003, 'why'],
      ['no code', 1005, ''],
    ])('a close with %s is answered by the origin', async (_, code, reason) => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      world.turn({ type: 'closeOrigin', ...question, code, reason });
      expect(await originEvent(world, 'originClosed')).toMatchObject({ code });
      await world.until('it is over', () => socket.closed !== undefined);
      expect(socket.closed).toEqual({ code, reason });
    });

    test('a close of 1006 ends it without a word, and nothing more is heard', async () => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      world.turn({ type: 'closeOrigin', ...question, code: 1006, reason: '' });
      socket.say('text', 'too late');
      await world.until('it is over', () => socket.closed !== undefined);
      expect(socket.closed?.code).toBe(1006);
      expect(world.origin.map(({ type }) => type)).toEqual(['originUpgraded']);
    });

    test('an origin that vanishes has closed with 1006', async () => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      socket.vanish();
      expect(await originEvent(world, 'originClosed')).toMatchObject({ code: 1006 });
    });

    test('a held origin is heard when it is let go, in order', async () => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      world.turn({ type: 'holdOrigin', ...question, isHeld: true });
      socket.say('text', 'one');
      socket.say('text', 'two');
      // Another question and its answer: whatever was under way has come by then.
      const origin = await world.httpOrigin();
      world.ask({});
      world.turn(...fetchFor(await nextRequest(world), origin.address, { ref: 8 }));
      (await nextAsked(world, origin)).head(200);
      await originEvent(world, 'originAnswered');
      expect(messages(world)).toEqual([]);
      world.turn({ type: 'holdOrigin', ...question, isHeld: false });
      await world.until('both are told', () => messages(world).length === 2);
      expect(messages(world)).toEqual(['text one', 'text two']);
    });

    test('what piles up for a slow origin is told, and when it has left', async () => {
      const world = await begin(makeWorld);
      const { socket } = await openOrigin(world);
      socket.stall();
      const payload = encoder.encode('x'.repeat(20_000_000));
      world.turn({ type: 'sayToOrigin', ...question, kind: 'binary', payload });
      expect(await originEvent(world, 'originPressed')).toMatchObject({ isPressed: true });
      socket.resume();
      const pressed = (): readonly OriginEvent[] =>
        world.origin.filter(({ type }) => type === 'originPressed');
      await world.until('it has left', () => pressed().length === 2);
      expect(pressed()[1]).toMatchObject({ isPressed: false });
    });

    test('[WOH-DIRECT-4] a refusal is an answer with its body', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.turn(connectWs(origin.address));
      const asked = await nextAsked(world, origin);
      asked.head(403, [['X-Why', 'so']]);
      const answered = await originEvent(world, 'originAnswered');
      expect(answered).toMatchObject({ ref: 7, status: 403 });
      expect(answered.headers).toContainEqual(['X-Why', 'so']);
      world.turn(collect(100));
      asked.carry('no');
      asked.end();
      const { body, isWhole } = await originEvent(world, 'originBody');
      expect([decoder.decode(body), isWhole]).toEqual(['no', true]);
    });

    test('an origin where nobody listens has refused, and one that ends has broken', async () => {
      const world = await begin(makeWorld);
      world.turn(connectWs(await world.nowhere()));
      const refused = await originEvent(world, 'originFailed');
      expect(refused).toMatchObject({ why: 'refused', wasSent: false });
      const origin = await world.httpOrigin();
      world.turn(connectWs(origin.address));
      (await nextAsked(world, origin)).break();
      await world.until('it failed', () => world.origin.length === 2);
      expect(world.origin[1]).toMatchObject({ why: 'broken', wasSent: true });
    });

    test('an abandoned handshake is let go', async () => {
      const world = await begin(makeWorld);
      const origin = await world.httpOrigin();
      world.turn(connectWs(origin.address));
      const asked = await nextAsked(world, origin);
      world.turn({ type: 'abandon', ...question });
      await world.until('the origin is let go', () => asked.isLetGo);
      expect(world.origin).toEqual([]);
    });
  });
}

const question = { owner: ASKER, ref: 7 } as const;

async function begin(makeWorld: MakeWorld): Promise<ContractWorld> {
  const world = await makeWorld();
  onTestFinished(() => world.end());
  return world;
}

async function nextRequest(world: ContractWorld, nth = 0): Promise<ProxyRequested> {
  await world.until(`request ${nth} came`, () => world.requests.length > nth);
  return world.requests[nth] as ProxyRequested;
}

async function nextAsked(
  world: ContractWorld,
  origin: HttpOrigin,
  nth = 0,
): Promise<OriginExchange> {
  await world.until(`the origin was asked`, () => origin.asked.length > nth);
  return origin.asked[nth] as OriginExchange;
}

async function originEvent<T extends OriginEvent['type']>(
  world: ContractWorld,
  type: T,
): Promise<Extract<OriginEvent, { readonly type: T }>> {
  const find = (): OriginEvent | undefined => world.origin.find((event) => event.type === type);
  await world.until(`${type} was heard`, () => find() !== undefined);
  return find() as Extract<OriginEvent, { readonly type: T }>;
}

/** A question whose head has come, for the nth client. */
async function answeredFor(
  world: ContractWorld,
  origin: HttpOrigin,
  nth = 0,
): Promise<{ readonly asked: OriginExchange; readonly connection: ConnectionId }> {
  const request = await nextRequest(world, nth);
  world.turn(...fetchFor(request, origin.address));
  const asked = await nextAsked(world, origin, nth);
  asked.head(200);
  await originEvent(world, 'originAnswered');
  return { asked, connection: request.connection };
}

async function openSocket(
  world: ContractWorld,
  nth = 0,
): Promise<{ readonly client: GatewaySocket; readonly connection: ConnectionId }> {
  const client = world.webSocket('/ws');
  const { connection } = await nextRequest(world, nth);
  world.turn(own(connection), { type: 'upgrade', connection, headers: [], ...opening });
  await world.until('it is open', () => client.isOpen);
  return { client, connection };
}

async function openOrigin(
  world: ContractWorld,
): Promise<{ readonly socket: WsOrigin['sockets'][number] }> {
  const origin = await world.wsOrigin();
  world.turn(connectWs(origin.address));
  await originEvent(world, 'originUpgraded');
  await world.until('the origin knows it', () => origin.sockets.length === 1);
  return { socket: origin.sockets[0] as WsOrigin['sockets'][number] };
}

function messages({ origin }: ContractWorld): string[] {
  return origin.flatMap((event) =>
    event.type === 'originMessage' ? [`${event.kind} ${decoder.decode(event.payload)}`] : [],
  );
}

function own(connection: ConnectionId): Extract<GatewayCommand, { readonly type: 'own' }> {
  return { type: 'own', connection, owner: EXCHANGE };
}

function readBody(connection: ConnectionId, bytesMax: number): GatewayCommand {
  return { type: 'readBody', connection, bytesMax };
}

function answer(
  connection: ConnectionId,
  text: string,
  status = 200,
  headers: HeaderList = [],
): GatewayCommand {
  const body = encoder.encode(text);
  return { type: 'answer', connection, status, reason: 'OK', headers, body };
}

function startStream(connection: ConnectionId, text = ''): GatewayCommand {
  const body = encoder.encode(text);
  const head = { status: 200, reason: 'OK', headers: [] };
  return { type: 'startStream', connection, ...opening, ...head, body };
}

function fetchFor(
  { connection, method, path, search, headers, bodyBytes }: ProxyRequested,
  origin: OriginAddress,
  more: {
    readonly keepBytesMax?: number;
    readonly first?: Uint8Array;
    readonly timeoutMs?: number;
    readonly ref?: number;
  } = {},
): GatewayCommand[] {
  const { keepBytesMax = 100_000, first = new Uint8Array(0), timeoutMs, ref = 7 } = more;
  return [
    own(connection),
    {
      type: 'fetch',
      ref,
      owner: ASKER,
      origin,
      method,
      target: path + search,
      headers,
      body:
        bodyBytes === 0
          ? { kind: 'bytes', bytes: new Uint8Array(0) }
          : { kind: 'client', connection, first, keepBytesMax },
      signature: undefined,
      timeoutMs,
    },
  ];
}

function relay(
  connection: ConnectionId,
  headers: HeaderList = [],
  thenHold?: typeof opening,
): GatewayCommand {
  const head = { status: 200, reason: 'OK', headers };
  return { type: 'relay', ...question, connection, ...head, thenHold };
}

function collect(bytesMax: number): GatewayCommand {
  return { type: 'collect', ...question, bytesMax };
}

function connectWs(origin: OriginAddress): GatewayCommand {
  const asked = { target: '/ws?x', headers: [['Host', 'a']] as const, signature: undefined };
  return { type: 'connectWs', ...question, origin, ...asked };
}

function write(connection: ConnectionId, payload: Uint8Array | FramedPayload): WebCommand {
  return { type: 'write', connections: [connection], payload };
}

function framed(frame: FramedPayload['frame'], text: string): FramedPayload {
  const bytes = encoder.encode(text);
  return { frame, bytes, byteLength: bytes.byteLength };
}
