// The understudy of transports/web.edge.ts: the same commands and events, over the simulated network.
// In the byte lane WebSocket messages are framed and read by the real codecs, from chunks cut anywhere; in the object
// lane payloads travel as they are. A turn's writes leave together, and a receipt means that the network took them.
// Refuses to know what is written. Held to the words of runtime/edges.ts by test/edges/.

import { encodeFrame } from '../../actors/codecs/websocket-frames.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type DoorEvent,
  type Payload,
  type WebCommand,
  writeCost,
} from '../../actors/runtime/edges.ts';
import type { HeaderList, ProxyRequested } from '../../actors/runtime/gateway-edges.ts';
import { GatewayEnd } from './gateway/gateway-end.ts';
import type { Connection } from './network.ts';
import { ObjectPayload } from './object-payload.ts';
import { Arena } from './arena.ts';
import { ServerEnd, states } from './server-end.ts';
import { TcpEnd } from './tcp/tcp-end.ts';
import type { EndHost, EndSocket, WebEnd } from './web-end.ts';

export type Lane = 'byte' | 'object';

export interface WebEdgeHost {
  readonly now: number;
  deliver<M>(to: Address<M>, message: NoInfer<M>): void;
  /** The shard has something to do: a socket to read, or actors with messages. */
  wake(): void;
  /** Has `remind` called with the same number at an instant. */
  remindAt(at: number, connection: ConnectionId): void;
}

export interface WebEdgeOptions {
  readonly lane: Lane;
  readonly door: Address<DoorEvent>;
  readonly messageBytesMax: number;
  /** Receipts are gathered up to this cost; at most half a window. */
  readonly receiptBytes: number;
  /** How long a close waits for the other side's. */
  readonly closeTimeoutUs: number;
  /** Listens to what is said over connections without any protocol. */
  readonly tap?: (connection: number, isCaller: boolean, bytes: Uint8Array) => void;
}

export class WebEdge implements EndHost {
  readonly options: WebEdgeOptions;
  readonly host: WebEdgeHost;
  readonly #connections = new Map<ConnectionId, WebEnd>();
  readonly #gatewayEnds = new Map<ConnectionId, GatewayEnd>();
  /** Of requests that have come so far. */
  readonly #heads = new WeakSet<HeaderList>();
  readonly #tcpEnds = new Set<WebEnd>();
  readonly #readable: EndSocket[] = [];
  readonly #dirty: EndSocket[] = [];
  readonly arena = new Arena();
  readonly #frame = { take: this.arena.take };
  #opened = 0;
  #isPaused = false;
  /** Ends that are gone, where somebody asks what is said to them. */
  readonly #missed = new Map<ConnectionId, TcpEnd>();
  /** The most that any connection had been given without a receipt when it was given more. */
  #outstandingMax = 0;

