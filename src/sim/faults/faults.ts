// What goes wrong, as data: a schedule of faults drawn from the seed, each with its instant, target, length and
// strength. A fault that is taken out of the schedule changes only what it would have caused, so schedules shrink.
// Refuses to know how the world carries a fault out.

import { type Arbitrary, array, constant, integer, noShrink, oneof, tuple } from 'fast-check';

import { chance, milliseconds, plainRecord, stepped } from '../plan/drawing.ts';

export const faultKinds = [
  /** Nothing gets through to a client, from it, or both; all arrives afterwards. Target: client. */
  'stallDown',
  'stallUp',
  'stallBoth',
  /** A client's connection breaks, and both ends learn it. Target: client. */
  'reset',
  /** A client's connection goes silent for good, and nobody learns it. Target: client. */
  'cut',
  /** A client vanishes, and its node is not told: half-open. Target: client. */
  'halfOpen',
  /** A client says that it will say no more, and goes on reading: half-close. Target: client. */
  'halfClose',
  /** A client's connection breaks in the middle of a frame. Target: client. */
  'abort',
  /** A client goes and never comes back. Target: client. */
  'leaveForever',
  /** A client's way is open and shut by turns, `amount` microseconds each. Target: client. */
  'flap',
  /** A client's way takes `amount` microseconds longer. Target: client. */
  'slowLink',
  /** A client's way takes `amount` bytes a second, each way. Target: client. */
  'narrowLink',
  /** Every client of a node loses its connection. Target: node. */
  'storm',
  /** Every other client of a node is cut off from it: 0 both ways, 1 what it says, 2 what it hears. Target: node. */
  'partition',
  /** A node is cut off from all its clients, who come back at one instant. Target: node. */
  'isolate',
  /** A node's clients are cut off one after the other, and get through again in another order. Target: node. */
  'swizzle',
  /** Nobody is let in. Target: node. */
  'refuse',
  /** Nobody who comes is answered at all. Target: node. */
  'blackhole',
  /** Whoever is accepted is lost before a byte is read. Target: node. */
  'lostAccept',
  /** Nobody who comes is accepted before there are descriptors again. Target: node. */
  'noDescriptors',
  /** A thread does nothing at all. Target: shard. */
  'pauseShard',
  /** A thread's timers come up to `amount` microseconds late. Target: shard. */
  'lateTimers',
  /** A thread takes `amount` times longer for everything. Target: shard. */
  'slowShard',
  /** A thread dies; after the duration a fresh one takes its place. `amount` 1: its clients are told 1012. Target: shard. */
  'crashShard',
  /** A process does nothing at all. Target: node. */
  'pauseNode',
  /** A process dies with all its threads, and comes back. `amount` 1: its clients are told 1012. Target: node. */
  'crashNode',
  /** A process dies again and again, `amount` times. Target: node. */
  'crashLoop',
  /** A process dies for ever, unless it is the last one. Target: node. */
  'killNode',
  /** A process sends its clients away with 1001, and starts anew. Target: node. */
  'restartNode',
  /** The thread that watches the others is busy: deaths are noticed `amount` microseconds late. Target: node. */
  'stallMain',
  /** Crossings take up to `amount` microseconds. Target: node. */
  'slowPorts',
  /** A client publishes `amount` times at once. Target: client. */
  'burst',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  /** Virtual microseconds. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Number of a client, node or shard (counted over all nodes); a fault that finds nobody there does nothing. */
  readonly target: number;
  readonly durationUs: number;
  readonly amount: number;
}

export type FaultTarget = 'client' | 'shard' | 'node';

export interface FaultSize {
  readonly target: FaultTarget;
  readonly durationMs: readonly [min: number, max: number];
  /** In steps. */
  readonly amount: readonly [min: number, max: number];
  readonly amountStep: number;
}

const none = [0, 0] as const;
const toClient = { target: 'client', durationMs: none, amount: none, amountStep: 1 } as const;
const toShard = { ...toClient, target: 'shard' } as const;
const toNode = { ...toClient, target: 'node' } as const;

