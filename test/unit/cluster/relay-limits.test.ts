// What the relay does not carry: topics that no line could name, and more bytes than may wait for a node.

import { expect, test } from 'vitest';

import { clusterDefaults, type ToPeer } from '../../../src/actors/cluster/cluster-options.ts';
import { relayActor, type RelayArgs } from '../../../src/actors/cluster/relay/relay.actor.ts';
import { encodePeerLine, readPeerLine } from '../../../src/actors/codecs/hp-peer/peer-lines.ts';
import type { HomeMessage } from '../../../src/actors/routing/home.actor.ts';
import { plainCarriage } from '../../../src/actors/routing/relay/plain-carriage.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

function relay(options = {}) {
  const told: ToPeer[] = [];
  const system = new System({
    ...{ shard: 0, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  const members = addressOf<never>(0, 'members');
  system.bind(members as never, (order: ToPeer) => told.push(order));
  const quiet = addressOf<never>(0, 'quiet');
  system.bind(quiet, () => {});
  const home = addressOf<HomeMessage>(0, 'home');
  system.bind(home, () => {});
  const cluster = { options: { ...clusterDefaults, ...options }, edges: { log: quiet } };
  const args = {
    ...{ cluster, shards: 1, members, homeOfShard: () => home, keepers: [] },
    ...{ carriages: [plainCarriage('broker/', 1, () => home)], keeperOf: () => undefined },
  };
  const address = system.spawn(relayActor, args as unknown as RelayArgs, 'relay');
  let now = 0;
  const deliver = (message: Parameters<typeof relayActor.receive>[1]): void => {
    system.deliver(address, message as never);
    system.run(now, 1_000);
    now += 100_000;
    system.run(now, 1_000);
  };
  deliver({ type: 'linkUp', node: 'n2', link: 1, incarnation: 1, caps: ['forward'] });
  const dropped = (): number => system.counters.get('cluster.forwards.dropped') ?? 0;
  return { deliver, told, dropped };
}

test('[HP-RELAY-1] [HP-RELAY-6] of a topic that is too long for a line no other node is told, and the link stands', () => {
  const { deliver, told } = relay();
  for (const length of [65_537, 65_536]) {
    told.length = 0;
    const topic = `broker/${'é'.repeat(length - 7)}`;
    deliver({ type: 'wanted', topic, isWanted: true });
    const isCarried = readPeerLine(
      encodePeerLine(
        { type: 'FORWARD', n: 1, kind: 'publication', key: topic, id: undefined, data: {} },
        ...(['a', 0] as const),
      ).subarray(0, -1),
    ).ok;
    expect(told.length > 0).toBe(isCarried);
  }
});

test.each([1, 3])(
  '[HP-RELAY-5] what waits for a node is counted in bytes of UTF-8, %i parts',
  (parts) => {
    const { deliver, dropped } = relay({ forwardBytesMax: 100_000 * parts + 10_000 });
    const body = '€'.repeat(50_000 * parts);
    deliver({ type: 'forward', node: 'n2', kind: 'room', key: 'r', id: undefined, body });
    expect(dropped()).toBe(1);
    const fits = '€'.repeat(33_000 * parts);
    deliver({ type: 'forward', node: 'n2', kind: 'room', key: 'r', id: undefined, body: fits });
    expect(dropped()).toBe(1);
  },
);

test('[HP-RELAY-4] what is forwarded is for the link over which it is next, and for no later one', () => {
  const { deliver, told } = relay();
  deliver({ type: 'peerHeard', node: 'n2', message: { type: 'FORWARD_ACK', n: 0 } });
  told.length = 0;
  deliver({ type: 'forward', node: 'n2', kind: 'user', key: 'ann', id: undefined, body: {} });
  deliver({ type: 'linkUp', node: 'n2', link: 2, incarnation: 1, caps: ['forward'] });
  deliver({ type: 'peerHeard', node: 'n2', message: { type: 'FORWARD_ACK', n: 0 } });
  const forwards = told.filter(({ message }) => message.type === 'FORWARD');
  expect(forwards.map(({ link }) => link)).toEqual([1, 2]);
});
