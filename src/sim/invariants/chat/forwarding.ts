// What goes from one node to another goes there once, from the node that first had it, and never on to a third; and what a client
// of the broker publishes on one node comes to those who follow on every node, once.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const forwarding: Invariant = {
  property: 'forwarding',
  requirements: ['HP-RELAY-4', 'HP-RELAY-6', 'HP-RELAY-7', 'HP-RELAY-8'],
  judge(report) {
    const judge = new Forwarding(report);
    return {
      chatBegan: ({ nodes, terms }) => judge.began(nodes, terms.emptyRoomMs),
      crossSent: ({ publication, node }) => judge.publishedOn.set(`pub#${publication}`, node),
      shardStarted: ({ node, shard }) => {
        if (shard === 0) judge.begin(node);
      },
      peerSeen: ({ node, peer, state }) => {
        if (state === 'down' || state === 'left') judge.givenUp(node, peer);
      },
      peerSpoke: (event) => judge.spoke(event),
    };
  },
};

class Forwarding {
  readonly publishedOn = new Map<string, number>();
  readonly #report: Report;
  #names: readonly string[] = [];
  #emptyRoomMs = 0;
  /** By pair: what was forwarded, by what it is; and the last number. */
  readonly #sent = new Map<string, Map<string, Sent>>();
  readonly #last = new Map<string, number>();
  /** By connection and who speaks: the last number. */
  readonly #lastOver = new Map<string, number>();
  /** By pair: the connection that was spoken over last, and that which ended with a life. */
  readonly #over = new Map<string, number>();
  readonly #ended = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(names: readonly string[], emptyRoomMs: number): void {
    this.#names = names;
    this.#emptyRoomMs = emptyRoomMs;
  }

  /** Another life counts anew, and is counted for anew. */
  begin(node: number): void {
    for (const [other] of this.#names.entries())
      for (const pair of [`${node} ${other}`, `${other} ${node}`]) {
        this.#sent.delete(pair);
        this.#last.delete(pair);
        this.#ended.set(pair, this.#over.get(pair) ?? NO_CONNECTION);
      }
  }

  /** What waited for it is lost with its numbers, and may be said in another way later. */
  givenUp(node: number, peer: string): void {
    const pair = `${node} ${this.#names.indexOf(peer)}`;
    this.#sent.delete(pair);
    this.#last.set(pair, Number.POSITIVE_INFINITY);
  }

  spoke(event: EventOf<'peerSpoke'>): void {
    const { node, to, connection, type, n, key, message, epoch, origin } = event;
    const pair = `${node} ${to}`;
    // Who has not heard of the end yet goes on over a connection that is no more.
    if (this.#ended.get(pair) === connection) return;
    // A call that nobody has answered may be answered by the next life.
    if (type === 'SERVER_HELLO') return;
    this.#over.set(pair, connection);
    if (type !== 'FORWARD' || n === undefined) return;
    this.#inOrder(event, `${connection} ${node}`, n);
    const last = this.#last.get(pair) ?? 0;
    if (n > last + 1)
      this.#report(event, `node ${node} forwards number ${n} to node ${to} after number ${last}`);
    this.#last.set(pair, Number.isFinite(last) ? Math.max(last, n) : n);
    if (message === undefined || key === undefined) return;
    const what = `${key} ${message}`;
    const sent = this.#sent.get(pair) ?? new Map<string, Sent>();
    this.#sent.set(pair, sent);
    const before = sent.get(what);
    // Said once more over another link it has the number that it had.
    const isAgain = before !== undefined && before.n !== n && !key.startsWith('user ');
    if (isAgain && !this.#mayBeForgotten(before, epoch))
      this.#report(event, `node ${node} forwards ${message} to node ${to} twice`);
    sent.set(what, { n, epoch });
    const first = this.publishedOn.get(message) ?? this.#homeIn(origin);
    if (first !== undefined && first !== node)
      this.#report(
        event,
        `node ${node} forwards ${message} to node ${to}, and had it from ${first}`,
      );
  }

  /** What is missing on the other side comes first over a new link, and nothing is told twice over one. */
  #inOrder(event: TraceEvent & { node: number; to: number }, way: string, n: number): void {
    const before = this.#lastOver.get(way);
    this.#lastOver.set(way, n);
    if (before !== undefined && n !== before + 1)
      this.#report(
        event,
        `node ${event.node} forwards number ${n} to node ${event.to} behind number ${before} of the same link`,
      );
  }

  /** [HP-ROOM-6] With a room that nobody was in, the ids of what was said there. */
  #mayBeForgotten(before: Sent, epoch: number | undefined): boolean {
    return this.#emptyRoomMs < LASTING_MS && before.epoch !== epoch;
  }

  #homeIn(origin: string | undefined): number | undefined {
    const home = origin === undefined ? -1 : this.#names.indexOf(origin);
    return home < 0 ? undefined : home;
  }
}

interface Sent {
  readonly n: number;
  /** Of its place in a room. */
  readonly epoch: number | undefined;
}

const NO_CONNECTION = -1;
const LASTING_MS = 3_600_000;

export const crossing: Invariant = {
  property: 'crossing',
  requirements: ['HP-RELAY-1', 'HP-RELAY-2', 'HP-RELAY-6'],
  judge(report) {
    const judge = new Crossing(report);
    return {
      ...judge.troubles.watcher,
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
  /** By connection. */
  readonly followers = new Map<number, EventOf<'crossFollowed'>>();
  /** What a node has said that it has; what was said over a connection that is cut comes to none. */
  readonly taken = new Set<number>();
  readonly #report: Report;
  readonly #heard = new Set<string>();
  #owed: { readonly sent: EventOf<'crossSent'>; readonly follower: EventOf<'crossFollowed'> }[] =
    [];

  constructor(report: Report) {
    this.#report = report;
  }

  /** Interest needs a moment to be known everywhere. */
  sent(event: EventOf<'crossSent'>): void {
    for (const follower of this.followers.values())
      if (follower.topic === event.topic && event.at - follower.at > KNOWN_AFTER_US)
        this.#owed.push({ sent: event, follower });
  }

  heard(event: EventOf<'crossHeard'>): void {
    const { client, connection, publication } = event;
    const key = `${connection} ${publication}`;
    if (this.#heard.has(key))
      this.#report(event, `client ${client} hears pub#${publication} twice`);
    this.#heard.add(key);
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
          `client ${client} on node ${node} never heard pub#${sent.publication}, published on node ${sent.node}`,
        );
    }
    this.#owed = [];
  }
}

const KNOWN_AFTER_US = 4_000_000;
const BEFORE_US = 25_000_000;
