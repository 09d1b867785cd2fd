// Whole runs of simulated gateways: seeds that must pass, twice the same, in both lanes; and that what is planned
// leaves the plans of the broker as they are.

import { describe, expect, test } from 'vitest';

import { drawPlan } from '../../src/sim/plan.ts';
import { drawGatewayPlan, gatewaySiteNames } from '../../src/sim/plan/gateway.ts';
import { chatMarks, clusterMarks } from '../../src/sim/records/chat-marks.ts';
import { gatewayMarks } from '../../src/sim/records/gateway-marks.ts';
import { registeredMarks } from '../../src/sim/marks.ts';
import { dialectOf } from '../../src/sim/search/dialects.ts';
import { simulate } from '../../src/sim/simulate.ts';

const { judges } = dialectOf('gateway');
const run = (seed: number, lane: 'byte' | 'object') =>
  simulate(drawGatewayPlan({ seed, lane }), undefined, judges);

describe('a simulated gateway', { timeout: 60_000 }, () => {
  test.each(['byte', 'object'] as const)('keeps its promises (%s lane)', (lane) => {
    for (let seed = 1; seed <= 4; seed += 1) expect(run(seed, lane).violations).toEqual([]);
  });

  test('runs the same way twice, and another seed another way', () => {
    const { hash, trace } = run(3, 'byte');
    const again = run(3, 'byte');
    expect(again.hash).toBe(hash);
    expect(again.trace).toEqual(trace);
    expect(run(4, 'byte').hash).not.toBe(hash);
  });

  test('meets only marks that are registered, and most of them', () => {
    const known = new Set([
      ...registeredMarks,
      ...gatewayMarks,
      // Some are nodes of a cluster.
      ...[...chatMarks, ...clusterMarks],
      ...gatewaySiteNames.map((site) => `site ${site}`),
    ]);
    const met = new Set<string>();
    for (let seed = 11; seed <= 18; seed += 1)
      for (const [name, times] of run(seed, 'byte').marks) if (times > 0) met.add(name);
    expect([...met].filter((name) => !known.has(name))).toEqual([]);
    const some = gatewayMarks.filter((name) => met.has(name));
    expect(some.length).toBeGreaterThan(gatewayMarks.length / 2);
  });

  test('is no part of other runs', () => {
    expect(drawPlan({ seed: 3, lane: 'byte' }).gateway).toBeUndefined();
    const { trace } = simulate(drawPlan({ seed: 3, lane: 'byte', clients: 4 }));
    const kinds = new Set(trace.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => kind.startsWith('hold') || kind === 'gatewayBegan')).toEqual(
      [],
    );
  });

  test('has clients with numbers of their own', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { clients, gateway } = drawGatewayPlan({ seed, lane: 'byte' });
      const numbers = [...clients, ...(gateway?.holders ?? [])].map(({ client }) => client);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
  });
});
