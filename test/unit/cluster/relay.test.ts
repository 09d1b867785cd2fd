// What is published on one node reaches those who follow on every node, once, whatever happens to the links between.

import { describe, expect, test } from 'vitest';

import { Prng } from '../../../src/actors/runtime/prng.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import type { WebClient } from '../../support/staged-web.ts';

function whole(options: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage(options);
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function follower(stage: ClusterStage, node: string, topic: string, shard = 0): WebClient {
  const client = stage.broker(node, shard);
  client.say({ type: 'subscribe', topic });
  stage.pass(200);
  client.take();
  return client;
}

function publish(client: WebClient, topic: string, data: unknown): void {
  client.say({ topic, data });
}

/** What came of publications, in order. */
function heard(client: WebClient): unknown[] {
  return client
    .takeJson()
    .filter((one) => typeof one !== 'object' || one === null || !('type' in one));
}

describe('publications', () => {
  test.each([1, 3])(
    '[HP-RELAY-1] [HP-RELAY-6] reach followers on every node, once (%i shards)',
    (shards) => {
      const stage = whole({ shards });
      const followers = ['n1', 'n2', 'n3'].flatMap((node) =>
        Array.from({ length: shards }, (_, shard) => follower(stage, node, 'stock:A', shard)),
      );
      const publisher = stage.broker('n2', shards - 1);
      stage.pass(100);
      for (let at = 1; at <= 20; at += 1) publish(publisher, 'stock:A', at);
      stage.pass(100);
      const expected = Array.from({ length: 20 }, (_, at) => at + 1);
      for (const client of followers) expect(heard(client)).toEqual(expected);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-RELAY-6] cross once to a node, however many follow there, and not at all where nobody does', () => {
    const stage = whole();
    for (let count = 0; count < 10; count += 1) follower(stage, 'n2', 't');
    const publisher = stage.broker('n1');
    stage.said.length = 0;
    publish(publisher, 't', 'hello');
    stage.pass(100);
    const crossed = stage.said.filter(({ text }) => text.includes('hello'));
    expect(crossed.map(({ from, to }) => `${from} ${to}`)).toEqual(['n1 n2']);
  });

  test('[HP-RELAY-7] a node never tells a third what it has heard', () => {
    const stage = whole();
    for (const node of ['n1', 'n2', 'n3']) follower(stage, node, 't');
    stage.said.length = 0;
    publish(stage.broker('n1'), 't', 'hello');
    stage.pass(3_000);
    const crossed = stage.said.filter(({ text }) => text.includes('hello'));
    expect(crossed.map(({ from, to }) => `${from} ${to}`).toSorted()).toEqual(['n1 n2', 'n1 n3']);
  });

  test('[HP-RELAY-3] a topic that nobody follows any more is not sent', () => {
    const stage = whole();
    const client = follower(stage, 'n2', 't');
    client.say({ type: 'unsubscribe', topic: 't' });
    stage.pass(100);
    stage.said.length = 0;
    publish(stage.broker('n1'), 't', 'hello');
    stage.pass(100);
    expect(stage.said.filter(({ text }) => text.includes('hello'))).toEqual([]);
  });

  test('[HP-RELAY-4] nothing is lost or told twice when links break', () => {
    const stage = whole();
    const client = follower(stage, 'n2', 't');
    const publisher = stage.broker('n1');
    const chance = new Prng(5, 'sever');
    for (let at = 1; at <= 200; at += 1) {
      publish(publisher, 't', at);
      stage.pass(chance.between(0, 30));
      if (chance.chance(1, 10)) stage.sever('n1', 'n2');
    }
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(1_000);
    expect(heard(client)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    expect(stage.counted('n2', 'cluster.forwards.duplicate')).toBeGreaterThanOrEqual(0);
  });

  test('[HP-RELAY-1] [HP-RELAY-2] however long the names of topics are, the link stands, also a new one', () => {
    const stage = whole({ nodes: 2 });
    const { system } = stage.node('n1').shards[0] ?? expect.fail();
    for (let at = 0; at < 1_000; at += 1) {
      const topic = `broker/${'x'.repeat(2_000)}${at}`;
      system.deliver(actorsOf(0).relay, { type: 'wanted', topic, isWanted: true });
    }
    const since = stage.counted('n2', 'cluster.links');
    stage.pass(2_000);
    expect(stage.counted('n2', 'cluster.links')).toBe(since);
    stage.sever('n1', 'n2');
    stage.pass(3_000);
    expect(stage.counted('n2', 'cluster.links')).toBe(since + 1);
    expect(stage.isWhole).toBe(true);
  });

  test('[HP-RELAY-4] for another life of a node numbers begin anew', () => {
    const stage = whole();
    follower(stage, 'n2', 't');
    const publisher = stage.broker('n1');
    for (let at = 1; at <= 3; at += 1) publish(publisher, 't', at);
    stage.pass(500);
    stage.kill('n2');
    stage.pass(100);
    stage.start('n2');
    stage.until(() => stage.isWhole, 20_000);
    const client = follower(stage, 'n2', 't');
    stage.said.length = 0;
    publish(publisher, 't', 4);
    stage.pass(500);
    expect(heard(client)).toEqual([4]);
    const numbers = stage.said.flatMap(({ text, from, to }) =>
      from === 'n1' && to === 'n2' && text.includes('"FORWARD"')
        ? [Number(/"n":(\d+)/.exec(text)?.[1])]
        : [],
    );
    expect(numbers).toEqual([1]);
  });

  test('[HP-RELAY-4] nor while a node is silent for less than its death', () => {
    const stage = whole();
    const client = follower(stage, 'n2', 't');
    const publisher = stage.broker('n1');
    stage.split(['n2']);
    for (let at = 1; at <= 6; at += 1) {
      publish(publisher, 't', at);
      stage.pass(1_000);
    }
    stage.heal();
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(1_000);
    expect(heard(client)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('[HP-RELAY-2] followers are known again after a node was taken for dead', () => {
    const stage = whole();
    const client = follower(stage, 'n2', 't');
    stage.split(['n2']);
    stage.pass(15_000);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(500);
    publish(stage.broker('n1'), 't', 'again');
    stage.pass(500);
    expect(heard(client)).toEqual(['again']);
  });

  test('[HP-RELAY-10] what is longer than a line goes in parts', () => {
    const stage = whole();
    const client = follower(stage, 'n2', 't');
    const text = '"\\é'.repeat(100_000);
    publish(stage.broker('n1'), 't', text);
    stage.pass(2_000);
    expect(heard(client)).toEqual([text]);
    expect(stage.isWhole).toBe(true);
  });

  test('[HP-RELAY-5] what waits for a node that is silent has a limit', () => {
    const stage = whole({ cluster: { forwardsMax: 10 } });
    const client = follower(stage, 'n2', 't');
    const publisher = stage.broker('n1');
    stage.split(['n2']);
    for (let at = 1; at <= 15; at += 1) publish(publisher, 't', at);
    stage.pass(3_000);
    stage.heal();
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(1_000);
    expect(heard(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(stage.counted('n1', 'cluster.forwards.dropped')).toBe(5);
  });

  test('[HP-RELAY-5] [HP-RELAY-10] a body that finds no room is dropped whole, and takes no other with it', () => {
    const stage = whole({ cluster: { forwardsMax: 10 } });
    const client = follower(stage, 'n2', 't');
    const publisher = stage.broker('n1');
    const long = 'x'.repeat(400_000);
    stage.split(['n2']);
    for (let at = 1; at <= 8; at += 1) publish(publisher, 't', at);
    publish(publisher, 't', long);
    stage.pass(3_000);
    stage.heal();
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(1_000);
    publish(publisher, 't', `${long}y`);
    stage.pass(1_000);
    expect(heard(client)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, `${long}y`]);
    expect(stage.counted('n1', 'cluster.forwards.dropped')).toBe(1);
  });

  test('many topics are told in several lines', () => {
    const stage = whole({ nodes: 2 });
    const clients = Array.from({ length: 30 }, () => stage.broker('n2'));
    for (const [at, client] of clients.entries())
      for (let topic = 0; topic < 90; topic += 1)
        client.say({ type: 'subscribe', topic: `${at}-${topic}` });
    stage.pass(500);
    stage.sever('n1', 'n2');
    stage.until(() => stage.isWhole, 5_000);
    stage.pass(200);
    for (const client of clients) client.take();
    const publisher = stage.broker('n1');
    for (const at of clients.keys()) publish(publisher, `${at}-89`, at);
    stage.pass(500);
    expect(clients.map((client) => heard(client))).toEqual(clients.map((_, at) => [at]));
  });
});
