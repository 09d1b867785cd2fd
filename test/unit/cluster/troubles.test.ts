// What a cluster makes known of its troubles: splits, broken links, clocks, names that are taken, and where clients of a
// node that goes may go instead.

import { describe, expect, test } from 'vitest';

import { actorsOf } from '../../../src/actors/node.ts';
import { ClusterStage, SECRET } from '../../support/cluster-stage.ts';
import { HpClient } from '../../support/hp-client.ts';
import { answerTo, greeting, peerLine, readPeerLines } from '../../support/peer-words.ts';

function whole(options: ConstructorParameters<typeof ClusterStage>[0] = {}): ClusterStage {
  const stage = new ClusterStage({ chat: { admins: ['root'] }, ...options });
  stage.until(() => stage.isWhole, 5_000);
  stage.pass(2_000);
  expect(stage.failures).toEqual([]);
  return stage;
}

function noticesOf(client: HpClient): string[] {
  return client
    .take()
    .filter(({ type }) => type === 'NOTICE')
    .map(({ payload }) => `${String(payload['code'])}: ${String(payload['message'])}`);
}

describe('splits', () => {
  test('[HP-PART-4] [HP-NOTE-1] clients hear that nodes are cut off, and that none is any more', () => {
    const stage = whole();
    const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), 'bob')];
    const stranger = new HpClient(stage.at('n1'));
    stage.split(['n2']);
    stage.pass(9_000);
    expect([noticesOf(alice), stage.view('n1').cutOff]).toEqual([[], []]);
    stage.pass(4_000);
    const rest = 'cannot be reached: who is there looks offline.';
    expect(noticesOf(alice)).toEqual([`PARTITION: n2 ${rest}`]);
    expect(noticesOf(bob).at(-1)).toBe(`PARTITION: n1, n3 ${rest}`);
    expect(stage.view('n2').cutOff).toEqual(['n1', 'n3']);
    expect(stage.counted('n2', 'cluster.cutOff')).toBe(2);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(1_000);
    const over = ['PARTITION_HEALED: Every node that is up can be reached again.'];
    expect([noticesOf(alice), noticesOf(bob)]).toEqual([over, over]);
    expect(stage.counted('n2', 'cluster.cutOff')).toBe(0);
    expect(noticesOf(stranger)).toEqual([]);
  });

  test('[HP-PART-4] a process that is gone is no split, nor is one that leaves', () => {
    const stage = whole();
    const alice = HpClient.in(stage.at('n1'), 'alice');
    stage.kill('n2');
    stage.until(() => stage.seen('n1').includes('n2:down'), 5_000);
    stage
      .node('n3')
      .shards[0]?.system.deliver(actorsOf(0).members, { type: 'drain', withinMs: 10 });
    stage.pass(1_000);
    stage.kill('n3');
    stage.pass(20_000);
    expect(stage.seen('n1')).toBe('n2:down n3:left');
    expect([noticesOf(alice), stage.view('n1').cutOff]).toEqual([[], []]);
  });

  test('[HP-PART-4] [HP-NOTE-2] one broken link is told to administrators alone', () => {
    const stage = whole({ cluster: { detours: false } });
    const [alice, root] = [
      HpClient.in(stage.at('n1'), 'alice'),
      HpClient.in(stage.at('n1'), 'Root'),
    ];
    stage.cut('n1', 'n2');
    stage.pass(14_000);
    expect(stage.seen('n3')).toBe('n1:up n2:up');
    expect(noticesOf(root).map((text) => text.slice(0, 14))).toEqual(['PARTITION: n2 ']);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(1_000);
    expect(noticesOf(root).map((text) => text.slice(0, 16))).toEqual(['PARTITION_HEALED']);
    expect(noticesOf(alice)).toEqual([]);
  });

  test('[HP-DETOUR-6] and so is one that has a detour', () => {
    const stage = whole();
    const [alice, root] = [
      HpClient.in(stage.at('n1'), 'alice'),
      HpClient.in(stage.at('n1'), 'Root'),
    ];
    stage.breakOff('n1', 'n2');
    stage.pass(3_000);
    expect(stage.view('n1').members[0]).toMatchObject({ node: 'n2', state: 'up', via: 'n3' });
    expect(noticesOf(root)).toEqual([]);
    stage.pass(3_000);
    expect(noticesOf(root)).toEqual([
      'PARTITION: n2 cannot be reached but through other nodes: a link is broken.',
    ]);
    expect(stage.counted('n1', 'cluster.detoured')).toBe(1);
    stage.heal();
    stage.pass(20_000);
    expect(noticesOf(root).map((text) => text.slice(0, 16))).toEqual(['PARTITION_HEALED']);
    expect(stage.counted('n1', 'cluster.detoured')).toBe(0);
    expect(noticesOf(alice)).toEqual([]);
  });

  test('[HP-PART-5] [HP-DRAIN-3] a smaller side sends its clients away, and lets them back when it is over', () => {
    const stage = whole({ cluster: { partitionPolicy: 'drain-minority', nodesExpected: 3 } });
    const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), 'bob')];
    stage.split(['n2']);
    stage.pass(13_000);
    expect(stage.view('n2').isServing).toBe(false);
    expect(stage.news.filter(({ news }) => news.type === 'retreated')).toEqual([]);
    expect(bob.isClosed).toBe(false);
    stage.pass(25_000);
    const told = bob.take();
    const notice = told.find(({ payload }) => payload['code'] === 'SERVER_DRAINING');
    expect(notice).toMatchObject({ type: 'NOTICE', payload: { servers: ['n1:7500', 'n3:7500'] } });
    expect(told.at(-1)).toMatchObject({ type: 'BYE', payload: { code: 'SERVER_DRAINING' } });
    const late = new HpClient(stage.at('n2'));
    expect(late.isClosed).toBe(true);
    expect(noticesOf(alice)).toHaveLength(1);
    expect(alice.isClosed).toBe(false);
    stage.heal();
    stage.until(() => stage.isWhole, 20_000);
    stage.pass(1_000);
    HpClient.in(stage.at('n2'), 'bob');
    const retreats = stage.news.flatMap(({ node, news }) =>
      news.type === 'retreated' ? [`${node} ${news.isOver}`] : [],
    );
    expect(retreats).toEqual(['n2 false', 'n2 true']);
    expect(stage.failures).toEqual([]);
  });
});

