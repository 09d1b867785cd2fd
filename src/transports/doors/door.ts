// A door: a port that listens, for TCP or TLS. Its front looks at the first bytes of each connection: a plain request
// for an event stream is answered on the bare socket, which costs a quarter of a response of node:http for as long
// as the stream lasts; everything else goes to node:http unread.
// Refuses to know what is asked. Obeys ADR 0009.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Server as HttpServer } from 'node:http';
import type { Log } from '../../actors/runtime/edges.ts';
import type { Deadline, Deadlines } from '../sockets/deadlines.ts';
import { receiveHandshake } from './handshakes.ts';
import { hold, type Holder, listenTo, release } from '../sockets/held-socket.ts';
import { type HttpOptions, type Reception, serveHttp } from './http-requests.ts';
import { asksForEventStream, asksForWebSocket, headOf, readPlainGet } from './request-head.ts';

/** A certificate with its chain, and its key, in PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

export interface DoorOptions extends HttpOptions {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** Several shards listen on the same port. */
  readonly reusePort: boolean;
  readonly tls: TlsMaterial | undefined;
}

export interface DoorHost extends Reception {
  readonly deadlines: Deadlines;
  log(entry: Log): void;
}

const BACKLOG = 4_096;
/** Named, because pongs and pressure lean on it. */
const SOCKET_BUFFER_BYTES = 64 * 1_024;
const noBody = new Uint8Array(0);

export class Door implements Holder {
  readonly #options: DoorOptions;
  readonly #host: DoorHost;
  readonly #server: Server | TlsServer;
  readonly #http: HttpServer;
  /** Connections that have not said anything yet. */
  readonly #silent: Deadline<Socket>;

  constructor(options: DoorOptions, host: DoorHost) {
    this.#options = options;
    this.#host = host;
    this.#http = serveHttp(options, host);
    // One who said nothing has asked nothing: an answer would be taken for that to the next request.
    this.#silent = host.deadlines.line(options.limits.headTimeoutMs, (socket: Socket) => {
      host.count('web.http.timeouts', 1);
      socket.destroy();
    });
    this.#server = this.#createServer();
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

  /** No new connections; what is open stays, but for what waits between two requests. */
  close(): void {
    this.#server.close();
    for (const socket of this.#silent.items) socket.destroy();
    this.#http.closeIdleConnections();
  }

  /** Ends what node:http still holds. */
  destroy(): void {
    this.close();
    this.#http.closeAllConnections();
    this.#http.close();
    this.#host.deadlines.remove(this.#silent);
  }

  /** The first bytes: the front answers them itself, or node:http reads them from the beginning. */
  socketReceived(chunk: Buffer, socket: Socket): void {
    this.#silent.delete(socket);
    const { door, limits } = this.#options;
    const request = readPlainGet(chunk, limits.headBytesMax, limits.headersMax);
    if (request !== undefined && asksForWebSocket(request)) {
      const head = { method: 'GET', httpVersion: '1.1', ...request };
      receiveHandshake(head, socket, this.#options, this.#host);
      return;
    }
    if (request !== undefined && asksForEventStream(request)) {
      const { target, headers } = request;
      const head = headOf(door, socket, 'GET', target, headers);
      this.#host.requested({ type: 'bare', socket }, head, noBody);
      return;
    }
    release(socket);
    this.#http.emit('connection', socket);
    socket.unshift(chunk);
  }

  socketClosed(socket: Socket): void {
    this.#silent.delete(socket);
  }

  #createServer(): Server | TlsServer {
    const { tls, limits } = this.#options;
    const sockets = { noDelay: true, highWaterMark: SOCKET_BUFFER_BYTES };
    const greet = (socket: Socket): void => this.#greet(socket);
    if (tls === undefined) return createServer(sockets, greet);
    const server = createTlsServer(
      {
        ...sockets,
        cert: tls.cert,
        key: tls.key,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: limits.headTimeoutMs,
      },
      greet,
    );
    server.on('tlsClientError', (_error, socket) => {
      this.#host.count('web.tls.failures', 1);
      socket.destroy();
    });
    return server;
  }

  #greet(socket: Socket): void {
    this.#host.count('web.sockets.accepted', 1);
    hold(socket, this);
    this.#silent.add(socket);
    listenTo(socket);
  }

  /** Too many open files, usually: the listener lives on and the client tries again. */
  #acceptFailed(error: NodeJS.ErrnoException): void {
    this.#host.count('web.accept.failures', 1);
    const { door } = this.#options;
    const fields = { door, code: error.code ?? 'UNKNOWN' };
    this.#host.log({ type: 'log', level: 'warn', event: 'web.acceptFailed', fields });
  }
}
