// Nobody is told that the fate of a publication is unknown unless a thread of the node died, or had just died, when it
// was sent.

import type { Invariant } from './invariant.ts';

export const unknown: Invariant = {
  property: 'unknown',
  requirements: ['BROKER-PUB-4'],
  judge(report) {
    /** By node. */
    const diedAt: number[] = [];
    const deadCounts: number[] = [];
    const sentAt: number[] = [];
    return {
      shardCrashed({ node, at }) {
        diedAt[node] = at;
        deadCounts[node] = (deadCounts[node] ?? 0) + 1;
      },
      shardStarted({ node }) {
        deadCounts[node] = (deadCounts[node] ?? 0) - 1;
      },
      publishSent({ publication, at }) {
        sentAt[publication] = at;
      },
      publishFailed(event) {
        const { node, publication, publisher, sequence, why } = event;
        if (why !== 'unknown' || (deadCounts[node] ?? 0) > 0) return;
        const since = (sentAt[publication] ?? 0) - NOTICE_US;
        if ((diedAt[node] ?? Number.NEGATIVE_INFINITY) >= since) return;
        report(event, `what became of ${publisher}/${sequence} is not known, and no thread died`);
      },
    };
  },
};

/** Until a death is known, and what waited for it is told. */
const NOTICE_US = 2_000_000;
