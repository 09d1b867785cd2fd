// In a few runs of clusters one node meets others that are played, and nothing else: nobody talks, and nothing goes wrong.

import { Prng } from '../../../actors/runtime/prng.ts';
import { clusterDefaults, type ClusterOptions } from '../../../actors/cluster/cluster-options.ts';
import { meetingHouse } from '../../records/meetings/meeting.ts';
import { meetings } from '../../records/meetings/meetings.ts';
import { optionsOf } from '../../records/plays/house.ts';
import type { Plan } from '../../plan.ts';

export function withMeetings(plan: Plan): Plan {
  const { seed, chat, shards } = plan;
  if (chat?.cluster === undefined || chat.plays !== undefined) return plan;
  if (!new Prng(seed, 'meetings').chance(1, 12)) return plan;
  const house = { shards, ...meetingHouse };
  return {
    ...plan,
    ...{ nodes: 1, faults: [], sites: [], portUs: PORT_US, horizonUs: HORIZON_US },
    chat: {
      ...chat,
      ...{ talkers: [], strangers: [], impostor: undefined, crossers: [], bridges: undefined },
      ...{ calls: [], faults: [], skewsMs: [0], upgrades: [], isSparse: false, isAdvertised: true },
      options: { ...chat.options, ...optionsOf(house), answerTimeoutMs: 3_000 },
      cluster: options,
      meetings: meetings.map(({ name }) => name),
    },
  };
}

/** Little is needed to come to a limit, and times are short. */
const options: ClusterOptions = {
  ...clusterDefaults,
  ...{
    cluster: 'sim',
    strangersMax: 2,
    handshakeTimeoutMs: 2_000,
    dialMinMs: 500,
    dialMaxMs: 4_000,
  },
  ...{ heartbeatMs: 1_000, suspectMs: 2_500, downMs: 8_000, forgetMs: 20_000, deltaEveryMs: 10 },
  ...{ forwardsMax: 20, lingerMs: 3_000, linksMax: 6 },
};
/** What one thread has said is soon known on another. */
const PORT_US = 50;
const HORIZON_US = 300_000_000;
