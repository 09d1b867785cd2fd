// The whole of a run as data, drawn from its seed: sizes, limits, clients and faults. Some runs get every kind of
// fault, some a swarm of few kinds, some churn, some none: each finds what the others hide.
// Refuses to run anything.

import { type BrokerOptions, brokerDefaults } from '../actors/broker/broker-options.ts';
import { homeDefaults } from '../actors/node.ts';
import type { HomeLimits } from '../actors/routing/home.actor.ts';
import { Prng } from '../actors/runtime/prng.ts';
import type { Lane } from './edges/web.edge.ts';
import { drawFaults, type Fault, faultKinds } from './faults.ts';
import type { ClientPlan } from './workload/client-plan.ts';
import { drawClients } from './workload/draw-clients.ts';

export type Mood = 'everything' | 'swarm' | 'churn' | 'calm';

export interface Plan {
  readonly seed: number;
  readonly lane: Lane;
  readonly mood: Mood;
  readonly nodes: number;
  /** Shards of each node. */
  readonly shards: number;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly Fault[];
  /** Faults and workload end here; then the world must come to rest. */
  readonly horizonUs: number;
  readonly receiptBytes: number;
  readonly serviceUs: number;
  readonly fineTurns: number;
  /** The longest that a crossing takes when nothing is wrong. */
  readonly portUs: number;
}

/** What a caller may fix instead of drawing it. */
export interface PlanChoices {
  readonly seed: number;
  readonly lane: Lane;
  readonly nodes?: number | undefined;
  readonly shards?: number | undefined;
  readonly clients?: number | undefined;
}

export function drawPlan({ seed, lane, nodes, shards, clients }: PlanChoices): Plan {
  const chance = new Prng(seed, 'plan');
  const mood = drawMood(chance);
  const nodeCount = nodes ?? pickDrawn(chance, [1, 1, 2, 3]);
  const shardCount = shards ?? pickDrawn(chance, [1, 2, 2, 3, 4]);
  const clientCount = clients ?? chance.between(8, 28) * nodeCount;
  const horizonUs = chance.between(6_000_000, 14_000_000);
  const requireToken = chance.chance(1, 5);
  const broker = drawBroker(chance, requireToken);
  const home = drawHome(chance);
  const workload = {
    seed,
    lane,
    nodes: nodeCount,
    clients: clientCount,
    requireToken,
    isChurning: mood === 'churn',
  };
  return {
    seed,
    lane,
    mood,
    nodes: nodeCount,
    shards: shardCount,
    broker,
    home,
    clients: drawClients(workload),
    faults: drawSchedule(new Prng(seed, 'faults'), mood, horizonUs),
    horizonUs,
    receiptBytes: pickDrawn(chance, [1, 16_384, 131_072, 131_072]),
    serviceUs: pickDrawn(chance, [1, 2, 4, 15]),
    fineTurns: pickDrawn(chance, [0, 0, 1, 4]),
    portUs: pickDrawn(chance, [50, 500, 5_000]),
  };
}

function drawMood(chance: Prng): Mood {
  const drawn = chance.below(10);
  if (drawn < 4) return 'everything';
  if (drawn < 8) return 'swarm';
  return drawn === 8 ? 'churn' : 'calm';
}

function drawSchedule(chance: Prng, mood: Mood, horizonUs: number): Fault[] {
  if (mood === 'calm') return [];
  const kinds = mood === 'swarm' ? faultKinds.filter(() => chance.chance(1, 2)) : faultKinds;
  return drawFaults(chance, kinds, chance.between(4, 24), horizonUs);
}

function drawBroker(chance: Prng, requireToken: boolean): BrokerOptions {
  return {
    ...brokerDefaults,
    requireToken,
    welcome: chance.chance(3, 4),
    slowPolicy: pickDrawn(chance, ['disconnect', 'drop-oldest', 'latest-per-topic'] as const),
    queueBytesMax: pickDrawn(chance, [16_384, 65_536, 1_048_576]),
    pingEveryMs: PING_EVERY_MS,
    pongTimeoutMs: PONG_TIMEOUT_MS,
    stallTimeoutMs: 3_000,
    sseKeepAliveMs: 1_500,
  };
}

function drawHome(chance: Prng): HomeLimits {
  return {
    ...homeDefaults,
    historyCountMax: pickDrawn(chance, [5, 30, 100, 1_000]),
    historyBytesMax: pickDrawn(chance, [20_000, 1_048_576]),
    historyAgeMaxMs: pickDrawn(chance, [300_000, 300_000, 20_000]),
  };
}

function pickDrawn<T>(chance: Prng, items: readonly T[]): T {
  return items[chance.below(items.length)] as T;
}

const PING_EVERY_MS = 2_000;
const PONG_TIMEOUT_MS = 1_500;
