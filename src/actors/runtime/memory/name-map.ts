// A map for hundreds of thousands of names that others tell. V8 makes each key of its own Map the only string of its
// text in the whole heap, and that costs more than all else that is done with a session when it becomes known.
// Keeps the order of coming. Refuses to know what it holds, and what names mean.

import { hashText } from '../prng.ts';

const SIZE_MIN = 8;
/** Slots for each entry: with half of them empty a name is found in a step or two. */
const SPARE = 2;
const EMPTY = 0;

export class NameMap<V extends object> {
  readonly #seed: number;
  /** In the order of their coming; undefined where one has gone. */
  #names: (string | undefined)[] = [];
  #values: (V | undefined)[] = [];
  #hashes = new Int32Array(SIZE_MIN);
  /** Places of entries, each counted from one, at or behind the slot that its hash says. */
  #slots = new Int32Array(SIZE_MIN * SPARE);
  #size = 0;

  /** Whoever may choose names does not know the seed: he could choose some that stand in each other's way. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  get(name: string): V | undefined {
    const place = this.#placeOf(name, this.#hash(name));
    return place === NOWHERE ? undefined : this.#values[place];
  }

  /** Returns what it takes the place of. */
  put(name: string, value: V): V | undefined {
    const hash = this.#hash(name);
    const known = this.#placeOf(name, hash);
    if (known !== NOWHERE) {
      const former = this.#values[known];
      this.#values[known] = value;
      return former;
    }
    if (this.#names.length === this.#hashes.length) this.#makeRoom();
    const place = this.#names.push(name) - 1;
    this.#values.push(value);
    this.#hashes[place] = hash;
    this.#enter(place);
    this.#size += 1;
    return undefined;
  }

  delete(name: string): boolean {
    const place = this.#placeOf(name, this.#hash(name));
    if (place === NOWHERE) return false;
    // Its slot stays taken, so that those behind it are found.
    this.#names[place] = undefined;
    this.#values[place] = undefined;
    this.#size -= 1;
    return true;
  }

  /** As they are now. */
  values(): readonly V[] {
    return this.#values.filter((value) => value !== undefined);
  }

  copy(): NameMap<V> {
    const copy = new NameMap<V>(this.#seed);
    copy.#names = [...this.#names];
    copy.#values = [...this.#values];
    copy.#hashes = this.#hashes.slice();
    copy.#slots = this.#slots.slice();
    copy.#size = this.#size;
    return copy;
  }

  #hash(name: string): number {
    return hashText(name, this.#seed) | 0;
  }

  #placeOf(name: string, hash: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const last = slots.length - 1;
    for (let slot = hash & last; ; slot = (slot + 1) & last) {
      const entry = slots[slot] as number;
      if (entry === EMPTY) return NOWHERE;
      if (hashes[entry - 1] === hash && this.#names[entry - 1] === name) return entry - 1;
    }
  }

  #enter(place: number): void {
    const slots = this.#slots;
    const last = slots.length - 1;
    let slot = (this.#hashes[place] as number) & last;
    while (slots[slot] !== EMPTY) slot = (slot + 1) & last;
    slots[slot] = place + 1;
  }

  /** Lets go of those that have gone, and doubles where few have. */
  #makeRoom(): void {
    const before = this.#hashes;
    const isFull = this.#size * SPARE > before.length;
    this.#hashes = new Int32Array(isFull ? before.length * 2 : before.length);
    this.#slots = new Int32Array(this.#hashes.length * SPARE);
    let kept = 0;
    for (let place = 0; place < before.length; place += 1) {
      if (this.#names[place] === undefined) continue;
      this.#names[kept] = this.#names[place];
      this.#values[kept] = this.#values[place];
      this.#hashes[kept] = before[place] as number;
      this.#enter(kept);
      kept += 1;
    }
    this.#names.length = kept;
    this.#values.length = kept;
  }
}

const NOWHERE = -1;
