// Users on several nodes: direct messages come exactly once, presence is seen everywhere, and nobody is a ghost.

import { describe, expect, test } from 'vitest';

import { Prng } from '../../../src/actors/runtime/prng.ts';
import { ClusterStage } from '../../support/cluster-stage.ts';
import { HpClient, line } from '../../support/hp-client.ts';

const fast = {
  messagesPerSecondMax: 1e6,
  messagesBurstMax: 1e6,
  presenceEveryMs: 1,
  pingEveryMs: 3e6,
  pingTimeoutMs: 6e6,
};

function whole(chat: object = {}, more: object = {}): ClusterStage {
  const stage = new ClusterStage({ shards: 2, chat: { ...fast, ...chat }, ...more });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(500);
  return stage;
}

function enter(
  stage: ClusterStage,
  user: string,
  node: string,
  shard = 0,
  payload: object = {},
): HpClient {
  const client = HpClient.in(stage.at(node), user, shard, payload);
  stage.pass(300);
  return client;
}

function statusOf(stage: ClusterStage, client: HpClient, user: string): unknown {
  client.take();
  client.ask('PRESENCE_QUERY', { users: [user] });
  stage.pass(50);
  const users = client.take().find(({ type }) => type === 'PRESENCE_STATE')?.payload['users'];
  return (users as { status: string; sessions: number }[]).map(
    ({ status, sessions }) => `${status} ${sessions}`,
  )[0];
}

test('[HP-LOGIN-1] LOGIN_OK tells how many sessions the user has in the whole cluster', () => {
  const stage = whole();
  const counts = ['n1', 'n2', 'n3'].map((node) => {
    const client = new HpClient(stage.at(node));
    client.ask('LOGIN', { user: 'bob' });
    stage.pass(300);
    return client.next()?.payload['sessions'];
  });
  expect(counts).toEqual([1, 2, 3]);
});

