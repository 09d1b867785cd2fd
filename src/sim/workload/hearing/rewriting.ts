// Every text that the server may say, written again from the values that a client read in it, by the tables of
// spec/broker.md ("Frames", "Errors", "Event streams") and apart from the product's codec: what was sent must be this
// to the letter. Done once for each text. Refuses to know who hears it and whether it was the right thing to say.

import type { BrokerTerms } from '../../trace.ts';

export interface Wire {
  readonly type?: unknown;
  readonly topic?: string;
  readonly epoch?: string | null;
  readonly offset?: number | null;
  readonly id?: string;
  readonly recovered?: boolean;
  readonly duplicate?: boolean;
  readonly topics?: Readonly<Record<string, number>>;
  readonly subscribers?: number;
  readonly history?: number;
  readonly from?: number;
  readonly to?: number | null;
  readonly reason?: string;
  readonly message?: string;
  readonly data?: unknown;
}

export class Rewriting {
  readonly #sentences: readonly RegExp[];

  constructor(options: BrokerTerms) {
    this.#sentences = sentences(options).map((sentence) => new RegExp(`^${sentence}$`, 'su'));
  }

  /** What the text should have been; undefined when it is that. */
  correction(text: string, wire: Wire): string | undefined {
    if (wire.type === 'message') return correctedMessage(text, wire);
    if (wire.type === 'topics') return TOPICS.test(text) ? undefined : 'a list of topics';
    const written = this.#written(wire);
    return written === text ? undefined : written;
  }

  #written(wire: Wire): string {
    const { topic, epoch, offset, message, recovered } = wire;
    const name = quoted(topic);
    switch (wire.type) {
      case 'info':
        return `{"type": "info", "message": "${WELCOME}"}`;
      case 'error':
        return this.#sentences.some((sentence) => sentence.test(String(message)))
          ? `{"type": "error", "message": ${quoted(message)}}`
          : 'one of the sentences that there are';
      case 'ack_subscribe': {
        const said = quoted(`Successfully subscribed to ${topic}`);
        if (epoch === undefined && offset === undefined && recovered === undefined)
          return `{"type": "ack_subscribe", "topic": ${name}, "message": ${said}}`;
        const end = recovered === undefined ? '' : `,"recovered":${yes(recovered)}`;
        return `{"type":"ack_subscribe","topic":${name},"message":${said},${placed(wire, 0)}${end}}`;
      }
      case 'ack_unsubscribe': {
        const said = quoted(`Successfully unsubscribed from ${topic}`);
        return `{"type": "ack_unsubscribe", "topic": ${name}, "message": ${said}}`;
      }
      case 'ack_publish': {
        const head = `{"type":"ack_publish","topic":${name},"subscribers":${whole(wire.subscribers, 0)}`;
        const end = wire.duplicate === undefined ? '' : ',"duplicate":true';
        return `${head},"id":${quoted(wire.id)},${placed(wire, 1)}${end}}`;
      }
      case 'gap':
        return gap(wire);
      case 'topic_info': {
        const place = epoch === null && offset === null ? UNPLACED : placed(wire, 0);
        const head = `{"type":"topic_info","topic":${name},"subscribers":${whole(wire.subscribers, 0)}`;
        return `${head},${place},"history":${whole(wire.history, 0)}}`;
      }
      default:
        return 'a frame that there is';
    }
  }
}

/** The first words of a topic in an event stream. */
export function writtenStart({ topic, recovered, ...place }: Wire): string {
  const end = recovered === undefined ? '' : `,"recovered":${yes(recovered)}`;
  return `{"topic":${quoted(topic)},${placed(place, 0)}${end}}`;
}

function writtenResult(result: Wire & { readonly error?: string }): string {
  const { topic, id, error } = result;
  if (error !== undefined) {
    const named = id === undefined ? '' : `"id":${quoted(id)},`;
    const known = unpublished(quoteless(topic)).some((one) =>
      new RegExp(`^${one}$`, 'su').test(error),
    );
    return `{"topic":${quoted(topic)},${named}"error":${known ? quoted(error) : 'a sentence that there is'}}`;
  }
  const end = result.duplicate === undefined ? '' : ',"duplicate":true';
  return `{"topic":${quoted(topic)},"id":${quoted(id)},${placed(result, 1)},"subscribers":${whole(result.subscribers, 0)}${end}}`;
}

