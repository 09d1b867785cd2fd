// The TCP edge of one shard: doors where bytes are spoken as they are. Whoever connects waits unread until an actor owns
// it; then it is a connection of the web edge, which writes to it, holds and closes it.
// Refuses to know what is spoken. Obeys tcp-edges.ts, ADR 0007 and 0009.

import { randomBytes } from 'node:crypto';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Address } from '../actors/runtime/actor.ts';
import type { ConnectionId, Log } from '../actors/runtime/edges.ts';
import type { TcpCommand, TcpDialed, TcpOpened } from '../actors/runtime/tcp/tcp-edges.ts';
import { believedBy, Listener, type TlsMaterial } from './doors/listener.ts';
import { hold, type Holder, listenTo, stopReading } from './sockets/held-socket.ts';
import type { Connection, Kind } from './streams/connection.ts';
import { ownCopy } from './streams/websocket.ts';
import type { Ground } from './web.edge.ts';

/** What the edge needs of the shard it belongs to. */
export interface TcpEdgeOptions {
  /** Of the shard's web edge. */
  readonly ground: Ground;
  readonly deliver: <M>(to: Address<M>, message: M) => void;
  readonly schedule: () => void;
  readonly count: (counter: string, by: number) => void;
  readonly log: (entry: Log) => void;
  /** What is shown to those that are called, and believed of them; undefined: they are called without TLS. */
  readonly callsTls?: TlsMaterial | undefined;
}

export interface TcpListenOptions {
  readonly door: string;
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Several shards listen on the same port. */
  readonly reusePort: boolean;
  readonly tls: TlsMaterial | undefined;
  /** Hears of everybody who comes through the door. */
  readonly doorActor: Address<TcpOpened>;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const noBytes = new Uint8Array(0);
const noContext = Buffer.alloc(0);

export class TcpEdge implements Holder {
  readonly #options: TcpEdgeOptions;
  readonly #listeners = new Map<string, Listener>();
  /** Nobody owns them yet. */
  readonly #waiting = new Map<ConnectionId, Socket>();
  readonly #kind: Kind;
  #callsTls: TlsMaterial | undefined;

  constructor(options: TcpEdgeOptions) {
    this.#options = options;
    this.#callsTls = options.callsTls;
    this.#kind = {
      // In production every payload is bytes.
      wire: options.ground.connections.wire((payload) => payload as Uint8Array),
      rules: undefined,
      listener: { listen: (connection, chunk) => this.#heard(connection, chunk) },
      ending: undefined,
      leavesAlone: true,
    };
  }

