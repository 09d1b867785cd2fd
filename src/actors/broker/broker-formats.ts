// How publications and gaps look to the broker's readers: bare data or an envelope, as WebSocket messages
// or as server-sent events. Each is encoded once per shard and publication. Refuses to know who reads.
// Obeys spec/broker.md, sections "Frames" and "Event streams".

import { gapText, writeWirePosition } from '../codecs/broker.ts';
import type { BrokerWire } from '../codecs/broker-wire.ts';
import { encodeText } from '../codecs/utf8-text.ts';
import { type Gap, nameOf as idOf, type Publication } from '../routing/publication.ts';
import type { FormatName, WireFormat } from '../routing/subscriptions.ts';
import type { Payload } from '../runtime/edges.ts';
import { nameOf } from './broker-topic.ts';

export const WS_BARE: FormatName = 'broker/ws-bare';
export const WS_ENVELOPE: FormatName = 'broker/ws-envelope';
export const SSE_BARE: FormatName = 'broker/sse-bare';
export const SSE_ENVELOPE: FormatName = 'broker/sse-envelope';

export function brokerFormats(wire: BrokerWire): ReadonlyMap<FormatName, WireFormat> {
  const encodeGapFrame = (gap: Gap): Payload => wire.gap({ ...gap, topic: nameOf(gap.topic) });
  const encodeGap = (gap: Gap): Payload => encodeGapEvent(wire, gap);
  const sse = (envelope: boolean): WireFormat => ({
    encode: (one) => encodeSse(wire, one, envelope, writeWirePosition(one)),
    encodeGap,
  });
  return new Map([
    [WS_BARE, { encode: ({ data }) => data, encodeGap: encodeGapFrame }],
    [WS_ENVELOPE, { encode: (one) => encodeEnvelope(wire, one), encodeGap: encodeGapFrame }],
    [SSE_BARE, sse(false)],
    [SSE_ENVELOPE, sse(true)],
  ]);
}

/** One event; `eventId` is what the client will send back to resume. */
export function encodeSse(
  wire: BrokerWire,
  publication: Publication,
  envelope: boolean,
  eventId: string,
): Payload {
  const data = envelope ? encodeEnvelope(wire, publication) : publication.data;
  return wire.event({ id: eventId, data });
}

/** [SSE-3] A gap is an event of its own name: pages that do not ask for it are not disturbed. */
export function encodeGapEvent(wire: BrokerWire, gap: Gap): Payload {
  const data = encodeText(gapText({ ...gap, topic: nameOf(gap.topic) }));
  return wire.event({ event: 'gap', data });
}

function encodeEnvelope(wire: BrokerWire, publication: Publication): Payload {
  const { topic, data } = publication;
  return wire.message(nameOf(topic), publication, idOf(publication), data);
}