describe('direct messages', () => {
  test('[HP-RELAY-8] go once to each node that has a session of the receiver', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    const bobs = [
      enter(stage, 'bob', 'n2'),
      enter(stage, 'Bob', 'n2', 1),
      enter(stage, 'bob', 'n3'),
    ];
    stage.said.length = 0;
    alice.ask('DIRECT_MESSAGE', { to: 'BOB', body: 'hi there', data: [1.5] }, 'm1');
    stage.pass(50);
    expect(alice.told()).toEqual(['ACK delivered']);
    for (const bob of bobs) expect(bob.told()).toEqual(['DIRECT_MESSAGE alice hi there']);
    const crossed = stage.said.filter(({ text }) => text.includes('hi there'));
    expect(crossed.map(({ from, to }) => `${from} ${to}`).toSorted()).toEqual(['n1 n2', 'n1 n3']);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-JSON-10] [HP-RELAY-8] carry their data as it was written, whatever JSON allows between its tokens', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    const bob = enter(stage, 'bob', 'n2');
    const text = '{"a":\r\t1.50}';
    for (const one of [alice, bob]) {
      one.ask('JOIN', { room: 'r' });
      stage.pass(300);
    }
    for (const type of ['ROOM_MESSAGE', 'DIRECT_MESSAGE']) {
      const said = line(type, 'm1', { to: 'bob', room: 'r', body: 'x', data: 0 });
      alice.raw(said.replace('"data":0', `"data":${text}`));
      stage.pass(300);
    }
    expect(alice.told().slice(-2)).toEqual(['ACK stored 1', 'ACK delivered']);
    const heard = bob.wire.frames.join('').split('\n');
    expect(heard.filter((one) => one.includes(text.replace('\r', ' ')))).toHaveLength(2);
  });

  test.each([
    [0, 'ERROR USER_OFFLINE'],
    [1, 'ACK queued'],
  ])(
    '[HP-DM-4] [HP-DM-5] whose receiver has just gone elsewhere are answered (%i may wait)',
    (offlineMessagesMax, told) => {
      const stage = whole({ offlineMessagesMax });
      const alice = enter(stage, 'alice', 'n1');
      const bob = enter(stage, 'bob', 'n2');
      stage.delay('n1', 'n2', 200);
      bob.ask('BYE');
      stage.pass(10);
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'too late' }, 'm1');
      stage.pass(1_500);
      expect(alice.told()).toEqual([told]);
      // It was not taken: it is no repetition when it is said again.
      alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'too late' }, 'm1');
      stage.pass(100);
      expect(alice.take().map(({ payload }) => payload['duplicate'])).toEqual([
        offlineMessagesMax === 0 ? undefined : true,
      ]);
    },
  );

  test('the same id again is the same message, also from another node', () => {
    const stage = whole();
    const [alice, other] = [enter(stage, 'alice', 'n1'), enter(stage, 'alice', 'n3')];
    const bob = enter(stage, 'bob', 'n2');
    for (const client of [alice, alice, other])
      client.ask('DIRECT_MESSAGE', { to: 'bob', body: 'a' }, '1');
    stage.pass(50);
    expect(bob.told()).toEqual(['DIRECT_MESSAGE alice a']);
  });

  test('the sender’s other sessions hear what was sent, wherever they are', () => {
    const stage = whole();
    const [alice, other] = [enter(stage, 'alice', 'n1'), enter(stage, 'alice', 'n3')];
    enter(stage, 'bob', 'n2');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'a' }, '1');
    stage.pass(50);
    expect(other.take()).toMatchObject([
      { type: 'DIRECT_MESSAGE', payload: { sent: true, to: 'bob' } },
    ]);
  });

  test('what waits comes wherever the user logs in', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'a' }, '1');
    stage.pass(50);
    expect(alice.told()).toEqual(['ACK queued']);
    const bob = enter(stage, 'bob', 'n2');
    stage.pass(200);
    expect(bob.take()).toMatchObject([
      { type: 'DIRECT_MESSAGE', id: '1', payload: { delayed: true } },
    ]);
  });

  test('what was on its way to a node that dies waits for the user', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    enter(stage, 'bob', 'n2');
    stage.split(['n2']);
    stage.pass(5_000);
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'a' }, '1');
    stage.pass(3_000);
    expect(alice.told()).toEqual(['ACK accepted']);
    stage.pass(10_000);
    const bob = enter(stage, 'bob', 'n3');
    stage.pass(500);
    expect(bob.told()).toEqual(['DIRECT_MESSAGE alice a']);
  });

  test('receipts and typing find the other side', () => {
    const stage = whole();
    const [alice, bob] = [enter(stage, 'alice', 'n1'), enter(stage, 'bob', 'n2')];
    bob.ask('RECEIPT', { ref: '1', to: 'alice', state: 'read' });
    bob.ask('TYPING', { to: 'alice', on: true });
    stage.pass(50);
    expect(alice.take()).toMatchObject([
      { type: 'RECEIPT', payload: { ref: '1', by: 'bob', state: 'read' } },
      { type: 'TYPING', payload: { from: 'bob', on: true } },
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'exactly once while links break and nodes stall (seed %i)',
    (seed) => {
      const stage = whole({}, { seed });
      const chance = new Prng(seed, 'directs');
      const [alice, bob] = [enter(stage, 'alice', 'n1'), enter(stage, 'bob', 'n2')];
      const statuses: string[] = [];
      for (let at = 0; at < 100; at += 1) {
        alice.ask('DIRECT_MESSAGE', { to: 'bob', body: `b${at}` }, `m${at}`);
        stage.pass(chance.between(0, 200));
        if (chance.chance(1, 8)) stage.sever('n1', 'n2');
        if (chance.chance(1, 20))
          stage.stall(chance.pick(['n1', 'n2']), chance.between(100, 5_000));
        if (chance.chance(1, 20)) stage.split(['n2']);
        else if (chance.chance(1, 5)) stage.heal();
      }
      stage.heal();
      stage.pass(40_000);
      expect(stage.isWhole).toBe(true);
      statuses.push(...alice.told());
      const heard = bob.take().map(({ id }) => id);
      expect(new Set(heard).size).toBe(heard.length);
      expect(heard.toSorted()).toEqual(Array.from({ length: 100 }, (_, at) => `m${at}`).toSorted());
      expect(stage.failures).toEqual([]);
    },
  );
});

describe('presence', () => {
  test('[HP-REPL-1] who is online is seen everywhere within a moment', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    expect(statusOf(stage, alice, 'bob')).toBe('offline 0');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    stage.pass(50);
    alice.take();
    const bob = HpClient.in(stage.at('n2'), 'bob');
    stage.pass(200);
    expect(alice.told()).toEqual(['PRESENCE_EVENT online bob']);
    enter(stage, 'bob', 'n3');
    expect(alice.told()).toEqual([]);
    expect(statusOf(stage, alice, 'bob')).toBe('online 2');
    stage.pass(1_500);
    bob.ask('PRESENCE_SET', { status: 'away' });
    stage.pass(300);
    expect(statusOf(stage, alice, 'bob')).toBe('online 2');
    bob.ask('BYE');
    stage.pass(300);
    expect(statusOf(stage, alice, 'bob')).toBe('online 1');
  });

  test('[HP-REPL-9] with its node a user is gone, and is no ghost', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    enter(stage, 'bob', 'n2');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    stage.pass(1_500);
    alice.take();
    stage.kill('n2');
    const tookMs = stage.until(() => alice.told().includes('PRESENCE_EVENT offline bob'), 5_000);
    expect(tookMs).toBeLessThan(4_000);
    expect(statusOf(stage, alice, 'bob')).toBe('offline 0');
  });

  test('a silence of six seconds is no event at all', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    enter(stage, 'bob', 'n2');
    alice.ask('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    stage.pass(1_500);
    alice.take();
    stage.split(['n2']);
    stage.pass(6_000);
    stage.heal();
    stage.pass(5_000);
    expect(alice.take()).toEqual([]);
    expect(statusOf(stage, alice, 'bob')).toBe('online 1');
  });

  test('[HP-REPL-6] a node that starts again has left no ghosts', () => {
    const stage = whole();
    const alice = enter(stage, 'alice', 'n1');
    for (const user of ['bob', 'carol', 'dan']) enter(stage, user, 'n2');
    stage.kill('n2');
    stage.pass(300);
    stage.start('n2');
    stage.pass(3_000);
    enter(stage, 'carol', 'n2');
    expect(['bob', 'carol', 'dan'].map((user) => statusOf(stage, alice, user))).toEqual([
      ...['offline 0', 'online 1', 'offline 0'],
    ]);
  });

  test('[HP-REPL-4] a side that was cut off catches up with what it missed', () => {
    const stage = whole();
    const [alice, zoe] = [enter(stage, 'alice', 'n1'), enter(stage, 'zoe', 'n2')];
    stage.split(['n2']);
    stage.pass(15_000);
    expect(statusOf(stage, alice, 'zoe')).toBe('offline 0');
    expect(statusOf(stage, zoe, 'alice')).toBe('offline 0');
    enter(stage, 'bob', 'n2');
    enter(stage, 'carol', 'n1');
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(2_000);
    expect(['zoe', 'bob'].map((user) => statusOf(stage, alice, user))).toEqual([
      'online 1',
      'online 1',
    ]);
    expect(['alice', 'carol'].map((user) => statusOf(stage, zoe, user))).toEqual([
      'online 1',
      'online 1',
    ]);
  });

  test('[HP-REPL-7] a node that comes late is told in pieces', () => {
    const stage = whole({}, { nodes: 2, cluster: { deltaEveryMs: 20 } });
    stage.kill('n2');
    stage.pass(5_000);
    const alice = enter(stage, 'alice', 'n1');
    for (let at = 0; at < 1_500; at += 1) HpClient.in(stage.at('n1'), `u${at}`);
    stage.said.length = 0;
    stage.start('n2');
    stage.until(() => stage.isWhole, 16_000);
    stage.pass(1_000);
    const pieces = stage.said.filter(({ text }) => text.includes('"PRESENCE_SYNC"'));
    expect(pieces.length).toBeGreaterThanOrEqual(1);
    const bob = enter(stage, 'bob', 'n2');
    expect(['u0', 'u777', 'u1499'].map((user) => statusOf(stage, bob, user))).toEqual([
      ...['online 1', 'online 1', 'online 1'],
    ]);
    expect(statusOf(stage, alice, 'bob')).toBe('online 1');
  });
});

