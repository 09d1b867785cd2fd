// Everything that node:http reads: requests with their whole bodies, handshakes, and what is refused before an actor
// hears of it. Its parser stays strict; what it lets pass and two readers could understand differently is refused here.
// Refuses to know routes. RFC 9112 §3.2, §6, §11.2; spec: WEB-HTTP.

import { joined } from '../../actors/codecs/joined.ts';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHead } from '../../actors/runtime/edges.ts';
import { encodeRefusal } from './answer.ts';
import type { Departures } from '../sockets/departures.ts';
import type { Asker } from './exchange.ts';
import { receiveHandshake } from './handshakes.ts';
import { Gathered } from '../origins/gathered.ts';
import { isHeld, takeFromHttp } from '../sockets/held-socket.ts';
import { headOf, readHeaders } from './request-head.ts';

/** Bounds of one door; every one of them is refused by name when it is crossed. */
export interface DoorLimits {
  /** Bytes of one WebSocket message: 1009 beyond. */
  readonly messageBytesMax: number;
  /** Bytes of one request's body: 413 beyond. */
  readonly bodyBytesMax: number;
  /** Bytes of one request's head: 431 beyond. */
  readonly headBytesMax: number;
  /** Fields in one request's head: 431 beyond. */
  readonly headersMax: number;
  /** For a whole head, and for a TLS handshake: 408 beyond, or nothing at all to one who said nothing. */
  readonly headTimeoutMs: number;
  /** For a body, after its head: 408 beyond. */
  readonly bodyTimeoutMs: number;
  /** Between two requests. */
  readonly keepAliveTimeoutMs: number;
}

/** Who hears what came through a door, from either reader. */
export interface Reception {
  readonly departures: Departures;
  requested(asker: Asker, head: RequestHead, body: Uint8Array): void;
  upgradeRequested(asker: Asker, head: RequestHead, subprotocols: readonly string[]): void;
  count(name: string, by: number): void;
}

export interface HttpOptions {
  readonly door: string;
  readonly deflate: boolean;
  readonly limits: DoorLimits;
}

/** Requests of one connection that wait for their answers; one more ends the connection. */
const UNANSWERED_MAX = 256;
const unanswered = Symbol('unanswered');

type HttpSocket = Socket & { [unanswered]?: number };

const noBody = new Uint8Array(0);

/** A server that is given its sockets by `emit('connection')`; it never listens itself. */
export function serveHttp(options: HttpOptions, reception: Reception): Server {
  const { limits } = options;
  const server = createServer({
    maxHeaderSize: limits.headBytesMax,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: limits.headTimeoutMs + limits.bodyTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, limits.headTimeoutMs >> 2)),
    insecureHTTPParser: false,
    // Other protocols are not spoken: a request that offers one is a request like any other.
    shouldUpgradeCallback: asksForWebSocket,
  });
  // One more than allowed, so that too many are seen and not silently left out.
  server.maxHeadersCount = limits.headersMax + 1;
  const requests = new HttpRequests(options, reception);
  server.on('request', (request, response) => requests.read(request, response));
  server.on('checkContinue', (request, response) => requests.readAfterContinue(request, response));
  server.on('upgrade', (request, socket, early) =>
    requests.upgrade(request, socket as Socket, early),
  );
  server.on('connect', (_request, socket) => requests.tunnel(socket as Socket));
  server.on('clientError', (error, socket) => requests.broken(error, socket as Socket));
  // The clock that its timeouts stand on starts when a server listens; this one is told that it does.
  server.emit('listening');
  return server;
}

class HttpRequests {
  readonly #options: HttpOptions;
  readonly #reception: Reception;

  constructor(options: HttpOptions, reception: Reception) {
    this.#options = options;
    this.#reception = reception;
  }

