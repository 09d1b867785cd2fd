// Bytes of a client, cut anywhere, to heads of HTTP/1 requests and the pieces of their bodies. Strict where leniency
// lets two readers see two requests: what Pushpin would pass on ambiguously is a mistake here, and ends the connection.
// Refuses to know sockets, routes and answers. RFC 9112; spec/grip.md, section "Client connections".

import { LastHead } from '../doors/last-head.ts';
import { type HeadMistake, type HttpHead, readHead } from './request-head.ts';

export type ReaderEvent =
  /** `isRepeated`: the same object as the one before. */
  | { readonly type: 'head'; readonly head: HttpHead; readonly isRepeated: boolean }
  /** A view of what was read. */
  | { readonly type: 'body'; readonly bytes: Buffer }
  /** The body was whole; not said of requests that have none. */
  | { readonly type: 'end' }
  /** The reader's last word. */
  | { readonly type: 'mistake'; readonly mistake: HeadMistake };

export interface ReaderLimits {
  readonly headBytesMax: number;
  readonly headersMax: number;
}

type State = 'head' | 'sized' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer' | 'ended' | 'failed';

const CR = 0x0d;
const LF = 0x0a;
/** A chunk's size with its extensions; nobody sends more. */
const CHUNK_LINE_BYTES_MAX = 256;
const TRAILER_BYTES_MAX = 8_192;
/** Empty lines that some old clients put behind a body. */
const EMPTY_LINES_MAX = 4;
// Thirteen digits stay exact in a number.
const chunkLine = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const trailerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;
const noBytes = Buffer.alloc(0);
const end: ReaderEvent = { type: 'end' };

