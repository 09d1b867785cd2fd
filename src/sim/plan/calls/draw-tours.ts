// In some runs of a chat of two or three nodes there are plays at their doors and nothing else: nobody talks, and nothing goes
// wrong but what belongs to a play. Which plays, and how the nodes are set, is drawn. Refuses to know what is played.

import { clusterDefaults, type ClusterOptions } from '../../../actors/cluster/cluster-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { type House, optionsOf } from '../../records/plays/house.ts';
import type { Play } from '../../records/plays/play.ts';
import { mishapTours, tours } from '../../records/plays/tours/tours.ts';
import type { Plan } from '../../plan.ts';
import { mixedUp } from './draw-plays.ts';

export function withTours(plan: Plan): Plan {
  const { seed, chat, nodes, shards } = plan;
  const chance = new Prng(seed, 'tours');
  const isCompany = nodes > 1 && nodes <= COMPANY_MAX;
  if (chat?.cluster === undefined || !isCompany || !chance.chance(1, 6)) return plan;
  const house: House = {
    ...{ shards, isStrict: false, isPlain: true, isSlow: false, isNarrow: false },
    policy: chance.pick(['multi', 'multi', 'replace', 'reject'] as const),
    company: {
      ...{ nodes, isAdvertised: chance.chance(1, 2) },
      isNew: (chat.upgrades ?? []).every((one) => one === 'done'),
    },
    proof: chance.pick(['none', 'password', 'token'] as const),
    isLenient: chance.chance(1, 3),
  };
  const fitting = (some: readonly Play[]): readonly string[] =>
    mixedUp(
      some.filter((one) => one.fits(house)).map(({ name }) => name),
      chance,
    );
  return {
    ...plan,
    ...{ faults: [], horizonUs: HORIZON_US },
    chat: {
      ...chat,
      ...{ talkers: [], strangers: [], impostor: undefined, crossers: [], bridges: undefined },
      ...{ calls: [], faults: [], isSparse: false, skewsMs: chat.skewsMs.map(() => 0) },
      isAdvertised: house.company?.isAdvertised ?? false,
      options: { ...chat.options, ...optionsOf(house) },
      cluster: COMPANY,
      way: { ...chat.way, latencyUs: WAY_US, jitterUs: 0 },
      // Whatever befalls a node comes last.
      plays: {
        house,
        names: [...fitting(tours), ...fitting(mishapTours).slice(0, MISHAPS_MAX)],
      },
    },
  };
}

const HORIZON_US = 240_000_000;
const COMPANY_MAX = 3;
const MISHAPS_MAX = 1;
const WAY_US = 1_000;
const COMPANY: ClusterOptions = {
  ...{ ...clusterDefaults, cluster: 'sim' },
  ...{ heartbeatMs: 500, suspectMs: 2_500, downMs: 6_000, lingerMs: 3_000, deltaEveryMs: 10 },
  ...{ dialMaxMs: 4_000, joinTimeoutMs: 5_000 },
};
