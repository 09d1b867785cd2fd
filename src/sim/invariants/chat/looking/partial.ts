// Whoever lists rooms, or those who sit in one, while a node is down is told that there may be more; and nobody who asks a node
// that is alone.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const partial: Invariant = {
  property: 'partial',
  requirements: ['HP-ROOM-7', 'HP-ROOM-8'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, isSlow }) => {
        if (isSlow) judge.slow.add(client);
      },
      peerSeen: (event) => judge.seen(event),
      shardCrashed: ({ node }) => judge.downs.delete(node),
      processDied: ({ node }) => judge.downs.delete(node),
      namesPaged: (event) => judge.paged(event),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  /** Clients that read late what was true when it was said. */
  readonly slow = new Set<number>();
  /** By observer: who is down, and since when. */
  readonly downs = new Map<number, Map<string, number>>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  seen({ node, peer, state, at }: EventOf<'peerSeen'>): void {
    const downs = this.downs.get(node) ?? new Map<string, number>();
    this.downs.set(node, downs);
    if (state === 'down') downs.set(peer, at);
    else if (state !== 'linkDown' && state !== 'suspect') downs.delete(peer);
  }

  paged(event: EventOf<'namesPaged'>): void {
    const { client, node, of, isPartial, at } = event;
    const says = `client ${client} is given a page of ${of === '' ? 'rooms' : `'${of}'`}`;
    if (isPartial === true) {
      if (this.troubles.terms?.isCluster === false)
        this.#report(event, `${says} that is partial, and its node is alone`);
      return;
    }
    if (this.slow.has(client) || this.troubles.isHeldUp(client, node, at - LATE_US, at)) return;
    // [HP-MEMBER-10] Nothing is left of those that are forgotten.
    const { forgetMs = 0 } = this.troubles.terms ?? {};
    for (const [peer, since] of this.downs.get(node) ?? [])
      if (since < at - KNOWN_US && since > at - forgetMs * 1_000)
        this.#report(event, `${says} that is whole, and ${peer} is down for its node`);
  }
}

/** From one thread of a node to all others, and from a question to its answer. */
const KNOWN_US = 3_000_000;
const LATE_US = 10_000_000;
