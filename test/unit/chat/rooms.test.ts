// Rooms on a stage of several shards: their order, what is heard by whom, and what becomes of it when a client goes and
// comes back, or a shard dies.

import { eachOnce } from '../../../src/actors/chat/session/looking.ts';
import { assert as check, array, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shardOfUser } from '../../../src/actors/chat/chat-context.ts';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import { HpClient, type HpLine, line } from '../../support/hp-client.ts';
import { Stage } from '../../support/stage.ts';

const fast = {
  messagesPerSecondMax: 1e6,
  messagesBurstMax: 1e6,
  joinsPerSecondMax: 1e6,
  bytesPerSecondMax: 1e9,
  bytesBurstMax: 1e9,
};

function joined(stage: Stage, user: string, shard = 0, login: object = {}): HpClient {
  const client = HpClient.in(stage, user, shard, login);
  client.ask('JOIN', { room: 'r' });
  stage.settle();
  const answer = client.next();
  if (answer?.type !== 'JOIN_OK') throw new Error(JSON.stringify(answer));
  return client;
}

function say(client: HpClient, body: string, id?: string): void {
  client.ask('ROOM_MESSAGE', { room: 'r', body }, id);
}

const bodies = (lines: readonly HpLine[]): unknown[] =>
  lines.filter(({ type }) => type === 'ROOM_MESSAGE').map(({ payload }) => payload['body']);

