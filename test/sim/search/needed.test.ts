// Delta debugging on lists of numbers: what is needed is found, whatever it is, in few questions.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { needed } from '../../../src/sim/search/shrinking/needed.ts';

const numbers = Array.from({ length: 24 }, (_, index) => index);

/** Asks until nothing but the wanted is left. */
function search(wanted: readonly number[], from: readonly number[], blockMin = 1) {
  let questions = 0;
  const found = needed(from, blockMin, (part) => {
    questions += 1;
    return wanted.every((number) => part.includes(number));
  });
  return { found, questions };
}

describe('what is needed of a list', () => {
  test('is found exactly, in its order, where each item matters by itself', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 23 })), (wanted) => {
        expect(search(wanted, numbers).found).toEqual(wanted.toSorted((one, two) => one - two));
      }),
    );
  });

  test('is found in fewer questions than there are items, when it is little', () => {
    expect(search([], numbers).questions).toBe(1);
    for (const number of numbers) expect(search([number], numbers).questions).toBeLessThan(16);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { maxLength: 3 }), (wanted) => {
        expect(search(wanted, numbers).questions).toBeLessThan(40);
      }),
    );
  });

  test('holds blocks together that are smaller than was asked for', () => {
    const { found } = search([5], numbers, 4);
    expect(found).toContain(5);
    expect(found.length).toBeLessThan(8);
  });

  test('is all of it, when nothing can be spared', () => {
    expect(needed(numbers, 1, () => false)).toEqual(numbers);
    expect(needed([], 1, () => false)).toEqual([]);
  });

  test('may be what is left when one of two must stay', () => {
    const part = needed([1, 2, 3, 4], 1, (some) => some.includes(1) || some.includes(4));
    expect([[1], [4]]).toContainEqual(part);
  });
});
