// A port that listens, for TCP or TLS, whatever is spoken behind it. Hands over each new connection at once and says
// what went wrong with the others. Refuses to know what is said on them. Obeys ADR 0009.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Log } from '../../actors/runtime/edges.ts';

/** A certificate with its chain, and its key, in PEM. */
export interface TlsMaterial {
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
  readonly tls: TlsMaterial | undefined;
  readonly handshakeTimeoutMs: number;
  /** More are dropped as they come; undefined: as many as the system allows. */
  readonly connectionsMax: number | undefined;
  /** A peer that says no more may still be spoken to. */
  readonly allowHalfOpen?: boolean;
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

  constructor(options: ListenerOptions, host: ListenerHost) {
    this.#options = options;
    this.#host = host;
    this.#server = this.#createServer();
    if (options.connectionsMax === undefined) return;
    this.#server.maxConnections = options.connectionsMax;
    this.#server.on('drop', () => host.count('web.connections.dropped', 1));
  }

  /** Rejects with the system's error when the port cannot be had. */
  listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port, reusePort } = this.#options;
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, reusePort, exclusive: true, backlog: BACKLOG }, () => {
        server.removeListener('error', reject);
        server.on('error', (error) => this.#acceptFailed(error));
        // A server that listens on a port has an address with one.
        const { address, port: chosen } = server.address() as AddressInfo;
        resolve({ host: address, port: chosen });
      });
    });
  }

  /** New connections get the new certificate; those that are open keep theirs. */
  reloadTls(material: TlsMaterial): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(material);
  }

  /** No new connections. */
  close(): void {
    this.#server.close();
  }

  #createServer(): Server | TlsServer {
    const { tls, handshakeTimeoutMs, allowHalfOpen = false } = this.#options;
    const sockets = { noDelay: true, highWaterMark: SOCKET_BUFFER_BYTES, allowHalfOpen };
    const greet = (socket: Socket): void => {
      this.#host.count('web.sockets.accepted', 1);
      this.#host.greet(socket);
    };
    if (tls === undefined) return createServer(sockets, greet);
    const server = createTlsServer(
      {
        ...sockets,
        cert: tls.cert,
        key: tls.key,
        ...(allowHalfOpen ? {} : { ALPNProtocols: ['http/1.1'] }),
        handshakeTimeout: handshakeTimeoutMs,
      },
      greet,
    );
    server.on('tlsClientError', (_error, socket) => {
      this.#host.count('web.tls.failures', 1);
      socket.destroy();
    });
    return server;
  }

  /** Too many open files, usually: the listener lives on and the client tries again. */
  #acceptFailed(error: NodeJS.ErrnoException): void {
    this.#host.count('web.accept.failures', 1);
    const fields = { door: this.#options.door, code: error.code ?? 'UNKNOWN' };
    this.#host.log({ type: 'log', level: 'warn', event: 'web.acceptFailed', fields });
  }
}