/** Whom each kind befalls, for how long, and how badly. */
export const faultSizes: Readonly<Record<FaultKind, FaultSize>> = {
  stallDown: { ...toClient, durationMs: [10, 4_000] },
  stallUp: { ...toClient, durationMs: [10, 4_000] },
  stallBoth: { ...toClient, durationMs: [10, 4_000] },
  reset: toClient,
  cut: toClient,
  halfOpen: toClient,
  halfClose: toClient,
  abort: toClient,
  leaveForever: toClient,
  flap: { ...toClient, durationMs: [100, 4_000], amount: [10, 500], amountStep: 1_000 },
  slowLink: { ...toClient, durationMs: [100, 4_000], amount: [5, 400], amountStep: 1_000 },
  narrowLink: { ...toClient, durationMs: [200, 4_000], amount: [1, 200], amountStep: 1_000 },
  storm: toNode,
  partition: { ...toNode, durationMs: [50, 4_000], amount: [0, 2] },
  isolate: { ...toNode, durationMs: [50, 4_000] },
  swizzle: { ...toNode, durationMs: [200, 4_000] },
  refuse: { ...toNode, durationMs: [50, 2_000] },
  blackhole: { ...toNode, durationMs: [50, 2_000] },
  lostAccept: { ...toNode, durationMs: [50, 1_000] },
  noDescriptors: { ...toNode, durationMs: [50, 2_000] },
  pauseShard: { ...toShard, durationMs: [1, 1_500] },
  lateTimers: { ...toShard, durationMs: [500, 4_000], amount: [1, 50], amountStep: 1_000 },
  slowShard: { ...toShard, durationMs: [100, 3_000], amount: [2, 50] },
  crashShard: { ...toShard, durationMs: [5, 500], amount: [0, 1] },
  pauseNode: { ...toNode, durationMs: [10, 3_000] },
  crashNode: { ...toNode, durationMs: [50, 2_000], amount: [0, 1] },
  crashLoop: { ...toNode, durationMs: [100, 600], amount: [2, 4] },
  killNode: toNode,
  restartNode: { ...toNode, durationMs: [50, 1_000] },
  stallMain: { ...toNode, durationMs: [500, 4_000], amount: [10, 500], amountStep: 1_000 },
  slowPorts: { ...toNode, durationMs: [200, 4_000], amount: [1, 20], amountStep: 1_000 },
  burst: { ...toClient, amount: [20, 200] },
};

/** Where faults may strike. */
export interface FaultScope {
  readonly horizonUs: number;
  readonly counts: Readonly<Record<FaultTarget, number>>;
}

/** A schedule of 4 to 24 faults of the given kinds, in the order of their instants; empty when there are no kinds. */
export function schedules(kinds: readonly FaultKind[], scope: FaultScope): Arbitrary<Fault[]> {
  if (kinds.length === 0) return constant([]);
  const faults = kinds.map((kind) => faultWithin(kind, faultSizes[kind], scope));
  return array(oneof({ depthSize: 'max' }, ...faults), {
    minLength: 4,
    maxLength: FAULTS_MAX,
    size: 'max',
  }).map((drawn) => drawn.toSorted((one, other) => one.at - other.at));
}

const FAULTS_MAX = 24;

/** For each fault of a schedule, whether it comes soon after the one before it, and how soon. */
export const companies: Arbitrary<readonly Company[]> = array(
  plainRecord({ isNear: chance(1, 3), afterUs: milliseconds(0, 400) }),
  { minLength: FAULTS_MAX, maxLength: FAULTS_MAX, size: 'max' },
);

export interface Company {
  readonly isNear: boolean;
  readonly afterUs: number;
}

