// How publications that are bytes travel to other nodes: as they are.
// Refuses to know nodes and links. Obeys spec/hp-peer.md, section "Relay".

import type { Address } from '../../runtime/actor.ts';
import type { HomeMessage } from '../home.actor.ts';
import { homeOf } from '../topic.ts';
import type { Carriage } from './carriage.ts';
import { RELAY_SHARD } from './relay-seam.ts';

export function plainCarriage(
  namespace: string,
  shards: number,
  homeOfShard: (shard: number) => Address<HomeMessage>,
): Carriage {
  return {
    namespace,
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