export class RequestReader {
  readonly #limits: ReaderLimits;
  readonly #last = new LastHead<HttpHead>();
  #bytes: Buffer = noBytes;
  #at = 0;
  /** Nothing ends before here: what was looked at is not looked at again. */
  #seen = 0;
  #state: State = 'head';
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0;
  #trailerBytes = 0;
  #emptyLines = 0;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /** Bytes that were pushed and not taken yet. */
  get waiting(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** Something of a next request is here, and not all of its head. */
  get isInHead(): boolean {
    return this.#state === 'head' && this.waiting > 0;
  }

  push(chunk: Buffer): void {
    if (this.waiting === 0) {
      this.#bytes = chunk;
      this.#seen = 0;
    } else {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
      this.#seen = Math.max(0, this.#seen - this.#at);
    }
    this.#at = 0;
  }

  /** What was pushed and not taken, for whoever reads on in another language. */
  takeRest(): Buffer {
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes = noBytes;
    this.#at = 0;
    return rest;
  }

  /** The next event that can be told; undefined when more bytes are needed. */
  next(): ReaderEvent | undefined {
    for (;;) {
      const state = this.#state;
      if (state === 'ended') {
        this.#state = 'head';
        return end;
      }
      if (this.waiting === 0) return undefined;
      switch (state) {
        case 'head':
          return this.#readHead();
        case 'sized':
        case 'chunk':
          return this.#readPiece();
        case 'chunkSize': {
          const line = this.#readLine(CHUNK_LINE_BYTES_MAX);
          if (typeof line !== 'string') return line;
          const size = chunkLine.exec(line)?.[1];
          if (size === undefined) return this.#fail('bad chunk size');
          this.#left = Number.parseInt(size, 16);
          this.#trailerBytes = 0;
          this.#state = this.#left === 0 ? 'trailer' : 'chunk';
          break;
        }
        case 'chunkEnd': {
          const line = this.#readLine(0);
          if (typeof line !== 'string') return line;
          this.#state = 'chunkSize';
          break;
        }
        case 'trailer': {
          const line = this.#readLine(TRAILER_BYTES_MAX - this.#trailerBytes);
          if (typeof line !== 'string') return line;
          this.#trailerBytes += line.length + 2;
          if (line !== '' && !trailerLine.test(line)) return this.#fail('bad trailer');
          if (line === '') this.#state = 'ended';
          break;
        }
        case 'failed':
          return undefined;
        default:
          return state satisfies never;
      }
    }
  }

  #readHead(): ReaderEvent | undefined {
    const bytes = this.#bytes;
    const { headBytesMax, headersMax } = this.#limits;
    while (bytes[this.#at] === CR && bytes[this.#at + 1] === LF) {
      if (this.#emptyLines === EMPTY_LINES_MAX) return this.#fail('empty lines');
      this.#emptyLines += 1;
      this.#at += 2;
    }
    const from = this.#at;
    const first = bytes[from];
    if (first === undefined || (first === CR && bytes.byteLength - from === 1)) return undefined;
    // No method begins so; whoever speaks TLS here need not wait until its time is up.
    if (first < 0x21 || first > 0x7e) return this.#fail('bad request line');
    const headEnd = bytes.indexOf('\r\n\r\n', Math.max(from, this.#seen), 'latin1');
    const size = (headEnd === -1 ? bytes.byteLength : headEnd + 4) - from;
    // [GRIP-CLIENT-5] [GRIP-LIMIT-3]
    if (size > headBytesMax) {
      const text = `Request header size exceeded limit of ${headBytesMax} bytes.\n`;
      return this.#failWith({ text, isSmuggling: false });
    }
    if (headEnd === -1) {
      if (hasBareLineFeed(bytes, Math.max(from, this.#seen))) return this.#fail('bare line feed');
      this.#seen = Math.max(from, bytes.byteLength - 3);
      return undefined;
    }
    const text = bytes.toString('latin1', from, headEnd);
    let head = this.#last.meaningOf(text);
    const isRepeated = head !== undefined;
    if (head === undefined) {
      const reading = readHead(text, headersMax);
      if (!reading.ok) return this.#failWith(reading.mistake);
      head = reading.head;
      this.#last.keep(text, head);
    }
    this.#at = headEnd + 4;
    this.#seen = 0;
    this.#emptyLines = 0;
    if (head.bodyBytes === undefined) this.#state = 'chunkSize';
    else if (head.bodyBytes > 0) {
      this.#state = 'sized';
      this.#left = head.bodyBytes;
    }
    return { type: 'head', head, isRepeated };
  }

  #readPiece(): ReaderEvent {
    const from = this.#at;
    const to = Math.min(this.#bytes.byteLength, from + this.#left);
    this.#at = to;
    this.#left -= to - from;
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunkEnd' : 'ended';
    return { type: 'body', bytes: this.#bytes.subarray(from, to) };
  }

  /** A line without its end, an event when there is a mistake, undefined when it is not whole yet. */
  #readLine(bytesMax: number): string | ReaderEvent | undefined {
    const bytes = this.#bytes;
    const from = this.#at;
    const feed = bytes.indexOf(LF, from);
    const size = (feed === -1 ? bytes.byteLength : feed - 1) - from;
    if (feed === -1) {
      // The carriage return may be the last byte that is here.
      if (size > bytesMax + 1 || (size === bytesMax + 1 && bytes[from + size - 1] !== CR))
        return this.#fail('bad chunk');
      return undefined;
    }
    if (feed === from || bytes[feed - 1] !== CR || size > bytesMax) return this.#fail('bad chunk');
    this.#at = feed + 1;
    return bytes.toString('latin1', from, feed - 1);
  }

  #fail(what: string): ReaderEvent {
    const isSmuggling = this.#state !== 'head' || what === 'bare line feed';
    return this.#failWith({ text: `Failed to parse request: ${what}.\n`, isSmuggling });
  }

  #failWith(mistake: HeadMistake): ReaderEvent {
    this.#state = 'failed';
    return { type: 'mistake', mistake };
  }
}

/** A line that ends in another way than lines do, from an offset on. */
export function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) return true;
  }
  return false;
}
