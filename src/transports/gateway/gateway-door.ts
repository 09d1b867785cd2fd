// A port where clients of the gateway come in, the limits they are held to, and the ways in which their connections
// may go on: as streams in chunks or up to the connection's end, and as WebSockets that hear every frame.
// Refuses to know what is asked. Obeys ADR 0009; spec/grip.md, section "Client connections".

import type { Socket } from 'node:net';
import { frameRules } from '../../actors/codecs/websocket-frames.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type { Log } from '../../actors/runtime/edges.ts';
import type { ProxyRequested } from '../../actors/runtime/gateway-edges.ts';
import { SteadyMap } from '../../actors/runtime/memory/steady-map.ts';
import { Listener, type TlsMaterial } from '../doors/listener.ts';
import type { LocalSocketOptions } from '../doors/local-socket.ts';
import { hold } from '../sockets/held-socket.ts';
import type { Connection, Ending, Kind, Listener as Hearer } from '../streams/connection.ts';
import { WebSocketListener } from '../streams/websocket.ts';
import type { Wire } from '../streams/wire.ts';
import type { Ground } from '../web.edge.ts';
import { Client, type ClientHost } from './client.ts';
import type { Exchanges } from './exchanges.ts';
import { hearsEverything } from './gateway-hearing.ts';
import { Idleness, NOWHERE } from './idleness.ts';
import { LAST_CHUNK } from './relayed-answer.ts';

/** Bounds of one door. */
export interface GatewayLimits {
  /** Bytes of one request's head; 400 beyond. */
  readonly headBytesMax: number;
  readonly headersMax: number;
  /** For a whole head, once it has begun. */
  readonly headTimeoutMs: number;
  /** Without a byte in either direction. */
  readonly idleTimeoutMs: number;
  /** Bytes of one WebSocket message: 1009 beyond. */
  readonly messageBytesMax: number;
  /** On this shard; more are dropped as they come. */
  readonly connectionsMax: number | undefined;
}

const gatewayLimits: GatewayLimits = {
  headBytesMax: 32_768,
  headersMax: 128,
  headTimeoutMs: 60_000,
  idleTimeoutMs: 1_800_000,
  messageBytesMax: 16_777_216,
  connectionsMax: undefined,
};

export interface GatewayListenOptions {
  readonly door: string;
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly reusePort: boolean;
  readonly tls?: TlsMaterial | undefined;
  readonly local?: LocalSocketOptions | undefined;
  readonly deflate: boolean;
  /** Hears of every request. */
  readonly doorActor: Address<ProxyRequested>;
  readonly limits?: Partial<GatewayLimits>;
}

/** How payloads are framed, the same for all doors. */
export interface GatewayWires {
  readonly chunked: Wire;
  readonly raw: Wire;
  readonly plain: Wire;
  readonly deflated: Wire;
}

export interface GatewayKinds {
  /** In chunks, on a connection that is kept. */
  readonly kept: Kind;
  readonly chunked: Kind;
  readonly raw: Kind;
  readonly plain: Kind;
  readonly deflated: Kind;
}

export interface GatewayDoorHost {
  readonly ground: Ground;
  readonly wires: GatewayWires;
  readonly exchanges: Exchanges;
  read(bytes: number): void;
  wrote(bytes: number): void;
  count(name: string, by: number): void;
  log(entry: Log): void;
}

/** What a client may say behind a request whose answer is a stream. */
const EARLY_BYTES_MAX = 64 * 1_024;
const noBytes = Buffer.alloc(0);

export class GatewayDoor {
  readonly name: string;
  readonly actor: Address<ProxyRequested>;
  readonly deflate: boolean;
  readonly kinds: GatewayKinds;
  readonly #host: GatewayDoorHost;
  /** Of clients, held streams and WebSockets alike. */
  readonly #idleness: Idleness;
  readonly #listener: Listener;
  readonly #clientHost: ClientHost;
  /** Those whose connection is no stream and no WebSocket. */
  readonly #clients = new SteadyMap<Client, Client>();

