import { array, assert, boolean, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { AgingMap } from '../../../src/actors/runtime/memory/aging-map.ts';
import { cpuMsOf } from '../../support/cpu.ts';

test('what ages is what a map of the language would hold, whatever comes and goes', () => {
  const step = record({ isAdded: boolean(), key: nat(9), value: nat() });
  assert(
    property(array(step, { maxLength: 300 }), (steps) => {
      const aging = new AgingMap<number, number>();
      const map = new Map<number, number>();
      for (const { isAdded, key, value } of steps) {
        const [oldest] = map.keys();
        if (isAdded) {
          aging.add(key, value);
          if (!map.has(key)) map.set(key, value);
        } else {
          expect(aging.forgetOldest()).toBe(oldest);
          if (oldest !== undefined) map.delete(oldest);
        }
        const [eldest] = map.values();
        expect(aging.oldest).toBe(eldest);
        expect(aging.size).toBe(map.size);
        expect([aging.has(key), aging.get(key)]).toEqual([map.has(key), map.get(key)]);
      }
    }),
  );
});

test('forgetting the oldest costs the same however many have gone before', () => {
  const aging = new AgingMap<number, number>();
  let key = 0;
  for (; key < 300_000; key += 1) aging.add(key, key);
  const cpuMs = cpuMsOf(() => {
    for (; key < 320_000; key += 1) {
      aging.forgetOldest();
      aging.add(key, key);
    }
  });
  // A Map of the language takes three seconds.
  expect(cpuMs).toBeLessThan(1_000);
});
