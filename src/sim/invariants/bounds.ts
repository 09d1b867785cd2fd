// Nothing grows without a bound: what an edge holds for one connection stays within the window, and mailboxes are
// short whatever clients do.

import type { Invariant } from './invariant.ts';

export const bounds: Invariant = {
  property: 'bounds',
  requirements: ['BROKER-SLOW-1', 'BROKER-SLOW-2', 'BROKER-SLOW-3'],
  judge(report) {
    return {
      sampled(event) {
        const { node, shard, waiting, waitingMax, outstandingBytes, outstandingBytesMax } = event;
        const where = `shard ${node}.${shard}`;
        if (waiting > waitingMax)
          report(event, `${waiting} messages wait on ${where}, at most ${waitingMax} may`);
        if (outstandingBytes > outstandingBytesMax) {
          report(
            event,
            `${outstandingBytes} bytes were given to one connection of ${where}, at most ${outstandingBytesMax} may`,
          );
        }
      },
    };
  },
};
