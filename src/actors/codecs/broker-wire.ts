// The broker's words as payloads, behind one contract: production speaks bytes, and the simulator's object lane puts
// values in their place that cost as many. Sessions and formats know this contract alone.
// Refuses to know sockets and sessions. Obeys spec/broker.md, sections "Requests", "Frames" and "Event streams".

import {
  type BrokerLimits,
  type BrokerRequest,
  encodeAckPublish,
  encodeAckSubscribe,
  encodeAckUnsubscribe,
  encodeError,
  encodeGap,
  encodeMessage,
  encodeTopicInfo,
  encodeTopics,
  encodeWelcome,
  type Read,
  readBrokerRequest,
  type WireGap,
  type WirePayload,
  type WirePosition,
  type WireTopicInfo,
} from './broker.ts';
import { encodeComment, encodeEvent, type ServerEvent } from './sse.ts';
import { ownMemory, type TakeBytes } from './utf8-text.ts';

/** One event of an event stream; its data may be any payload. */
export type WireEvent = Omit<ServerEvent, 'data'> & { readonly data: WirePayload };

export interface BrokerWire {
  readRequest(payload: WirePayload, limits: BrokerLimits): Read<BrokerRequest>;
  welcome(): WirePayload;
  error(message: string): WirePayload;
  /** `more` goes to clients that asked for more than Hermes knows. */
  ackSubscribe(
    topic: string,
    more: (WirePosition & { recovered?: boolean }) | undefined,
  ): WirePayload;
  ackUnsubscribe(topic: string): WirePayload;
  ackPublish(
    topic: string,
    subscribers: number,
    published: WirePosition & { readonly id: string; readonly duplicate: boolean },
  ): WirePayload;
  topics(topics: readonly (readonly [string, number])[]): WirePayload;
  topicInfo(info: WireTopicInfo): WirePayload;
  message(topic: string, position: WirePosition, id: string, data: WirePayload): WirePayload;
  gap(gap: WireGap): WirePayload;
  event(event: WireEvent): WirePayload;
  comment(text: string): WirePayload;
}

/** Bytes, as clients know them. Every payload that it is given is bytes, too. */
export const bytesWire: BrokerWire = bytesWireIn(ownMemory);

/** The same, in memory that is taken from elsewhere. */
export function bytesWireIn(take: TakeBytes): BrokerWire {
  return {
    readRequest: (payload, limits) => readBrokerRequest(payload as Uint8Array, limits),
    welcome: encodeWelcome,
    error: (message) => encodeError(message, take),
    ackSubscribe: (topic, more) => encodeAckSubscribe(topic, more, take),
    ackUnsubscribe: (topic) => encodeAckUnsubscribe(topic, take),
    ackPublish: (topic, subscribers, published) =>
      encodeAckPublish(topic, subscribers, published, take),
    topics: (topics) => encodeTopics(topics, take),
    topicInfo: (info) => encodeTopicInfo(info, take),
    message: (topic, position, id, data) =>
      encodeMessage(topic, position, id, data as Uint8Array, take),
    gap: (gap) => encodeGap(gap, take),
    event: (event) => encodeEvent(event as ServerEvent, take),
    comment: encodeComment,
  };
}
