// What parts of a world want done later, by number, so that the scheduler keeps numbers alone.
// Refuses to know how time passes.

export class Laters {
  readonly #acts = new Map<number, () => void>();
  #count = 0;

  /** The number under which it is to be asked for. */
  keep(act: () => void): number {
    this.#count += 1;
    this.#acts.set(this.#count, act);
    return this.#count;
  }

  due(ref: number): void {
    const act = this.#acts.get(ref);
    this.#acts.delete(ref);
    act?.();
  }
}
