// Bytes of an origin, cut anywhere, to the head of one HTTP/1 answer after the other and the pieces of their bodies.
// As strict as the reader of requests: what two readers could take for two different answers is a mistake.
// Refuses to know sockets and what was asked. RFC 9112 §4 to §7; spec/grip.md, section "Origins".

import { LastHead } from '../../doors/last-head.ts';
import { hasBareLineFeed } from '../../gateway/request-reader.ts';
import { readResponseHead, type ResponseHead } from './response-head.ts';

export interface ResponseSink {
  /** Not said of answers that come before the answer. */
  answered(head: ResponseHead): void;
  /** A copy. */
  bodyReceived(bytes: Uint8Array): void;
  /** The answer is whole. */
  ended(): void;
}

type State = 'idle' | 'head' | 'sized' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer' | 'failed';

const CR = 0x0d;
const LF = 0x0a;
const HEAD_BYTES_MAX = 65_536;
/** Answers before the answer; nobody sends more. */
const EARLY_HEADS_MAX = 64;
const CHUNK_LINE_BYTES_MAX = 256;
const TRAILER_BYTES_MAX = 8_192;
// Thirteen digits stay exact in a number.
const chunkLine = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const trailerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;
const noBytes = Buffer.alloc(0);

export class ResponseReader {
  #bytes: Buffer = noBytes;
  #at = 0;
  #state: State = 'idle';
  #method = '';
  readonly #last = new LastHead<ResponseHead>();
  #earlyHeads = 0;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0;
  #trailerBytes = 0;

  /** Something of the answer has come, and not all. */
  get isInAnswer(): boolean {
    const hasBegun = this.#earlyHeads > 0 || this.#bytes.byteLength > 0;
    return this.#state !== 'idle' && (this.#state !== 'head' || hasBegun);
  }

  /** The end of the connection is the end of the body. */
  get endsWithConnection(): boolean {
    return this.#state === 'sized' && this.#left === Infinity;
  }

  /** The answer to a request of this method comes next. */
  expect(method: string): void {
    this.#state = 'head';
    // The same head is not the same answer to HEAD and to GET.
    if (method !== this.#method) this.#last.forget();
    this.#method = method;
    this.#earlyHeads = 0;
  }

  /** No answer is to come after all. */
  rest(): void {
    this.#state = 'idle';
  }

  /** Tells what the bytes are, and keeps none of them; false when they are a mistake, or nobody has asked. */
  read(chunk: Buffer, sink: ResponseSink): boolean {
    this.#bytes = this.#bytes.byteLength === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (this.#at < this.#bytes.byteLength) {
      const isFound = this.#step(sink);
      if (isFound === undefined) {
        this.#bytes = Buffer.from(this.#bytes.subarray(this.#at));
        this.#at = 0;
        return true;
      }
      if (!isFound) {
        this.#state = 'failed';
        return false;
      }
    }
    this.#bytes = noBytes;
    this.#at = 0;
    return true;
  }

  /** One step; undefined when more bytes are needed, false for a mistake. */
  #step(sink: ResponseSink): boolean | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(sink);
      case 'sized':
      case 'chunk':
        this.#readPiece(sink);
        return true;
      case 'chunkSize': {
        const line = this.#readLine(CHUNK_LINE_BYTES_MAX);
        if (typeof line !== 'string') return line;
        const size = chunkLine.exec(line)?.[1];
        if (size === undefined) return false;
        this.#left = Number.parseInt(size, 16);
        this.#trailerBytes = 0;
        this.#state = this.#left === 0 ? 'trailer' : 'chunk';
        return true;
      }
      case 'chunkEnd': {
        const line = this.#readLine(0);
        if (typeof line !== 'string') return line;
        this.#state = 'chunkSize';
        return true;
      }
      case 'trailer': {
        const line = this.#readLine(TRAILER_BYTES_MAX - this.#trailerBytes);
        if (typeof line !== 'string') return line;
        this.#trailerBytes += line.length + 2;
        if (line === '') this.#end(sink);
        else if (!trailerLine.test(line)) return false;
        return true;
      }
      case 'idle':
      case 'failed':
        return false;
      default:
        return this.#state satisfies never;
    }
  }

  #readHead(sink: ResponseSink): boolean | undefined {
    const bytes = this.#bytes;
    const from = this.#at;
    const headEnd = bytes.indexOf('\r\n\r\n', from, 'latin1');
    const size = (headEnd === -1 ? bytes.byteLength : headEnd) - from;
    if (size > HEAD_BYTES_MAX) return false;
    if (headEnd === -1) return mayBecomeHead(bytes, from) ? undefined : false;
    const text = bytes.toString('latin1', from, headEnd);
    let head = this.#last.meaningOf(text);
    if (head === undefined) {
      head = readResponseHead(text, this.#method);
      if (head === undefined) return false;
      this.#last.keep(text, head);
    }
    this.#at = headEnd + 4;
    if (head.status < 200) {
      this.#earlyHeads += 1;
      // [GRIP-PROXY-13] Nobody has asked for another protocol.
      return head.status !== 101 && this.#earlyHeads <= EARLY_HEADS_MAX;
    }
    if (head.bodyBytes === undefined) this.#state = 'chunkSize';
    else {
      this.#state = 'sized';
      this.#left = head.bodyBytes;
    }
    sink.answered(head);
    if (head.bodyBytes === 0) this.#end(sink);
    return true;
  }

  #readPiece(sink: ResponseSink): void {
    const from = this.#at;
    const to = Math.min(this.#bytes.byteLength, from + this.#left);
    this.#at = to;
    this.#left -= to - from;
    sink.bodyReceived(Buffer.from(this.#bytes.subarray(from, to)));
    if (this.#left > 0) return;
    if (this.#state === 'chunk') this.#state = 'chunkEnd';
    else this.#end(sink);
  }

  #end(sink: ResponseSink): void {
    this.#state = 'idle';
    // What stands behind an answer belongs to none.
    if (this.#at < this.#bytes.byteLength) this.#state = 'failed';
    sink.ended();
  }

  /** A line without its end; undefined when it is not whole yet, false when it cannot become one. */
  #readLine(bytesMax: number): string | false | undefined {
    const bytes = this.#bytes;
    const from = this.#at;
    const feed = bytes.indexOf(LF, from);
    if (feed === -1) return bytes.byteLength - from > bytesMax + 1 ? false : undefined;
    if (feed === from || bytes[feed - 1] !== CR || feed - 1 - from > bytesMax) return false;
    this.#at = feed + 1;
    return bytes.toString('latin1', from, feed - 1);
  }
}

const beginning = Buffer.from('HTTP/1.');

/** What speaks another language is not waited for, nor what ends its lines in another way. */
function mayBecomeHead(bytes: Buffer, from: number): boolean {
  const size = Math.min(beginning.byteLength, bytes.byteLength - from);
  return (
    beginning.compare(bytes, from, from + size, 0, size) === 0 && !hasBareLineFeed(bytes, from)
  );
}
