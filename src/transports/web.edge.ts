// The web edge of one shard: its listening doors, HTTP exchanges, event streams and WebSocket connections.
// It obeys the commands of actors and tells them what clients did; what a turn says to a connection leaves in one
// write when the turn ends, framed once for all who are told the same.
// Refuses to know topics, sessions and who may do what. Obeys edges.ts, ADR 0007 and 0009; spec: WEB.

import { encodeUpgradeGrant } from '../actors/codecs/websocket-handshake.ts';
import type { Address } from '../actors/runtime/actor.ts';
import type { ConnectionId, DoorEvent, Log, WebCommand } from '../actors/runtime/edges.ts';
import { encodeStreamHead } from './doors/answer.ts';
import { Door, type DoorHost } from './doors/door.ts';
import type { Exchange } from './doors/exchange.ts';
import { Exchanges } from './doors/exchanges.ts';
import type { DoorLimits } from './doors/http-requests.ts';
import type { TlsMaterial } from './doors/listener.ts';
import { Deadlines } from './sockets/deadlines.ts';
import { Departures, GRACE_MS } from './sockets/departures.ts';
import { Intake } from './sockets/intake.ts';
import type { Kind, Owner } from './streams/connection.ts';
import { Connections } from './streams/connections.ts';

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

/** Shared by all doors of a shard, so that a connection has one number wherever it came in. */
export interface Ground {
  readonly deadlines: Deadlines;
  readonly departures: Departures;
  readonly intake: Intake;
  readonly connections: Connections;
  nextId(): ConnectionId;
}

/** The limits of a door that are its own and not a dialect's. */
const doorLimits: Omit<DoorLimits, 'messageBytesMax' | 'bodyBytesMax'> = {
  headBytesMax: 16_384,
  headersMax: 100,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
};

/** How often a drain closes its next share of connections. */
const DRAIN_EVERY_MS = 20;

export class WebEdge {
  readonly #options: WebEdgeOptions;
  readonly #doors = new Map<string, Door>();
  readonly #deadlines = new Deadlines();
  readonly #departures: Departures;
  readonly #intake: Intake;
  readonly #exchanges: Exchanges;
  readonly #connections: Connections;
  #ids = 0;

  constructor(options: WebEdgeOptions) {
    const intake = new Intake(options);
    const deadlines = this.#deadlines;
    const departures = new Departures(deadlines, (socket) => intake.forget(socket));
    this.#options = options;
    this.#intake = intake;
    this.#departures = departures;
    const nextId = (): ConnectionId => this.#nextId();
    this.#exchanges = new Exchanges({ ...options, deadlines, departures, nextId });
    this.#connections = new Connections({ ...options, deadlines, departures, intake });
  }

  /** What the other edges of the shard that have doors build on. */
  get ground(): Ground {
    return {
      deadlines: this.#deadlines,
      departures: this.#departures,
      intake: this.#intake,
      connections: this.#connections,
      nextId: () => this.#nextId(),
    };
  }

  /** Open WebSockets and event streams. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Requests and handshakes that actors have not answered yet. */
  get exchanges(): number {
    return this.#exchanges.size;
  }

  /** Opens a door; rejects with the system's error (`EADDRINUSE`, `EACCES`, …) when the port cannot be had. */
  async listen(options: ListenOptions): Promise<{ readonly host: string; readonly port: number }> {
    const limits: DoorLimits = { ...doorLimits, ...options.limits };
    const host = this.#hostFor(options, limits);
    const door = new Door({ ...options, tls: options.tls, limits }, host);
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
      case 'write':
        this.#connections.write(command.connections, command.payload);
        return;
      case 'close':
        this.#connections.close(command.connection, command.code, command.reason);
        return;
      case 'ping':
        this.#connections.ping(command.connection);
        return;
      case 'cut':
        this.#connections.cut(command.connection);
        return;
      case 'hold':
        this.#connections.hold(command.connection, command.isHeld);
        return;
      case 'respond': {
        const { connection, status, headers, body } = command;
        this.#exchanges.respond(connection, status, headers, body);
        return;
      }
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
    this.#connections.flush();
  }

