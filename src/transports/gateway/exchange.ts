// One request of a client and its one answer: what was sent of the body waits here until somebody wants it, and what
// is answered is framed here. After the answer it holds nothing.
// Refuses to know routes, holds and origins. RFC 9110 §6.4, §10.1.1; RFC 9112 §6.

import { joined } from '../../actors/codecs/joined.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type { ConnectionId } from '../../actors/runtime/edges.ts';
import type { ExchangeEvent } from '../../actors/runtime/gateway-edges.ts';
import { type AnswerHead, encodeHead, isBodiless, lengthIn } from './answer-head.ts';
import type { BodySink } from '../origins/body-sink.ts';
import { Gathered } from '../origins/gathered.ts';
import type { Client } from './client.ts';
import { RelayedAnswer } from './relayed-answer.ts';
import type { HttpHead } from './request-head.ts';
import { writeJoined } from './written.ts';

export interface ExchangeHost {
  readonly isDraining: boolean;
  deliver<M>(to: Address<M>, message: M): void;
  count(name: string, by: number): void;
}

/** Takes the client's body as it comes. */
export interface BodyTaker {
  /** False: nothing more until `goOn`. The bytes are a view of what was read. */
  bodyReceived(bytes: Uint8Array): boolean;
  bodyEnded(): void;
  /** The client left before its body was whole, or broke the rules. */
  bodyBroke(): void;
}

/** Of a body that nobody has taken yet. */
const WAITING_BYTES_MAX = 64 * 1_024;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

export class Exchange {
  readonly id: ConnectionId;
  readonly client: Client;
  readonly head: HttpHead;
  readonly isRepeated: boolean;
  owner: Address<ExchangeEvent> | undefined = undefined;
  /** Its number to the owner. */
  heardAs: ConnectionId;
  readonly #host: ExchangeHost;
  readonly #waiting = new Gathered();
  #hasBodyEnded: boolean;
  #isContinued: boolean;
  #wantedBytes: number | undefined = undefined;
  #taker: BodyTaker | undefined = undefined;
  /** Who waits until so much of the body is here. */
  #gathering: { readonly bytes: number; readonly tell: () => void } | undefined = undefined;
  #relay: BodySink | undefined = undefined;
  /** Something of an answer was written. */
  #hasBegun = false;
  #isOver = false;

  constructor(
    id: ConnectionId,
    client: Client,
    head: HttpHead,
    isRepeated: boolean,
    host: ExchangeHost,
  ) {
    this.id = id;
    this.heardAs = id;
    this.client = client;
    this.head = head;
    this.isRepeated = isRepeated;
    this.#host = host;
    this.#hasBodyEnded = head.bodyBytes === 0;
    this.#isContinued = !head.expectsContinue;
  }

  get hasBodyEnded(): boolean {
    return this.#hasBodyEnded;
  }

