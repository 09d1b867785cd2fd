// The web edge of one shard: its listening doors, HTTP exchanges, event streams and WebSocket connections.
// It obeys the commands of actors and tells them what clients did; what a turn says to a connection leaves in one
// write when the turn ends, framed once for all who are told the same.
// Refuses to know topics, sessions and who may do what. Obeys edges.ts, ADR 0006 and 0007; spec: WEB.

import { encodeFrame, frameRules } from '../actors/codecs/websocket-frames.ts';
import { encodeUpgradeGrant } from '../actors/codecs/websocket-handshake.ts';
import type { Address } from '../actors/runtime/actor.ts';
import {
  type ConnectionId,
  type DoorEvent,
  type Log,
  type WebCommand,
  writeCost,
} from '../actors/runtime/edges.ts';
import { encodeStreamHead } from './web/answer.ts';
import { Connection, type ConnectionHost, type Kind, type Owner } from './web/connection.ts';
import { type Deadline, Deadlines } from './web/deadlines.ts';
import { encodeDeflated } from './web/deflate.ts';
import { Departures, GRACE_MS } from './web/departures.ts';
import { Door, type DoorHost, type TlsMaterial } from './web/door.ts';
import { type Asker, type DoorKinds, Exchange, type ExchangeHost } from './web/exchange.ts';
import type { DoorLimits } from './web/http-requests.ts';
import { Intake } from './web/intake.ts';
import { Wire } from './web/sequence.ts';
import { WebSocketListener } from './web/websocket.ts';

/** What the edge needs of the shard it belongs to. */
export interface WebEdgeOptions {
  readonly deliver: <M>(to: Address<M>, message: M) => void;
  /** Actors have something to do: a turn is wanted before the event loop comes round. */
  readonly schedule: () => void;
  /** Actors have much to do: they are to run now. Not called while the edge obeys or flushes. */
  readonly runNow: () => void;
  readonly count: (counter: string, by: number) => void;
  readonly log: (entry: Log) => void;
}

export interface ListenOptions {
  readonly door: string;
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Several shards listen on the same port. */
  readonly reusePort: boolean;
  readonly tls?: TlsMaterial | undefined;
  /** Agree on permessage-deflate with WebSocket clients that offer it. */
  readonly deflate: boolean;
  /** Hears of everybody who comes through the door. */
  readonly doorActor: Address<DoorEvent>;
  readonly limits: Pick<DoorLimits, 'messageBytesMax' | 'bodyBytesMax'> & Partial<DoorLimits>;
}

/** The limits of a door that are its own and not a dialect's. */
export const doorLimits: Omit<DoorLimits, 'messageBytesMax' | 'bodyBytesMax'> = {
  headBytesMax: 16_384,
  headersMax: 100,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
};

/** Actors that have not answered a request by then never will; the client is told so. */
const ANSWER_TIMEOUT_MS = 60_000;
/** How often a drain closes its next share of connections. */
const DRAIN_EVERY_MS = 20;
const PING = encodeFrame('ping', new Uint8Array(0));

export class WebEdge {
  readonly #options: WebEdgeOptions;
  readonly #doors = new Map<string, Door>();
  readonly #asked = new Map<ConnectionId, Exchange>();
  readonly #open = new Map<ConnectionId, Connection>();
  readonly #rawWire = new Wire((payload) => payload);
  readonly #plainWire = new Wire((payload) => encodeFrame('text', payload));
  readonly #deflatedWire = new Wire(encodeDeflated);
  readonly #deadlines = new Deadlines();
  readonly #answersDue: Deadline<Exchange>;
  readonly #closesDue: Deadline<Connection>;
  readonly #departures: Departures;
  readonly #intake: Intake;
  readonly #connectionHost: ConnectionHost;
  readonly #exchangeHost: ExchangeHost;
  /** Requests that came under pressure. */
  #heldBack: (() => void)[] = [];
  /** To be written when the turn ends. */
  #talking: Connection[] = [];
  #bytesOut = 0;
  #bytesIn = 0;
  #ids = 0;
  #isDraining = false;

