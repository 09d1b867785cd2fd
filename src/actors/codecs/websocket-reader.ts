// Bytes cut anywhere to WebSocket messages, for both roles (RFC 6455 §5 to §8).
// Refuses to know sockets, time, JSON and deflate: a compressed message leaves as it came, marked as such,
// and the session that inflates it bounds the result and checks it with `isUtf8`.
// Answers nothing itself: what to send back, and when to close, is the session's business.
// Spec: WS-FRAME-1 to WS-FRAME-10.

import { continueUtf8, utf8Between, utf8Broken } from './utf8.ts';
import type { Utf8State } from './utf8.ts';
import { isCloseCode, maskOf, turnMask, unmask } from './websocket-frames.ts';
import type { FailureCode, FrameRules, FrameSink } from './websocket-frames.ts';

const noBytes = new Uint8Array(0);
const controlBytesMax = 125;
const headBytesMax = 14;
const firstGrowthBytes = 1_024;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one connection's frames. Between frames it holds a handful of numbers and no buffer.
 *
 * The chunk is unmasked in place, and a payload that lay whole in it is a view of it: whoever reuses the chunk
 * copies first what it keeps. What must wait for the next chunk is always copied here.
 */
export class FrameReader {
  private readonly rules: FrameRules;
  private ended = false;
  private inPayload = false;
  private first = 0;
  private length = 0;
  private received = 0;
  private mask = 0;
  private headFilled = 0;
  private head: Uint8Array | undefined = undefined;
  private control: Uint8Array | undefined = undefined;
  private message: Assembly | undefined = undefined;

  constructor(rules: FrameRules) {
    this.rules = rules;
  }

  /** Reads what came and reports to the sink, in order. After a failure, a close or `stop` it does nothing. */
  read(chunk: Uint8Array, sink: FrameSink): void {
    let at = 0;
    while (at < chunk.length && !this.ended) {
      if (!this.inPayload) at = this.readHead(chunk, at, sink);
      // Also at the end of the chunk: a frame without payload is whole with its head.
      if (this.inPayload) at = this.readPayload(chunk, at, sink);
    }
  }

  /** Lets go of everything; later bytes, also those left in the chunk being read, are ignored. */
  stop(): void {
    this.ended = true;
    this.inPayload = false;
    this.head = undefined;
    this.control = undefined;
    this.message = undefined;
  }

  /** Bytes of memory held for what is incomplete; 0 between messages. */
  heldBytes(): number {
    return (
      (this.head?.length ?? 0) + (this.control?.length ?? 0) + (this.message?.bytes.length ?? 0)
    );
  }

  private readHead(chunk: Uint8Array, from: number, sink: FrameSink): number {
    const available = chunk.length - from;
    let at = from;
    let { head } = this;
    if (head === undefined) {
      if (available >= 2) {
        const size = headBytes(chunk[at + 1] as number);
        if (available >= size) {
          this.openFrame(chunk, at, sink);
          return at + size;
        }
      }
      head = new Uint8Array(headBytesMax);
      this.head = head;
      this.headFilled = 0;
    }
    while (at < chunk.length) {
      head[this.headFilled] = chunk[at] as number;
      this.headFilled += 1;
      at += 1;
      if (this.headFilled === 2 && !this.mayStart(head[0] as number, head[1] as number, sink))
        return at;
      if (this.headFilled >= 2 && this.headFilled === headBytes(head[1] as number)) {
        this.head = undefined;
        this.openFrame(head, 0, sink);
        return at;
      }
    }
    return at;
  }

