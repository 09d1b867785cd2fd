// Whoever is told that nodes are cut off is told when none is any more: at rest nobody still believes in a split.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const healed: Invariant = {
  property: 'healed',
  requirements: ['HP-PART-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      talkerNoticed: (event) => judge.noticed(event),
      talkerEnded: ({ client }) => judge.believing.delete(client),
      // Who knew whom it had told has died.
      shardCrashed: ({ node }) => judge.forget(node),
      membersOfTold: (event) => judge.told(event),
    };
  },
};

class Judge {
  /** By client that has heard of a split: its node. */
  readonly believing = new Map<number, number>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  noticed({ node, client, code }: EventOf<'talkerNoticed'>): void {
    if (code === 'PARTITION') this.believing.set(client, node);
    if (code === 'PARTITION_HEALED') this.believing.delete(client);
  }

  forget(node: number): void {
    for (const [client, where] of this.believing) if (where === node) this.believing.delete(client);
  }

  told(event: EventOf<'membersOfTold'>): void {
    const { node, cutOff } = event;
    if (cutOff.length > 0) return;
    for (const [client, where] of this.believing)
      if (where === node)
        this.#report(event, `client ${client} is not told that nobody is cut off any more`);
  }
}