  read(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#mayEnter(request)) return;
    // [WS-SHAKE-1] A proxy that passes on Upgrade alone; node:http takes that for a plain request.
    if (request.method === 'GET' && asksForWebSocket(request)) {
      this.refuse(request.socket, 400, 'Connection must name Upgrade.');
      return;
    }
    if (!hasBody(request)) {
      this.#deliver(request, response, noBody);
      return;
    }
    const { bodyBytesMax } = this.#options.limits;
    const body = new Gathered();
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= bodyBytesMax) body.add(chunk);
      else this.#refuseBody(request);
    });
    request.on('end', () => {
      if (size <= bodyBytesMax) this.#deliver(request, response, joined(body.take(), size));
    });
  }

  /** [WEB-HTTP-5] A body that would be refused is not asked for. */
  readAfterContinue(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#mayEnter(request)) return;
    response.writeContinue();
    this.read(request, response);
  }

  upgrade(request: IncomingMessage, socket: Socket, early: Buffer): void {
    const { method = '', httpVersion, url: target = '', rawHeaders } = request;
    if (!this.#claim(socket) || !this.#isHeadFit(rawHeaders, socket)) return;
    if (early.byteLength > 0) socket.unshift(early);
    const head = { method, httpVersion, target, headers: readHeaders(rawHeaders) };
    receiveHandshake(head, socket, this.#options, this.#reception);
  }

  tunnel(socket: Socket): void {
    this.refuse(socket, 405, 'This is no proxy.');
  }

  /** What node:http could not read, or not in time. */
  broken(error: NodeJS.ErrnoException, socket: Socket): void {
    const { code = '' } = error;
    // A stream that was taken from the parser in the middle of a next request is not to be answered.
    if (code === 'ECONNRESET' || !socket.writable || isHeld(socket)) socket.destroy();
    else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      this.#reception.count('web.http.timeouts', 1);
      this.refuse(socket, 408, 'The request did not come in time.');
    } else if (code === 'HPE_HEADER_OVERFLOW') this.refuse(socket, 431, 'The head is too long.');
    else if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
      this.refuse(socket, 413, 'The body is too long.');
    else this.refuse(socket, 400, 'This is not HTTP.');
  }

  /** Answers for the edge itself and ends the connection; what is still coming is read to nowhere. */
  refuse(socket: Socket, status: number, sentence: string): void {
    if (!this.#claim(socket)) return;
    this.#reception.count('web.http.refused', 1);
    socket.write(encodeRefusal(status, sentence));
    takeFromHttp(socket, this.#reception.departures);
    this.#reception.departures.seeOff(socket);
  }

  /** True when all whole requests are answered, so that the edge may speak; otherwise the connection ends. */
  #claim(socket: HttpSocket): boolean {
    if (socket.destroyed) return false;
    if ((socket[unanswered] ?? 0) === 0) return true;
    this.#drop(socket);
    return false;
  }

  /** Ends a connection for which there is no word: it would be taken for the answer to an earlier request. */
  #drop(socket: Socket): void {
    this.#reception.count('web.http.refused', 1);
    socket.destroy();
  }

  #mayEnter(request: IncomingMessage): boolean {
    const { socket, headers, rawHeaders } = request;
    // The connection was refused while this request was already being read.
    if (!socket.writable || !this.#isHeadFit(rawHeaders, socket)) return false;
    const { 'content-length': length = '0' } = headers;
    if (Number(length) <= this.#options.limits.bodyBytesMax) return true;
    this.#refuseBody(request);
    return false;
  }

  /** [WEB-HTTP-3] Two Hosts are two meanings; a head with more fields than counted was not read whole. */
  #isHeadFit(rawHeaders: readonly string[], socket: Socket): boolean {
    if (rawHeaders.length > this.#options.limits.headersMax * 2) {
      this.refuse(socket, 431, 'The head has too many fields.');
      return false;
    }
    let hosts = 0;
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if ((rawHeaders[at] as string).toLowerCase() === 'host') hosts += 1;
    }
    if (hosts < 2) return true;
    this.refuse(socket, 400, 'There must be one Host.');
    return false;
  }

  #refuseBody({ socket }: IncomingMessage): void {
    const { bodyBytesMax } = this.#options.limits;
    if (socket.writable)
      this.refuse(socket, 413, `The body is too long: at most ${bodyBytesMax} bytes.`);
  }

  #deliver(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
    const { method = '', url = '', rawHeaders } = request;
    const socket: HttpSocket = request.socket;
    const waiting = (socket[unanswered] ?? 0) + 1;
    if (waiting > UNANSWERED_MAX) {
      this.#drop(socket);
      return;
    }
    socket[unanswered] = waiting;
    response.on('close', answered);
    const deliver = (): void => {
      const head = headOf(this.#options.door, socket, method, url, readHeaders(rawHeaders));
      this.#reception.requested({ type: 'managed', response }, head, body);
    };
    // A pipelined request waits until those before it are answered.
    if (response.socket === null) response.once('socket', deliver);
    else deliver();
  }
}

/** The response left, or its connection did. */
function answered(this: ServerResponse): void {
  const socket: HttpSocket = this.req.socket;
  socket[unanswered] = (socket[unanswered] ?? 1) - 1;
}

function asksForWebSocket({ headers }: IncomingMessage): boolean {
  const { upgrade = '' } = headers;
  const isAsked = upgrade
    .split(',')
    .some((protocol) => protocol.trim().toLowerCase() === 'websocket');
  return (
    isAsked && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
  );
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
