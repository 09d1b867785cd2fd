// The broker's side of bridges: its publications are JSON, and JSON is published as it is.
// Refuses to know who reads it. Obeys spec/bridge.md.

import type { BridgeSide } from '../routing/home/bridges.ts';
import type { HomeMessage } from '../routing/home.actor.ts';
import { homeOf } from '../routing/topic.ts';
import type { Address } from '../runtime/actor.ts';

export function brokerSide(
  shards: number,
  homeOfShard: (shard: number) => Address<HomeMessage>,
): BridgeSide {
  return {
    name: 'broker',
    namespace: 'broker/',
    hear: ({ data, id, speaker }) => ({
      json: data instanceof Uint8Array ? data : undefined,
      id,
      speaker,
    }),
    say(topic, data, { id }, say) {
      say(homeOfShard(homeOf(topic, shards)), {
        ...{ type: 'publish', topic, id, data, isBridged: true },
        ...{ shard: 0, ref: undefined, publisher: undefined },
      });
      return true;
    },
  };
}
