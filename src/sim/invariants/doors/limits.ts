// Limits of topics hold exactly: each WebSocket follows as many as allowed and not one more, and a home refuses one
// only when all its places are taken. That the sentences are those of the spec, `conversation` judges.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

interface Followed {
  readonly node: number;
  readonly isStream: boolean;
  readonly topics: Set<string>;
  /** A wish that found no room counts until it is refused, and answers do not tell how long. */
  isUncertain: boolean;
}

export const limits: Invariant = {
  property: 'limits',
  requirements: ['BROKER-LIM-2', 'BROKER-LIM-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: (event) => judge.began(event),
      joined: ({ client, topics }) => judge.wished.set(client, topics),
      connected: (event) => judge.connected(event),
      subscribed: (event) => judge.subscribed(event),
      unsubscribed: ({ connection, topic }) => {
        judge.followed.get(connection)?.topics.delete(topic);
      },
      refused: (event) => judge.refused(event),
      closed: ({ connection }) => {
        judge.followed.delete(connection);
      },
      shardCrashed: ({ node }) => judge.restarted.add(node),
      healed: ({ at }) => {
        judge.restAt = at + REST_AFTER_US;
      },
      quiet: (event) => judge.rest(event),
    };
  },
};

class Judge {
  restAt = Number.POSITIVE_INFINITY;
  /** Topics that each client means to follow. */
  readonly wished = new Map<number, readonly string[]>();
  /** By connection. */
  readonly followed = new Map<number, Followed>();
  /** A home that begins anew may have no room for what is followed: that waits, and its followers hear nothing. */
  readonly restarted = new Set<number>();
  readonly #report: Report;
  #subscriptionsMax = Number.POSITIVE_INFINITY;
  /** Topics of each home. */
  #share = Number.POSITIVE_INFINITY;
  /** The home of each topic. */
  #homes: ReadonlyMap<string, number> = new Map();

  constructor(report: Report) {
    this.#report = report;
  }

  began({ broker, home, shards, homes }: EventOf<'began'>): void {
    this.#subscriptionsMax = broker.subscriptionsMax;
    this.#share = Math.ceil(home.topicsMax / shards);
    this.#homes = new Map(homes);
  }

  connected({ node, connection, transport }: EventOf<'connected'>): void {
    const isStream = transport === 'sse';
    this.followed.set(connection, { node, isStream, topics: new Set(), isUncertain: false });
  }

  subscribed(event: EventOf<'subscribed'>): void {
    const followed = this.followed.get(event.connection);
    if (followed === undefined) return;
    const { topics, isStream } = followed;
    topics.add(event.topic);
    if (topics.size > this.#subscriptionsMax && !isStream)
      this.#report(
        event,
        `client ${event.client} follows ${topics.size} topics, and may follow ${this.#subscriptionsMax}`,
      );
  }

  refused(event: EventOf<'refused'>): void {
    const { client, connection, topic, error, at } = event;
    if (error.startsWith('Too many subscriptions')) {
      const followed = this.followed.get(connection);
      if (followed === undefined || followed.isUncertain) return;
      const { topics } = followed;
      if (topics.has(topic))
        this.#report(event, `client ${client} follows '${topic}' already, and was told '${error}'`);
      else if (topics.size < this.#subscriptionsMax)
        this.#report(
          event,
          `client ${client} follows ${topics.size} topics and was told '${error}'`,
        );
    } else if (NO_ROOM.some((words) => error.startsWith(words) && error.includes('room'))) {
      const followed = this.followed.get(connection);
      if (followed !== undefined) followed.isUncertain = true;
      if (this.#share === Number.POSITIVE_INFINITY || at < this.restAt) return;
      const home = this.#homeOf(topic);
      const others = this.#topicsByHome().get(event.node)?.get(home) ?? new Set();
      // A stream asks for all its topics at once, and each may have found a place before this one did not.
      if (followed === undefined || followed.isStream)
        for (const wish of this.wished.get(client) ?? [])
          if (this.#homeOf(wish) === home) others.add(wish);
      others.delete(topic);
      if (others.size < this.#share)
        this.#report(
          event,
          `there is room for '${topic}', and client ${client} was told '${error}'`,
        );
    }
  }

  rest(event: TraceEvent): void {
    for (const [node, homes] of this.#topicsByHome()) {
      if (this.restarted.has(node)) continue;
      for (const [home, { size }] of homes)
        if (size > this.#share)
          this.#report(
            event,
            `shard ${node}.${home} is home to ${size} topics, and may be to ${this.#share}`,
          );
    }
  }

  /** Topics that somebody follows, by node and home. */
  #topicsByHome(): Map<number, Map<number, Set<string>>> {
    const all = new Map<number, Map<number, Set<string>>>();
    for (const { node, topics } of this.followed.values()) {
      const homes = all.get(node) ?? new Map<number, Set<string>>();
      all.set(node, homes);
      for (const topic of topics) {
        const home = this.#homeOf(topic);
        const there = homes.get(home);
        if (there === undefined) homes.set(home, new Set([topic]));
        else there.add(topic);
      }
    }
    return all;
  }

  #homeOf(topic: string): number {
    return this.#homes.get(topic) ?? 0;
  }
}

const NO_ROOM = ['Too many topics', 'Not published to'];
/** By then nobody is followed by a connection that is gone. */
const REST_AFTER_US = 8_000_000;
