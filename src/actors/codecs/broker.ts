// The broker dialect's JSON words: what a client may say, and every frame that it is told.
// The frames of Hermes keep its texts and spacing to the letter; later ones are compact. A publication's data
// is never parsed and re-made: its source bytes travel. Refuses to know rights, sessions and topics' lives.
// Obeys spec/broker.md, sections "Requests" and "Frames".

import { hasLoneSurrogate, type JsonRead, type JsonRefused, readJsonObject } from './json-slice.ts';
import { encodeAround, encodeText, type TakeBytes } from './utf8-text.ts';

/** A place in a topic, as the wire says it. */
export interface WirePosition {
  readonly epoch: string;
  readonly offset: number;
}

export type BrokerRequest =
  | {
      readonly type: 'subscribe';
      readonly topic: string;
      readonly envelope: boolean;
      readonly since: WirePosition | undefined;
      /** The client asked for more than Hermes' protocol knows: the answer may say more, too. */
      readonly isExtended: boolean;
    }
  | { readonly type: 'unsubscribe'; readonly topic: string }
  | ({ readonly type: 'publish'; readonly ack: boolean } & BrokerPublish)
  | { readonly type: 'list_topics' }
  | { readonly type: 'topic_info'; readonly topic: string };

/** A payload, as far as bounds go. */
export interface WirePayload {
  readonly byteLength: number;
}

/** `data` is one whole JSON value; read from bytes it is a view of the source text. */
export interface BrokerPublish {
  readonly topic: string;
  readonly id: string | undefined;
  readonly data: WirePayload;
}

export interface BrokerLimits {
  readonly topicLengthMax: number;
  readonly idLengthMax: number;
  readonly jsonDepthMax: number;
}

/** The peer's mistake, as the sentence that it is told. */
export interface BrokerMistake {
  readonly ok: false;
  readonly message: string;
}

export type Read<T> = { readonly ok: true; readonly value: T } | BrokerMistake;

export const NOT_JSON = 'Message must be valid JSON.';
export const MALFORMED =
  "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}}";
const WELCOME =
  "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe.";
/** The same for all who come. */
const WELCOME_BYTES = encodeText(`{"type": "info", "message": ${JSON.stringify(WELCOME)}}`);

/** Reads one message of a WebSocket client. */
export function readBrokerRequest(payload: Uint8Array, limits: BrokerLimits): Read<BrokerRequest> {
  const json = readJsonObject(payload, { depthMax: limits.jsonDepthMax });
  if (!json.ok) return mistake(sentenceFor(json, limits));
  const { value } = json;
  // [BROKER-REQ-1] The order of these questions is Hermes': a known type wins, then `topic` with `data` publishes.
  switch (value['type']) {
    case 'subscribe':
      return readSubscribe(json, limits);
    case 'unsubscribe':
      return withTopic(json, limits, (topic) => ({ type: 'unsubscribe', topic }));
    case 'topic_info':
      return withTopic(json, limits, (topic) => ({ type: 'topic_info', topic }));
    case 'list_topics':
      return { ok: true, value: { type: 'list_topics' } };
    default: {
      const { ack } = value as { readonly ack?: unknown };
      const publish = readBrokerPublish(json, limits);
      if (!publish.ok) return publish;
      if (ack !== undefined && typeof ack !== 'boolean')
        return mistake('"ack" must be true or false.');
      return { ok: true, value: { type: 'publish', ack: ack === true, ...publish.value } };
    }
  }
}

/** Reads `{"topic", "data", "id"?}` out of an object that was read already. */
export function readBrokerPublish(json: JsonRead, limits: BrokerLimits): Read<BrokerPublish> {
  const data = json.slice('data');
  if (data === undefined) return mistake(MALFORMED);
  const topic = readTopic(json.value['topic'], limits);
  if (!topic.ok) return topic;
  const id = json.value['id'];
  if (id !== undefined && (typeof id !== 'string' || !isName(id, limits.idLengthMax))) {
    return mistake(
      `"id" must be a string of 1 to ${limits.idLengthMax} characters without control characters.`,
    );
  }
  return { ok: true, value: { topic: topic.value, id, data } };
}

