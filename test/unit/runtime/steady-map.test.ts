// A steady map is a map: the same answers as the platform's, whatever comes and goes.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { SteadyMap } from '../../../src/actors/runtime/memory/steady-map.ts';

test('it holds what a map holds, in the same order, also after thousands have gone', () => {
  const step = fc.record({ key: fc.nat(20), isSet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.constantFrom(0, 2_000), (steps, churn) => {
      const steady = new SteadyMap<number, { readonly nth: number }>();
      const plain = new Map<number, { readonly nth: number }>();
      for (let nth = 0; nth < churn; nth += 1) {
        steady.set(-1, { nth });
        expect(steady.delete(-1)).toBe(true);
      }
      for (const [nth, { key, isSet }] of steps.entries()) {
        const value = { nth };
        if (isSet) {
          steady.set(key, value);
          plain.set(key, value);
        } else expect(steady.delete(key)).toBe(plain.delete(key));
        expect(steady.get(key)).toBe(plain.get(key));
        expect(steady.has(key)).toBe(plain.has(key));
      }
      expect(steady.size).toBe(plain.size);
      expect([...steady.values()]).toEqual([...plain.values()]);
    }),
  );
});
