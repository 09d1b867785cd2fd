// The head that a connection brought last, and what it means: whoever asks or answers again and again says the same
// again, and what is the same need not be read again. Long heads are not kept, because idle connections are many; and of
// a connection that never says the same again hardly any is, because what is kept has to be carried along.
// Refuses to know what heads mean.

/** Of the text that is kept. */
const TEXT_LENGTH_MAX = 1_024;
/** After so many heads that were all different, only one of so many is kept. */
const PATIENCE = 4;
const KEPT_OF = 16;

export class LastHead<H extends object> {
  #text = '';
  #meaning: H | undefined = undefined;
  /** Heads in a row that were different from what was kept. */
  #differed = 0;

  /** What this text meant when it was read last; undefined when it has to be read. */
  meaningOf(text: string): H | undefined {
    if (text !== this.#text) return undefined;
    this.#differed = 0;
    return this.#meaning;
  }

  /** What was read, because nothing was known of it. */
  keep(text: string, meaning: H): void {
    this.#differed += 1;
    if (this.#differed > PATIENCE && this.#differed % KEPT_OF !== 0) return;
    if (text.length > TEXT_LENGTH_MAX) return;
    this.#text = text;
    this.#meaning = meaning;
  }

  forget(): void {
    this.#text = '';
    this.#meaning = undefined;
  }
}
