// Pieces of a body that wait: long ones as they came, short ones copied together, for each piece costs a hundred bytes
// beside its own, and whoever sends a body byte by byte would have it cost more than it weighs.
// Refuses to know whose body it is.

/** What is shorter is not kept by itself. */
const SHORT_BYTES = 1_024;
const BLOCK_BYTES = 4_096;

export class Gathered {
  #pieces: Uint8Array[] = [];
  #byteLength = 0;
  /** The memory that the last piece is the beginning of; undefined where it stays as it came. */
  #block: Uint8Array | undefined = undefined;

  get byteLength(): number {
    return this.#byteLength;
  }

  /** In their order. */
  get pieces(): readonly Uint8Array[] {
    return this.#pieces;
  }

  add(bytes: Uint8Array): void {
    const at = this.#pieces.length - 1;
    const last = this.#pieces[at];
    const size = bytes.byteLength;
    this.#byteLength += size;
    const block = size < SHORT_BYTES && last !== undefined ? this.#blockOf(last, size) : undefined;
    this.#block = block;
    if (block === undefined || last === undefined) this.#pieces.push(bytes);
    else {
      block.set(bytes, last.byteLength);
      this.#pieces[at] = block.subarray(0, last.byteLength + size);
    }
  }

  /** Lets go of all of it. */
  take(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#byteLength = 0;
    this.#block = undefined;
    return pieces;
  }

  /** Where so much more has room behind the last piece. */
  #blockOf(last: Uint8Array, size: number): Uint8Array | undefined {
    const block = this.#block;
    if (block !== undefined) return last.byteLength + size > BLOCK_BYTES ? undefined : block;
    if (last.byteLength >= SHORT_BYTES) return undefined;
    const fresh = new Uint8Array(BLOCK_BYTES);
    fresh.set(last);
    return fresh;
  }
}
