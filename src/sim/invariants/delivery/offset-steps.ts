// Within a subscription the offsets step by one; where they do not, a gap has named exactly what is missing, in its
// place. What a second ack tells is where its reader stands already.

import type { EventOf } from '../../trace.ts';
import type { Invariant } from '../invariant.ts';

interface Expected {
  /** Undefined between the word of a restart and what comes first after it. */
  epoch: string | undefined;
  /** Undefined when nobody can know: after a restart. */
  next: number | undefined;
  /** The epoch that is over. */
  over: string | undefined;
}

export const offsetSteps: Invariant = {
  property: 'offset-steps',
  requirements: ['BROKER-ORD-2', 'BROKER-FRAME-5', 'BROKER-SLOW-4', 'BROKER-SUB-2'],
  judge(report) {
    const expected: (Expected | undefined)[] = [];
    /** By connection and topic: `following` changes with each ack. */
    const open = new Map<string, Expected>();
    return {
      subscribed(event) {
        const window = windowOf(event);
        const known = open.get(window);
        const sentence = known === undefined ? undefined : again(event, known);
        if (sentence !== undefined) report(event, sentence);
        const begun = begin(event);
        expected[event.following] = begun;
        if (begun === undefined) open.delete(window);
        else open.set(window, begun);
      },
      unsubscribed(event) {
        expected[event.following] = undefined;
        open.delete(windowOf(event));
      },
      message(event) {
        const known = expected[event.following];
        if (known === undefined || event.position === undefined) return;
        const sentence = step(event, known);
        if (sentence !== undefined) report(event, sentence);
      },
      gap(event) {
        const known = expected[event.following];
        if (known === undefined) return;
        const sentence = event.to === undefined ? restart(event, known) : skip(event, known);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function windowOf({ connection, topic }: EventOf<'subscribed' | 'unsubscribed'>): string {
  return `${connection} ${topic}`;
}

function begin({ position, recovered, since }: EventOf<'subscribed'>): Expected | undefined {
  const from = recovered === true && since !== undefined ? since : position;
  if (from === undefined || position === undefined) return undefined;
  return { epoch: position.epoch, next: from.offset + 1, over: undefined };
}

/** Who asks again without a place of its own goes on from where it is. */
function again(
  { client, topic, since, recovered, position }: EventOf<'subscribed'>,
  { epoch, next }: Expected,
): string | undefined {
  if (since !== undefined || recovered !== undefined || position === undefined) return undefined;
  if (epoch !== position.epoch || next === undefined || next === position.offset + 1)
    return undefined;
  return `client ${client} was told again that it follows '${topic}', at ${epoch}:${position.offset} where ${epoch}:${next} was next`;
}

function step(event: EventOf<'message'>, known: Expected): string | undefined {
  const { client, position, topic, saidTopic } = event;
  if (position === undefined) return undefined;
  const { epoch, offset } = position;
  const { epoch: was, next } = known;
  known.epoch = epoch;
  known.next = offset + 1;
  if ((next === offset || next === undefined) && (was === undefined || epoch === was))
    return undefined;
  return `client ${client} got ${epoch}:${offset} of '${topic ?? saidTopic}' where ${was ?? '?'}:${next ?? '?'} was next`;
}

function restart(event: EventOf<'gap'>, known: Expected): string | undefined {
  const { client, topic, epoch, from, reason } = event;
  const { epoch: was, next } = known;
  known.epoch = undefined;
  known.next = undefined;
  if (was !== undefined) known.over = was;
  if (reason !== 'restarted')
    return `client ${client} was told of a gap '${reason}' without an end in '${topic}'`;
  if (was === undefined || (epoch === was && (next === undefined || from === next)))
    return undefined;
  return `client ${client} was told that '${topic}' is over at ${epoch}:${from} where ${was}:${next ?? '?'} was next`;
}

function skip(event: EventOf<'gap'>, known: Expected): string | undefined {
  const { client, topic, epoch, from, to = 0 } = event;
  const { epoch: was, next, over } = known;
  known.epoch = epoch;
  known.next = to + 1;
  const isInPlace =
    was === undefined ? epoch !== over : epoch === was && (next === undefined || next === from);
  if (isInPlace && from <= to) return undefined;
  return `client ${client} was told that ${epoch}:${from}–${to} of '${topic}' are missing where ${was ?? '?'}:${next ?? '?'} was next${was === undefined ? ` and ${over ?? '?'} was over` : ''}`;
}
