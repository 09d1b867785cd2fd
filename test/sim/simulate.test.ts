// One run, judged: that it ends whatever happens, and that what it meets is known by name.

import { describe, expect, test } from 'vitest';

import { invariants } from '../../src/sim/invariants/all.ts';
import { marksOfBytes, registeredMarks } from '../../src/sim/marks.ts';
import { drawPlan } from '../../src/sim/plan.ts';
import { dialectNames, dialectOf } from '../../src/sim/search/dialects.ts';
import { simulate, TIMEOUT } from '../../src/sim/simulate.ts';

const small = { nodes: 1, clients: 8 };

describe('a run', () => {
  test.each(dialectNames)('of %s has whole microseconds only', (only) => {
    const { draw, judges } = dialectOf(only);
    const { trace } = simulate(
      draw({ seed: 1, lane: 'object', nodes: 3, clients: 8 }),
      undefined,
      judges,
    );
    expect(trace.length).toBeGreaterThan(100);
    expect(trace.filter(({ at }) => !Number.isInteger(at))).toEqual([]);
  });

  test('that takes more events than it may is stopped, and has failed', () => {
    const plan = drawPlan({ seed: 2, lane: 'object', ...small });
    const whole = simulate(plan);
    const { violations, events, virtualUs } = simulate(plan, undefined, invariants, 1_000);
    expect(whole.violations).toEqual([]);
    expect(violations).toMatchObject([{ property: TIMEOUT, at: virtualUs }]);
    expect(events).toBeGreaterThan(1_000);
    expect(events).toBeLessThan(whole.events);
  });

  test.each(['byte', 'object'] as const)(
    'meets only marks that are registered (%s lane)',
    (lane) => {
      const known = new Set(registeredMarks);
      const met = new Set<string>();
      for (let seed = 50; seed < 56; seed += 1) {
        const { marks } = simulate(drawPlan({ seed, lane, ...small }));
        for (const name of registeredMarks)
          expect(marks.has(name)).toBe(lane === 'byte' || !marksOfBytes.includes(name));
        for (const [name, times] of marks) if (times > 0) met.add(name);
      }
      expect(met.size).toBeGreaterThan(15);
      expect([...met].filter((name) => !known.has(name))).toEqual([]);
    },
  );
});