  /** Bytes of the body that are here and nobody has taken. */
  get waitingBytes(): number {
    return this.#waiting.byteLength;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  bodyReceived(bytes: Buffer): void {
    this.#isContinued = true;
    if (this.#taker !== undefined) {
      if (!this.#taker.bodyReceived(bytes)) this.client.holdBack(true);
      return;
    }
    this.#waiting.add(bytes);
    this.#tellBody();
    this.#tellGathered();
    if (this.waitingBytes > Math.max(WAITING_BYTES_MAX, this.#wantedBytes ?? 0))
      this.client.holdBack(true);
  }

  bodyEnded(): void {
    this.#hasBodyEnded = true;
    this.#taker?.bodyEnded();
    this.#tellBody();
    this.#tellGathered();
  }

  /** Tells the owner the beginning of the body, when so much is here or all of it. */
  readBody(bytesMax: number): void {
    this.#wantedBytes = bytesMax;
    this.#wantBody();
    this.#tellBody();
    if (this.#wantedBytes !== undefined && this.waitingBytes <= bytesMax)
      this.client.holdBack(false);
  }

  /** Calls back when so much of the body is here, or all of it; never for a client that goes before. */
  gatherBody(bytes: number, tell: () => void): void {
    this.#wantBody();
    this.#gathering = { bytes, tell };
    this.#tellGathered();
  }

  /** Gives the taker what was not read yet of the body, now and as it comes. */
  pourBody(taker: BodyTaker): void {
    this.#wantBody();
    this.#taker = taker;
    let hasRoom = true;
    for (const bytes of this.#waiting.take()) hasRoom = taker.bodyReceived(bytes);
    if (this.#hasBodyEnded) taker.bodyEnded();
    else this.client.holdBack(!hasRoom);
  }

  /** The taker has room again. */
  goOn(): void {
    this.client.holdBack(false);
  }

  /** Answers wholly; only the first answer counts. */
  answer(head: AnswerHead, body: Uint8Array, isLast: boolean): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const isBare = isBodiless(this.head.method, head.status);
    const isKept = !isLast && this.mayBeKept();
    const length = this.#lengthOf(head, body);
    const line = length === undefined ? '' : `Content-Length: ${length}\r\n`;
    const text = this.encode(head, line, isKept);
    writeJoined(this.client, isBare ? [text] : [text, body]);
    this.finish(isKept);
  }

  /** Begins an answer that an origin's body follows; with `goOn` it is held after that. */
  relay(
    head: AnswerHead,
    goOn: ((isKept: boolean) => void) | undefined,
  ): RelayedAnswer | undefined {
    if (this.#hasBegun) return undefined;
    this.#hasBegun = true;
    const relay = new RelayedAnswer(this, head, goOn);
    this.#relay = relay;
    return relay;
  }

  /** Claims the answer for a stream or a WebSocket. */
  begin(): boolean {
    if (this.#hasBegun) return false;
    this.#hasBegun = true;
    return true;
  }

  /** [GRIP-CLIENT-1] [GRIP-CLIENT-2] The connection can take another request after this one. */
  mayBeKept(): boolean {
    const { isKept, asksForWebSocket } = this.head;
    return isKept && !asksForWebSocket && this.#hasBodyEnded && !this.#host.isDraining;
  }

  encode(head: AnswerHead, line: string, isKept: boolean): string {
    // [GRIP-CLIENT-2] Each version is answered in its own.
    const version = this.head.isHttp11 ? 'HTTP/1.1' : 'HTTP/1.0';
    return encodeHead(head, { version, line, connection: this.#connectionLine(isKept) }, (count) =>
      this.#host.count('gateway.headers.dropped', count),
    );
  }

  finish(isKept: boolean): void {
    this.#leave();
    this.client.finished(this, isKept);
  }

  /** Ends it without an answer, or in the middle of one: the client sees its connection break. */
  cut(): void {
    this.client.socket.destroy();
  }

  /** [GRIP-PROXY-12] The socket is gone, or is not to be answered any more. */
  clientLeft(): void {
    if (this.#isOver) return;
    this.#leave();
    if (!this.#hasBodyEnded) this.#taker?.bodyBroke();
    this.#relay?.left();
    if (this.owner !== undefined)
      this.#host.deliver(this.owner, { type: 'clientGone', connection: this.heardAs });
  }

  /** Takes the bare socket; what the client said behind its request comes with it. */
  takeSocket(): Buffer {
    this.#leave();
    return this.client.release(this);
  }

  #connectionLine(isKept: boolean): string {
    if (isKept === this.head.isHttp11) return '';
    return isKept ? 'Connection: keep-alive\r\n' : 'Connection: close\r\n';
  }

  #lengthOf({ status, headers }: AnswerHead, body: Uint8Array): number | undefined {
    // [GRIP-PROXY-7]
    if (isBodiless('GET', status)) return undefined;
    // The answer to HEAD says how long its body would be.
    const isOfHead = this.head.method === 'HEAD' && body.byteLength === 0;
    return isOfHead ? lengthIn(headers) : body.byteLength;
  }

  #tellGathered(): void {
    const gathering = this.#gathering;
    if (gathering === undefined) return;
    if (!this.#hasBodyEnded && this.waitingBytes < gathering.bytes) return;
    this.#gathering = undefined;
    gathering.tell();
  }

  #leave(): void {
    this.#isOver = true;
    this.#gathering = undefined;
    this.#waiting.take();
  }

  #wantBody(): void {
    if (this.#isContinued || this.#hasBegun) return;
    this.#isContinued = true;
    this.client.write(CONTINUE);
  }

  #tellBody(): void {
    const wanted = this.#wantedBytes;
    if (wanted === undefined || this.owner === undefined) return;
    if (!this.#hasBodyEnded && this.waitingBytes < Math.max(1, wanted)) return;
    this.#wantedBytes = undefined;
    const { byteLength } = this.#waiting;
    const isWhole = this.#hasBodyEnded && byteLength <= wanted;
    const all = joined(this.#waiting.take(), byteLength);
    const body = all.subarray(0, wanted);
    if (byteLength > wanted) this.#waiting.add(all.slice(wanted));
    this.#host.deliver(this.owner, { type: 'bodyRead', connection: this.heardAs, body, isWhole });
  }
}
