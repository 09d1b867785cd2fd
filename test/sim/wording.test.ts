// The client's own writer is judged by the frames that spec/broker.md shows: each is right as it stands there, and
// wrong with one character more, less or other. So are the ids of event streams.

import { describe, expect, test } from 'vitest';

import { brokerDefaults } from '../../src/actors/broker/broker-options.ts';
import { EventIds } from '../../src/sim/workload/hearing/event-ids.ts';
import {
  correctedResults,
  Rewriting,
  type Wire,
} from '../../src/sim/workload/hearing/rewriting.ts';

const rewriting = new Rewriting(brokerDefaults);

function correction(text: string): string | undefined {
  return rewriting.correction(text, JSON.parse(text) as Wire);
}

const shown = [
  `{"type": "info", "message": "Connected to HERMES WebSocket server. Send {'type': 'subscribe', 'topic': 'stock:TICKER'} to subscribe."}`,
  '{"type": "ack_subscribe", "topic": "stock:GOOGL", "message": "Successfully subscribed to stock:GOOGL"}',
  '{"type": "ack_unsubscribe", "topic": "news:sports", "message": "Successfully unsubscribed from news:sports"}',
  '{"type": "error", "message": "Not subscribed to news:sports"}',
  '{"type":"ack_subscribe","topic":"stock:GOOGL","message":"Successfully subscribed to stock:GOOGL","epoch":"1x7k2a9qf0c3","offset":41,"recovered":true}',
  '{"type":"message","topic":"stock:AAPL","offset":42,"epoch":"1x7k2a9qf0c3","id":"order-7","data":{"price": 170.50}}',
  '{"type":"ack_publish","topic":"stock:AAPL","subscribers":2,"id":"order-7","epoch":"1x7k2a9qf0c3","offset":42}',
  '{"type":"ack_publish","topic":"a","subscribers":0,"id":"i","epoch":"e","offset":1,"duplicate":true}',
  '{"type":"gap","topic":"stock:AAPL","from":43,"to":57,"reason":"slow","epoch":"1x7k2a9qf0c3"}',
  '{"type":"gap","topic":"a","from":43,"to":null,"reason":"restarted","epoch":"e"}',
  '{"type":"topics","topics":{"stock:AAPL":2,"news:sports":1}}',
  '{"type":"topic_info","topic":"stock:AAPL","subscribers":2,"epoch":"1x7k2a9qf0c3","offset":57,"history":57}',
  '{"type":"topic_info","topic":"a","subscribers":0,"epoch":null,"offset":null,"history":0}',
];

const wrong = [
  '{"type":"error","message":"Not subscribed to a"}',
  '{"type": "error", "message": "Not subscribed"}',
  '{"type": "error", "message": "Topic too long: at most 255 characters."}',
  '{"type":"ack_subscribe","topic":"a","message":"Successfully subscribed to a"}',
  '{"type":"ack_publish","topic":"a","subscribers":0,"id":"i","epoch":"e","offset":1,"duplicate":false}',
  '{"type":"ack_publish","topic":"a","id":"i","subscribers":0,"epoch":"e","offset":1}',
  '{"type":"gap","topic":"a","from":43,"reason":"restarted","epoch":"e"}',
  '{"type":"gap","topic":"a","from":43,"to":42,"reason":"slow","epoch":"e"}',
  '{"type":"gap","topic":"a","from":43,"to":44,"reason":"lost","epoch":"e"}',
  '{"type":"message","topic":"a","epoch":"e","offset":1,"id":"i","data":1}',
  '{"type":"message","topic":"a","offset":0,"epoch":"e","id":"i","data":1}',
  '{"type":"topics","topics":{"a":0}}',
  '{"type":"topics","topics":{"a":1},"more":1}',
  '{"type":"topic_info","topic":"a","subscribers":0,"epoch":null,"offset":0,"history":0}',
  '{"type":"pong"}',
];

describe('[BROKER-FRAME-1] frames', () => {
  test.each(shown)('are right as the spec shows them: %s', (text) => {
    expect(correction(text)).toBeUndefined();
  });

  test.each(shown)('are wrong with a blank more: %s', (text) => {
    expect(correction(text.replace(':', ' :'))).toBeDefined();
    expect(correction(`${text} `)).toBeDefined();
  });

  test.each(wrong)('are wrong otherwise: %s', (text) => {
    expect(correction(text)).toBeDefined();
  });
});

test('[BROKER-HTTP-1] an answer of POST /publish is held to its form', () => {
  const body =
    '{"topic":"stock:AAPL","id":"order-7","epoch":"1x7k2a9qf0c3","offset":42,"subscribers":2}';
  const result = JSON.parse(body) as Wire;
  expect(correctedResults(`${body}\n`, [result], false)).toBeUndefined();
  expect(correctedResults(`[${body}]\n`, [result], true)).toBeUndefined();
  expect(correctedResults(body, [result], false)).toBeDefined();
  expect(correctedResults(`[${body}]\n`, [result], false)).toBeDefined();
});

describe('[SSE-5] an event id', () => {
  test('moves the place of its own topic alone', () => {
    const ids = new EventIds(['a', 'b'], true);
    expect(ids.begin('e:0,f:3')).toBeUndefined();
    expect(ids.begin('e:0,f:3')).toBeUndefined();
    expect(ids.next('e:1,f:3', 'a', { epoch: 'e', offset: 1 })).toBeUndefined();
    expect(ids.next('e:1,f:4', 'b', undefined)).toBeUndefined();
    expect(ids.next('e:2,f:5', 'a', undefined)).toBeDefined();
    expect(ids.next('e:1,f:6', 'b', { epoch: 'f', offset: 5 })).toBeDefined();
    expect(ids.next('e:1', 'a', undefined)).toBeDefined();
    expect(ids.next('e:1,', 'b', undefined)).toBeDefined();
  });

  test('never moves another topic back, where a policy drops', () => {
    const ids = new EventIds(['a', 'b'], false);
    expect(ids.begin('e:0,f:3')).toBeUndefined();
    expect(ids.next('e:1,f:5', 'a', undefined)).toBeUndefined();
    expect(ids.next('e:2,f:4', 'a', undefined)).toBeDefined();
  });
});
