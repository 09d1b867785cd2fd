// Who wants what on this shard: for each topic the streams that follow it, grouped by the wire format they read.
// A group keeps its connections in one array, so that a delivery is one walk and one write command.
// Refuses to know publishers, offsets beyond the last delivered one, and what a format looks like.

import type { Address } from '../runtime/actor.ts';
import type { ConnectionId, Payload } from '../runtime/edges.ts';
import type { FewMap } from '../runtime/memory/few-map.ts';
import type { Outbox } from './outbox.ts';
import type { Gap, Position, Publication } from './publication.ts';
import type { Asker } from './router-messages.ts';
import type { Topic } from './topic.ts';

/** How publications and gaps look on one kind of wire. */
export interface WireFormat {
  /** Undefined for a publication that says nothing on this wire. */
  encode(publication: Publication): Payload | undefined;
  encodeGap(gap: Gap): Payload | undefined;
  /** `tell`: the owner hears it and nothing is written; `end`: so, and the stream takes nothing more. */
  toOwner?(publication: Publication): 'tell' | 'end' | undefined;
  /** A connection that the publication is not for: its own publisher's. */
  skips?(publication: Publication): ConnectionId | undefined;
  /** Not worth a place in a queue: whoever cannot be told now is not told. */
  isEphemeral?(publication: Publication): boolean;
}

/** `owner` formats hand publications to the session, which writes them in its own way. */
export type FormatName = string;
export const TO_OWNER: FormatName = 'owner';

/** What a stream is told when it has been quiet for so long. */
export interface KeepAlive {
  readonly payload: Payload;
  readonly everyMs: number;
  /** Any write puts it off; otherwise it comes whatever else is written. */
  readonly isIdle: boolean;
}

/** One connection as the router sees it. */
export interface Stream<Owner> {
  readonly connection: ConnectionId;
  readonly owner: Address<Owner>;
  readonly outbox: Outbox;
  /** Its gaps, and the measure of what its owner writes. */
  readonly ownFormat: WireFormat;
  readonly subscriptionsMax: number;
  /** A full window without a receipt for so long ends it. */
  readonly stallTimeoutMs: number;
  /** What it follows or asked to follow, by topic. */
  readonly subscriptions: FewMap<Topic, Subscription<Owner>>;
  /** Recoveries that homes were asked for and have not answered. */
  recovering: number;
  /** Those that wait until fewer are under way. */
  toRecover: Map<Topic, Attaching<Owner>> | undefined;
  /** Instant of the last sign that the network takes bytes; microseconds. */
  progressAt: number;
  /** Instant of the last write; microseconds. */
  wroteAt: number;
  /** Instant of the last keep-alive. */
  toldAliveAt: number;
  keepAlive: KeepAlive | undefined;
  /** It takes nothing more, and its owner hears when what waits has been written. */
  isFinishing: boolean;
  /** Its owner hears when nothing waits. */
  isSettling: boolean;
}

/** One stream's wish for one topic; `place` is its index in its group once it is attached, else -1. */
export interface Subscription<Owner> {
  readonly stream: Stream<Owner>;
  readonly topic: Topic;
  format: FormatName;
  place: number;
  /** Slots of later subscribes that the first one's answer will answer, too. */
  alsoAsked: number[] | undefined;
}

/** A subscription that its topic's home is asked for, and the place after which it wants to read. */
export interface Attaching<Owner> {
  readonly kind: 'attach';
  readonly subscription: Subscription<Owner>;
  readonly slot: number;
  readonly since: Position | undefined;
  /** Who asks about the topic while it waits for its turn. */
  readonly askers: Asker[];
}

/** Streams that read one topic in one format; the two arrays run in parallel. */
export interface Group<Owner> {
  readonly format: FormatName;
  readonly subscriptions: Subscription<Owner>[];
  readonly connections: ConnectionId[];
}

/** One topic on this shard. */
export interface LocalTopic<Owner> {
  readonly topic: Topic;
  readonly groups: Group<Owner>[];
  /** Subscriptions attached and asked for: what the home is told. */
  wanted: number;
  /** The last place seen here; known from the first attached subscription on. */
  position: Position | undefined;
  /** The publisher's id of the last publication that had one. */
  lastId: string | undefined;
}

export class Subscriptions<Owner> {
  readonly #topics = new Map<Topic, LocalTopic<Owner>>();

  get topics(): IterableIterator<LocalTopic<Owner>> {
    return this.#topics.values();
  }

  get(topic: Topic): LocalTopic<Owner> | undefined {
    return this.#topics.get(topic);
  }

  /** Notes a wish; the returned topic's `wanted` counts it. */
  want(topic: Topic): LocalTopic<Owner> {
    let local = this.#topics.get(topic);
    if (local === undefined) {
      local = { topic, groups: [], wanted: 0, position: undefined, lastId: undefined };
      this.#topics.set(topic, local);
    }
    local.wanted += 1;
    return local;
  }

  /** Takes a wish back, attached or not; returns how many remain. */
  unwant(subscription: Subscription<Owner>): number {
    const local = this.#topics.get(subscription.topic);
    if (local === undefined) return 0;
    this.#detach(local, subscription);
    local.wanted -= 1;
    if (local.wanted === 0) this.#topics.delete(local.topic);
    return local.wanted;
  }

  /** From now on the subscription sees what is published. */
  attach(local: LocalTopic<Owner>, subscription: Subscription<Owner>): void {
    let group = local.groups.find((candidate) => candidate.format === subscription.format);
    if (group === undefined) {
      group = { format: subscription.format, subscriptions: [], connections: [] };
      local.groups.push(group);
    }
    subscription.place = group.subscriptions.length;
    group.subscriptions.push(subscription);
    group.connections.push(subscription.stream.connection);
  }

  /** The subscription reads in another format from now on, attached or not. */
  reformat(subscription: Subscription<Owner>, format: FormatName): void {
    const local = this.#topics.get(subscription.topic);
    const isAttached = subscription.place >= 0;
    if (local !== undefined) this.#detach(local, subscription);
    subscription.format = format;
    if (local !== undefined && isAttached) this.attach(local, subscription);
  }

  /** The last one of the group takes the freed place, so leaving costs the same in a group of any size. */
  #detach(local: LocalTopic<Owner>, subscription: Subscription<Owner>): void {
    if (subscription.place < 0) return;
    const group = local.groups.find((candidate) => candidate.format === subscription.format);
    const last = group?.subscriptions.pop();
    if (group === undefined || last === undefined) return;
    group.connections.pop();
    if (last !== subscription) {
      last.place = subscription.place;
      group.subscriptions[last.place] = last;
      group.connections[last.place] = last.stream.connection;
    }
    subscription.place = -1;
  }
}
