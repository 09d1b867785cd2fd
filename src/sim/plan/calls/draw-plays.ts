// In some runs of a chat of one node there are plays at its doors and nothing else: nobody talks, and nothing goes wrong.
// Which plays, and how the node is set, is drawn.

import { brokerDefaults } from '../../../actors/broker/broker-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { type House, optionsOf } from '../../records/plays/house.ts';
import { PLAYED_BRIDGE } from '../../records/plays/narrow/bridged.ts';
import { plays } from '../../records/plays/plays.ts';
import type { Plan } from '../../plan.ts';
import type { ChatPlan } from '../chat-plan.ts';

export function withPlays(plan: Plan): Plan {
  const { seed, chat, nodes, shards } = plan;
  if (chat === undefined || nodes > 1) return plan;
  const [usual, narrow] = [new Prng(seed, 'plays'), new Prng(seed, 'narrow plays')];
  if (usual.chance(1, 6)) return played(plan, chat, usualHouse(shards, usual), usual);
  if (narrow.chance(1, 6)) return played(plan, chat, narrowHouse(shards, narrow), narrow);
  return plan;
}

function usualHouse(shards: number, chance: Prng): House {
  return {
    shards,
    proof: chance.pick(['none', 'password', 'token'] as const),
    isStrict: chance.chance(1, 2),
    isLenient: chance.chance(1, 3),
    isPlain: chance.chance(2, 3),
    isSlow: chance.chance(1, 3),
    ...{ policy: 'multi', isNarrow: false },
  };
}

function narrowHouse(shards: number, chance: Prng): House {
  return {
    ...{ shards, proof: 'none', isStrict: false, isPlain: true, isSlow: false, isNarrow: true },
    isLenient: chance.chance(1, 3),
    policy: chance.pick(['multi', 'replace', 'reject'] as const),
  };
}

function played(plan: Plan, chat: ChatPlan, house: House, chance: Prng): Plan {
  const fitting = plays.filter((one) => one.fits(house)).map(({ name }) => name);
  // Whatever ends the node comes last.
  const names = mixedUp(fitting, chance).toSorted((one, other) => endsOf(one) - endsOf(other));
  return {
    ...plan,
    ...{ faults: [], horizonUs: HORIZON_US, broker: openTo(plan.broker) },
    chat: {
      ...chat,
      ...{ cluster: undefined, talkers: [], strangers: [], impostor: undefined, crossers: [] },
      bridges: house.isNarrow ? [PLAYED_BRIDGE] : undefined,
      ...{ calls: [], faults: [], skewsMs: [0], upgrades: [] },
      ...{ isSparse: false, options: { ...chat.options, ...optionsOf(house) } },
      plays: { house, names },
    },
  };
}

/** Whoever publishes in a play may, and as he likes. */
function openTo(broker: Plan['broker']): Plan['broker'] {
  const { jsonDepthMax, bodyBytesMax, topicLengthMax, idLengthMax } = brokerDefaults;
  return {
    ...broker,
    ...{ requireToken: false, publish: 'all', allowedOrigins: [], jsonDepthMax, bodyBytesMax },
    ...{ topicLengthMax, idLengthMax },
  };
}

/** In an order that is drawn. */
export function mixedUp(names: readonly string[], chance: Prng): readonly string[] {
  const left = [...names];
  return names.map(() => left.splice(chance.below(left.length), 1)[0] ?? '');
}

function endsOf(name: string): number {
  return name.startsWith('the-node-goes') ? 1 : 0;
}

const HORIZON_US = 240_000_000;
