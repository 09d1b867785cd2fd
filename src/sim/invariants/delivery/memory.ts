// What a topic remembers: everything within the limits of count, bytes and age can be recovered, and no more than the
// count. Judged where nothing else may stand in the way: the reader's queue has ample room, and all sizes are known.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';
import { ByEpoch } from './by-epoch.ts';
import { LastRead } from './last-read.ts';

interface Known {
  readonly bytes: number;
  /** When it was first sent; virtual microseconds. */
  readonly at: number;
  /** Since when it is known to have its place; undefined while nobody was told, and where it was sent again. */
  placedAt: number | undefined;
  isRepeated: boolean;
}

export const memory: Invariant = {
  property: 'memory',
  requirements: ['BROKER-REC-1', 'BROKER-REC-3', 'BROKER-REC-4', 'BROKER-REC-6'],
  judge(report) {
    const sent: Known[] = [];
    /** Publications by place. */
    const places = new ByEpoch<number[]>(() => []);
    let limits: EventOf<'began'> | undefined;
    /** By client, how many topics share its queue; undefined where more may wait there. */
    const shares: (number | undefined)[] = [];
    const lastRead = new LastRead(places.of);
    /** By client and topic, what was asked last. */
    const lastAsked = new Map<string, number>();
    /** By place in the trace. */
    const askedAt = new Map<number, number>();
    const placed = (publication: number, at: number): void => {
      const known = sent[publication];
      if (known !== undefined) known.placedAt ??= at;
    };
    return {
      began(event) {
        limits = event;
      },
      joined({ client, behaviour, topics }) {
        if (behaviour === 'steady') shares[client] = topics.length;
      },
      subscribeSent({ client, topic, seq, at }) {
        lastAsked.set(`${client} ${topic}`, seq);
        askedAt.set(seq, at);
      },
      unsubscribeSent({ client, topic, seq }) {
        lastAsked.set(`${client} ${topic}`, seq);
      },
      publishSent({ publication, dataBytes, at }) {
        const earlier = sent[publication];
        if (earlier !== undefined) earlier.isRepeated = true;
        else sent[publication] = { bytes: dataBytes, at, placedAt: undefined, isRepeated: false };
      },
      published({ node, topic, position, publication, at }) {
        placed(publication, at);
        places.of(node, topic, position.epoch)[position.offset] = publication;
      },
      message(event) {
        const { position, publication, at } = event;
        placed(publication, at);
        if (position !== undefined)
          lastRead.of(event, position.epoch)[position.offset] = publication;
      },
      informed(event) {
        const { position, node, topic } = event;
        if (limits === undefined || position === undefined) return;
        const known = places.of(node, topic, position.epoch);
        const sentence = judgeHistory(
          event,
          position.offset,
          (offset) => {
            const publication = known[offset];
            return publication === undefined ? undefined : sent[publication];
          },
          limits,
        );
        if (sentence !== undefined) report(event, sentence);
      },
      subscribed(event) {
        const { since, position, node, topic } = event;
        if (limits === undefined || since === undefined || position === undefined) return;
        if (since.epoch !== position.epoch) return;
        // [BROKER-REC-6] It was given up before its turn came.
        const isGivenUp = (lastAsked.get(`${event.client} ${topic}`) ?? -1) > event.cause;
        if (event.recovered !== true && isGivenUp) return;
        const known = places.of(node, topic, position.epoch);
        const missed = known.slice(since.offset + 1, position.offset + 1).map((one) => sent[one]);
        const share = shares[event.client];
        const roomBytes = roomOf(limits.broker.queueBytesMax, share);
        const sentence =
          judgeOne(event, position.offset - since.offset, missed, roomBytes, limits) ??
          judgeAge(event, missed, askedAt.get(event.cause), limits);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function judgeOne(
  { client, topic, recovered, at }: EventOf<'subscribed'>,
  count: number,
  missed: readonly (Known | undefined)[],
  roomBytes: number,
  { home, sites }: EventOf<'began'>,
): string | undefined {
  const { historyCountMax, historyBytesMax, historyAgeMaxMs, historyBytesTotalMax } = home;
  if (recovered === true) {
    let recoveredBytes = 0;
    for (const known of missed) recoveredBytes += known?.bytes ?? 0;
    if (recoveredBytes > historyBytesMax)
      return `client ${client} recovered ${recoveredBytes} bytes of '${topic}', and ${historyBytesMax} are remembered`;
    return count > historyCountMax
      ? `client ${client} recovered ${count} of '${topic}', and ${historyCountMax} are remembered`
      : undefined;
  }
  if (count < 1 || count > historyCountMax || sites.includes('tiny-history')) return undefined;
  let bytes = 0;
  let oldestAt = at;
  for (const known of missed) {
    if (known === undefined) return undefined;
    bytes += known.bytes;
    oldestAt = Math.min(oldestAt, known.at);
  }
  const isComplete = missed.length === count;
  const isYoung = at - oldestAt < (historyAgeMaxMs - SLACK_MS) * 1_000;
  const fits =
    bytes + count * WRITTEN_BYTES <= roomBytes && bytes + count * KEPT_BYTES <= historyBytesMax;
  if (!isComplete || !isYoung || !fits || historyBytesTotalMax < TOTAL_BYTES_MIN) return undefined;
  return `client ${client} missed ${count} of '${topic}', which are remembered, and was told that they are lost`;
}

/** What had its place so long before anybody asked is forgotten, however little else there is. */
function judgeAge(
  { client, topic, recovered }: EventOf<'subscribed'>,
  missed: readonly (Known | undefined)[],
  askedAt: number | undefined,
  { home }: EventOf<'began'>,
): string | undefined {
  if (recovered !== true || askedAt === undefined) return undefined;
  const since = askedAt - home.historyAgeMaxMs * 1_000;
  const isOld = missed.some(
    (known) => known?.placedAt !== undefined && !known.isRepeated && known.placedAt < since,
  );
  return isOld
    ? `client ${client} recovered what was published to '${topic}' more than ${home.historyAgeMaxMs} ms before it asked`
    : undefined;
}

/** What a topic says that it remembers is what it may, and no less than it must; the latest goes last. */
function judgeHistory(
  { client, topic, history, at }: EventOf<'informed'>,
  top: number,
  knownAt: (offset: number) => Known | undefined,
  { home, sites }: EventOf<'began'>,
): string | undefined {
  const { historyCountMax, historyBytesMax, historyAgeMaxMs, historyBytesTotalMax } = home;
  const said = `client ${client} was told that ${history} of '${topic}' are remembered`;
  if (history > historyCountMax) return `${said}, and ${historyCountMax} may be`;
  let [bytes, costMax, oldestAt] = [0, 0, at];
  let must = 0;
  for (let back = 0; back <= history && back < top; back += 1) {
    const known = knownAt(top - back);
    if (known === undefined) return undefined;
    bytes += known.bytes;
    if (back < history && bytes > historyBytesMax)
      return `${said}, which are more than ${historyBytesMax} bytes`;
    costMax += known.bytes + KEPT_BYTES;
    oldestAt = Math.min(oldestAt, known.at);
    if (back < historyCountMax && costMax <= historyBytesMax) must = back + 1;
  }
  const isYoung = at - oldestAt < (historyAgeMaxMs - SLACK_MS) * 1_000;
  const isRoomy = historyBytesTotalMax >= TOTAL_BYTES_MIN && !sites.includes('tiny-history');
  return must > history && isYoung && isRoomy ? `${said}, and more must be` : undefined;
}

/** What one topic may take of a queue that also holds the others, and answers that are awaited. */
function roomOf(queueBytesMax: number, topics: number | undefined): number {
  if (topics === undefined || topics === 0) return queueBytesMax / QUEUE_SHARE;
  return queueBytesMax / topics - topics * ANSWERS_BYTES;
}

/** An envelope, a place for each topic of a stream, and bookkeeping. */
const WRITTEN_BYTES = 1_500;
/** Bookkeeping alone. */
const KEPT_BYTES = 300;
const QUEUE_SHARE = 16;
const ANSWERS_BYTES = 4_000;
/** Between a publication and its place, and between an answer and its arrival. */
const SLACK_MS = 15_000;
/** Below this, other topics may have had to be forgotten. */
const TOTAL_BYTES_MIN = 16_777_216;
