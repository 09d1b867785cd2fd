// Places that come late: what two homes of a room have said at the same time, and what was lost on its way to a node. All
// who sit in the room hear it, once, each home's messages in their order.

import { describe, expect, test } from 'vitest';

import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import { shardOfRoom } from '../../../src/actors/chat/chat-context.ts';
import type { RoomEntry } from '../../../src/actors/chat/rooms/room-messages.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import type { ChatOptions } from '../../../src/actors/chat/chat-options.ts';
import type { ClusterOptions } from '../../../src/actors/cluster/cluster-options.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6 },
};

function whole(
  nodes: number,
  cluster: Partial<ClusterOptions> = {},
  chat: Partial<ChatOptions> = {},
): ClusterStage {
  const stage = new ClusterStage({
    ...{ nodes, shards: 2, chat: { ...fast, ...chat } },
    // A broken link is to part them.
    cluster: { detours: false, ...cluster },
  });
  stage.until(() => stage.isWhole, 10_000);
  stage.pass(500);
  return stage;
}

/** A room whose home is the first of these nodes, and among `apart` the first of those. */
function roomOf(nodes: readonly string[], apart: readonly string[] = []): string {
  const home = nodes.toSorted()[0];
  for (let at = 0; at < 1_000; at += 1) {
    const isOne = homeNodeOf(nodes, `room-${at}`) === home;
    if (isOne && homeNodeOf(apart, `room-${at}`) === apart[0]) return `room-${at}`;
  }
  throw new Error('there is no such room');
}

function joined(stage: ClusterStage, user: string, node: string, room: string): HpClient {
  const client = HpClient.in(stage.at(node), user);
  client.ask('JOIN', { room });
  stage.pass(100);
  expect(client.take().map(({ type }) => type)).toContain('JOIN_OK');
  return client;
}

function say(client: HpClient, room: string, ...ids: readonly string[]): void {
  for (const id of ids) client.ask('ROOM_MESSAGE', { room, body: id }, id);
}

const messages = (client: HpClient): HpLine[] =>
  client.take().filter(({ type }) => type === 'ROOM_MESSAGE');
const ids = (lines: readonly HpLine[]): string[] => lines.map(({ id }) => id);

const APART = ['n2', 'n4'];
const THEIRS = ['two-1', 'two-2', 'two-3'];

/** A room with two homes: the one on the larger side began a new life, and so its places come after those of the other. */
function divided() {
  const stage = whole(5);
  const nodes = stage.nodes.map(({ name }) => name);
  const room = roomOf(nodes, [...APART, 'n3', 'n5']);
  const [ben, cat, dan, eve] = nodes.slice(1).map((node) => joined(stage, node, node, room));
  if (ben === undefined || cat === undefined || dan === undefined || eve === undefined)
    throw new Error('nobody is there');
  stage.split(APART);
  stage.kill('n1');
  stage.pass(15_000);
  stage.start('n1');
  stage.until(() => ['n3', 'n5'].every((node) => stage.seen(node).includes('n1:up')), 20_000);
  stage.pass(4_000);
  for (const client of [ben, cat, dan, eve]) messages(client);
  say(cat, room, 'one-1');
  for (const id of THEIRS) say(ben, room, id);
  stage.pass(100);
  const heard = [ben, cat, dan, eve].map(messages);
  expect(heard.map(ids)).toEqual([[], [], THEIRS, ['one-1']]);
  const epochs = heard.map(([first]) => Number(first?.payload['epoch']));
  expect(epochs[3]).toBeGreaterThan(epochs[2] ?? Infinity);
  return { stage, room, ben, cat, dan, eve, epoch: epochs[2] ?? 0 };
}

function areTold(clients: readonly HpClient[], missing: readonly string[]): void {
  for (const client of clients) {
    const heard = messages(client);
    expect(ids(heard)).toEqual(missing);
    expect(heard.map(({ payload }) => payload['delayed'])).toEqual(missing.map(() => true));
  }
}

