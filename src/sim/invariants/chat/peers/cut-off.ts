// Whoever administers is told by a node that others are cut off from it, and so is everybody where nobody else is left; if one who
// does not administer is told, all are. Refuses to judge who is cut off.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const cutOff: Invariant = {
  property: 'cut-off-told',
  requirements: ['HP-PART-4', 'HP-NOTE-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, user, isSlow }) => {
        judge.users.set(client, user);
        if (isSlow) judge.slow.add(client);
      },
      loggedIn: ({ client, node }) => judge.here.set(client, node),
      talkerAsked: ({ client, what, at }) => {
        if (what === 'BYE') judge.left(client, at);
      },
      talkerEnded: ({ client, at }) => judge.left(client, at),
      shardCrashed: ({ node }) => judge.died(node),
      splitSeen: (event) => judge.seen(event),
      talkerNoticed: (event) => judge.noticed(event),
      chatProbed: (event) => judge.end(event),
    };
  },
};

/** One time that a node has lost others: who was in then, and has not heard of it. */
interface News {
  readonly node: number;
  readonly at: number;
  readonly peers: readonly string[];
  readonly unheard: Set<number>;
  /** Others than administrators are told, too. */
  isForAll: boolean;
}

class Judge {
  readonly troubles = new Troubles();
  readonly slow = new Set<number>();
  /** By client. */
  readonly users = new Map<number, string>();
  /** By client that is in: its node. */
  readonly here = new Map<number, number>();
  readonly #report: Report;
  /** By node: the others that it has told of. Nobody knows of a node of which a thread has died. */
  readonly #known = new Map<number, readonly string[] | undefined>();
  #news: News[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  /** Whoever was there for long enough has heard of it, or never will. */
  left(client: number, now: number): void {
    this.here.delete(client);
    for (const { node, at, unheard } of this.#news) {
      const isLong = now - at > HEARD_US && !this.slow.has(client);
      if (!isLong || this.troubles.isHeldUp(client, node, at - HEARD_US, now))
        unheard.delete(client);
    }
  }

  /** What it was about to tell may be lost. */
  died(node: number): void {
    this.#known.set(node, undefined);
    this.#news = this.#news.filter((news) => news.node !== node);
  }

  seen({ node, peers, at }: EventOf<'splitSeen'>): void {
    const known = this.#known.has(node) ? this.#known.get(node) : [];
    this.#known.set(node, peers);
    if (known === undefined || peers.every((peer) => known.includes(peer))) return;
    const unheard = [...this.here].filter(([, where]) => where === node).map(([client]) => client);
    // Nobody is left who could hear them: that is a split, and no broken link.
    const isForAll = peers.length === this.troubles.nodes.length - 1;
    this.#news.push({ node, at, peers, unheard: new Set(unheard), isForAll });
  }

  noticed({ client, node, code }: EventOf<'talkerNoticed'>): void {
    if (code !== 'PARTITION') return;
    const news = this.#news.find((one) => one.node === node && one.unheard.delete(client));
    if (news !== undefined && !this.#administers(client)) news.isForAll = true;
  }

  end(event: TraceEvent): void {
    for (const { node, peers, unheard, isForAll } of this.#news)
      for (const client of unheard)
        if (isForAll || this.#administers(client))
          this.#report(
            event,
            `client ${client} was not told that ${peers.join(', ')} cannot be reached from node ${node}`,
          );
  }

  #administers(client: number): boolean {
    return this.troubles.terms?.admins.includes(this.users.get(client) ?? '') === true;
  }
}

/** A word from one thread to the next, and to a client. */
const HEARD_US = 2_000_000;
