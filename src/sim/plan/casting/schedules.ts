// When what goes wrong between nodes befalls a run: evenly over its time, soon after each other around one node, or alone and for
// long. Refuses to know who talks.

import { type Arbitrary, array, constant, constantFrom, integer, tuple } from 'fast-check';

import {
  type ClusterFault,
  type ClusterFaultKind,
  chanceFaultKinds,
  clusterFaultSizes,
} from '../../faults/cluster-faults.ts';
import type { CrosserPlan } from '../chat-plan.ts';
import { chance, drawn, milliseconds, mixed, plainRecord, stepped } from '../drawing.ts';
import type { Mood } from '../settings.ts';

/** Some of the kinds in a swarm, else all of them. */
export function clusterKindsOf(mood: Mood): Arbitrary<readonly ClusterFaultKind[]> {
  if (mood !== 'swarm') return constant(chanceFaultKinds);
  return tuple(...chanceFaultKinds.map(() => chance(1, 4))).map((flags) =>
    chanceFaultKinds.filter((_, index) => flags[index]),
  );
}

/** Some of the kinds, at any time; in some runs soon after each other, and most of them around one node. */
export function clusterSchedules(
  kinds: readonly ClusterFaultKind[],
  nodes: number,
  horizonUs: number,
): Arbitrary<ClusterFault[]> {
  const one = kinds.map((kind) => clusterFault(kind, nodes, horizonUs));
  if (one.length === 0) return constant([]);
  const some = array(mixed(...one.map((fault) => [1, fault] as const)), {
    minLength: 1,
    maxLength: FAULTS_MAX,
    size: 'max',
  }).map((faults) => faults.toSorted((a, b) => a.at - b.at));
  return mixed(
    [2, some],
    [
      1,
      tuple(some, around(nodes)).map(([faults, way]) =>
        drawnTo(faults, way).filter(({ at }) => at < horizonUs),
      ),
    ],
  );
}

function clusterFault(
  kind: ClusterFaultKind,
  nodes: number,
  horizonUs: number,
): Arbitrary<ClusterFault> {
  const { durationMs, amount, amountStep } = clusterFaultSizes[kind];
  return plainRecord({
    at: milliseconds(0, Math.floor(horizonUs / 1_000) - 1),
    kind: constant(kind),
    one: integer({ min: 0, max: nodes - 1 }),
    step: integer({ min: 1, max: Math.max(1, nodes - 1) }),
    durationUs: milliseconds(...durationMs),
    amount: stepped(...amount, amountStep),
  }).map(({ step, ...fault }) => ({ ...fault, other: (fault.one + step) % nodes }));
}

interface Around {
  readonly node: number;
  /** How long after the one before each of them begins. */
  readonly gapsUs: readonly number[];
  /** By fault: whether it befalls the node. */
  readonly isThere: readonly boolean[];
}

function around(nodes: number): Arbitrary<Around> {
  const gap = mixed(
    [1, milliseconds(0, 100)],
    [2, milliseconds(100, 1_000)],
    [1, milliseconds(1_000, 3_000)],
  );
  return plainRecord({
    node: integer({ min: 0, max: nodes - 1 }),
    gapsUs: array(gap, { minLength: FAULTS_MAX, maxLength: FAULTS_MAX }),
    isThere: array(chance(2, 3), { minLength: FAULTS_MAX, maxLength: FAULTS_MAX }),
  });
}

/** What one of them leaves behind is what the next one meets. */
function drawnTo(
  faults: readonly ClusterFault[],
  { node, gapsUs, isThere }: Around,
): ClusterFault[] {
  let at = faults[0]?.at ?? 0;
  return faults.map((fault, index) => {
    if (index > 0) at += gapsUs[index] ?? 0;
    const isMoved = isThere[index] === true && fault.other !== node;
    return { ...fault, at, one: isMoved ? node : fault.one };
  });
}

