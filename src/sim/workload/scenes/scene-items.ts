// How an item is written for a publisher's way: as JSON, or as a tnetstring, which has bytes for texts.
// Written from spec/grip.md, "Items", and from the format's own text; refuses to know what becomes of it.

import { joined } from '../../../actors/codecs/joined.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import {
  type ItemPlan,
  patches,
  type PublishWay,
  type SceneShape,
} from '../../records/scenes/scene.ts';
import { tnetstring } from '../../records/errands/tnetstring.ts';
import { base64 } from '../../records/scenes/texts.ts';

type Value = string | number | boolean | Uint8Array | readonly Value[] | Fields;
interface Fields {
  readonly [name: string]: Value;
}

/** What is handed to the node, in the way that is its own. */
export function writtenItem(
  channel: string,
  item: ItemPlan,
  shape: SceneShape,
  way: PublishWay,
): Uint8Array {
  const isJson = way === 'http' || way === 'json';
  const fields = fieldsOf(channel, item, shape, isJson);
  switch (way) {
    case 'http':
      return encodeText(JSON.stringify({ items: [fields] }));
    case 'json':
      return encodeText(`J${JSON.stringify(fields)}`);
    case 'tnetstring':
      return joined([encodeText('T'), tnetstring(fields)]);
    case 'bare':
      return tnetstring(fields);
    default:
      return way satisfies never;
  }
}

function fieldsOf(channel: string, item: ItemPlan, shape: SceneShape, isJson: boolean): Fields {
  const { id, prevId, isNoSeq, meta, isForIt } = item;
  return {
    channel,
    ...(id === undefined ? {} : { id }),
    ...(prevId === undefined ? {} : { 'prev-id': prevId }),
    ...(isNoSeq ? { 'no-seq': true } : {}),
    ...(meta.length === 0 ? {} : { meta: Object.fromEntries(meta) }),
    formats: formatFor(isForIt ? shape : OTHERS[shape], item, isJson),
  };
}

const OTHERS: Readonly<Record<SceneShape, SceneShape>> = {
  plain: 'stream',
  poll: 'stream',
  stream: 'socket',
  socket: 'poll',
};

function formatFor(shape: SceneShape, item: ItemPlan, isJson: boolean): Fields {
  const { action, contentFilters } = item;
  const acts: Fields = {
    ...(action === 'send' ? {} : { action }),
    ...(contentFilters === undefined ? {} : { 'content-filters': contentFilters }),
  };
  switch (shape) {
    case 'poll':
      return { 'http-response': { ...acts, ...(action === 'send' ? answerOf(item, isJson) : {}) } };
    case 'socket':
      return { 'ws-message': { ...acts, ...messageOf(item, isJson) } };
    default:
      return { 'http-stream': { ...acts, ...(action === 'send' ? contentOf(item, isJson) : {}) } };
  }
}

function answerOf(item: ItemPlan, isJson: boolean): Fields {
  const { code, reason, headers, areHeadersListed, patch, text, isBinary } = item;
  const isOnceEach = new Set(headers.map(([name]) => name)).size === headers.length;
  const body = `${text}\n`;
  const patched = patch === undefined ? undefined : patches[patch];
  return {
    ...(code === 0 ? {} : { code: areHeadersListed && isJson ? String(code) : code }),
    ...(reason === '' ? {} : { reason }),
    ...(headers.length === 0
      ? {}
      : { headers: areHeadersListed || !isOnceEach ? headers : Object.fromEntries(headers) }),
    ...(patched !== undefined
      ? { 'body-patch': patched.patch as readonly Fields[] }
      : isBinary && isJson
        ? { body: 'not this', 'body-bin': base64(body) }
        : { body }),
  };
}

function contentOf({ text, isBinary }: ItemPlan, isJson: boolean): Fields {
  const content = `${text}\n`;
  return isBinary && isJson ? { content: 'not this', 'content-bin': base64(content) } : { content };
}

function messageOf(
  { action, text, isBinary, kind, code, reason }: ItemPlan,
  isJson: boolean,
): Fields {
  if (action === 'close')
    return { ...(code === 0 ? {} : { code }), ...(reason === '' ? {} : { reason }) };
  if (action !== 'send') return {};
  const type = kind === undefined ? {} : { type: kind };
  if (!isBinary) return { ...type, content: text };
  return { ...type, 'content-bin': isJson ? base64(text) : encodeText(text) };
}