  /** Checks the two bytes that every frame begins with. */
  private mayStart(first: number, second: number, sink: FrameSink): boolean {
    const opcode = first & 0x0f;
    const rsv = first & 0x70;
    // [WS-FRAME-3] RSV1 marks a compressed message: on its first frame only, and only where deflate was negotiated.
    if (rsv !== 0 && (rsv !== 0x40 || !this.rules.deflate || (opcode !== 1 && opcode !== 2))) {
      return this.fail(1002, 'reserved bit set', sink);
    }
    // [WS-FRAME-2]
    if (second >= 0x80 !== (this.rules.role === 'server')) {
      return this.fail(
        1002,
        second >= 0x80 ? 'masked frame from a server' : 'unmasked frame from a client',
        sink,
      );
    }
    if (opcode >= 8) {
      if (opcode > 10) return this.fail(1002, 'reserved opcode', sink);
      // [WS-FRAME-5]
      if (first < 0x80) return this.fail(1002, 'fragmented control frame', sink);
      if ((second & 0x7f) > controlBytesMax)
        return this.fail(1002, 'control frame longer than 125 bytes', sink);
      return true;
    }
    if (opcode > 2) return this.fail(1002, 'reserved opcode', sink);
    // [WS-FRAME-6]
    if (opcode === 0 && this.message === undefined)
      return this.fail(1002, 'continuation of nothing', sink);
    if (opcode !== 0 && this.message !== undefined)
      return this.fail(1002, 'new message inside a fragmented one', sink);
    return true;
  }

  /** Takes a whole head and checks what it announces before any of it is received. */
  private openFrame(source: Uint8Array, at: number, sink: FrameSink): void {
    const first = source[at] as number;
    const second = source[at + 1] as number;
    if (!this.mayStart(first, second, sink)) return;
    let length = second & 0x7f;
    let next = at + 2;
    if (length === 126) {
      length = ((source[next] as number) << 8) | (source[next + 1] as number);
      next += 2;
      if (length < 126) return void this.fail(1002, 'length not in its shortest form', sink);
    } else if (length === 127) {
      // Exact up to 2^53 and never too small beyond: a set high bit is far above every limit.
      length = 0;
      for (const last = next + 8; next < last; next += 1)
        length = length * 256 + (source[next] as number);
      if (length < 65_536) return void this.fail(1002, 'length not in its shortest form', sink);
    }
    const { message } = this;
    if ((first & 0x0f) < 8) {
      // [WS-FRAME-7] exactly messageBytesMax is still allowed
      if (length + (message === undefined ? 0 : message.filled) > this.rules.messageBytesMax) {
        return void this.fail(
          1009,
          `message exceeds limit of ${this.rules.messageBytesMax} bytes`,
          sink,
        );
      }
      // [WS-FRAME-10] the byte limit alone would let empty fragments come for ever
      if (message !== undefined) {
        message.fragments += 1;
        if (message.fragments > this.rules.fragmentsMax) {
          return void this.fail(
            1008,
            `message exceeds limit of ${this.rules.fragmentsMax} fragments`,
            sink,
          );
        }
      }
    }
    this.first = first;
    this.length = length;
    this.received = 0;
    this.mask = second >= 0x80 ? maskOf(source, next) : 0;
    this.inPayload = true;
  }

  private readPayload(chunk: Uint8Array, at: number, sink: FrameSink): number {
    const take = Math.min(this.length - this.received, chunk.length - at);
    const end = at + take;
    const opcode = this.first & 0x0f;
    if (opcode >= 8) {
      this.readControl(opcode, chunk, at, end, sink);
    } else if (take === this.length && this.first >= 0x80 && this.message === undefined) {
      const high = unmask(chunk, at, end, this.mask);
      this.inPayload = false;
      const compressed = (this.first & 0x40) !== 0;
      // [WS-FRAME-8]
      if (
        high &&
        opcode === 1 &&
        !compressed &&
        continueUtf8(utf8Between, chunk, at, end) !== utf8Between
      ) {
        this.fail(1007, 'text is not UTF-8', sink);
      } else {
        sink.frameReceived({
          type: 'message',
          opcode: opcode === 1 ? 'text' : 'binary',
          payload: chunk.subarray(at, end),
          compressed,
        });
      }
    } else {
      this.readPart(chunk, at, end, sink);
    }
    return end;
  }

