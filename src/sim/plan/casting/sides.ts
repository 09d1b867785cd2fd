// What some clusters do in a split, and splits and deaths that come one after the other. Each is drawn apart from the rest of
// a plan. Refuses to know who talks.

import { type Arbitrary, constant, constantFrom, integer } from 'fast-check';

import type { ClusterOptions, PartitionPolicy } from '../../../actors/cluster/cluster-options.ts';
import type { ClusterFault, ClusterFaultKind } from '../../faults/cluster-faults.ts';
import { drawn, milliseconds, mixed, plainRecord } from '../drawing.ts';

/** How many nodes there should be, in some clusters, and what those of a smaller side do. */
export function withSides(cluster: ClusterOptions, nodes: number, seed: number): ClusterOptions {
  const policy = drawn(policies, seed, 'partition policy');
  const isExpected = policy.partitionPolicy !== 'serve' || policy.isExpected;
  const { partitionPolicy, stableAfterMs } = policy;
  return { ...cluster, partitionPolicy, stableAfterMs, nodesExpected: isExpected ? nodes : 0 };
}

/** In some clusters who is gone is soon forgotten. */
export function withMemory(cluster: ClusterOptions, seed: number): ClusterOptions {
  const forgetMs = drawn(
    mixed<number>([5, constant(cluster.forgetMs)], [1, constant(6_000)]),
    seed,
    'forgetMs',
  );
  return { ...cluster, forgetMs };
}

/** In a few clusters one clock is so wrong that everybody is told. */
export function withClocks(skewsMs: readonly number[], seed: number): readonly number[] {
  const wrongMs = mixed<number>([5, constant(0)], [1, constantFrom(-500_000, -330_000, 330_000)]);
  const skewMs = drawn(wrongMs, seed, 'wrong clock');
  return skewsMs.map((ms, node) => (node === skewsMs.length - 1 && skewMs !== 0 ? skewMs : ms));
}

const policies = plainRecord<{
  partitionPolicy: PartitionPolicy;
  stableAfterMs: number;
  isExpected: boolean;
}>({
  partitionPolicy: mixed<PartitionPolicy>(
    [3, constant('serve')],
    [1, constantFrom('readonly-minority', 'drain-minority')],
  ),
  stableAfterMs: constantFrom(6_000, 1_500),
  isExpected: constantFrom(true, false),
});

/** In some runs one link is broken for long, and all nodes are up; the one between may die meanwhile. */
export function brokenLink(nodes: number): Arbitrary<readonly ClusterFault[]> {
  if (nodes < 3) return constant([]);
  const one = plainRecord({
    at: milliseconds(500, 4_000),
    one: integer({ min: 0, max: nodes - 1 }),
    step: integer({ min: 1, max: nodes - 1 }),
    durationUs: milliseconds(8_000, 16_000),
    amount: constantFrom(0, 0, 0, 1),
    deathUs: milliseconds(1_000, 7_000),
    dying: constantFrom(undefined, undefined, 1, 2),
  });
  const some = one.map(({ step, dying, deathUs, ...fault }): readonly ClusterFault[] => {
    const { at, durationUs } = fault;
    const shut = { ...fault, kind: 'shutWay', other: (fault.one + step) % nodes } as const;
    if (dying === undefined) return [shut];
    const dead = (shut.other + dying) % nodes;
    const times = { at: at + (durationUs >> 1), durationUs: deathUs };
    return [shut, { ...times, kind: 'killProcess', one: dead, other: dead, amount: 0 }];
  });
  return mixed<readonly ClusterFault[]>([4, constant([])], [1, some]);
}

/** In a few runs a node stands still for a moment, and soon after that another one is cut off for long. */
export function cutAfterStall(nodes: number): Arbitrary<readonly ClusterFault[]> {
  if (nodes < 2) return constant([]);
  const one = plainRecord({
    at: milliseconds(500, 3_000),
    one: integer({ min: 0, max: nodes - 1 }),
    step: integer({ min: 1, max: nodes - 1 }),
    durationUs: milliseconds(700, 2_000),
    pauseUs: milliseconds(1_500, 3_000),
    cutUs: milliseconds(12_000, 23_000),
  });
  const some = one.map(({ step, pauseUs, cutUs, ...times }): readonly ClusterFault[] => {
    const stall = { ...times, kind: 'stallNode', other: times.one, amount: 0 } as const;
    const cut = (times.one + step) % nodes;
    const at = times.at + times.durationUs + pauseUs;
    return [stall, { at, kind: 'cutOff', one: cut, other: cut, durationUs: cutUs, amount: 0 }];
  });
  return mixed<readonly ClusterFault[]>([14, constant([])], [1, some]);
}

/** In a few runs the same thing goes wrong again as soon as all is well; each time for long enough to be noticed. */
export function repeatedFault(nodes: number): Arbitrary<readonly ClusterFault[]> {
  const one = plainRecord({
    at: milliseconds(0, 2_000),
    kind: constantFrom<ClusterFaultKind[]>('split', 'cutOff', 'killProcess', 'killProcess'),
    one: integer({ min: 0, max: nodes - 1 }),
    step: integer({ min: 1, max: nodes - 1 }),
    times: constantFrom(2, 2, 2, 3),
    durationUs: milliseconds(7_000, 11_000),
    pauseUs: milliseconds(1_000, 4_000),
    sides: integer({ min: 1, max: 2 ** nodes - 2 }),
  });
  const some = one.map(({ step, times, pauseUs, sides, ...fault }) => {
    // Who dies is known to be dead soon.
    const durationUs = fault.kind === 'killProcess' ? fault.durationUs >> 1 : fault.durationUs;
    const other = (fault.one + step) % nodes;
    return Array.from({ length: times }, (_, time) => ({
      ...{ ...fault, other, durationUs, amount: fault.kind === 'split' ? sides : 0 },
      at: fault.at + time * (durationUs + pauseUs),
    }));
  });
  return mixed<readonly ClusterFault[]>([9, constant([])], [1, some]);
}
