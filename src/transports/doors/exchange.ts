// A request that was passed to the actors and waits for their word: an answer, a stream or an opened WebSocket.
// Knows the three places where a request may have come from; after the word it holds nothing.
// Refuses to know what was asked. Obeys ADR 0009.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionId } from '../../actors/runtime/edges.ts';
import { encodeAnswer } from './answer.ts';
import type { Headers } from './request-head.ts';
import type { Departures } from '../sockets/departures.ts';
import type { Kinds } from '../streams/connections.ts';
import { hold, type Holder, listenTo, takeFromHttp } from '../sockets/held-socket.ts';

/** A WebSocket handshake that was found in order. */
export interface Handshake {
  readonly key: string;
  /** The value of `Sec-WebSocket-Extensions`, when deflate was agreed on. */
  readonly extensions: string | undefined;
}

/**
 * Where the answer goes: to a bare socket of the front, into a response of node:http, or to a socket that asked for
 * an upgrade.
 */
export type Asker =
  | { readonly type: 'bare'; readonly socket: Socket }
  | { readonly type: 'managed'; readonly response: ServerResponse }
  | { readonly type: 'upgrade'; readonly socket: Socket; readonly handshake: Handshake };

export interface ExchangeHost {
  readonly departures: Departures;
  /** Answers end their connections, because the node is going. */
  readonly isDraining: boolean;
  /** The client went before it was answered. */
  abandoned(exchange: Exchange): void;
}

const exchangeOf = Symbol('exchangeOf');

type AskedResponse = ServerResponse & { [exchangeOf]?: Exchange | undefined };

export class Exchange implements Holder {
  readonly id: ConnectionId;
  readonly kinds: Kinds;
  readonly asker: Asker;
  readonly #host: ExchangeHost;

  constructor(id: ConnectionId, kinds: Kinds, asker: Asker, host: ExchangeHost) {
    this.id = id;
    this.kinds = kinds;
    this.asker = asker;
    this.#host = host;
    if (asker.type === 'managed') {
      const response: AskedResponse = asker.response;
      response[exchangeOf] = this;
      response.on('close', responseClosed);
    } else hold(asker.socket, this);
  }

  /** Answers with a whole response; throws when a header cannot be sent. */
  respond(status: number, headers: Headers, body: string): void {
    const { asker } = this;
    if (asker.type !== 'managed') {
      asker.socket.write(encodeAnswer(status, headers, body));
      this.#host.departures.seeOff(asker.socket);
      return;
    }
    const { response } = asker;
    if (this.#host.isDraining) response.shouldKeepAlive = false;
    const { 'transfer-encoding': _, ...rest } = headers;
    const hasBody = status !== 204 && status !== 304;
    response.writeHead(
      status,
      hasBody ? { ...rest, 'content-length': Buffer.byteLength(body) } : rest,
    );
    response.end(hasBody ? body : undefined);
  }

  /** Ends it in the middle of its answer. */
  cut(): void {
    const { asker } = this;
    const socket = asker.type === 'managed' ? asker.response.socket : asker.socket;
    socket?.destroy();
  }

  /** The socket alone, for a stream or a WebSocket; its next holder gets all that comes. */
  takeSocket(): Socket | undefined {
    const { asker } = this;
    if (asker.type === 'managed') {
      const response: AskedResponse = asker.response;
      response[exchangeOf] = undefined;
      if (response.socket === null) return undefined;
      takeFromHttp(response.socket, this);
      return response.socket;
    }
    if (asker.type === 'upgrade') listenTo(asker.socket);
    return asker.socket;
  }

  /** Nothing may come before the word; what a client of a stream says has no meaning. */
  socketReceived(): void {}

  socketClosed(): void {
    this.#host.abandoned(this);
  }
}

function responseClosed(this: AskedResponse): void {
  const exchange = this[exchangeOf];
  this[exchangeOf] = undefined;
  exchange?.socketClosed();
}
