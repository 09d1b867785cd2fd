// The heap of the simulator against the plainest thing that could be right: a sorted list.

import { describe, expect, test } from 'vitest';

import { Prng } from '../../src/actors/runtime/prng.ts';
import { Scheduler } from '../../src/sim/scheduler.ts';

describe('the scheduler', () => {
  test('gives events in the order of their instants, and equal ones in the order asked', () => {
    const chance = new Prng(7, 'scheduler');
    const scheduler = new Scheduler();
    const asked: { at: number; order: number }[] = [];
    const taken: { at: number; order: number }[] = [];
    const expected: { at: number; order: number }[] = [];
    for (let order = 0; order < 5_000; order += 1) {
      // Few instants and many events: ties are the rule.
      const at = scheduler.now + chance.below(50);
      scheduler.push(at, order & 7, order, order + 1);
      asked.push({ at, order });
      if (chance.chance(1, 3)) take();
    }
    while (asked.length > 0) take();
    expect(taken).toEqual(expected);
    expect(scheduler.pop()).toBe(false);
    expect(scheduler.taken).toBe(5_000);

    function take(): void {
      asked.sort((one, other) => one.at - other.at || one.order - other.order);
      const next = asked.shift();
      if (next !== undefined) expected.push(next);
      expect(scheduler.pop()).toBe(true);
      expect(scheduler.b).toBe(scheduler.a + 1);
      expect(scheduler.kind).toBe(scheduler.a & 7);
      taken.push({ at: scheduler.now, order: scheduler.a });
    }
  });
});
