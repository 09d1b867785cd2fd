// A river: one client says more than another one takes, and that one takes it at a good pace. What is said has to become as
// slow as that; nobody is to lose his connection over it. Both are clients like all others, on the first node. And a creek: little
// and much is said by turns to one who takes it slowly, and the smallest window is full for longer than one word takes.
// Refuses to judge, and to know how a publisher is held back.

import { type Arbitrary, boolean, constant, constantFrom, integer } from 'fast-check';

import type { Fault } from '../../faults/faults.ts';
import { chance, mixed, plainRecord } from '../drawing.ts';
import type { Settings } from '../settings.ts';
import { type ClientPlan, plainHabits, pulse } from '../../workload/client-plan.ts';

/** Twenty times a second. */
export const RIVER_READ_BYTES = 60_000;

export interface River {
  readonly burst: number;
  readonly everyUs: number;
  readonly readBytes: number;
  readonly windowBytes: number;
  /** Another one reads the same, perhaps on another thread. */
  readonly isShared: boolean;
  /** It rests, and its reader, who was stopped for a moment, has caught up when it comes again. */
  readonly isPulsing: boolean;
  /** In hundredths of the time of faults: when its reader takes nothing for a while, and when each thread dies. */
  readonly stallsAt: number | undefined;
  readonly diesAt: number | undefined;
}

export const rivers: Arbitrary<River | undefined> = mixed<River | undefined>(
  [15, constant(undefined)],
  [
    1,
    plainRecord({
      burst: integer({ min: 7, max: 9 }),
      everyUs: constantFrom(40_000, 30_000),
      readBytes: constant(RIVER_READ_BYTES),
      windowBytes: constantFrom(1_048_576, 262_144),
      isShared: boolean(),
      isPulsing: boolean(),
      stallsAt: mixed([1, constant(undefined)], [2, integer({ min: 20, max: 80 })]),
      diesAt: mixed([1, constant(undefined)], [2, integer({ min: 10, max: 40 })]),
    }),
  ],
);

/** There are clients enough whose places it may take. */
export function hasPlaceForRiver(clients: number, nodes: number): boolean {
  return clients > (RIVER_RANK + 2) * nodes;
}

/** Queues in which a river finds its place, and doors that let it pass. */
export function widened(settings: Settings): Settings {
  const { broker, home, sites } = settings;
  const open = { requireToken: false, publish: 'all', messagesPerSecondMax: 100_000 } as const;
  const wide = { queueBytesMax: 1_048_576, messageBytesMax: 1_048_576, subscriptionsMax: 1_000 };
  const doors = { connectionsMax: 50_000, connectionsPerAddressMax: 50_000 };
  return {
    ...settings,
    // A pong stands behind all that its client has said.
    broker: {
      ...broker,
      ...open,
      ...wide,
      ...doors,
      slowPolicy: 'disconnect',
      pongTimeoutMs: 20_000,
    },
    home: { ...home, topicsMax: 100_000 },
    sites: sites.filter((site) => site !== 'tiny-window'),
  };
}

/** Takes the places of two clients, or three, that have nothing to do for others. */
export function withRiver(
  plans: readonly ClientPlan[],
  { burst, everyUs, readBytes, windowBytes, isShared, isPulsing }: River,
  nodes: number,
): readonly ClientPlan[] {
  const common = {
    ...plainHabits,
    ...({ transport: 'ws', envelope: true, recovers: true, token: undefined } as const),
    ...{
      idPercent: 0,
      leavesEveryUs: 0,
      link: { ...DIRECT, windowBytes: isPulsing ? NARROW_BYTES : windowBytes },
    },
  };
  const speaker = {
    ...common,
    ...({ behaviour: 'steady', topics: [], publishes: [RIVER_TOPIC] } as const),
    ...{ burst, everyUs, dataBytes: 9_000, readBytes: 0, isPulsing },
    // What is under way when it is to wait has to find its place.
    link: { ...DIRECT, latencyUs: 10_000, windowBytes: NARROW_BYTES },
  };
  const reader = {
    ...common,
    ...({ behaviour: 'slow', topics: [RIVER_TOPIC], publishes: [] } as const),
    ...{ burst: 1, everyUs: 100_000, dataBytes: 0, readBytes },
  };
  const [first, second, third] = [0, 1, 2].map((rank) => (RIVER_RANK + rank) * nodes);
  const isReader = (at: number): boolean => at === second || (isShared && at === third);
  return plans.map((plan, at) => {
    if (at !== first && !isReader(at)) return plan;
    const { client, node } = plan;
    return { client, node, ...(at === first ? speaker : reader) };
  });
}