/** What the answer of `POST /publish` should have been; undefined when it is that. */
export function correctedResults(
  body: string,
  results: readonly Wire[],
  isList: boolean,
): string | undefined {
  const written = results.map((result) => writtenResult(result)).join(',');
  const correction = isList ? `[${written}]\n` : `${written}\n`;
  return body === correction ? undefined : correction;
}

function correctedMessage(text: string, wire: Wire): string | undefined {
  const place = `"offset":${whole(wire.offset, 1)},"epoch":${epochOf(wire)}`;
  const head = `{"type":"message","topic":${quoted(wire.topic)},${place},"id":${quoted(wire.id)},"data":`;
  return text.startsWith(head) && text.endsWith('}') ? undefined : `${head}…}`;
}

function gap(wire: Wire): string {
  const { topic, from, to, reason } = wire;
  const isEndless = reason === 'restarted';
  const end = isEndless ? 'null' : whole(to, from ?? 1);
  const why = REASONS.includes(String(reason)) ? String(reason) : 'a reason that there is';
  return `{"type":"gap","topic":${quoted(topic)},"from":${whole(from, 1)},"to":${end},"reason":"${why}","epoch":${epochOf(wire)}}`;
}

function placed(wire: Wire, offsetMin: number): string {
  return `"epoch":${epochOf(wire)},"offset":${whole(wire.offset, offsetMin)}`;
}

function epochOf({ epoch }: Wire): string {
  return typeof epoch === 'string' && EPOCH.test(epoch) ? `"${epoch}"` : 'an epoch';
}

function whole(value: unknown, min: number): string {
  return Number.isSafeInteger(value) && (value as number) >= min
    ? String(value)
    : `a whole number from ${min} on`;
}

function quoted(text: unknown): string {
  return typeof text === 'string' ? JSON.stringify(text) : 'a text';
}

function yes(value: unknown): string {
  return value === true || value === false ? String(value) : 'true or false';
}

function quoteless(text: unknown): string {
  return literal(String(text));
}

/** As a pattern that is met by this text alone. */
export function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function unpublished(topic: string): readonly string[] {
  return [
    `Not published to ${topic}: the node has no room for another topic\\.`,
    `It is not known whether this was published to ${topic}: the shard that orders it restarted\\. Publish again with an id\\.`,
  ];
}

/** Patterns of all sentences of the spec, in its order, with the limits in force. */
function sentences(options: BrokerTerms): readonly string[] {
  const { topicLengthMax, idLengthMax, jsonDepthMax, subscriptionsMax, messagesPerSecondMax } =
    options;
  return [
    literal(NOT_JSON),
    literal(MALFORMED),
    literal(`Message is nested too deeply: at most ${jsonDepthMax} levels.`),
    literal(`Topic too long: at most ${topicLengthMax} characters.`),
    literal(BAD_TOPIC),
    literal(BAD_ENVELOPE),
    literal(BAD_SINCE),
    literal(badId(idLengthMax)),
    literal(BAD_ACK),
    'Not subscribed to .+',
    'Not allowed to subscribe to .+',
    'Not allowed to publish to .+',
    literal(`Too many subscriptions: at most ${subscriptionsMax} per connection.`),
    literal('Too many topics: the node has no room for another.'),
    literal('The topics are being listed already.'),
    literal(`Too many messages: at most ${messagesPerSecondMax} per second.`),
    ...unpublished('.+'),
  ];
}

export const NOT_JSON = 'Message must be valid JSON.';
export const MALFORMED =
  "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}}";
export const BAD_TOPIC = 'Topic must be well-formed Unicode without control characters.';
export const BAD_ENVELOPE = '"envelope" must be true or false.';
export const BAD_SINCE =
  '"since" must be {"epoch": "...", "offset": N} as a message or an ack gave it.';
export const BAD_ACK = '"ack" must be true or false.';
export function badId(idLengthMax: number): string {
  return `"id" must be a string of 1 to ${idLengthMax} characters without control characters.`;
}

const WELCOME =
  "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe.";
const UNPLACED = '"epoch":null,"offset":null';
const REASONS: readonly string[] = ['slow', 'conflated', 'restarted'];
const EPOCH = /^[0-9a-z]{1,32}$/;
/** Names may be such that an object would sort or lose them. */
const COUNT = String.raw`"(?:[^"\\\u0000-\u001f]|\\["\\])+":[1-9]\d*`;
const TOPICS = new RegExp(
  `^\\{"type":"topics","topics":\\{(?:${COUNT}(?:,${COUNT})*)?\\}\\}$`,
  'u',
);
