// Runs of the whole simulator: a handful of seeds in both lanes, each judged by every invariant; runs that must be
// equal; and the seeds that once failed, each with its story.

import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { drawPlan, type PlanChoices } from '../../src/sim/plan.ts';
import { firstDifference, simulate } from '../../src/sim/simulate.ts';

interface Story {
  readonly choices: PlanChoices;
  readonly story: string;
}

const stories = JSON.parse(readFileSync(new URL('seeds.json', import.meta.url), 'utf8')) as Story[];
const small = { nodes: 1, clients: 10 };

/** What a failing run says, or nothing. */
function failures(choices: PlanChoices): string[] {
  const { violations } = simulate(drawPlan(choices));
  return violations.map(
    ({ property, at, sentence }) => `seed ${choices.seed}, ${at / 1e6} s, ${property}: ${sentence}`,
  );
}

describe.each(['byte', 'object'] as const)('in the %s lane', (lane) => {
  test.each([0, 10, 20, 30])('ten seeds from %i on break no invariant', (first) => {
    for (let seed = first; seed < first + 10; seed += 1)
      expect(failures({ seed, lane, ...small })).toEqual([]);
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
  test('are listed with their stories', () => {
    for (const { story, choices } of stories) {
      expect(story.length).toBeGreaterThan(20);
      expect(choices.seed).toBeGreaterThanOrEqual(0);
    }
  });

  test('fail no more', () => {
    expect(stories.flatMap(({ choices }) => failures(choices))).toEqual([]);
  });
});
