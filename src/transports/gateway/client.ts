// A client's connection between and during its requests: bytes come in, requests go to the actors one after the other,
// answers go out in the same order. What is pipelined waits, within bounds.
// Refuses to know what requests mean and where answers come from. RFC 9112 §9; spec/grip.md, "Client connections".

import type { Socket } from 'node:net';
import { remoteOf } from '../doors/request-head.ts';
import type { Deadline } from '../sockets/deadlines.ts';
import type { Departures } from '../sockets/departures.ts';
import { hold, type Holder, listenTo } from '../sockets/held-socket.ts';
import type { Intake } from '../sockets/intake.ts';
import { encodeRefusal } from './answer-head.ts';
import { isHandshake } from './client-handshake.ts';
import type { Exchange } from './exchange.ts';
import { type Idleness, type Idler, NOWHERE } from './idleness.ts';
import type { HeadMistake, HttpHead } from './request-head.ts';
import { type ReaderLimits, RequestReader } from './request-reader.ts';
import type { GatewayDoor } from './gateway-door.ts';

/** What clients of all doors share. */
export interface ClientHost {
  readonly departures: Departures;
  readonly intake: Intake;
  readonly idleness: Idleness;
  /** Heads that have begun and are not whole. */
  readonly heads: Deadline<Client>;
  readonly limits: ReaderLimits;
  /** Numbers it, and tells its door actor when the node has room. */
  began(client: Client, head: HttpHead, isRepeated: boolean): Exchange;
  ended(exchange: Exchange): void;
  left(client: Client): void;
  read(bytes: number): void;
  wrote(bytes: number): void;
  count(name: string, by: number): void;
}

/** Bytes of later requests that are read before the present one is answered. */
const PIPELINED_BYTES_MAX = 64 * 1_024;
const invalidHandshake =
  'Request contained an Upgrade header with value "websocket" but the request was not a valid WebSocket request.\n';

export class Client implements Holder, Idler {
  readonly socket: Socket;
  readonly door: GatewayDoor;
  readonly remote: string;
  readonly isSecure: boolean;
  activeAt = 0;
  idlePlace = NOWHERE;
  readonly #host: ClientHost;
  readonly #reader: RequestReader;
  #exchange: Exchange | undefined = undefined;
  #isReadingHead = false;
  #isHeld = false;
  #isOver = false;

  constructor(socket: Socket, door: GatewayDoor, host: ClientHost) {
    this.socket = socket;
    this.door = door;
    this.remote = remoteOf(socket);
    this.isSecure = 'encrypted' in socket;
    this.#host = host;
    this.#reader = new RequestReader(host.limits);
    hold(socket, this);
    host.idleness.add(this);
    listenTo(socket);
  }

  get exchange(): Exchange | undefined {
    return this.#exchange;
  }

  socketReceived(chunk: Buffer): void {
    const host = this.#host;
    this.activeAt = host.idleness.tick;
    host.read(chunk.byteLength);
    if (this.#isOver) return;
    this.#reader.push(chunk);
    this.#readOn();
    host.intake.took(this.socket, chunk.byteLength);
  }

  socketClosed(): void {
    this.#host.intake.forget(this.socket);
    this.#leave();
    this.#loseExchange();
  }

  idledOut(): void {
    this.#host.count('gateway.idle', 1);
    this.socket.destroy();
  }

  headTimedOut(): void {
    this.#refuse(408, 'Request timed out.\n');
  }

  /** Stops reading until told to go on: whoever takes what comes is full. */
  holdBack(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    this.#host.intake.hold(this.socket, isHeld);
    if (!isHeld) this.#readOn();
  }

  /** Writes for the exchange; false when the socket is full. */
  write(bytes: Uint8Array | string): boolean {
    this.activeAt = this.#host.idleness.tick;
    this.#host.wrote(bytes.length);
    return typeof bytes === 'string'
      ? this.socket.write(bytes, 'latin1')
      : this.socket.write(bytes);
  }

  /** The exchange is answered: the next request may come, or the connection ends. */
  finished(exchange: Exchange, isKept: boolean): void {
    if (this.#exchange !== exchange) return;
    this.#exchange = undefined;
    this.#host.ended(exchange);
    if (!isKept) {
      this.end();
      return;
    }
    this.holdBack(false);
    this.#readOn();
  }

  /** Ends the connection after what was written; a slow reader has its time. */
  end(): void {
    this.#isOver = true;
    const { socket } = this;
    this.#heads(false);
    socket.end();
    // What is still coming is read to nowhere, or the peer's own end would not be seen.
    this.holdBack(false);
    if (socket.writableFinished || socket.destroyed) this.#depart();
    else socket.once('finish', () => this.#depart());
  }

  /** Leaves the bare socket to whoever holds it next; returns what was read of what comes after the request. */
  release(exchange: Exchange): Buffer {
    this.#exchange = undefined;
    this.#host.ended(exchange);
    this.#leave();
    this.#isHeld = false;
    this.#host.intake.hold(this.socket, false);
    return this.#reader.takeRest();
  }

  closeIfIdle(): void {
    if (this.#exchange === undefined && !this.#reader.isInHead) this.end();
  }

  #readOn(): void {
    while (!this.#isOver) {
      const exchange = this.#exchange;
      if (exchange?.hasBodyEnded === true) {
        if (this.#reader.waiting > PIPELINED_BYTES_MAX) this.holdBack(true);
        return;
      }
      // A body is not taken apart faster than it is taken away.
      if (this.#isHeld) return;
      const event = this.#reader.next();
      if (event === undefined) break;
      switch (event.type) {
        case 'head':
          this.#begin(event.head, event.isRepeated);
          break;
        case 'body':
          exchange?.bodyReceived(event.bytes);
          break;
        case 'end':
          exchange?.bodyEnded();
          break;
        case 'mistake':
          this.#mistaken(event.mistake);
          return;
        default:
          event satisfies never;
      }
    }
    this.#heads(!this.#isOver && this.#exchange === undefined && this.#reader.isInHead);
  }

  #begin(head: HttpHead, isRepeated: boolean): void {
    if (head.method === 'CONNECT') this.#refuse(405, 'CONNECT is not supported.\n');
    else if (head.asksForWebSocket && !isHandshake(head)) this.#refuse(400, invalidHandshake);
    else this.#exchange = this.#host.began(this, head, isRepeated);
  }

  /** [GRIP-SMUG-1] */
  #mistaken({ text, isSmuggling }: HeadMistake): void {
    if (isSmuggling) this.#host.count('gateway.smuggling.refused', 1);
    const hasBegun = this.#exchange?.hasBegun === true;
    this.#loseExchange();
    // Half an answer cannot be taken back.
    if (hasBegun) this.socket.destroy();
    else this.#refuse(400, text);
  }

  #loseExchange(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    this.#host.ended(exchange);
    exchange.clientLeft();
  }

  #refuse(status: number, text: string): void {
    this.#host.count('gateway.requests.refused', 1);
    this.write(encodeRefusal(status, text));
    this.end();
  }

  #heads(isReading: boolean): void {
    if (this.#isReadingHead === isReading) return;
    this.#isReadingHead = isReading;
    if (isReading) this.#host.heads.add(this);
    else this.#host.heads.delete(this);
  }

  #depart(): void {
    this.#leave();
    this.#host.departures.seeOff(this.socket);
  }

  #leave(): void {
    this.#isOver = true;
    this.#heads(false);
    this.#host.idleness.delete(this);
    this.#host.left(this);
  }
}
