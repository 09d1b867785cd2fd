// Readers of a topic that are behind, and the publishers that wait for them meanwhile.
// Refuses to know who is behind and why: routers say so, shard by shard. Obeys ADR 0015, spec/broker.md "Pacing".

import type { Address, Context } from '../../runtime/actor.ts';
import type { RouterReply } from '../router-messages.ts';

export interface Lag {
  /** With readers that are behind. */
  readonly shards: Set<number>;
  readonly held: Set<Address<RouterReply>>;
}

interface Paced {
  lag: Lag | undefined;
}

type Turn = Pick<Context<never>, 'send' | 'count'>;

/** [BROKER-PACE-1] While readers are behind, whoever publishes to the topic is held; then all may go on. */
export function noteLag(topic: Paced, shard: number, isLagging: boolean, context: Turn): void {
  if (isLagging) {
    topic.lag ??= { shards: new Set(), held: new Set() };
    topic.lag.shards.add(shard);
    return;
  }
  topic.lag?.shards.delete(shard);
  if (topic.lag === undefined || topic.lag.shards.size > 0) return;
  for (const publisher of topic.lag.held) {
    context.send(publisher, { type: 'publisherHeld', isHeld: false });
  }
  topic.lag = undefined;
}

export function hold({ held }: Lag, publisher: Address<RouterReply>, context: Turn): void {
  if (held.has(publisher)) return;
  held.add(publisher);
  context.count('publishers.held');
  context.send(publisher, { type: 'publisherHeld', isHeld: true });
}
