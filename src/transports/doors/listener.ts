// A port that listens, for TCP or TLS, whatever is spoken behind it. Hands over each new connection at once and says
// what went wrong with the others. Refuses to know what is said on them. Obeys ADR 0009.

import {
  createServer,
  type AddressInfo,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import {
  createSecureContext,
  createServer as createTlsServer,
  type SecureContext,
  type Server as TlsServer,
} from 'node:tls';
import type { Log } from '../../actors/runtime/edges.ts';
import { readingShared } from '../sockets/shared-reading.ts';
import { clearPath, dressSocket, type LocalSocketOptions } from './local-socket.ts';

/** A certificate with its chain, and its key, in PEM. */
export interface TlsMaterial {
  /** For whoever names none of those below; empty: is refused. */
  readonly cert: string;
  readonly key: string;
  readonly named?: readonly NamedPair[];
  /** Certificates in PEM that are believed: then whoever connects must show one that these have signed. */
  readonly ca?: string;
  readonly versionMin?: 'TLSv1.3';
}

export interface NamedPair {
  /** In lower case; `_.PARENT` is for all names right below that one. */
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

export interface ListenerOptions {
  readonly door: string;
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Several shards listen on the same port. */
  readonly reusePort: boolean;
  /** Instead of host and port. */
  readonly local?: LocalSocketOptions | undefined;
  readonly tls: TlsMaterial | undefined;
  readonly handshakeTimeoutMs: number;
  /** More are dropped as they come; undefined: as many as the system allows. */
  readonly connectionsMax: number | undefined;
  /** A peer that says no more may still be spoken to. */
  readonly allowHalfOpen?: boolean;
  /** Many short requests come, and sockets are spoken to through their holders only. */
  readonly readsShared?: boolean;
}

export interface ListenerHost {
  greet(socket: Socket): void;
  count(name: string, by: number): void;
  log(entry: Log): void;
}

const BACKLOG = 4_096;
/** Named, because pongs and pressure lean on it. */
const SOCKET_BUFFER_BYTES = 64 * 1_024;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #host: ListenerHost;
  readonly #server: Server | TlsServer;
  #contexts: ReadonlyMap<string, SecureContext> = new Map();

  constructor(options: ListenerOptions, host: ListenerHost) {
    this.#options = options;
    this.#host = host;
    this.#server = this.#createServer();
    if (options.connectionsMax === undefined) return;
    this.#server.maxConnections = options.connectionsMax;
    this.#server.on('drop', () => host.count('web.connections.dropped', 1));
  }

  /** Rejects with the system's error when the port or the path cannot be had. */
  async listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port, reusePort, local } = this.#options;
    if (local === undefined) {
      await this.#listenOn({ host, port, reusePort, exclusive: true, backlog: BACKLOG });
      // A server that listens on a port has an address with one.
      const { address, port: chosen } = this.#server.address() as AddressInfo;
      return { host: address, port: chosen };
    }
    await clearPath(local.path);
    await this.#listenOn({ path: local.path, exclusive: true, backlog: BACKLOG });
    try {
      await dressSocket(local);
    } catch (error) {
      this.#server.close();
      throw error;
    }
    return { host: local.path, port: 0 };
  }

  /** New connections get the new certificate; those that are open keep theirs. */
  reloadTls(material: TlsMaterial): void {
    if (!('setSecureContext' in this.#server)) return;
    this.#server.setSecureContext({ ...pairOf(material), ...believedBy(material) });
    this.#contexts = contextsOf(material);
  }

  /** No new connections. */
  close(): void {
    this.#server.close();
  }

  #listenOn(where: ListenOptions): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, () => {
        server.removeListener('error', reject);
        server.on('error', (error) => this.#acceptFailed(error));
        resolve();
      });
    });
  }

  #createServer(): Server | TlsServer {
    const { tls, handshakeTimeoutMs, allowHalfOpen = false, readsShared = false } = this.#options;
    const sockets = { noDelay: true, highWaterMark: SOCKET_BUFFER_BYTES, allowHalfOpen };
    const greet = (socket: Socket): void => {
      this.#host.count('web.sockets.accepted', 1);
      this.#host.greet(socket);
    };
    if (tls === undefined && readsShared)
      return createServer({ ...sockets, pauseOnConnect: true }, (accepted) => {
        greet(readingShared(accepted, sockets));
      });
    if (tls === undefined) return createServer(sockets, greet);
    this.#contexts = contextsOf(tls);
    const server = createTlsServer(
      {
        ...sockets,
        ...pairOf(tls),
        ...believedBy(tls),
        ...(tls.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
        SNICallback: (name, found) => found(null, this.#contextOf(name)),
        ...(allowHalfOpen ? {} : { ALPNProtocols: ['http/1.1'] }),
        handshakeTimeout: handshakeTimeoutMs,
      },
      greet,
    );
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#host.count('web.tls.failures', 1);
      if (tls.ca !== undefined) this.#refusedByCertificate(error, socket.remoteAddress);
      socket.destroy();
    });
    return server;
  }

  /** Where certificates are asked for, a wrong one is a mistake of an operator, and not of a browser. */
  #refusedByCertificate({ code }: NodeJS.ErrnoException, remote: string | undefined): void {
    const fields = { door: this.#options.door, remote: remote ?? '', code: code ?? 'UNKNOWN' };
    this.#host.log({ type: 'log', level: 'warn', event: 'tls.refused', fields });
  }

  /** [GRIP-CLIENT-9] Undefined: what is shown to everybody. */
  #contextOf(name: string): SecureContext | undefined {
    const lower = name.toLowerCase();
    const parent = lower.slice(lower.indexOf('.') + 1);
    return this.#contexts.get(lower) ?? this.#contexts.get(`_.${parent}`);
  }

  /** Too many open files, usually: the listener lives on and the client tries again. */
  #acceptFailed(error: NodeJS.ErrnoException): void {
    this.#host.count('web.accept.failures', 1);
    const fields = { door: this.#options.door, code: error.code ?? 'UNKNOWN' };
    this.#host.log({ type: 'log', level: 'warn', event: 'web.acceptFailed', fields });
  }
}

function pairOf({ cert, key }: TlsMaterial): { readonly cert?: string; readonly key?: string } {
  return cert === '' ? {} : { cert, key };
}

/** What holds for both ends of a connection. */
export function believedBy({ ca, versionMin }: TlsMaterial): {
  readonly ca?: string;
  readonly minVersion?: 'TLSv1.3';
} {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(versionMin === undefined ? {} : { minVersion: versionMin }),
  };
}

function contextsOf({ named = [] }: TlsMaterial): ReadonlyMap<string, SecureContext> {
  return new Map(named.map(({ name, cert, key }) => [name, createSecureContext({ cert, key })]));
}
