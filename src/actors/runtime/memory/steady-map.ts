// A map for what comes and goes with every request. V8 copies a map's table once half of it was deleted, and the old
// table keeps a pointer to the new one: a small, busy map leaves a chain of dead tables through which the nursery's
// collector believes everything that ever was in it to be alive. Some keys that stay make copies a hundred times rarer.
// Refuses to know what it holds.

/** Keys that stay, once so many have gone; the same for all maps. */
const KEPT = 1_024;
const stays = Array.from({ length: KEPT }, (_, at) => Symbol(at));

export class SteadyMap<K, V extends object | string> {
  readonly #map = new Map<K | symbol, V | undefined>();
  #kept = 0;
  #gone = 0;

  get size(): number {
    return this.#map.size - this.#kept;
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    this.#map.set(key, value);
  }

  delete(key: K): boolean {
    if (!this.#map.delete(key)) return false;
    this.#gone += 1;
    if (this.#gone === KEPT) this.#steady();
    return true;
  }

  /** In the order of their coming. */
  *values(): Generator<V, undefined> {
    for (const value of this.#map.values()) if (value !== undefined) yield value;
    return undefined;
  }

  #steady(): void {
    for (const key of stays) this.#map.set(key, undefined);
    this.#kept = KEPT;
  }
}
