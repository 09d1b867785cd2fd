// What goes wrong, as data: a schedule of faults drawn from the seed, each with its instant, target, length and
// strength. A fault that is taken out of the schedule changes only what it would have caused, so schedules shrink.
// Refuses to know how the world carries a fault out.

import type { Prng } from '../actors/runtime/prng.ts';

export const faultKinds = [
  /** Nothing gets through to a client, from it, or both; all arrives afterwards. Target: client. */
  'stallDown',
  'stallUp',
  'stallBoth',
  /** A client's connection breaks, and both ends learn it. Target: client. */
  'reset',
  /** A client's connection goes silent for good, and nobody learns it. Target: client. */
  'cut',
  /** A client's way takes `amount` microseconds longer. Target: client. */
  'slowLink',
  /** Every client of a node loses its connection. Target: node. */
  'storm',
  /** Nobody is let in. Target: node. */
  'refuse',
  /** A thread does nothing at all. Target: shard. */
  'pauseShard',
  /** A thread takes `amount` times longer for everything. Target: shard. */
  'slowShard',
  /** A thread dies; after the duration a fresh one takes its place. `amount` 1: its clients are told 1012. Target: shard. */
  'crashShard',
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
  /** Number of a client, shard (over all nodes) or node; reduced to what exists. */
  readonly target: number;
  readonly durationUs: number;
  readonly amount: number;
}

/** A schedule of `count` faults of the allowed kinds, in the order of their instants. */
export function drawFaults(
  chance: Prng,
  kinds: readonly FaultKind[],
  count: number,
  horizonUs: number,
): Fault[] {
  const faults: Fault[] = [];
  if (kinds.length === 0) return faults;
  for (let i = 0; i < count; i += 1) {
    const kind = chance.pick(kinds);
    const target = chance.below(1_000_000);
    faults.push({ at: chance.below(horizonUs), kind, target, ...sizeOf(kind, chance) });
  }
  return faults.toSorted((one, other) => one.at - other.at);
}

function sizeOf(
  kind: FaultKind,
  chance: Prng,
): { readonly durationUs: number; readonly amount: number } {
  switch (kind) {
    case 'stallDown':
    case 'stallUp':
    case 'stallBoth':
      return { durationUs: chance.between(10_000, 4_000_000), amount: 0 };
    case 'slowLink':
      return {
        durationUs: chance.between(100_000, 4_000_000),
        amount: chance.between(5_000, 400_000),
      };
    case 'refuse':
      return { durationUs: chance.between(50_000, 2_000_000), amount: 0 };
    case 'pauseShard':
      return { durationUs: chance.between(1_000, 1_500_000), amount: 0 };
    case 'slowShard':
      return { durationUs: chance.between(100_000, 3_000_000), amount: chance.between(2, 50) };
    case 'crashShard':
      return { durationUs: chance.between(5_000, 500_000), amount: chance.below(2) };
    case 'slowPorts':
      return {
        durationUs: chance.between(200_000, 4_000_000),
        amount: chance.between(1_000, 20_000),
      };
    case 'burst':
      return { durationUs: 0, amount: chance.between(20, 200) };
    case 'reset':
    case 'cut':
    case 'storm':
      return { durationUs: 0, amount: 0 };
    default:
      return kind satisfies never;
  }
}
