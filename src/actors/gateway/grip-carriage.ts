// How published items travel to the gateways of other nodes: whole, in the order that their channel has here. There they
// come to the channel's keeper like any other item, which knows them again by their ids.
// Refuses to know nodes and links. Obeys spec/hp-peer.md, section "Relay".

import type { GripItem } from '../codecs/grip/publish-item.ts';
import type { Carriage } from '../routing/relay/carriage.ts';
import { homeOf } from '../routing/topic.ts';
import type { Address } from '../runtime/actor.ts';
import {
  type ChannelData,
  type ChannelsMessage,
  channelOfTopic,
  isUpdate,
} from './channel-messages.ts';

export function gripCarriage(
  shards: number,
  channelsOfShard: (shard: number) => Address<ChannelsMessage>,
): Carriage {
  return {
    namespace: 'grip/',
    pack(data) {
      const item = data as ChannelData;
      return isUpdate(item) ? undefined : item;
    },
    arrive({ topic, body }, say) {
      const channel = channelOfTopic(topic);
      if (!isItem(body) || body.channel !== channel) return false;
      const item: GripItem = { ...EMPTY, ...body, isRelayed: true };
      say(channelsOfShard(homeOf(topic, shards)), { type: 'publishItem', item });
      return true;
    },
    wanted(topic, isFollowed, say) {
      const channel = channelOfTopic(topic);
      const keeper = channelsOfShard(homeOf(topic, shards));
      say(keeper, { type: 'followedElsewhere', channel, isFollowed });
    },
  };
}

/** What is undefined does not travel. */
const EMPTY = {
  ...{ id: undefined, prevId: undefined, size: undefined },
  ...{ response: undefined, stream: undefined, ws: undefined },
};

/** Looked at as far as anything here would break on it. */
function isItem(value: unknown): value is GripItem {
  if (!isObject(value)) return false;
  const { channel, id, prevId, noSeq, meta, response, stream, ws, byteLength } = value;
  return (
    typeof channel === 'string' &&
    isTextOrNothing(id) &&
    isTextOrNothing(prevId) &&
    typeof noSeq === 'boolean' &&
    typeof byteLength === 'number' &&
    isObject(meta) &&
    Object.values(meta).every((one) => typeof one === 'string') &&
    (response === undefined || isResponse(response)) &&
    (stream === undefined || (isFormat(stream) && stream['content'] instanceof Uint8Array)) &&
    (ws === undefined || isWs(ws))
  );
}

function isFormat(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  const { action, contentFilters } = value;
  const isAction = ['send', 'hint', 'close', 'refresh'].includes(String(action));
  return isAction && (contentFilters === undefined || isTexts(contentFilters));
}

function isResponse(value: unknown): boolean {
  if (!isFormat(value)) return false;
  const { status, reason, headers, hiddenHeaders, body, bodyPatch } = value;
  return (
    Number.isInteger(status) &&
    typeof reason === 'string' &&
    isTexts(hiddenHeaders) &&
    Array.isArray(headers) &&
    headers.every((pair) => isTexts(pair) && pair.length === 2) &&
    (body === undefined || body instanceof Uint8Array) &&
    (bodyPatch === undefined || Array.isArray(bodyPatch))
  );
}

function isWs(value: unknown): boolean {
  if (!isFormat(value)) return false;
  const { kind, content, code, reason } = value;
  return (
    ['text', 'binary', 'ping', 'pong'].includes(String(kind)) &&
    content instanceof Uint8Array &&
    typeof reason === 'string' &&
    (code === undefined || Number.isInteger(code))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