describe('policies', () => {
  test('[HP-SESS-2] one session of a user in the whole cluster', () => {
    const stage = whole({ sessionPolicy: 'reject' });
    enter(stage, 'alice', 'n1');
    const second = new HpClient(stage.at('n2'));
    second.ask('LOGIN', { user: 'alice' });
    stage.pass(50);
    expect(second.told()).toEqual(['ERROR USERNAME_TAKEN']);
  });

  test('[HP-SESS-3] a login takes the place of one on another node', () => {
    const stage = whole({ sessionPolicy: 'replace', sessionsPerUserMax: 1 });
    const first = enter(stage, 'alice', 'n1');
    const second = enter(stage, 'alice', 'n2');
    expect(first.told()).toEqual(['ERROR SESSION_REPLACED']);
    expect(statusOf(stage, second, 'alice')).toBe('online 1');
  });

  test.each(['replace', 'reject'])(
    '[HP-PART-3] after a split one session is left, everywhere (%s)',
    (sessionPolicy) => {
      const stage = whole({ sessionPolicy });
      stage.split(['n2']);
      stage.pass(15_000);
      const clients = [enter(stage, 'alice', 'n1'), enter(stage, 'alice', 'n2')];
      const watcher = enter(stage, 'bob', 'n3');
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(3_000);
      const told = clients.map((client) =>
        client
          .told()
          .filter((word) => !word.startsWith('NOTICE'))
          .join(),
      );
      expect(told.toSorted()).toEqual(['', 'ERROR SESSION_REPLACED']);
      expect(statusOf(stage, watcher, 'alice')).toBe('online 1');
      expect(stage.failures).toEqual([]);
    },
  );

  test.each([
    ['reject', 'n1', 'first'],
    ['reject', 'n3', 'first'],
    ['replace', 'n1', 'second'],
    ['replace', 'n3', 'second'],
  ] as const)(
    '[HP-PART-3] who came before the nodes lost each other is the earlier one (%s, on %s)',
    (sessionPolicy, node, stays) => {
      const stage = whole({ sessionPolicy });
      const first = enter(stage, 'alice', node);
      stage.split([node]);
      // Longer than its node's sessions are remembered.
      stage.pass(100_000);
      const second = enter(stage, 'alice', 'n2');
      stage.heal();
      stage.until(() => stage.isWhole, 20_000);
      stage.pass(3_000);
      const [gone, left] = stays === 'first' ? [second, first] : [first, second];
      expect(gone.told().at(-1)).toBe('ERROR SESSION_REPLACED');
      expect(left.isClosed).toBe(false);
      expect(stage.failures).toEqual([]);
    },
  );

  test('[HP-PART-1] [HP-PART-2] the smaller side lets nobody in, where the operator wants that', () => {
    const stage = whole(
      {},
      { cluster: { partitionPolicy: 'readonly-minority', nodesExpected: 3 } },
    );
    stage.split(['n2']);
    stage.pass(15_000);
    const refused = new HpClient(stage.at('n2'));
    refused.ask('LOGIN', { user: 'alice' });
    stage.pass(50);
    expect(refused.told()).toEqual(['ERROR UNAVAILABLE']);
    enter(stage, 'bob', 'n1');
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    enter(stage, 'alice', 'n2');
  });
});

