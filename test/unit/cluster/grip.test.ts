// Items that are published on one node come to those who hold a request on another, once and in order.

import { describe, expect, test } from 'vitest';

import { type GripItem, itemFromValue } from '../../../src/actors/codecs/grip/publish-item.ts';
import { topicOfChannel } from '../../../src/actors/gateway/channel-messages.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { NO_SLOT, type RouterReply } from '../../../src/actors/routing/router-messages.ts';
import { TO_OWNER } from '../../../src/actors/routing/subscriptions.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';

function whole(): ClusterStage {
  const stage = new ClusterStage({ hasGateway: true });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

let connections = 90_000;

/** Holds a stream on a channel, as far as router and keeper know. */
function follow(stage: ClusterStage, node: string, channel: string): GripItem[] {
  connections += 1;
  const connection = connections;
  const system = stage.node(node).shards[0]?.system;
  const owner = addressOf<RouterReply>(0, `probe/${connection}`);
  const items: GripItem[] = [];
  system?.bind(owner, (message) => {
    if (message.type === 'delivered') items.push(message.publication.data as GripItem);
  });
  const { router, channels } = actorsOf(0);
  system?.deliver(router, {
    ...{ type: 'open', connection, owner, ownFormat: 'grip/stream', subscriptionsMax: 10 },
    outbox: { queueBytesMax: 1e6, slowPolicy: 'disconnect' },
  });
  const topic = topicOfChannel(channel);
  system?.deliver(router, {
    ...{ type: 'subscribe', connection, slot: NO_SLOT, topic, format: TO_OWNER, since: undefined },
  });
  system?.deliver(channels, { type: 'follow', channel, mode: 'stream', shard: 0, connection });
  stage.pass(100);
  return items;
}

function publish(stage: ClusterStage, node: string, value: object): void {
  const reading = itemFromValue(value, 'json');
  if (!reading.ok) throw new Error(reading.mistake.message);
  const system = stage.node(node).shards[0]?.system;
  system?.deliver(actorsOf(0).channels, { type: 'publishItem', item: reading.item });
}

const text = (items: readonly GripItem[]): string[] =>
  items.map(({ stream }) => new TextDecoder().decode(stream?.content));

describe('items', () => {
  test('[HP-RELAY-6] [HP-RELAY-7] cross once, whoever follows on the node where they are published', () => {
    const stage = whole();
    const [second, third] = [follow(stage, 'n2', 'c'), follow(stage, 'n3', 'c')];
    const other = follow(stage, 'n3', 'other');
    for (let at = 0; at < 5; at += 1)
      publish(stage, 'n1', {
        channel: 'c',
        id: `i${at}`,
        'http-stream': { content: `m${at}` },
        meta: { a: 'b' },
      });
    stage.pass(200);
    for (const items of [second, third]) {
      expect(text(items)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
      expect(items[0]).toMatchObject({ id: 'i0', meta: { a: 'b' }, isRelayed: true });
    }
    expect(other).toEqual([]);
    expect(stage.failures).toEqual([]);
  });

  test('are known by their ids, also when a publisher tells several nodes', () => {
    const stage = whole();
    const items = follow(stage, 'n2', 'c');
    for (const node of ['n1', 'n2', 'n3'])
      publish(stage, node, { channel: 'c', id: 'x', 'http-stream': { content: 'once' } });
    stage.pass(200);
    expect(text(items)).toEqual(['once']);
  });

  test('come in the order of their sequence, and as bytes', () => {
    const stage = whole();
    const items = follow(stage, 'n2', 'c');
    publish(stage, 'n1', { channel: 'c', id: '1', 'http-stream': { 'content-bin': '/wA=' } });
    publish(stage, 'n1', {
      channel: 'c',
      id: '3',
      'prev-id': '2',
      'http-stream': { content: 'third' },
    });
    publish(stage, 'n1', {
      channel: 'c',
      id: '2',
      'prev-id': '1',
      'http-stream': { content: 'second' },
    });
    stage.pass(300);
    expect(items.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(items[0]?.stream?.content).toEqual(new Uint8Array([0xff, 0]));
    expect(stage.failures).toEqual([]);
  });

  test('of a channel that nobody follows any more stay where they are', () => {
    const stage = whole();
    follow(stage, 'n2', 'c');
    stage.kill('n2');
    stage.until(() => stage.seen('n1').includes('n2:down'), 5_000);
    publish(stage, 'n1', { channel: 'c', id: 'x', 'http-stream': { content: 'nobody' } });
    stage.pass(100);
    expect(stage.counted('n1', 'cluster.forwards')).toBe(0);
  });
});
