// The gateway's edge of one shard: clients whose requests are passed on, and the origins that are asked. It obeys the
// commands of actors; bodies go from one side to the other here, without them. An open stream or WebSocket is a
// connection of the web edge, under the number that its exchange had.
// Refuses to know routes, holds and channels. Obeys gateway-edges.ts, ADR 0007 and 0009; spec/grip.md.

import { encodeFrame } from '../actors/codecs/websocket-frames.ts';
import { encodeUpgradeGrant } from '../actors/codecs/websocket-handshake.ts';
import type { Address } from '../actors/runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Log, Payload } from '../actors/runtime/edges.ts';
import type { FramedPayload, GatewayCommand } from '../actors/runtime/gateway-edges.ts';
import type { TlsMaterial } from './doors/listener.ts';
import { headersOfHandshake, isBodiless } from './gateway/answer-head.ts';
import { agreeOnDeflate, keyOf } from './gateway/client-handshake.ts';
import type { Exchange } from './gateway/exchange.ts';
import { Exchanges } from './gateway/exchanges.ts';
import {
  GatewayDoor,
  type GatewayKinds,
  type GatewayListenOptions,
  type GatewayWires,
} from './gateway/gateway-door.ts';
import { OriginDesk } from './origins/origin-desk.ts';
import { PouredStream } from './origins/poured-stream.ts';
import { GRACE_MS } from './sockets/departures.ts';
import type { Kind } from './streams/connection.ts';
import { encodeDeflated } from './streams/deflate.ts';
import type { Ground } from './web.edge.ts';

export type { GatewayListenOptions } from './gateway/gateway-door.ts';

