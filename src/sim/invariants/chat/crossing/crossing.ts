// What a client of the broker publishes on one node comes to those who follow its topic, or one that is joined to it, on every
// node, once.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';
import { Joined } from './joined.ts';

export const crossing: Invariant = {
  property: 'crossing',
  requirements: ['HP-RELAY-1', 'HP-RELAY-2', 'HP-RELAY-6', 'BRIDGE-1', 'BRIDGE-13'],
  judge(report) {
    const judge = new Crossing(report);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        judge.troubles.watcher.chatBegan?.(event);
        judge.joined = new Joined(event);
      },
      crossFollowed: (event) => judge.followers.set(event.connection, event),
      crossEnded: ({ connection }) => judge.followers.delete(connection),
      crossSent: (event) => judge.sent(event),
      crossTaken: ({ publication }) => judge.taken.add(publication),
      crossHeard: (event) => judge.heard(event),
      rested: (event) => judge.rest(event),
      talkersLeft: (event) => judge.rest(event),
    };
  },
};

class Crossing {
  readonly troubles = new Troubles();
  joined = new Joined({});
  /** By connection. */
  readonly followers = new Map<number, EventOf<'crossFollowed'>>();
  /** What a node has said that it has; what was said over a connection that is cut comes to none. */
  readonly taken = new Set<number>();
  readonly #report: Report;
  readonly #heard = new Set<string>();
  /** By publication. */
  readonly #topics = new Map<number, string>();
  #owed: { readonly sent: EventOf<'crossSent'>; readonly follower: EventOf<'crossFollowed'> }[] =
    [];

  constructor(report: Report) {
    this.#report = report;
  }

  /** Interest needs a moment to be known everywhere. */
  sent(event: EventOf<'crossSent'>): void {
    this.#topics.set(event.publication, event.topic);
    for (const follower of this.followers.values())
      if (this.#reaches(event.topic, follower.topic) && event.at - follower.at > KNOWN_AFTER_US)
        this.#owed.push({ sent: event, follower });
  }

  heard(event: EventOf<'crossHeard'>): void {
    const { client, connection, publication, topic } = event;
    const sentTo = this.#topics.get(publication);
    if (sentTo !== undefined && !this.#reaches(sentTo, topic))
      this.#report(
        event,
        `client ${client} hears pub:${publication} of '${topic}', published to '${sentTo}'`,
      );
    const key = `${connection} ${publication}`;
    if (this.#heard.has(key))
      this.#report(event, `client ${client} hears pub:${publication} twice`);
    this.#heard.add(key);
  }

  #reaches(from: string, to: string): boolean {
    return from === to || this.joined.has(`broker/${from}`, `broker/${to}`);
  }

  rest(event: TraceEvent): void {
    for (const { sent, follower } of this.#owed) {
      const { client, connection, node } = follower;
      if (this.#heard.has(`${connection} ${sent.publication}`)) continue;
      if (!this.taken.has(sent.publication)) continue;
      // Whoever has gone meanwhile has not heard it, and nothing was promised to him.
      if (!this.followers.has(connection)) continue;
      const since = sent.at - BEFORE_US;
      const isTroubled =
        this.troubles.ofNode(sent.node, since, event.at) ||
        this.troubles.ofNode(node, since, event.at) ||
        this.troubles.ofCluster(since, sent.at);
      if (!isTroubled)
        this.#report(
          event,
          `client ${client} on node ${node} never heard pub:${sent.publication}, published on node ${sent.node}`,
        );
    }
    this.#owed = [];
  }
}

const KNOWN_AFTER_US = 4_000_000;
const BEFORE_US = 25_000_000;
