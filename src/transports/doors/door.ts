// A door: a port that listens, for TCP or TLS. Its front looks at the first bytes of each connection: a plain request
// for an event stream is answered on the bare socket, which costs a quarter of a response of node:http for as long
// as the stream lasts; everything else goes to node:http unread.
// Refuses to know what is asked. Obeys ADR 0009.

import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../../actors/runtime/edges.ts';
import type { Deadline, Deadlines } from '../sockets/deadlines.ts';
import { receiveHandshake } from './handshakes.ts';
import { hold, type Holder, listenTo, release } from '../sockets/held-socket.ts';
import { type HttpOptions, type Reception, serveHttp } from './http-requests.ts';
import { Listener, type TlsMaterial } from './listener.ts';
import { asksForEventStream, asksForWebSocket, headOf, readPlainGet } from './request-head.ts';

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

const noBody = new Uint8Array(0);

export class Door implements Holder {
  readonly #options: DoorOptions;
  readonly #host: DoorHost;
  readonly #listener: Listener;
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
    const handshakeTimeoutMs = options.limits.headTimeoutMs;
    this.#listener = new Listener(
      { ...options, handshakeTimeoutMs, connectionsMax: undefined },
      {
        greet: (socket) => this.#greet(socket),
        count: (name, by) => host.count(name, by),
        log: (entry) => host.log(entry),
      },
    );
  }

  /** Rejects with the system's error when the port cannot be had. */
  listen(): Promise<{ readonly host: string; readonly port: number }> {
    return this.#listener.listen();
  }

  /** New connections get the new certificate; those that are open keep theirs. */
  reloadTls(material: TlsMaterial): void {
    this.#listener.reloadTls(material);
  }

  /** No new connections; what is open stays, but for what waits between two requests. */
  close(): void {
    this.#listener.close();
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

  #greet(socket: Socket): void {
    hold(socket, this);
    this.#silent.add(socket);
    listenTo(socket);
  }
}
