// What goes from one node to another goes there once, from the node that first had it, and never on to a third.

import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const forwarding: Invariant = {
  property: 'forwarding',
  requirements: ['HP-RELAY-4', 'HP-RELAY-6', 'HP-RELAY-7', 'HP-RELAY-8'],
  judge(report) {
    const judge = new Forwarding(report);
    return {
      chatBegan: ({ nodes, terms }) => judge.began(nodes, terms.emptyRoomMs),
      crossSent: ({ publication, node }) => judge.publishedOn.set(`pub:${publication}`, node),
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
  /** By pair: the connections that were spoken over, and those of them that ended with a life. */
  readonly #over = new Map<string, Set<number>>();
  readonly #ended = new Map<string, ReadonlySet<number>>();

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
        this.#ended.set(pair, new Set(this.#over.get(pair)));
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
    if (this.#ended.get(pair)?.has(connection) === true) return;
    // A call that nobody has answered may be answered by the next life.
    if (type === 'SERVER_HELLO') return;
    const over = this.#over.get(pair) ?? new Set();
    this.#over.set(pair, over.add(connection));
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

const LASTING_MS = 3_600_000;
