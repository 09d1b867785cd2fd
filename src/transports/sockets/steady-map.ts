// A map for what comes and goes with every request. V8 copies a map's table once half of it was deleted, and the old
// table keeps a pointer to the new one: a small, busy map leaves a chain of dead tables through which the nursery's
// collector believes everything that ever was in it to be alive. Some keys that stay make copies a hundred times rarer.
// Refuses to know what it holds.

const KEPT = 1_024;

export class SteadyMap<K, V> {
  readonly #map = new Map<K | symbol, V | undefined>();

  constructor() {
    for (let nth = 0; nth < KEPT; nth += 1) this.#map.set(Symbol(nth), undefined);
  }

  get size(): number {
    return this.#map.size - KEPT;
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

  delete(key: K): void {
    this.#map.delete(key);
  }

  *values(): IterableIterator<V> {
    for (const value of this.#map.values()) if (value !== undefined) yield value;
  }
}
