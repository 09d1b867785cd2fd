// How publications and gaps look to the broker's readers: bare data or an envelope, as WebSocket messages
// or as server-sent events. Each is encoded once per shard and publication. Refuses to know who reads.
// Obeys spec/broker.md, sections "Frames" and "Event streams".

import { encodeGap, encodeMessage, gapText, writeWirePosition } from '../codecs/broker.ts';
import { encodeEvent } from '../codecs/sse.ts';
import { type Gap, nameOf as idOf, type Publication } from '../routing/publication.ts';
import type { FormatName, WireFormat } from '../routing/subscriptions.ts';
import { nameOf } from './broker-topic.ts';

export const WS_BARE: FormatName = 'broker/ws-bare';
export const WS_ENVELOPE: FormatName = 'broker/ws-envelope';
export const SSE_BARE: FormatName = 'broker/sse-bare';
export const SSE_ENVELOPE: FormatName = 'broker/sse-envelope';

export const brokerFormats: readonly (readonly [FormatName, WireFormat])[] = [
  [WS_BARE, { encode: ({ data }) => data, encodeGap: encodeGapFrame }],
  [WS_ENVELOPE, { encode: encodeEnvelope, encodeGap: encodeGapFrame }],
  [
    SSE_BARE,
    { encode: (one) => encodeSse(one, false, writeWirePosition(one)), encodeGap: encodeGapEvent },
  ],
  [
    SSE_ENVELOPE,
    { encode: (one) => encodeSse(one, true, writeWirePosition(one)), encodeGap: encodeGapEvent },
  ],
];

/** One event; `eventId` is what the client will send back to resume. */
export function encodeSse(
  publication: Publication,
  envelope: boolean,
  eventId: string,
): Uint8Array {
  return encodeEvent({
    id: eventId,
    data: envelope ? encodeEnvelope(publication) : publication.data,
  });
}

/** [SSE-3] A gap is an event of its own name: pages that do not ask for it are not disturbed. */
export function encodeGapEvent(gap: Gap): Uint8Array {
  return encodeEvent({
    event: 'gap',
    data: encoder.encode(gapText({ ...gap, topic: nameOf(gap.topic) })),
  });
}

function encodeEnvelope(publication: Publication): Uint8Array {
  return encodeMessage(nameOf(publication.topic), publication, idOf(publication), publication.data);
}

function encodeGapFrame(gap: Gap): Uint8Array {
  return encodeGap({ ...gap, topic: nameOf(gap.topic) });
}

const encoder = new TextEncoder();
