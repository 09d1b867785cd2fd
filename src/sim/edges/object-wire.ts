// The broker's wire of the object lane: every payload is what a client would read in its bytes, counted as many as
// they would be. Texts that a client sends as bytes, nonsense among them, are read as in production.
// Refuses to know connections. test/sim/object-wire.test.ts holds each count to the bytes of the real wire.

import { type BrokerRequest, type Read, readBrokerRequest } from '../../actors/codecs/broker.ts';
import { type BrokerWire, bytesWire, type WireEvent } from '../../actors/codecs/broker-wire.ts';
import type { Payload } from '../../actors/runtime/edges.ts';
import { digits, quotedBytes } from '../workload/payload.ts';
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
  readRequest: (payload, limits) =>
    payload instanceof ObjectPayload
      ? (payload.value as Read<BrokerRequest>)
      : readBrokerRequest(payload as Uint8Array, limits),
  welcome: () => told(bytesWire.welcome(), { type: 'info' }),
  error: (message) => told(bytesWire.error(message), { type: 'error', message }),
  ackSubscribe: (topic, more) => {
    const position = more === undefined ? undefined : { epoch: more.epoch, offset: more.offset };
    const word: Word = { type: 'ack_subscribe', topic, position, recovered: more?.recovered };
    return told(bytesWire.ackSubscribe(topic, more), word);
  },
  ackUnsubscribe: (topic) =>
    told(bytesWire.ackUnsubscribe(topic), { type: 'ack_unsubscribe', topic }),
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
      isDuplicate: duplicate,
    });
  },
  topics: (topics) =>
    told(bytesWire.topics(topics), {
      type: 'listing',
      asked: 'list',
      topics: topics.map(([topic]) => topic),
    }),
  topicInfo: (info) =>
    told(bytesWire.topicInfo(info), { type: 'listing', asked: 'info', topics: [info.topic] }),
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

/** No data of this lane has a line end in it. */
function eventBytes({ id, event, retry, data }: WireEvent): number {
  return (
    (id === undefined ? 0 : 'id: \n'.length + id.length) +
    (event === undefined ? 0 : 'event: \n'.length + event.length) +
    (retry === undefined ? 0 : 'retry: \n'.length + digits(retry)) +
    'data: \n\n'.length +
    data.byteLength
  );
}

const MESSAGE_UNITS = '{"type":"message","topic":,"offset":,"epoch":"","id":,"data":}'.length;
const ACK_UNITS = '{"type":"ack_publish","topic":,"subscribers":,"id":,"epoch":"","offset":}'
  .length;
const DUPLICATE_UNITS = ',"duplicate":true'.length;
