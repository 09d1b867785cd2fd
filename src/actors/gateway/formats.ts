// How a published item looks to the clients of the gateway that read it as it is: a piece of an HTTP stream, or a
// WebSocket message. Encoded once per shard and item; what needs a client's own filters, or is no content at all, goes
// to the sessions. Refuses to know who reads. Obeys spec/grip.md, section "Publishing".

import type { GripItem } from '../codecs/grip/publish-item.ts';
import type { Publication } from '../routing/publication.ts';
import type { FormatName, WireFormat } from '../routing/subscriptions.ts';
import type { Payload } from '../runtime/edges.ts';
import type { FramedPayload } from '../runtime/gateway-edges.ts';
import { type ChannelData, isUpdate } from './channel-messages.ts';

export const GRIP_STREAM: FormatName = 'grip/stream';
export const GRIP_WS: FormatName = 'grip/ws';

/** What a publication of a channel carries; the keeper of channels publishes nothing else there. */
export function dataOf(publication: Publication): ChannelData {
  return publication.data as ChannelData;
}

export function gripFormats(): ReadonlyMap<FormatName, WireFormat> {
  return new Map([
    [
      GRIP_STREAM,
      {
        encode: (publication) => streamContent(itemOf(publication)),
        encodeGap: nothing,
        toOwner(publication) {
          const stream = itemOf(publication)?.stream;
          if (stream === undefined) return undefined;
          if (stream.action === 'close') return 'end';
          return (stream.contentFilters?.length ?? 0) > 0 ? 'tell' : undefined;
        },
      },
    ],
    [
      GRIP_WS,
      {
        encode: (publication) => wsContent(itemOf(publication)),
        encodeGap: nothing,
        toOwner(publication) {
          const ws = itemOf(publication)?.ws;
          if (ws === undefined || ws.action === 'hint') return undefined;
          if (ws.action === 'close') return 'end';
          return ws.action === 'refresh' || (ws.contentFilters?.length ?? 0) > 0
            ? 'tell'
            : undefined;
        },
      },
    ],
  ]);
}

/** A WebSocket payload: text as it is, everything else with its kind. */
export function framed(
  kind: 'text' | 'binary' | 'ping' | 'pong',
  content: Uint8Array,
): Uint8Array | FramedPayload {
  if (kind === 'text') return content;
  // [WOH-EVENT-8]
  const bytes = kind === 'binary' ? content : content.subarray(0, CONTROL_BYTES_MAX);
  return { frame: kind, bytes, byteLength: bytes.byteLength };
}

function itemOf(publication: Publication): GripItem | undefined {
  const data = dataOf(publication);
  return isUpdate(data) ? undefined : data;
}

function streamContent(item: GripItem | undefined): Payload | undefined {
  const stream = item?.stream;
  if (stream?.action !== 'send' || stream.content.byteLength === 0) return undefined;
  return stream.content;
}

function wsContent(item: GripItem | undefined): Payload | undefined {
  const ws = item?.ws;
  return ws?.action === 'send' ? framed(ws.kind, ws.content) : undefined;
}

function nothing(): undefined {
  return undefined;
}

/** RFC 6455 §5.5: a control frame carries no more. */
const CONTROL_BYTES_MAX = 125;
