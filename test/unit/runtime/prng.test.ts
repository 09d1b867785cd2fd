import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { finish, hashText, mix, Prng } from '../../../src/actors/runtime/prng.ts';

/** sfc32 once more, by its published definition and in arithmetic that cannot overflow. */
function sfc32(a: number, b: number, c: number, draws: number): number[] {
  const word = (value: bigint): bigint => value & 0xffffffffn;
  const state = { a: BigInt(a >>> 0), b: BigInt(b >>> 0), c: BigInt(c >>> 0), counter: 1n };
  const drawn: number[] = [];
  for (let i = 0; i < 12 + draws; i += 1) {
    const sum = word(state.a + state.b + state.counter);
    state.counter = word(state.counter + 1n);
    state.a = state.b ^ (state.b >> 9n);
    state.b = word(state.c + (state.c << 3n));
    state.c = word(word((state.c << 21n) | (state.c >> 11n)) + sum);
    if (i >= 12) drawn.push(Number(sum));
  }
  return drawn;
}

function draw(prng: Prng, count: number): number[] {
  return Array.from({ length: count }, () => prng.next());
}

describe('a stream of chance', () => {
  test('is sfc32, started from the seed and the label', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.string(), (seed, label) => {
        const a = hashText(label, seed);
        const b = hashText(label, (seed ^ 0x9e3779b9) >>> 0);
        expect(draw(new Prng(seed, label), 8)).toEqual(sfc32(a, b, seed, 8));
      }),
    );
  });

  test('has numbers that must never change: recorded seeds stand on them', () => {
    expect(draw(new Prng(42, 'golden'), 4)).toEqual(golden42);
    expect(draw(new Prng(0, ''), 4)).toEqual(golden0);
  });

  test('does not depend on what other streams of the seed have drawn', () => {
    const alone = draw(new Prng(7, 'alone'), 20);
    const other = new Prng(7, 'other');
    const prng = new Prng(7, 'alone');
    const between = Array.from({ length: 20 }, () => {
      draw(other, 3);
      return prng.next();
    });
    expect(between).toEqual(alone);
    expect(draw(new Prng(7, 'alonf'), 20)).not.toEqual(alone);
    expect(draw(new Prng(8, 'alone'), 20)).not.toEqual(alone);
  });

  test('draws below a bound, evenly, also where the bound does not divide 2^32', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const prng = new Prng(seed, 'below');
        for (let i = 0; i < 20; i += 1) {
          const drawn = prng.below(bound);
          expect(Number.isInteger(drawn) && drawn >= 0 && drawn < bound).toBe(true);
        }
      }),
    );
    const prng = new Prng(1, 'even');
    const hits = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i += 1) {
      const drawn = prng.below(6);
      hits[drawn] = (hits[drawn] ?? 0) + 1;
    }
    for (const count of hits) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    // Without rejection, the lower half of a bound of 3·2^30 would come twice as often as the rest.
    let low = 0;
    for (let i = 0; i < 30_000; i += 1) if (prng.below(3 * 2 ** 30) < 2 ** 30) low += 1;
    expect(Math.abs(low - 10_000)).toBeLessThan(400);
  });

  test('draws between two numbers, by odds, and from a list', () => {
    const prng = new Prng(3, 'words');
    const drawn = new Set(Array.from({ length: 200 }, () => prng.between(-1, 2)));
    expect(drawn).toEqual(new Set([-1, 0, 1, 2]));
    expect(prng.chance(0, 5)).toBe(false);
    expect(prng.chance(5, 5)).toBe(true);
    expect(['a', 'b']).toContain(prng.pick(['a', 'b']));
    expect(() => prng.pick([])).toThrow('at least one');
  });
});

describe('hashes', () => {
  test('are MurmurHash3 over words', () => {
    // The published 32-bit vectors, for four bytes (one word) each.
    const murmur = (word: number, seed: number): number => finish(mix(seed, word) ^ 4);
    expect(murmur(0, 0)).toBe(0x2362f9de);
    expect(murmur(0xffffffff, 0)).toBe(0x76293b50);
    expect(murmur(0x87654321, 0)).toBe(0xf55b516b);
    expect(murmur(0x87654321, 0x5082edee)).toBe(0x2362f9de);
  });

  test('tell texts apart that differ by one unit or by their length', () => {
    const texts = ['', '\0', '\0\0', 'a', 'b', 'ab', 'ba', 'broker/a', 'broker/b'];
    expect(new Set(texts.map((text) => hashText(text, 0))).size).toBe(texts.length);
  });
});

const golden42 = [359608660, 2207134023, 2603333349, 1245618889];
const golden0 = [2282343237, 3765906410, 2598209066, 956859519];