/** What the edge needs of the shard it belongs to. */
export interface GatewayEdgeOptions {
  /** Of the shard's web edge. */
  readonly ground: Ground;
  readonly deliver: <M>(to: Address<M>, message: M) => void;
  readonly schedule: () => void;
  readonly count: (counter: string, by: number) => void;
  readonly log: (entry: Log) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type CommandOf<T extends GatewayCommand['type']> = Extract<GatewayCommand, { readonly type: T }>;

/** How often a drain looks whether everybody has gone. */
const DRAIN_EVERY_MS = 20;
const CRLF = Buffer.from('\r\n');
const noBytes = new Uint8Array(0);

export class GatewayEdge {
  readonly #options: GatewayEdgeOptions;
  readonly #exchanges: Exchanges;
  readonly #wires: GatewayWires;
  readonly #doors = new Map<string, GatewayDoor>();
  readonly #desk: OriginDesk;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(options: GatewayEdgeOptions) {
    const { ground, count, now } = options;
    this.#options = options;
    this.#exchanges = new Exchanges({ ...options, nextId: () => ground.nextId() });
    const deliver = <M>(to: Address<M>, message: M): void => this.#deliver(to, message);
    const exchangeOf = (id: ConnectionId): Exchange | undefined => this.#exchanges.get(id);
    this.#desk = new OriginDesk({ deliver, exchangeOf, count, now });
    const { connections } = ground;
    this.#wires = {
      chunked: connections.wire(encodeChunk),
      raw: connections.wire((payload) => payload as Uint8Array),
      plain: connections.wire((payload) => encodeMessage(payload, plainText)),
      deflated: connections.wire((payload) => encodeMessage(payload, encodeDeflated)),
    };
  }

  /** Requests that are not answered yet. */
  get exchanges(): number {
    return this.#exchanges.size;
  }

  /** Opens a door; rejects with the system's error (`EADDRINUSE`, `EACCES`, …) when the port cannot be had. */
  async listen(
    options: GatewayListenOptions,
  ): Promise<{ readonly host: string; readonly port: number }> {
    const { ground, count, log } = this.#options;
    const door = new GatewayDoor(options, {
      ground,
      wires: this.#wires,
      exchanges: this.#exchanges,
      read: (bytes) => (this.#bytesIn += bytes),
      wrote: (bytes) => (this.#bytesOut += bytes),
      count,
      log,
    });
    const address = await door.listen();
    this.#doors.set(options.door, door);
    return address;
  }

  /** Carries out one command of an actor. What is for an exchange or a question that is gone is not carried out. */
  obey(command: GatewayCommand): void {
    switch (command.type) {
      case 'own':
        this.#own(command);
        return;
      case 'readBody':
        this.#exchanges.get(command.connection)?.readBody(command.bytesMax);
        return;
      case 'answer':
        this.#answer(command);
        return;
      case 'startStream':
        this.#startStream(command);
        return;
      case 'upgrade':
        this.#upgrade(command);
        return;
      case 'cut':
        this.#exchanges.get(command.connection)?.cut();
        return;
      case 'cutOwned':
        this.#exchanges.cutOwned(command.shard);
        return;
      case 'relay':
        this.#relay(command);
        return;
      case 'relayInto':
        this.#relayInto(command);
        return;
      default:
        this.#desk.obey(command);
    }
  }

  /** The end of a turn. */
  flush(): void {
    if (this.#bytesIn > 0) this.#options.count('gateway.bytes.in', this.#bytesIn);
    if (this.#bytesOut > 0) this.#options.count('gateway.bytes.out', this.#bytesOut);
    this.#bytesIn = 0;
    this.#bytesOut = 0;
  }

  /** While on, no new request is delivered; sockets are stopped by the web edge. */
  pauseReading(isOn: boolean): void {
    this.#exchanges.press(isOn);
  }

  reloadTls(door: string, material: TlsMaterial): void {
    this.#doors.get(door)?.reloadTls(material);
  }

  closeListeners(): void {
    for (const door of this.#doors.values()) door.close();
  }

  /**
   * [PROC-DRAIN-3] Lets requests under way come to their end, as far as there is time. Streams and WebSockets end with
   * the web edge, and may need their origins until then: nothing is destroyed here.
   */
  async drain(spreadMs: number): Promise<void> {
    this.#exchanges.isDraining = true;
    this.closeListeners();
    const startedAt = performance.now();
    let hasRefused = false;
    for (;;) {
      const elapsedMs = performance.now() - startedAt;
      if (this.#remaining === 0 || elapsedMs >= spreadMs + 2 * GRACE_MS) break;
      if (!hasRefused && elapsedMs >= spreadMs + GRACE_MS) {
        hasRefused = true;
        this.#exchanges.refuseAll(503, 'The service restarts.\n');
      }
      await new Promise((resolve) => setTimeout(resolve, DRAIN_EVERY_MS));
    }
  }

  /** Whoever was answered is not gone before the last byte of the answer is. */
  get #remaining(): number {
    let clients = 0;
    for (const door of this.#doors.values()) clients += door.clients;
    return this.#exchanges.size + clients + this.#options.ground.departures.size;
  }

  /** Answers everybody at once, for a shard whose actors can do nothing more. */
  abandon(): void {
    this.closeListeners();
    this.#exchanges.isDraining = true;
    this.#exchanges.refuseAll(503, 'The service restarts.\n');
  }

  destroy(): void {
    for (const door of this.#doors.values()) door.destroy();
    this.#desk.destroy();
  }

  #own({ connection, owner, heardAs = connection }: CommandOf<'own'>): void {
    const exchange = this.#exchanges.get(connection);
    if (exchange === undefined) this.#deliver(owner, { type: 'clientGone', connection: heardAs });
    else {
      exchange.owner = owner;
      exchange.heardAs = heardAs;
    }
  }

  #answer({ connection, status, reason, headers, body, isLast }: CommandOf<'answer'>): void {
    const exchange = this.#exchanges.get(connection);
    if (exchange === undefined) return;
    if (isStatus(status)) exchange.answer({ status, reason, headers }, body, isLast ?? false);
    else this.#failed(exchange, `the status ${status} cannot be sent`);
  }

  #startStream(command: CommandOf<'startStream'>): void {
    const { connection, status, reason, headers, body } = command;
    const exchange = this.#exchanges.get(connection);
    if (exchange === undefined || !isStatus(status) || !exchange.begin()) {
      if (exchange !== undefined && !exchange.hasBegun)
        this.#failed(exchange, `the status ${status} cannot be sent`);
      this.#tellEnd(command, 1000);
      return;
    }
    const { client, head } = exchange;
    const isBare = isBodiless(head.method, status);
    const isKept = exchange.mayBeKept() && (head.isHttp11 || isBare);
    const line = head.isHttp11 && !isBare ? 'Transfer-Encoding: chunked\r\n' : '';
    const text = exchange.encode({ status, reason, headers }, line, isKept);
    if (isBare) {
      client.write(text);
      exchange.finish(isKept);
      this.#tellEnd(command, 1000);
      return;
    }
    const kind = streamKind(client.door.kinds, head.isHttp11, isKept);
    const first = body.byteLength === 0 ? noBytes : kind.wire.encode(body);
    const bytes = Buffer.concat([Buffer.from(text, 'latin1'), first]);
    this.#open(exchange, kind, bytes, command);
  }

  #upgrade(command: CommandOf<'upgrade'>): void {
    const exchange = this.#exchanges.get(command.connection);
    if (exchange === undefined || !exchange.head.asksForWebSocket || !exchange.begin()) {
      if (exchange !== undefined && !exchange.hasBegun)
        this.#failed(exchange, 'nobody asked for a WebSocket');
      this.#tellEnd(command, 1006);
      return;
    }
    const { door } = exchange.client;
    const extensions = door.deflate ? agreeOnDeflate(exchange.head) : undefined;
    const bytes = encodeUpgradeGrant({
      key: keyOf(exchange.head),
      ...(extensions === undefined ? {} : { extensions }),
      headers: headersOfHandshake(command.headers),
    });
    const { plain, deflated } = door.kinds;
    this.#open(exchange, extensions === undefined ? plain : deflated, bytes, command);
  }

  #relay(command: CommandOf<'relay'>): void {
    const { owner, ref, connection, status, reason, headers, thenHold } = command;
    const body = this.#desk.bodyOf(owner, ref);
    const exchange = this.#exchanges.get(connection);
    if (exchange !== undefined && !isStatus(status))
      this.#failed(exchange, `the status ${status} cannot be sent`);
    const goOn =
      thenHold === undefined || exchange === undefined
        ? undefined
        : (isKept: boolean) => this.#holdOn(exchange, status, isKept, thenHold);
    const lines = body?.linesOf(headers);
    const sink = body && exchange?.relay({ status, reason, headers, lines }, goOn);
    if (sink !== undefined) body?.pourInto(sink);
    else {
      this.#desk.abandon(owner, ref);
      this.#deliver(owner, { type: 'relayed', ref, isWhole: false, bytes: 0 });
    }
  }

  /** The origin's body has ended, and the answer has not. */
  #holdOn(
    exchange: Exchange,
    status: number,
    isKept: boolean,
    thenHold: NonNullable<CommandOf<'relay'>['thenHold']>,
  ): void {
    const { client, head, id: connection } = exchange;
    const opening = { ...thenHold, connection };
    if (isBodiless(head.method, status)) {
      exchange.finish(isKept);
      this.#tellEnd(opening, 1000);
      return;
    }
    this.#open(exchange, streamKind(client.door.kinds, head.isHttp11, isKept), noBytes, opening);
  }

  #relayInto({ owner, ref, connection }: CommandOf<'relayInto'>): void {
    const body = this.#desk.bodyOf(owner, ref);
    const stream = this.#options.ground.connections.get(connection);
    if (body !== undefined && stream?.isOpen === true) {
      body.pourInto(new PouredStream(stream));
      return;
    }
    this.#desk.abandon(owner, ref);
    this.#deliver(owner, { type: 'relayed', ref, isWhole: false, bytes: 0 });
  }

  #open(
    exchange: Exchange,
    kind: Kind,
    bytes: Uint8Array,
    opening: Pick<CommandOf<'upgrade'>, 'connection' | 'owner' | 'receiptsTo'>,
  ): void {
    const { id, client } = exchange;
    const early = exchange.takeSocket();
    if (client.socket.destroyed) {
      this.#tellEnd(opening, kind.rules === undefined ? 1000 : 1006);
      return;
    }
    const { connections } = this.#options.ground;
    connections.open(id, client.socket, kind, bytes, opening);
    if (early.byteLength > 0) connections.get(id)?.socketReceived(early);
    this.#options.schedule();
  }

  /** An actor's word could not be carried out: a bug, and not the client's. */
  #failed(exchange: Exchange, error: string): void {
    const fields = { connection: exchange.id, error };
    this.#options.log({ type: 'log', level: 'error', event: 'gateway.answerFailed', fields });
    const head = { status: 500, reason: '', headers: [['Content-Type', 'text/plain']] } as const;
    exchange.answer(head, Buffer.from('Internal error.\n'), true);
  }

  /** The client went before it was let in: whoever was to own the connection learns of its end all the same. */
  #tellEnd(
    { connection, owner }: { connection: ConnectionId; owner: Address<ConnectionEvent> },
    code: number,
  ): void {
    if (this.#options.ground.connections.has(connection)) return;
    this.#deliver(owner, { type: 'closed', connection, code, reason: '' });
  }

  #deliver<M>(to: Address<M>, message: M): void {
    this.#options.deliver(to, message);
    this.#options.schedule();
  }
}

function streamKind(kinds: GatewayKinds, isHttp11: boolean, isKept: boolean): Kind {
  if (!isHttp11) return kinds.raw;
  return isKept ? kinds.kept : kinds.chunked;
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 999;
}

/** An empty chunk would be the last one. */
function encodeChunk(payload: Payload): Uint8Array {
  const bytes = payload as Uint8Array;
  if (bytes.byteLength === 0) return noBytes;
  const size = Buffer.from(`${bytes.byteLength.toString(16)}\r\n`, 'latin1');
  return Buffer.concat([size, bytes, CRLF]);
}

function plainText(payload: Uint8Array): Uint8Array {
  return encodeFrame('text', payload);
}

/** Bare bytes are text; everything else says what it is. */
function encodeMessage(payload: Payload, text: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  if (payload instanceof Uint8Array) return text(payload);
  const { frame, bytes } = payload as FramedPayload;
  return encodeFrame(frame, bytes);
}