describe('[HP-HOME-13] what two homes have said at once', () => {
  test('is heard by all who sit in the room, on whichever side', () => {
    const { stage, room, ben, cat, dan, eve } = divided();
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(4_000);
    areTold([cat, eve], THEIRS);
    areTold([ben, dan], ['one-1']);
    say(cat, room, 'last');
    stage.pass(300);
    expect([ben, dan, eve].map((client) => ids(messages(client)))).toEqual([
      ['last'],
      ['last'],
      ['last'],
    ]);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-HOME-4] is heard, too, where it stands before all that a node knows', () => {
    const stage = whole(5);
    const nodes = stage.nodes.map(({ name }) => name);
    const room = roomOf(nodes, APART);
    const ann = joined(stage, 'ann', 'n1', room);
    const [ben, dan] = [joined(stage, 'ben', 'n2', room), joined(stage, 'dan', 'n4', room)];
    stage.split(APART);
    stage.pass(15_000);
    say(ann, room, 'one-1');
    for (const id of THEIRS) say(ben, room, id);
    stage.pass(100);
    for (const client of [ann, ben, dan]) messages(client);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(4_000);
    areTold([ann], THEIRS);
    areTold([ben, dan], ['one-1']);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-ROOM-6] is heard, too, when nobody is left where it was said', () => {
    const stage = whole(3, {}, { emptyRoomMs: 2_000 });
    const room = roomOf(['n1', 'n2', 'n3'], ['n3']);
    const [ann, ben] = [joined(stage, 'ann', 'n1', room), joined(stage, 'ben', 'n3', room)];
    stage.split(['n3']);
    stage.pass(15_000);
    say(ann, room, 'one-1');
    ann.ask('LEAVE', { room });
    stage.pass(6_000);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(4_000);
    areTold([ben], ['one-1']);
    // It is forgotten in its time.
    ben.ask('LEAVE', { room });
    stage.pass(6_000);
    const dan = HpClient.in(stage.at('n2'), 'dan');
    dan.ask('JOIN', { room });
    stage.pass(100);
    expect(dan.take().at(-1)).toMatchObject({ type: 'JOIN_OK', payload: { seq: 0 } });
    expect(stage.failures).toEqual([]);
  });

  test('is heard by all, too, when somebody else tells of it before the other home can', () => {
    const { stage, ben, cat, dan, eve } = divided();
    stage.heal();
    stage.cut('n1', 'n2');
    const isThere = (): boolean => stage.seen('n1').includes('n4:up');
    stage.until(isThere, 20_000);
    stage.pass(4_000);
    areTold([cat, eve], THEIRS);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(4_000);
    areTold([cat, eve], []);
    areTold([ben, dan], ['one-1']);
    expect(stage.failures).toEqual([]);
  });
});

/** To the room's home, as if another home had published it. */
function hear(
  stage: ClusterStage,
  room: string,
  place: Pick<RoomEntry, 'id' | 'epoch' | 'seq' | 'node'>,
): void {
  const said = { timestamp: 1_700_000_000, from: 'ben', session: 's', body: 'x' };
  const entry: RoomEntry = { ...said, ...place, dataText: undefined };
  const line = new Uint8Array(0);
  const word = { kind: 'message', line, byteLength: 0, shard: 0, connection: 0, entry } as const;
  const shard = shardOfRoom({ shards: 2 }, room);
  const { rooms } = actorsOf(shard);
  stage.node('n1').shards[shard]?.system.deliver(rooms, { type: 'heard', room, word });
}

test('[HP-HOME-13] what comes while a home settles is told, too, to those who told it what they know', () => {
  const { stage, room, cat, dan, eve, epoch } = divided();
  stage.heal();
  stage.cut('n1', 'n2');
  stage.until(() => stage.seen('n1').includes('n4:up'), 20_000);
  stage.pass(300);
  hear(stage, room, { id: 'two-4', epoch, seq: 4, node: 'n2' });
  stage.pass(5_000);
  areTold([cat, eve], [...THEIRS, 'two-4']);
  expect(ids(messages(dan)).toSorted()).toEqual(['one-1', 'two-4']);
  expect(stage.failures).toEqual([]);
});

test('[HP-HOME-13] [HP-ROOM-2] who comes in while something is put off hears it once, and the others at once', () => {
  const stage = whole(3);
  const room = roomOf(['n1', 'n2', 'n3']);
  const [ann, cat] = [joined(stage, 'ann', 'n1', room), joined(stage, 'cat', 'n3', room)];
  for (const client of [ann, cat]) messages(client);
  // Another home says something, and dies before it tells what it said before.
  hear(stage, room, { id: 'two-5', epoch: 9_000_000_000_002, seq: 5, node: 'n9' });
  stage.pass(500);
  areTold([ann, cat], []);
  const fay = HpClient.in(stage.at('n1'), 'fay');
  fay.ask('JOIN', { room, history: { limit: 10 } });
  stage.pass(200);
  areTold([ann, cat], ['two-5']);
  stage.pass(5_000);
  areTold([fay], ['two-5']);
  areTold([ann, cat], []);
  expect(stage.failures).toEqual([]);
});

