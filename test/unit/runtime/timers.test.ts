import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Timer, Timers } from '../../../src/actors/runtime/timers.ts';

function takeAll(timers: Timers<string>, now: number): string[] {
  const names: string[] = [];
  for (let timer = timers.takeDue(now); timer !== undefined; timer = timers.takeDue(now)) {
    names.push(timer.name);
  }
  return names;
}

describe('timers', () => {
  test('fall due in the order of their deadlines, equal ones in the order of arming', () => {
    const timers = new Timers<string>();
    for (const [name, dueAt] of [
      ['late', 30],
      ['first', 10],
      ['second', 10],
      ['middle', 20],
      ['third', 10],
    ] as const) {
      timers.arm('owner', name, dueAt);
    }
    expect(timers.nextAt).toBe(10);
    expect(takeAll(timers, 9)).toEqual([]);
    expect(takeAll(timers, 20)).toEqual(['first', 'second', 'third', 'middle']);
    expect([timers.size, timers.nextAt]).toEqual([1, 30]);
    expect(takeAll(timers, 30)).toEqual(['late']);
    expect(timers.nextAt).toBeUndefined();
  });

  test('that were cancelled do not fall due, and may be cancelled twice', () => {
    const timers = new Timers<string>();
    const kept = timers.arm('owner', 'kept', 5);
    const dropped = timers.arm('owner', 'dropped', 1);
    timers.cancel(dropped);
    timers.cancel(dropped);
    expect(takeAll(timers, 100)).toEqual(['kept']);
    timers.cancel(kept);
    expect(timers.size).toBe(0);
  });

  test('are what a sorted list would be, whatever is armed, cancelled and taken', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('arm' as const), in: fc.nat(20) }),
      fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(50) }),
      fc.record({ kind: fc.constant('wait' as const), for: fc.nat(8) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const timers = new Timers<string>();
        let model: Timer<string>[] = [];
        let now = 0;
        for (const [index, one] of steps.entries()) {
          if (one.kind === 'arm') model.push(timers.arm('owner', `${index}`, now + one.in));
          else if (one.kind === 'cancel') {
            const victim = model[one.which % (model.length || 1)];
            if (victim !== undefined) timers.cancel(victim);
            model = model.filter((timer) => timer !== victim);
          } else {
            now += one.for;
            const at = now;
            const due = model
              .filter((timer) => timer.dueAt <= at)
              .toSorted((a, b) => a.dueAt - b.dueAt || a.order - b.order);
            model = model.filter((timer) => timer.dueAt > at);
            expect(takeAll(timers, now)).toEqual(due.map((timer) => timer.name));
          }
          expect(timers.size).toBe(model.length);
          const earliest = model.length === 0 ? undefined : Math.min(...model.map((t) => t.dueAt));
          expect(timers.nextAt).toBe(earliest);
        }
      }),
    );
  });
});
