// Topics: the names that publications are addressed to, and the shard where each has its home.
// A topic is `namespace/name`; the namespace tells the dialect (`broker/…`, `grip/…`, `chat/room/…`, `$SYS/…`),
// the name is the dialect's own. Refuses to know what a dialect allows in its names.

import { finish, hashText, mix } from '../runtime/prng.ts';

export type Topic = string;

/** Their publishers count on one order over all of them: ADR 0021. */
const namespaceOfOneHome = 'grip/';

/** [SHARD-1] The shard that orders and remembers a topic: the highest rendezvous weight among `shards`. */
export function homeOf(topic: Topic, shards: number): number {
  if (topic.startsWith(namespaceOfOneHome)) return 0;
  const hash = hashText(topic, 0);
  let home = 0;
  let highest = -1;
  for (let shard = 0; shard < shards; shard += 1) {
    const weight = finish(mix(hash, shard));
    if (weight > highest) {
      highest = weight;
      home = shard;
    }
  }
  return home;
}
