// What the router of a shard keeps, and the words that its parts have in common; among it the questions that it has
// asked of homes: a home that dies takes its answers with it, and what was asked of it is found here.
// Refuses to know how it is used: router.actor.ts takes the messages, following.ts keeps who follows what.

import type { Address, Context } from '../runtime/actor.ts';
import type { ConnectionId, Receipt, ShardDown, WebCommand } from '../runtime/edges.ts';
import { SteadyMap } from '../runtime/memory/steady-map.ts';
import type { Delivery } from './delivery.ts';
import type { HomeAnswer, HomeMessage } from './home.actor.ts';
import type { Asker, RouterReply, RouterRequest } from './router-messages.ts';
import type {
  Attaching,
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
  /** Streams that are told something when they are quiet. */
  readonly keptAlive: Set<RoutedStream>;
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

/** Topics of all homes, gathered for one asker. */
export interface Gathering {
  readonly asker: Asker;
  readonly topics: (readonly [Topic, number])[];
  missing: number;
}

export type Question<Owner> =
  | Attaching<Owner>
  | { readonly kind: 'reattach'; readonly topic: Topic }
  | { readonly kind: 'publish'; readonly topic: Topic; readonly asker: Asker }
  | { readonly kind: 'inform'; readonly topic: Topic; readonly asker: Asker }
  | { readonly kind: 'list'; readonly gathering: Gathering };

interface Open<Owner> {
  readonly ref: number;
  readonly home: number;
  readonly question: Question<Owner>;
}

export class Pending<Owner> {
  readonly #open = new SteadyMap<number, Open<Owner>>();
  #asked: number;

  /**
   * `first` comes from chance: an answer to the shard that was here before, still on its way when that one died, must
   * not pass for an answer to this one.
   */
  constructor(first: number) {
    this.#asked = first * REFS_PER_LIFE;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Notes a question to a home; the reference comes back with the answer. */
  add(home: number, question: Question<Owner>): number {
    this.#asked += 1;
    const ref = this.#asked;
    this.#open.set(ref, { ref, home, question });
    return ref;
  }

  /** Undefined for an answer that nobody waits for any more. */
  take(ref: number): Question<Owner> | undefined {
    const found = this.#open.get(ref);
    this.#open.delete(ref);
    return found?.question;
  }

  /** Everything that a dead home will never answer, in the order it was asked. */
  takeAllOf(home: number): Question<Owner>[] {
    const lost = [...this.#open.values()].filter((open) => open.home === home);
    for (const { ref } of lost) this.#open.delete(ref);
    return lost.map(({ question }) => question);
  }
}

/** Questions of one life, before its references could meet those of another; 2^52 in all. */
const REFS_PER_LIFE = 1_048_576;
