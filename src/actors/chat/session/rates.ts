// How fast a client may be: so many at once, and then so many a second.
// Refuses to know what is counted. Obeys spec/hp.md, section "Limits".

export class Rate {
  readonly #priceUs: number;
  readonly #toleranceUs: number;
  /** When all that was taken so far is earned. */
  #earnedAt = 0;

  constructor(perSecond: number, burst: number) {
    this.#priceUs = 1_000_000 / perSecond;
    this.#toleranceUs = (burst - 1) * this.#priceUs;
  }

  /** Takes one when it may be had; else the microseconds until it may. */
  take(now: number): number {
    const earnedAt = Math.max(this.#earnedAt, now);
    const early = earnedAt - now - this.#toleranceUs;
    // Half a price of tolerance, so that rounding never costs the last one of a burst.
    if (early > this.#priceUs / 2) return early;
    this.#earnedAt = earnedAt + this.#priceUs;
    return 0;
  }

  /** Takes so many, come what may; the microseconds until the next one may be had. */
  charge(count: number, now: number): number {
    this.#earnedAt = Math.max(this.#earnedAt, now) + count * this.#priceUs;
    return Math.max(0, this.#earnedAt - now - this.#toleranceUs);
  }
}
