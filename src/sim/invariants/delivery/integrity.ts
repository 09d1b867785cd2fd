// What arrives is what was published: the same bytes, under the same topic and id, on the same node, and by somebody.

import type { EventOf, TracePosition } from '../../trace.ts';
import { type Invariant, nameOf } from '../invariant.ts';

export const integrity: Invariant = {
  property: 'integrity',
  requirements: ['BROKER-DATA-1', 'BROKER-ENV-1', 'BROKER-PUB-1'],
  judge(report) {
    const sent: EventOf<'publishSent'>[] = [];
    return {
      publishSent(event) {
        sent[event.publication] ??= event;
      },
      message(event) {
        const sentence = compare(event, sent[event.publication]);
        if (sentence !== undefined) report(event, sentence);
      },
    };
  },
};

function compare(
  event: EventOf<'message'>,
  sent: EventOf<'publishSent'> | undefined,
): string | undefined {
  const { position, id, topic } = event;
  if (sent !== undefined && isSame(event, sent)) return undefined;
  const what = `client ${event.client} got ${nameOf(event)}`;
  if (sent === undefined) return `${what}, which nobody published`;
  if (sent.node !== event.node) return `${what} of node ${sent.node}`;
  if (sent.topic !== event.saidTopic)
    return `${what} saying '${event.saidTopic}' for '${sent.topic}'`;
  if (topic !== undefined && topic !== sent.topic)
    return `${what} of '${sent.topic}' as one of '${topic}'`;
  if (!isNamed(event, sent)) return `${what} with other bytes than were published`;
  if (id === undefined || position === undefined) return undefined;
  const expected = sent.id ?? `${position.epoch}:${position.offset}`;
  return id === expected ? undefined : `${what} with the id '${id}' for '${expected}'`;
}

/** The common case, without a word. */
function isSame(event: EventOf<'message'>, sent: EventOf<'publishSent'>): boolean {
  const { node, saidTopic, topic, id, position } = event;
  if (sent.node !== node || sent.topic !== saidTopic || !isNamed(event, sent)) return false;
  if (topic !== undefined && topic !== saidTopic) return false;
  if (id === undefined || position === undefined) return true;
  return sent.id === undefined ? isPlace(id, position) : sent.id === id;
}

function isNamed(
  { bytesName }: EventOf<'message'>,
  { bytesName: name, streamName }: EventOf<'publishSent'>,
): boolean {
  return bytesName === name || bytesName === streamName;
}

/** Whether the id is `epoch:offset`. */
function isPlace(id: string, { epoch, offset }: TracePosition): boolean {
  const { length } = epoch;
  return (
    id.startsWith(epoch) &&
    id.charCodeAt(length) === COLON &&
    id.length === length + 1 + String(offset).length &&
    Number(id.slice(length + 1)) === offset
  );
}

const COLON = 0x3a;
