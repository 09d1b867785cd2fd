// Sums by name, for operators: found once for each addition, because some are made several times for each request.
// Refuses to know what is counted.

export class Counters {
  readonly #sums = new Map<string, { value: number }>();

  add(name: string, by: number): void {
    const sum = this.#sums.get(name);
    if (sum === undefined) this.#sums.set(name, { value: by });
    else sum.value += by;
  }

  /** Undefined for what was never counted. */
  get(name: string): number | undefined {
    return this.#sums.get(name)?.value;
  }

  has(name: string): boolean {
    return this.#sums.has(name);
  }

  /** In the order in which they were first counted. */
  *[Symbol.iterator](): Generator<readonly [name: string, value: number], undefined> {
    for (const [name, { value }] of this.#sums) yield [name, value];
    return undefined;
  }
}
