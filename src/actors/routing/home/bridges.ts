// Topics that are joined: what a home publishes to one goes to the home of the other as well, in that one's words.
// Refuses to know which topics are joined and what their words are: that is handed in. Obeys spec/bridge.md.

import type { Address, Context } from '../../runtime/actor.ts';
import type { Payload } from '../../runtime/edges.ts';
import type { HomeMessage } from '../home.actor.ts';
import { homeOf, type Topic } from '../topic.ts';

/** What is published on the other side; without data when it cannot be said there. */
export interface Bridged {
  readonly topic: Topic;
  readonly data: Payload | undefined;
  readonly isKept: boolean;
  readonly id: string | undefined;
}

export interface Bridges {
  readonly shards: number;
  readonly homeOfShard: (shard: number) => Address<HomeMessage>;
  readonly across: (topic: Topic, id: string | undefined, data: Payload) => readonly Bridged[];
}

type Published = Extract<HomeMessage, { readonly type: 'publish' }>;

/** [BRIDGE-1] */
export function cross(
  { shards, homeOfShard, across }: Bridges,
  { topic, id, data, shard }: Published,
  context: Pick<Context<never>, 'send' | 'count'>,
): void {
  for (const other of across(topic, id, data)) {
    context.count(other.data === undefined ? 'bridge.dropped' : 'bridge.publications');
    if (other.data === undefined) continue;
    context.send(homeOfShard(homeOf(other.topic, shards)), {
      type: 'publish',
      topic: other.topic,
      id: other.id,
      data: other.data,
      isKept: other.isKept,
      isBridged: true,
      shard,
      ref: undefined,
      publisher: undefined,
    });
  }
}