test('[HP-DRAIN-3] clients of a node that goes hear where the others are', () => {
  const stage = whole();
  const alice = HpClient.in(stage.at('n1'), 'alice');
  stage.node('n3').shards[0]?.system.deliver(actorsOf(0).members, { type: 'drain', withinMs: 10 });
  stage.pass(1_000);
  stage.node('n1').shards[0]?.system.deliver(actorsOf(0).chat, { type: 'drain', withinMs: 500 });
  stage.pass(100);
  expect(alice.take()[0]?.payload['servers']).toEqual(['n2:7500']);
});

describe('clocks', () => {
  test.each([
    [-3_600, 1],
    [3_600, 1],
    [100, 1],
    [20, 0],
  ])('[HP-CLOCK-1] one that is %i s off is known, and harms nobody', (seconds, skewed) => {
    const stage = whole({ nodes: 2, skews: { n2: seconds } });
    const found = stage.view('n1').members[0]?.skewSeconds ?? 0;
    expect(Math.abs(found - seconds)).toBeLessThanOrEqual(1);
    expect(stage.counted('n1', 'cluster.clocks.skewed')).toBe(skewed);
    stage.pass(60_000);
    expect(stage.isWhole).toBe(true);
    expect(stage.counted('n1', 'cluster.members.down')).toBe(0);
  });

  test.each([
    [3_600, 2, 'CLOCK_SKEW: The clock of x9 is 3600 s ahead: times may look wrong.'],
    [-301, 2, 'CLOCK_SKEW: The clock of x9 is 301 s behind: times may look wrong.'],
    [-60, 1, 'CLOCK_SKEW: The clock of x9 is 60 s behind: times may look wrong.'],
    [29, 0, ''],
  ])('[HP-CLOCK-1] [HP-NOTE-2] is told to those whom it concerns (%i s)', (off, degree, text) => {
    const stage = whole({ nodes: 1, cluster: { peers: [] } });
    const [alice, root] = [
      HpClient.in(stage.at('n1'), 'alice'),
      HpClient.in(stage.at('n1'), 'root'),
    ];
    const stranger = stage.stranger('n1');
    const at = (): number => Math.floor(1_700_000_000 + stage.now / 1_000_000) + off;
    stranger.say(peerLine('SERVER_HELLO', greeting, at()));
    const [challenge] = readPeerLines(stranger.heard);
    if (challenge === undefined) throw new Error('there was no challenge');
    const proof = JSON.parse(answerTo(challenge, greeting, SECRET)) as { payload: object };
    stranger.say(peerLine('SERVER_AUTH', { ...proof.payload }, at()));
    stage.pass(1_000);
    expect(noticesOf(root)).toEqual(degree > 0 ? [text] : []);
    expect(noticesOf(alice)).toEqual(degree > 1 ? [text] : []);
    // It is set right.
    stage.pass(1_000);
    const beat = readPeerLines(stranger.heard).findLast(({ type }) => type === 'HEARTBEAT');
    const said = { incarnation: 7, ver: 0, digest: '0', hb: 1, echo: beat?.payload['hb'] };
    stranger.say(peerLine('HEARTBEAT', { ...said, draining: false }, at() - off));
    stage.pass(600);
    expect(stage.counted('n1', 'cluster.clocks.skewed')).toBe(0);
  });

  test('[HP-CLOCK-1] [HP-CLOCK-2] one that is set is known at once, and messages tell the new time', () => {
    const stage = whole({ nodes: 2 });
    const bob = HpClient.in(stage.at('n2'), 'bob');
    const saidAt = (): number => {
      bob.ask('PING');
      stage.pass(100);
      return bob.take().at(-1)?.timestamp ?? 0;
    };
    const before = saidAt();
    for (const [by, off] of [
      [3_600, 3_600],
      [-4_000, -400],
    ] as const) {
      stage.setClock('n2', by);
      stage.pass(2_000);
      expect(Math.abs((stage.view('n1').members[0]?.skewSeconds ?? 0) - off)).toBeLessThan(2);
      expect(Math.abs(saidAt() - before - off)).toBeLessThan(10);
      expect(stage.isWhole).toBe(true);
    }
  });

  test('[HP-CLOCK-1] what lay unread for a while tells an old time, and is no clock that is wrong', () => {
    const stage = whole({ nodes: 2 });
    stage.stall('n1', 90_000);
    stage.pass(100_000);
    expect(stage.view('n1').members[0]?.skewSeconds).toBeGreaterThan(-5);
    expect(stage.counted('n1', 'cluster.clocks.skewed')).toBe(0);
  });
});

