// What happens when somebody goes, or says something, between two steps of another: whatever the order of turns, nothing that
// was promised is lost, and nobody is left with something old.

import { assert as check, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { HpSessionMessage } from '../../../src/actors/chat/session/session.ts';
import { actorsOf } from '../../../src/actors/node.ts';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import type { Address } from '../../../src/actors/runtime/actor.ts';
import { HpClient, type HpLine } from '../../support/hp-client.ts';
import { Stage } from '../../support/stage.ts';

const fast = { messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, presenceEveryMs: 1 };
const chances = integer({ min: 0, max: 1e6 });
const steps = integer({ min: 0, max: 60 });

function onStage(chance: number, chat: object = {}): Stage {
  const stage = new Stage({ chat: { ...fast, ...chat }, shards: 2, chance });
  stage.settle();
  return stage;
}

function goOn(stage: Stage, count: number): void {
  for (let i = 0; i < count; i += 1) stage.step();
}

function bodies(lines: readonly HpLine[]): readonly unknown[] {
  return lines.flatMap(({ payload }) => (payload['body'] === undefined ? [] : [payload['body']]));
}

/** Comes back with the token, as often as it takes. */
function resumed(stage: Stage, token: string, shard = 0): HpClient {
  for (let times = 0; times < 10; times += 1) {
    const client = new HpClient(stage, shard);
    client.ask('RESUME', { token });
    stage.settle();
    const ok = client.take();
    if (ok[0]?.type === 'RESUME_OK') {
      // As it was heard.
      client.wire.frames.push(...ok.map((line) => `${JSON.stringify(line)}\n`));
      return client;
    }
    client.wire.leave();
    stage.pass(1_000);
  }
  return expect.fail('nobody could come back');
}

describe('whatever the order of turns', () => {
  test('[HP-PRES-1] [HP-PRES-3] the last that a watcher is told is what is', () => {
    check(
      property(chances, steps, (chance, gap) => {
        const stage = onStage(chance);
        const alice = HpClient.in(stage, 'alice');
        const all = ['bob', 'carol', 'dave', 'erin'];
        const bob = HpClient.in(stage, 'bob', 1);
        stage.pass(2_000);
        alice.ask('PRESENCE_SUBSCRIBE', { users: all });
        goOn(stage, gap);
        bob.ask('BYE');
        stage.settle();
        stage.pass(3_000);
        let told: unknown;
        for (const { type, payload } of alice.take()) {
          const users = (payload['users'] ?? []) as { user: string; status: string }[];
          if (type === 'PRESENCE_STATE') told = users.find(({ user }) => user === 'bob')?.status;
          if (type === 'PRESENCE_EVENT') told = payload['status'];
        }
        expect(told).toBe('offline');
      }),
      { numRuns: 300 },
    );
  });

  test('[HP-RES-3] who comes back while a room is still being entered is not in it, or was told so', () => {
    check(
      property(chances, steps, constantFrom([], ['ack']), (chance, gap, caps) => {
        const stage = onStage(chance);
        const bob = HpClient.in(stage, 'bob', 1);
        for (const [type, payload] of [
          ['JOIN', {}],
          ['ROOM_MESSAGE', { body: 'long ago' }],
        ] as const)
          bob.ask(type, { room: 'r', ...payload });
        stage.settle();
        const old = HpClient.in(stage, 'alice', 0, { caps });
        old.ask('JOIN', { room: 'r' });
        goOn(stage, gap);
        const alice = new HpClient(stage, 1);
        alice.ask('RESUME', { token: old.token });
        stage.settle();
        const isIn = old.take().some(({ type }) => type === 'JOIN_OK');
        const [ok, ...rest] = alice.take();
        expect(ok).toMatchObject({ type: 'RESUME_OK', payload: { rooms: isIn ? ['r'] : [] } });
        expect(bodies(rest)).toEqual([]);
        alice.ask('ROOM_MEMBERS', { room: 'r' });
        stage.settle();
        const members = alice.take()[0]?.payload['members'] as { user: string }[];
        expect(members.map(({ user }) => user)).toEqual(isIn ? ['alice', 'bob'] : ['bob']);
      }),
      { numRuns: 300 },
    );
  });

  test('[HP-RES-3] [HP-RES-7] a client that goes again while it comes back has missed nothing the next time', () => {
    check(
      property(chances, steps, steps, (chance, gap, more) => {
        const stage = onStage(chance);
        const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
        for (const one of [alice, bob]) one.ask('JOIN', { room: 'r' });
        stage.settle();
        bob.wire.leave();
        stage.settle();
        alice.ask('ROOM_MESSAGE', { room: 'r', body: 'm1' });
        stage.settle();
        const back = new HpClient(stage);
        back.ask('RESUME', { token: bob.token });
        goOn(stage, gap);
        alice.ask('ROOM_MESSAGE', { room: 'r', body: 'm2' });
        goOn(stage, more);
        // What is written before the node hears of it counts as heard.
        back.wire.hear({ type: 'closed', connection: back.wire.id, code: 1_006, reason: '' });
        stage.settle();
        const heard = back.take();
        heard.push(...resumed(stage, bob.token).take());
        expect(stage.troubles).toEqual([]);
        expect(bodies(heard)).toEqual(expect.arrayContaining(['m1', 'm2']));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, (stage: Stage) => void]>([
    [
      '[HP-LOGIN-7] is not too late',
      (stage) => {
        stage.now += 1_000_000;
        stage.pass(0);
      },
    ],
    [
      '[HP-ERR-5] is not answered in time',
      (stage) => {
        stage.now += 6_000_000;
        stage.pass(0);
      },
    ],
    [
      '[HP-DRAIN-1] is sent away',
      (stage) => stage.tell(actorsOf(0).chat, { type: 'drain', withinMs: 60_000 }),
    ],
  ])('[HP-RES-2] a session whose client %s while it comes back is there still', (_, happens) => {
    check(
      property(chances, steps, (chance, gap) => {
        const stage = onStage(chance, { loginTimeoutMs: 1_000 });
        const bob = HpClient.in(stage, 'bob', 1);
        bob.wire.leave();
        stage.settle();
        const back = new HpClient(stage);
        back.ask('RESUME', { token: bob.token });
        goOn(stage, gap);
        happens(stage);
        stage.settle();
        expect(resumed(stage, bob.token, 1).told()).toEqual(['RESUME_OK online bob']);
        expect(stage.counted('chat.sessions')).toBe(1);
      }),
      { numRuns: 200 },
    );
  });

  test('[HP-LOGIN-7] whoever is sent away while it comes in is not counted out', () => {
    check(
      property(chances, steps, (chance, gap) => {
        const stage = onStage(chance);
        const bob = new HpClient(stage);
        bob.ask('LOGIN', { user: 'bob' });
        goOn(stage, gap);
        stage.tell(actorsOf(0).chat, { type: 'drain', withinMs: 60_000 });
        stage.settle();
        stage.pass(60_000);
        expect(stage.counted('chat.sessions')).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('[HP-DM-6] what comes for a client that says BYE just then is heard by it, or waits for the next login', () => {
    check(
      property(chances, steps, (chance, gap) => {
        const stage = onStage(chance);
        const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
        alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
        goOn(stage, gap);
        bob.ask('BYE');
        stage.settle();
        const next = new HpClient(stage);
        next.ask('LOGIN', { user: 'bob' });
        stage.settle();
        expect(bodies([...bob.take(), ...next.take()])).toEqual(['x']);
      }),
      { numRuns: 300 },
    );
  });

  test('[HP-RES-6] nor does a session end early for what its client has heard, and not acknowledged', () => {
    check(
      property(chances, steps, (chance, gap) => {
        const stage = onStage(chance, { resumeMessagesMax: 2 });
        const alice = HpClient.in(stage, 'alice');
        const bob = HpClient.in(stage, 'bob', 1, { caps: ['ack'] });
        const say = (body: string): void => {
          alice.ask('DIRECT_MESSAGE', { to: 'bob', body }, body);
          stage.pass(3_000);
        };
        for (const body of ['1', '2']) say(body);
        bob.wire.leave();
        stage.settle();
        const gone = new HpClient(stage);
        gone.ask('RESUME', { token: bob.token });
        goOn(stage, gap);
        gone.wire.leave();
        stage.settle();
        say('3');
        expect(bodies(resumed(stage, bob.token, 1).take())).toEqual(['1', '2', '3']);
      }),
      { numRuns: 200 },
    );
  });

  test('[HP-RES-6] [HP-DM-6] nor is anything lost that comes for a session just when it ends early', () => {
    check(
      property(chances, (chance) => {
        const stage = onStage(chance, { resumeMessagesMax: 2 });
        const names = ['alice', 'carol', 'dave', 'erin'];
        const speakers = names.map((name, at) => HpClient.in(stage, name, at % 2));
        const bob = HpClient.in(stage, 'bob', 1);
        bob.wire.leave();
        stage.settle();
        for (const at of [1, 2])
          for (const one of speakers) one.ask('DIRECT_MESSAGE', { to: 'bob', body: `${at}` });
        stage.settle();
        const next = new HpClient(stage);
        next.ask('LOGIN', { user: 'bob' });
        stage.settle();
        expect(bodies(next.take())).toHaveLength(8);
      }),
      { numRuns: 300 },
    );
  });
});

test('[HP-RES-7] [HP-ACK-3] [HP-MSG-5] with `ack`, one id of two senders is two messages', () => {
  const stage = new Stage({ chat: fast });
  const all = ['alice', 'bob', 'carol'].map((name) => HpClient.in(stage, name));
  const dave = HpClient.in(stage, 'dave', 0, { caps: ['ack'] });
  for (const one of [...all, dave]) one.ask('JOIN', { room: 'r' });
  for (const [at, id] of ['1', '2', '1'].entries())
    all[at]?.ask('ROOM_MESSAGE', { room: 'r', body: `m${at + 1}` }, id);
  expect(bodies(dave.take())).toEqual(['m1', 'm2', 'm3']);
  dave.wire.leave();
  expect(bodies(resumed(stage, dave.token).take())).toEqual(['m1', 'm2', 'm3']);
});

test.each([
  ['has long gone', true],
  ['was told that there is no answer, and has gone then', false],
])(
  '[HP-DM-6] [HP-ERR-5] a login that is heard of when its client %s leaves no ghost, and takes no message',
  (_, isGone) => {
    const stage = new Stage({ chat: { ...fast, sessionPolicy: 'reject' }, shards: 2 });
    const home = homeOf('chat/user/bob', 2);
    const alice = HpClient.in(stage, 'alice', home);
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    expect(alice.told()).toEqual(['ACK queued']);
    const [mute, there] = [stage.shards[home], stage.shards[1 - home]?.system];
    if (mute === undefined) throw new Error('no such shard');
    mute.hasCollapsed = true;
    const bob = new HpClient(stage, 1 - home);
    bob.ask('LOGIN', { user: 'bob' });
    if (isGone) bob.wire.leave();
    stage.now += 5_001_000;
    there?.run(stage.now, 1_000);
    if (!isGone) expect(bob.told()).toEqual(['ERROR TIMEOUT']);
    if (!isGone) bob.wire.leave();
    there?.run(stage.now, 1_000);
    mute.hasCollapsed = false;
    stage.settle();
    alice.ask('PRESENCE_QUERY', { users: ['bob'] });
    expect(alice.take().at(-1)?.payload['users']).toMatchObject([{ status: 'offline' }]);
    expect(bodies(HpClient.in(stage, 'bob').take())).toEqual(['x']);
    expect(there?.counters.get('chat.sessions') ?? 0).toBe(0);
  },
);

test('[HP-LIM-2] [HP-ERR-5] a room that did not answer when its member came back takes no room of another one', () => {
  const stage = new Stage({ chat: { ...fast, roomsPerSessionMax: 1 }, shards: 2 });
  const names = Array.from({ length: 20 }, (_, at) => `room-${at}`);
  const homes = [0, 1].map((shard) =>
    names.find((name) => homeOf(`chat/room/${name}`, 2) === shard),
  );
  const home = 1 - homeOf('chat/user/bob', 2);
  const bob = HpClient.in(stage, 'bob', 1 - home);
  bob.ask('JOIN', { room: homes[home] });
  stage.settle();
  bob.wire.leave();
  stage.settle();
  const [mute, there] = [stage.shards[home], stage.shards[1 - home]?.system];
  if (mute === undefined) throw new Error('no such shard');
  mute.hasCollapsed = true;
  const back = new HpClient(stage, 1 - home);
  back.ask('RESUME', { token: bob.token });
  stage.now += 5_001_000;
  there?.run(stage.now, 1_000);
  stage.settle();
  expect(back.told()).toEqual(['RESUME_OK online bob']);
  back.ask('JOIN', { room: homes[1 - home] });
  stage.settle();
  expect(back.told()).toEqual(['JOIN_OK 0']);
});

test('[HP-RES-3] who comes back when its room has no topic any more is back without it', () => {
  const stage = new Stage({ chat: fast, home: { topicsMax: 1 } });
  const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob')];
  bob.ask('JOIN', { room: 'r' });
  bob.wire.leave();
  alice.ask('JOIN', { room: 'q' });
  expect(alice.told()).toEqual(['JOIN_OK 0']);
  const back = new HpClient(stage);
  back.ask('RESUME', { token: bob.token });
  expect(back.take()).toMatchObject([{ type: 'RESUME_OK', payload: { rooms: [] } }]);
  alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
  expect(back.told()).toEqual(['DIRECT_MESSAGE alice x']);
});

test('[HP-LOGIN-4] whoever’s token ends while it comes in is not counted out', () => {
  const tokens = { t: { subscribe: [], publish: [], subject: 'bob', expiresInMs: 1 } };
  const chat = { ...fast, auth: ['token' as const] };
  for (const gap of Array.from({ length: 10 }, (_, at) => at)) {
    const stage = new Stage({ chat, shards: 2, tokens, chance: 1 });
    const bob = new HpClient(stage, 1 - homeOf('chat/user/bob', 2));
    bob.ask('LOGIN', { user: 'bob', auth: { method: 'token', token: 't' } });
    goOn(stage, gap);
    stage.now += 1_000_000;
    for (const { system } of stage.shards) system.run(stage.now, 0);
    stage.settle();
    stage.pass(10_000);
    expect(stage.counted('chat.sessions')).toBe(0);
    expect(stage.troubles).toEqual([]);
  }
});

test('[HP-ERR-5] what comes for a session that its client did not wait for is not told to that client', () => {
  const stage = new Stage({ chat: fast, shards: 2 });
  const home = homeOf('chat/user/bob', 2);
  const [mute, there] = [stage.shards[home], stage.shards[1 - home]?.system];
  if (mute === undefined) throw new Error('no such shard');
  const alice = HpClient.in(stage, 'alice', home);
  mute.hasCollapsed = true;
  const bob = new HpClient(stage, 1 - home);
  bob.ask('LOGIN', { user: 'bob' });
  stage.settle();
  alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
  stage.now += 5_001_000;
  there?.run(stage.now, 1_000);
  mute.hasCollapsed = false;
  stage.settle();
  expect(bob.told()).toEqual(['ERROR TIMEOUT']);
  expect(bodies(HpClient.in(stage, 'bob').take())).toEqual(['x']);
});

test('[HP-RES-2] [HP-ROOM-9] a session whose keeper dies while its client comes back is there still', () => {
  check(
    property(chances, steps, (chance, gap) => {
      const stage = new Stage({ chat: fast, shards: 3, chance });
      stage.settle();
      const home = homeOf('chat/user/bob', 3);
      const [one, other] = [0, 1, 2].filter((shard) => shard !== home);
      const bob = HpClient.in(stage, 'bob', one);
      bob.wire.leave();
      stage.settle();
      const back = new HpClient(stage, other);
      back.ask('RESUME', { token: bob.token });
      goOn(stage, gap);
      stage.crash(home);
      stage.settle();
      stage.pass(6_000);
      const told = back.told();
      expect(told.join()).not.toMatch(/REPLACED|EXPIRED/);
      const isBack = told.join().includes('RESUME_OK');
      if (!isBack) back.wire.leave();
      stage.settle();
      const last = isBack ? back : resumed(stage, bob.token, other);
      last.take();
      HpClient.in(stage, 'alice').ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
      stage.settle();
      expect(bodies(last.take())).toEqual(['x']);
    }),
    { numRuns: 300 },
  );
});

test('[HP-ROOM-9] [HP-RES-1] whoever has gone again while it came back sits in its rooms still when their keeper dies', () => {
  const rooms = Array.from({ length: 20 }, (_, at) => `room-${at}`);
  const shards = 2;
  const home = 1 - homeOf('chat/user/bob', shards);
  const room = rooms.find((name) => homeOf(`chat/room/${name}`, shards) === home) ?? '';
  check(
    property(chances, steps, (chance, gap) => {
      const stage = new Stage({ chat: fast, shards, chance });
      stage.settle();
      const bob = HpClient.in(stage, 'bob', 1 - home);
      bob.ask('JOIN', { room });
      stage.settle();
      bob.wire.leave();
      stage.settle();
      const back = new HpClient(stage, 1 - home);
      back.ask('RESUME', { token: bob.token });
      goOn(stage, gap);
      back.wire.leave();
      stage.settle();
      stage.crash(home);
      stage.settle();
      const alice = HpClient.in(stage, 'alice', 1 - home);
      alice.ask('ROOM_MEMBERS', { room });
      stage.settle();
      expect(alice.take().at(-1)?.payload['members']).toMatchObject([{ user: 'bob' }]);
      alice.ask('JOIN', { room });
      stage.settle();
      alice.ask('ROOM_MESSAGE', { room, body: 'm' });
      stage.settle();
      expect(bodies(resumed(stage, bob.token, 1 - home).take())).toEqual(['m']);
    }),
    { numRuns: 200 },
  );
});

test('[HP-ROOM-9] [HP-RES-3] whoever is told that it is back in a room is in it, though the keeper dies meanwhile', () => {
  const shards = 2;
  const home = 1 - homeOf('chat/user/bob', shards);
  const all = Array.from({ length: 20 }, (_, at) => `room-${at}`);
  const isThere = (name: string): boolean => homeOf(`chat/room/${name}`, shards) === home;
  const [room, other] = [all.find(isThere) ?? '', all.find((name) => !isThere(name)) ?? ''];
  check(
    property(chances, steps, constantFrom([], ['ack']), (chance, gap, caps) => {
      const stage = new Stage({ chat: fast, shards, chance });
      stage.settle();
      const bob = HpClient.in(stage, 'bob', 1 - home, { caps });
      for (const name of [room, other]) bob.ask('JOIN', { room: name });
      stage.settle();
      bob.wire.leave();
      stage.settle();
      const back = new HpClient(stage, 1 - home);
      back.ask('RESUME', { token: bob.token });
      goOn(stage, gap);
      stage.crash(home);
      stage.settle();
      stage.pass(6_000);
      const told = back.take().find(({ type }) => type === 'RESUME_OK');
      const rooms = (told?.payload['rooms'] ?? []) as readonly string[];
      for (const name of rooms) back.ask('HISTORY', { room: name });
      stage.settle();
      expect(back.told()).toEqual(rooms.map(() => 'HISTORY_OK'));
    }),
    { numRuns: 300 },
  );
});

test('[HP-RES-6] who comes back while the session ends is answered at once', () => {
  check(
    property(chances, steps, (chance, gap) => {
      const stage = onStage(chance, { resumeMessagesMax: 1 });
      const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
      bob.wire.leave();
      stage.settle();
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: '1' });
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: '2' });
      goOn(stage, gap);
      const back = new HpClient(stage, 0);
      back.ask('RESUME', { token: bob.token });
      stage.settle();
      const [answer] = back.take();
      expect(answer?.payload['code'] ?? answer?.type).toMatch(/^(SESSION_EXPIRED|RESUME_OK)$/);
    }),
    { numRuns: 300 },
  );
});

test('[HP-DM-6] nor is anything lost for a session that ends when another shard dies than its keeper’s', () => {
  check(
    property(chances, steps, steps, (chance, gap, more) => {
      const stage = new Stage({ chat: fast, shards: 3, chance });
      stage.settle();
      const home = homeOf('chat/user/bob', 3);
      const [there, dead] = [0, 1, 2].filter((shard) => shard !== home);
      const [alice, bob] = [HpClient.in(stage, 'alice', home), HpClient.in(stage, 'bob', there)];
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
      goOn(stage, gap);
      bob.ask('BYE');
      goOn(stage, more);
      stage.crash(dead ?? 0);
      stage.settle();
      const next = HpClient.in(stage, 'bob', home);
      expect(bodies([...bob.take(), ...next.take()])).toEqual(['x']);
    }),
    { numRuns: 500 },
  );
});

test('[HP-ERR-5] [HP-RES-2] a session is on its way for as long as an operator lets a request take', () => {
  const stage = new Stage({
    chat: { ...fast, answerTimeoutMs: 60_000, pingEveryMs: 3e6 },
    shards: 2,
  });
  const names = Array.from({ length: 20 }, (_, at) => `room-${at}`);
  const home = 1 - homeOf('chat/user/bob', 2);
  const room = names.find((name) => homeOf(`chat/room/${name}`, 2) === home);
  const bob = HpClient.in(stage, 'bob', 1 - home);
  bob.ask('JOIN', { room });
  stage.settle();
  bob.wire.leave();
  stage.settle();
  const mute = stage.shards[home];
  if (mute === undefined) throw new Error('no such shard');
  mute.hasCollapsed = true;
  const back = new HpClient(stage, 1 - home);
  back.ask('RESUME', { token: bob.token });
  const system = stage.shards[1 - home]?.system;
  for (let at = 0; at < 65; at += 1) {
    stage.now += 1_000_000;
    system?.run(stage.now, 1_000);
    stage.settle();
  }
  expect(back.told()).toEqual(['RESUME_OK online bob']);
});

test('[HP-LOGIN-7] whoever’s token is being looked at when the time is over is answered first', () => {
  const tokens = { t: { subscribe: [], publish: [], subject: 'bob' } };
  const stage = new Stage({ chat: { ...fast, auth: ['token' as const] }, tokens });
  stage.auth.isSlow = true;
  const bob = new HpClient(stage);
  stage.pass(9_900);
  bob.ask('LOGIN', { user: 'bob', auth: { method: 'token', token: 't' } });
  stage.pass(200);
  expect(bob.told()).toEqual([]);
  stage.judge();
  stage.settle();
  expect(bob.told()).toEqual(['LOGIN_OK online bob']);
  const mute = new HpClient(stage);
  stage.pass(9_900);
  mute.ask('LOGIN', { user: 'bob', auth: { method: 'token', token: 't' } });
  stage.pass(6_000);
  expect(mute.told()).toEqual(['ERROR TIMEOUT', 'ERROR LOGIN_TIMEOUT']);
});

test('[HP-LIVE-4] whoever says nothing while it is being let in leaves no ghost', () => {
  const stage = new Stage({
    chat: { ...fast, pingEveryMs: 1_000, pingTimeoutMs: 2_000 },
    shards: 2,
  });
  const home = homeOf('chat/user/bob', 2);
  const [mute, there] = [stage.shards[home], stage.shards[1 - home]?.system];
  if (mute === undefined) throw new Error('no such shard');
  mute.hasCollapsed = true;
  const bob = new HpClient(stage, 1 - home);
  bob.ask('LOGIN', { user: 'bob' });
  for (let at = 0; at < 35; at += 1) {
    stage.now += 100_000;
    there?.run(stage.now, 1_000);
    stage.settle();
  }
  expect([bob.told(), bob.isClosed]).toEqual([['PING', 'ERROR PING_TIMEOUT'], true]);
  mute.hasCollapsed = false;
  stage.settle();
  const alice = HpClient.in(stage, 'alice', home);
  alice.ask('PRESENCE_QUERY', { users: ['bob'] });
  stage.settle();
  expect(alice.take().at(-1)?.payload['users']).toMatchObject([{ status: 'offline' }]);
  expect(stage.counted('chat.sessions')).toBe(1);
});

test('[HP-LIM-6] [HP-RES-2] a session for which a client comes that reads nothing is there still', () => {
  check(
    property(chances, steps, (chance, gap) => {
      const stage = onStage(chance);
      const bob = HpClient.in(stage, 'bob', 1);
      bob.wire.leave();
      stage.settle();
      const back = new HpClient(stage);
      back.ask('RESUME', { token: bob.token });
      goOn(stage, gap);
      stage.tell(back.wire.owner as Address<HpSessionMessage>, { type: 'tooSlow' });
      stage.settle();
      // Whoever was back before that is not waited for.
      if (stage.counted('chat.sessions.resumed') > 0) return;
      expect(resumed(stage, bob.token, 1).told()).toEqual(['RESUME_OK online bob']);
    }),
    { numRuns: 200 },
  );
});

test('[HP-RES-5] [HP-ROOM-8] a session that dies on its way from one shard to another is in no room any more', () => {
  const names = Array.from({ length: 20 }, (_, at) => `room-${at}`);
  const quiet = { pingEveryMs: 3e6, pingTimeoutMs: 6e6 };
  const home = homeOf('chat/user/bob', 3);
  const [there, dead] = [0, 1, 2].filter((shard) => shard !== home);
  const room = names.find((name) => homeOf(`chat/room/${name}`, 3) === home) ?? '';
  check(
    property(chances, steps, (chance, gap) => {
      const stage = new Stage({ chat: { ...fast, ...quiet }, shards: 3, chance });
      stage.settle();
      const alice = HpClient.in(stage, 'alice', home);
      const bob = HpClient.in(stage, 'bob', there);
      for (const one of [alice, bob]) one.ask('JOIN', { room });
      stage.settle();
      bob.wire.leave();
      stage.settle();
      const back = new HpClient(stage, dead);
      back.ask('RESUME', { token: bob.token });
      goOn(stage, gap);
      stage.crash(dead ?? 0);
      stage.settle();
      stage.pass(100_000);
      alice.ask('ROOM_MEMBERS', { room });
      stage.settle();
      expect(alice.take().at(-1)?.payload['members']).toMatchObject([{ user: 'alice' }]);
    }),
    { numRuns: 200 },
  );
});
