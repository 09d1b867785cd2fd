// Users on a stage of several shards: direct messages, what waits for whoever is away, and who is seen to be here.

import { describe, expect, test } from 'vitest';
import { homeOf } from '../../../src/actors/routing/topic.ts';
import { HpClient, line } from '../../support/hp-client.ts';
import { Stage } from '../../support/stage.ts';

const fast = { messagesPerSecondMax: 1e6, messagesBurstMax: 1e6, presenceEveryMs: 1 };
const stageWith = (chat: object = {}): Stage =>
  new Stage({ chat: { ...fast, ...chat }, shards: 2 });

describe('direct messages', () => {
  test('[HP-DM-2] [HP-DM-7] [HP-DM-9] [HP-ACK-2] every session of the receiver hears it once', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    const bobs = [HpClient.in(stage, 'bob'), HpClient.in(stage, 'Bob', 1)];
    alice.ask('DIRECT_MESSAGE', { to: 'BOB', body: 'hi', from: 'eve', data: [1] }, 'm1');
    expect(alice.take()).toMatchObject([
      { type: 'ACK', payload: { ref: 'm1', status: 'delivered' } },
    ]);
    for (const bob of bobs) {
      expect(bob.take()).toMatchObject([
        {
          type: 'DIRECT_MESSAGE',
          id: 'm1',
          timestamp: 1_700_000_000,
          payload: { from: 'alice', body: 'hi', data: [1] },
        },
      ]);
    }
  });

  test('[HP-DM-3] the same id again is the same message; another sender may use it', () => {
    const stage = stageWith();
    const [alice, carol] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'carol', 1)];
    const bob = HpClient.in(stage, 'bob', 1);
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'a' }, '1');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'a' }, '1');
    carol.ask('DIRECT_MESSAGE', { to: 'bob', body: 'c' }, '1');
    expect(alice.take().map(({ payload }) => [payload['status'], payload['duplicate']])).toEqual([
      ['delivered', undefined],
      ['delivered', true],
    ]);
    expect(bob.told()).toEqual(['DIRECT_MESSAGE alice a', 'DIRECT_MESSAGE carol c']);
  });

  test('[HP-DM-4] [HP-LOGIN-1] what waits comes after the next login, once, as it was sent', () => {
    const stage = stageWith({ offlineMessagesMax: 2 });
    const alice = HpClient.in(stage, 'alice');
    for (const body of ['1', '2', '3'])
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body }, `m${body}`);
    expect(alice.told()).toEqual(['ACK queued', 'ACK queued', 'ERROR QUEUE_FULL']);
    const bob = new HpClient(stage, 1);
    bob.ask('LOGIN', { user: 'bob' });
    expect(bob.take()).toMatchObject([
      { type: 'LOGIN_OK', payload: { offline_count: 2 } },
      {
        type: 'DIRECT_MESSAGE',
        id: 'm1',
        timestamp: 1_700_000_000,
        payload: { body: '1', delayed: true },
      },
      { type: 'DIRECT_MESSAGE', id: 'm2', payload: { body: '2', delayed: true } },
    ]);
    expect(HpClient.in(stage, 'bob').take()).toEqual([]);
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: '1' }, 'm1');
    expect(alice.take()).toMatchObject([{ payload: { status: 'delivered', duplicate: true } }]);
  });

  test('[HP-DM-4] [HP-LIM-6] nobody reads too slowly for whom much waits', () => {
    const stage = stageWith({ bytesBurstMax: 1e9 });
    const alice = HpClient.in(stage, 'alice');
    const body = 'x'.repeat(16_000);
    for (let i = 0; i < 100; i += 1) alice.ask('DIRECT_MESSAGE', { to: 'bob', body });
    const bob = new HpClient(stage, 1);
    bob.ask('LOGIN', { user: 'bob' });
    expect(bob.take().filter(({ type }) => type === 'DIRECT_MESSAGE')).toHaveLength(100);
    expect(bob.isClosed).toBe(false);
  });

  test('[HP-DM-5] nothing waits where the operator wants none', () => {
    const stage = stageWith({ offlineMessagesMax: 0 });
    const alice = HpClient.in(stage, 'alice');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    expect(alice.told()).toEqual(['ERROR USER_OFFLINE']);
  });

  test('[HP-DM-6] [HP-RES-5] what came for a session that nobody came back to waits for the next login', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    const bob = HpClient.in(stage, 'bob', 1);
    bob.wire.leave();
    stage.settle();
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    expect(alice.told()).toEqual(['ACK accepted']);
    stage.pass(60_001);
    const next = new HpClient(stage);
    next.ask('LOGIN', { user: 'bob' });
    expect(next.told().at(-1)).toBe('DIRECT_MESSAGE alice x');
  });

  test('[HP-DM-6] [HP-DM-4] so does all of it, though so many may not wait for who has no session', () => {
    const stage = stageWith({ offlineMessagesMax: 2 });
    const alice = HpClient.in(stage, 'alice');
    const bob = HpClient.in(stage, 'bob', 1);
    bob.wire.leave();
    stage.settle();
    for (let i = 1; i <= 5; i += 1) alice.ask('DIRECT_MESSAGE', { to: 'bob', body: `${i}` });
    expect(alice.told()).toEqual(Array.from({ length: 5 }, () => 'ACK accepted'));
    stage.pass(60_001);
    const again = HpClient.in(stage, 'alice');
    again.ask('DIRECT_MESSAGE', { to: 'bob', body: '6' }, 'other');
    expect(again.told()).toEqual(['ERROR QUEUE_FULL']);
    const next = new HpClient(stage);
    next.ask('LOGIN', { user: 'bob' });
    expect(next.take().map(({ payload }) => payload['body'] ?? payload['offline_count'])).toEqual([
      ...[5, '1', '2', '3', '4', '5'],
    ]);
  });

  test('[HP-DM-2] nobody waits for a client that has gone', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    const [one, two] = [0, 1].map((shard) => HpClient.in(stage, 'bob', shard, { caps: ['ack'] }));
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    one?.wire.leave();
    stage.settle();
    expect(alice.told()).toEqual([]);
    two?.wire.leave();
    stage.settle();
    expect(alice.told()).toEqual(['ACK accepted']);
  });

  test('[HP-FRAME-2] [HP-ACK-3] two that write to each other at once do not wait for each other', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice', 0, { caps: ['ack'] });
    const bob = HpClient.in(stage, 'bob', 1, { caps: ['ack'] });
    for (const at of [1, 2, 3]) {
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: `of "ACK" ${at}` }, `a${at}`);
      bob.ask('DIRECT_MESSAGE', { to: 'alice', body: `of "ACK" ${at}` }, `b${at}`);
    }
    const heard: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      stage.settle();
      for (const one of [alice, bob])
        for (const { type, id, payload } of one.take()) {
          if (type === 'DIRECT_MESSAGE') one.ask('ACK', { ref: id });
          else heard.push(`${String(payload['ref'])} ${String(payload['status'])}`);
        }
    }
    expect(heard.toSorted()).toEqual(
      ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((id) => `${id} delivered`),
    );
  });

  test('[HP-DM-10] what waits for all users together is bounded, and is taken again when there is room', () => {
    const stage = stageWith({ offlineBytesTotalMax: 2 * 10_000 });
    const alice = HpClient.in(stage, 'alice');
    const say = (to: string): string => {
      alice.ask('DIRECT_MESSAGE', { to, body: 'x'.repeat(3_000) });
      stage.settle();
      return alice.told().join();
    };
    const said = Array.from({ length: 12 }, (_, at) => say(`user${at}`));
    const waiting = said.flatMap((told, at) => (told === 'ACK queued' ? [at] : []));
    // Two shards, and on each the second message reaches its share.
    expect(waiting).toHaveLength(4);
    expect(said.filter((told) => told === 'ERROR QUEUE_FULL')).toHaveLength(8);
    for (const at of waiting) {
      const client = HpClient.in(stage, `user${at}`);
      expect(client.take().map(({ type }) => type)).toEqual(['DIRECT_MESSAGE']);
      client.ask('BYE');
      stage.settle();
    }
    expect(waiting.map((at) => say(`user${at}`))).toEqual(waiting.map(() => 'ACK queued'));
  });

  test('[HP-HIST-4] what all users remember together is bounded, and the oldest pair forgets first', () => {
    const stage = stageWith({ historyBytesTotalMax: 2 * 30_000 });
    const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob')];
    const body = 'x'.repeat(3_000);
    const known = (to: string): number => {
      alice.ask('HISTORY', { with: to });
      stage.settle();
      const messages = alice.take()[0]?.payload['messages'];
      return Array.isArray(messages) ? messages.length : -1;
    };
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body });
    stage.settle();
    alice.take();
    expect(known('bob')).toBe(1);
    for (let at = 0; at < 40; at += 1) {
      stage.pass(1_000);
      bob.ask('DIRECT_MESSAGE', { to: 'nobody', body });
    }
    stage.settle();
    alice.take();
    for (let at = 0; at < 40; at += 1) {
      stage.pass(1_000);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body });
      stage.settle();
    }
    alice.take();
    const remembered = known('bob');
    expect(remembered).toBeGreaterThan(0);
    expect(remembered).toBeLessThanOrEqual(30_000 / (512 + 2 * 3_000));
  });

  test('[HP-RES-6] a session for which too much comes ends early, and nothing of it is lost', () => {
    const stage = stageWith({ resumeMessagesMax: 3 });
    const alice = HpClient.in(stage, 'alice');
    const bob = HpClient.in(stage, 'bob', 1);
    bob.wire.leave();
    stage.settle();
    for (let i = 1; i <= 5; i += 1) alice.ask('DIRECT_MESSAGE', { to: 'bob', body: `${i}` });
    stage.settle();
    const back = new HpClient(stage);
    back.ask('RESUME', { token: bob.token });
    back.ask('LOGIN', { user: 'bob' });
    expect(back.told().filter((told) => told.startsWith('DIRECT'))).toEqual(
      [1, 2, 3, 4, 5].map((i) => `DIRECT_MESSAGE alice ${i}`),
    );
  });

  test.each([
    ['é', 51],
    ['x', 101],
  ])('[HP-RES-6] bytes count as they are sent: %s, %i times', (letter, times) => {
    const stage = stageWith({ resumeBytesMax: 100 });
    const alice = HpClient.in(stage, 'alice');
    const [bob, carol] = [HpClient.in(stage, 'bob', 1), HpClient.in(stage, 'carol', 1)];
    for (const client of [bob, carol]) client.wire.leave();
    stage.settle();
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: letter.repeat(times) });
    alice.ask('DIRECT_MESSAGE', { to: 'carol', body: letter.repeat(times - 1) });
    const [back, also] = [new HpClient(stage), new HpClient(stage)];
    back.ask('RESUME', { token: bob.token });
    also.ask('RESUME', { token: carol.token });
    expect(back.told()).toEqual(['ERROR SESSION_EXPIRED']);
    expect(also.take().map(({ type }) => type)).toEqual(['RESUME_OK', 'DIRECT_MESSAGE']);
  });

  test('[HP-RES-6] what an attached session does not acknowledge, and cannot keep, waits for the next login', () => {
    const stage = stageWith({ resumeMessagesMax: 3 });
    const alice = HpClient.in(stage, 'alice');
    const bob = HpClient.in(stage, 'bob', 1, { caps: ['ack'] });
    for (const body of ['1', '2', '3', '4', '5'])
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body }, `m${body}`);
    // Each of them is waited for.
    stage.pass(15_000);
    bob.take();
    const again = new HpClient(stage);
    again.ask('LOGIN', { user: 'bob' });
    const heard = again.take();
    expect(heard[0]?.payload['offline_count']).toBe(2);
    expect(heard.slice(1).map(({ payload }) => payload['body'])).toEqual(['1', '2']);
    // The rest is told when the session that has not acknowledged it ends.
    bob.ask('BYE');
    stage.settle();
    expect(again.take().map(({ payload }) => payload['body'])).toEqual(['3', '4', '5']);
  });

  test.each([
    ['though all have one id', { resumeMessagesMax: 3 }, (): string => 'm', 2],
    ['and however few are long', { resumeBytesMax: 10 }, (from: string): string => from, 3],
  ])('[HP-RES-6] %s, the oldest wait for the next login', (_, limits, idOf, waiting) => {
    const stage = stageWith(limits);
    const bob = HpClient.in(stage, 'bob', 1, { caps: ['ack'] });
    for (const from of ['u1', 'u2', 'u3', 'u4', 'u5'])
      HpClient.in(stage, from).ask('DIRECT_MESSAGE', { to: 'bob', body: 'long' }, idOf(from));
    stage.pass(3_000);
    expect(bob.take()).toHaveLength(5);
    const again = new HpClient(stage);
    again.ask('LOGIN', { user: 'bob' });
    expect(again.next()?.payload['offline_count']).toBe(waiting);
  });

  test('[HP-RES-6] nor does a session grow whose client comes back again and again and acknowledges nothing', () => {
    const stage = stageWith({ resumeMessagesMax: 3 });
    const alice = HpClient.in(stage, 'alice');
    const replayed: unknown[] = [];
    const bob = HpClient.in(stage, 'bob', 1, { caps: ['ack'] });
    let { wire } = bob;
    for (let round = 0; round < 4; round += 1) {
      wire.leave();
      stage.settle();
      for (const at of [1, 2, 3]) {
        alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, `r${round}-${at}`);
        stage.settle();
      }
      const back = new HpClient(stage);
      back.ask('RESUME', { token: bob.token });
      const [ok] = back.take();
      replayed.push(ok?.payload['replayed']);
      ({ wire } = back);
    }
    expect(replayed).toEqual([3, 6, 6, 6]);
    const again = new HpClient(stage);
    again.ask('LOGIN', { user: 'bob' });
    expect(again.next()?.payload['offline_count']).toBe(6);
  });

  test('[HP-RES-6] [HP-DM-4] what waited is told once, however much it is, to who acknowledges it', () => {
    const stage = stageWith({ resumeMessagesMax: 1 });
    const alice = HpClient.in(stage, 'alice');
    for (const id of ['a', 'b', 'c']) alice.ask('DIRECT_MESSAGE', { to: 'bob', body: id }, id);
    for (const waiting of [3, 0]) {
      const bob = HpClient.in(stage, 'bob', 1, { caps: ['ack'] });
      const refs = bob.take().map(({ id }) => id);
      expect(refs.length).toBe(waiting);
      bob.ask('ACK', { refs });
      bob.ask('BYE');
      stage.settle();
    }
  });

  test('[HP-RES-6] [HP-DM-2] what several sessions leave unacknowledged waits once', () => {
    const stage = stageWith({ resumeMessagesMax: 3 });
    const alice = HpClient.in(stage, 'alice');
    const bobs = [0, 1].map((shard) => HpClient.in(stage, 'bob', shard, { caps: ['ack'] }));
    for (const body of ['1', '2', '3', '4', '5'])
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body }, `m${body}`);
    stage.pass(15_000);
    for (const bob of bobs) expect(bob.take()).toHaveLength(5);
    const again = new HpClient(stage);
    again.ask('LOGIN', { user: 'bob' });
    const heard = again.take();
    expect(heard[0]?.payload['offline_count']).toBe(2);
    expect(heard.slice(1).map(({ payload }) => payload['body'])).toEqual(['1', '2']);
  });

  test('[HP-DM-6] [HP-RES-6] what one session leaves, and another one takes, waits for nobody', () => {
    const stage = stageWith({ resumeMessagesMax: 3 });
    const alice = HpClient.in(stage, 'alice');
    const [taking] = [0, 1].map((shard) => HpClient.in(stage, 'bob', shard, { caps: ['ack'] }));
    const say = (body: string): void => {
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body }, `m${body}`);
      stage.pass(3_000);
    };
    for (const body of ['1', '2', '3']) say(body);
    taking?.ask('ACK', { ref: 'm2' });
    // One has four to acknowledge, and leaves the first; the other has three.
    say('4');
    taking?.ask('ACK', { ref: 'm1' });
    stage.settle();
    const next = new HpClient(stage);
    next.ask('LOGIN', { user: 'bob' });
    expect(next.next()?.payload['offline_count']).toBe(0);
  });

  test.each(['multi', 'replace'])(
    '[HP-DM-6] what came for a session that ended is told to one that has come since (policy %s)',
    (sessionPolicy) => {
      const stage = stageWith({ sessionPolicy, resumeWindowMs: 5_000 });
      const alice = HpClient.in(stage, 'alice');
      const bob = HpClient.in(stage, 'bob', 1);
      bob.wire.leave();
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm1');
      expect(alice.told()).toEqual(['ACK accepted']);
      const next = HpClient.in(stage, 'bob');
      stage.pass(6_000);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'y' }, 'm2');
      stage.settle();
      const heard = next.take().filter(({ type }) => type === 'DIRECT_MESSAGE');
      expect(heard.map(({ payload }) => [payload['body'], payload['delayed']])).toEqual([
        ['x', true],
        ['y', undefined],
      ]);
      alice.take();
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' }, 'm1');
      expect(alice.take()[0]?.payload).toMatchObject({ status: 'delivered', duplicate: true });
    },
  );

  test('[HP-DM-8] the sender’s other sessions hear what was sent; oneself hears oneself elsewhere', () => {
    const stage = stageWith();
    const [here, there] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'alice', 1)];
    const bob = HpClient.in(stage, 'bob');
    here.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    expect(there.take()).toMatchObject([
      { payload: { from: 'alice', to: 'bob', body: 'x', sent: true } },
    ]);
    here.ask('DIRECT_MESSAGE', { to: 'alice', body: 'note' });
    expect(there.take()).toMatchObject([{ payload: { body: 'note' } }]);
    expect(here.told()).toEqual(['ACK delivered', 'ACK delivered']);
    expect(bob.told()).toEqual(['DIRECT_MESSAGE alice x']);
    bob.ask('DIRECT_MESSAGE', { to: 'bob', body: 'alone' });
    expect(bob.told()).toEqual(['ACK accepted']);
    bob.ask('HISTORY', { with: 'bob' });
    expect(bob.next()?.payload).toMatchObject({ messages: [{ from: 'bob', body: 'alone' }] });
  });

  test('[HP-HIST-1] [HP-HIST-3] both sides find it in their history, and only what is between the two', () => {
    const stage = stageWith();
    const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: '1' });
    bob.ask('DIRECT_MESSAGE', { to: 'alice', body: '2' });
    alice.ask('DIRECT_MESSAGE', { to: 'carol', body: '3' });
    stage.settle();
    for (const [client, other] of [
      [alice, 'bob'],
      [bob, 'alice'],
    ] as const) {
      client.take();
      client.ask('HISTORY', { with: other });
      client.ask('HISTORY', { with: 'zoe' });
      const [found, nothing] = client.take();
      const messages = found?.payload['messages'] as { body: string }[];
      expect(messages.map(({ body }) => body)).toEqual(['1', '2']);
      expect(nothing?.payload).toMatchObject({ messages: [], more: false });
    }
  });

  test('[HP-RCPT-1] a receipt is passed on', () => {
    const stage = stageWith();
    const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
    bob.ask('RECEIPT', { ref: 'm1', to: 'alice', state: 'read' });
    expect(bob.told()).toEqual(['ACK']);
    expect(alice.take()).toMatchObject([
      { type: 'RECEIPT', payload: { ref: 'm1', by: 'bob', state: 'read' } },
    ]);
  });
});

