// Rooms on several nodes: one order for all members, wherever they are, and a home that can die, move, and be made one
// again.

import { describe, expect, test } from 'vitest';

import { successorsOf } from '../../../src/actors/chat/rendezvous.ts';
import type { RoomsMessage } from '../../../src/actors/chat/rooms/room-messages.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';

const fast = {
  ...{ messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, joinsPerSecondMax: 1e6 },
  ...{ pingEveryMs: 3e6, pingTimeoutMs: 6e6 },
};

function whole(more: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage({ shards: 2, chat: fast, ...more });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function joined(stage: ClusterStage, user: string, node: string, room = 'r', shard = 0): HpClient {
  const client = HpClient.in(stage.at(node), user, shard);
  client.ask('JOIN', { room });
  stage.pass(50);
  const answer = client.take().find(({ type }) => type === 'JOIN_OK');
  if (answer === undefined) throw new Error(`${user} did not come in`);
  return client;
}

function say(client: HpClient, body: string, room = 'r', id = body.replace(' ', '-')): void {
  client.ask('ROOM_MESSAGE', { room, body }, id);
}

interface Entry {
  readonly id: string;
  readonly body: string;
}

const messages = (lines: readonly HpLine[]): HpLine[] =>
  lines.filter(({ type }) => type === 'ROOM_MESSAGE');
const bodies = (lines: readonly HpLine[]): unknown[] =>
  messages(lines).map(({ payload }) => payload['body']);
const acks = (lines: readonly HpLine[]): unknown[] =>
  lines.filter(({ type }) => type === 'ACK').map(({ payload }) => payload['seq']);

/** The node that a room's messages come from. */
function homeOfRoom(stage: ClusterStage, room: string): string {
  const probe = joined(stage, 'probe', 'n1', room);
  const echo = joined(stage, 'echo', 'n1', room);
  say(probe, 'where', room);
  stage.pass(50);
  const [heard] = messages(echo.take());
  for (const client of [probe, echo]) client.ask('BYE');
  stage.pass(50);
  return String(heard?.payload['node']);
}

/** A room at home on a node. */
function roomAt(stage: ClusterStage, node: string): string {
  for (let at = 0; at < 50; at += 1)
    if (homeOfRoom(stage, `room-${at}`) === node) return `room-${at}`;
  throw new Error(`no room is at home on ${node}`);
}

describe('rooms', () => {
  test('[HP-HOME-1] [HP-HOME-2] all members hear one order, wherever they are', () => {
    const stage = whole();
    const clients = ['n1', 'n2', 'n3'].flatMap((node) =>
      [0, 1].map((shard) => joined(stage, `${node}-${shard}`, node, 'r', shard)),
    );
    stage.pass(50);
    for (const client of clients) client.take();
    for (let at = 0; at < 20; at += 1)
      for (const [who, client] of clients.entries()) say(client, `${who}-${at}`);
    stage.pass(500);
    const heard = clients.map((client) => client.take());
    for (const lines of heard) {
      const seqs = messages(lines).map(({ payload }) => Number(payload['seq']));
      expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
      expect(seqs).toHaveLength(100);
      expect(new Set([...seqs, ...acks(lines)]).size).toBe(120);
    }
    expect(stage.failures).toEqual([]);
  });

  test('a message crosses once to each node where somebody is, and once to each that keeps it', () => {
    const stage = whole();
    const room = roomAt(stage, 'n1');
    const alice = joined(stage, 'alice', 'n1', room);
    for (let at = 0; at < 10; at += 1) joined(stage, `u${at}`, 'n2', room);
    stage.said.length = 0;
    say(alice, 'hello there', room);
    stage.pass(100);
    const crossed = stage.said.filter(({ text }) => text.includes('hello there'));
    const ways = (kind: string): string[] =>
      crossed
        .filter(({ text }) => text.includes(`"kind":"${kind}"`))
        .map(({ from, to }) => `${from} ${to}`);
    expect(ways('publication')).toEqual(['n1 n2']);
    expect(ways('room')).toHaveLength(1);
  });

  test('[HP-ROOM-7] [HP-ROOM-8] [HP-HOME-9] the list of rooms is that of all nodes, page by page; it says when a node is missing', () => {
    const stage = whole();
    const rooms = Array.from({ length: 25 }, (_, at) => `room-${String(at).padStart(2, '0')}`);
    const clients = rooms.map((room, at) =>
      joined(stage, `u${at}`, ['n1', 'n2', 'n3'][at % 3] ?? '', room, at % 2),
    );
    joined(stage, 'other', 'n3', 'room-00');
    const asker = HpClient.in(stage.at('n2'), 'asker', 1);
    const list = (payload: object): HpLine['payload'] | undefined => {
      asker.take();
      asker.ask('ROOM_LIST', payload);
      stage.pass(100);
      return asker.take().find(({ type }) => type === 'ROOM_LIST_OK')?.payload;
    };
    const counts = rooms.map((room) => ({ room, count: room === 'room-00' ? 2 : 1 }));
    expect(list({})).toMatchObject({ rooms: counts, more: false, partial: false });
    const other = HpClient.in(stage.at('n2'), 'other-shard', 0);
    other.ask('ROOM_LIST', {});
    stage.pass(100);
    expect(other.take()[0]?.payload).toMatchObject({ rooms: counts, more: false, partial: false });
    expect(list({ limit: 10 })).toMatchObject({ rooms: counts.slice(0, 10), more: true });
    expect(list({ limit: 10, after: 'room-09' })).toMatchObject({ rooms: counts.slice(10, 20) });
    expect(list({ prefix: 'room-1' })?.['rooms']).toHaveLength(10);
    clients[0]?.ask('BYE');
    stage.pass(50);
    expect(list({ limit: 1 })?.['rooms']).toEqual([{ room: 'room-00', count: 1 }]);
    stage.kill('n3');
    stage.until(() => stage.seen('n2').includes('n3:down'), 10_000);
    stage.pass(1_000);
    const left = list({});
    expect(left?.['partial']).toBe(true);
    asker.ask('ROOM_MEMBERS', { room: 'room-01' });
    stage.pass(50);
    expect(asker.take()[0]?.payload).toMatchObject({ partial: true, members: [{ user: 'u1' }] });
    expect(stage.failures).toEqual([]);
  });

  test('[HP-ROOM-8] members are partial where a node is down, though the home has come back since and does not know it', () => {
    const stage = whole();
    const room = roomAt(stage, 'n3');
    const asker = joined(stage, 'asker', 'n1', room);
    stage.kill('n2');
    stage.kill('n3');
    stage.until(() => stage.seen('n1').includes('n2:down'), 10_000);
    stage.start('n3');
    stage.until(() => stage.seen('n1').includes('n3:up'), 10_000);
    stage.pass(2_000);
    asker.take();
    asker.ask('ROOM_MEMBERS', { room });
    stage.pass(100);
    const told = asker.take().find(({ type }) => type === 'ROOM_MEMBERS_OK');
    expect(told?.payload).toMatchObject({ partial: true, members: [{ user: 'asker' }] });
  });

  test('[HP-ROOM-7] a node that does not answer is not waited for', () => {
    const stage = whole();
    joined(stage, 'alice', 'n1');
    const asker = HpClient.in(stage.at('n2'), 'asker');
    stage.cut('n2', 'n3');
    asker.ask('ROOM_LIST', {});
    stage.pass(2_500);
    const [told] = asker.take();
    expect(told?.payload['partial']).toBe(true);
  });

  test('members, history, coming, going and typing are those of the whole room', () => {
    const stage = whole();
    const alice = joined(stage, 'alice', 'n1');
    const bob = joined(stage, 'bob', 'n2');
    stage.pass(50);
    expect(alice.told()).toEqual(['ROOM_EVENT join bob']);
    say(alice, 'one');
    say(bob, 'two');
    stage.pass(50);
    alice.take();
    bob.take();
    bob.ask('TYPING', { room: 'r', on: true });
    stage.pass(50);
    expect(alice.told()).toEqual(['TYPING bob']);
    for (const client of [alice, bob]) {
      client.take();
      client.ask('ROOM_MEMBERS', { room: 'r' });
      client.ask('HISTORY', { room: 'r', limit: 10 });
      stage.pass(50);
      const [members, history] = client.take();
      expect(members?.payload['members']).toMatchObject([{ user: 'alice' }, { user: 'bob' }]);
      expect(history?.payload['messages']).toMatchObject([{ body: 'one' }, { body: 'two' }]);
    }
    const carol = HpClient.in(stage.at('n3'), 'carol');
    carol.ask('JOIN', { room: 'r', history: { limit: 10 } });
    stage.pass(50);
    expect(bodies(carol.take())).toEqual(['one', 'two']);
    alice.take();
    bob.ask('LEAVE', { room: 'r' });
    stage.pass(50);
    expect(alice.told()).toEqual(['ROOM_EVENT leave bob']);
    expect(bob.told()).toEqual(['ROOM_EVENT join carol', 'LEAVE_OK']);
  });

  test.each([1, 2, 3])(
    '[HP-HOME-6] [HP-ROOM-2] whoever comes in hears everything behind its place, and nothing before it (seed %i)',
    (seed) => {
      const stage = whole({ seed });
      const talkers = ['n1', 'n2', 'n3'].map((node) => joined(stage, `t-${node}`, node));
      const comers: HpClient[] = [];
      for (let at = 0; at < 30; at += 1) {
        for (const [who, talker] of talkers.entries()) say(talker, `${who}-${at}`);
        const comer = HpClient.in(stage.at(['n1', 'n2', 'n3'][at % 3] ?? 'n1'), `c${at}`, at % 2);
        comer.ask('JOIN', { room: 'r' });
        comers.push(comer);
        for (const [who, talker] of talkers.entries()) say(talker, `${who}-${at}b`);
      }
      stage.pass(500);
      for (const comer of comers) {
        const lines = comer
          .take()
          .filter(({ type }) => type === 'JOIN_OK' || type === 'ROOM_MESSAGE');
        expect(lines[0]?.type).toBe('JOIN_OK');
        const [place, ...seqs] = lines.map(({ payload }) => Number(payload['seq']));
        expect(seqs).toEqual(seqs.map((_, at) => Number(place) + 1 + at));
        expect(seqs.at(-1) ?? place).toBe(180);
      }
      expect(stage.failures).toEqual([]);
    },
  );

  test('the same id again is the same message, whatever happens to the answer', () => {
    const stage = whole();
    const [alice, bob] = [joined(stage, 'alice', 'n1'), joined(stage, 'bob', 'n2')];
    stage.pass(50);
    for (const client of [alice, bob]) client.take();
    for (const client of [alice, bob]) for (let at = 0; at < 3; at += 1) say(client, `x`, 'r', '1');
    stage.pass(50);
    expect(bodies(alice.take())).toEqual(['x']);
    expect(bodies(bob.take())).toEqual(['x']);
  });
});

describe('homes', () => {
  test('[HP-HOME-3] [HP-HOME-4] when its home dies, the room goes on with a higher epoch and what its members know', () => {
    const stage = whole();
    const room = roomAt(stage, 'n3');
    const [alice, bob] = [joined(stage, 'alice', 'n1', room), joined(stage, 'bob', 'n2', room)];
    const gone = joined(stage, 'gone', 'n3', room);
    say(alice, 'before', room);
    stage.pass(50);
    const [before] = messages(bob.take());
    expect(gone.isClosed).toBe(false);
    stage.kill('n3');
    stage.until(() => stage.seen('n1').includes('n3:down'), 5_000);
    stage.pass(1_000);
    alice.take();
    say(alice, 'after', room);
    stage.pass(50);
    const [after] = messages(bob.take());
    expect(after?.payload['body']).toBe('after');
    expect(Number(after?.payload['epoch'])).toBeGreaterThan(Number(before?.payload['epoch']));
    expect(Number(after?.payload['seq'])).toBeGreaterThan(Number(before?.payload['seq']));
    bob.ask('ROOM_MEMBERS', { room });
    bob.ask('HISTORY', { room, limit: 10 });
    stage.pass(50);
    const lines = bob.take();
    const members = lines.find(({ type }) => type === 'ROOM_MEMBERS_OK');
    const history = lines.find(({ type }) => type === 'HISTORY_OK');
    expect(members?.payload['members']).toMatchObject([{ user: 'alice' }, { user: 'bob' }]);
    const found = history?.payload['messages'];
    const texts = (found as Entry[]).map(({ body }) => body);
    expect(texts.slice(-2)).toEqual(['before', 'after']);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-STORE-7] whoever dies with the home is heard to leave, and nobody else comes or goes', () => {
    const stage = whole();
    const room = roomAt(stage, 'n3');
    const [alice, bob] = [joined(stage, 'alice', 'n1', room), joined(stage, 'bob', 'n2', room)];
    for (const user of ['gone', 'lost']) joined(stage, user, 'n3', room);
    const left = joined(stage, 'left', 'n3', room);
    left.ask('BYE');
    stage.pass(200);
    for (const client of [alice, bob]) client.take();
    stage.kill('n3');
    stage.pass(30_000);
    const events = (client: HpClient): string[] =>
      client.told().filter((text) => text.startsWith('ROOM_EVENT'));
    for (const client of [alice, bob])
      expect(events(client).toSorted()).toEqual(['ROOM_EVENT leave gone', 'ROOM_EVENT leave lost']);
    stage.start('n3');
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(30_000);
    for (const client of [alice, bob]) expect(events(client)).toEqual([]);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-HOME-3] [HP-HOME-11] one that is told of much, in pieces, goes on behind all of it, and nobody comes in again', () => {
    const stage = whole();
    const room = roomAt(stage, 'n3');
    const [alice, bob] = [joined(stage, 'alice', 'n1', room), joined(stage, 'bob', 'n2', room)];
    stage.kill('n3');
    stage.pass(10_000);
    for (let number = 0; number < 45; number += 1) {
      say(alice, 'x'.repeat(16_000), room, `m${number}`);
      stage.pass(600);
    }
    const last = Number(acks(alice.take()).at(-1));
    expect(messages(bob.take())).toHaveLength(45);
    stage.start('n3');
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(5_000);
    say(alice, 'more', room);
    stage.pass(1_000);
    expect(acks(alice.take())).toEqual([last + 1]);
    expect(bob.told()).toEqual([`ROOM_MESSAGE alice more ${last + 1}`]);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-STORE-4] [HP-STORE-7] the copies of a room in which nothing was said know who is in it at its new home', () => {
    const stage = whole();
    const names = Array.from({ length: 100 }, (_, at) => `quiet-${at}`);
    const orderOf = (name: string): string => successorsOf(['n1', 'n2', 'n3'], name, '').join(' ');
    const room = names.find((name) => orderOf(name) === 'n3 n2 n1') ?? '';
    const alice = joined(stage, 'alice', 'n1', room);
    joined(stage, 'bob', 'n2', room);
    stage.pass(200);
    for (const node of ['n3', 'n2']) {
      alice.take();
      stage.kill(node);
      stage.pass(30_000);
    }
    const events = alice.told().filter((text) => text.startsWith('ROOM_EVENT'));
    expect(events).toEqual(['ROOM_EVENT leave bob']);
  });

  test('[HP-HOME-7] a home whose numbers went on without messages keeps nobody waiting for what was never said', () => {
    const stage = whole();
    const names = Array.from(Array(100).keys(), (at) => `raised-${at}`);
    const room = names.find((name) => successorsOf(['n1', 'n2', 'n3'], name, '')[0] === 'n1') ?? '';
    const bob = joined(stage, 'bob', 'n2', room);
    say(bob, 'one', room);
    stage.pass(200);
    // Another node knows of a later place, and of nothing that was said there.
    const body = { say: 'sitting', place: { epoch: 3e15, seq: 9 }, members: [] } as const;
    for (const [shard, { system }] of stage.node('n1').shards.entries())
      system.deliver(actorsOf(shard).rooms, { type: 'peerSaid', node: 'n3', key: room, body });
    stage.pass(200);
    const carol = joined(stage, 'carol', 'n2', room);
    bob.take();
    say(carol, 'two', room);
    stage.pass(200);
    expect(bodies(bob.take())).toEqual(['two']);
    expect(stage.failures).toEqual([]);
  });

  test.each([
    ['somebody comes in', 1_000, true],
    ['it has forgotten the room before', 150_000, true],
    ['nobody does', 1_000, false],
    ['it goes on with the room for a moment', 100, false],
  ])(
    '[HP-STORE-3] [HP-STORE-4] [HP-STORE-7] a copy that took the home for gone by mistake knows who is there: %s',
    (_, ms, comesIn) => {
      const stage = whole({ chat: { ...fast, emptyRoomMs: 60_000 } });
      const names = Array.from(Array(100).keys(), (at) => `quiet-${at}`);
      const orderOf = (name: string): string =>
        successorsOf(['n1', 'n2', 'n3'], name, '').join(' ');
      const room = names.find((name) => orderOf(name) === 'n1 n2 n3') ?? '';
      const bob = joined(stage, 'bob', 'n3', room);
      joined(stage, 'alice', 'n1', room);
      stage.pass(200);
      const { shards } = stage.node('n2');
      const tell = (message: RoomsMessage): void => {
        for (const [shard, { system }] of shards.entries())
          system.deliver(actorsOf(shard).rooms, message);
      };
      const nodes = { type: 'nodesChanged', size: 3, isServing: true, isJoined: true } as const;
      tell({ type: 'nodeDown', node: 'n1' });
      tell({ ...nodes, nodes: ['n2', 'n3'], down: 1 });
      stage.pass(ms);
      tell({ type: 'nodeUp', node: 'n1', incarnation: 1 });
      tell({ ...nodes, nodes: ['n1', 'n2', 'n3'], down: 0 });
      stage.pass(1_000);
      if (comesIn) joined(stage, 'carol', 'n1', room);
      bob.take();
      stage.kill('n1');
      stage.pass(20_000);
      const events = bob.told().filter((text) => text.startsWith('ROOM_EVENT'));
      const gone = comesIn ? ['alice', 'carol'] : ['alice'];
      expect(events.toSorted()).toEqual(gone.map((user) => `ROOM_EVENT leave ${user}`));
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-STORE-3] [HP-STORE-7] a copy that another node gave what it knew, by mistake, learns again who is there', () => {
    const stage = whole();
    const names = Array.from(Array(100).keys(), (at) => `quiet-${at}`);
    const orderOf = (name: string): string => successorsOf(['n1', 'n2', 'n3'], name, '').join(' ');
    const room = names.find((name) => orderOf(name) === 'n1 n2 n3') ?? '';
    const alice = joined(stage, 'alice', 'n1', room);
    const bob = joined(stage, 'bob', 'n3', room);
    say(alice, 'x', room);
    stage.pass(200);
    const { epoch, seq } = messages(bob.take())[0]?.payload ?? {};
    const place = { epoch: Number(epoch), seq: Number(seq) };
    // It took itself for the home, had heard of every message, and of nobody who sits there.
    const from = { epoch: 0, seq: 0 };
    const body = { say: 'keep', from, place, last: place, entries: [], users: [] } as const;
    for (const [shard, { system }] of stage.node('n2').shards.entries())
      system.deliver(actorsOf(shard).rooms, { type: 'peerSaid', node: 'n3', key: room, body });
    stage.pass(130_000);
    bob.take();
    stage.kill('n1');
    stage.pass(20_000);
    const events = bob.told().filter((text) => text.startsWith('ROOM_EVENT'));
    expect(events).toEqual(['ROOM_EVENT leave alice']);
  });

  test('[HP-HOME-5] what was asked of a home that died is asked of the next one', () => {
    const stage = whole({ chat: { ...fast, answerTimeoutMs: 20_000 } });
    const room = roomAt(stage, 'n3');
    const [alice, bob] = [joined(stage, 'alice', 'n1', room), joined(stage, 'bob', 'n2', room)];
    for (const other of ['n1', 'n2']) stage.cut(other, 'n3');
    stage.pass(100);
    alice.take();
    say(alice, 'x', room);
    stage.until(
      () => stage.seen('n1').includes('n3:down') && stage.seen('n2').includes('n3:down'),
      13_000,
    );
    stage.pass(1_000);
    expect(acks(alice.take())).toHaveLength(1);
    expect(bodies(bob.take())).toEqual(['x']);
  });

  test('[HP-HOME-3] a node that comes takes its rooms over, and nothing of them is lost', () => {
    const stage = whole();
    const rooms = Array.from({ length: 12 }, (_, at) => `room-${at}`);
    stage.kill('n3');
    stage.until(
      () => stage.seen('n1').includes('n3:down') && stage.seen('n2').includes('n3:down'),
      5_000,
    );
    const clients = rooms.map(
      (room) =>
        [joined(stage, `a-${room}`, 'n1', room), joined(stage, `b-${room}`, 'n2', room)] as const,
    );
    for (const [at, [alice]] of clients.entries()) say(alice, `early ${at}`, rooms[at]);
    stage.pass(100);
    stage.start('n3');
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(1_000);
    for (const [alice, bob] of clients) {
      alice.take();
      bob.take();
    }
    for (const [at, [, bob]] of clients.entries()) say(bob, `late ${at}`, rooms[at]);
    stage.pass(200);
    let moved = 0;
    for (const [at, [alice, bob]] of clients.entries()) {
      const lines = alice.take();
      expect(bodies(lines)).toEqual([`late ${at}`]);
      if (messages(lines)[0]?.payload['node'] === 'n3') moved += 1;
      bob.take();
      bob.ask('HISTORY', { room: rooms[at], limit: 10 });
      stage.pass(50);
      const found = bob.take().find(({ type }) => type === 'HISTORY_OK')?.payload['messages'];
      expect((found as Entry[]).map(({ body }) => body)).toEqual([`early ${at}`, `late ${at}`]);
    }
    expect(moved).toBeGreaterThan(0);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-HOME-3] [HP-HOME-4] two homes become one: both sides hear one order again, and remember both', () => {
    const stage = whole();
    const room = roomAt(stage, 'n1');
    const [alice, bob] = [joined(stage, 'alice', 'n1', room), joined(stage, 'bob', 'n2', room)];
    stage.split(['n2']);
    stage.pass(15_000);
    for (const [client, side] of [
      [alice, 'one'],
      [bob, 'two'],
    ] as const)
      for (let at = 0; at < 3; at += 1) say(client, `${side} ${at}`, room);
    stage.pass(200);
    for (const client of [alice, bob]) expect(acks(client.take())).toHaveLength(3);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(2_000);
    for (const client of [alice, bob]) client.take();
    say(alice, 'again', room);
    say(bob, 'indeed', room);
    stage.pass(200);
    const [one, two] = [messages(alice.take())[0], messages(bob.take())[0]];
    expect(one?.payload).toMatchObject({
      body: 'indeed',
      epoch: two?.payload['epoch'],
      node: 'n1',
    });
    expect(two?.payload['body']).toBe('again');
    const histories = [alice, bob].map((client) => {
      client.ask('HISTORY', { room, limit: 20 });
      stage.pass(50);
      const found = client.take().find(({ type }) => type === 'HISTORY_OK')?.payload['messages'];
      return (found as Entry[]).map(({ body }) => body);
    });
    expect(histories[0]).toEqual(histories[1]);
    const all = ['one 0', 'one 1', 'one 2', 'two 0', 'two 1', 'two 2', 'again', 'indeed'];
    expect(histories[0]?.filter((body) => body !== 'where').toSorted()).toEqual(all.toSorted());
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'one order, nothing twice, nothing acknowledged lost while links break and nodes stall (seed %i)',
    (seed) => {
      const stage = whole({ seed, chat: { ...fast, answerTimeoutMs: 60_000 } });
      const chance = new Prng(seed, 'rooms');
      const clients = ['n1', 'n2', 'n3'].map((node) => joined(stage, `u-${node}`, node));
      stage.pass(100);
      for (const client of clients) client.take();
      const heard: HpLine[][] = clients.map(() => []);
      for (let at = 0; at < 60; at += 1) {
        const client = chance.pick(clients);
        say(client, `b${at}`, 'r', `m${at}`);
        stage.pass(chance.between(0, 300));
        if (chance.chance(1, 6)) stage.sever(chance.pick(['n1', 'n2']), 'n3');
        if (chance.chance(1, 12))
          stage.stall(chance.pick(['n1', 'n2', 'n3']), chance.between(100, 5_000));
        if (chance.chance(1, 15)) stage.split([chance.pick(['n1', 'n2', 'n3'])]);
        else if (chance.chance(1, 4)) stage.heal();
      }
      stage.heal();
      stage.pass(60_000);
      expect(stage.isWhole).toBe(true);
      for (const [who, client] of clients.entries()) heard[who]?.push(...client.take());
      for (const lines of heard) {
        // Epochs have 16 digits: a number that held both would round.
        const places = messages(lines).map(({ payload }) =>
          [payload['epoch'], payload['seq']].map((one) => String(one).padStart(16, '0')).join(':'),
        );
        const ids = messages(lines).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(places).toEqual(places.toSorted());
      }
      const acknowledged = heard.flatMap((lines) =>
        lines.filter(({ type }) => type === 'ACK').map(({ payload }) => String(payload['ref'])),
      );
      const [history] = clients.map((client) => {
        client.ask('HISTORY', { room: 'r', limit: 100 });
        stage.pass(100);
        const found = client.take().find(({ type }) => type === 'HISTORY_OK')?.payload['messages'];
        return (found as Entry[]).map(({ id }) => id);
      });
      expect(acknowledged.length).toBeGreaterThan(50);
      for (const ref of acknowledged) expect(history).toContain(ref);
      expect(stage.failures).toEqual([]);
    },
  );
});
