// What arrives is what was published: the same bytes, under the same topic and id, on the same node, and by somebody.

import type { EventOf } from '../trace.ts';
import { type Invariant, numberOf } from './invariant.ts';

export const integrity: Invariant = {
  property: 'integrity',
  requirements: ['BROKER-DATA-1', 'BROKER-ENV-1', 'BROKER-PUB-1'],
  judge(report) {
    const sent = new Map<number, EventOf<'publishSent'>>();
    return (event) => {
      if (event.kind === 'publishSent') {
        const number = numberOf(event);
        if (!sent.has(number)) sent.set(number, event);
      } else if (event.kind === 'message') {
        const sentence = compare(event, sent.get(numberOf(event)));
        if (sentence !== undefined) report(event, sentence);
      }
    };
  },
};

function compare(
  event: EventOf<'message'>,
  sent: EventOf<'publishSent'> | undefined,
): string | undefined {
  const { client, publisher, sequence, position, id, topic } = event;
  const what = `client ${client} got ${publisher}/${sequence}`;
  if (sent === undefined) return `${what}, which nobody published`;
  if (sent.node !== event.node) return `${what} of node ${sent.node}`;
  if (sent.topic !== event.saidTopic)
    return `${what} saying '${event.saidTopic}' for '${sent.topic}'`;
  if (topic !== undefined && topic !== sent.topic)
    return `${what} of '${sent.topic}' as one of '${topic}'`;
  if (sent.bytesName !== event.bytesName) return `${what} with other bytes than were published`;
  if (id === undefined || position === undefined) return undefined;
  const expected = sent.id ?? `${position.epoch}:${position.offset}`;
  return id === expected ? undefined : `${what} with the id '${id}' for '${expected}'`;
}