describe('lives', () => {
  test('[HP-MEMBER-4] a process whose name another one takes gives up, and says so', () => {
    const stage = whole();
    const stranger = stage.stranger('n1');
    const said = { ...greeting, node: 'n2', incarnation: 9_000 };
    stranger.say(peerLine('SERVER_HELLO', said));
    const [challenge] = readPeerLines(stranger.heard);
    if (challenge === undefined) throw new Error('there was no challenge');
    stranger.say(answerTo(challenge, said, SECRET));
    stage.pass(500);
    const ended = stage.news.filter(({ news }) => news.type === 'nodeSuperseded');
    expect(ended.map(({ node }) => node)).toEqual(['n2']);
    expect(stranger.isClosed()).toBe(false);
    expect(stage.view('n1').members[0]).toMatchObject({ node: 'n2', incarnation: 9_000 });
    expect(stage.failures).toEqual([]);
  });

  test('[HP-MEMBER-4] one that was away while another took its name does not take it back', () => {
    const stage = whole();
    stage.stall('n2', 20_000);
    const stranger = stage.stranger('n1');
    const said = { ...greeting, node: 'n2', incarnation: 9_000 };
    stranger.say(peerLine('SERVER_HELLO', said));
    const [challenge] = readPeerLines(stranger.heard);
    if (challenge === undefined) throw new Error('there was no challenge');
    stranger.say(answerTo(challenge, said, SECRET));
    const beat = { incarnation: 9_000, ver: 0, digest: '0', echo: 0, draining: false };
    for (let hb = 1; hb < 30; hb += 1) {
      stranger.say(peerLine('HEARTBEAT', { ...beat, hb }));
      stage.pass(1_000);
    }
    expect(stranger.isClosed()).toBe(false);
    const ended = stage.news.filter(({ news }) => news.type === 'nodeSuperseded');
    expect(ended.map(({ node }) => node)).toEqual(['n2']);
    const late = stage.stranger('n1');
    const before = { ...greeting, node: 'n2', incarnation: 8_000 };
    late.say(peerLine('SERVER_HELLO', before));
    const [again] = readPeerLines(late.heard);
    if (again === undefined) throw new Error('there was no challenge');
    late.say(answerTo(again, before, SECRET));
    expect(readPeerLines(late.heard).at(-1)?.payload).toMatchObject({
      ...{ code: 'STALE_INCARNATION', known: 9_000, alive: true },
    });
  });

  test('[HP-MEMBER-4] a node that takes a later life is known by it everywhere', () => {
    const stage = whole({ cluster: { peers: ['n1:7501'] } });
    stage.kill('n2');
    stage.kill('n1');
    stage.pass(1_000);
    // The first one has forgotten everything, the third remembers a later life of the second.
    stage.start('n1');
    stage.start('n2', 5);
    stage.until(() => stage.isWhole, 30_000);
    HpClient.in(stage.at('n2'), 'bob');
    stage.pass(3_000);
    const incarnations = ['n1', 'n3'].map(
      (name) => stage.view(name).members.find(({ node }) => node === 'n2')?.incarnation,
    );
    expect(incarnations).toEqual([1_001, 1_001]);
    for (const name of ['n1', 'n3']) {
      const asker = HpClient.in(stage.at(name), `from-${name}`);
      asker.ask('PRESENCE_QUERY', { users: ['bob'] });
      stage.pass(100);
      expect(asker.take()[0]?.payload['users']).toMatchObject([{ user: 'bob', status: 'online' }]);
    }
    const risen = stage.news.filter(({ news }) => news.type === 'incarnationRisen');
    expect(risen.map(({ node }) => node)).toEqual(['n2']);
    expect(stage.failures).toEqual([]);
  });

  test.each(['n1', 'n3'])(
    '[HP-MEMBER-4] and a link that it was asked for by its old number, as %s has it, does not last',
    (forgetful) => {
      const stage = whole();
      stage.kill('n2');
      stage.kill(forgetful);
      stage.pass(1_000);
      stage.start(forgetful);
      stage.pass(3_000);
      stage.start('n2', 5);
      stage.until(() => stage.isWhole, 30_000);
      HpClient.in(stage.at('n2'), 'bob');
      stage.pass(3_000);
      for (const name of ['n1', 'n3']) {
        expect(stage.view(name).members.find(({ node }) => node === 'n2')?.incarnation).toBe(1_001);
        const asker = HpClient.in(stage.at(name), `from-${name}`);
        asker.ask('PRESENCE_QUERY', { users: ['bob'] });
        stage.pass(100);
        expect(asker.take()[0]?.payload['users']).toMatchObject([
          { user: 'bob', status: 'online' },
        ]);
      }
    },
  );
});

