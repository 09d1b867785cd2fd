// How fast-check draws from the house's own streams: an arbitrary, a seed and a stable label give one value, on every
// machine. Fast-check's runner, its clock and its bias are not used, only what it says about values.
// Refuses to know what is drawn.

import { type Arbitrary, integer, oneof, Random, record } from 'fast-check';

import { Prng } from '../../actors/runtime/prng.ts';

/** The one value of an arbitrary for a seed and a label; another label is another stream. */
export function drawn<T>(arbitrary: Arbitrary<T>, seed: number, label: string): T {
  return arbitrary.generate(new Random(new Stream(seed, label)), undefined).value;
}

/** A record with the prototype that records have. */
export function plainRecord<T extends object>(fields: {
  readonly [K in keyof T]: Arbitrary<T[K]>;
}): Arbitrary<T> {
  const plain: Arbitrary<unknown> = record(fields, { noNullPrototype: true });
  return plain as Arbitrary<T>;
}

/** True in `parts` of `whole` draws; becomes false where it can. */
export function chance(parts: number, whole: number): Arbitrary<boolean> {
  return integer({ min: 0, max: whole - 1 }).map(
    (value) => value >= whole - parts,
    (value) => (value === true ? whole - 1 : 0),
  );
}

/** `min` to `max` steps, as multiples of the step; becomes the least. */
export function stepped(min: number, max: number, step: number): Arbitrary<number> {
  return integer({ min, max }).map(
    (value) => value * step,
    (value) => Math.round((value as number) / step),
  );
}

/** Whole milliseconds, in microseconds; become the least. */
export function milliseconds(min: number, max: number): Arbitrary<number> {
  return stepped(min, max, 1_000);
}

/** One or the other, so many times out of the sum. */
export function mixed<T>(
  ...parts: readonly (readonly [weight: number, arbitrary: Arbitrary<T>])[]
): Arbitrary<T> {
  const weighted = parts.map(([weight, arbitrary]) => ({ weight, arbitrary }));
  // Depth would change the weights.
  return oneof({ depthSize: 'max' }, ...weighted);
}

/** A stream in the words of fast-check, which wants signed numbers. */
class Stream {
  readonly #prng: Prng;

  constructor(seed: number, label: string) {
    this.#prng = new Prng(seed, label);
  }

  next(): number {
    return this.#prng.next() | 0;
  }

  /** Each stream has one reader, so the clone that `Random` asks for may be the stream. */
  clone(): Stream {
    return this;
  }

  getState(): readonly number[] {
    return [];
  }
}
