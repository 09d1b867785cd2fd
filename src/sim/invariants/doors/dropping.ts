// A reader that is slow loses no more than it must: when the oldest publications are dropped, three quarters of its queue stay, and
// come behind the last gap that it is told of. Judged of readers who ask nothing, so that nothing else is in their queues.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

/** What has come behind the last gap on one connection, and was published before that was told. */
interface Behind {
  readonly gap: EventOf<'gap'>;
  bytes: number;
}

export const dropping: Invariant = {
  property: 'dropping',
  requirements: ['BROKER-SLOW-3'],
  judge(report) {
    let queueBytes = 0;
    const published: { readonly at: number; readonly bytes: number }[] = [];
    let longest = 0;
    const asking = new Set<number>();
    /** By connection. */
    const behind = new Map<number, Behind>();
    const asks = ({ client }: { readonly client: number }): void => {
      asking.add(client);
    };
    return {
      began({ broker }) {
        if (broker.slowPolicy === 'drop-oldest') queueBytes = broker.queueBytesMax;
      },
      joined({ client, publishes }) {
        if (publishes.length > 0) asking.add(client);
      },
      inquired: asks,
      unsubscribeSent: asks,
      publishSent({ publication, dataBytes, at }) {
        longest = Math.max(longest, dataBytes);
        published[publication] ??= { at, bytes: dataBytes + AROUND_BYTES };
      },
      gap(event) {
        const { connection, client, reason } = event;
        if (queueBytes === 0 || asking.has(client)) return;
        if (reason === 'slow') behind.set(connection, { gap: event, bytes: 0 });
        else behind.delete(connection);
      },
      message({ connection, publication }) {
        const own = behind.get(connection);
        const its = published[publication];
        if (own !== undefined && its !== undefined && its.at < own.gap.at) own.bytes += its.bytes;
      },
      closed: ({ connection }) => behind.delete(connection),
      quiet(event) {
        const least = queueBytes * KEPT - longest - AROUND_BYTES;
        // What is counted around the data may be more than there is.
        if (least < queueBytes * SURE) return;
        for (const { gap, bytes } of behind.values())
          if (bytes < least && !asking.has(gap.client))
            report(
              event,
              `client ${gap.client} was told at ${gap.at} µs that ${gap.epoch}:${gap.from}–${gap.to} of '${gap.topic}' are missing, and ${bytes} bytes waited behind them, of ${queueBytes} that may`,
            );
      },
    };
  },
};

/** [BROKER-SLOW-3] */
const KEPT = 0.75;
const SURE = 0.45;
/** No more than stands around the data of a publication, and is counted for it. */
const AROUND_BYTES = 300;