  constructor(options: WebEdgeOptions, host: WebEdgeHost) {
    this.options = options;
    this.host = host;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Since when nothing is read from it; undefined where it is read. */
  heldSince(connection: ConnectionId): number | undefined {
    return this.#connections.get(connection)?.socket.heldSince;
  }

  has(connection: ConnectionId): boolean {
    return this.#connections.has(connection);
  }

  /** The actor behind a client's connection; undefined where there is none. */
  ownerOf(connection: Connection): Address<ConnectionEvent> | undefined {
    for (const end of this.#connections.values()) {
      const owner = end.ownerOf(connection);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  get hasReadable(): boolean {
    return this.#readable.length > 0 && !this.#isPaused;
  }

  get hasDirty(): boolean {
    return this.#dirty.length > 0;
  }

  /** The highest count of unreceipted bytes since last asked. */
  takeOutstandingMax(): number {
    const most = this.#outstandingMax;
    this.#outstandingMax = 0;
    return most;
  }

  /** A client's connection reached this shard. */
  accept(connection: Connection): void {
    this.#opened += 1;
    this.#connections.set(this.#opened, new ServerEnd(this, this.#opened, connection));
  }

  /** A client's connection reached a gateway door of this shard. */
  acceptForGateway(connection: Connection, door: Address<ProxyRequested>): void {
    this.#opened += 1;
    const end = new GatewayEnd(this, this.#opened, connection, door);
    this.#gatewayEnds.set(end.id, end);
    this.#connections.set(end.id, end);
  }

  isRepeated(headers: HeaderList): boolean {
    const isKnown = this.#heads.has(headers);
    this.#heads.add(headers);
    return isKnown;
  }

  /** Undefined when it is gone, or came through another door. */
  gatewayEnd(connection: ConnectionId): GatewayEnd | undefined {
    return this.#gatewayEnds.get(connection);
  }

  gatewayEndsOwnedBy(shard: number): GatewayEnd[] {
    return [...this.#gatewayEnds.values()].filter((end) => end.isOwnedBy(shard));
  }

  get gatewayConnections(): number {
    return this.#gatewayEnds.size;
  }

  /** A connection without any protocol, which somebody is to own. */
  meetTcp(connection: Connection, isCaller: boolean): TcpEnd {
    this.#opened += 1;
    const end = new TcpEnd(this, this.#opened, connection, isCaller);
    this.#connections.set(end.id, end);
    this.#tcpEnds.add(end);
    return end;
  }

  get tcpConnections(): number {
    return this.#tcpEnds.size;
  }

  /** While on, nothing is read from clients, and no new request is delivered. */
  pauseReading(isOn: boolean): void {
    this.#isPaused = isOn;
    if (!isOn && this.#readable.length > 0) this.host.wake();
  }

  /** Reads what has arrived, one connection after the other. */
  read(): void {
    if (this.#isPaused) return;
    const count = this.#readable.length;
    for (let i = 0; i < count; i += 1) this.#readable[i]?.read();
    this.#readable.splice(0, count);
  }

  /** Sends off what the turn wrote, and gives receipts. */
  flush(): void {
    for (const socket of this.#dirty) socket.flush();
    this.#dirty.length = 0;
  }

  obey(command: WebCommand): void {
    switch (command.type) {
      case 'write':
        this.#write(command.connections, command.payload);
        return;
      case 'close':
        this.#connections.get(command.connection)?.close(command.code, command.reason);
        return;
      case 'respond':
        this.#connections
          .get(command.connection)
          ?.respond(command.status, command.headers, command.body);
        return;
      case 'accept':
      case 'stream': {
        const end = this.#connections.get(command.connection);
        const { owner, receiptsTo, connection } = command;
        // Whoever asked left while auth was looking: the new owner hears it at once.
        if (end === undefined) {
          const code = command.type === 'accept' ? 1006 : 1000;
          this.host.deliver(owner, { type: 'closed', connection, code, reason: '' });
        } else if (command.type === 'accept') {
          const { subprotocol } = command;
          end.open(states.webSocket, owner, receiptsTo, { word: 'accepted', subprotocol });
        } else {
          end.open(states.stream, owner, receiptsTo, { word: 'stream', headers: command.headers });
        }
        return;
      }
      case 'ping':
        this.#connections.get(command.connection)?.ping();
        return;
      case 'hold':
        this.#connections.get(command.connection)?.socket.hold(command.isHeld);
        return;
      case 'cut':
        this.#connections.get(command.connection)?.cut();
        return;
      default:
        command satisfies never;
    }
  }

  /** The instant came that the host was asked to remember. */
  remind(connection: ConnectionId): void {
    this.#connections.get(connection)?.expire();
  }

  /** The thread died: sockets are reset, or told 1012 by a shard that could still say so. */
  abandon(isTold: boolean): void {
    for (const end of this.#connections.values()) end.abandon(isTold);
    this.#connections.clear();
  }

  /** All but those whose owners say goodbye by themselves. */
  closeAll(code: number, reason: string): void {
    for (const end of this.#connections.values())
      if (!this.#tcpEnds.has(end)) end.close(code, reason);
  }

  noteReadable(socket: EndSocket): void {
    this.#readable.push(socket);
    this.host.wake();
  }

  noteDirty(socket: EndSocket): void {
    this.#dirty.push(socket);
    this.host.wake();
  }

  noteOutstanding(bytes: number): void {
    if (bytes > this.#outstandingMax) this.#outstandingMax = bytes;
  }

  forget(end: WebEnd): void {
    this.#connections.delete(end.id);
    if (end instanceof TcpEnd && end.isMissed) this.#missed.set(end.id, end);
    this.#gatewayEnds.delete(end.id);
    this.#tcpEnds.delete(end);
  }

  /** Framed once, the same bytes for all. */
  #write(connections: readonly ConnectionId[], payload: Payload): void {
    const cost = writeCost(payload);
    const plain = payload instanceof ObjectPayload ? payload : (payload as Uint8Array);
    let framed: Uint8Array | undefined;
    for (const connection of connections) {
      const end = this.#connections.get(connection) ?? this.#missed.get(connection);
      if (end === undefined) continue;
      if (end.isFramed && plain instanceof Uint8Array)
        end.write((framed ??= encodeFrame('text', plain, this.#frame)), cost);
      else end.write(plain, cost);
    }
  }
}