describe('coming and going', () => {
  test('[HP-ROOM-1] [HP-ROOM-2] [HP-ROOM-5] JOIN_OK, then the last messages in order, then live; others hear of it', () => {
    const stage = new Stage({ chat: {}, shards: 2 });
    const alice = joined(stage, 'alice');
    for (const body of ['1', '2', '3']) say(alice, body);
    alice.take();
    const bob = HpClient.in(stage, 'bob', 1);
    bob.ask('JOIN', { room: 'r', history: { limit: 2 } });
    expect(alice.take()).toMatchObject([
      { type: 'ROOM_EVENT', payload: { room: 'r', event: 'join', user: 'bob', count: 2 } },
    ]);
    say(alice, '4');
    expect(bob.take()).toMatchObject([
      {
        type: 'JOIN_OK',
        payload: { room: 'r', seq: 3, epoch: expect.any(Number) as number, count: 2 },
      },
      { type: 'ROOM_MESSAGE', payload: { body: '2', seq: 2, delayed: true } },
      { type: 'ROOM_MESSAGE', payload: { body: '3', seq: 3, delayed: true } },
      { type: 'ROOM_MESSAGE', payload: { body: '4', seq: 4 } },
    ]);
  });

  test('[HP-ROOM-3] [HP-ROOM-4] [HP-MSG-1] again is no news; after LEAVE nothing comes; who is not in may not speak', () => {
    const stage = new Stage({ chat: {}, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1);
    alice.take();
    bob.ask('JOIN', { room: 'r' });
    expect(bob.next()).toMatchObject({ type: 'JOIN_OK', payload: { already: true, count: 2 } });
    expect(alice.take()).toEqual([]);
    bob.ask('LEAVE', { room: 'r' });
    expect(bob.told()).toEqual(['LEAVE_OK']);
    expect(alice.told()).toEqual(['ROOM_EVENT leave bob']);
    say(alice, 'x');
    expect(bob.take()).toEqual([]);
    say(bob, 'y');
    bob.ask('LEAVE', { room: 'r' });
    expect(bob.told()).toEqual(['ERROR NOT_IN_ROOM', 'ERROR NOT_IN_ROOM']);
  });

  test('[HP-ROOM-5] a second session of a user is no news, and neither is its going', () => {
    const stage = new Stage({ chat: {} });
    const alice = joined(stage, 'alice');
    joined(stage, 'bob');
    alice.take();
    const other = joined(stage, 'BOB');
    other.ask('BYE');
    expect(alice.take()).toEqual([]);
  });

  test('[HP-ROOM-5] a crowd hears how many it is, every five seconds', () => {
    const stage = new Stage({ chat: { roomEventsMax: 2 }, shards: 2 });
    const alice = joined(stage, 'alice');
    for (const user of ['bob', 'carol', 'dave']) joined(stage, user, 1);
    expect(alice.told()).toEqual(['ROOM_EVENT join bob']);
    stage.pass(5_000);
    expect(alice.take()).toMatchObject([
      { type: 'ROOM_EVENT', payload: { event: 'count', count: 4 } },
    ]);
    stage.pass(10_000);
    expect(alice.take()).toEqual([]);
  });

  test('[HP-ROOM-7] a room that two homes list is told once', () => {
    const listed = [
      ['b', 1],
      ['a', 2],
      ['b', 3],
    ] as const;
    expect(eachOnce(listed)).toEqual([
      ['a', 2],
      ['b', 3],
    ]);
  });

  test('[HP-ROOM-7] [HP-ROOM-8] [HP-LIM-2] rooms and members are listed by name, a page at a time', () => {
    const stage = new Stage({ chat: { ...fast, roomsPerSessionMax: 12 }, shards: 3 });
    const alice = HpClient.in(stage, 'alice', 1);
    for (let i = 0; i < 12; i += 1)
      alice.ask('JOIN', { room: `room-${String(i).padStart(2, '0')}` });
    alice.ask('JOIN', { room: 'one-more' });
    expect(alice.told().at(-1)).toBe('ERROR FORBIDDEN');
    alice.ask('ROOM_LIST', { prefix: 'room-', limit: 5 });
    alice.ask('ROOM_LIST', { after: 'room-09' });
    const [first, second] = alice.take();
    const names = (answer: HpLine | undefined): string[] =>
      ((answer?.payload['rooms'] ?? []) as { room: string }[]).map(({ room }) => room);
    expect(names(first)).toEqual(['room-00', 'room-01', 'room-02', 'room-03', 'room-04']);
    expect(first?.payload['more']).toBe(true);
    expect(names(second)).toEqual(['room-10', 'room-11']);
    expect(second?.payload['more']).toBe(false);
    for (const user of ['Zoe', 'bob']) {
      const client = HpClient.in(stage, user);
      client.ask('JOIN', { room: 'room-00' });
    }
    alice.ask('ROOM_MEMBERS', { room: 'room-00', limit: 2 });
    alice.ask('ROOM_MEMBERS', { room: 'room-00', after: 'bob' });
    alice.ask('ROOM_MEMBERS', { room: 'nowhere' });
    const told = alice.take().filter(({ type }) => type !== 'ROOM_EVENT');
    expect(told).toMatchObject([
      {
        payload: {
          members: [{ user: 'alice', status: 'online' }, { user: 'bob' }],
          count: 3,
          more: true,
        },
      },
      { payload: { members: [{ user: 'Zoe' }], more: false, partial: false } },
      { payload: { code: 'NO_SUCH_ROOM' } },
    ]);
  });

  test('[HP-ROOM-6] without place for another room the one that has been empty for longest is forgotten, and none that is not', () => {
    const stage = new Stage({ chat: { ...fast, roomsMax: 3 } });
    const alice = HpClient.in(stage, 'alice');
    const epochOf = (room: string): unknown => {
      alice.ask('JOIN', { room });
      return alice.take().at(-1)?.payload['epoch'];
    };
    const leave = (room: string): void => {
      alice.ask('LEAVE', { room });
      alice.take();
    };
    const epochs = ['a', 'b', 'c'].map(epochOf);
    for (const room of ['b', 'a', 'c']) {
      stage.pass(10);
      leave(room);
    }
    // Somebody has been in it since.
    expect(epochOf('b')).toBe(epochs[1]);
    leave('b');
    expect(epochOf('a')).toBe(epochs[0]);
    epochOf('d');
    expect(epochOf('b')).toBe(epochs[1]);
    alice.ask('JOIN', { room: 'e' });
    expect(alice.take().at(-1)?.type).toBe('ERROR');
    leave('a');
    expect(epochOf('c')).toBeGreaterThan(epochs[2] as number);
  });

  test('[HP-ROOM-6] an empty room is forgotten after its time, and comes back with a higher epoch', () => {
    const stage = new Stage({ chat: { emptyRoomMs: 100_000 } });
    const alice = HpClient.in(stage, 'alice');
    alice.ask('JOIN', { room: 'r' });
    const first = alice.next()?.payload['epoch'] as number;
    say(alice, 'x');
    alice.ask('LEAVE', { room: 'r' });
    for (let i = 0; i < 10; i += 1) {
      stage.pass(20_000);
      alice.ask('PONG');
    }
    alice.take();
    alice.ask('JOIN', { room: 'r', history: { limit: 10 } });
    const [again, ...rest] = alice.take();
    expect(again).toMatchObject({ type: 'JOIN_OK', payload: { seq: 0, epoch: first + 1 } });
    expect(rest).toEqual([]);
  });
});

describe('messages', () => {
  test('[HP-MSG-2] [HP-MSG-4] [HP-MSG-6] [HP-MSG-7] [HP-ACK-1] [HP-OUT-2] one ACK to the sender; the others hear it as it was sent', () => {
    const stage = new Stage({ chat: {}, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1);
    const other = joined(stage, 'Alice', 1);
    alice.take();
    bob.take();
    alice.raw(
      '{"version":"1.0","type":"ROOM_MESSAGE","id":"m1","timestamp":1600000000,"source":"client",' +
        '"payload":{"room":"r","body":"hi","from":"bob","data":{"n":170.50,"big":1e400}}}\n',
    );
    expect(alice.take()).toMatchObject([
      { type: 'ACK', payload: { ref: 'm1', status: 'accepted', seq: 1 } },
    ]);
    for (const hearer of [bob, other]) {
      const text = hearer.wire.take().join('');
      expect(text).toContain('"data":{"n":170.50,"big":1e400}');
      expect(JSON.parse(text)).toMatchObject({
        ...{ type: 'ROOM_MESSAGE', id: 'm1', timestamp: 1_600_000_000, source: 'server' },
        payload: { room: 'r', from: 'alice', body: 'hi', seq: 1, node: 'n1' },
      });
    }
  });

  test('[HP-MSG-5] [HP-MSG-6] the same id again is the same message; another sender may use it; echo is for those who ask', () => {
    const stage = new Stage({ chat: {}, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1, { caps: ['echo'] });
    alice.take();
    say(alice, 'x', '1');
    say(alice, 'x', '1');
    say(bob, 'y', '1');
    expect(alice.take()).toMatchObject([
      { type: 'ACK', payload: { ref: '1', seq: 1 } },
      { type: 'ACK', payload: { ref: '1', seq: 1, duplicate: true } },
      { type: 'ROOM_MESSAGE', payload: { body: 'y', seq: 2 } },
    ]);
    expect(bodies(bob.take())).toEqual(['x', 'y']);
  });

  test('[HP-HIST-1] [HP-HIST-2] [HP-HIST-3] history is paged by seq, for those who are in', () => {
    const stage = new Stage({ chat: { ...fast, historyMax: 5 } });
    const alice = joined(stage, 'alice');
    for (let i = 1; i <= 9; i += 1) say(alice, `m${i}`);
    alice.take();
    const page = (query: object): unknown => {
      alice.ask('HISTORY', { room: 'r', ...query });
      const payload = alice.next()?.payload ?? {};
      const messages = payload['messages'] as { body: string }[];
      return [messages.map(({ body }) => body).join(' '), payload['more']];
    };
    expect(page({})).toEqual(['m5 m6 m7 m8 m9', false]);
    expect(page({ limit: 2 })).toEqual(['m8 m9', true]);
    expect(page({ before: 8, limit: 2 })).toEqual(['m6 m7', true]);
    expect(page({ after: 5, limit: 3 })).toEqual(['m6 m7 m8', true]);
    expect(page({ after: 9 })).toEqual(['', false]);
    const bob = HpClient.in(stage, 'bob');
    bob.ask('HISTORY', { room: 'r' });
    expect(bob.told()).toEqual(['ERROR NOT_IN_ROOM']);
  });

  test('[HP-HIST-2] a page is never more than its reader can take at once, and one message at least', () => {
    const stage = new Stage({ chat: { ...fast, bodyBytesMax: 150_000, lineBytesMax: 200_000 } });
    const alice = joined(stage, 'alice');
    for (const size of [40_000, 40_000, 40_000, 120_000]) say(alice, 'x'.repeat(size));
    alice.take();
    const page = (query: object): unknown => {
      alice.ask('HISTORY', { room: 'r', ...query });
      const payload = alice.next()?.payload ?? {};
      return [(payload['messages'] as { seq: number }[]).map(({ seq }) => seq), payload['more']];
    };
    expect(page({})).toEqual([[4], true]);
    expect(page({ before: 4 })).toEqual([[2, 3], true]);
    expect(page({ before: 2 })).toEqual([[1], false]);
    expect(page({ after: 0 })).toEqual([[1, 2], true]);
    expect(page({ after: 2 })).toEqual([[3], true]);
    expect(page({ after: 3 })).toEqual([[4], false]);
  });

  test('[HP-TYPE-1] [HP-TYPE-2] typing is passed on, not answered, and not kept for a slow client', () => {
    const stage = new Stage({ chat: fast, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1);
    alice.take();
    alice.ask('TYPING', { room: 'r', on: true });
    alice.ask('TYPING', { to: 'bob', on: false });
    expect(alice.take()).toEqual([]);
    expect(bob.take()).toMatchObject([
      { type: 'TYPING', payload: { room: 'r', from: 'alice', on: true } },
      { type: 'TYPING', payload: { from: 'alice', on: false } },
    ]);
    bob.wire.isStalled = true;
    for (let i = 0; i < 20; i += 1) say(alice, 'x'.repeat(16_000));
    alice.ask('TYPING', { room: 'r', on: true });
    say(alice, 'last');
    bob.wire.resume();
    const told = bob.take();
    expect(told.filter(({ type }) => type === 'TYPING')).toEqual([]);
    expect(bodies(told).at(-1)).toBe('last');
  });

  test('[HP-TYPE-1] [HP-ROOM-5] who hears his own messages hears neither his typing nor his coming', () => {
    const stage = new Stage({ chat: fast, shards: 2 });
    const alice = joined(stage, 'alice', 0, { caps: ['echo'] });
    const bob = joined(stage, 'bob', 1);
    expect(alice.told()).toEqual(['ROOM_EVENT join bob']);
    alice.ask('TYPING', { room: 'r', on: true });
    expect(alice.told()).toEqual([]);
    expect(bob.told()).toEqual(['TYPING alice']);
  });

  test('[HP-MSG-4] [HP-ROOM-2] whatever the order of turns, everybody hears one order without gaps or repetitions', () => {
    const deed = tuple(integer({ min: 0, max: 2 }), constantFrom('say', 'rejoin', 'say', 'say'));
    check(
      property(
        integer({ min: 0, max: 1e6 }),
        array(deed, { minLength: 5, maxLength: 30 }),
        (chance, deeds) => {
          const stage = new Stage({ chat: fast, shards: 3, chance });
          stage.settle();
          const clients = ['a', 'b', 'c'].map((user, shard) =>
            joined(stage, user, shard, { caps: ['echo'] }),
          );
          const steps = deeds.map(([who, what], at) => ({ client: clients[who], what, at }));
          for (const { client, what, at } of steps) {
            if (what === 'say' && client !== undefined) say(client, `m${at}`);
            else {
              client?.ask('LEAVE', { room: 'r' });
              client?.ask('JOIN', { room: 'r', history: { limit: 100 } });
            }
            for (let i = 0; i < 3; i += 1) stage.step();
          }
          stage.settle();
          expect(stage.troubles).toEqual([]);
          const said = deeds.filter(([, what]) => what === 'say').length;
          for (const client of clients) {
            const seqs = client
              .take()
              .filter(({ type }) => type === 'ROOM_MESSAGE' || type === 'JOIN_OK')
              .map(({ type, payload }) =>
                type === 'JOIN_OK' ? 'join' : (payload['seq'] as number),
              );
            // Since it came in for the last time it was told all, each once, in order.
            const since = seqs.slice(seqs.lastIndexOf('join') + 1);
            const all = Array.from({ length: said }, (_, at) => at + 1);
            const isWhole = seqs.includes('join') ? all : all.slice(-since.length || all.length);
            expect(since).toEqual(said === 0 ? [] : isWhole);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('away and back', () => {
  test('[HP-RES-1] [HP-RES-2] [HP-RES-3] [HP-RES-7] on another shard: what was missed, once, in order, and nothing else', () => {
    const stage = new Stage({ chat: fast, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1);
    alice.take();
    say(alice, 'heard');
    expect(bodies(bob.take())).toEqual(['heard']);
    bob.wire.leave();
    stage.settle();
    for (const body of ['m1', 'm2']) say(alice, body);
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'd1' });
    expect(alice.told().slice(-1)).toEqual(['ACK accepted']);
    stage.pass(20_000);
    alice.ask('PING');
    const back = new HpClient(stage, 0);
    back.ask('RESUME', { token: bob.token });
    say(alice, 'm3');
    expect(back.take()).toMatchObject([
      { type: 'RESUME_OK', payload: { ref: 'q1', user: 'bob', replayed: 3, rooms: ['r'] } },
      { type: 'DIRECT_MESSAGE', payload: { body: 'd1', delayed: true } },
      { type: 'ROOM_MESSAGE', payload: { body: 'm1', seq: 2, delayed: true } },
      { type: 'ROOM_MESSAGE', payload: { body: 'm2', seq: 3, delayed: true } },
      { type: 'ROOM_MESSAGE', payload: { body: 'm3', seq: 4 } },
    ]);
    // Nobody was told that bob was away.
    expect(alice.take().filter(({ type }) => type === 'ROOM_EVENT')).toEqual([]);
    say(back, 'mine');
    expect(bodies(back.take())).toEqual([]);
    expect(bodies(alice.take())).toEqual(['mine']);
  });

  test('[HP-RES-7] the client says what it has', () => {
    const stage = new Stage({ chat: fast, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1);
    for (let i = 1; i <= 5; i += 1) say(alice, `m${i}`);
    bob.wire.leave();
    const back = new HpClient(stage, 1);
    back.ask('RESUME', { token: bob.token, rooms: { r: 2 } });
    expect(bodies(back.take())).toEqual(['m3', 'm4', 'm5']);
  });

  test('[HP-RES-7] [HP-ACK-3] with `ack`, what was not acknowledged comes again', () => {
    const stage = new Stage({ chat: fast, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1, { caps: ['ack'] });
    for (let i = 1; i <= 4; i += 1) say(alice, `m${i}`, `m${i}`);
    bob.ask('ACK', { refs: ['m1', 'm2'] });
    alice.take();
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'd1' }, 'd1');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'd2' }, 'd2');
    stage.settle();
    expect(alice.take()).toEqual([]);
    bob.ask('ACK', { ref: 'd1' });
    expect(alice.told()).toEqual(['ACK delivered']);
    stage.pass(2_500);
    expect(alice.told()).toEqual(['ACK accepted']);
    bob.wire.leave();
    const back = new HpClient(stage, 0);
    back.ask('RESUME', { token: bob.token });
    expect(back.take().map(({ type, payload }) => [type, payload['body']])).toEqual([
      ['RESUME_OK', undefined],
      ['DIRECT_MESSAGE', 'd2'],
      ['ROOM_MESSAGE', 'm3'],
      ['ROOM_MESSAGE', 'm4'],
    ]);
  });

  test('[HP-RES-7] what waited to be written when the connection broke counts as missed', () => {
    const stage = new Stage({ chat: fast });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob');
    bob.wire.isStalled = true;
    for (let i = 1; i <= 30; i += 1) say(alice, `${i} ${'x'.repeat(16_000)}`);
    const seen = bodies(bob.take()).length;
    expect(seen).toBeLessThan(30);
    bob.wire.leave();
    const back = new HpClient(stage);
    back.ask('RESUME', { token: bob.token });
    expect(bodies(back.take())).toHaveLength(30 - seen);
  });

  test('[HP-RES-4] an old connection that is still open is closed', () => {
    const stage = new Stage({ chat: fast, shards: 2 });
    const bob = joined(stage, 'bob', 1);
    const back = new HpClient(stage, 0);
    back.ask('RESUME', { token: bob.token });
    expect(back.next()?.type).toBe('RESUME_OK');
    expect(bob.take()).toMatchObject([{ type: 'BYE', payload: { code: 'SESSION_RESUMED' } }]);
    expect(bob.isClosed).toBe(true);
    expect(stage.counted('chat.sessions')).toBe(1);
  });

  test('[HP-RES-2] [HP-RES-5] too late, or with another token: log in', () => {
    const stage = new Stage({ chat: fast });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob');
    alice.take();
    bob.wire.leave();
    const back = new HpClient(stage);
    back.ask('RESUME', { token: `${bob.token.slice(0, -1)}x` });
    back.ask('RESUME', { token: 'nonsense' });
    expect(back.told()).toEqual(['ERROR SESSION_EXPIRED', 'ERROR SESSION_EXPIRED']);
    stage.pass(30_000);
    alice.ask('PING');
    stage.pass(30_000);
    expect(alice.told().at(-1)).toBe('ROOM_EVENT leave bob');
    const late = new HpClient(stage);
    late.ask('RESUME', { token: bob.token });
    late.ask('LOGIN', { user: 'bob' });
    expect(late.take().map(({ type }) => type)).toEqual(['ERROR', 'LOGIN_OK']);
  });

  test('[HP-RES-8] what a room does not remember is told', () => {
    const stage = new Stage({ chat: { ...fast, historyMax: 3 } });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob');
    bob.wire.leave();
    for (let i = 1; i <= 5; i += 1) say(alice, `m${i}`);
    const back = new HpClient(stage);
    back.ask('RESUME', { token: bob.token });
    expect(back.take()).toMatchObject([
      { payload: { gaps: ['r'], replayed: 3 } },
      { payload: { body: 'm3' } },
      { payload: { body: 'm4' } },
      { payload: { body: 'm5' } },
    ]);
  });

  test('[HP-RES-8] and told again, until something is heard of whoever may not have been told', () => {
    const stage = new Stage({ chat: { ...fast, historyMax: 1 }, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob');
    const comesBack = (shard: number): HpClient => {
      const back = new HpClient(stage, shard);
      back.ask('RESUME', { token: bob.token });
      return back;
    };
    bob.wire.leave();
    for (let i = 1; i <= 3; i += 1) say(alice, `m${i}`);
    for (const shard of [0, 1]) {
      const back = comesBack(shard);
      expect(back.take()[0]?.payload['gaps']).toEqual(['r']);
      back.wire.leave();
    }
    const back = comesBack(0);
    expect(back.take()[0]?.payload['gaps']).toEqual(['r']);
    back.ask('PONG');
    back.wire.leave();
    expect(comesBack(1).take()[0]?.payload['gaps']).toBeUndefined();
  });

  test('[HP-RES-8] what it said before it could be told says nothing of that', () => {
    const stage = new Stage({ chat: { ...fast, historyMax: 1 }, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob');
    bob.wire.leave();
    for (let i = 1; i <= 3; i += 1) say(alice, `m${i}`);
    for (const shard of [0, 1, 0]) {
      const back = new HpClient(stage, shard);
      back.raw(line('RESUME', '1', { token: bob.token }) + line('PING', '2'));
      const lines = back.take();
      expect(lines[0]?.payload['gaps']).toEqual(['r']);
      expect(lines.at(-1)?.type).toBe('PONG');
      back.wire.leave();
    }
  });

  test('[HP-RES-7] [HP-RES-8] so is what was not acknowledged, and is too much to be known still', () => {
    const stage = new Stage({ chat: { ...fast, resumeMessagesMax: 3 }, shards: 2 });
    const alice = joined(stage, 'alice');
    const bob = joined(stage, 'bob', 1, { caps: ['ack'] });
    for (let i = 1; i <= 5; i += 1) say(alice, `m${i}`, `m${i}`);
    bob.ask('ACK', { ref: 'm1' });
    stage.settle();
    bob.wire.leave();
    const back = new HpClient(stage);
    back.ask('RESUME', { token: bob.token });
    const [ok, ...rest] = back.take();
    expect(ok?.payload).toMatchObject({ gaps: ['r'], replayed: 3 });
    expect(bodies(rest)).toEqual(['m3', 'm4', 'm5']);
    // It is told once, and not to a client that says itself what it has.
    back.ask('ACK', { refs: ['m3', 'm4', 'm5'] });
    stage.settle();
    back.wire.leave();
    const again = new HpClient(stage, 1);
    again.ask('RESUME', { token: bob.token });
    expect(again.take()[0]?.payload['gaps']).toBeUndefined();
    for (let i = 6; i <= 10; i += 1) say(alice, `m${i}`, `m${i}`);
    stage.settle();
    again.wire.leave();
    const third = new HpClient(stage);
    third.ask('RESUME', { token: bob.token, rooms: { r: 5 } });
    const lines = third.take();
    expect(lines[0]?.payload['gaps']).toBeUndefined();
    expect(bodies(lines)).toEqual(['m6', 'm7', 'm8', 'm9', 'm10']);
  });

  test.each([false, true])(
    '[HP-RES-8] [HP-ROOM-9] so is what died with a shard (the client says what it has: %s)',
    (says) => {
      const stage = new Stage({ chat: fast, shards: 2 });
      const home = homeOf('chat/room/r', 2);
      const alice = joined(stage, 'alice', 1 - home);
      const bob = joined(stage, 'bob', 1 - home, { caps: ['ack'] });
      for (const id of ['m1', 'm2']) say(alice, id, id);
      bob.ask('ACK', { ref: 'm1' });
      stage.settle();
      const [heard] = bob.take();
      bob.wire.leave();
      stage.crash(home);
      stage.settle();
      for (const id of ['m3', 'm4']) say(alice, id, id);
      const back = new HpClient(stage, 1 - home);
      const place = { epoch: heard?.payload['epoch'], seq: heard?.payload['seq'] };
      back.ask('RESUME', { token: bob.token, ...(says ? { rooms: { r: place } } : {}) });
      const [ok, ...rest] = back.take();
      expect(ok?.payload['gaps']).toEqual(['r']);
      expect(bodies(rest)).toEqual(['m3', 'm4']);
    },
  );

  test('[HP-RES-3] [HP-RES-7] however turns fall, who says what it has hears the rest once, in order', () => {
    const many = array(integer({ min: 0, max: 9 }), { minLength: 4, maxLength: 24 });
    check(
      property(integer({ min: 0, max: 1e6 }), many, (chance, gaps) => {
        const stage = new Stage({ chat: fast, shards: 3, chance });
        stage.settle();
        const alice = joined(stage, 'alice', 0);
        let bob = joined(stage, 'bob', 1);
        const heard: HpLine[] = [];
        const hear = (): void => {
          heard.push(...bob.take().filter(({ type }) => type === 'ROOM_MESSAGE'));
        };
        for (const [at, gap] of gaps.entries()) {
          say(alice, `m${at}`);
          for (let i = 0; i < gap; i += 1) stage.step();
          if (gap % 3 !== 0) continue;
          hear();
          bob.wire.leave();
          const back = new HpClient(stage, gap % 2);
          back.token = bob.token;
          const seq = heard.at(-1)?.payload['seq'] ?? 0;
          back.ask('RESUME', { token: bob.token, rooms: { r: seq } });
          bob = back;
          // The client does not leave before it is back: a session that moves is not resumed by a second one.
          stage.settle();
        }
        stage.settle();
        hear();
        expect(stage.troubles).toEqual([]);
        expect(bodies(heard)).toEqual(gaps.map((_, at) => `m${at}`));
      }),
      { numRuns: 60 },
    );
  });
});

test('[HP-ROOM-9] a room whose shard died begins anew with its members in it, and a higher epoch', () => {
  const stage = new Stage({ chat: fast, shards: 2 });
  const home = homeOf('chat/room/r', 2);
  const alice = joined(stage, 'alice', 1 - home);
  const bob = joined(stage, 'bob', 1 - home);
  say(alice, 'before');
  const [before] = bob.take().filter(({ type }) => type === 'ROOM_MESSAGE');
  stage.crash(home);
  stage.settle();
  bob.take();
  say(alice, 'after');
  const [after] = bob.take().filter(({ type }) => type === 'ROOM_MESSAGE');
  expect(after?.payload).toMatchObject({ body: 'after', seq: 1 });
  expect(after?.payload['epoch']).toBeGreaterThan(before?.payload['epoch'] as number);
  alice.ask('ROOM_MEMBERS', { room: 'r' });
  expect(alice.take().at(-1)?.payload['count']).toBe(2);
});

test('[HP-ERR-5] a home that does not answer is told of, and the session goes on', () => {
  const stage = new Stage({ chat: fast, shards: 2 });
  const home = homeOf('chat/room/r', 2);
  const alice = joined(stage, 'alice', 1 - home);
  const silent = stage.shards[home];
  if (silent === undefined) throw new Error('no such shard');
  silent.hasCollapsed = true;
  say(alice, 'x', 'm1');
  alice.ask('PING', {}, 'p1');
  stage.settle();
  expect(alice.take()).toEqual([]);
  const { system } = stage.shards[1 - home] ?? {};
  stage.now += 5_001_000;
  system?.run(stage.now, 1_000);
  stage.settle();
  expect(alice.take()).toMatchObject([
    { payload: { code: 'TIMEOUT', ref: 'm1', fatal: false } },
    { type: 'PONG' },
  ]);
});

test('[HP-FRAME-2] [HP-ACK-3] whoever waits for a home that does not answer says meanwhile what it has taken', () => {
  const stage = new Stage({ chat: fast, shards: 2 });
  const home = homeOf('chat/room/r', 2);
  const name = ['alice', 'ann', 'amy', 'ada'].find(
    (user) => shardOfUser({ shards: 2 }, user) !== home,
  );
  const alice = joined(stage, name ?? '', 1 - home, { caps: ['ack'] });
  const bob = HpClient.in(stage, 'bob', 1 - home);
  const silent = stage.shards[home];
  if (silent === undefined) throw new Error('no such shard');
  silent.hasCollapsed = true;
  say(alice, 'x', 'm1');
  bob.ask('DIRECT_MESSAGE', { to: name, body: 'y' }, 'd1');
  expect(alice.take()).toMatchObject([{ type: 'DIRECT_MESSAGE', id: 'd1' }]);
  alice.ask('PING', {}, 'p1');
  alice.ask('ACK', { ref: 'd1' });
  expect(bob.take()).toMatchObject([{ payload: { ref: 'd1', status: 'delivered' } }]);
  expect(alice.take()).toEqual([]);
});

test('[HP-ROOM-3] [HP-ERR-5] who asks to come in again, and is not answered, sits there still', () => {
  const stage = new Stage({ chat: fast, shards: 2 });
  const home = homeOf('chat/room/r', 2);
  const alice = joined(stage, 'alice', 1 - home);
  const [mute, system] = [stage.shards[home], stage.shards[1 - home]?.system];
  if (mute === undefined) throw new Error('no such shard');
  mute.hasCollapsed = true;
  alice.ask('JOIN', { room: 'r' }, 'j2');
  stage.settle();
  stage.now += 5_001_000;
  system?.run(stage.now, 1_000);
  stage.settle();
  expect(alice.take()).toMatchObject([{ payload: { code: 'TIMEOUT', ref: 'j2' } }]);
  alice.ask('WHOAMI');
  stage.settle();
  expect(alice.take().at(-1)?.payload['rooms']).toEqual(['r']);
});
