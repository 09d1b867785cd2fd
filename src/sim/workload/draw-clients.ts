// The cast of a run: which clients there are and how they behave, drawn from the seed. Every topic of every node has
// a steady publisher and steady followers, so that there is always something to be right or wrong about.
// Refuses to act.

import { Prng } from '../../actors/runtime/prng.ts';
import type { LinkPlan } from '../edges/network.ts';
import type { Lane } from '../edges/web.edge.ts';
import type { ClientPlan } from './client-plan.ts';

export interface Cast {
  readonly seed: number;
  readonly lane: Lane;
  readonly nodes: number;
  readonly clients: number;
  readonly requireToken: boolean;
  readonly isChurning: boolean;
}

export function drawClients(cast: Cast): ClientPlan[] {
  const chance = new Prng(cast.seed, 'clients');
  const topics = TOPICS.slice(0, chance.between(2, TOPICS.length));
  const plans: ClientPlan[] = [];
  for (let client = 0; client < cast.clients; client += 1) {
    const node = client % cast.nodes;
    // The first clients of each node publish: one for each topic at least.
    const rank = Math.floor(client / cast.nodes);
    const publishers = Math.min(
      topics.length,
      Math.max(2, Math.floor(cast.clients / cast.nodes / 4)),
    );
    const drawn = new Prng(cast.seed, `cast ${client}`);
    const steady = steadyClient(cast, client, node, topics, drawn);
    if (rank < publishers) plans.push(publisher(steady, rank, publishers, topics, drawn));
    else plans.push(follower(cast, steady, topics, drawn));
  }
  return plans;
}

function steadyClient(
  cast: Cast,
  client: number,
  node: number,
  topics: readonly string[],
  chance: Prng,
): ClientPlan {
  const followed = topics.filter(() => chance.chance(1, 2));
  const expiresInMs = chance.chance(1, 3) ? chance.between(500, 8_000) : undefined;
  return {
    client,
    node,
    behaviour: 'steady',
    transport: chance.chance(2, 3) ? 'ws' : 'sse',
    envelope: chance.chance(3, 4),
    recovers: chance.chance(3, 4),
    topics: followed.length === 0 ? topics.slice(0, 1) : followed,
    publishes: [],
    everyUs: 100_000,
    burst: 1,
    dataBytes: 0,
    idPercent: 0,
    readBytes: 0,
    leavesEveryUs: chance.chance(1, 3) ? chance.between(1_000_000, 6_000_000) : 0,
    token: cast.requireToken ? { subscribe: ['*'], publish: ['*'], expiresInMs } : undefined,
    link: drawLink(cast.lane, chance),
  };
}

function publisher(
  steady: ClientPlan,
  rank: number,
  publishers: number,
  topics: readonly string[],
  chance: Prng,
): ClientPlan {
  const publishes = topics.filter((_, index) => index % publishers === rank || chance.chance(1, 4));
  const isStorm = chance.chance(1, 5);
  const isBulky = chance.chance(1, 8);
  const isPost = chance.chance(1, 5);
  return {
    ...steady,
    transport: isPost ? 'post' : 'ws',
    topics: isPost ? [] : steady.topics.slice(0, 2),
    publishes,
    everyUs: isStorm ? 400_000 : chance.between(20_000, 120_000),
    burst: isStorm ? chance.between(20, 60) : chance.between(1, 4),
    dataBytes: isBulky ? chance.pick([2_000, 9_000]) : chance.pick([0, 60, 120, 300]),
    idPercent: chance.pick([0, 30, 100]),
    leavesEveryUs: chance.chance(1, 4) ? 3_000_000 : 0,
  };
}

function follower(
  cast: Cast,
  steady: ClientPlan,
  topics: readonly string[],
  chance: Prng,
): ClientPlan {
  const drawn = chance.below(cast.isChurning ? 8 : 16);
  if (drawn < 2 || (cast.isChurning && drawn < 5)) {
    return {
      ...steady,
      behaviour: 'churning',
      transport: 'ws',
      topics: topics.slice(0, 3),
      everyUs: chance.between(cast.isChurning ? 5_000 : 30_000, 200_000),
    };
  }
  if (drawn === 5) {
    return {
      ...steady,
      behaviour: 'slow',
      topics,
      readBytes: chance.pick([0, 500, 5_000, 20_000]),
      leavesEveryUs: 0,
    };
  }
  if (drawn === 6)
    return { ...steady, behaviour: 'malformed', transport: 'ws', topics: [], everyUs: 50_000 };
  return steady;
}

function drawLink(lane: Lane, chance: Prng): LinkPlan {
  const latencyUs = chance.chance(1, 3) ? chance.between(200, 80_000) : chance.between(100, 5_000);
  return {
    latencyUs,
    jitterUs: chance.pick([0, 100, 1_000, 10_000]),
    windowBytes: chance.pick([4_096, 65_536, 262_144, 1_048_576]),
    cutPercent: lane === 'byte' ? chance.pick([0, 1, 5, 30, 80]) : 0,
    joinPercent: lane === 'byte' ? chance.pick([0, 5, 50]) : 0,
  };
}

const TOPICS: readonly string[] = [
  'stock:AAPL',
  'room/1',
  'käse 🧀',
  'a',
  'a"b',
  '__proto__',
  '0',
  'news.*',
];
