// Who sits in a room when nodes differ about it: each node speaks for its own sessions, and for no other's.

import { describe, expect, test } from 'vitest';

import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';

const calm = { pingEveryMs: 3e6, pingTimeoutMs: 6e6, joinsPerSecondMax: 1e6 };

function whole(): ClusterStage {
  const stage = new ClusterStage({ shards: 2, chat: calm });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function enter(stage: ClusterStage, user: string, node: string): HpClient {
  const client = HpClient.in(stage.at(node), user);
  client.ask('JOIN', { room: 'r' });
  stage.pass(300);
  client.take();
  return client;
}

function members(stage: ClusterStage, client: HpClient): unknown[] {
  client.take();
  client.ask('ROOM_MEMBERS', { room: 'r' });
  stage.pass(100);
  const told = client.take().find(({ type }) => type === 'ROOM_MEMBERS_OK');
  const found = told?.payload['members'];
  return (found as { readonly user: string }[]).map(({ user }) => user);
}

const events = (client: HpClient): string[] =>
  client.told().filter((text) => text.startsWith('ROOM_EVENT'));

describe('a seat', () => {
  test.each([
    ['n1', 'n2', 'n3'],
    ['n2', 'n3', 'n1'],
    ['n3', 'n1', 'n2'],
  ])(
    '[HP-HOME-7] [HP-RES-10] is that of the node to which the session went, whatever %s says when it wakes',
    (slept, went, other) => {
      const stage = whole();
      const carol = enter(stage, 'carol', other);
      const bob = enter(stage, 'bob', slept);
      stage.stall(slept, 16_000);
      stage.pass(5_000);
      let back = new HpClient(stage.at(went), 1);
      // Until the room has another home, it cannot be had.
      stage.until(() => {
        back = new HpClient(stage.at(went), 1);
        back.ask('RESUME', { token: bob.token, rooms: { r: 0 } }, 'resume');
        stage.pass(1_000);
        return back.take()[0]?.type === 'RESUME_OK';
      }, 9_000);
      stage.pass(30_000);
      expect(stage.isWhole).toBe(true);
      expect(bob.isClosed).toBe(true);
      expect(members(stage, carol)).toEqual(['bob', 'carol']);
      expect(members(stage, back)).toEqual(['bob', 'carol']);
      back.ask('ROOM_MESSAGE', { room: 'r', body: 'here' }, 'm1');
      stage.pass(200);
      expect(carol.told()).toEqual(['ROOM_MESSAGE bob here 1']);
      back.ask('BYE');
      stage.pass(200);
      expect(events(carol)).toEqual(['ROOM_EVENT leave bob']);
      expect(members(stage, carol)).toEqual(['carol']);
      expect(stage.failures).toEqual([]);
    },
  );

  test.each([10, 12, 14, 16, 18, 20])(
    '[HP-HOME-7] is kept for who comes in from a node of which nobody else has sat there for %i seconds',
    (seconds) => {
      const stage = whole();
      const nodes = ['n1', 'n2', 'n3'];
      const home = homeNodeOf(nodes, 'r');
      const [other = '', quiet = ''] = nodes.filter((node) => node !== home);
      const carol = enter(stage, 'carol', other);
      const bob = enter(stage, 'bob', quiet);
      bob.wire.leave();
      stage.pass(50);
      const back = new HpClient(stage.at(other), 1);
      back.ask('RESUME', { token: bob.token, rooms: { r: 0 } }, 'resume');
      stage.pass(seconds * 1_000);
      const dave = enter(stage, 'dave', quiet);
      stage.pass(20_000);
      expect(events(carol)).toEqual(['ROOM_EVENT join bob', 'ROOM_EVENT join dave']);
      expect(events(dave)).toEqual([]);
      expect(members(stage, carol)).toEqual(['bob', 'carol', 'dave']);
    },
  );

  test.each(['n1', 'n2', 'n3'])(
    '[HP-HOME-11] [HP-HOME-7] the others see those of %s leave when it is split off; when it is not, everybody sees everybody',
    (apart) => {
      const stage = whole();
      const nodes = ['n1', 'n2', 'n3'];
      const clients = nodes.map((node) => enter(stage, `u-${node}`, node));
      const seen = clients.map(() => new Set(nodes.map((node) => `u-${node}`)));
      for (const client of clients) client.take();
      const look = (): string[][] =>
        clients.map((client, at) => {
          for (const text of events(client)) {
            const [, event, user = ''] = text.split(' ');
            if (event === 'join') seen[at]?.add(user);
            else seen[at]?.delete(user);
          }
          return [...(seen[at] ?? [])].toSorted();
        });
      stage.split([apart]);
      stage.pass(20_000);
      const others = nodes.filter((node) => node !== apart).map((node) => `u-${node}`);
      const views = look();
      for (const [at, node] of nodes.entries())
        if (node !== apart) expect(views[at]).toEqual(others);
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(5_000);
      const all = nodes.map((node) => `u-${node}`);
      expect(look()).toEqual([all, all, all]);
      for (const client of clients) expect(members(stage, client)).toEqual(all);
      stage.pass(30_000);
      for (const client of clients) expect(events(client)).toEqual([]);
      expect(stage.failures).toEqual([]);
    },
  );

  test.each([0, 100, 700])(
    '[HP-HOME-11] when a home is back, each one of the other side comes in once, also for a node that hears it %i ms later',
    (laterMs) => {
      const stage = whole();
      const nodes = ['n1', 'n2', 'n3'];
      const home = homeNodeOf(nodes, 'r') ?? '';
      const others = nodes.filter((node) => node !== home);
      const heir = homeNodeOf(others, 'r') ?? '';
      const late = others.find((node) => node !== heir) ?? '';
      const clients = new Map(nodes.map((node) => [node, enter(stage, `u-${node}`, node)]));
      stage.split([home]);
      stage.pass(20_000);
      for (const client of clients.values()) client.take();
      stage.delay(home, late, laterMs);
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(5_000);
      const told = (node: string): string[] =>
        (clients.get(node)?.take() ?? [])
          .filter(({ type }) => type === 'ROOM_EVENT')
          .map(({ payload: { event, user, count } }) => [event, user, count].map(String).join(' '));
      const here = told(home);
      expect(here.map((text) => text.split(' ')[1] ?? '').toSorted()).toEqual(
        [`u-${heir}`, `u-${late}`].toSorted(),
      );
      expect(here.at(-1)).toMatch(/^join .* 3$/);
      for (const node of [heir, late])
        expect(told(node).filter((text) => text.includes(`u-${home} `))).toEqual([
          `join u-${home} 3`,
        ]);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-HOME-11] whoever leaves before the other side is told of him, and comes back, comes in once', () => {
    const stage = whole();
    const nodes = ['n1', 'n2', 'n3'];
    const home = homeNodeOf(nodes, 'r') ?? '';
    const alice = enter(stage, 'alice', home);
    const others = nodes.filter((node) => node !== home);
    const clients = others.map((node) => enter(stage, `u-${node}`, node));
    stage.split([home]);
    stage.pass(20_000);
    for (const client of clients) client.take();
    stage.heal();
    stage.until(() => clients.every((client) => members(stage, client).length === 3), 20_000);
    alice.ask('LEAVE', { room: 'r' });
    alice.ask('JOIN', { room: 'r' });
    stage.pass(5_000);
    for (const client of clients)
      expect(events(client).filter((text) => text.endsWith(' alice'))).toEqual([
        'ROOM_EVENT leave alice',
        'ROOM_EVENT join alice',
      ]);
  });
});
