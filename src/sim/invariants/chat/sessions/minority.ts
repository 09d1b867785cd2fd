// On the smaller side of a split nobody logs in or speaks, where the operator wants it so; and its clients are sent away when
// that has lasted, not before. Which side a node is on it knows from whom it takes for dead, as it says in its log.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const minority: Invariant = {
  property: 'minority',
  requirements: ['HP-PART-1', 'HP-PART-2', 'HP-PART-5'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      processBegan: ({ node, at }) => judge.knowsNobody(node, at),
      shardCrashed: ({ node, shard, at }) => {
        // Who keeps the members is on the first thread.
        if (shard === 0) judge.knowsNobody(node, at);
      },
      peerSeen: (event) => judge.seen(event),
      talkerAsked: ({ connection, id, at }) => judge.askedAt.set(`${connection} ${id}`, at),
      talkerAnswered: (event) => {
        const { asked, id, code } = event;
        if (asked === 'LOGIN' && code === undefined) judge.obeyed(event, id, asked);
        else if (code === undefined) judge.served(event, id);
      },
      // What was said before is known again.
      roomAcked: (event) => {
        if (!event.isDuplicate) judge.obeyed(event, event.message, 'ROOM_MESSAGE');
      },
      talkerNoticed: (event) => judge.noticed(event),
    };
  },
};

interface At {
  readonly node: number;
  readonly client: number;
  readonly connection: number;
}

class Judge {
  readonly troubles = new Troubles();
  /** By connection and request. */
  readonly askedAt = new Map<string, number>();
  readonly #report: Report;
  /** By node: others that it does not take for dead. */
  readonly #present: Set<string>[] = [];
  /** By node: since when it has been on a smaller side; undefined when it is not. */
  readonly #since: (number | undefined)[] = [];
  /** By node: when its keeper of members began. */
  readonly #aloneSince: number[] = [];
  /** By node: when the last time on a smaller side was over that was long enough to send clients away. */
  readonly #drainedUntil: number[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  knowsNobody(node: number, at: number): void {
    this.#aloneSince[node] = at;
    this.#present[node] = new Set();
    this.#look(node, at);
  }

  seen({ node, peer, state, at }: EventOf<'peerSeen'>): void {
    const present = this.#present[node] ?? new Set<string>();
    this.#present[node] = present;
    if (state === 'linkUp' || state === 'up') present.add(peer);
    else if (state === 'down' || state === 'left') present.delete(peer);
    this.#look(node, at);
  }

  #look(node: number, at: number): void {
    const { partitionPolicy = 'serve', nodesExpected = 0 } = this.troubles.terms ?? {};
    if (partitionPolicy === 'serve') return;
    const size = (this.#present[node]?.size ?? 0) + 1;
    const isSmall = size * 2 <= nodesExpected;
    const since = this.#since[node];
    if (!isSmall && since !== undefined && this.#isStable(since, at + KNOWN_US))
      this.#drainedUntil[node] = at;
    this.#since[node] = isSmall ? (since ?? at) : undefined;
  }

  obeyed(event: TraceEvent & At, id: string | undefined, asked: string): void {
    const { node, client, connection } = event;
    const since = this.#since[node];
    const askedAt = this.askedAt.get(`${connection} ${id}`) ?? 0;
    if (since === undefined || askedAt < since + KNOWN_US) return;
    // What is said in a room is taken at its home, which may see more nodes than this one does.
    if (asked === 'ROOM_MESSAGE' && !this.#areOthersSmall(node, askedAt)) return;
    const others = (this.troubles.terms?.nodesExpected ?? 1) - 1;
    this.#report(
      event,
      `node ${node} sees ${this.#present[node]?.size ?? 0} others, of ${others}, and obeys client ${client}: ${asked}`,
    );
  }

  /** [HP-PART-5] Whoever is not sent away in time. */
  served(event: EventOf<'talkerAnswered'>, id: string | undefined): void {
    const { node, client, connection, asked = 'nothing', at } = event;
    const { partitionPolicy, stableAfterMs = 0 } = this.troubles.terms ?? {};
    const since = Math.max(this.#since[node] ?? Infinity, this.#aloneSince[node] ?? 0);
    const until = since + stableAfterMs * 1_000 + AWAY_WITHIN_US;
    const askedAt = this.askedAt.get(`${connection} ${id}`) ?? 0;
    if (partitionPolicy !== 'drain-minority' || askedAt < until) return;
    if (!this.troubles.ofNode(node, since, at))
      this.#report(
        event,
        `client ${client} is still served by node ${node}: ${asked}, which has long been on a smaller side`,
      );
  }

  #areOthersSmall(node: number, at: number): boolean {
    return [...(this.#present[node] ?? [])].every((name) => {
      const since = this.#since[this.troubles.nodes.indexOf(name)];
      return since !== undefined && at >= since + KNOWN_US;
    });
  }

  /** Times on a smaller side do not add up. */
  #isStable(since: number, at: number): boolean {
    return at - since >= (this.troubles.terms?.stableAfterMs ?? 0) * 1_000;
  }

  /** [HP-PART-5] */
  noticed(event: EventOf<'talkerNoticed'>): void {
    const { node, client, what, code, at } = event;
    const { partitionPolicy, stableAfterMs = 0 } = this.troubles.terms ?? {};
    if (what !== 'NOTICE' || code !== 'SERVER_DRAINING') return;
    if (partitionPolicy !== 'drain-minority' || this.troubles.isLeaving(node, at)) return;
    // It may have been sent away while that was so.
    if (at < (this.#drainedUntil[node] ?? -Infinity) + ON_WAY_US) return;
    if (this.#isStable(this.#since[node] ?? Infinity, at)) return;
    this.#report(
      event,
      `client ${client} is sent away by node ${node}, which has not been on a smaller side for ${stableAfterMs} ms`,
    );
  }
}

/** Until the threads of a node know what its keeper of members knows. */
const KNOWN_US = 1_000_000;
/** A look of the keeper of members, five seconds, and what is under way. */
const AWAY_WITHIN_US = 7_000_000;
/** From a node to its client, however slow that reads. */
const ON_WAY_US = 15_000_000;
