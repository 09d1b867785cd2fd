// An answer whose body comes from an origin: framed for the client that asked, with the origin's length where it gave
// one, in chunks or up to the connection's end otherwise. A body that broke off never ends as if it were whole.
// Refuses to know the origin. RFC 9112 §6, §7.

import { type AnswerHead, isBodiless, lengthIn } from './answer-head.ts';
import type { BodySink, Pouring } from '../origins/body-sink.ts';
import type { Exchange } from './exchange.ts';
import { writeJoined } from './written.ts';

type Frame = 'none' | 'sized' | 'chunked' | 'raw';

export const LAST_CHUNK = '0\r\n\r\n';

export class RelayedAnswer implements BodySink {
  bytes = 0;
  isCut = false;
  pouring: Pouring | undefined = undefined;
  readonly #exchange: Exchange;
  readonly #goOn: ((isKept: boolean) => void) | undefined;
  #head: AnswerHead | undefined;
  #frame: Frame = 'none';
  #length = 0;
  #isKept = false;
  #isOver = false;

  /** With `goOn` the answer is held: told whether the connection is kept, when the body has ended as it should. */
  constructor(exchange: Exchange, head: AnswerHead, goOn: ((isKept: boolean) => void) | undefined) {
    this.#exchange = exchange;
    this.#head = head;
    this.#goOn = goOn;
  }

  write(pieces: readonly Uint8Array[], isLast: boolean): boolean {
    if (this.#isOver) return true;
    let size = 0;
    for (const piece of pieces) size += piece.byteLength;
    const out: (string | Uint8Array)[] = [];
    if (this.#head !== undefined) out.push(this.#begin(this.#head, isLast ? size : undefined));
    const frame = this.#frame;
    if (frame !== 'none') this.bytes += size;
    if (frame === 'sized' && (isLast ? this.bytes !== this.#length : this.bytes > this.#length)) {
      this.broke();
      return true;
    }
    if (frame === 'chunked' && size > 0) out.push(`${size.toString(16)}\r\n`, ...pieces, '\r\n');
    else if (frame !== 'none') out.push(...pieces);
    if (isLast && frame === 'chunked' && this.#goOn === undefined) out.push(LAST_CHUNK);
    const { client } = this.#exchange;
    const hasRoom = writeJoined(client, out);
    if (isLast) this.#end();
    else if (!hasRoom) client.socket.once('drain', () => this.pouring?.drained());
    return hasRoom;
  }

  broke(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isCut = true;
    this.#exchange.cut();
  }

  left(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isCut = true;
    this.pouring?.gone();
  }

  #begin(head: AnswerHead, wholeBytes: number | undefined): string {
    this.#head = undefined;
    const exchange = this.#exchange;
    const { method, isHttp11 } = exchange.head;
    const said = lengthIn(head.headers);
    let isKept = exchange.mayBeKept();
    let line = '';
    if (isBodiless(method, head.status)) {
      // [GRIP-PROXY-7]
      if (said !== undefined && head.status !== 204 && head.status !== 304)
        line = `Content-Length: ${said}\r\n`;
    } else {
      const length = this.#goOn !== undefined ? undefined : (said ?? wholeBytes);
      if (length !== undefined) {
        this.#frame = 'sized';
        this.#length = length;
        line = `Content-Length: ${length}\r\n`;
      } else if (isHttp11) {
        this.#frame = 'chunked';
        line = 'Transfer-Encoding: chunked\r\n';
      } else {
        this.#frame = 'raw';
        isKept = false;
      }
    }
    this.#isKept = isKept;
    return exchange.encode(head, line, isKept);
  }

  #end(): void {
    this.#isOver = true;
    // What is held goes on under the same head, which said what becomes of the connection.
    if (this.#goOn === undefined) this.#exchange.finish(this.#isKept);
    else this.#goOn(this.#isKept);
  }
}
