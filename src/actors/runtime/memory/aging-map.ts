// A map that forgets the oldest of what it holds, at the same cost however much that is: a Map of the language walks over
// the holes of all that has gone before it comes to its first.
// Refuses to know what it holds, and when it is old.

export class AgingMap<K, V> {
  readonly #values = new Map<K, V>();
  /** Oldest first, from `#first` on; the places before it are cut off now and then. */
  #keys: K[] = [];
  #first = 0;

  get size(): number {
    return this.#values.size;
  }

  has(key: K): boolean {
    return this.#values.has(key);
  }

  get(key: K): V | undefined {
    return this.#values.get(key);
  }

  /** Undefined where nothing is. */
  get oldest(): V | undefined {
    return this.#first < this.#keys.length
      ? this.#values.get(this.#keys[this.#first] as K)
      : undefined;
  }

  /** Puts it behind all others, unless the key is known. */
  add(key: K, value: V): void {
    if (this.#values.has(key)) return;
    this.#values.set(key, value);
    this.#keys.push(key);
  }

  /** Returns the key of what is forgotten. */
  forgetOldest(): K | undefined {
    if (this.#first === this.#keys.length) return undefined;
    const key = this.#keys[this.#first] as K;
    this.#values.delete(key);
    this.#first += 1;
    if (this.#first > this.#values.size + CUT_AFTER) {
      this.#keys = this.#keys.slice(this.#first);
      this.#first = 0;
    }
    return key;
  }
}

const CUT_AFTER = 64;