describe('presence', () => {
  test('[HP-PRES-1] [HP-PRES-3] [HP-SESS-6] one event when the first session comes and one when the last goes', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob', 'zoe'] });
    expect(alice.take()).toMatchObject([
      {
        type: 'PRESENCE_STATE',
        payload: { users: [{ user: 'bob', status: 'offline', sessions: 0 }, { user: 'zoe' }] },
      },
    ]);
    const [one, two] = [HpClient.in(stage, 'bob'), HpClient.in(stage, 'bob', 1)];
    expect(alice.told()).toEqual(['PRESENCE_EVENT online bob']);
    stage.pass(2_000);
    one.ask('BYE');
    stage.pass(2_000);
    expect(alice.told()).toEqual([]);
    two.ask('BYE');
    stage.settle();
    expect(alice.told()).toEqual(['PRESENCE_EVENT offline bob']);
    alice.ask('PRESENCE_UNSUBSCRIBE', { users: ['bob'] });
    stage.pass(2_000);
    HpClient.in(stage, 'bob');
    expect(alice.told()).toEqual(['ACK']);
  });

  test('[HP-PRES-3] what changes back within a second is not told', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    const bob = HpClient.in(stage, 'bob', 1);
    alice.take();
    for (const status of ['away', 'busy', 'away']) {
      stage.pass(2);
      bob.ask('PRESENCE_SET', { status, note: 'lunch' });
    }
    expect(alice.take()).toEqual([]);
    stage.pass(1_500);
    expect(alice.take()).toMatchObject([
      { payload: { user: 'bob', status: 'away', note: 'lunch' } },
    ]);
  });

  test.each(['PRESENCE_SUBSCRIBE', 'PRESENCE_QUERY'])(
    '[HP-PRES-1] [HP-PRES-3] what changes back is told to whoever had it as an answer: %s',
    (asked) => {
      const stage = stageWith({ presenceEveryMs: 1 });
      const [alice, carol] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'carol')];
      const users = ['bob'];
      alice.ask('PRESENCE_SUBSCRIBE', { users });
      if (asked === 'PRESENCE_QUERY') carol.ask('PRESENCE_SUBSCRIBE', { users });
      const bob = HpClient.in(stage, 'bob', 1);
      stage.pass(2);
      bob.ask('PRESENCE_SET', { status: 'away' });
      stage.settle();
      carol.take();
      carol.ask(asked, { users });
      expect(carol.take()).toMatchObject([{ payload: { users: [{ status: 'away' }] } }]);
      stage.pass(2);
      bob.ask('PRESENCE_SET', { status: 'online' });
      alice.take();
      stage.pass(1_500);
      expect([alice.told(), carol.told()]).toEqual([[], ['PRESENCE_EVENT online bob']]);
    },
  );

  test('[HP-PRES-3] who comes back and asks once more is told nothing twice', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    for (const shard of [0, 1]) HpClient.in(stage, `bob${shard}`, shard);
    const users = ['bob0', 'bob1'];
    alice.ask('PRESENCE_SUBSCRIBE', { users });
    stage.pass(6_000);
    alice.ask('PING');
    stage.settle();
    alice.wire.leave();
    stage.settle();
    const back = new HpClient(stage, 1);
    back.raw(
      line('RESUME', '1', { token: alice.token }) + line('PRESENCE_SUBSCRIBE', '2', { users }),
    );
    stage.settle();
    expect(back.take().map(({ type }) => type)).toEqual(['RESUME_OK', 'PRESENCE_STATE']);
  });

  test('[HP-PRES-2] several sessions speak for one user, and members of rooms show it', () => {
    const stage = stageWith();
    const alice = HpClient.in(stage, 'alice');
    const [one, two] = [
      HpClient.in(stage, 'bob'),
      HpClient.in(stage, 'bob', 1, { status: 'away' }),
    ];
    const statusOf = (): unknown => {
      alice.ask('PRESENCE_QUERY', { users: ['bob'] });
      return ((alice.next()?.payload['users'] ?? []) as { status: string }[])[0]?.status;
    };
    expect(statusOf()).toBe('online');
    one.ask('JOIN', { room: 'r' });
    one.ask('PRESENCE_SET', { status: 'busy' });
    stage.settle();
    expect(statusOf()).toBe('busy');
    one.take();
    one.ask('ROOM_MEMBERS', { room: 'r' });
    expect(one.next()?.payload['members']).toEqual([{ user: 'bob', status: 'busy' }]);
    one.ask('BYE');
    stage.settle();
    expect(statusOf()).toBe('away');
    two.ask('BYE');
    stage.settle();
    expect(statusOf()).toBe('offline');
  });

  test('[HP-PRES-4] [HP-PRES-5] a status may change once in two seconds; so many users may be followed', () => {
    const stage = new Stage({ chat: { watchedUsersMax: 3 } });
    const alice = HpClient.in(stage, 'alice');
    alice.ask('PRESENCE_SET', { status: 'away' });
    alice.ask('PRESENCE_SET', { status: 'busy' });
    stage.pass(2_000);
    alice.ask('PRESENCE_SET', { status: 'busy' });
    expect(alice.told()).toEqual(['ACK', 'ERROR RATE_LIMITED', 'ACK']);
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['a', 'b', 'c'] });
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['d'] });
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['A'] });
    expect(alice.told()).toEqual(['PRESENCE_STATE', 'ERROR INVALID_PAYLOAD', 'PRESENCE_STATE']);
  });

  test('[HP-RES-1] [HP-RES-3] a client that is away is not seen to be, and hears later what changed', () => {
    const stage = stageWith();
    const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    bob.ask('PRESENCE_SUBSCRIBE', { users: ['alice', 'carol'] });
    alice.take();
    stage.pass(6_000);
    bob.ask('PING');
    stage.settle();
    bob.wire.leave();
    stage.pass(5_000);
    expect(alice.take()).toEqual([]);
    HpClient.in(stage, 'carol');
    const back = new HpClient(stage, 0);
    back.ask('RESUME', { token: bob.token });
    stage.settle();
    expect(back.told()).toEqual(['RESUME_OK online bob', 'PRESENCE_EVENT online carol']);
    stage.pass(2_000);
    alice.ask('BYE');
    expect(back.told()).toEqual(['PRESENCE_EVENT offline alice']);
  });

  test.each([
    ['before it was heard last', 6_000, 0, []],
    ['just before it was heard last', 4_000, 0, ['PRESENCE_EVENT busy alice']],
    ['since', 0, 20_000, ['PRESENCE_EVENT busy alice']],
  ])(
    '[HP-PRES-6] who comes back is told again what it may not have heard, and nothing else: told %s',
    (_, beforeMs, afterMs, expected) => {
      const stage = stageWith();
      const [alice, bob] = [HpClient.in(stage, 'alice'), HpClient.in(stage, 'bob', 1)];
      HpClient.in(stage, 'carol');
      bob.ask('PRESENCE_SUBSCRIBE', { users: ['carol', 'alice'] });
      stage.pass(10_000);
      bob.ask('PING');
      stage.pass(afterMs + 1);
      alice.ask('PRESENCE_SET', { status: 'busy' });
      stage.pass(beforeMs + 1);
      if (beforeMs > 0) bob.ask('PING');
      stage.settle();
      expect(bob.told()).toContain('PRESENCE_EVENT busy alice');
      bob.wire.leave();
      stage.pass(2_000);
      const back = new HpClient(stage, 0);
      back.ask('RESUME', { token: bob.token });
      stage.pass(3_000);
      expect(back.told()).toEqual(['RESUME_OK online bob', ...expected]);
    },
  );

  test('[HP-ROOM-9] [HP-PRES-1] a keeper that died is told again who is here', () => {
    const stage = stageWith();
    const home = homeOf('chat/user/bob', 2);
    const [alice, bob] = [
      HpClient.in(stage, 'alice', 1 - home),
      HpClient.in(stage, 'bob', 1 - home),
    ];
    stage.crash(home);
    stage.settle();
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    expect(alice.told()).toEqual(['ACK delivered']);
    expect(bob.told()).toEqual(['DIRECT_MESSAGE alice x']);
  });
});

