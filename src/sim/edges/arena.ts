// Memory for the bytes of a run, in pieces of larger blocks: an array with memory of its own costs a microsecond and
// the collector's time, a piece of a block a tenth of that. No piece is given out twice, so whoever keeps one keeps
// its bytes. Refuses to know what is written there; production, where one small message could keep a whole block
// alive, has no such thing.

const BLOCK_BYTES = 65_536;
/** The platform keeps arrays up to this size where objects are. */
const SMALL_BYTES_MAX = 64;
/** Larger ones would leave too much of a block unused. */
const PIECE_BYTES_MAX = 16_384;
/** A code unit of a text takes at most so many bytes of UTF-8. */
const UNIT_BYTES_MAX = 3;
/** Beyond this many units the platform writes a text faster than a loop. */
const LONG_MIN = 128;
const encoder = new TextEncoder();

export class Arena {
  #block = new Uint8Array(0);
  #used = 0;

  /** So many bytes, all zero. */
  readonly take = (bytes: number): Uint8Array => {
    if (bytes <= SMALL_BYTES_MAX || bytes > PIECE_BYTES_MAX) return new Uint8Array(bytes);
    return this.#piece(this.#reserve(bytes), bytes);
  };

  copy(bytes: Uint8Array): Uint8Array {
    const copy = this.take(bytes.length);
    copy.set(bytes);
    return copy;
  }

  joined(parts: readonly Uint8Array[]): Uint8Array {
    let length = 0;
    for (const part of parts) length += part.length;
    const whole = this.take(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  /** A text in UTF-8. */
  text(text: string): Uint8Array {
    const { length } = text;
    if (length > LONG_MIN) return this.#longText(text);
    const at = this.#reserve(length * UNIT_BYTES_MAX);
    const block = this.#block;
    let all = 0;
    for (let i = 0; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      block[at + i] = unit;
      all |= unit;
    }
    // Nearly all texts are plain ASCII, and are there already.
    const bytes = all < 0x80 ? length : encoder.encodeInto(text, block.subarray(at)).written;
    return this.#piece(at, bytes);
  }

  #longText(text: string): Uint8Array {
    const { length } = text;
    // Most are plain ASCII, too. One that takes more bytes than it has units is not read to its end.
    for (const bytes of [length, length * UNIT_BYTES_MAX]) {
      if (bytes > PIECE_BYTES_MAX) break;
      const at = this.#reserve(bytes);
      const { read, written } = encoder.encodeInto(text, this.#block.subarray(at, at + bytes));
      if (read === length) return this.#piece(at, written);
      this.#block.fill(0, at, at + written);
    }
    return encoder.encode(text);
  }

  /** Makes sure that so many bytes of the block are left; returns where they begin. */
  #reserve(bytes: number): number {
    if (this.#used + bytes > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    return this.#used;
  }

  #piece(at: number, bytes: number): Uint8Array {
    // The next piece begins where a word does.
    this.#used = (at + bytes + 7) & ~7;
    return this.#block.subarray(at, at + bytes);
  }
}
