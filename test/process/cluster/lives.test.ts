// Lives of real processes: a later one has a higher number whatever its clock says, a name that is taken ends the one
// that had it, nobody comes in before a node knows who is where, and nodes that are replaced one by one are not missed.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';

import { HpSocket } from '../../support/hp-socket.ts';
import { launch } from '../../support/node-process.ts';
import { PeerSocket } from '../../support/peer-socket.ts';
import { until } from '../../support/until.ts';
import { CLUSTER_SECRET, ClusterProcesses } from '../../support/cluster-processes.ts';

vi.setConfig({ testTimeout: 90_000 });

let cluster: ClusterProcesses;

afterEach(() => cluster.close());

test('[HP-MEMBER-4] the next life is a later one though the clock went back, and is written down', async () => {
  cluster = await ClusterProcesses.open(['n1']);
  const state = join(cluster.folder, 'state');
  mkdirSync(state);
  const ahead = Date.now() + 86_400_000;
  writeFileSync(join(state, 'incarnation'), `${ahead}\n`);
  const env = { HERMOD_CLUSTER_STATE_DIRECTORY: state };
  const lives: number[] = [];
  for (let life = 0; life < 2; life += 1) {
    const node = await cluster.start('n1', env);
    lives.push((await cluster.seen('n1')).incarnation);
    expect(await node.stop()).toBe(0);
  }
  const [first = 0, second = 0] = lives;
  expect(first).toBeGreaterThan(ahead);
  expect(second).toBeGreaterThan(first);
  expect(Number(readFileSync(join(state, 'incarnation'), 'utf8'))).toBe(second);
  writeFileSync(join(state, 'incarnation'), 'nonsense\n');
  const secretFile = join(cluster.folder, 'secret');
  const broken = launch(['--cluster-port', '0', '--port', '0', '--admin-port', 'off'], {
    ...env,
    HERMOD_CLUSTER_SECRET_FILE: secretFile,
  });
  expect(await broken.exited).toBe(2);
  expect(broken.errors()).toContain('holds no number');
});

test('[HP-MEMBER-4] what others remember of it is written down, too', async () => {
  cluster = await ClusterProcesses.open(['n1']);
  const state = join(cluster.folder, 'state');
  mkdirSync(state);
  await cluster.start('n1', { HERMOD_CLUSTER_STATE_DIRECTORY: state });
  const peer = new PeerSocket(cluster.peers('n1'));
  await peer.enter(CLUSTER_SECRET);
  const known = Date.now() + 5_000_000;
  const member = { node: 'n1', incarnation: known, addr: '', state: 'down' };
  peer.say('SERVER_READY', { members: [member], heartbeat_ms: 1_000 });
  await peer.closed();
  expect((await cluster.seen('n1')).incarnation).toBe(known + 1);
  const written = (): number => Number(readFileSync(join(state, 'incarnation'), 'utf8'));
  await until(() => written() === known + 1, 3_000, 'the number');
});

test('[HP-MEMBER-4] [PROC-ADMIN-2] of two processes with one name the earlier ends, and says why', async () => {
  cluster = await ClusterProcesses.open(['n1', 'n2']);
  await cluster.start('n1');
  const older = await cluster.start('n2');
  await cluster.whole(['n1', 'n2']);
  const args = ['--node', 'n2', '--port', '0', '--admin-port', '0', '--json', '--threads', '1'];
  const newer = launch([...args, '--cluster-port', '0'], {
    HERMOD_CLUSTER_SECRET_FILE: join(cluster.folder, 'secret'),
    HERMOD_CLUSTER_NAME: 'test',
    HERMOD_CLUSTER_PEERS: cluster.peers('n1'),
  });
  await newer.ready;
  expect(await older.exited).toBe(3);
  expect(cluster.logged('n2', 'cluster.superseded')).toHaveLength(1);
  const [seen] = (await cluster.seen('n1')).members;
  expect(seen).toMatchObject({ node: 'n2', state: 'up', hasLink: true });
  // What an operator is shown of it.
  const status = [
    'src/main.ts',
    'cluster',
    'status',
    '--admin',
    cluster.node('n1').doors['admin'] ?? '',
  ];
  const table = execFileSync(process.execPath, status, { encoding: 'utf8' });
  expect(table).toMatch(
    /^Cluster test, as n1 sees it:\nnode +state +link +round trip +silent +version +clock/,
  );
  expect(table).toMatch(/\nn2 +up +yes +(\d+ ms)? +\d+ ms +1\.1 +right +/);
  expect(table).toMatch(
    /\nAll nodes can: presence, interest, forward, synced, columns, detour\.\n$/,
  );
  newer.child.kill('SIGKILL');
});

