// Whether a topic is wanted on this node, beside what others want of it: the relay hears when that changes.
// Refuses to know what is published. Obeys spec/hp-peer.md, section "Interest".

import type { Address, Context } from '../../runtime/actor.ts';
import type { Topic } from '../topic.ts';
import { RELAY_SHARD, type RelayRequest } from './relay-seam.ts';

/** Subscribers by shard. */
export type ShardInterest = Map<number, number>;

/** [HP-RELAY-1] The relay hears of the first follower on this node, and when the last one is gone. */
export function setInterest<M>(
  relay: Address<RelayRequest> | undefined,
  topic: Topic,
  interest: ShardInterest,
  shard: number,
  subscribers: number,
  context: Context<M>,
): void {
  const wasWanted = isWantedHere(interest);
  if (subscribers > 0) interest.set(shard, subscribers);
  else interest.delete(shard);
  const isWanted = isWantedHere(interest);
  if (relay !== undefined && isWanted !== wasWanted)
    context.send(relay, { type: 'wanted', topic, isWanted });
}

function isWantedHere(interest: ShardInterest): boolean {
  return interest.size > (interest.has(RELAY_SHARD) ? 1 : 0);
}

/** The shard of the relay died: its successor knows nothing. */
export function tellRelay<M>(
  relay: Address<RelayRequest> | undefined,
  topics: ReadonlyMap<Topic, { readonly interest: ShardInterest }>,
  context: Context<M>,
): void {
  if (relay === undefined) return;
  for (const [topic, { interest }] of topics) {
    interest.delete(RELAY_SHARD);
    if (isWantedHere(interest)) context.send(relay, { type: 'wanted', topic, isWanted: true });
  }
}
