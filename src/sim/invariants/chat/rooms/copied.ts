// What a node has for others to keep is kept by them, as it is: when everything is at rest, those that are to keep a room have
// its messages and know who is in it, and what waits for a user is held where it is to be and nowhere else. And whoever said
// something does not wait for copies for longer than two seconds.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const copied: Invariant = {
  property: 'copied',
  requirements: ['HP-STORE-1', 'HP-STORE-4', 'HP-STORE-6', 'HP-STORE-7', 'HP-ACK-1', 'HP-ACK-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      copyAwaited: (event) => judge.awaited(event),
      copyDiffers: (event) => judge.differs(event),
      heldInVain: (event) => judge.heldInVain(event),
      shardCrashed: ({ node }) => judge.died(node),
      processDied: ({ node }) => judge.died(node),
      nodeKilled: ({ node }) => judge.died(node),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  readonly #dead = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(node: number): void {
    this.#dead.add(node);
  }

  /** What waits for users outlives a minority of nodes. */
  get #isMinorityDead(): boolean {
    return this.#dead.size * 2 < this.troubles.nodes.length;
  }

  awaited(event: EventOf<'copyAwaited'>): void {
    const { node, shard, what, waitedUs, at } = event;
    if (this.troubles.ofNode(node, at - waitedUs, at)) return;
    this.#report(
      event,
      `shard ${node}.${shard} lets whoever said a ${what} wait for its copies for ${waitedUs} µs`,
    );
  }

  differs(event: EventOf<'copyDiffers'>): void {
    const { node, peer, room, user, lacks, tooMuch } = event;
    if (room === undefined && !this.#isMinorityDead) return;
    const what = room === undefined ? `what waits for ${user ?? ''}` : `'${room}'`;
    const says = `${peer}, which keeps ${what} for node ${node},`;
    const [first] = lacks;
    if (first !== undefined) this.#report(event, `${says} does not have ${first}`);
    const [more] = tooMuch;
    if (more !== undefined) this.#report(event, `${says} has ${more}, which is not there any more`);
  }

  heldInVain(event: EventOf<'heldInVain'>): void {
    const { node, owner, user, message } = event;
    if (!this.#isMinorityDead) return;
    this.#report(
      event,
      `node ${node} holds ${message} for ${user}, which waits no more on ${owner}`,
    );
  }
}
