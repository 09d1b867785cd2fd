// Topics of two dialects that an operator joined: what is published to one is published to the other, in its words.
// A publication that came over a bridge goes over no other. The order is that of the topic where it is read.
// Refuses to know sessions and homes: the home of a topic asks what goes where. Obeys spec/bridge.md.

import type { GripItem } from '../codecs/grip/publish-item.ts';
import { encodeText } from '../codecs/utf8-text.ts';
import { isUtf8 } from '../codecs/utf8.ts';
import type { Bridged, Bridges } from '../routing/home/bridges.ts';
import type { Topic } from '../routing/topic.ts';
import type { Payload } from '../runtime/edges.ts';

/** Two topics with their namespaces; both ways. */
export interface BridgeRule {
  readonly one: Topic;
  readonly other: Topic;
}

/** `grip/CHANNEL=broker/TOPIC`; undefined for what is none. */
export function readBridgeRule(text: string): BridgeRule | undefined {
  const sides = text.split('=');
  const [one = '', other = ''] = sides.map((side) => side.trim());
  if (sides.length !== 2 || one === other) return undefined;
  return [one, other].every((side) => namespaceOf(side) !== undefined) ? { one, other } : undefined;
}

export function writeBridgeRule({ one, other }: BridgeRule): string {
  return `${one}=${other}`;
}

/** What goes where, by rules that an operator gave. */
export function acrossOf(rules: readonly BridgeRule[]): Bridges['across'] {
  const others = new Map<Topic, Topic[]>();
  const join = (from: Topic, to: Topic): void => {
    others.set(from, [...(others.get(from) ?? []), to]);
  };
  for (const { one, other } of rules) {
    join(one, other);
    join(other, one);
  }
  return (topic, id, data) => {
    const joined = others.get(topic);
    // Almost every topic is joined to none.
    if (joined === undefined || !isSaid(topic, data)) return NOWHERE;
    return joined.map((to) => ({
      topic: to,
      data: translated(topic, to, id, data),
      isKept: namespaceOf(to) !== 'grip',
      id: namespaceOf(topic) === 'grip' ? (data as Partial<GripItem>).id : id,
    }));
  };
}

type Namespace = 'grip' | 'broker';

function namespaceOf(topic: Topic): Namespace | undefined {
  const at = topic.indexOf('/');
  const name = topic.slice(0, at);
  if (at === topic.length - 1 || (name !== 'grip' && name !== 'broker')) return undefined;
  return name;
}

/** An item that closes or hints says nothing. */
function isSaid(topic: Topic, data: Payload): boolean {
  return namespaceOf(topic) !== 'grip' || contentOf(data) !== undefined;
}

function translated(
  from: Topic,
  to: Topic,
  id: string | undefined,
  data: Payload,
): Payload | undefined {
  const text = namespaceOf(from) === 'grip' ? jsonOfItem(data) : jsonOf(data);
  if (text === undefined) return undefined;
  return namespaceOf(to) === 'grip' ? itemOf(to.slice('grip/'.length), id, text) : text;
}

function jsonOf(data: Payload): Uint8Array | undefined {
  return data instanceof Uint8Array ? data : undefined;
}

/** [BRIDGE-3] An item as JSON: its message for WebSockets, or else for streams, or else for long-polls. */
function jsonOfItem(data: Payload): Uint8Array | undefined {
  const content = contentOf(data);
  if (content === undefined || !isUtf8(content)) return undefined;
  const text = decoder.decode(content);
  return isJson(text) ? encodeText(text) : encodeText(JSON.stringify(text));
}

function contentOf(data: Payload): Uint8Array | undefined {
  const { ws, stream, response } = data as Partial<GripItem>;
  return (
    sent(ws?.action, ws?.content) ??
    sent(stream?.action, stream?.content) ??
    sent(response?.action, response?.body)
  );
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

const NOWHERE: readonly Bridged[] = [];
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