/** What befalls it beside all else: its reader stands still, and one thread of its node dies after the other. */
export function mishapsOf(
  { stallsAt, diesAt, isPulsing, isShared }: River,
  {
    horizonUs,
    nodes,
    shards,
  }: { readonly horizonUs: number; readonly nodes: number; readonly shards: number },
): readonly Fault[] {
  const since = (hundredths: number): number => Math.floor((horizonUs * hundredths) / 100);
  const reader = (RIVER_RANK + 1) * nodes;
  const stall = { kind: 'stallDown', amount: 0 } as const;
  if (isPulsing) {
    const times = Array.from({ length: Math.ceil(horizonUs / pulse.everyUs) }, (_, at) => at);
    return times
      .map((time) => time * pulse.everyUs + pulse.shortFromUs - BEFORE_US)
      .filter((at) => at < horizonUs)
      .flatMap((at) =>
        [reader, ...(isShared ? [reader + nodes] : [])].map((target) => ({
          ...{ ...stall, target, at, durationUs: MOMENT_US },
        })),
      );
  }
  const death = { kind: 'crashShard', durationUs: 50_000, amount: 0 } as const;
  return [
    ...(stallsAt === undefined
      ? []
      : [{ ...stall, target: reader, at: since(stallsAt), durationUs: STALL_US }]),
    ...(diesAt === undefined
      ? []
      : Array.from({ length: shards }, (_, target) => ({
          ...death,
          target,
          at: since(diesAt) + target * DEATHS_EVERY_US,
        }))),
  ].filter(({ at }) => at < horizonUs);
}

const STALL_US = 2_700_000;
/** Longer than publishers wait for somebody who takes nothing. */
const MOMENT_US = 950_000;
const BEFORE_US = 100_000;
const NARROW_BYTES = 65_536;
/** What the one has left behind is seen before the next one. */
const DEATHS_EVERY_US = 1_900_000;
const DIRECT = { latencyUs: 1_000, jitterUs: 0, cutPercent: 0, joinPercent: 0 } as const;
/** Of the first node; those before have something to do for others. */
const RIVER_RANK = 8;
export const RIVER_TOPIC = 'river/1';

export const creeks: Arbitrary<boolean> = chance(1, 10);

/** [BROKER-SLOW-5] Windows in which a long word has no room. */
export function shallow(settings: Settings): Settings {
  return { ...settings, sites: [...new Set([...settings.sites, 'tiny-window'])] };
}

/** The last of all clients reads what all others say, if it has nothing to say itself. */
export function withCreek(plans: readonly ClientPlan[]): readonly ClientPlan[] {
  const spoken = [...new Set(plans.flatMap(({ publishes }) => publishes))];
  return plans.map((plan, at) => {
    if (plan.publishes.length > 0) return { ...plan, isUneven: true };
    if (at < plans.length - 1) return plan;
    return {
      ...{ ...plan, ...plainHabits, topics: spoken, readBytes: CREEK_READ_BYTES },
      ...({ behaviour: 'slow', transport: 'ws', leavesEveryUs: 0 } as const),
      link: { ...plan.link, windowBytes: CREEK_WINDOW_BYTES },
    };
  });
}

const CREEK_READ_BYTES = 500;
const CREEK_WINDOW_BYTES = 4_096;
