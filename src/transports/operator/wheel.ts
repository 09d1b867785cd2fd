// Things that come due again and again, each a whole turn after it was put in: one slot for each second of a turn, so
// that a second's work is a slot's, however many things there are.
// Refuses to know the clock: it is turned.

export class Wheel<T> {
  readonly #slots: readonly Set<T>[];
  #at = 0;

  constructor(seconds: number) {
    this.#slots = Array.from({ length: Math.max(1, Math.floor(seconds)) }, () => new Set<T>());
  }

  /** Comes due with the last step of a whole turn. Gives the slot, which `remove` wants to know. */
  add(thing: T): number {
    this.#slots[this.#at]?.add(thing);
    return this.#at;
  }

  remove(thing: T, slot: number): void {
    this.#slots[slot]?.delete(thing);
  }

  /** One second has passed: what is due now stays in its slot. */
  turn(): ReadonlySet<T> {
    this.#at = (this.#at + 1) % this.#slots.length;
    return this.#slots[this.#at] ?? new Set();
  }
}
