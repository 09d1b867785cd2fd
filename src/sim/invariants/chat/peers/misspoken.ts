// What a node says that is wrong ends its link with whoever hears it, with the right word for it; what is only new is passed over.
// A link that fails where one end is kept is cut, and that is known there at once.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const misspoken: Invariant = {
  property: 'misspoken',
  requirements: ['HP-PEER-1', 'HP-PEER-8', 'HP-MEMBER-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        const clusterFaults = event.clusterFaults.filter(({ kind }) => !own.includes(kind));
        judge.troubles.watcher.chatBegan?.({ ...event, clusterFaults });
      },
      peerErred: (event) => judge.erred.set(event.connection, { event, code: undefined }),
      linkPoisoned: (event) => judge.poisoned.set(event.connection, { event, isKnown: false }),
      peerSpoke: (event) => judge.spoke(event),
      peerSeen: (event) => judge.seen(event),
      linkLooked: (event) => judge.looked(event),
    };
  },
};

interface Erred {
  readonly event: EventOf<'peerErred'>;
  /** Of the answer. */
  code: string | undefined;
}

interface Poisoned {
  readonly event: EventOf<'linkPoisoned'>;
  isKnown: boolean;
}

class Judge {
  readonly troubles = new Troubles();
  /** By connection. */
  readonly erred = new Map<number, Erred>();
  readonly poisoned = new Map<number, Poisoned>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  spoke(event: EventOf<'peerSpoke'>): void {
    const { node, connection, type, code } = event;
    const erred = this.erred.get(connection);
    if (type !== 'ERROR' || code === undefined || node !== erred?.event.to) return;
    const { what, code: expected } = erred.event;
    erred.code ??= code;
    if (code !== expected && !ofLinks.includes(code))
      this.#report(event, `node ${node} hears something wrong (${what}), and says ${code}`);
  }

  seen({ node, peer, state }: EventOf<'peerSeen'>): void {
    if (state !== 'linkDown') return;
    for (const poisoned of this.poisoned.values())
      if (poisoned.event.node === node && this.troubles.nodes[poisoned.event.to] === peer)
        poisoned.isKnown = true;
  }

  looked(event: EventOf<'linkLooked'>): void {
    const { connection, node } = event;
    const erred = this.erred.get(connection);
    if (erred !== undefined) this.#lookedAtErred(event, erred);
    const poisoned = this.poisoned.get(connection);
    if (poisoned === undefined) return;
    const { to, at } = poisoned.event;
    if ((event.isOpen || !poisoned.isKnown) && !this.#isTroubled(node, to, at, event))
      this.#report(
        event,
        event.isOpen
          ? `the link with node ${to} fails on node ${node}, and stands`
          : `the link with node ${to} fails on node ${node}, which does not know it`,
      );
  }

  #lookedAtErred(event: EventOf<'linkLooked'>, { event: asked, code }: Erred): void {
    const { to, node, what, code: expected, at } = asked;
    if (expected === undefined || this.#isTroubled(node, to, at, event)) return;
    if (event.isOpen)
      this.#report(event, `node ${to} hears something wrong (${what}), and goes on`);
    else if (code === undefined)
      this.#report(event, `node ${to} hears something wrong (${what}), and goes without a word`);
  }

  #isTroubled(one: number, other: number, since: number, { at }: TraceEvent): boolean {
    const from = since - BEFORE_US;
    return (
      this.troubles.ofNode(one, from, at) ||
      this.troubles.ofNode(other, from, at) ||
      this.troubles.ofPair(one, other, from, at)
    );
  }
}

const own: readonly string[] = ['misspeak', 'failLink', 'lagNode'];
/** What ends a link for another reason. */
const ofLinks: readonly string[] = [
  ...['DUPLICATE_LINK', 'SUPERSEDED', 'STALE_INCARNATION', 'TIMEOUT', 'LEFT'],
];
const BEFORE_US = 8_000_000;
