// One link of a cluster is broken, and all nodes are up: those at its ends do not hear each other, and others hear both. Each
// room has one home all the same, at a node that hears everybody; and when the link is there again, rooms go back.

import { describe, expect, test } from 'vitest';

import { successorsOf } from '../../../src/actors/chat/rendezvous.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';

const patient = { pingEveryMs: 3e6, pingTimeoutMs: 6e6, joinsPerSecondMax: 1e6 };
const nodes = ['n1', 'n2', 'n3'];

/** One for each order in which the nodes may be its home. */
const rooms = ['1 2 3', '1 3 2', '2 1 3', '2 3 1', '3 1 2', '3 2 1'].map((order) => {
  const names = Array.from({ length: 200 }, (_, at) => `r${at}`);
  const isSo = (name: string): boolean =>
    successorsOf(nodes, name, '').join(' ') === order.replaceAll(/\d/g, 'n$&');
  return names.find(isSo) ?? '';
});

function broken(): { readonly stage: ClusterStage; readonly clients: readonly HpClient[] } {
  const stage = new ClusterStage({ chat: patient });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  const clients = nodes.map((node) => HpClient.in(stage.at(node), `u${node}`));
  for (const client of clients) for (const room of rooms) client.ask('JOIN', { room });
  stage.pass(1_000);
  stage.cut('n1', 'n2');
  stage.until(() => stage.seen('n1').includes('n2:down'), 13_000);
  stage.until(() => stage.seen('n2').includes('n1:down'), 3_000);
  stage.pass(6_000);
  for (const client of clients) client.take();
  return { stage, clients };
}

const moves = (stage: ClusterStage): number =>
  nodes.reduce((sum, node) => sum + stage.counted(node, 'chat.rooms.moved'), 0);

/** Everybody speaks in every room: who heard how much. */
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
  }
}

describe('while one link is broken', () => {
  test('[HP-HOME-14] each room has one home, which stays; all hear all, and answers come at once', () => {
    const { stage, clients } = broken();
    const before = moves(stage);
    for (const word of ['a', 'b', 'c', 'd']) {
      talk(stage, clients, word);
      stage.pass(5_000);
      for (const client of clients) client.take();
    }
    expect(moves(stage)).toBe(before);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-HOME-14] [HP-HOME-1] rooms go back when it is there again', () => {
    const { stage, clients } = broken();
    talk(stage, clients, 'a');
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(6_000);
    for (const client of clients) client.take();
    const before = moves(stage);
    talk(stage, clients, 'b');
    stage.pass(10_000);
    expect(moves(stage)).toBe(before);
    const homes = nodes.map((node) => stage.counted(node, 'chat.rooms.moved'));
    expect(homes.every((count) => count > 0)).toBe(true);
    expect(stage.failures).toEqual([]);
  });
});
