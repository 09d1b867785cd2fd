// The broker's wire of the object lane: every payload is what a client would read in its bytes, counted as many as
// they would be. Texts that a client sends as bytes, nonsense among them, are read as in production.
// Refuses to know connections. test/sim/object-wire.test.ts holds each count to the bytes of the real wire.

import { type BrokerRequest, type Read, readBrokerRequest } from '../../actors/codecs/broker.ts';
import { type BrokerWire, bytesWire, type WireEvent } from '../../actors/codecs/broker-wire.ts';
import type { Payload } from '../../actors/runtime/edges.ts';
import { digits, lineEndOf, quotedBytes } from '../workload/payload.ts';
import { type MessageWord, readWord, type Word } from '../workload/hearing/words.ts';
import { ObjectPayload } from './object-payload.ts';

/** What an event stream carries. */
export type EventWord =
  | {
      readonly type: 'event';
      readonly name: string;
      readonly id: string | undefined;
      readonly data: Payload;
    }
  | { readonly type: 'comment' };

export const objectWire: BrokerWire = {
  readRequest: (payload, limits) => {
    const { value } = payload as ObjectPayload;
    return value instanceof Uint8Array
      ? readBrokerRequest(value, limits)
      : (value as Read<BrokerRequest>);
  },
  welcome: () => new ObjectPayload(WELCOME_BYTES, { type: 'info' }),
  error: (message) =>
    new ObjectPayload(ERROR_UNITS + quotedBytes(message), { type: 'error', message }),
  ackSubscribe: (topic, more) => {
    const position = more === undefined ? undefined : { epoch: more.epoch, offset: more.offset };
    const word: Word = { type: 'ack_subscribe', topic, position, recovered: more?.recovered };
    return new ObjectPayload(ackSubscribeBytes(topic, more), word);
  },
  ackUnsubscribe: (topic) =>
    new ObjectPayload(UNSUBSCRIBED_UNITS + 2 * quotedBytes(topic), {
      type: 'ack_unsubscribe',
      topic,
    }),
  ackPublish: (topic, subscribers, { epoch, offset, id, duplicate }) => {
    const bytes =
      ACK_UNITS +
      quotedBytes(topic) +
      digits(subscribers) +
      quotedBytes(id) +
      epoch.length +
      digits(offset) +
      (duplicate ? DUPLICATE_UNITS : 0);
    const position = { epoch, offset };
    return new ObjectPayload(bytes, {
      type: 'ack_publish',
      topic,
      position,
      id,
      subscribers,
      isDuplicate: duplicate,
    });
  },
  topics: (topics) => new ObjectPayload(topicsBytes(topics), { type: 'listing', topics }),
  topicInfo: (info) => {
    const { topic, subscribers, epoch, offset, history } = info;
    const position = epoch === null || offset === null ? undefined : { epoch, offset };
    const word: Word = { type: 'info_topic', topic, subscribers, position, history };
    return told(bytesWire.topicInfo(info), word);
  },
  message: (topic, { epoch, offset }, id, data) => {
    const { said, bytesName } = bareOf(data);
    const bytes =
      MESSAGE_UNITS +
      quotedBytes(topic) +
      digits(offset) +
      epoch.length +
      quotedBytes(id) +
      data.byteLength;
    const position = { epoch, offset };
    return new ObjectPayload(bytes, { type: 'message', topic, position, id, said, bytesName });
  },
  gap: (gap) => told(bytesWire.gap(gap), { type: 'gap', ...gap }),
  event: (event) => {
    const { id, event: name = 'message', data } = event;
    return new ObjectPayload(eventBytes(event), { type: 'event', name, id, data });
  },
  comment: (text) => new ObjectPayload(bytesWire.comment(text).byteLength, { type: 'comment' }),
};

function told({ byteLength }: Payload, word: Word): ObjectPayload {
  return new ObjectPayload(byteLength, word);
}

/** Data that came in a request's body is bytes in this lane, too. */
function bareOf(data: Payload): MessageWord {
  if (data instanceof ObjectPayload) return data.value as MessageWord;
  const word = readWord(data as Uint8Array);
  if (word.type !== 'message') throw new Error('simulated publishers publish what says who it is');
  return word;
}

/** Its sentence says the topic once more. */
function ackSubscribeBytes(topic: string, more: Parameters<BrokerWire['ackSubscribe']>[1]): number {
  const names = 2 * quotedBytes(topic);
  if (more === undefined) return SUBSCRIBED_UNITS + names;
  const { epoch, offset, recovered } = more;
  const end = recovered === undefined ? 0 : `,"recovered":${recovered}`.length;
  return PLACED_UNITS + names + epoch.length + digits(offset) + end;
}

function topicsBytes(topics: readonly (readonly [string, number])[]): number {
  let bytes = TOPICS_UNITS + Math.max(0, topics.length - 1);
  for (const [topic, count] of topics) bytes += quotedBytes(topic) + 1 + digits(count);
  return bytes;
}

/** Each line of the data is a field of its own. */
function eventBytes({ id, event, retry, data }: WireEvent): number {
  return (
    (id === undefined ? 0 : 'id: \n'.length + id.length) +
    (event === undefined ? 0 : 'event: \n'.length + event.length) +
    (retry === undefined ? 0 : 'retry: \n'.length + digits(retry)) +
    'data: \n\n'.length +
    data.byteLength +
    moreLinesBytes(data)
  );
}

/** What a line end in the data costs beyond its own bytes. */
function moreLinesBytes(data: Payload): number {
  if (data instanceof Uint8Array) {
    let bytes = 0;
    for (let at = data.indexOf(LF); at >= 0; at = data.indexOf(LF, at + 1))
      bytes += 'data: '.length - (data[at - 1] === CR ? 1 : 0);
    for (let at = data.indexOf(CR); at >= 0; at = data.indexOf(CR, at + 1))
      bytes += data[at + 1] === LF ? 0 : 'data: '.length;
    return bytes;
  }
  const word = (data as ObjectPayload).value as Word;
  const end = word.type === 'message' ? lineEndOf(word.said.n) : '';
  return end === '' ? 0 : 'data: '.length + 1 - end.length;
}

const LF = 0x0a;
const CR = 0x0d;
const WELCOME_BYTES = bytesWire.welcome().byteLength;
const ERROR_UNITS = '{"type": "error", "message": }'.length;
// The second name stands between quotes that are counted with it.
const SUBSCRIBED_UNITS =
  '{"type": "ack_subscribe", "topic": , "message": Successfully subscribed to }'.length;
const PLACED_UNITS =
  '{"type":"ack_subscribe","topic":,"message":Successfully subscribed to ,"epoch":"","offset":}'
    .length;
const UNSUBSCRIBED_UNITS =
  '{"type": "ack_unsubscribe", "topic": , "message": Successfully unsubscribed from }'.length;
const TOPICS_UNITS = '{"type":"topics","topics":{}}'.length;
const MESSAGE_UNITS = '{"type":"message","topic":,"offset":,"epoch":"","id":,"data":}'.length;
const ACK_UNITS = '{"type":"ack_publish","topic":,"subscribers":,"id":,"epoch":"","offset":}'
  .length;
const DUPLICATE_UNITS = ',"duplicate":true'.length;
