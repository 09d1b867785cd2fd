// A node whose own thread is late says so, and when that is over; and it waits for others twice as long meanwhile.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const lagging: Invariant = {
  property: 'lagging',
  requirements: ['HP-MEMBER-13'],
  judge(report) {
    const judge = new Judge(report);
    const died = ({ node, at }: { readonly node: number; readonly at: number }): void =>
      judge.died(node, at);
    return {
      ...judge.troubles.watcher,
      processDied: died,
      shardCrashed: (event) => {
        if (event.shard === 0) died(event);
      },
      nodeKilled: died,
      lagMeasured: (event) => judge.measured(event),
      lagSeen: (event) => judge.said(event),
      peerSeen: (event) => judge.seen(event),
      sampled: (event) => judge.look(event),
    };
  },
};

interface Lag {
  /** What it was told last, and when. */
  readonly isLate: boolean;
  readonly at: number;
  /** What it had been told before. */
  readonly wasLate: boolean;
}

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  readonly #told = new Map<number, Lag>();
  /** Those that say that they lag. */
  readonly #lagging = new Set<number>();
  readonly #diedAt: number[] = [];
  /** When a link closed, by both. */
  readonly #closedAt = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(node: number, at: number): void {
    this.#diedAt[node] = at;
    this.#told.delete(node);
    this.#lagging.delete(node);
  }

  measured({ node, p99Ms, at }: EventOf<'lagMeasured'>): void {
    const wasLate = this.#told.get(node)?.isLate ?? false;
    this.#told.set(node, { isLate: p99Ms > LATE_MS, at, wasLate });
  }

  said(event: EventOf<'lagSeen'>): void {
    const { node, isLagging } = event;
    if (isLagging) this.#lagging.add(node);
    else this.#lagging.delete(node);
    const told = this.#told.get(node);
    // Where it stood still it reads what it was told one after the other.
    const since = Math.max(0, (told?.at ?? 0) - SAID_US);
    const isBehind = told?.wasLate === isLagging && this.troubles.ofNode(node, since, event.at);
    if (told?.isLate !== isLagging && !isBehind)
      this.#report(event, `node ${node} says that it ${isLagging ? 'lags' : 'lags no more'}`);
  }

  look(event: TraceEvent): void {
    for (const [node, { isLate, at }] of this.#told) {
      if (at > event.at - SAID_US || isLate === this.#lagging.has(node)) continue;
      if (this.troubles.ofNode(node, at - SAID_US, event.at)) continue;
      this.#told.delete(node);
      this.#report(event, `node ${node} does not say that it ${isLate ? 'lags' : 'lags no more'}`);
    }
  }

  seen(event: EventOf<'peerSeen'>): void {
    const { node, peer, state, silentMs = 0, at } = event;
    if (state === 'linkDown') this.#closedAt.set(`${node} ${peer}`, at);
    if ((state !== 'suspect' && state !== 'down') || !this.#lagging.has(node)) return;
    if (state === 'suspect' && this.#closedAt.get(`${node} ${peer}`) === at) return;
    if (state === 'down' && this.#mayKnow(peer, at)) return;
    const { suspectMs = 0, downMs = 0 } = this.troubles.terms ?? {};
    const patienceMs = TIMES * (state === 'suspect' ? suspectMs : downMs);
    if (silentMs < patienceMs)
      this.#report(event, `node ${node} lags, and takes ${peer} for ${state} after ${silentMs} ms`);
  }

  /** [HP-MEMBER-5] [HP-MEMBER-7] From its machine, or from two others. */
  #mayKnow(peer: string, at: number): boolean {
    const { nodes } = this.troubles;
    const diedAt = this.#diedAt[nodes.indexOf(peer)] ?? -Infinity;
    return nodes.length > FEW || diedAt > at - LONG_US;
  }
}

const LATE_MS = 200;
const TIMES = 2;
const SAID_US = 1_000_000;
/** Itself, the one, and another one. */
const FEW = 3;
const LONG_US = 60_000_000;
