// The gateway's side of bridges: the content of an item as JSON, and JSON as an item for every kind of hold.
// Refuses to know channels and who holds. Obeys spec/bridge.md.

import type { GripItem } from '../codecs/grip/publish-item.ts';
import { encodeText } from '../codecs/utf8-text.ts';
import { isUtf8 } from '../codecs/utf8.ts';
import type { BridgeSide } from '../routing/home/bridges.ts';
import type { HomeMessage } from '../routing/home.actor.ts';
import { homeOf } from '../routing/topic.ts';
import type { Address } from '../runtime/actor.ts';
import type { Payload } from '../runtime/edges.ts';

const NAMESPACE = 'grip/';

export function gripSide(
  shards: number,
  homeOfShard: (shard: number) => Address<HomeMessage>,
): BridgeSide {
  return {
    name: 'grip',
    namespace: NAMESPACE,
    hear({ data }) {
      const content = contentOf(data);
      // An item that closes or hints says nothing.
      if (content === undefined) return undefined;
      return { json: jsonOf(content), id: (data as Partial<GripItem>).id, speaker: undefined };
    },
    say(topic, json, { id }, say) {
      const data = itemOf(topic.slice(NAMESPACE.length), id, json);
      say(homeOfShard(homeOf(topic, shards)), {
        ...{ type: 'publish', topic, id, data, isKept: false, isBridged: true },
        ...{ shard: 0, ref: undefined, publisher: undefined },
      });
      return true;
    },
  };
}

/** [BRIDGE-3] An item as JSON: its message for WebSockets, or else for streams, or else for long-polls. */
function contentOf(data: Payload): Uint8Array | undefined {
  const { ws, stream, response } = data as Partial<GripItem>;
  return (
    sent(ws?.action, ws?.content) ??
    sent(stream?.action, stream?.content) ??
    sent(response?.action, response?.body)
  );
}

function jsonOf(content: Uint8Array): Uint8Array | undefined {
  if (!isUtf8(content)) return undefined;
  const text = decoder.decode(content);
  return isJson(text) ? encodeText(text) : encodeText(JSON.stringify(text));
}

function sent(action: string | undefined, content: Uint8Array | undefined): Uint8Array | undefined {
  return action === 'send' ? content : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** [BRIDGE-4] The same JSON for every kind of hold: a message, a server-sent event, a body. */
function itemOf(channel: string, id: string | undefined, json: Uint8Array): GripItem {
  // JSON may hold line ends between its tokens, and an event ends at a line's end.
  const line = decoder.decode(json).replace(/[\r\n]+/g, ' ');
  return {
    channel,
    id,
    prevId: undefined,
    noSeq: true,
    size: undefined,
    meta: {},
    response: {
      action: 'send',
      status: 200,
      reason: 'OK',
      headers: [['Content-Type', 'application/json']],
      hiddenHeaders: [],
      body: encodeText(`${line}\n`),
      bodyPatch: undefined,
      contentFilters: undefined,
    },
    stream: {
      action: 'send',
      content: encodeText(`data: ${line}\n\n`),
      contentFilters: undefined,
    },
    ws: {
      action: 'send',
      kind: 'text',
      content: json,
      code: undefined,
      reason: '',
      contentFilters: undefined,
    },
    byteLength: json.byteLength,
  };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