/** Troubles seldom come alone: what one fault began another finds half done. */
export function together(
  faults: readonly Fault[],
  near: readonly Company[],
  { horizonUs }: FaultScope,
): readonly Fault[] {
  let before = 0;
  const moved = faults.map((fault, index) => {
    const { isNear = false, afterUs = 0 } = near[index] ?? {};
    const at = index > 0 && isNear ? Math.min(before + afterUs, horizonUs - 1_000) : fault.at;
    before = at;
    return { ...fault, at };
  });
  return moved.toSorted((one, other) => one.at - other.at);
}

/**
 * In a quarter of the draws what befalls one node just before faults end: everybody comes back while one thread after
 * the other dies, and nothing that comes later hides what got stuck.
 */
export function lastBlows({ horizonUs, counts }: FaultScope): Arbitrary<Fault[]> {
  const { shard: all, node: nodes } = counts;
  const shards = Math.max(1, Math.floor(all / nodes));
  const node = integer({ min: 0, max: nodes - 1 });
  const first = integer({ min: 0, max: shards - 1 });
  return tuple(chance(1, 4), node, first).map(([isStruck, target, shard]) => {
    if (!isStruck) return [];
    const { slow, storm, crash, crashEvery, crashes } = LAST_BLOWS;
    const blows: Fault[] = [
      { at: horizonUs - slow, kind: 'slowPorts', target, durationUs: slow, amount: 20_000 },
      { at: horizonUs - storm, kind: 'storm', target, durationUs: 0, amount: 0 },
    ];
    for (let i = 0; i < crashes; i += 1)
      blows.push({
        at: horizonUs - crash + i * crashEvery,
        kind: 'crashShard',
        target: target * shards + ((shard + i) % shards),
        durationUs: 50_000,
        amount: 0,
      });
    return blows;
  });
}

/** Microseconds before the end of faults. */
const LAST_BLOWS = {
  slow: 1_000_000,
  storm: 700_000,
  crash: 600_000,
  crashEvery: 200_000,
  crashes: 3,
} as const;

/**
 * In half of the draws, where a node has several threads: its clients are lost, crossings are slow, and one thread dies
 * while sessions go from one to another because their clients are back.
 */
export function blowsAtReturns({ horizonUs, counts }: FaultScope): Arbitrary<Fault[]> {
  const { shard: all, node: nodes } = counts;
  const shards = Math.max(1, Math.floor(all / nodes));
  if (shards === 1) return constant([]);
  const round = plainRecord({
    node: integer({ min: 0, max: nodes - 1 }),
    shard: integer({ min: 0, max: shards - 1 }),
    at: milliseconds(1_500, Math.max(1_500, Math.floor(horizonUs / 1_000) - 1_500)),
    crashAfterUs: milliseconds(150, 650),
  });
  const rounds = array(round, { minLength: 2, maxLength: 4, size: 'max' });
  return tuple(chance(1, 2), rounds).map(([isStruck, some]) =>
    (isStruck ? some : []).flatMap(({ node, shard, at, crashAfterUs }): Fault[] => [
      { at, kind: 'slowPorts', target: node, durationUs: 1_500_000, amount: SLOW_PORTS_US },
      { at, kind: 'storm', target: node, durationUs: 0, amount: 0 },
      {
        ...{ at: at + crashAfterUs, kind: 'crashShard', target: node * shards + shard },
        ...{ durationUs: 50_000, amount: 0 },
      },
    ]),
  );
}

const SLOW_PORTS_US = 120_000;

/** One fault, its length and strength within bounds, which become the least; instant and target stay. */
export function faultWithin(
  kind: FaultKind,
  { target, durationMs, amount, amountStep }: FaultSize,
  { horizonUs, counts }: FaultScope,
  sized: (values: Arbitrary<number>) => Arbitrary<number> = (values) => values,
): Arbitrary<Fault> {
  return plainRecord({
    at: noShrink(milliseconds(0, Math.floor(horizonUs / 1_000) - 1)),
    kind: constant(kind),
    target: noShrink(integer({ min: 0, max: counts[target] - 1 })),
    durationUs: sized(milliseconds(...durationMs)),
    amount: sized(stepped(...amount, amountStep)),
  });
}