  constructor(options: GatewayListenOptions, host: GatewayDoorHost) {
    const limits = { ...gatewayLimits, ...options.limits };
    this.name = options.door;
    this.actor = options.doorActor;
    this.deflate = options.deflate;
    this.#host = host;
    this.#idleness = new Idleness(limits.idleTimeoutMs);
    this.kinds = this.#kindsFor(limits.messageBytesMax);
    this.#clientHost = this.#hostFor(limits);
    this.#listener = new Listener(
      {
        ...options,
        tls: options.tls,
        local: options.local,
        handshakeTimeoutMs: limits.headTimeoutMs,
        connectionsMax: limits.connectionsMax,
        readsShared: true,
      },
      {
        greet: (socket) => this.#welcome(socket),
        count: (name, by) => host.count(name, by),
        log: (entry) => host.log(entry),
      },
    );
  }

  /** Connections that are no stream and no WebSocket. */
  get clients(): number {
    return this.#clients.size;
  }

  listen(): Promise<{ readonly host: string; readonly port: number }> {
    return this.#listener.listen();
  }

  reloadTls(material: TlsMaterial): void {
    this.#listener.reloadTls(material);
  }

  /** No new connections; those that wait for a next request end. */
  close(): void {
    this.#listener.close();
    for (const client of [...this.#clients.values()]) client.closeIfIdle();
  }

  destroy(): void {
    this.#listener.close();
    for (const { socket } of this.#clients.values()) socket.destroy();
  }

  #welcome(socket: Socket): Client {
    const client = new Client(socket, this, this.#clientHost);
    this.#clients.set(client, client);
    return client;
  }

  #hostFor(limits: GatewayLimits): ClientHost {
    const { ground, exchanges } = this.#host;
    const { departures, intake, deadlines } = ground;
    return {
      departures,
      intake,
      limits,
      idleness: this.#idleness,
      heads: deadlines.line(limits.headTimeoutMs, (client: Client) => client.headTimedOut()),
      began: (client, head, isRepeated) => exchanges.began(client, head, isRepeated),
      ended: (exchange) => exchanges.ended(exchange),
      left: (client) => this.#clients.delete(client),
      read: (bytes) => this.#host.read(bytes),
      wrote: (bytes) => this.#host.wrote(bytes),
      count: (name, by) => this.#host.count(name, by),
    };
  }

  #kindsFor(messageBytesMax: number): GatewayKinds {
    const { wires, ground } = this.#host;
    const idleness = this.#idleness;
    const { connections } = ground;
    const hearing = hearsEverything(connections);
    const listener = new WebSocketListener(connections, hearing, messageBytesMax);
    const webSocket = (wire: Wire, deflate: boolean): Kind => ({
      wire,
      rules: frameRules('server', { messageBytesMax, deflate }),
      listener,
      ending: undefined,
      idleness,
    });
    const stream = (wire: Wire, ending: Ending, hearer?: Hearer): Kind => ({
      wire,
      rules: undefined,
      listener: hearer,
      ending,
      idleness,
    });
    const lastChunk = Buffer.from(LAST_CHUNK);
    const early = new Early(() => this.#host.count('gateway.pipelined.dropped', 1));
    const end = (socket: Socket): void => this.#end(socket);
    const goOn = (socket: Socket): void => {
      const said = early.take(socket);
      if (said === 'too much') end(socket);
      else this.#goOn(socket, said);
    };
    return {
      kept: stream(wires.chunked, { lastWords: lastChunk, takeOver: goOn }, early),
      chunked: stream(wires.chunked, { lastWords: lastChunk, takeOver: end }),
      raw: stream(wires.raw, { lastWords: noBytes, takeOver: end }),
      plain: webSocket(wires.plain, false),
      deflated: webSocket(wires.deflated, true),
    };
  }

  /** The stream is over, and the connection is not. */
  #goOn(socket: Socket, early: Buffer): void {
    if (socket.destroyed) return;
    const client = this.#welcome(socket);
    if (early.byteLength > 0) client.socketReceived(early);
    if (this.#host.exchanges.isDraining) client.closeIfIdle();
  }

  /** Ends it after what was written; a slow reader has its time. */
  #end(socket: Socket): void {
    if (socket.destroyed) return;
    const { departures } = this.#host.ground;
    // [GRIP-CLIENT-8] And no more than that.
    const idler = {
      activeAt: 0,
      idlePlace: NOWHERE,
      idledOut: () => {
        this.#host.count('gateway.idle', 1);
        socket.destroy();
      },
    };
    this.#idleness.add(idler);
    socket.end();
    hold(socket, { socketReceived() {}, socketClosed: () => this.#idleness.delete(idler) });
    socket.resume();
    socket.once('finish', () => {
      this.#idleness.delete(idler);
      departures.seeOff(socket);
    });
  }
}

/**
 * What clients say while they are told a stream: their next requests, which wait. Whoever says too much is read on, or
 * nobody would see it go, and has to ask again on another connection.
 */
class Early implements Hearer {
  readonly #said = new WeakMap<Socket, Buffer | 'too much'>();
  readonly #dropped: () => void;

  constructor(dropped: () => void) {
    this.#dropped = dropped;
  }

  listen({ socket }: Connection, chunk: Buffer): void {
    const before = this.#said.get(socket) ?? noBytes;
    if (before === 'too much') return;
    const isTooMuch = before.length + chunk.length > EARLY_BYTES_MAX;
    if (isTooMuch) this.#dropped();
    this.#said.set(socket, isTooMuch ? 'too much' : Buffer.concat([before, chunk]));
  }

  take(socket: Socket): Buffer | 'too much' {
    const said = this.#said.get(socket) ?? noBytes;
    this.#said.delete(socket);
    return said;
  }
}
