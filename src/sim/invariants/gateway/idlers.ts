// Pages with a session of SockJS are told how it ends: by the node that goes, or by a connection that is cut. They hear
// each word once and in its order, and nobody takes them for two. Refuses to judge where something may have been slow.

import type { EventOf, TracedFault, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { mayBeTroubled } from '../patience.ts';

export const idlers: Invariant = {
  property: 'idlers',
  requirements: ['SOCKJS-6', 'SOCKJS-8', 'SOCKJS-10', 'SOCKJS-11', 'SOCKJS-12', 'SOCKJS-20'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ faults, shards }) => {
        judge.faults = faults.filter(({ kind }) => kind !== 'restartNode');
        judge.shards = shards;
      },
      idlerPolled: (event) => judge.polled(event),
      idlerHeard: (event) => judge.heard(event),
      idlerSaid: (event) => judge.said(event),
      gatewayDrains: (event) => judge.drains(event),
      shardCrashed: ({ node, at }) => judge.crashed(node, at),
    };
  },
};

interface Page {
  readonly node: number;
  /** The poll that waits. */
  polled: EventOf<'idlerPolled'> | undefined;
  readonly session: number;
  isOpen: boolean;
  lastWord: number;
  others: number;
  /** When its node said that it goes, as long as it was not told. */
  drainedAt: number | undefined;
}

class Judge {
  faults: readonly TracedFault[] = [];
  shards = 1;
  readonly #report: Report;
  /** By client. */
  readonly #pages = new Map<number, Page>();
  /** By node. */
  readonly #crashedAt = new Map<number, number>();
  /** Nodes that said that they go: what they told their pages may be read when they are back. */
  readonly #drained = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  polled(event: EventOf<'idlerPolled'>): void {
    const page = this.#pageOf(event);
    page.polled = event;
  }

  heard(event: EventOf<'idlerHeard'>): void {
    const page = this.#pageOf(event);
    const { client, words } = event;
    page.polled = undefined;
    const isLost = words === '' || words === 'reset' || words === 'fin';
    if (isLost && page.drainedAt !== undefined && page.isOpen) this.#undrained(event, page);
    if (isLost || words === GOING_AWAY) page.drainedAt = undefined;
    // Whether its session lives is not known before it hears of it.
    if (isLost) page.isOpen = false;
    else if (/^[ah]/.test(words)) page.isOpen = true;
    page.others = words === ANOTHER ? page.others + 1 : 0;
    if (page.others > OTHERS_MAX && !this.#isTroubled(event, LONG_US))
      this.#report(event, `client ${client} is taken for two, and asks alone`);
    if (words === 'o') {
      page.isOpen = true;
      page.lastWord = 0;
    } else if (words.startsWith('a')) this.#words(event, page);
    else if (words === GOING_AWAY) {
      page.isOpen = false;
      if (!this.#drained.has(event.node))
        this.#report(event, `client ${client} is sent away, and its node does not go`);
    } else if (!isLost && words !== 'h' && words !== ANOTHER && words !== OVER)
      this.#report(event, `client ${client} hears what no page may hear: ${words.slice(0, 80)}`);
  }

  said(event: EventOf<'idlerSaid'>): void {
    const { client, node, words, at } = event;
    const page = this.#pageOf(event);
    const { polled } = page;
    if (words !== 'Not Found' || polled === undefined || polled.session !== event.session) return;
    if (!polled.isOpen || at - polled.at < SHORT_US) return;
    // Its session died with a thread, and its poll was to end with it.
    if ((this.#crashedAt.get(node) ?? at) > at - SHORT_US || this.#isTroubled(event, LONG_US))
      return;
    this.#report(event, `client ${client} waits for a session that is no more`);
  }

  drains({ node, at }: EventOf<'gatewayDrains'>): void {
    this.#drained.add(node);
    for (const page of this.#pages.values()) {
      // Who does not poll just then is told when it polls again; a node that is told twice to go begins anew.
      if (page.node === node && page.isOpen) page.drainedAt = at;
    }
  }

  crashed(node: number, at: number): void {
    this.#crashedAt.set(node, at);
  }

  #undrained(event: EventOf<'idlerHeard'>, page: Page): void {
    const { client, node } = event;
    const since = page.drainedAt ?? event.at;
    const crashedAt = this.#crashedAt.get(node) ?? 0;
    // The thread of its session may have died before, or with something else.
    const agoUs = event.at - since + SLACK_US;
    if (crashedAt < since + DRAIN_US || this.#isTroubled(event, agoUs)) return;
    this.#report(event, `client ${client} is not told that its node goes`);
  }

  #words(event: EventOf<'idlerHeard'>, page: Page): void {
    const { client, words } = event;
    for (const one of JSON.parse(words.slice(1)) as string[]) {
      const word = Number(one);
      if (word <= page.lastWord)
        this.#report(event, `client ${client} hears word ${one} behind word ${page.lastWord}`);
      page.lastWord = word;
    }
  }

  #isTroubled(
    { at, client, node }: TraceEvent & { client: number; node: number },
    agoUs: number,
  ): boolean {
    return mayBeTroubled(this.faults, { from: at - agoUs, to: at }, client, node, this.shards);
  }

  #pageOf({
    node,
    client,
    session,
  }: Pick<EventOf<'idlerPolled'>, 'node' | 'client' | 'session'>): Page {
    const known = this.#pages.get(client);
    if (known?.session === session) return known;
    const none = { polled: undefined, drainedAt: undefined };
    const page: Page = { ...none, node, session, isOpen: false, lastWord: 0, others: 0 };
    this.#pages.set(client, page);
    return page;
  }
}

const ANOTHER = 'c[2010,"Another connection still open"]';
const GOING_AWAY = 'c[1001,"going away"]';
const OVER = 'c[0,"Connection closed"]';
const OTHERS_MAX = 6;
const SHORT_US = 1_000_000;
const LONG_US = 3_000_000;
/** What begins to be slow before its node goes is slow then. */
const SLACK_US = 500_000;
/** Pages are told within most of this. */
const DRAIN_US = 250_000;
