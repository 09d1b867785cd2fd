// A map for what mostly has one entry, of which there are many: the first is kept here, and only a second one makes a
// table, which takes 150 bytes however little is in it. Keeps the order of coming.
// Refuses to know what it holds.

export class FewMap<K, V extends object> {
  #key: K | undefined = undefined;
  /** Undefined while there is none, or a table. */
  #value: V | undefined = undefined;
  #table: Map<K, V> | undefined = undefined;

  get size(): number {
    return this.#table?.size ?? (this.#value === undefined ? 0 : 1);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  get(key: K): V | undefined {
    if (this.#table !== undefined) return this.#table.get(key);
    return key === this.#key ? this.#value : undefined;
  }

  set(key: K, value: V): void {
    if (this.#value !== undefined && key !== this.#key) {
      this.#table = new Map([[this.#key as K, this.#value]]);
      this.#value = undefined;
    }
    if (this.#table !== undefined) {
      this.#table.set(key, value);
      return;
    }
    this.#key = key;
    this.#value = value;
  }

  delete(key: K): boolean {
    if (this.#table !== undefined) return this.#table.delete(key);
    if (!this.has(key)) return false;
    this.#value = undefined;
    return true;
  }

  clear(): void {
    this.#table = undefined;
    this.#value = undefined;
  }

  keys(): Iterable<K> {
    return this.#table?.keys() ?? (this.#value === undefined ? [] : [this.#key as K]);
  }

  values(): Iterable<V> {
    return this.#table?.values() ?? (this.#value === undefined ? [] : [this.#value]);
  }
}
