// A node that begins lets clients in when it has found the others, and in time: whoever lives, and could be reached, is linked with
// it by then.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const joining: Invariant = {
  property: 'joining',
  requirements: ['HP-JOIN-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      processBegan: ({ node, at }) => judge.began(node, at),
      processDied: ({ node }) => judge.died(node),
      nodeKilled: ({ node }) => judge.died(node),
      peerSeen: (event) => judge.seen(event),
      nodeTold: (event) => judge.told(event),
      sampled: (event) => judge.look(event),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  /** By node that lives. */
  readonly #beganAt = new Map<number, number>();
  /** Those that have not let clients in yet. */
  readonly #waiting = new Set<number>();
  /** By node: with whom it is linked. */
  readonly #linked = new Map<number, Set<string>>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(node: number, at: number): void {
    this.#beganAt.set(node, at);
    this.#linked.set(node, new Set());
    if (this.troubles.isCluster) this.#waiting.add(node);
  }

  died(node: number): void {
    this.#beganAt.delete(node);
    this.#waiting.delete(node);
  }

  seen({ node, peer, state }: EventOf<'peerSeen'>): void {
    if (state === 'linkUp') this.#linked.get(node)?.add(peer);
    else if (state !== 'up' && state !== 'suspect') this.#linked.get(node)?.delete(peer);
  }

  told(event: EventOf<'nodeTold'>): void {
    const { node, news, at } = event;
    if (news !== 'clusterJoined' || !this.#waiting.delete(node)) return;
    const since = at - BEFORE_US;
    if (this.troubles.ofNode(node, (this.#beganAt.get(node) ?? 0) + 1, at)) return;
    for (const [other, beganAt] of this.#beganAt) {
      const name = this.troubles.nodes[other] ?? '';
      const isThere = other !== node && beganAt < at - KNOWN_US;
      const isTroubled =
        this.troubles.ofNode(other, since, at) || this.troubles.ofPair(node, other, since, at);
      if (isThere && !isTroubled && this.#linked.get(node)?.has(name) !== true)
        this.#report(event, `node ${node} lets clients in before it has found ${name}`);
    }
  }

  look(event: TraceEvent): void {
    const { joinTimeoutMs = 0 } = this.troubles.terms ?? {};
    for (const node of this.#waiting) {
      const beganAt = this.#beganAt.get(node) ?? event.at;
      if (event.at < beganAt + joinTimeoutMs * 1_000 + LOOK_US) continue;
      this.#waiting.delete(node);
      if (!this.troubles.ofNode(node, beganAt + 1, event.at))
        this.#report(event, `node ${node} has let nobody in since it began`);
    }
  }
}

const KNOWN_US = 3_000_000;
const BEFORE_US = 15_000_000;
/** Two looks of the keeper of members. */
const LOOK_US = 1_500_000;
