// What falls between two nodes: something is said again, comes late, or goes, while a room or a session is on its way from one
// node to another.

import { expect, test } from 'vitest';

import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6 },
};

function whole({
  chat,
  ...more
}: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage({ chat: { ...fast, ...chat }, ...more });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

/** A room that is at home on a node, as long as these are there. */
function roomAt(node: string, nodes: readonly string[] = ['n1', 'n2', 'n3']): string {
  const all = Array.from({ length: 100 }, (_, at) => `room-${at}`);
  const found = all.find((room) => homeNodeOf(nodes, room) === node);
  if (found === undefined) throw new Error(`no room is at home on ${node}`);
  return found;
}

function joined(stage: ClusterStage, user: string, node: string, room: string): HpClient {
  const client = HpClient.in(stage.at(node), user);
  client.ask('JOIN', { room });
  stage.pass(50);
  return client;
}

const bodies = (lines: readonly HpLine[]): readonly unknown[] =>
  lines.flatMap(({ payload }) => (payload['body'] === undefined ? [] : [payload['body']]));

test('[HP-MSG-5] an id that is used again when that is another message is heard again on every node', () => {
  const stage = whole({ chat: { dedupeMs: 60_000 } });
  const room = roomAt('n1');
  const [alice, bob, carol] = ['n1', 'n1', 'n2'].map((node, at) =>
    joined(stage, `u${at}`, node, room),
  );
  alice?.ask('ROOM_MESSAGE', { room, body: 'first' }, '1');
  stage.pass(130_000);
  alice?.ask('ROOM_MESSAGE', { room, body: 'second' }, '1');
  stage.pass(100);
  alice?.ask('HISTORY', { room });
  stage.pass(100);
  for (const one of [bob, carol]) expect(bodies(one?.take() ?? [])).toEqual(['first', 'second']);
  expect(alice?.take().at(-1)?.payload['messages']).toMatchObject([
    { body: 'first' },
    { body: 'second' },
  ]);
});

test('[HP-ROOM-5] a crowd is told how many it is by its home, and not by one that it had', () => {
  const stage = whole({ nodes: 3, chat: { roomEventsMax: 1 } });
  stage.kill('n1');
  stage.pass(12_000);
  const room = roomAt('n1');
  const before = homeNodeOf(['n2', 'n3'], room) ?? '';
  const [alice, bob] = ['alice', 'bob', 'carol'].map((user) => joined(stage, user, before, room));
  stage.pass(6_000);
  alice?.take();
  joined(stage, 'dave', before, room);
  stage.start('n1');
  stage.until(() => stage.counted('n1', 'chat.rooms.moved') > 0, 3_000);
  stage.pass(1_000);
  bob?.ask('BYE');
  stage.pass(8_000);
  const counts = (alice?.take() ?? []).filter(({ payload }) => payload['event'] === 'count');
  expect(counts.map(({ payload }) => payload['count'])).toEqual([3]);
});

test('[HP-DM-2] [HP-ACK-2] a session on another node that waits for its client does not answer for one that is here', () => {
  const stage = whole();
  const away = HpClient.in(stage.at('n2'), 'bob');
  away.wire.leave();
  const bob = HpClient.in(stage.at('n1'), 'bob', 0, { caps: ['ack'] });
  const alice = HpClient.in(stage.at('n1'), 'alice');
  stage.pass(500);
  alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm1');
  stage.pass(200);
  expect(bob.told()).toEqual(['DIRECT_MESSAGE alice x']);
  bob.ask('ACK', { ref: 'm1' });
  stage.pass(100);
  expect(alice.told()).toEqual(['ACK delivered']);
});

test('[HP-MEMBER-11] [HP-DM-4] what is said to a user whose node has just left waits until the user comes elsewhere', () => {
  const stage = whole();
  const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), 'bob')];
  stage.pass(500);
  stage.leave('n2');
  stage.until(() => stage.seen('n1').includes('n2:left'), 3_000);
  stage.kill('n2');
  stage.pass(500);
  alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
  stage.pass(1_000);
  const back = new HpClient(stage.at('n3'));
  back.ask('RESUME', { token: bob.token });
  stage.pass(3_000);
  expect(alice.told()).toEqual(['ACK queued']);
  expect(bodies(back.take())).toEqual(['x']);
});

test('[HP-RELAY-5] [HP-RELAY-8] a direct message that found no room on its way is sent again', () => {
  const stage = whole({ nodes: 2, cluster: { forwardsMax: 20 } });
  const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), 'bob')];
  stage.pass(500);
  stage.stall('n2', 2_000);
  const all = Array.from({ length: 50 }, (_, at) => `m${at}`);
  for (const body of all) {
    const other = HpClient.in(stage.at('n1'), `u-${body}`);
    other.ask('DIRECT_MESSAGE', { to: 'bob', body });
  }
  stage.pass(90_000);
  expect(alice.isClosed).toBe(false);
  expect(bodies(bob.take()).map(String).toSorted()).toEqual(all.toSorted());
});

test('[HP-RES-9] [HP-MEMBER-4] a node that was only gone for a moment is asked for its sessions, and written to', () => {
  const stage = whole();
  stage.kill('n2');
  stage.start('n2');
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(8_000);
  const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), 'bob')];
  stage.pass(500);
  expect(stage.counted('n1', 'cluster.members.down')).toBe(0);
  alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
  stage.pass(200);
  expect([alice.told(), bodies(bob.take())]).toEqual([['ACK delivered'], ['x']]);
  bob.wire.leave();
  const back = new HpClient(stage.at('n1'));
  back.ask('RESUME', { token: bob.token });
  stage.pass(2_000);
  const [ok] = back.take();
  expect([ok?.type, ok?.payload['anew']]).toEqual(['RESUME_OK', undefined]);
});

test('[HP-DM-3] [HP-DM-8] what is said again on another node is not heard again by other sessions of who said it', () => {
  const stage = whole();
  const [one, two, three] = ['n1', 'n2', 'n3'].map((node) => HpClient.in(stage.at(node), 'alice'));
  stage.pass(500);
  one?.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm1');
  stage.pass(500);
  const sent = (client: HpClient | undefined): number =>
    (client?.take() ?? []).filter(({ type }) => type === 'DIRECT_MESSAGE').length;
  expect([one, two, three].map(sent)).toEqual([0, 1, 1]);
  two?.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm1');
  stage.pass(3_000);
  expect([one, three].map(sent)).toEqual([0, 0]);
});

test('[HP-SESS-3] [HP-RES-10] a session that was lost with its node does not begin anew when its user has logged in since', () => {
  const stage = whole({ chat: { sessionPolicy: 'replace' } });
  const old = HpClient.in(stage.at('n1'), 'bob');
  stage.pass(1_500);
  stage.kill('n1');
  stage.until(() => stage.seen('n3').includes('n1:down'), 15_000);
  stage.pass(1_500);
  const bob = HpClient.in(stage.at('n2'), 'bob');
  stage.pass(1_000);
  const late = new HpClient(stage.at('n3'));
  late.ask('RESUME', { token: old.token });
  stage.pass(2_000);
  expect(late.told()).toEqual(['ERROR SESSION_EXPIRED']);
  expect([bob.isClosed, bob.told()]).toEqual([false, []]);
});