  constructor(options: WebEdgeOptions) {
    this.#options = options;
    this.#intake = new Intake(options);
    this.#departures = new Departures(this.#deadlines, (socket) => this.#intake.forget(socket));
    this.#answersDue = this.#deadlines.line(ANSWER_TIMEOUT_MS, (exchange) => this.#unanswered(exchange));
    this.#closesDue = this.#deadlines.line(GRACE_MS, (connection) => connection.socket.destroy());
    this.#connectionHost = this.#hostForConnections();
    this.#exchangeHost = this.#hostForExchanges();
  }

  /** Open WebSockets and event streams. */
  get connections(): number {
    return this.#open.size;
  }

  /** Requests and handshakes that actors have not answered yet. */
  get exchanges(): number {
    return this.#asked.size;
  }

  /** Opens a door; rejects with the system's error (`EADDRINUSE`, `EACCES`, …) when the port cannot be had. */
  async listen(options: ListenOptions): Promise<{ readonly host: string; readonly port: number }> {
    const limits: DoorLimits = { ...doorLimits, ...options.limits };
    const door = new Door({ ...options, tls: options.tls, limits }, this.#hostForDoor(options, limits));
    try {
      const address = await door.listen();
      this.#doors.set(options.door, door);
      return address;
    } catch (error) {
      door.destroy();
      throw error;
    }
  }

  /** Carries out one command of an actor. What is for a connection that is gone is not carried out. */
  obey(command: WebCommand): void {
    switch (command.type) {
      case 'write': {
        const { connections, payload } = command;
        const cost = writeCost(payload);
        for (const id of connections) this.#open.get(id)?.say(payload, cost);
        return;
      }
      case 'close':
        this.#open.get(command.connection)?.close(command.code, command.reason);
        return;
      case 'ping':
        this.#open.get(command.connection)?.sayRaw(PING);
        return;
      case 'respond':
        this.#respond(command.connection, command.status, command.headers, command.body);
        return;
      case 'accept':
        this.#accept(command);
        return;
      case 'stream':
        this.#stream(command);
        return;
      default:
        command satisfies never;
    }
  }

  /** The end of a turn: all that it said leaves, one write for each connection. */
  flush(): void {
    this.#intake.endTurn();
    const talking = this.#talking;
    if (talking.length > 0) {
      this.#talking = [];
      for (const connection of talking) connection.flush();
      for (const wire of [this.#rawWire, this.#plainWire, this.#deflatedWire]) wire.endTurn();
    }
    this.#countBytes();
  }

  /** While on, nothing new is read from clients who speak, and no new request is delivered. */
  pauseReading(isOn: boolean): void {
    this.#intake.press(isOn);
    if (isOn) return;
    const heldBack = this.#heldBack;
    this.#heldBack = [];
    for (const deliver of heldBack) deliver();
  }

  /** New TLS connections to the door get the new certificate. */
  reloadTls(door: string, material: TlsMaterial): void {
    this.#doors.get(door)?.reloadTls(material);
  }

  /** No new connections; open ones go on. */
  closeListeners(): void {
    for (const door of this.#doors.values()) door.close();
  }

  /**
   * Closes every connection, a share at a time over `spreadMs`, so that the clients do not all come back at once;
   * requests under way are answered first. Resolves when all are gone or their time is up.
   */
  async drain(code: number, reason: string, spreadMs: number): Promise<void> {
    this.#isDraining = true;
    this.closeListeners();
    const endsAt = performance.now() + spreadMs;
    const rounds = Math.max(1, Math.ceil(spreadMs / DRAIN_EVERY_MS));
    const share = Math.ceil(this.#open.size / rounds);
    const graceEndsAt = endsAt + 2 * GRACE_MS;
    while (this.#remaining > 0 && performance.now() < graceEndsAt) {
      const isLate = performance.now() >= endsAt;
      this.#closeSome(isLate ? this.#open.size : share, code, reason);
      await new Promise((resolve) => setTimeout(resolve, DRAIN_EVERY_MS));
    }
    this.#destroy();
  }

  /** Says goodbye to everybody at once, for a shard whose actors can do nothing more. */
  abandon(code: number, reason: string): void {
    this.closeListeners();
    for (const connection of [...this.#open.values()]) connection.close(code, reason);
    for (const exchange of [...this.#asked.values()]) this.#refuse(exchange, 503, 'The service restarts.');
    this.#countBytes();
  }

  #respond(id: ConnectionId, status: number, headers: Readonly<Record<string, string>>, body: string): void {
    const exchange = this.#takeAsked(id);
    if (exchange === undefined) return;
    try {
      exchange.respond(status, headers, body);
    } catch (error) {
      this.#log('error', 'web.answerFailed', { connection: id, status, error: String(error) });
      exchange.respond(500, {}, '');
    }
  }

  #accept({ connection: id, subprotocol, owner, receiptsTo }: Extract<WebCommand, { type: 'accept' }>): void {
    const exchange = this.#takeAsked(id);
    if (exchange?.asker.type !== 'upgrade') {
      this.#misled(id, exchange, 1006, owner);
      return;
    }
    const { key, extensions } = exchange.asker.handshake;
    const { plain, deflated } = exchange.kinds;
    const kind = extensions === undefined ? plain : deflated;
    const grant = {
      key,
      ...(subprotocol === undefined ? {} : { protocol: subprotocol }),
      ...(extensions === undefined ? {} : { extensions }),
    };
    this.#begin(exchange, kind, encodeUpgradeGrant(grant), { owner, receiptsTo });
  }

  #stream({ connection: id, headers, owner, receiptsTo }: Extract<WebCommand, { type: 'stream' }>): void {
    const exchange = this.#takeAsked(id);
    if (exchange === undefined || exchange.asker.type === 'upgrade') {
      this.#misled(id, exchange, 1000, owner);
      return;
    }
    this.#begin(exchange, exchange.kinds.stream, encodeStreamHead(headers), { owner, receiptsTo });
  }

  /** An exchange becomes a connection; its head leaves with the first words of the turn. */
  #begin(exchange: Exchange, kind: Kind, head: Uint8Array, owner: Owner): void {
    const socket = exchange.takeSocket();
    if (socket === undefined || socket.destroyed) {
      this.#misled(exchange.id, undefined, kind.listening === undefined ? 1000 : 1006, owner.owner);
      return;
    }
    const connection = new Connection(exchange.id, socket, kind, owner, this.#connectionHost);
    this.#open.set(exchange.id, connection);
    this.#options.count('web.connections.opened', 1);
    connection.sayRaw(head);
  }

  /** The client went before it was let in, or the word did not fit the question: its owner-to-be learns of the end. */
  #misled(id: ConnectionId, exchange: Exchange | undefined, code: number, owner: Owner['owner']): void {
    if (this.#open.has(id)) return;
    if (exchange !== undefined) this.#refuse(exchange, 500, 'Internal error.');
    this.#options.deliver(owner, { type: 'closed', connection: id, code, reason: '' });
    this.#options.schedule();
  }

  #unanswered(exchange: Exchange): void {
    this.#asked.delete(exchange.id);
    this.#options.count('web.http.unanswered', 1);
    this.#refuse(exchange, 503, 'No answer was found in time.');
  }

  #refuse(exchange: Exchange, status: number, sentence: string): void {
    this.#takeAsked(exchange.id);
    exchange.respond(status, { 'content-type': 'text/plain; charset=utf-8' }, `${sentence}\n`);
  }

  #takeAsked(id: ConnectionId): Exchange | undefined {
    const exchange = this.#asked.get(id);
    if (exchange === undefined) return undefined;
    this.#asked.delete(id);
    this.#answersDue.delete(exchange);
    return exchange;
  }

  get #remaining(): number {
    return this.#open.size + this.#asked.size + this.#departures.size;
  }

  #closeSome(most: number, code: number, reason: string): void {
    let left = most;
    for (const connection of this.#open.values()) {
      if (left === 0) break;
      if (!connection.isOpen) continue;
      connection.close(code, reason);
      left -= 1;
    }
  }

  #destroy(): void {
    for (const door of this.#doors.values()) door.destroy();
    for (const { socket } of this.#open.values()) socket.destroy();
    this.#departures.destroyAll();
  }

  #ask(kinds: DoorKinds, asker: Asker, say: (connection: ConnectionId) => void): void {
    this.#ids += 1;
    const exchange = new Exchange(this.#ids, kinds, asker, this.#exchangeHost);
    this.#asked.set(exchange.id, exchange);
    this.#answersDue.add(exchange);
    this.#options.count('web.http.requests', 1);
    const deliver = (): void => {
      if (!this.#asked.has(exchange.id)) return;
      say(exchange.id);
      this.#options.schedule();
    };
    if (this.#intake.isPressed) this.#heldBack.push(deliver);
    else deliver();
  }

  #hostForDoor({ doorActor }: ListenOptions, { messageBytesMax }: DoorLimits): DoorHost {
    const { deliver, count, log } = this.#options;
    const listener = new WebSocketListener(this.#connectionHost, messageBytesMax);
    const kindOf = (wire: Wire, deflate: boolean): Kind => ({
      wire,
      listening: { rules: frameRules('server', { messageBytesMax, deflate }), listener },
    });
    const kinds: DoorKinds = {
      stream: { wire: this.#rawWire, listening: undefined },
      plain: kindOf(this.#plainWire, false),
      deflated: kindOf(this.#deflatedWire, true),
    };
    return {
      departures: this.#departures,
      deadlines: this.#deadlines,
      count,
      log,
      requested: (asker, head, body) => {
        this.#ask(kinds, asker, (connection) => {
          deliver(doorActor, { type: 'requestReceived', connection, ...head, body });
        });
      },
      upgradeRequested: (asker, head, subprotocols) => {
        this.#ask(kinds, asker, (connection) => {
          deliver(doorActor, { type: 'upgradeRequested', connection, ...head, subprotocols });
        });
      },
    };
  }

  #hostForConnections(): ConnectionHost {
    const { deliver, count, schedule } = this.#options;
    return {
      count,
      deliver: (to, message) => {
        deliver(to, message);
        schedule();
      },
      willWrite: (connection) => this.#talking.push(connection),
      wrote: (bytes) => (this.#bytesOut += bytes),
      took: (socket, bytes) => {
        this.#bytesIn += bytes;
        this.#intake.took(socket, bytes);
      },
      awaitClose: (connection) => this.#closesDue.add(connection),
      ended: (connection) => {
        this.#open.delete(connection.id);
        this.#closesDue.delete(connection);
        this.#intake.forget(connection.socket);
        count('web.connections.closed', 1);
        this.#departures.seeOff(connection.socket);
      },
    };
  }

  #hostForExchanges(): ExchangeHost {
    const isDraining = (): boolean => this.#isDraining;
    return {
      departures: this.#departures,
      get isDraining() {
        return isDraining();
      },
      abandoned: ({ id }) => {
        this.#takeAsked(id);
      },
    };
  }

  #countBytes(): void {
    if (this.#bytesOut > 0) this.#options.count('web.bytes.out', this.#bytesOut);
    if (this.#bytesIn > 0) this.#options.count('web.bytes.in', this.#bytesIn);
    this.#bytesOut = 0;
    this.#bytesIn = 0;
  }

  #log(level: 'warn' | 'error', event: string, fields: Log['fields']): void {
    this.#options.log({ type: 'log', level, event, fields });
  }
}
