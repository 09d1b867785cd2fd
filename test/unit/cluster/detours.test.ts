// One link of a cluster is broken, and all nodes are up: what those at its ends say to each other is carried by a node that
// hears both, and nobody notices; when the link is there again, it takes the place of the detour.

import { describe, expect, test } from 'vitest';

import { successorsOf } from '../../../src/actors/chat/rendezvous.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';

const patient = {
  pingEveryMs: 3e6,
  pingTimeoutMs: 6e6,
  joinsPerSecondMax: 1e6,
  messagesPerSecondMax: 1e6,
};
const nodes = ['n1', 'n2', 'n3'];

/** One for each order in which the nodes may be its home. */
const rooms = ['1 2 3', '1 3 2', '2 1 3', '2 3 1', '3 1 2', '3 2 1'].map((order) => {
  const names = Array.from({ length: 200 }, (_, at) => `r${at}`);
  const isSo = (name: string): boolean =>
    successorsOf(nodes, name, '').join(' ') === order.replaceAll(/\d/g, 'n$&');
  return names.find(isSo) ?? '';
});

function gathered(): { readonly stage: ClusterStage; readonly clients: readonly HpClient[] } {
  const stage = new ClusterStage({ chat: patient });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  const clients = nodes.map((node) => HpClient.in(stage.at(node), `u${node}`));
  for (const client of clients) for (const room of rooms) client.ask('JOIN', { room });
  stage.pass(1_000);
  for (const client of clients) client.take();
  return { stage, clients };
}

const wayOf = (stage: ClusterStage, node: string, other: string): string | undefined =>
  stage.view(node).members.find((member) => member.node === other)?.via;

const waysOf = (stage: ClusterStage): readonly (string | undefined)[] => [
  wayOf(stage, 'n1', 'n2'),
  wayOf(stage, 'n2', 'n1'),
];

const isCarried = (stage: ClusterStage): boolean => waysOf(stage).every((way) => way === 'n3');

const total = (stage: ClusterStage, counter: string): number =>
  nodes.reduce((sum, node) => sum + stage.counted(node, counter), 0);

/** Everybody speaks in every room, and is heard by all others. */
function talk(stage: ClusterStage, clients: readonly HpClient[], word: string): void {
  for (const [at, client] of clients.entries())
    for (const [number, room] of rooms.entries()) {
      const id = `${word}-${at}-${number}`;
      client.ask('ROOM_MESSAGE', { room, body: id }, id);
    }
  stage.pass(1_000);
  for (const [at, client] of clients.entries()) {
    const told = client.take();
    const stored = told.filter(({ payload }) => payload['status'] === 'stored');
    expect(stored, `u${at + 1} ${word}`).toHaveLength(rooms.length);
    const heard = told.filter(({ type }) => type === 'ROOM_MESSAGE').map(({ id }) => id);
    const others = [0, 1, 2].filter((one) => one !== at);
    const expected = rooms.flatMap((_, number) => others.map((one) => `${word}-${one}-${number}`));
    expect(heard.toSorted(), `u${at + 1} ${word}`).toEqual(expected.toSorted());
    expect(
      told.filter(({ type }) => type === 'PRESENCE' || type.startsWith('ROOM_MEMBER_')),
    ).toEqual([]);
  }
}

describe('while one link is broken', () => {
  test.each([
    ['by silence', (stage: ClusterStage) => stage.cut('n1', 'n2'), 5_500],
    ['by silence of one alone', (stage: ClusterStage) => stage.cut('n1', 'n2', 'there'), 6_500],
    ['by silence of the other', (stage: ClusterStage) => stage.cut('n2', 'n1', 'there'), 6_500],
    ['with a word', (stage: ClusterStage) => stage.breakOff('n1', 'n2'), 1_200],
  ])('[HP-DETOUR-1] [HP-DETOUR-2] a third node carries what is said (%s)', (_, cut, mostMs) => {
    const { stage, clients } = gathered();
    const moved = total(stage, 'chat.rooms.moved');
    cut(stage);
    stage.until(() => isCarried(stage), mostMs);
    for (const word of ['a', 'b', 'c']) {
      talk(stage, clients, word);
      stage.pass(15_000);
    }
    expect(stage.seen('n1')).toBe('n2:up n3:up');
    expect(stage.seen('n2')).toBe('n1:up n3:up');
    expect(total(stage, 'chat.rooms.moved')).toBe(moved);
    expect(total(stage, 'cluster.members.down')).toBe(0);
    expect(total(stage, 'cluster.detours.carried')).toBeGreaterThan(0);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-DETOUR-4] a link of their own takes the place of the detour, and nobody notices', () => {
    const { stage, clients } = gathered();
    stage.cut('n1', 'n2');
    stage.until(() => isCarried(stage), 6_000);
    talk(stage, clients, 'a');
    stage.heal();
    stage.until(() => waysOf(stage).every((way) => way === undefined), 20_000);
    expect(stage.linksBetween('n1', 'n2')).toBe(1);
    talk(stage, clients, 'b');
    stage.pass(10_000);
    talk(stage, clients, 'c');
    expect(total(stage, 'cluster.members.down')).toBe(0);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-DETOUR-4] when the carrier dies, those at the ends take each other for gone; when it comes back, they do not', () => {
    const { stage, clients } = gathered();
    stage.cut('n1', 'n2');
    stage.until(() => isCarried(stage), 6_000);
    stage.kill('n3');
    stage.pass(50);
    expect(stage.seen('n1')).toBe('n2:suspect n3:suspect');
    stage.until(() => stage.seen('n1') === 'n2:down n3:down', 14_000);
    stage.until(() => stage.seen('n2') === 'n1:down n3:down', 3_000);
    for (const client of clients) client.take();
    stage.start('n3');
    stage.until(() => isCarried(stage), 20_000);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-DETOUR-1] a node that starts behind a broken link finds the others', () => {
    const stage = new ClusterStage({ chat: patient });
    stage.kill('n2');
    stage.cut('n1', 'n2');
    stage.pass(15_000);
    stage.start('n2');
    stage.until(() => isCarried(stage), 20_000);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-DETOUR-3] much is carried whole, in pieces', () => {
    const { stage, clients } = gathered();
    stage.cut('n1', 'n2');
    stage.until(() => isCarried(stage), 6_000);
    const [one, other] = clients;
    const room = rooms[0];
    for (let at = 0; at < 80; at += 1)
      one?.ask('ROOM_MESSAGE', { room, body: `${at} ${'ä"😀'.repeat(1_000)}` }, `big-${at}`);
    stage.pass(20_000);
    const heard = other?.take().filter(({ type }) => type === 'ROOM_MESSAGE') ?? [];
    expect(heard.map(({ id }) => id)).toEqual(Array.from({ length: 80 }, (__, at) => `big-${at}`));
    expect(stage.failures).toEqual([]);
  });

  test('[HP-DETOUR-5] not where it is switched off at one end, or at the third node', () => {
    for (const off of ['n1', 'n3']) {
      const stage = new ClusterStage({ chat: patient, noDetours: [off] });
      stage.until(() => stage.isWhole, 5_000);
      stage.cut('n1', 'n2');
      stage.until(() => stage.seen('n1').includes('n2:down'), 13_000);
      expect(total(stage, 'cluster.detours.carried')).toBe(0);
    }
  });
});