  /** Adds part of a data frame to the message it belongs to. */
  private readPart(chunk: Uint8Array, at: number, end: number, sink: FrameSink): void {
    const last = this.first >= 0x80;
    const message = (this.message ??= new Assembly(this.first));
    const rest = this.length - this.received;
    message.append(
      chunk,
      at,
      end,
      turnMask(this.mask, this.received),
      last ? message.filled + rest : this.rules.messageBytesMax,
    );
    this.received += end - at;
    const whole = this.received === this.length;
    // [WS-FRAME-8] told as soon as the broken byte is here, not at the end of the message
    if (message.utf8 === utf8Broken || (whole && last && message.utf8 !== utf8Between)) {
      this.fail(1007, 'text is not UTF-8', sink);
    } else if (whole) {
      this.inPayload = false;
      if (!last) return;
      this.message = undefined;
      sink.frameReceived({
        type: 'message',
        opcode: message.opcode,
        payload: message.exact(),
        compressed: message.compressed,
      });
    }
  }

  /** [WS-FRAME-4] A control frame never touches the message it may stand in the middle of. */
  private readControl(
    opcode: number,
    chunk: Uint8Array,
    at: number,
    end: number,
    sink: FrameSink,
  ): void {
    let payload: Uint8Array;
    if (end - at === this.length && this.control === undefined) {
      payload = chunk.subarray(at, end);
    } else {
      payload = this.control ??= new Uint8Array(this.length);
      payload.set(chunk.subarray(at, end), this.received);
      this.received += end - at;
      if (this.received < this.length) return;
      this.control = undefined;
    }
    unmask(payload, 0, payload.length, this.mask);
    this.inPayload = false;
    if (opcode === 9) sink.frameReceived({ type: 'ping', payload });
    else if (opcode === 10) sink.frameReceived({ type: 'pong', payload });
    else this.readClose(payload, sink);
  }

  /** [WS-FRAME-9] A close without a body reads as 1005, as RFC 6455 §7.1.5 names it. */
  private readClose(body: Uint8Array, sink: FrameSink): void {
    if (body.length === 1) return void this.fail(1002, 'close body of one byte', sink);
    const code = body.length === 0 ? 1005 : ((body[0] as number) << 8) | (body[1] as number);
    if (body.length > 0 && !isCloseCode(code))
      return void this.fail(1002, 'invalid close code', sink);
    const text = body.subarray(2);
    if (continueUtf8(utf8Between, text, 0, text.length) !== utf8Between) {
      return void this.fail(1007, 'close reason is not UTF-8', sink);
    }
    this.stop();
    sink.frameReceived({ type: 'close', code, reason: decoder.decode(text) });
  }

  private fail(code: FailureCode, reason: string, sink: FrameSink): false {
    this.stop();
    sink.frameReceived({ type: 'failed', code, reason });
    return false;
  }
}

/** A message whose bytes have not all come. Room grows with what was received, not with what was announced. */
class Assembly {
  readonly opcode: 'text' | 'binary';
  readonly compressed: boolean;
  bytes: Uint8Array = noBytes;
  filled = 0;
  fragments = 1;
  utf8: Utf8State = utf8Between;

  constructor(first: number) {
    this.opcode = (first & 0x0f) === 1 ? 'text' : 'binary';
    this.compressed = (first & 0x40) !== 0;
  }

  append(chunk: Uint8Array, at: number, end: number, mask: number, roomMax: number): void {
    const from = this.filled;
    const to = from + end - at;
    if (to > this.bytes.length) {
      // Doubling keeps the copying linear; roomMax makes the last room exact.
      const grown = new Uint8Array(
        Math.min(roomMax, Math.max(to, this.bytes.length * 2, firstGrowthBytes)),
      );
      grown.set(this.bytes.subarray(0, from));
      this.bytes = grown;
    }
    this.bytes.set(chunk.subarray(at, end), from);
    this.filled = to;
    const high = unmask(this.bytes, from, to, mask);
    if (this.opcode === 'text' && !this.compressed && (high || this.utf8 !== utf8Between)) {
      this.utf8 = continueUtf8(this.utf8, this.bytes, from, to);
    }
  }

  /** The message alone in its buffer, so that keeping it keeps nothing else. */
  exact(): Uint8Array {
    return this.filled === this.bytes.length ? this.bytes : this.bytes.slice(0, this.filled);
  }
}

function headBytes(second: number): number {
  const size = second & 0x7f;
  return (size < 126 ? 2 : size === 126 ? 4 : 10) + (second >= 0x80 ? 4 : 0);
}
