// Runs of the whole simulator: a handful of seeds in both lanes, each judged by every invariant; runs that must be
// equal; and the seeds that once failed, each with its story.

import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { completed, drawPlan, type Plan } from '../../src/sim/plan.ts';
import { dialectOf } from '../../src/sim/search/dialects.ts';
import { firstDifference, simulate } from '../../src/sim/simulate.ts';

interface Story {
  /** The run as data: seeds are drawn differently one day, plans stay. */
  readonly plan: string;
  readonly story: string;
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}

const stories = read('seeds.json') as Story[];
const small = { nodes: 1, clients: 10 };

/** What a failing run says, or nothing. */
function failures(plan: Plan): string[] {
  const dialect =
    plan.chat !== undefined ? 'chat' : plan.gateway === undefined ? 'broker' : 'gateway';
  const { judges } = dialectOf(dialect);
  const { violations } = simulate(plan, undefined, judges, undefined, false);
  return violations.map(
    ({ property, at, sentence }) => `seed ${plan.seed}, ${at / 1e6} s, ${property}: ${sentence}`,
  );
}

describe.each(['byte', 'object'] as const)('in the %s lane', (lane) => {
  test.each([0, 10, 20, 30])('ten seeds from %i on break no invariant', (first) => {
    for (let seed = first; seed < first + 10; seed += 1)
      expect(failures(drawPlan({ seed, lane, ...small }))).toEqual([]);
  });

  test('a seed gives the same run again, whatever ran in between', () => {
    const plans = [101, 102, 103].map((seed) => drawPlan({ seed, lane, ...small, shards: 3 }));
    const first = plans.map((plan) => simulate(plan));
    const again = plans
      .toReversed()
      .map((plan) => simulate(plan))
      .toReversed();
    for (const [index, report] of first.entries()) {
      const other = again[index];
      expect(other?.hash).toBe(report.hash);
      expect(other?.events).toBe(report.events);
      expect(other?.trace.length).toBe(report.trace.length);
    }
    expect(new Set(first.map(({ hash }) => hash)).size).toBe(3);
  });
});

describe('two runs that differ', () => {
  test('are told apart at the first message in which they do', () => {
    const plan = drawPlan({ seed: 5, lane: 'object', ...small });
    const [fault] = plan.faults;
    const without = { ...plan, faults: plan.faults.slice(1) };
    const difference = firstDifference(simulate(plan), simulate(without));
    expect(fault).toBeDefined();
    expect(difference?.one?.hash).not.toBe(difference?.other?.hash);
    expect(difference?.place).toBeGreaterThan(0);
  });
});

describe('seeds that once failed', () => {
  test('are kept as whole plans, each with its story', () => {
    for (const { story } of stories) expect(story.length).toBeGreaterThan(20);
    const kept = readdirSync(new URL('plans', import.meta.url)).map((name) => `plans/${name}`);
    expect(stories.map(({ plan }) => plan).toSorted()).toEqual(kept.toSorted());
  });

  test.each(stories.map(({ plan }) => plan))('fail no more: %s', (path) => {
    expect(failures(completed(read(path) as Plan))).toEqual([]);
  });
});