  /** Connections that no actor owns yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Opens a door; rejects with the system's error when the port cannot be had. */
  async listen(
    options: TcpListenOptions,
  ): Promise<{ readonly host: string; readonly port: number }> {
    const { count, log } = this.#options;
    const listener = new Listener(
      {
        ...options,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        connectionsMax: undefined,
        allowHalfOpen: true,
      },
      { greet: (socket) => this.#greet(socket, options), count, log },
    );
    const address = await listener.listen();
    this.#listeners.set(options.door, listener);
    return address;
  }

  obey(command: TcpCommand): void {
    if (command.type === 'connect') {
      this.#call(command);
      return;
    }
    const socket = this.#waiting.get(command.connection);
    this.#waiting.delete(command.connection);
    if (command.type === 'own') this.#own(command, socket);
    else if (socket !== undefined) {
      socket.write(command.lastWords);
      this.#options.ground.departures.seeOff(socket);
    }
  }

  reloadTls(door: string, material: TlsMaterial): void {
    this.#listeners.get(door)?.reloadTls(material);
  }

  /** For calls from now on. */
  reloadCallsTls(material: TlsMaterial): void {
    this.#callsTls = material;
  }

  /** No new connections; open ones go on. */
  closeListeners(): void {
    for (const listener of this.#listeners.values()) listener.close();
    for (const socket of this.#waiting.values()) socket.destroy();
    this.#waiting.clear();
  }

  socketReceived(): void {}

  /** Whoever is to own it learns of its end then. */
  socketClosed(): void {}

  #greet(socket: Socket, { door, doorActor }: TcpListenOptions): void {
    const { deliver, schedule, count } = this.#options;
    count('tcp.connections', 1);
    deliver(doorActor, this.#opened(socket, door));
    schedule();
  }

  /** Nothing of the connection is read before somebody owns it. */
  #opened(socket: Socket, door: string): TcpOpened {
    const connection = this.#options.ground.nextId();
    const { remoteAddress: remote = '' } = socket;
    hold(socket, this);
    stopReading(socket);
    this.#waiting.set(connection, socket);
    return {
      type: 'tcpOpened',
      connection,
      door,
      remote,
      isLoopback: isLoopback(remote),
      isSecure: 'encrypted' in socket,
      secret: randomBytes(16).toString('hex'),
      nonce: randomBytes(10).toString('hex'),
      ...channelOf(socket),
    };
  }

  #call(command: Extract<TcpCommand, { readonly type: 'connect' }>): void {
    const { host, port, timeoutMs, ref, replyTo } = command;
    const { deliver, schedule } = this.#options;
    const socket = this.#socketTo(host, port);
    let isOver = false;
    const tell = (dialed: TcpDialed): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      deliver(replyTo, dialed);
      schedule();
    };
    const timer = setTimeout(() => {
      tell({ type: 'tcpFailed', ref, reason: 'timedOut' });
      socket.destroy();
    }, timeoutMs);
    const failed = (error: NodeJS.ErrnoException): void => {
      const reason = error.code === 'ECONNREFUSED' ? 'refused' : 'failed';
      tell({ type: 'tcpFailed', ref, reason });
    };
    socket.once('error', failed);
    socket.once(this.#callsTls === undefined ? 'connect' : 'secureConnect', () => {
      socket.removeListener('error', failed);
      tell({ type: 'tcpConnected', ref, opened: this.#opened(socket, 'call') });
    });
  }

  #socketTo(host: string, port: number): Socket {
    const place = { host, port, noDelay: true, allowHalfOpen: true };
    const tls = this.#callsTls;
    if (tls === undefined) return connect(place);
    const { cert, key, ca } = tls;
    return connectTls({
      ...{ ...place, cert, key, ...believedBy(tls) },
      // Who is called is known by its proof, which is bound to this very connection, and by the names it shows.
      ...{ rejectUnauthorized: ca !== undefined, checkServerIdentity: () => undefined },
    });
  }

  #own(
    { connection, owner, receiptsTo }: Extract<TcpCommand, { readonly type: 'own' }>,
    socket: Socket | undefined,
  ): void {
    const { ground, deliver, schedule } = this.#options;
    if (socket === undefined || socket.destroyed) {
      deliver(owner, { type: 'closed', connection, code: 1_006, reason: '' });
      schedule();
      return;
    }
    ground.connections.open(connection, socket, this.#kind, noBytes, { owner, receiptsTo });
    // The peer says no more, and may still listen: its owner decides.
    socket.once('end', () => {
      deliver(owner, { type: 'closeReceived', connection, code: 1_005, reason: '' });
      schedule();
    });
    listenTo(socket);
  }

  #heard({ id, owner, isOpen }: Connection, chunk: Buffer): void {
    if (!isOpen) return;
    const { buffer, byteOffset, byteLength } = chunk;
    const payload = ownCopy(new Uint8Array(buffer, byteOffset, byteLength));
    this.#options.deliver(owner, { type: 'messageReceived', connection: id, payload });
  }
}

/** [HP-PEER-4] [HP-PEER-13] */
function channelOf(socket: Socket): Pick<TcpOpened, 'channel' | 'names'> {
  if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return {};
  const channel = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', noContext);
  const { subjectAltName = '' } = socket.getPeerX509Certificate() ?? {};
  const names = subjectAltName.split(', ').flatMap((name) => /^DNS:(.+)$/.exec(name)?.[1] ?? []);
  return {
    channel: channel.toString('base64url'),
    ...(socket.authorized ? { names } : {}),
  };
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1';
}