describe('statistics', () => {
  test('[HP-STATS-2] count the users of the cluster, and the sessions of each node', () => {
    const stage = whole({ admins: ['Alice'] });
    const alice = enter(stage, 'alice', 'n1');
    for (const [user, node] of [
      ['bob', 'n1'],
      ['bob', 'n2'],
      ['carol', 'n2'],
      ['dora', 'n3'],
    ] as const)
      enter(stage, user, node);
    alice.ask('DIRECT_MESSAGE', { to: 'nobody', body: 'x' });
    stage.pass(100);
    const stats = (): unknown => {
      alice.take();
      alice.ask('STATS');
      stage.pass(50);
      return alice.take().find(({ type }) => type === 'STATS_OK')?.payload;
    };
    expect(stats()).toMatchObject({
      ...{ node: 'n1', users: 4, waiting: 1 },
      sessions: { n1: 2, n2: 2, n3: 1 },
    });
    stage.kill('n3');
    stage.pass(15_000);
    expect(stats()).toMatchObject({ users: 3, sessions: { n1: 2, n2: 2 } });
  });

  test('[HP-STATS-2] count the rooms that somebody is in, each at its home', () => {
    const stage = whole({ admins: ['n1', 'n2', 'n3'] });
    const admins = ['n1', 'n2', 'n3'].map((node) => enter(stage, node, node));
    const rooms = (): number[] =>
      admins.map((admin) => {
        admin.take();
        admin.ask('STATS');
        stage.pass(50);
        const told = admin.take().find(({ type }) => type === 'STATS_OK');
        return Number(told?.payload['rooms']);
      });
    const [first] = admins;
    for (let at = 0; at < 10; at += 1) {
      first?.ask('JOIN', { room: `stats-${at}` });
      stage.pass(300);
    }
    const joined = rooms();
    expect(Math.min(...joined)).toBeGreaterThan(0);
    const sum = joined.reduce((all, one) => all + one, 0);
    for (let at = 0; at < 4; at += 1) first?.ask('LEAVE', { room: `stats-${at}` });
    stage.pass(100);
    expect(rooms().reduce((all, one) => all + one, 0)).toBe(sum - 4);
  });
});

test('[HP-MEMBER-10] of a node that is forgotten nothing is remembered: it tells everything anew', () => {
  const stage = whole({}, { nodes: 2, cluster: { forgetMs: 5_000 } });
  const alice = enter(stage, 'alice', 'n1');
  enter(stage, 'bob', 'n2');
  stage.split(['n2']);
  stage.pass(20_000);
  expect(stage.seen('n1')).toBe('');
  stage.said.length = 0;
  stage.heal();
  stage.until(() => stage.isWhole, 20_000);
  stage.pass(1_000);
  const [asked] = stage.said.filter(
    ({ text, from }) => from === 'n1' && text.includes('PRESENCE_SYNC_REQUEST'),
  );
  expect(asked?.text).toContain('"have":0');
  expect(statusOf(stage, alice, 'bob')).toBe('online 1');
});