describe('links that stand at one end alone', () => {
  test('[HP-MEMBER-12] are replaced before anybody is taken for dead, and nothing is lost', () => {
    const stage = whole({ nodes: 2 });
    const [alice, bob] = [HpClient.in(stage.at('n1'), 'alice'), HpClient.in(stage.at('n2'), 'bob')];
    stage.pass(500);
    stage.deaden('n1', 'n2');
    alice.ask('DIRECT_MESSAGE', { to: 'bob', body: 'hi' });
    stage.until(() => stage.seen('n1') === 'n2:suspect', 6_000);
    stage.until(() => stage.isWhole, 2_000);
    stage.pass(3_000);
    expect(bob.told()).toEqual(['DIRECT_MESSAGE alice hi']);
    for (const name of ['n1', 'n2']) expect(stage.counted(name, 'cluster.members.down')).toBe(0);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-PEER-7] a link that never lasts is called for less and less often', () => {
    const stage = whole({ nodes: 2 });
    const calls = (): number =>
      stage.said.filter(({ text }) => text.includes('"SERVER_HELLO"')).length;
    const counts: number[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      const before = calls();
      for (const until = stage.now + 30_000_000; stage.now < until;) {
        stage.pass(200);
        stage.sever('n1', 'n2');
      }
      counts.push(calls() - before);
    }
    expect(counts.at(-1)).toBeLessThan(45);
    expect(stage.counted('n1', 'cluster.members.down')).toBe(0);
    stage.until(() => stage.isWhole, 4_000);
    stage.pass(31_000);
    stage.sever('n1', 'n2');
    stage.until(() => stage.isWhole, 1_000);
  });
});

