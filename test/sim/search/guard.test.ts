// The wall around a run: each thing that a run may not touch is touched by one, and caught, also where the run itself
// forgives; and when the run is over, everything is as it was.

import { describe, expect, test } from 'vitest';

import { drawPlan } from '../../../src/sim/plan.ts';
import { guarded, WorldTouchedError } from '../../../src/sim/search/guard.ts';
import { simulate } from '../../../src/sim/simulate.ts';

function caught(run: () => unknown): unknown {
  try {
    guarded(run);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a run that touches', () => {
  test.each<[string, () => unknown]>([
    ['Date.now', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Date()', () => Date()],
    ['Math.random', () => Math.random()],
    ['performance', () => performance.now()],
    ['process.hrtime', () => process.hrtime()],
    ['process.hrtime', () => process.hrtime.bigint()],
    ['process.uptime', () => process.uptime()],
    ['process.nextTick', () => process.nextTick(() => {})],
    ['setTimeout', () => setTimeout(() => {}, 0)],
    ['setInterval', () => setInterval(() => {}, 1_000)],
    ['setImmediate', () => setImmediate(() => {})],
    ['queueMicrotask', () => queueMicrotask(() => {})],
    ['crypto', () => crypto.randomUUID()],
    ['fetch', () => fetch('http://127.0.0.1/')],
    ['WeakRef', () => new WeakRef({})],
    ['FinalizationRegistry', () => new FinalizationRegistry(() => {})],
    ['a promise', () => Promise.resolve(1)],
    ['a promise', () => void (async () => {})()],
  ])('%s is caught: %s', (what, touch) => {
    const error = caught(() => touch());
    expect(error).toBeInstanceOf(WorldTouchedError);
    expect(String(error)).toContain(`${what} was touched inside a run`);
    expect((error as WorldTouchedError).place).toContain('guard.test.ts');
  });

  test('performance.now by a name of its own is caught', () => {
    const clock = performance;
    expect(String(caught(() => clock.now()))).toContain('performance.now');
  });

  test('the clock and forgives itself is caught all the same', () => {
    const error = caught(() => {
      try {
        return Date.now();
      } catch {
        return 0;
      }
    });
    expect(error).toBeInstanceOf(WorldTouchedError);
  });

  test('the clock and then fails for another reason is caught for the clock', () => {
    const error = caught(() => {
      try {
        Date.now();
      } finally {
        // oxlint-disable-next-line no-unsafe-finally
        throw new Error('of its own');
      }
    });
    expect(error).toBeInstanceOf(WorldTouchedError);
  });
});

describe('a run that touches nothing', () => {
  test('gives what it gives, and may read instants that it was given', () => {
    expect(guarded(() => new Date(5).getTime() + Date.UTC(1970, 0, 1))).toBe(5);
    expect(guarded(() => new Date(5) instanceof Date)).toBe(true);
  });

  test('throws what it throws', () => {
    expect(caught(() => JSON.parse('{'))).toBeInstanceOf(SyntaxError);
  });

  test('leaves the platform as it was', async () => {
    const names = ['Date', 'performance', 'crypto', 'setTimeout', 'fetch', 'WeakRef'] as const;
    const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
    guarded(() => 1);
    expect(caught(() => Math.random())).toBeDefined();
    expect(names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name))).toEqual(before);
    expect(Date.now()).toBeGreaterThan(0);
    expect(process.hrtime.bigint()).toBeGreaterThan(0n);
    expect(await Promise.resolve(performance.now())).toBeGreaterThan(0);
    expect(Math.random()).toBeLessThan(1);
  });

  test.each(['byte', 'object'] as const)('is a simulation in the %s lane', (lane) => {
    const plan = drawPlan({ seed: 11, lane, nodes: 1, clients: 8 });
    expect(guarded(() => simulate(plan)).hash).toBe(simulate(plan).hash);
  });
});
