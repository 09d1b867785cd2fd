// The exact words of spec/broker.md that several groups hold a server to.

import assert from 'node:assert/strict';

import type { Client } from '../client.ts';
import type { Answer } from '../door.ts';

export const WELCOME = `{"type": "info", "message": "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe."}`;

export const sentences = {
  notJson: 'Message must be valid JSON.',
  malformed:
    "Malformed message or unknown type. Expected {'type': 'subscribe/unsubscribe', 'topic': '...' } or {'topic': '...', 'data': {...}}",
  tooDeep: (levels: number) => `Message is nested too deeply: at most ${levels} levels.`,
  topicTooLong: (length: number) => `Topic too long: at most ${length} characters.`,
  topicSigns: 'Topic must be well-formed Unicode without control characters.',
  envelope: '"envelope" must be true or false.',
  since: '"since" must be {"epoch": "...", "offset": N} as a message or an ack gave it.',
  id: (length: number) =>
    `"id" must be a string of 1 to ${length} characters without control characters.`,
  ack: '"ack" must be true or false.',
  notSubscribed: (topic: string) => `Not subscribed to ${topic}`,
  mayNotSubscribe: (topic: string) => `Not allowed to subscribe to ${topic}`,
  mayNotPublish: (topic: string) => `Not allowed to publish to ${topic}`,
  tooManySubscriptions: (most: number) => `Too many subscriptions: at most ${most} per connection.`,
  noRoom: 'Too many topics: the node has no room for another.',
  notPublished: (topic: string) =>
    `Not published to ${topic}: the node has no room for another topic.`,
  listing: 'The topics are being listed already.',
  tooManyMessages: (most: number) => `Too many messages: at most ${most} per second.`,
  foreignPage: 'This origin is not allowed.',
  notHere:
    'Nothing is here. There are GET /sse?topic=…, POST /publish, GET /topics, GET /topics/{topic}, and WebSocket on any path.',
  webSocketHere:
    'This door speaks WebSocket here. For plain HTTP see /sse?topic=…, /publish and /topics.',
};

/** The whole text of an error frame. */
export const errorText = (sentence: string): string =>
  `{"type": "error", "message": ${JSON.stringify(sentence)}}`;

/** The request is answered with this sentence, and with nothing else of it. */
export async function assertMistake(
  client: Client,
  request: unknown,
  sentence: string,
): Promise<void> {
  client.send(request);
  assert.equal(await client.next(), errorText(sentence));
}

/** An HTTP answer that tells a mistake. */
export function assertRefused(answer: Answer, status: number, error: string): void {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(answer.body, `${JSON.stringify({ error })}\n`);
}

export const ackText = (topic: string): string =>
  `{"type": "ack_subscribe", "topic": ${JSON.stringify(topic)}, "message": ${JSON.stringify(`Successfully subscribed to ${topic}`)}}`;

export const unsubscribedText = (topic: string): string =>
  `{"type": "ack_unsubscribe", "topic": ${JSON.stringify(topic)}, "message": ${JSON.stringify(`Successfully unsubscribed from ${topic}`)}}`;