/** [BROKER-TOPIC-1] A topic is 1 to `topicLengthMax` characters, none of them a control character. */
export function readTopic(topic: unknown, limits: BrokerLimits): Read<string> {
  if (typeof topic !== 'string' || topic === '') return mistake(MALFORMED);
  if (topic.length > limits.topicLengthMax) {
    return mistake(`Topic too long: at most ${limits.topicLengthMax} characters.`);
  }
  if (!isName(topic, limits.topicLengthMax)) {
    return mistake('Topic must be well-formed Unicode without control characters.');
  }
  return { ok: true, value: topic };
}

/** Reads `epoch:offset`, as event ids and `since` parameters carry it. */
export function readWirePosition(text: string): WirePosition | undefined {
  const match = /^([0-9a-z]{1,32}):(0|[1-9][0-9]{0,15})$/.exec(text);
  const [, epoch, offset] = match ?? [];
  if (epoch === undefined || offset === undefined || !Number.isSafeInteger(Number(offset)))
    return undefined;
  return { epoch, offset: Number(offset) };
}

export function writeWirePosition({ epoch, offset }: WirePosition): string {
  return `${epoch}:${offset}`;
}

/** Why a text was not read, for the one who sent it. */
export function sentenceFor({ mistake: { code } }: JsonRefused, limits: BrokerLimits): string {
  switch (code) {
    case 'not-utf8':
    case 'not-json':
      return NOT_JSON; // [BROKER-REQ-3]
    case 'not-object':
      return MALFORMED; // [BROKER-REQ-2]
    case 'too-deep':
      return `Message is nested too deeply: at most ${limits.jsonDepthMax} levels.`;
    default:
      return code satisfies never;
  }
}

export const encodeWelcome = (): Uint8Array => WELCOME_BYTES;

export const encodeError = (message: string, take?: TakeBytes): Uint8Array =>
  encodeText(`{"type": "error", "message": ${JSON.stringify(message)}}`, take);

/**
 * [BROKER-FRAME-1] [BROKER-FRAME-2] Hermes' ack, spaced as its README shows it; a client that asked for more than Hermes
 * knows is told its place, too.
 */
export function encodeAckSubscribe(
  topic: string,
  more: (WirePosition & { recovered?: boolean }) | undefined,
  take?: TakeBytes,
): Uint8Array {
  const name = JSON.stringify(topic);
  const message = JSON.stringify(`Successfully subscribed to ${topic}`);
  if (more === undefined)
    return encodeText(`{"type": "ack_subscribe", "topic": ${name}, "message": ${message}}`, take);
  const { epoch, offset, recovered } = more;
  const end = recovered === undefined ? '}' : `,"recovered":${recovered}}`;
  return encodeText(
    `{"type":"ack_subscribe","topic":${name},"message":${message},"epoch":"${epoch}","offset":${offset}${end}`,
    take,
  );
}

export function encodeAckUnsubscribe(topic: string, take?: TakeBytes): Uint8Array {
  const message = JSON.stringify(`Successfully unsubscribed from ${topic}`);
  return encodeText(
    `{"type": "ack_unsubscribe", "topic": ${JSON.stringify(topic)}, "message": ${message}}`,
    take,
  );
}

/** [BROKER-FRAME-3] */
export function encodeAckPublish(
  topic: string,
  subscribers: number,
  published: WirePosition & { readonly id: string; readonly duplicate: boolean },
  take?: TakeBytes,
): Uint8Array {
  const { id, epoch, offset, duplicate } = published;
  const head = `{"type":"ack_publish","topic":${JSON.stringify(topic)},"subscribers":${subscribers}`;
  const end = duplicate ? ',"duplicate":true}' : '}';
  return encodeText(
    `${head},"id":${JSON.stringify(id)},"epoch":"${epoch}","offset":${offset}${end}`,
    take,
  );
}