/** Longer than others wait, early in the run; mostly a node that stalls, or one that hears all others and is not heard. */
export function singleFault(nodes: number): Arbitrary<ClusterFault[]> {
  const kinds = chanceFaultKinds.map((kind) => clusterFault(kind, nodes, SINGLE_BEFORE_US));
  const stall = clusterFault('stallNode', nodes, SINGLE_BEFORE_US);
  const unheard = clusterFault('cutOff', nodes, SINGLE_BEFORE_US).map((one) => ({
    ...one,
    amount: 1,
  }));
  return mixed([10, stall], [8, unheard], ...kinds.map((one) => [1, one] as const)).map((fault) => [
    fault.durationUs === 0 ? fault : { ...fault, durationUs: fault.durationUs + SINGLE_MORE_US },
  ]);
}

/** In a few runs one node goes as it should, while others talk on. */
export function drains(nodes: number): Arbitrary<ClusterFault | undefined> {
  const drain = clusterFault('drainNode', nodes, SINGLE_BEFORE_US);
  return mixed<ClusterFault | undefined>([11, constant(undefined)], [1, drain]);
}

/** What goes wrong beside everything else; links that break would excuse some of what lasts. */
export function drawBeside(
  nodes: number,
  seed: number,
  { mayBreak, isBridged }: { readonly mayBreak: boolean; readonly isBridged: boolean },
): Beside {
  const lags = drawn(lagging(nodes), seed, 'lag');
  if (!mayBreak) return { faults: lags, crossers: [] };
  const wrong = drawn(misspeaking(nodes), seed, 'misspeaking');
  // Where topics are joined, doors may ask for tokens.
  const { faults, crossers } = isBridged ? NOTHING : drawn(passing(nodes), seed, 'passing');
  return { faults: [...lags, ...wrong, ...faults], crossers };
}

interface Beside {
  readonly faults: readonly ClusterFault[];
  readonly crossers: readonly CrosserPlan[];
}

/** In some runs whoever follows a topic goes, as the only one on his node, while that has no link with another one. */
function passing(nodes: number): Arbitrary<Beside> {
  const one = plainRecord({
    node: integer({ min: 0, max: nodes - 1 }),
    step: integer({ min: 1, max: nodes - 1 }),
    at: milliseconds(1_000, 3_500),
    afterUs: milliseconds(1, 250),
  });
  const some = one.map(({ node, step, at, afterUs }): Beside => {
    const broken = { at, one: node, other: (node + step) % nodes, durationUs: 0, amount: 0 };
    const leavesAt = at + afterUs;
    return {
      faults: [{ ...broken, kind: 'resetLink' }],
      crossers: [{ client: PASSER, node, topic: 'cross/once', everyUs: 0, leavesAt }],
    };
  });
  return mixed<Beside>([1, constant(NOTHING)], [1, some]);
}

/** In some runs nodes say something wrong to each other, or links fail as a bug would have it. */
function misspeaking(nodes: number): Arbitrary<readonly ClusterFault[]> {
  const kinds = ['misspeak', 'misspeak', 'misspeak', 'failLink'] as const;
  const one = mixed(...kinds.map((kind) => [1, clusterFault(kind, nodes, MISSPOKEN_US)] as const));
  return mixed<readonly ClusterFault[]>(
    [2, constant([])],
    [1, array(one, { minLength: 1, maxLength: 4, size: 'max' })],
  );
}

/** In some runs a node is told for a while that its own thread is late, or nearly as late as that. */
function lagging(nodes: number): Arbitrary<readonly ClusterFault[]> {
  const one = plainRecord({
    at: milliseconds(0, 5_000),
    one: integer({ min: 0, max: nodes - 1 }),
    durationUs: milliseconds(...clusterFaultSizes.lagNode.durationMs),
    amount: constantFrom(150, 201, 201, 1_000),
  });
  const some = one.map((lag): readonly ClusterFault[] => [
    { ...lag, kind: 'lagNode', other: lag.one },
  ]);
  return mixed<readonly ClusterFault[]>([3, constant([])], [1, some]);
}

const NOTHING: Beside = { faults: [], crossers: [] };
/** As no other client is numbered. */
const PASSER = 9_000;
const MISSPOKEN_US = 12_000_000;
const FAULTS_MAX = 8;
const SINGLE_BEFORE_US = 3_000_000;
const SINGLE_MORE_US = 9_000_000;
