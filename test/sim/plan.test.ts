// Plans: one for each seed, in the mixture that the search was tuned to, made of values that can become simpler; and
// a plan that has lost clients or faults is still a plan, in which nobody takes their place.

import { describe, expect, test } from 'vitest';

import { type Fault, faultKinds, faultSizes } from '../../src/sim/faults/faults.ts';
import { completed, drawPlan, type Plan } from '../../src/sim/plan.ts';
import { plainSettings, settingsOf } from '../../src/sim/plan/settings.ts';
import { simplerClient, simplerFault, simplerSettings } from '../../src/sim/plan/simpler.ts';
import { simulate } from '../../src/sim/simulate.ts';

const SEEDS = 400;
const drawn: readonly Plan[] = Array.from({ length: SEEDS }, (_, seed) =>
  drawPlan({ seed, lane: seed % 2 === 0 ? 'byte' : 'object' }),
);
const clients = drawn.flatMap((plan) => plan.clients);
const faults = drawn.flatMap((plan) => plan.faults);

/** How often each value stands in a list. */
function counts<T>(values: readonly T[]): Map<T, number> {
  const found = new Map<T, number>();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

describe('a plan', () => {
  test('is the same for the same seed, whatever was drawn in between', () => {
    for (const plan of drawn.toReversed())
      expect(drawPlan({ seed: plan.seed, lane: plan.lane })).toEqual(plan);
  });

  test('is another for another seed', () => {
    const texts = drawn.map(({ seed, ...plan }) => JSON.stringify(plan) + (seed < 0 ? seed : ''));
    expect(new Set(texts).size).toBe(SEEDS);
  });

  test('keeps what was drawn beside a size that is fixed', () => {
    const [one, other] = [1, 2].map((nodes) => drawPlan({ seed: 7, lane: 'byte', nodes }));
    expect(one?.nodes).toBe(1);
    expect(other?.nodes).toBe(2);
    const { broker, home, mood, horizonUs } = one as Plan;
    expect(other).toMatchObject({ broker, home, mood, horizonUs });
  });

  test('gives each client a stream of its own', () => {
    const sizes = { lane: 'byte', nodes: 1, shards: 1 } as const;
    const twelve = drawPlan({ seed: 7, clients: 12, ...sizes });
    const thirteen = drawPlan({ seed: 7, clients: 13, ...sizes });
    expect(thirteen.clients.slice(0, 12)).toEqual(twelve.clients);
  });

  test('survives a file of JSON, where undefined is lost', () => {
    for (const plan of drawn.slice(0, 40)) {
      const read = JSON.parse(JSON.stringify(plan)) as Plan;
      expect(completed(read)).toStrictEqual(plan);
    }
  });

  test('that is older than a setting has the plain one', () => {
    const { fineTurns, sites, ...older } = drawn[0] as Plan;
    const { slowPolicy, ...broker } = older.broker;
    expect([fineTurns, sites, slowPolicy]).not.toContain(undefined);
    const plan = completed({ ...older, broker } as unknown as Plan);
    expect(plan.fineTurns).toBe(plainSettings.fineTurns);
    expect(plan.sites).toEqual([]);
    expect(plan.broker).toEqual({ ...broker, slowPolicy: plainSettings.broker.slowPolicy });
  });
});

describe('the mixture of plans', () => {
  test('is four everything, four swarms, one churn and one calm in ten', () => {
    const moods = counts(drawn.map(({ mood }) => mood));
    for (const [mood, share] of [
      ['everything', 0.4],
      ['swarm', 0.4],
      ['churn', 0.1],
      ['calm', 0.1],
    ] as const) {
      // Three standard deviations.
      const tolerance = 3 * Math.sqrt(SEEDS * share * (1 - share));
      expect(Math.abs((moods.get(mood) ?? 0) - SEEDS * share)).toBeLessThan(tolerance);
    }
  });

  test('has 4 to 24 faults and perhaps last blows, none when calm, few kinds in a swarm and all over time', () => {
    for (const plan of drawn) {
      if (plan.mood === 'calm') expect(plan.faults).toEqual([]);
      else if (plan.clients.some(({ isPulsing }) => isPulsing))
        expect(plan.faults.every(({ kind }) => kind === 'stallDown')).toBe(true);
      else if (plan.faults.length > 0 || plan.mood !== 'swarm') {
        expect(plan.faults.length).toBeGreaterThanOrEqual(4);
        expect(plan.faults.length).toBeLessThanOrEqual(24 + 5);
      }
    }
    expect(new Set(drawn.map((plan) => plan.faults.length))).toContain(4);
    expect(new Set(drawn.map((plan) => plan.faults.length))).toContain(24);
    const kinds = counts(faults.map(({ kind }) => kind));
    for (const kind of faultKinds)
      expect(kinds.get(kind) ?? 0).toBeGreaterThan(faults.length / faultKinds.length / 2);
    const kindsOf = (mood: string) =>
      drawn
        .filter((plan) => plan.mood === mood && plan.faults.length >= 15)
        .map((plan) => new Set(plan.faults.map(({ kind }) => kind)).size);
    const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length;
    expect(mean(kindsOf('swarm'))).toBeLessThan(mean(kindsOf('everything')) - 2);
  });

  test('ends with blows in a quarter of the plans with faults', () => {
    const eventful = drawn.filter((plan) => plan.mood !== 'calm' && plan.faults.length > 0);
    const struck = eventful.filter(({ faults: schedule, horizonUs }) =>
      [600_000, 400_000, 200_000].every((before) =>
        schedule.some(({ kind, at }) => kind === 'crashShard' && at === horizonUs - before),
      ),
    );
    expect(struck.length / eventful.length).toBeGreaterThan(0.15);
    expect(struck.length / eventful.length).toBeLessThan(0.35);
  });

  test('has faults in their order, within the run, on those that are there, of the size of their kind', () => {
    for (const { faults: schedule, clients: cast, nodes, shards, horizonUs } of drawn) {
      const room = { client: cast.length, shard: nodes * shards, node: nodes };
      let last = 0;
      for (const { at, kind, target, durationUs, amount } of schedule) {
        const { target: befalls, durationMs, amount: amounts, amountStep } = faultSizes[kind];
        expect(at).toBeGreaterThanOrEqual(last);
        expect(at).toBeLessThan(horizonUs);
        expect(target).toBeLessThan(room[befalls]);
        expect(durationUs).toBeGreaterThanOrEqual(durationMs[0] * 1_000);
        expect(durationUs).toBeLessThanOrEqual(durationMs[1] * 1_000);
        expect(amount).toBeGreaterThanOrEqual(amounts[0] * amountStep);
        expect(amount).toBeLessThanOrEqual(amounts[1] * amountStep);
        last = at;
      }
    }
  });

  test('has every behaviour and every way to connect, the rare ones seldom', () => {
    const behaviours = counts(clients.map(({ behaviour }) => behaviour));
    for (const behaviour of ['churning', 'slow', 'malformed'] as const) {
      const share = (behaviours.get(behaviour) ?? 0) / clients.length;
      expect(share).toBeGreaterThan(0.02);
      expect(share).toBeLessThan(0.25);
    }
    const transports = counts(clients.map(({ transport }) => transport));
    expect([...transports.keys()].toSorted()).toEqual(['post', 'sse', 'ws']);
    const lanes = counts(clients.map(({ link }) => link.cutPercent));
    expect([...lanes.keys()].toSorted((one, two) => one - two)).toEqual([0, 1, 5, 30, 80]);
  });

  test('has a steady publisher for every topic that is followed on a node', () => {
    for (const { clients: cast, nodes } of drawn) {
      for (let node = 0; node < nodes; node += 1) {
        const there = cast.filter((client) => client.node === node);
        const published = new Set(
          there.filter(({ behaviour }) => behaviour === 'steady').flatMap((each) => each.publishes),
        );
        const followed = there.flatMap(({ topics }) => topics);
        // Eight topics need eight publishers, and small casts have two.
        if (there.length >= 32) for (const topic of followed) expect(published).toContain(topic);
        expect(published.size).toBeGreaterThanOrEqual(2);
      }
    }
  });

  test('lies inside of what can become simpler', () => {
    for (const fault of faults) expect(simplerFault.canShrinkWithoutContext(fault)).toBe(true);
    for (const client of clients) expect(simplerClient.canShrinkWithoutContext(client)).toBe(true);
    for (const plan of drawn) {
      expect(simplerSettings.canShrinkWithoutContext(settingsOf(plan))).toBe(true);
    }
  });
});

describe('a plan that has lost something', () => {
  const whole = drawPlan({ seed: 5, lane: 'byte', nodes: 2, shards: 2, clients: 10 });
  const plan = { ...whole, clients: whole.clients.filter(({ client }) => client % 3 !== 1) };
  const speaker = plan.clients.find(
    ({ transport, publishes, leavesEveryUs }) =>
      transport === 'ws' && publishes.length > 0 && leavesEveryUs === 0,
  );
  const at = 1_500_000;
  /** Long enough for a fault to bite; what becomes of it in the end shows in the hash, too, and nobody need judge it. */
  const brief = { ...plan, horizonUs: 3_500_000 };
  const hashWith = (...added: Fault[]) => simulate({ ...brief, faults: added }, undefined, []).hash;
  const calm = hashWith();

  test('runs with those who are left, under their own numbers', () => {
    const { trace, violations } = simulate(plan);
    expect(violations).toEqual([]);
    const joined = trace.filter(({ kind }) => kind === 'joined');
    expect(joined.map((event) => 'client' in event && event.client)).toEqual([0, 2, 3, 5, 6, 8, 9]);
    const heard = new Set(trace.map((event) => (event.kind === 'connected' ? event.client : -1)));
    // Who shows a token that nobody judges is let in only in the end, if its node is still there.
    for (const { client, transport, token } of plan.clients)
      if (transport !== 'post' && token?.judgedAfterMs === undefined)
        expect(heard).toContain(client);
  });

  test.each(faultKinds)('nobody takes the place of whom %s was to befall', (kind) => {
    const { durationMs, amount, amountStep, target } = faultSizes[kind];
    const [, longestMs] = durationMs;
    const fault = { at, kind, durationUs: longestMs * 1_000, amount: amount[1] * amountStep };
    const node = speaker?.node ?? 0;
    const plain = { at, durationUs: 5_000, amount: 0 };
    // Whether deaths are noticed late shows where somebody dies, and what is wrong at the door where somebody comes.
    const death: Fault = { ...plain, kind: 'crashShard', target: 0 };
    const storm: Fault = { ...plain, kind: 'storm', target: node };
    const atTheDoor = ['refuse', 'blackhole', 'lostAccept', 'noDescriptors'].includes(kind);
    const others = kind === 'stallMain' ? [death] : atTheDoor ? [storm] : [];
    const place = (speaker?.node ?? 0) * plan.shards;
    const there = { client: speaker?.client ?? 0, shard: place, node: speaker?.node ?? 0 }[target];
    const gone = { client: 1, shard: 4, node: 2 }[target];
    const before = others.length === 0 ? calm : hashWith(...others);
    expect(hashWith({ ...fault, target: gone }, ...others)).toBe(before);
    expect(hashWith({ ...fault, target: there }, ...others)).not.toBe(before);
  });
});
