// What the router of a shard keeps, and the words that its parts have in common.
// Refuses to know how it is used: router.actor.ts takes the messages, following.ts keeps who follows what.

import type { Address, Context } from '../runtime/actor.ts';
import type { ConnectionId, Receipt, ShardDown, WebCommand } from '../runtime/edges.ts';
import type { Delivery } from './delivery.ts';
import type { HomeAnswer, HomeMessage } from './home.actor.ts';
import type { Pending, Question } from './pending.ts';
import type { RouterReply, RouterRequest } from './router-messages.ts';
import type {
  FormatName,
  LocalTopic,
  Stream,
  Subscription,
  Subscriptions,
  WireFormat,
} from './subscriptions.ts';
import type { Topic } from './topic.ts';

export interface RouterArgs {
  readonly shard: number;
  readonly shards: number;
  readonly web: Address<WebCommand>;
  readonly homeOfShard: (shard: number) => Address<HomeMessage>;
  readonly formats: ReadonlyMap<FormatName, WireFormat>;
  /** A stream with a full window and no receipt for this long is closed. */
  readonly stallTimeoutMs: number;
}

export type RouterMessage = RouterRequest | HomeAnswer | Receipt | ShardDown;

export interface RouterState {
  readonly args: RouterArgs;
  readonly streams: Map<ConnectionId, RoutedStream>;
  readonly subscriptions: Subscriptions<RouterReply>;
  readonly pending: Pending<RouterReply>;
  readonly delivery: Delivery;
  /** Followed topics that their new home had no room for; asked again with every sweep. */
  readonly homeless: Set<Topic>;
}

export type Turn = Context<RouterMessage>;
export type Ask<T extends RouterRequest['type']> = Extract<RouterRequest, { readonly type: T }>;
export type Answer<T extends HomeAnswer['type']> = Extract<HomeAnswer, { readonly type: T }>;
export type RoutedStream = Stream<RouterReply>;
export type RoutedSubscription = Subscription<RouterReply>;
export type RoutedTopic = LocalTopic<RouterReply>;
export type RoutedQuestion = Question<RouterReply>;
export type Attach = Extract<RoutedQuestion, { readonly kind: 'attach' }>;

export function toHome(
  state: RouterState,
  shard: number,
  message: HomeMessage,
  context: Turn,
): void {
  context.send(state.args.homeOfShard(shard), message);
}
