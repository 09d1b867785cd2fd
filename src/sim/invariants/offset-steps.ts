// Within a subscription the offsets step by one; where they do not, a gap has named exactly what is missing.

import type { EventOf } from '../trace.ts';
import { type Invariant, PerSubscription } from './invariant.ts';

interface Expected {
  /** Undefined between the word of a restart and the first publication after it. */
  readonly epoch: string | undefined;
  /** Undefined when nobody can know: after a restart. */
  readonly next: number | undefined;
  /**
   * What may be next instead, as long as nothing has come since the ack: gaps of the subscriptions before this one
   * are told only then, and cannot be told from its own.
   */
  readonly instead: readonly number[] | undefined;
}

export const offsetSteps: Invariant = {
  property: 'offset-steps',
  requirements: ['BROKER-ORD-2', 'BROKER-FRAME-5', 'BROKER-SLOW-4'],
  judge(report) {
    const expected = new PerSubscription<Expected>();
    return (event) => {
      if (event.kind === 'subscribed') begin(event, expected);
      else if (event.kind === 'closed') expected.forget(event.connection);
      else if (event.kind === 'unsubscribed') expected.delete(event.connection, event.topic);
      else if (event.kind === 'message') {
        const sentence = step(event, expected);
        if (sentence !== undefined) report(event, sentence);
      } else if (event.kind === 'gap') {
        const sentence = skip(event, expected);
        if (sentence !== undefined) report(event, sentence);
      }
    };
  },
};

function begin(event: EventOf<'subscribed'>, expected: PerSubscription<Expected>): void {
  const { connection, topic, position, recovered, since } = event;
  if (position === undefined) expected.delete(connection, topic);
  else {
    const from = recovered === true && since !== undefined ? since : position;
    expected.set(connection, topic, { epoch: position.epoch, next: from.offset + 1, instead: [] });
  }
}

function step(event: EventOf<'message'>, expected: PerSubscription<Expected>): string | undefined {
  const { connection, client, position } = event;
  const topic = event.topic ?? event.saidTopic;
  const known = expected.get(connection, topic);
  if (position === undefined || known === undefined) return undefined;
  const { epoch, offset } = position;
  expected.set(connection, topic, { epoch, next: offset + 1, instead: undefined });
  const isNext =
    known.next === undefined || known.next === offset || known.instead?.includes(offset) === true;
  if ((known.epoch === undefined || epoch === known.epoch) && isNext) return undefined;
  return `client ${client} got ${epoch}:${offset} of '${topic}' where ${known.epoch ?? '?'}:${known.next ?? '?'} was next`;
}

function skip(event: EventOf<'gap'>, expected: PerSubscription<Expected>): string | undefined {
  const { connection, client, topic, epoch, from, to, reason } = event;
  const known = expected.get(connection, topic);
  if (known === undefined) return undefined;
  if (to === undefined) {
    expected.set(connection, topic, { epoch: undefined, next: undefined, instead: undefined });
    if (reason === 'restarted') return undefined;
    return `client ${client} was told of a gap '${reason}' without an end in '${topic}'`;
  }
  const { next, instead } = known;
  if (instead !== undefined) {
    // Told late, of an epoch before this one, it says nothing of what comes next here.
    if (epoch !== known.epoch || next === undefined) return undefined;
    const furthest = from <= next ? Math.max(next, to + 1) : next;
    expected.set(connection, topic, { epoch, next: furthest, instead: [...instead, next, to + 1] });
    return undefined;
  }
  // What was lost of the old epoch may be told behind the word that it is over.
  if (known.epoch === undefined) return undefined;
  expected.set(connection, topic, { epoch, next: to + 1, instead });
  if (epoch === known.epoch && from <= to && (next === undefined || next === from))
    return undefined;
  return `client ${client} was told that ${epoch}:${from}–${to} of '${topic}' are missing where ${known.epoch ?? '?'}:${known.next ?? '?'} was next`;
}
