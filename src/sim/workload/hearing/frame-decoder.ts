// A client's own reading of WebSocket frames, written from RFC 6455 and apart from the product's codec: an error
// that both shared would hide. Only what a server may send: unmasked frames, whole or fragmented.
// Refuses to know what the payloads mean.

import { Arena } from '../../edges/arena.ts';

export interface FrameListener {
  /** The text is `bytes` from `from` up to `to`. */
  textReceived(bytes: Uint8Array, from: number, to: number): void;
  pingReceived(payload: Uint8Array): void;
  closeReceived(code: number, reason: string): void;
  brokenFrame(what: string): void;
}

export class FrameDecoder {
  readonly #arena: Arena;
  #pending: Uint8Array | undefined = undefined;
  #fragments: Uint8Array[] | undefined = undefined;

  /** What came in parts is joined in memory of the arena. */
  constructor(arena = new Arena()) {
    this.#arena = arena;
  }

  decode(chunk: Uint8Array, listener: FrameListener): void {
    const bytes = this.#pending === undefined ? chunk : this.#arena.joined([this.#pending, chunk]);
    this.#pending = undefined;
    let at = 0;
    while (at < bytes.length) {
      const start = at + headSize(bytes, at);
      const end = start + payloadLength(bytes, at, start);
      // Not a number, or beyond: the frame is not here yet.
      if (!(end <= bytes.length)) {
        this.#pending = at === 0 ? bytes : bytes.subarray(at);
        return;
      }
      this.#frame(bytes[at] as number, bytes, start, end, listener);
      if ((bytes[at + 1] as number) >= 128) listener.brokenFrame('a server masks nothing');
      at = end;
    }
  }

  #frame(
    first: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    listener: FrameListener,
  ): void {
    // By far the most frames are one whole text.
    if (first === WHOLE_TEXT && this.#fragments === undefined) {
      listener.textReceived(bytes, start, end);
      return;
    }
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const payload = bytes.subarray(start, end);
    if ((first & 0x70) !== 0) listener.brokenFrame('reserved bits');
    if (opcode === 1 && this.#fragments === undefined) this.#fragments = [payload];
    else if (opcode === 0 && this.#fragments !== undefined) {
      this.#fragments.push(payload);
      if (!isFinal) return;
      const whole = this.#arena.joined(this.#fragments);
      this.#fragments = undefined;
      listener.textReceived(whole, 0, whole.length);
    } else if (opcode === 9 && isFinal) listener.pingReceived(payload);
    else if (opcode === 8 && isFinal) {
      const code =
        payload.length < 2 ? 1005 : (payload[0] as number) * 256 + (payload[1] as number);
      listener.closeReceived(code, decoder.decode(payload.subarray(2)));
    } else if (opcode !== 10) listener.brokenFrame(`opcode ${opcode} out of place`);
  }
}

/** NaN while the second byte is missing. */
function headSize(bytes: Uint8Array, at: number): number {
  if (at + 1 >= bytes.length) return Number.NaN;
  const second = bytes[at + 1] as number;
  const short = second % 128;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second >= 128 ? 4 : 0);
}

/** NaN while the head is incomplete. */
function payloadLength(bytes: Uint8Array, at: number, start: number): number {
  if (!(start <= bytes.length)) return Number.NaN;
  const short = (bytes[at + 1] as number) % 128;
  if (short < 126) return short;
  const width = short === 126 ? 2 : 8;
  let length = 0;
  for (let i = 0; i < width; i += 1) length = length * 256 + (bytes[at + 2 + i] as number);
  return length;
}

const WHOLE_TEXT = 0x81;
const decoder = new TextDecoder();
