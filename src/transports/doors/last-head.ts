// The head that a connection brought last, and what it means: whoever asks or answers again and again says the same
// again, and what is the same need not be read again. Long heads are not kept, because idle connections are many.
// Refuses to know what heads mean.

/** Of the text that is kept. */
const TEXT_LENGTH_MAX = 1_024;

export class LastHead<H extends object> {
  #text = '';
  #meaning: H | undefined = undefined;

  /** What this text meant when it was read last; undefined when it has to be read. */
  meaningOf(text: string): H | undefined {
    return text === this.#text ? this.#meaning : undefined;
  }

  keep(text: string, meaning: H): void {
    if (text.length > TEXT_LENGTH_MAX) return;
    this.#text = text;
    this.#meaning = meaning;
  }

  forget(): void {
    this.#text = '';
    this.#meaning = undefined;
  }
}
