// Lines out of bytes that are cut anywhere; what is not ended yet waits. Refuses to know what lines mean.

export class LineReader {
  #text = '';
  readonly #decoder = new TextDecoder();
  #lines: string[] = [];

  read(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes);
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    this.#lines.push(...lines);
  }

  /** The lines that have come to their ends since last asked. */
  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