test('[HP-HOME-13] no more is put off than a room remembers', () => {
  const chat = { ...fast, historyMax: 10 };
  const stage = new ClusterStage({ nodes: 3, shards: 2, chat });
  stage.until(() => stage.isWhole, 10_000);
  stage.pass(500);
  const room = roomOf(['n1', 'n2', 'n3']);
  const both = [joined(stage, 'ann', 'n1', room), joined(stage, 'cat', 'n3', room)];
  for (const client of both) messages(client);
  const said = Array.from({ length: 25 }, (_, at) => `two-${at + 5}`);
  for (const [at, id] of said.entries())
    hear(stage, room, { id, epoch: 9_000_000_000_002, seq: at + 5, node: 'n9' });
  stage.pass(4_000);
  areTold(both, said.slice(-10));
  expect(stage.counted('n1', 'chat.messages.untold')).toBe(15);
  expect(stage.failures).toEqual([]);
});

describe('[HP-HOME-13] what another home says while it is heard and does not hear the home', () => {
  test('waits for what it has said before', () => {
    const { stage, room, ben, cat, eve } = divided();
    stage.heal();
    for (const node of APART) stage.cut('n1', node);
    const isThere = (): boolean =>
      ['n3', 'n5'].every((node) => stage.seen(node).includes('n2:up')) &&
      stage.seen('n2').includes('n5:up');
    stage.until(isThere, 20_000);
    stage.pass(300);
    say(ben, room, 'two-4');
    stage.pass(200);
    areTold([cat, eve], []);
    stage.heal();
    stage.until(() => stage.isWhole, 30_000);
    stage.pass(4_000);
    areTold([cat, eve], [...THEIRS, 'two-4']);
    expect(stage.failures).toEqual([]);
  });
});

/** The first is the room's home; the next ones are its copies, as far as there are any. */
function byWeight(nodes: readonly string[], room: string): string[] {
  const home = homeNodeOf(nodes, room) ?? '';
  const others = nodes.filter((node) => node !== home);
  return others.length === 0 ? [home] : [home, ...byWeight(others, room)];
}

test.each([1, 2])(
  '[HP-HOME-4] [HP-RES-3] what %i who came back were told is not told again when the home moves',
  (count) => {
    const stage = whole(5);
    const names = stage.nodes.map(({ name }) => name);
    const room = 'r';
    const [home = '', next = '', ...others] = byWeight(names, room);
    // It keeps no copy.
    const last = others.at(-1) ?? '';
    const ben = joined(stage, 'ben', next, room);
    const away = ['cat', 'dan'].slice(0, count).map((user) => joined(stage, user, last, room));
    messages(ben);
    say(ben, room, 'first');
    stage.pass(100);
    for (const client of away) {
      expect(ids(messages(client))).toEqual(['first']);
      client.wire.leave();
    }
    stage.kill(home);
    stage.until(() => stage.seen(last).includes(`${home}:down`), 20_000);
    stage.pass(1_000);
    // Nobody on the last node follows the room now.
    say(ben, room, 'second');
    stage.pass(200);
    const back = away.map(({ token }) => {
      const client = new HpClient(stage.at(last));
      client.ask('RESUME', { token });
      stage.pass(200);
      expect(ids(messages(client))).toEqual(['second']);
      return client;
    });
    stage.start(home);
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(4_000);
    say(ben, room, 'third');
    stage.pass(500);
    expect(back.map((client) => ids(messages(client)))).toEqual(back.map(() => ['third']));
    expect(stage.failures).toEqual([]);
  },
);

describe('[HP-HOME-7] what was lost on its way to a node', () => {
  test('is asked for as soon as something behind it comes, which waits for it', () => {
    // More at once than may wait for a node is dropped.
    const stage = whole(3, { forwardsMax: 8 });
    const room = roomOf(['n1', 'n2', 'n3'], ['n2', 'n3']);
    const speakers = Array.from({ length: 20 }, (_, at) => joined(stage, `u${at}`, 'n1', room));
    const cat = joined(stage, 'cat', 'n3', room);
    stage.pass(1_000);
    messages(cat);
    stage.delay('n1', 'n3', 100);
    for (const [at, speaker] of speakers.entries()) say(speaker, room, `m${at}`);
    stage.pass(400);
    const heard = ids(messages(cat));
    const said = speakers.map((_, at) => `m${at}`);
    expect(heard).toEqual(said.slice(0, heard.length));
    expect(heard.length).toBeLessThan(said.length);
    const [speaker] = speakers;
    if (speaker !== undefined) say(speaker, room, 'last');
    stage.pass(1_000);
    expect([...heard, ...ids(messages(cat))]).toEqual([...said, 'last']);
    expect(stage.failures).toEqual([]);
  });
});
