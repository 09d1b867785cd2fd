// Whoever administers is told by a node that others are cut off from it, once for each of them, and if one of the others is told,
// all of them are. Refuses to judge who is cut off.

import { ADMIN } from '../../../plan/chat-plan.ts';
import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const cutOff: Invariant = {
  property: 'cut-off-told',
  requirements: ['HP-PART-4', 'HP-NOTE-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      loggedIn: ({ client, node }) => judge.here.set(client, node),
      talkerAsked: ({ client, what }) => {
        if (what === 'BYE') judge.left(client);
      },
      talkerEnded: ({ client }) => judge.left(client),
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
  readonly peers: readonly string[];
  readonly unheard: Set<number>;
  /** Somebody else than an administrator has heard of it. */
  isForAll: boolean;
}

class Judge {
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

  left(client: number): void {
    this.here.delete(client);
    for (const { unheard } of this.#news) unheard.delete(client);
  }

  /** What it was about to tell may be lost. */
  died(node: number): void {
    this.#known.set(node, undefined);
    this.#news = this.#news.filter((news) => news.node !== node);
  }

  seen({ node, peers }: EventOf<'splitSeen'>): void {
    const known = this.#known.has(node) ? this.#known.get(node) : [];
    this.#known.set(node, peers);
    if (known === undefined || peers.every((peer) => known.includes(peer))) return;
    const unheard = [...this.here].filter(([, at]) => at === node).map(([client]) => client);
    this.#news.push({ node, peers, unheard: new Set(unheard), isForAll: false });
  }

  noticed({ client, node, code }: EventOf<'talkerNoticed'>): void {
    if (code !== 'PARTITION') return;
    const news = this.#news.find((one) => one.node === node && one.unheard.delete(client));
    if (news !== undefined && this.users.get(client) !== ADMIN) news.isForAll = true;
  }

  end(event: TraceEvent): void {
    for (const { node, peers, unheard, isForAll } of this.#news)
      for (const client of unheard)
        if (isForAll || this.users.get(client) === ADMIN)
          this.#report(
            event,
            `client ${client} was not told that ${peers.join(', ')} cannot be reached from node ${node}`,
          );
  }
}
