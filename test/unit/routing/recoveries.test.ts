// Many recoveries of one reader: a few at a time, each whole, and none for what is not wanted any more.

import { describe, expect, test } from 'vitest';

import type { RouterState } from '../../../src/actors/routing/router-state.ts';
import { Stage } from '../../support/stage.ts';

const SHARDS = 3;
const KEPT = 3;

/** Of the shard where the reader is. */
function routerOf({ shards: [, shard] }: Stage): RouterState {
  return (shard ?? expect.fail('no shard')).system.stateOf('1/router') as RouterState;
}

/** A node on which things come in a drawn order, and topics of which something is remembered. */
function staged(chance: number, topics: readonly string[]) {
  const stage = new Stage({ shards: SHARDS, chance, broker: { welcome: false } });
  const publisher = stage.connect();
  stage.settle();
  for (const topic of topics)
    for (let data = 1; data <= KEPT; data += 1) publisher.say({ topic, data: `${topic} ${data}` });
  stage.settle();
  const reader = stage.connect({ shard: 1 });
  stage.settle();
  const epochs = new Map(
    topics.map((topic) => {
      publisher.say({ type: 'topic_info', topic });
      stage.settle();
      const [info = ''] = publisher.take();
      return [topic, (JSON.parse(info) as { epoch: string }).epoch];
    }),
  );
  const resume = (topic: string, offset = 0): void =>
    reader.say({ type: 'subscribe', topic, since: { epoch: epochs.get(topic), offset } });
  /** How many are under way at most, until all is done. */
  const mostAtOnce = (): number => {
    const { streams } = routerOf(stage);
    let most = 0;
    while (stage.step())
      for (const { recovering } of streams.values()) most = Math.max(most, recovering);
    return most;
  };
  const said = (): unknown[] => reader.take().map((text) => JSON.parse(text) as unknown);
  return { stage, reader, resume, mostAtOnce, said };
}

const names = Array.from({ length: 20 }, (_, at) => `t${at}`);
const allOf = (topic: string): string[] =>
  Array.from({ length: KEPT }, (_, at) => `${topic} ${at + 1}`);
const acked = (topic: string, recovered: boolean) =>
  expect.objectContaining({ type: 'ack_subscribe', topic, recovered });

describe.each([1, 2, 3, 4, 5])('[BROKER-REC-6] in order %i', (chance) => {
  test('[BROKER-REC-1] each of many topics is recovered whole, four at a time', () => {
    const { stage, resume, mostAtOnce, said } = staged(chance, names);
    for (const topic of names) resume(topic);
    expect(mostAtOnce()).toBe(4);
    const heard = said();
    for (const topic of names) {
      const from = heard.findIndex((one) => acked(topic, true).asymmetricMatch(one));
      expect(from).toBeGreaterThanOrEqual(0);
      const own = (one: unknown): boolean => typeof one === 'string' && one.startsWith(`${topic} `);
      expect(heard.slice(from).filter(own)).toEqual(allOf(topic));
      expect(heard.slice(0, from).filter(own)).toEqual([]);
    }
    expect(stage.troubles).toEqual([]);
  });

  test('one that is asked for again and again is brought once', () => {
    const { stage, resume, mostAtOnce, said } = staged(chance, ['t']);
    for (let times = 0; times < 30; times += 1) resume('t');
    mostAtOnce();
    const heard = said();
    expect(heard.filter((one) => typeof one === 'string')).toEqual(allOf('t'));
    expect(heard).toHaveLength(30 + KEPT);
    expect(heard.at(-1 - KEPT)).toEqual(acked('t', true));
    expect(stage.troubles).toEqual([]);
  });

  test('[BROKER-SUB-2] of one that is given up while it waits nothing is brought, and all is answered', () => {
    const { stage, reader, resume, mostAtOnce, said } = staged(chance, names);
    for (const topic of names) resume(topic);
    for (const topic of names) reader.say({ type: 'unsubscribe', topic });
    // Where nothing was missed it is told so, in whatever way it ends.
    resume('t0', KEPT);
    mostAtOnce();
    const heard = said();
    expect(heard.filter((one) => typeof one === 'object')).toHaveLength(41);
    expect(heard.at(-1)).toEqual(acked('t0', true));
    reader.say({ type: 'unsubscribe', topic: 't5' });
    stage.settle();
    expect(said()).toEqual([{ type: 'error', message: 'Not subscribed to t5' }]);
    expect(stage.troubles).toEqual([]);
  });

  test('[BROKER-LIST-2] whoever asks behind it is told of a reader who waits for his turn', () => {
    const { stage, reader, resume, mostAtOnce, said } = staged(chance, names);
    for (const topic of names) resume(topic);
    for (const topic of names) reader.say({ type: 'topic_info', topic });
    resume('t9');
    mostAtOnce();
    const told = said().filter((one) => JSON.stringify(one).includes('"history"'));
    expect(told).toEqual(
      names.map((topic) =>
        expect.objectContaining({ type: 'topic_info', topic, subscribers: 1, history: KEPT }),
      ),
    );
    expect(stage.troubles).toEqual([]);
  });

  test('[BROKER-SUB-4] a reader that goes in the middle leaves nothing', () => {
    const { stage, reader, resume } = staged(chance, names);
    for (const topic of names) resume(topic);
    for (let steps = 0; steps < 8; steps += 1) stage.step();
    reader.leave();
    stage.settle();
    const { streams, subscriptions, pending } = routerOf(stage);
    expect([streams.size, [...subscriptions.topics].length, pending.size]).toEqual([0, 0, 0]);
    expect(stage.troubles).toEqual([]);
  });

  test('[SHARD-2] the death of a home holds no other recovery up', () => {
    const { stage, resume, said } = staged(chance, names);
    for (const topic of names) resume(topic);
    for (let steps = 0; steps < 12; steps += 1) stage.step();
    stage.crash(2);
    stage.settle();
    const acks = said().filter(
      (one) => typeof one === 'object' && JSON.stringify(one).includes('ack_subscribe'),
    );
    expect(acks).toHaveLength(names.length);
  });
});