test('[HP-JOIN-1] who comes in knows who is where, and a node that is alone waits for nobody', async () => {
  cluster = await ClusterProcesses.open(['n1', 'n2', 'n3']);
  await cluster.start('n1');
  const joins = (): readonly Record<string, unknown>[] => cluster.logged('n1', 'cluster.joined');
  await until(() => joins().length > 0, 5_000, 'the word');
  const [joined] = joins();
  expect(joined?.['waitedMs']).toBeLessThan(2_000);
  const users = Array.from({ length: 60 }, (_, at) => `u${at}`);
  const there = await Promise.all(users.map((user) => HpSocket.in(cluster.chat('n1'), user)));
  await cluster.start('n2');
  const asker = await HpSocket.in(cluster.chat('n2'), 'asker');
  const { payload } = await asker.ask('PRESENCE_QUERY', { users });
  const statuses = (payload['users'] as { status: string }[]).map(({ status }) => status);
  expect(statuses.filter((status) => status !== 'online')).toEqual([]);
  for (const client of [...there, asker]) client.close();
});

test('[HP-MEMBER-11] [HP-DRAIN-3] nodes that are replaced one by one are neither suspected nor missed', async () => {
  const names = ['n1', 'n2', 'n3'];
  cluster = await ClusterProcesses.open(names);
  const spread = { HERMOD_DRAIN_SPREAD_MS: '1500' };
  await Promise.all(names.map((name) => cluster.start(name, spread)));
  await cluster.whole(names);
  for (const name of names) {
    const others = names.filter((other) => other !== name);
    const client = await HpSocket.in(cluster.chat(name), 'alice');
    const marks = new Map(others.map((other) => [other, cluster.node(other).lines.length]));
    const ended = cluster.node(name).stop();
    const notice = await client.take(({ type }) => type === 'NOTICE', 'the notice');
    expect(notice.payload).toMatchObject({
      ...{ code: 'SERVER_DRAINING', servers: others.map((other) => cluster.chat(other)) },
    });
    await client.take(({ type }) => type === 'BYE', 'the farewell');
    const [other = ''] = notice.payload['servers'] as string[];
    const again = await HpSocket.in(other, 'alice');
    expect(await ended).toBe(0);
    for (const one of others) {
      await until(async () => (await cluster.states(one)).includes(`${name}:left`), 2_000, one);
      for (const event of ['cluster.suspect', 'cluster.down'])
        expect([one, event, cluster.logged(one, event, marks.get(one))]).toEqual([one, event, []]);
    }
    await cluster.start(name, spread);
    await cluster.whole(names);
    const isSynced = async (): Promise<boolean> =>
      (await cluster.seen(name)).members.every((member) => member.isSynced === true);
    await until(isSynced, 5_000, 'everything');
    again.close();
  }
});

test('[HP-CLOCK-1] a clock that is set while nodes run harms nobody', async () => {
  cluster = await ClusterProcesses.open(['n1', 'n2']);
  const jump = join(cluster.folder, 'jump.mjs');
  // The time of day of the process and all its threads goes back by a day, and forth by two, three seconds after.
  writeFileSync(
    jump,
    `const real = Date.now; const since = real();
     Date.now = () => real() + (real() - since < 3000 ? 0 : real() - since < 6000 ? -86400000 : 86400000);`,
  );
  await cluster.start('n1');
  await cluster.start('n2', { NODE_OPTIONS: `--import=${jump}` });
  await cluster.whole(['n1', 'n2']);
  // Of two links between them one is ended, when a busy machine comes to it: that is no trouble.
  const troubles = (): unknown[] =>
    ['n1', 'n2'].flatMap((name) =>
      ['cluster.suspect', 'cluster.down', 'cluster.linkDown'].flatMap((event) =>
        cluster.logged(name, event).filter(({ code }) => code !== 'DUPLICATE_LINK'),
      ),
    );
  const before = troubles().length;
  const [alice, bob] = [
    await HpSocket.in(cluster.chat('n1'), 'alice'),
    await HpSocket.in(cluster.chat('n2'), 'bob'),
  ];
  for (let at = 0; at < 20; at += 1) {
    alice.say('DIRECT_MESSAGE', { to: 'bob', body: `m${at}` });
    await bob.take(({ payload }) => payload['body'] === `m${at}`, `message ${at}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(troubles().slice(before)).toEqual([]);
  for (const client of [alice, bob]) client.close();
});
