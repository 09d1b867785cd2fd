// A bounded queue of messages: a ring that grows to its bound and no further.
// Refuses to know what a message is, and what happens to the one that did not fit.

/** First in, first out, at most `max` messages. */
export class Mailbox<M> {
  readonly max: number;
  #ring: (M | undefined)[] = NOTHING;
  #head = 0;
  #size = 0;

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** False when the mailbox is full and the message was not taken. */
  push(message: M): boolean {
    if (this.#size >= this.max) return false;
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = message;
    this.#size += 1;
    return true;
  }

  shift(): M | undefined {
    if (this.#size === 0) return undefined;
    const message = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size -= 1;
    // An idle mailbox keeps little: ten thousand sleeping sessions must not hold the rings of their busiest moment.
    if (this.#size === 0 && this.#ring.length > Math.max(8, this.max >> 10)) this.#ring = NOTHING;
    if (this.#size === 0) this.#head = 0;
    return message;
  }

  clear(): void {
    this.#ring = NOTHING;
    this.#head = 0;
    this.#size = 0;
  }

  /** The ring's length stays a power of two, so that a mask replaces a division. */
  #grow(): void {
    // What is pushed onto gets room for sixteen more, and there is a mailbox for each client.
    const larger = new Array<M | undefined>(Math.max(4, this.#size * 2)).fill(undefined);
    for (let i = 0; i < this.#size; i += 1)
      larger[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
    this.#ring = larger;
    this.#head = 0;
  }
}

const NOTHING: undefined[] = [];
