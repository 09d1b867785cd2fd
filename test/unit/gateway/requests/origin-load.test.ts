// What many held clients learn in one instant does not become as many requests to their origin in one instant.

import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { askingPaceOf } from '../../../../src/actors/gateway/asking-pace.ts';
import { GatewayStage } from '../../../support/gateway-stage.ts';
import type { GatewayClient, OriginScript } from '../../../support/staged-origin.ts';

const poll: HeaderList = [
  ['Grip-Hold', 'response'],
  ['Grip-Channel', 'a'],
];
const stream: HeaderList = [
  ['Grip-Hold', 'stream'],
  ['Grip-Channel', 'a'],
  ['Grip-Link', '</n>; rel=next; timeout=10'],
];
const quiet = { updateOnFirstSubscription: false };
const act = (name: string) => ({
  channel: 'a',
  formats: { 'http-response': { action: name }, 'http-stream': { action: name } },
});
const item = (more: object = {}) => ({
  channel: 'a',
  formats: { 'http-response': { body: 'x' }, 'http-stream': { content: 'x' } },
  ...more,
});

function held(count: number, headers: HeaderList, { shards = 1, options = quiet } = {}) {
  const origin: OriginScript = ({ asked }) => ({
    headers: asked.target === '/stay' ? poll : headers,
    body: '',
  });
  const stage = new GatewayStage({ shards, options, origin });
  const clients: GatewayClient[] = [];
  for (let at = 0; at < count; at += 1) clients.push(stage.request({ shard: at % shards }));
  const asked = () => stage.questions.length - count;
  return { stage, clients, asked };
}

describe.each([
  ['recover', (stage: GatewayStage) => stage.recover(0)],
  ['a hint', (stage: GatewayStage) => stage.publish(act('hint'))],
])('%s', (_, tell) => {
  test.each([
    ['polls', poll],
    ['streams', stream],
  ])('[GRIP-LOAD-1] makes a few %s ask at once', (_kind, headers) => {
    const { stage, asked } = held(10, headers, { shards: 2 });
    tell(stage);
    expect(asked()).toBe(10);
  });

  test.each([
    [1, poll],
    [1, stream],
    [2, poll],
    [4, stream],
  ])('[GRIP-LOAD-1] makes thousands on %i shards ask one after the other', (shards, headers) => {
    const { stage, asked } = held(2_000, headers, { shards });
    tell(stage);
    expect(asked()).toBeGreaterThanOrEqual(100 - shards);
    expect(asked()).toBeLessThanOrEqual(100 + shards);
    for (let ms = 100; ms < 1_900; ms += 100) {
      stage.pass(100);
      expect(Math.abs(asked() - 100 - ms)).toBeLessThanOrEqual(2 * shards);
    }
    stage.pass(100);
    expect(asked()).toBe(2_000);
    stage.pass(5_000);
    expect(asked()).toBe(2_000);
    expect(stage.wrongs).toEqual([]);
  });
});

describe('who waits for its turn', () => {
  test('[GRIP-LOAD-1] after a first subscriber is delivered what is published meanwhile', () => {
    for (const headers of [poll, stream]) {
      const options = { updateOnFirstSubscription: true };
      const { stage, clients, asked } = held(500, headers, { options });
      stage.pass(1_050);
      const turns = asked();
      expect(turns).toBeLessThan(200);
      stage.publish(item());
      const told = clients.filter(
        (client) => client.answered?.body === 'x' || client.take().includes('x'),
      );
      expect(told).toHaveLength(500);
      stage.pass(1_000);
      // A poll that is answered needs not to ask any more.
      expect(asked()).toBe(headers === poll ? turns : 500);
      expect(stage.wrongs).toEqual([]);
    }
  });

  test('[GRIP-LOAD-1] after a hint is asked for before what comes behind it', () => {
    const { stage, clients, asked } = held(500, stream);
    stage.origin = () => ({ headers: stream, body: 'n' });
    for (const client of clients) client.take();
    stage.publish(act('hint'));
    stage.publish(item());
    const texts = () => clients.map((client) => client.take());
    expect(new Set(texts())).toEqual(new Set(['nx', '']));
    stage.pass(500);
    expect(asked()).toBe(500);
    expect(new Set(texts())).toEqual(new Set(['nx', '']));
  });

  test('[GRIP-LOAD-1] takes one turn, whatever else it learns', () => {
    const { stage, asked } = held(500, poll);
    stage.recover(0);
    stage.recover(0);
    stage.publish(act('hint'));
    stage.pass(1_000);
    // Those who had their turn at once learnt of the hint after it.
    expect(asked()).toBeLessThanOrEqual(700);
    const before = asked();
    stage.pass(10_000);
    expect(asked()).toBe(before);
  });

  test('[GRIP-HOLD-8] and leaves is asked for no more', () => {
    const { stage, clients, asked } = held(500, poll);
    stage.recover(0);
    const before = asked();
    for (const client of clients) client.leave();
    stage.settle();
    stage.pass(120_000);
    expect(asked()).toBe(before);
    expect(stage.living).toBe(0);
    expect(stage.followed).toEqual({});
  });
});

test('[GRIP-LOAD-2] streams that began together ask their next link one after the other', () => {
  const { stage, asked } = held(1_000, stream);
  stage.pass(9_999);
  expect(asked()).toBe(0);
  stage.pass(1);
  expect(asked()).toBeLessThanOrEqual(101);
  stage.pass(500);
  expect(Math.abs(asked() - 600)).toBeLessThanOrEqual(2);
  stage.pass(400);
  expect(asked()).toBe(1_000);
});

test('[GRIP-LOAD-1] every shard has turns for a few', () => {
  const pace = askingPaceOf(64);
  const waits = Array.from({ length: 12 }, () => pace.take(10_000_000));
  expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64]);
});
