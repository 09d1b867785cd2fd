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
export const bytesWire: BrokerWire = {
  readRequest: (payload, limits) => readBrokerRequest(payload as Uint8Array, limits),
  welcome: encodeWelcome,
  error: encodeError,
  ackSubscribe: encodeAckSubscribe,
  ackUnsubscribe: encodeAckUnsubscribe,
  ackPublish: encodeAckPublish,
  topics: encodeTopics,
  topicInfo: encodeTopicInfo,
  message: (topic, position, id, data) => encodeMessage(topic, position, id, data as Uint8Array),
  gap: encodeGap,
  event: (event) => encodeEvent(event as ServerEvent),
  comment: encodeComment,
};
