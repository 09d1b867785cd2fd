// What an operator may set about the broker dialect, with the defaults. Every limit has a row in spec/broker.md.
// Refuses to know where the settings come from; config.ts reads and checks them.

import type { SlowPolicy } from '../routing/outbox.ts';
import type { AdmissionLimits } from '../runtime/admission.ts';

export interface BrokerOptions extends AdmissionLimits {
  /** Send the `info` frame when a WebSocket opens, as Hermes' server does. */
  readonly welcome: boolean;
  /** Who may publish: everybody whom auth lets in, or nobody (topics are then fed by other dialects). */
  readonly publish: 'all' | 'none';
  readonly slowPolicy: SlowPolicy;
  /** Bytes queued for one connection beyond its network window. */
  readonly queueBytesMax: number;
  /** A full window without progress for this long ends the connection. */
  readonly stallTimeoutMs: number;
  /** Topics that one connection may follow. */
  readonly subscriptionsMax: number;
  /** UTF-16 code units in a topic's name. */
  readonly topicLengthMax: number;
  /** UTF-16 code units in a publication's id. */
  readonly idLengthMax: number;
  readonly jsonDepthMax: number;
  /** Bytes of one WebSocket message. */
  readonly messageBytesMax: number;
  /** Bytes of one HTTP request body. */
  readonly bodyBytesMax: number;
  /** Publications in one `POST /publish`. */
  readonly batchMax: number;
  /** Topics in one `GET /sse`. */
  readonly sseTopicsMax: number;
  /** Messages that one connection may send per second, sustained; bursts of as many are allowed. */
  readonly messagesPerSecondMax: number;
  readonly pingEveryMs: number;
  /** Time for the pong before the connection is given up. */
  readonly pongTimeoutMs: number;
  readonly sseKeepAliveMs: number;
  /** What EventSource is told to wait before it connects again. */
  readonly sseRetryMs: number;
  /** Origins that browsers may call from; `*` for all. Empty: no CORS headers at all. */
  readonly allowedOrigins: readonly string[];
  /** When true a valid token is needed, and its claims say which topics. */
  readonly requireToken: boolean;
}

export const brokerDefaults: BrokerOptions = {
  connectionsMax: 50_000,
  connectionsPerAddressMax: 50_000,
  welcome: true,
  publish: 'all',
  slowPolicy: 'disconnect',
  queueBytesMax: 1_048_576,
  stallTimeoutMs: 30_000,
  subscriptionsMax: 1_000,
  topicLengthMax: 256,
  idLengthMax: 128,
  jsonDepthMax: 512,
  messageBytesMax: 1_048_576,
  bodyBytesMax: 1_048_576,
  batchMax: 1_000,
  sseTopicsMax: 64,
  messagesPerSecondMax: 100_000,
  pingEveryMs: 20_000,
  pongTimeoutMs: 20_000,
  sseKeepAliveMs: 15_000,
  sseRetryMs: 2_000,
  allowedOrigins: [],
  requireToken: false,
};