  /** While on, nothing new is read from clients who speak, and no new request is delivered. */
  pauseReading(isOn: boolean): void {
    this.#intake.press(isOn);
    this.#exchanges.press(isOn);
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
    this.#exchanges.isDraining = true;
    this.closeListeners();
    const startedAt = performance.now();
    const rounds = Math.max(1, Math.ceil(spreadMs / DRAIN_EVERY_MS));
    const share = Math.ceil(this.#connections.size / rounds);
    for (;;) {
      const elapsedMs = performance.now() - startedAt;
      const isLate = elapsedMs >= spreadMs;
      this.#connections.closeSome(isLate ? this.#connections.size : share, code, reason, isLate);
      if (this.#remaining === 0 || elapsedMs >= spreadMs + 2 * GRACE_MS) break;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_EVERY_MS));
    }
    this.#destroy();
  }

  /** Says goodbye to everybody at once, for a shard whose actors can do nothing more. */
  abandon(code: number, reason: string): void {
    this.closeListeners();
    this.#connections.closeSome(this.#connections.size, code, reason, true);
    this.#exchanges.refuseAll(503, 'The service restarts.');
  }

  #accept(command: Extract<WebCommand, { readonly type: 'accept' }>): void {
    const { connection, subprotocol, owner } = command;
    const exchange = this.#exchanges.take(connection);
    if (exchange?.asker.type !== 'upgrade') {
      if (exchange !== undefined) this.#exchanges.failed(exchange, 'nobody asked for a WebSocket');
      this.#tellEnd(connection, 1006, owner);
      return;
    }
    const { key, extensions } = exchange.asker.handshake;
    const { plain, deflated } = exchange.kinds;
    const head = encodeUpgradeGrant({
      key,
      ...(subprotocol === undefined ? {} : { protocol: subprotocol }),
      ...(extensions === undefined ? {} : { extensions }),
    });
    this.#begin(exchange, extensions === undefined ? plain : deflated, head, command);
  }

  #stream(command: Extract<WebCommand, { readonly type: 'stream' }>): void {
    const { connection, headers, owner } = command;
    const exchange = this.#exchanges.take(connection);
    if (exchange === undefined) {
      this.#tellEnd(connection, 1000, owner);
      return;
    }
    try {
      if (exchange.asker.type === 'upgrade') throw new Error('a WebSocket was asked for');
      this.#begin(exchange, exchange.kinds.stream, encodeStreamHead(headers), command);
    } catch (error) {
      this.#exchanges.failed(exchange, error);
      this.#tellEnd(connection, 1000, owner);
    }
  }

  #begin(exchange: Exchange, kind: Kind, head: Uint8Array, owner: Owner): void {
    const socket = exchange.takeSocket();
    if (socket === undefined || socket.destroyed) {
      this.#tellEnd(exchange.id, kind.rules === undefined ? 1000 : 1006, owner.owner);
    } else this.#connections.open(exchange.id, socket, kind, head, owner);
  }

  /** The client went before it was let in: whoever was to own the connection learns of its end all the same. */
  #tellEnd(connection: ConnectionId, code: number, owner: Owner['owner']): void {
    if (this.#connections.has(connection)) return;
    this.#connections.deliver(owner, { type: 'closed', connection, code, reason: '' });
  }

  #nextId(): ConnectionId {
    this.#ids += 1;
    return this.#ids;
  }

  get #remaining(): number {
    return this.#connections.size + this.#exchanges.size + this.#departures.size;
  }

  #destroy(): void {
    for (const door of this.#doors.values()) door.destroy();
    this.#connections.destroyAll();
    this.#departures.destroyAll();
  }

  #hostFor({ doorActor }: ListenOptions, { messageBytesMax }: DoorLimits): DoorHost {
    const { deliver, count, log } = this.#options;
    const kinds = this.#connections.kindsFor(messageBytesMax);
    const exchanges = this.#exchanges;
    return {
      departures: this.#departures,
      deadlines: this.#deadlines,
      count,
      log,
      requested(asker, head, body) {
        exchanges.ask(kinds, asker, (connection) => {
          deliver(doorActor, { type: 'requestReceived', connection, ...head, body });
        });
      },
      upgradeRequested(asker, head, subprotocols) {
        exchanges.ask(kinds, asker, (connection) => {
          deliver(doorActor, { type: 'upgradeRequested', connection, ...head, subprotocols });
        });
      },
    };
  }
}