test('[HP-PRES-1] a keeper that died is told again who watches', () => {
  const stage = stageWith();
  const home = homeOf('chat/user/bob', 2);
  const alice = HpClient.in(stage, 'alice', 1 - home);
  const bob = HpClient.in(stage, 'bob', 1 - home);
  alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
  alice.take();
  stage.crash(home);
  stage.settle();
  stage.pass(2_000);
  bob.ask('PRESENCE_SET', { status: 'away' });
  stage.pass(2_000);
  expect(alice.told()).toEqual(['PRESENCE_EVENT away bob']);
});

describe('gone while coming in', () => {
  const asked = (client: HpClient, stage: Stage, type: string, payload: object): void => {
    // The answer of another shard is still on its way when the connection breaks.
    const { owner } = client.wire;
    if (owner === undefined) throw new Error('nobody owns the connection');
    stage.tell(owner, received(client, type, payload));
    stage.step();
    stage.tell(owner, closedOf(client));
    stage.settle();
  };
  const received = (client: HpClient, type: string, payload: object) => ({
    type: 'messageReceived' as const,
    connection: client.wire.id,
    payload: new TextEncoder().encode(line(type, 'x', payload)),
  });
  const closedOf = (client: HpClient) => ({
    type: 'closed' as const,
    connection: client.wire.id,
    code: 1_006,
    reason: '',
  });

  test('[HP-DM-6] a login that nobody waits for leaves no session, and takes no message away', () => {
    const stage = stageWith();
    const away = 1 - homeOf('chat/user/bob', 2);
    const alice = HpClient.in(stage, 'alice');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    expect(alice.told()).toEqual(['ACK queued']);
    asked(new HpClient(stage, away), stage, 'LOGIN', { user: 'bob' });
    alice.ask('PRESENCE_QUERY', { users: ['bob'] });
    expect(alice.next()?.payload['users']).toMatchObject([{ status: 'offline', sessions: 0 }]);
    const bob = new HpClient(stage);
    bob.ask('LOGIN', { user: 'bob' });
    expect(bob.told()).toEqual(['LOGIN_OK online bob', 'DIRECT_MESSAGE alice x']);
  });

  test('[HP-RES-1] [HP-RES-3] a resume that nobody waits for loses nothing: the next one has it all', () => {
    const stage = stageWith();
    const away = 1 - homeOf('chat/user/bob', 2);
    const alice = HpClient.in(stage, 'alice');
    const bob = HpClient.in(stage, 'bob', away);
    for (const one of [alice, bob]) one.ask('JOIN', { room: 'r' });
    stage.settle();
    bob.wire.leave();
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'x' });
    alice.ask('ROOM_MESSAGE', { room: 'r', body: 'y' });
    stage.settle();
    asked(new HpClient(stage, away), stage, 'RESUME', { token: bob.token });
    alice.ask('ROOM_MESSAGE', { room: 'r', body: 'z' });
    const back = new HpClient(stage);
    back.ask('RESUME', { token: bob.token });
    const told = back
      .take()
      .map(({ type, payload }) => [type, payload['body'] ?? payload['replayed']]);
    expect(told).toEqual([
      ['RESUME_OK', 3],
      ['DIRECT_MESSAGE', 'x'],
      ['ROOM_MESSAGE', 'y'],
      ['ROOM_MESSAGE', 'z'],
    ]);
    expect(stage.counted('chat.sessions')).toBe(2);
  });
});
