// In some runs of a chat of few nodes there are plays at their doors and nothing else: nobody talks, and nothing goes wrong but
// what belongs to a play. Which plays, and how the nodes are set, is drawn.

import type { ClusterOptions } from '../../../actors/cluster/cluster-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { type House, optionsOf } from '../../records/plays/house.ts';
import type { Play } from '../../records/plays/play.ts';
import { plays } from '../../records/plays/plays.ts';
import { mishapTours, tours } from '../../records/plays/tours/tours.ts';
import type { Plan } from '../../plan.ts';
import type { ChatPlan } from '../chat-plan.ts';

/** Of one node. */
export function withPlays(plan: Plan): Plan {
  const { seed, chat, nodes, shards } = plan;
  if (nodes > 1) return withTours(plan);
  const chance = new Prng(seed, 'plays');
  if (chat === undefined || !chance.chance(1, 6)) return plan;
  const house: House = {
    shards,
    proof: chance.pick(['none', 'password', 'token'] as const),
    isStrict: chance.chance(1, 2),
    isLenient: chance.chance(1, 3),
    isPlain: chance.chance(2, 3),
    isSlow: chance.chance(1, 3),
  };
  const fitting = plays.filter((one) => one.fits(house)).map(({ name }) => name);
  // Whatever ends the node comes last.
  const names = mixedUp(fitting, chance).toSorted((one, other) => endsOf(one) - endsOf(other));
  return {
    ...plan,
    ...{ faults: [], horizonUs: HORIZON_US },
    chat: {
      ...{ ...chat, ...alone(chat, house) },
      ...{ cluster: undefined, skewsMs: [0], upgrades: [] },
      plays: { house, names },
    },
  };
}

/** Of a few: where something befalls a node, that is the end. */
function withTours(plan: Plan): Plan {
  const { seed, chat, nodes, shards } = plan;
  const chance = new Prng(seed, 'tours');
  if (chat?.cluster === undefined || nodes > COMPANY_MAX || !chance.chance(1, 6)) return plan;
  const company = {
    nodes,
    policy: chance.pick(['multi', 'multi', 'replace', 'reject'] as const),
    isAdvertised: chance.chance(1, 2),
  };
  const house: House = {
    ...{ shards, company, proof: chance.pick(['none', 'password', 'token'] as const) },
    ...{ isStrict: false, isLenient: chance.chance(1, 3), isPlain: true, isSlow: false },
  };
  const fitting = (some: readonly Play[]): readonly string[] =>
    mixedUp(
      some.filter((one) => one.fits(house)).map(({ name }) => name),
      chance,
    );
  const names = [...fitting(tours), ...fitting(mishapTours).slice(0, MISHAPS_MAX)];
  return {
    ...plan,
    ...{ faults: [], horizonUs: TOURS_US },
    chat: {
      ...{ ...chat, ...alone(chat, house), isAdvertised: company.isAdvertised },
      ...{ cluster: { ...chat.cluster, ...COMPANY }, skewsMs: chat.skewsMs.map(() => 0) },
      ...{ way: { ...chat.way, latencyUs: WAY_US, jitterUs: 0 }, plays: { house, names } },
    },
  };
}

/** Nobody else is there. */
function alone({ options }: ChatPlan, house: House) {
  return {
    ...{ talkers: [], strangers: [], impostor: undefined, crossers: [], calls: [], faults: [] },
    ...{ bridges: undefined, isSparse: false, options: { ...options, ...optionsOf(house) } },
  };
}

function mixedUp(names: readonly string[], chance: Prng): readonly string[] {
  const left = [...names];
  return names.map(() => left.splice(chance.below(left.length), 1)[0] ?? '');
}

function endsOf(name: string): number {
  return name.startsWith('the-node-goes') ? 1 : 0;
}

const HORIZON_US = 120_000_000;
const TOURS_US = 240_000_000;
const COMPANY_MAX = 3;
const MISHAPS_MAX = 2;
const WAY_US = 1_000;
const COMPANY: Partial<ClusterOptions> = {
  ...{ heartbeatMs: 500, suspectMs: 2_500, downMs: 6_000, lingerMs: 3_000, deltaEveryMs: 10 },
  ...{
    dialMaxMs: 4_000,
    joinTimeoutMs: 5_000,
    partitionPolicy: 'serve',
    nodesExpected: 0,
    detours: true,
  },
};
