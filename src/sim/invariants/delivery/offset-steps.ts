// Within a subscription the offsets step by one; where they do not, a gap has named exactly what is missing.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

interface Expected {
  /** Undefined between the word of a restart and the first publication after it. */
  epoch: string | undefined;
  /** Undefined when nobody can know: after a restart. */
  next: number | undefined;
  /**
   * What may be next instead, as long as nothing has come since the ack: gaps of the subscriptions before this one
   * are told only then, and cannot be told from its own.
   */
  instead: readonly number[] | undefined;
}

export const offsetSteps: Invariant = {
  property: 'offset-steps',
  requirements: ['BROKER-ORD-2', 'BROKER-FRAME-5', 'BROKER-SLOW-4'],
  judge(report) {
    const expected: (Expected | undefined)[] = [];
    return {
      subscribed({ following, position, recovered, since }) {
        const from = recovered === true && since !== undefined ? since : position;
        expected[following] =
          from === undefined || position === undefined
            ? undefined
            : { epoch: position.epoch, next: from.offset + 1, instead: [] };
      },
      unsubscribed({ following }) {
        expected[following] = undefined;
      },
      message(event) {
        const known = expected[event.following];
        if (known === undefined || event.position === undefined) return;
        const sentence = step(event, known);
        if (sentence !== undefined) report(event, sentence);
      },
      gap(event) {
        const known = expected[event.following];
        const sentence = known === undefined ? undefined : skip(event, known);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function step(event: EventOf<'message'>, known: Expected): string | undefined {
  const { client, position, topic, saidTopic } = event;
  if (position === undefined) return undefined;
  const { epoch, offset } = position;
  const { epoch: was, next, instead } = known;
  known.epoch = epoch;
  known.next = offset + 1;
  known.instead = undefined;
  const isNext = next === offset || next === undefined || instead?.includes(offset) === true;
  if (isNext && (was === undefined || epoch === was)) return undefined;
  return `client ${client} got ${epoch}:${offset} of '${topic ?? saidTopic}' where ${was ?? '?'}:${next ?? '?'} was next`;
}

function skip(event: EventOf<'gap'>, known: Expected): string | undefined {
  const { client, topic, epoch, from, to, reason } = event;
  if (to === undefined) {
    known.epoch = undefined;
    known.next = undefined;
    known.instead = undefined;
    if (reason === 'restarted') return undefined;
    return `client ${client} was told of a gap '${reason}' without an end in '${topic}'`;
  }
  const { next, instead } = known;
  if (instead !== undefined) {
    // Told late, of an epoch before this one, it says nothing of what comes next here.
    if (epoch !== known.epoch || next === undefined) return undefined;
    known.next = from <= next ? Math.max(next, to + 1) : next;
    known.instead = [...instead, next, to + 1];
    return undefined;
  }
  // What was lost of the old epoch may be told behind the word that it is over.
  if (known.epoch === undefined) return undefined;
  const was = known.epoch;
  known.epoch = epoch;
  known.next = to + 1;
  if (epoch === was && from <= to && (next === undefined || next === from)) return undefined;
  return `client ${client} was told that ${epoch}:${from}–${to} of '${topic}' are missing where ${was}:${next ?? '?'} was next`;
}
