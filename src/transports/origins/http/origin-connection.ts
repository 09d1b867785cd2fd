// One connection to an origin, used for one request at a time and kept between them. Whatever comes while nobody has
// asked ends it: it could be taken for the answer to somebody else.
// Refuses to know who asks and why. RFC 9112 §9; spec/grip.md, section "Origins".

import type { Socket } from 'node:net';
import { hold, type Holder, listenTo } from '../../sockets/held-socket.ts';
import { hearOut } from './hear-out.ts';
import { KEPT_MS, type ResponseHead } from './response-head.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';

/** Whoever has asked something on a connection. */
export interface ConnectionUser extends ResponseSink {
  /** There is room again for what is sent. */
  drained(): void;
  /** It ended before the answer was whole; `isStale` when it was an old one, and may never have been asked. */
  broke(isStale: boolean): void;
}

export interface ConnectionHost {
  /** Nobody uses it, and it may be used for so long. */
  freed(connection: OriginConnection, keptMs: number): void;
  closed(connection: OriginConnection): void;
}

export class OriginConnection implements Holder, ResponseSink {
  readonly socket: Socket;
  /** Since when nobody uses it, and until when it may be used again, by the pool's clock. */
  freeSince = 0;
  freeUntil = 0;
  readonly #host: ConnectionHost;
  readonly #reader = new ResponseReader();
  #user: ConnectionUser | undefined = undefined;
  #answers = 0;
  #isSent = false;
  #isHeardOut = false;
  #keptMs = KEPT_MS;

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.#host = host;
    hold(socket, this);
    listenTo(socket);
  }

  /** Hands it to somebody, who writes a whole request and hears one answer. */
  lend(user: ConnectionUser, method: string): void {
    this.#user = user;
    this.#isSent = false;
    this.#reader.expect(method);
  }

  /** False when the socket is full. */
  write(bytes: Uint8Array | string): boolean {
    return typeof bytes === 'string'
      ? this.socket.write(bytes, 'latin1')
      : this.socket.write(bytes);
  }

  awaitDrain(): void {
    this.socket.once('drain', () => this.#user?.drained());
  }

  /** What follows may be long, and the origin may refuse it before it is whole. */
  hearOut(): void {
    if (this.#isHeardOut) return;
    this.#isHeardOut = true;
    hearOut(this.socket);
  }

  /** The whole request was written. */
  sent(): void {
    this.#isSent = true;
  }

  /** Nobody asks anything after all. */
  giveBack(): void {
    this.#user = undefined;
    this.#reader.rest();
    this.#host.freed(this, this.#keptMs);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** The user has lost interest in the answer, and nobody else could read it. */
  destroy(): void {
    this.#user = undefined;
    this.socket.destroy();
  }

  /** The bytes are the next read's as well: what has to stay is copied. */
  socketReceived(chunk: Buffer): void {
    if (this.#reader.read(chunk, this)) return;
    const user = this.#user;
    this.destroy();
    user?.broke(false);
  }

  socketClosed(socket: Socket): void {
    this.#host.closed(this);
    const user = this.#user;
    this.#user = undefined;
    if (user === undefined) return;
    const isWhole = this.#reader.endsWithConnection && socket.readableEnded;
    if (isWhole) user.ended();
    else user.broke(this.#answers > 0 && !this.#reader.isInAnswer);
  }

  answered(head: ResponseHead): void {
    this.#keptMs = head.keptMs;
    this.#user?.answered(head);
  }

  bodyReceived(bytes: Uint8Array): void {
    this.#user?.bodyReceived(bytes);
  }

  ended(): void {
    const user = this.#user;
    this.#user = undefined;
    this.#answers += 1;
    // An origin that has answered before it heard everything hears no more.
    if (this.#isSent && this.#keptMs > 0 && !this.socket.destroyed) {
      this.socket.resume();
      this.#host.freed(this, this.#keptMs);
    } else this.socket.destroy();
    user?.ended();
  }
}
