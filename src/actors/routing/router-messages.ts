// What sessions and the router of their shard say to each other; every dialect speaks these words.
// A question has a slot: the router keeps the answer's place in the connection's outbox, the session fills it.
// Refuses to know how the router obeys, and what an answer looks like on the wire.

import type { Address } from '../runtime/actor.ts';
import type { ConnectionId, Payload } from '../runtime/edges.ts';
import type { OutboxLimits } from './outbox.ts';
import type { Gap, Position, Publication } from './publication.ts';
import type { FormatName, KeepAlive } from './subscriptions.ts';
import type { Topic } from './topic.ts';

/** Orders the answers to one connection: a question with a slot is answered in its place by `reply`. */
export type Slot = number;
/** For questions whose answer is not written to the connection: no place is kept. */
export const NO_SLOT: Slot = -1;

/** What sessions say to the router. */
export type RouterRequest =
  | {
      readonly type: 'open';
      readonly connection: ConnectionId;
      readonly owner: Address<RouterReply>;
      readonly outbox: OutboxLimits;
      /** How gaps look, and roughly what a publication costs that the owner writes itself. */
      readonly ownFormat: FormatName;
      readonly subscriptionsMax: number;
      /** Instead of the router's own. */
      readonly stallTimeoutMs?: number;
    }
  | {
      readonly type: 'leave';
      readonly connection: ConnectionId;
      /** Wants `streamLeft`. */
      readonly isTold?: boolean;
    }
  | {
      readonly type: 'subscribe';
      readonly connection: ConnectionId;
      readonly slot: Slot;
      readonly topic: Topic;
      readonly format: FormatName;
      readonly since: Position | undefined;
    }
  | {
      readonly type: 'unsubscribe';
      readonly connection: ConnectionId;
      readonly slot: Slot;
      readonly topic: Topic;
    }
  | {
      readonly type: 'publish';
      readonly topic: Topic;
      readonly id: string | undefined;
      readonly data: Payload;
      /** Who waits for the outcome; undefined when nobody does. */
      readonly asker: Asker | undefined;
      /** Whom a token was shown for; empty when it does not say, undefined where none is asked for. */
      readonly speaker?: string | undefined;
      /** Told when the publication is refused and nobody waits for its outcome. */
      readonly publisher: Address<RouterReply> | undefined;
    }
  | { readonly type: 'list'; readonly asker: Asker }
  | { readonly type: 'inform'; readonly topic: Topic; readonly asker: Asker }
  | {
      readonly type: 'reply';
      readonly connection: ConnectionId;
      /** The question that this answers; undefined for words of the session's own. */
      readonly slot: Slot | undefined;
      readonly payload: Payload;
      /** Set when the payload carries a publication that a slow reader may lose. */
      readonly publication?: Publication;
    }
  /** Nothing is written in the place of that answer: what waited behind it may go. */
  | { readonly type: 'skip'; readonly connection: ConnectionId; readonly slot: Slot }
  /** From now on the stream is told this when it is quiet; up to a second early, so that not all speak at once. */
  | {
      readonly type: 'keepAlive';
      readonly connection: ConnectionId;
      readonly keepAlive: KeepAlive | undefined;
    }
  /** Takes nothing more for the stream; `finished` follows when what waited has been written. */
  | { readonly type: 'finish'; readonly connection: ConnectionId }
  /** `settled` follows when all that was written to the stream so far has left for the edge. */
  | { readonly type: 'settle'; readonly connection: ConnectionId };

/** An asker with a connection has its answer kept in place; `slot` comes back with the answer. */
export interface Asker {
  readonly replyTo: Address<RouterReply>;
  readonly slot: Slot;
  readonly connection: ConnectionId | undefined;
}

/** What the router says to sessions. */
export type RouterReply =
  | {
      readonly type: 'subscribed';
      readonly slot: Slot;
      readonly topic: Topic;
      readonly position: Position;
      /** Undefined when recovery was not asked for. */
      readonly recovered: boolean | undefined;
    }
  | {
      readonly type: 'subscribeRefused';
      readonly slot: Slot;
      readonly topic: Topic;
      readonly reason: SubscribeRefusal;
    }
  | {
      readonly type: 'unsubscribed';
      readonly slot: Slot;
      readonly topic: Topic;
      readonly wasSubscribed: boolean;
    }
  | {
      readonly type: 'publishAnswered';
      readonly slot: Slot;
      readonly topic: Topic;
      readonly outcome: PublishOutcome;
    }
  /** [BROKER-PACE-1] The publisher is to wait, or may go on: readers of a topic that it publishes to are behind. */
  | { readonly type: 'publisherHeld'; readonly isHeld: boolean }
  /** [BROKER-PUB-6] For a publication that nobody asked the outcome of. */
  | { readonly type: 'publishRefused'; readonly topic: Topic }
  | {
      readonly type: 'topicsListed';
      readonly slot: Slot;
      readonly topics: readonly (readonly [Topic, number])[];
    }
  | {
      readonly type: 'topicInformed';
      readonly slot: Slot;
      readonly topic: Topic;
      readonly info: TopicInfo;
    }
  /** For subscriptions in the format `owner`. */
  | { readonly type: 'delivered'; readonly publication: Publication }
  | { readonly type: 'gapped'; readonly gap: Gap }
  /** All that was for a stream that is to end has been written: its session closes it. */
  | { readonly type: 'finished' }
  /** Nothing waits for the stream: whatever its session has put to the edge now stands behind all else. */
  | { readonly type: 'settled' }
  /** The router gave the connection up: its session closes it. */
  | { readonly type: 'tooSlow' }
  /** Where the stream stood in its topics, by the publishers' ids. */
  | { readonly type: 'streamLeft'; readonly places: readonly StreamPlace[] };

export interface StreamPlace {
  readonly topic: Topic;
  /** The last publication that the stream was given; undefined before the first. */
  readonly lastId: string | undefined;
  /** The first of those that still waited to be written. */
  readonly unwrittenId: string | undefined;
}

/** What a topic's home knows of it. */
export interface TopicInfo {
  readonly subscribers: number;
  /** Undefined when the topic has no life: nobody follows it, and nothing is remembered. */
  readonly position: Position | undefined;
  readonly historyCount: number;
}

export type SubscribeRefusal = 'too-many-subscriptions' | 'too-many-topics';

/** `unknown`: the home died between the question and its answer; the publication may have been made. */
export type PublishOutcome =
  | {
      readonly kind: 'published';
      readonly position: Position;
      readonly isDuplicate: boolean;
      readonly subscribers: number;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown' };
