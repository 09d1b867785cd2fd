// Clocks that differ are noticed: at rest a node tells by how much; it has said so where that is more than half a minute, to
// administrators alone, or to all where it is more than five; and nobody hears of a clock what it is not.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const clocks: Invariant = {
  property: 'clocks',
  requirements: ['HP-CLOCK-1', 'HP-NOTE-1', 'HP-NOTE-2'],
  judge(report) {
    const judge = new Judge(report);
    const died = ({ node }: { readonly node: number }): void => judge.died(node);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        judge.troubles.watcher.chatBegan?.(event);
        judge.aheadMs = [...(event.skewsMs ?? [])];
      },
      clockSet: (event) => judge.set(event),
      talkerJoined: ({ client, user }) => judge.users.set(client, user),
      loggedIn: ({ client, node }) => judge.here.set(client, node),
      talkerAsked: ({ client, what }) => {
        if (what === 'BYE') judge.left(client);
      },
      talkerEnded: ({ client }) => judge.left(client),
      processDied: died,
      // Its members are kept on the first thread.
      shardCrashed: (event) => {
        if (event.shard === 0) died(event);
      },
      skewSeen: (event) => judge.seen(event),
      talkerNoticed: (event) => judge.noticed(event),
      membersOfTold: (event) => judge.told(event),
      chatProbed: (event) => judge.end(event),
    };
  },
};

/** A clock of which a node has told its clients: who was in then, and has not heard of it. */
interface News {
  readonly node: number;
  readonly peer: string;
  readonly at: number;
  readonly isForAll: boolean;
  readonly unheard: Set<number>;
}

class Judge {
  readonly troubles = new Troubles();
  readonly users = new Map<number, string>();
  /** By client that is in: its node. */
  readonly here = new Map<number, number>();
  aheadMs: number[] = [];
  readonly #setAt: number[] = [];
  readonly #report: Report;
  /** By node, and by the other one: what it has said of that. */
  readonly #said = new Map<number, Map<string, number>>();
  #news: News[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  set({ node, byMs, at }: EventOf<'clockSet'>): void {
    this.aheadMs[node] = (this.aheadMs[node] ?? 0) + byMs;
    this.#setAt[node] = at;
  }

  died(node: number): void {
    this.#said.delete(node);
    this.#news = this.#news.filter((news) => news.node !== node);
  }

  left(client: number): void {
    this.here.delete(client);
    for (const { unheard } of this.#news) unheard.delete(client);
  }

  seen({ node, peer, seconds, at }: EventOf<'skewSeen'>): void {
    const said = this.#said.get(node) ?? new Map<string, number>();
    this.#said.set(node, said);
    const before = degreeOf(said.get(peer) ?? 0);
    said.set(peer, seconds);
    const degree = degreeOf(seconds);
    if (degree <= before) return;
    const unheard = [...this.here].filter(([, where]) => where === node).map(([client]) => client);
    this.#news.push({ node, peer, at, isForAll: degree === 2, unheard: new Set(unheard) });
  }

  noticed(event: EventOf<'talkerNoticed'>): void {
    const { client, node, words } = event;
    const [, peer = '', told, way] = noticeForm.exec(words ?? '') ?? [];
    if (told === undefined) return;
    for (const news of this.#news)
      if (news.node === node && news.peer === peer && news.unheard.delete(client)) break;
    const seconds = Number(told) * (way === 'ahead' ? 1 : -1);
    const ahead = this.#aheadSeconds(node, peer, event.at);
    if (ahead === undefined) return;
    if (Math.abs(ahead - seconds) > OFF_SECONDS)
      this.#report(
        event,
        `client ${client} is told that the clock of ${peer} is ${told} s ${way}, and it is ${ahead} s ahead of node ${node}`,
      );
    if (Math.abs(ahead) < WRONG_SECONDS - OFF_SECONDS && !this.#administers(client))
      this.#report(
        event,
        `client ${client} is told of the clock of ${peer}, which is for administrators alone`,
      );
  }

  told(event: EventOf<'membersOfTold'>): void {
    const { node, members } = event;
    for (const { node: peer, state, hasLink, skewSeconds } of members) {
      const ahead = this.#aheadSeconds(node, peer, event.at);
      if (state !== 'up' || !hasLink || ahead === undefined) continue;
      if (Math.abs(ahead - skewSeconds) > OFF_SECONDS)
        this.#report(
          event,
          `node ${node} tells that the clock of ${peer} is ${skewSeconds} s ahead, and it is ${ahead}`,
        );
      const isSaid = degreeOf(this.#said.get(node)?.get(peer) ?? 0) > 0;
      if (Math.abs(ahead) > NOTED_SECONDS + ROUND_SECONDS && !isSaid)
        this.#report(
          event,
          `node ${node} has not said that the clock of ${peer} is ${ahead} s ahead`,
        );
    }
  }

  end(event: TraceEvent): void {
    for (const { node, peer, at, isForAll, unheard } of this.#news)
      for (const client of unheard)
        if (at < event.at - HEARD_US && (isForAll || this.#administers(client)))
          this.#report(
            event,
            `client ${client} was not told by node ${node} of the clock of ${peer}`,
          );
  }

  /** Undefined when one of the two was set a moment ago. */
  #aheadSeconds(node: number, peer: string, at: number): number | undefined {
    const other = this.troubles.nodes.indexOf(peer);
    const isNew = [node, other].some((one) => (this.#setAt[one] ?? -Infinity) > at - SETTLED_US);
    if (isNew || other < 0) return undefined;
    return Math.round(((this.aheadMs[other] ?? 0) - (this.aheadMs[node] ?? 0)) / 1_000);
  }

  #administers(client: number): boolean {
    return this.troubles.terms?.admins.includes(this.users.get(client) ?? '') === true;
  }
}

function degreeOf(seconds: number): number {
  const off = Math.abs(seconds);
  if (off > WRONG_SECONDS) return 2;
  return off > NOTED_SECONDS ? 1 : 0;
}

const noticeForm = /^The clock of (\S+) is (\d+) s (ahead|behind)/;
const NOTED_SECONDS = 30;
const WRONG_SECONDS = 300;
/** What is on its way for long tells an old time, and less than that is no news. */
const OFF_SECONDS = 8;
const ROUND_SECONDS = 2;
/** Until the next heartbeats have come. */
const SETTLED_US = 20_000_000;
const HEARD_US = 2_000_000;
