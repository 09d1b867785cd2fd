// Sums by name are what a map of numbers would hold, in the order in which they began.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Counters } from '../../../src/actors/runtime/memory/counters.ts';

test('they hold the sum of what was added to each name, and nothing of others', () => {
  const additions = fc.array(fc.tuple(fc.constantFrom('a', 'b', '__proto__'), fc.integer()));
  fc.assert(
    fc.property(additions, (added) => {
      const counters = new Counters();
      const plain = new Map<string, number>();
      for (const [name, by] of added) {
        counters.add(name, by);
        plain.set(name, (plain.get(name) ?? 0) + by);
      }
      expect([...counters]).toEqual([...plain]);
      expect(counters.get('a')).toBe(plain.get('a'));
      expect(counters.has('b')).toBe(plain.has('b'));
    }),
  );
});
