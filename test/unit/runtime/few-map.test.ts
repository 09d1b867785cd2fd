import { array, assert, constantFrom, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { FewMap } from '../../../src/actors/runtime/memory/few-map.ts';

test('a map of few tells what a map would, whatever comes and goes', () => {
  const step = record({
    what: constantFrom('set', 'set', 'delete', 'delete', 'clear'),
    key: nat(3),
  });
  assert(
    property(array(step, { maxLength: 40 }), (steps) => {
      const few = new FewMap<number, { readonly at: number }>();
      const map = new Map<number, { readonly at: number }>();
      for (const [at, { what, key }] of steps.entries()) {
        if (what === 'set') {
          few.set(key, { at });
          map.set(key, { at });
        } else if (what === 'clear') {
          few.clear();
          map.clear();
        } else expect(few.delete(key)).toBe(map.delete(key));
        expect(few.size).toBe(map.size);
        expect([...few.keys()]).toEqual([...map.keys()]);
        expect([...few.values()]).toEqual([...map.values()]);
        for (let one = 0; one <= 3; one += 1) {
          expect(few.has(one)).toBe(map.has(one));
          expect(few.get(one)).toEqual(map.get(one));
        }
      }
    }),
  );
});