export const encodeTopics = (
  topics: readonly (readonly [string, number])[],
  take?: TakeBytes,
): Uint8Array => encodeText(`{"type":"topics","topics":${countsText(topics)}}`, take);

/** [BROKER-FRAME-4] Topic names as they are, in order, even those that look like numbers: an object would re-sort them. */
export function countsText(topics: readonly (readonly [string, number])[]): string {
  return `{${topics.map(([topic, count]) => `${JSON.stringify(topic)}:${count}`).join(',')}}`;
}

export interface WireTopicInfo {
  readonly topic: string;
  readonly subscribers: number;
  readonly epoch: string | null;
  readonly offset: number | null;
  readonly history: number;
}

export const encodeTopicInfo = (info: WireTopicInfo, take?: TakeBytes): Uint8Array =>
  encodeText(JSON.stringify({ type: 'topic_info', ...info }), take);

/** [BROKER-ENV-1] The envelope around a publication's untouched data; epochs are made of letters and digits. */
export function encodeMessage(
  topic: string,
  { epoch, offset }: WirePosition,
  id: string,
  data: Uint8Array,
  take?: TakeBytes,
): Uint8Array {
  const place = `"offset":${offset},"epoch":"${epoch}"`;
  return encodeAround(
    `{"type":"message","topic":${JSON.stringify(topic)},${place},"id":${JSON.stringify(id)},"data":`,
    data,
    '}',
    take,
  );
}

export interface WireGap {
  readonly topic: string;
  readonly epoch: string;
  readonly from: number;
  /** Undefined when nobody knows how many are missing. */
  readonly to: number | undefined;
  readonly reason: string;
}

export const encodeGap = (gap: WireGap, take?: TakeBytes): Uint8Array =>
  encodeText(gapText(gap), take);

export function gapText({ topic, epoch, from, to, reason }: WireGap): string {
  return JSON.stringify({ type: 'gap', topic, from, to: to ?? null, reason, epoch });
}

function readSubscribe(json: JsonRead, limits: BrokerLimits): Read<BrokerRequest> {
  const { envelope, since } = json.value as {
    readonly envelope?: unknown;
    readonly since?: unknown;
  };
  if (envelope !== undefined && typeof envelope !== 'boolean')
    return mistake('"envelope" must be true or false.');
  const position = since === undefined ? undefined : readSince(since);
  if (since !== undefined && position === undefined) {
    return mistake('"since" must be {"epoch": "...", "offset": N} as a message or an ack gave it.');
  }
  const isExtended = envelope !== undefined || since !== undefined;
  return withTopic(json, limits, (topic) => ({
    type: 'subscribe',
    topic,
    envelope: envelope === true,
    since: position,
    isExtended,
  }));
}

function readSince(since: unknown): WirePosition | undefined {
  if (typeof since !== 'object' || since === null) return undefined;
  const { epoch, offset } = since as { readonly epoch?: unknown; readonly offset?: unknown };
  if (typeof epoch !== 'string' || typeof offset !== 'number') return undefined;
  return readWirePosition(`${epoch}:${offset}`);
}

function withTopic(
  json: JsonRead,
  limits: BrokerLimits,
  make: (topic: string) => BrokerRequest,
): Read<BrokerRequest> {
  const topic = readTopic(json.value['topic'], limits);
  return topic.ok ? { ok: true, value: make(topic.value) } : topic;
}

function isName(text: string, lengthMax: number): boolean {
  return (
    text.length > 0 && text.length <= lengthMax && !/\p{Cc}/u.test(text) && !hasLoneSurrogate(text)
  );
}

function mistake(message: string): BrokerMistake {
  return { ok: false, message };
}
