// Nothing grows without a bound: what an edge holds for one connection stays within the window, mailboxes are short
// whatever clients do, a reader's queue keeps to its limit, and one that takes nothing is not kept for ever.

import type { EventOf, TracedFault } from '../trace.ts';
import type { Invariant } from './invariant.ts';

export const bounds: Invariant = {
  property: 'bounds',
  requirements: ['BROKER-SLOW-1', 'BROKER-SLOW-2', 'BROKER-SLOW-3', 'BROKER-SLOW-5'],
  judge(report) {
    let faults: readonly TracedFault[] = [];
    return {
      began(event) {
        ({ faults } = event);
      },
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
      // [BROKER-SLOW-5] Who takes something, however little at a time, is not standing still.
      receiptUnnoted(event) {
        const { node, shard, unnotedUs } = event;
        report(
          event,
          `a reader of shard ${node}.${shard} took something ${unnotedUs} µs after the last that was noted`,
        );
      },
      lagged(event) {
        const sentence = judgeQueue(event, faults);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function judgeQueue(event: EventOf<'lagged'>, faults: readonly TracedFault[]): string | undefined {
  const { node, shard, queuedBytes, queueBytesMax, stalledUs, stallTimeoutUs, at } = event;
  if (queuedBytes > queueBytesMax + ONE_PAYLOAD_BYTES)
    return `${queuedBytes} bytes wait for one reader of shard ${node}.${shard}, at most ${queueBytesMax} may`;
  const patienceUs = stallTimeoutUs + LOOK_US;
  if (stalledUs <= patienceUs) return undefined;
  // A thread that stands still, or is busy, looks when it can.
  const isExcused = faults.some(
    (fault) =>
      SLOWS_THREADS.has(fault.kind) &&
      fault.at <= at &&
      at - patienceUs <= fault.at + fault.durationUs,
  );
  return isExcused
    ? undefined
    : `a reader of shard ${node}.${shard} has taken nothing for ${stalledUs} µs, and is kept`;
}

/** Larger than any that is written in a run: one alone may always wait. */
const ONE_PAYLOAD_BYTES = 70_000;
/** Between two looks at the readers, and until the look is over. */
const LOOK_US = 1_400_000;
const SLOWS_THREADS: ReadonlySet<string> = new Set([
  'pauseShard',
  'pauseNode',
  'slowShard',
  'lateTimers',
]);
