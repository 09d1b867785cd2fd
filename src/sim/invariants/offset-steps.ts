// Within a subscription the offsets step by one; where they do not, a gap has named exactly what is missing.

import type { EventOf } from '../trace.ts';
import { type Invariant, PerSubscription } from './invariant.ts';

interface Expected {
  readonly epoch: string;
  /** Undefined when nobody can know: after a restart. */
  readonly next: number | undefined;
  /** Nothing has come since the ack: what was dropped from an earlier subscription may be told only now. */
  readonly isFresh: boolean;
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
    expected.set(connection, topic, { epoch: position.epoch, next: from.offset + 1, isFresh: true });
  }
}

function step(event: EventOf<'message'>, expected: PerSubscription<Expected>): string | undefined {
  const { connection, client, position } = event;
  const topic = event.topic ?? event.saidTopic;
  const known = expected.get(connection, topic);
  if (position === undefined || known === undefined) return undefined;
  const { epoch, offset } = position;
  expected.set(connection, topic, { epoch, next: offset + 1, isFresh: false });
  if (epoch === known.epoch && (known.next === undefined || known.next === offset)) return undefined;
  return `client ${client} got ${epoch}:${offset} of '${topic}' where ${known.epoch}:${known.next ?? '?'} was next`;
}

function skip(event: EventOf<'gap'>, expected: PerSubscription<Expected>): string | undefined {
  const { connection, client, topic, epoch, from, to, reason } = event;
  const known = expected.get(connection, topic);
  if (known === undefined) return undefined;
  if (to === undefined) {
    expected.set(connection, topic, { epoch, next: undefined, isFresh: false });
    return reason === 'restarted' && epoch !== known.epoch
      ? undefined
      : `client ${client} was told of a gap '${reason}' without an end in '${topic}'`;
  }
  const { next, isFresh } = known;
  if (isFresh && (epoch !== known.epoch || to + 1 < (next ?? 0))) return undefined;
  expected.set(connection, topic, { epoch, next: to + 1, isFresh });
  if (epoch === known.epoch && from <= to && (next === undefined || next === from || (isFresh && from < next))) return undefined;
  return `client ${client} was told that ${epoch}:${from}–${to} of '${topic}' are missing where ${known.epoch}:${known.next ?? '?'} was next`;
}
