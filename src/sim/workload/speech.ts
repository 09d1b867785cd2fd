// What clients say, as payloads: JSON texts written from spec/broker.md and apart from the product's codec, or in the
// object lane the requests themselves, counted as the texts that they stand for. Refuses to know frames and answers.

import type { Payload } from '../../actors/runtime/edges.ts';
import { ObjectPayload } from '../edges/object-payload.ts';
import type { Arena } from '../edges/arena.ts';
import type { TracePosition } from '../trace.ts';
import { quotedBytes, textBytes } from './payload.ts';

export interface Speech {
  /** `since` counts only with an envelope. */
  subscribe(topic: string, envelope: boolean, since: TracePosition | undefined): Payload;
  unsubscribe(topic: string): Payload;
  publish(topic: string, id: string | undefined, ack: boolean, data: Payload): Payload;
}

export function byteSpeech(arena: Arena): Speech {
  const end = arena.text('}');
  return {
    subscribe: (topic, envelope, since) => arena.text(subscribeText(topic, envelope, since)),
    unsubscribe: (topic) => arena.text(JSON.stringify({ type: 'unsubscribe', topic })),
    publish: (topic, id, ack, data) =>
      arena.joined([arena.text(publishHead(topic, id, ack, data)), data as Uint8Array, end]),
  };
}

export const objectSpeech: Speech = {
  subscribe: (topic, envelope, since) =>
    said(textBytes(subscribeText(topic, envelope, since)), {
      type: 'subscribe',
      topic,
      envelope,
      since: envelope ? since : undefined,
      isExtended: envelope,
    }),
  unsubscribe: (topic) =>
    said(textBytes(JSON.stringify({ type: 'unsubscribe', topic })), { type: 'unsubscribe', topic }),
  publish: (topic, id, ack, data) =>
    said(publishHeadBytes(topic, id, ack, data) + data.byteLength + 1, {
      type: 'publish',
      ack,
      topic,
      id,
      data,
    }),
};

/** What the object lane's wire hands to sessions as it is: see `Read` in codecs/broker.ts. */
function said(byteLength: number, value: object): ObjectPayload {
  return new ObjectPayload(byteLength, { ok: true, value });
}

function subscribeText(topic: string, envelope: boolean, since: TracePosition | undefined): string {
  const extras = envelope ? { envelope, since } : {};
  return JSON.stringify({ type: 'subscribe', topic, ...extras });
}

function publishHead(topic: string, id: string | undefined, ack: boolean, data: Payload): string {
  const named = id === undefined ? '' : `"id":"${id}",`;
  const earlier = isSaidTwice(data) ? EARLIER : '';
  return `{"topic":${JSON.stringify(topic)},${named}${ack ? '"ack":true,' : ''}${earlier}"data":`;
}

/** What `publishHead` would take, without writing it. */
function publishHeadBytes(
  topic: string,
  id: string | undefined,
  ack: boolean,
  data: Payload,
): number {
  const named = id === undefined ? 0 : '"id":"",'.length + id.length;
  const acked = ack ? '"ack":true,'.length : 0;
  const earlier = isSaidTwice(data) ? EARLIER.length : 0;
  return '{"topic":,"data":'.length + quotedBytes(topic) + named + acked + earlier;
}

/** One in eight says `data` twice: the last counts. */
function isSaidTwice({ byteLength }: Payload): boolean {
  return byteLength % 8 === 0;
}

const EARLIER = '"data":{"topic":"x","data":[0]},';
