// How what is published to the broker's topics travels to other nodes: as the JSON text that it is.
// Refuses to know nodes and links. Obeys spec/hp-peer.md, section "Relay".

import type { HomeMessage } from '../routing/home.actor.ts';
import type { Carriage } from '../routing/relay/carriage.ts';
import { RELAY_SHARD } from '../routing/relay/relay-seam.ts';
import { homeOf } from '../routing/topic.ts';
import type { Address } from '../runtime/actor.ts';

export function brokerCarriage(
  shards: number,
  homeOfShard: (shard: number) => Address<HomeMessage>,
): Carriage {
  return {
    namespace: 'broker/',
    pack: (data) => (data instanceof Uint8Array ? data : undefined),
    arrive({ topic, id, body }, say) {
      if (!(body instanceof Uint8Array)) return false;
      say(homeOfShard(homeOf(topic, shards)), {
        ...{ type: 'publish', topic, id, data: body, isRelayed: true, shard: RELAY_SHARD },
        ...{ ref: undefined, publisher: undefined },
      });
      return true;
    },
  };
}