describe('joining', () => {
  test('[HP-JOIN-1] a node that finds nobody lets clients in when all have refused', () => {
    const stage = new ClusterStage({ nodes: 3 });
    for (const name of ['n2', 'n3']) stage.kill(name);
    stage.pass(1_000);
    expect(stage.news).toMatchObject([
      { node: 'n1', news: { type: 'clusterJoined', isWhole: true } },
    ]);
  });

  test('[HP-JOIN-1] one that is alone waits for nobody', () => {
    const stage = new ClusterStage({ nodes: 1, cluster: { peers: [] } });
    stage.pass(600);
    expect(stage.news).toHaveLength(1);
  });

  test('[HP-JOIN-1] [HP-REPL-7] one that joins has everything of all others first', () => {
    const stage = whole({ nodes: 2, cluster: { peers: ['n1:7501', 'n2:7501'] } });
    const third = new ClusterStage({ nodes: 3, chat: {}, cluster: { peers: ['n1:7501'] } });
    third.kill('n3');
    third.until(() => third.linksBetween('n1', 'n2') === 1, 5_000);
    third.pass(2_000);
    for (let at = 0; at < 1_500; at += 1) HpClient.in(third.at('n2'), `u${at}`, 0, {});
    third.news.length = 0;
    third.start('n3');
    third.until(() => third.news.some(({ node }) => node === 'n3'), 5_000);
    const chunks = third.said.filter(
      ({ to, text }) => to === 'n3' && text.includes('"PRESENCE_SYNC"'),
    );
    expect(chunks.length).toBeGreaterThan(0);
    const asker = HpClient.in(third.at('n3'), 'late');
    asker.ask('PRESENCE_QUERY', { users: ['u0', 'u1499'] });
    third.pass(50);
    expect(asker.take()[0]?.payload['users']).toMatchObject([
      { user: 'u0', status: 'online' },
      { user: 'u1499', status: 'online' },
    ]);
    expect(stage.failures).toEqual([]);
  });

  test('[HP-JOIN-1] [HP-MEMBER-4] one that is told of its later life calls again before it lets clients in', () => {
    const stage = whole();
    stage.kill('n2');
    stage.pass(1_000);
    stage.news.length = 0;
    stage.start('n2', 5);
    const isJoined = (): boolean =>
      stage.news.some(({ node, news }) => node === 'n2' && news.type === 'clusterJoined');
    stage.until(isJoined, 5_000);
    expect(stage.seen('n2')).toBe('n1:up n3:up');
    expect(stage.news.map(({ news }) => news.type)).toEqual(['incarnationRisen', 'clusterJoined']);
  });

  test('[HP-JOIN-1] and waits no longer than it may', () => {
    const stage = new ClusterStage({ nodes: 2, cluster: { dialTimeoutMs: 60_000 } });
    stage.cut('n1', 'n2');
    stage.pass(9_000);
    expect(stage.news).toEqual([]);
    stage.pass(2_000);
    expect(stage.news.map(({ news }) => news)).toEqual([
      { type: 'clusterJoined', isWhole: false },
      { type: 'clusterJoined', isWhole: false },
    ]);
  });
});

describe('strangers', () => {
  test('[HP-PEER-12] the oldest of too many makes room, and nodes come in all the same', () => {
    const stage = whole({ nodes: 2, cluster: { strangersMax: 5 } });
    const strangers = Array.from({ length: 7 }, () => stage.stranger('n1'));
    stage.pass(100);
    expect(strangers.map(({ isClosed }) => isClosed())).toEqual([
      ...[true, true, false, false, false, false, false],
    ]);
    expect(strangers[0]?.heard.join('')).toContain('"UNAVAILABLE"');
    stage.sever('n1', 'n2');
    stage.until(() => stage.isWhole, 3_000);
  });

  test.each(['GET / HTTP/1.1\r\n', 'POST /x HTTP/1.1\r\nHost: a\r\n\r\n', 'Host: a\r\n'])(
    '[HP-PEER-12] %j ends the connection without a word',
    (text) => {
      const stage = whole({ nodes: 1, cluster: { peers: [] } });
      const stranger = stage.stranger('n1');
      stranger.say(`${text}${peerLine('SERVER_HELLO', greeting)}`);
      expect([stranger.heard, stranger.isClosed()]).toEqual([[], true]);
    },
  );
});
