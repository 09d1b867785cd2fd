// Seeded randomness: one independent sfc32 stream for each (seed, label), integers only.
// Streams are split by label and never shared, so that removing one actor or fault perturbs no other.
// Refuses to know what the numbers are for. sfc32 and the mixing steps: Chris Doty-Humphrey's PractRand,
// Bob Jenkins' and Austin Appleby's public-domain mixers.

/** A stream of uniform unsigned 32-bit integers. */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, label: string) {
    this.#a = hashText(label, seed >>> 0);
    this.#b = hashText(label, (seed ^ 0x9e3779b9) >>> 0);
    this.#c = seed >>> 0;
    for (let i = 0; i < 12; i += 1) this.next();
  }

  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** Uniform integer in [0, bound); `bound` is 1 to 2^32. */
  below(bound: number): number {
    // Rejection keeps the draw exactly uniform; the multiplication stays below 2^53 in both halves.
    const limit = 0x100000000 - (0x100000000 % bound);
    let drawn = this.next();
    while (drawn >= limit) drawn = this.next();
    return drawn % bound;
  }

  /** Uniform integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in `parts` of `whole` draws. */
  chance(parts: number, whole: number): boolean {
    return this.below(whole) < parts;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('pick needs at least one item');
    return item;
  }
}

/** 32-bit hash of a text (MurmurHash3's mixing over its code units). */
export function hashText(text: string, seed: number): number {
  let hash = seed | 0;
  for (let i = 0; i < text.length; i += 1) hash = mix(hash, text.charCodeAt(i));
  return finish(hash ^ text.length);
}

/** Adds one 32-bit word to a running hash. */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const mixed = hash ^ Math.imul(k, 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads the last words over all bits; unsigned. */
export function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
