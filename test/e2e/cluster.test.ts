// Three processes on loopback: what one hears all hear, a process that is killed is found out in seconds, one that is
// stopped is waited for and takes nobody for dead, and one that leaves says so.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silenceOf } from '../support/cluster-processes.ts';
import { type Client, type Line, ProcessCluster } from '../support/process-cluster.ts';
import { until } from '../support/until.ts';

const cluster = new ProcessCluster('--bridge', 'chat/lounge=broker/lounge');
const { nodes } = cluster;
const seen = (name: string): Promise<string> => cluster.seen(name);

beforeAll(() => cluster.begin(), 60_000);
afterAll(() => cluster.end());

describe('three processes', () => {
  test('what is said on one is heard on all', async () => {
    const [alice, bob, carol] = await Promise.all([
      cluster.login('n1', 'alice'),
      cluster.login('n2', 'bob'),
      cluster.login('n3', 'carol'),
    ]);
    for (const client of [alice, bob, carol]) {
      client.say('JOIN', { room: 'general' });
      await client.next('JOIN_OK');
    }
    for (let at = 0; at < 15; at += 1)
      alice.say('ROOM_MESSAGE', { room: 'general', body: `b${at}` }, `m${at}`);
    for (const client of [bob, carol])
      for (let at = 0; at < 15; at += 1)
        expect((await client.next('ROOM_MESSAGE')).payload['body']).toBe(`b${at}`);
    alice.say('DIRECT_MESSAGE', { to: 'carol', body: 'hi' }, 'd1');
    expect((await carol.next('DIRECT_MESSAGE')).id).toBe('d1');
    await alice.next(
      'ACK',
      5_000,
      ({ payload }) => payload['ref'] === 'd1' && payload['status'] === 'delivered',
    );
    carol.say('ROOM_MEMBERS', { room: 'general' });
    expect((await carol.next('ROOM_MEMBERS_OK')).payload['count']).toBe(3);
    for (const client of [alice, bob, carol]) client.say('BYE', {});
  });

  test('a broker publication reaches WebSockets of every node, once', async () => {
    const sockets = ['n1', 'n2', 'n3'].map(
      (name) => new WebSocket(`ws://${nodes.get(name)?.doors['broker']}`),
    );
    const heard: string[][] = sockets.map(() => []);
    const opened = sockets.map((socket) => new Promise((resolve) => socket.once('open', resolve)));
    await Promise.all(opened);
    for (const [at, socket] of sockets.entries()) {
      socket.on('message', (data: Buffer) => heard[at]?.push(data.toString()));
      socket.send(JSON.stringify({ type: 'subscribe', topic: 'stock:A' }));
    }
    await until(
      () => heard.every((one) => one.some((text) => text.includes('ack_subscribe'))),
      5_000,
      'the answers',
    );
    // Whom it reaches is told from node to node.
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let at = 0; at < 50; at += 1)
      sockets[1]?.send(JSON.stringify({ topic: 'stock:A', data: { at } }));
    const said = (one: string[]): string[] => one.filter((text) => text.startsWith('{"at"'));
    await until(() => heard.every((one) => said(one).length >= 50), 5_000, 'all publications');
    for (const one of heard)
      expect(said(one)).toEqual(Array.from({ length: 50 }, (_, at) => `{"at":${at}}`));
    for (const socket of sockets) socket.close();
  });

  test('[BRIDGE-13] pages and persons of all nodes are in one conversation, and hear each word once', async () => {
    const names = ['n1', 'n2', 'n3'];
    const clients = await Promise.all(names.map((name) => cluster.login(name, `of-${name}`)));
    for (const client of clients) {
      client.say('JOIN', { room: 'lounge' });
      await client.next('JOIN_OK');
    }
    const pages = names.map((name) => new WebSocket(`ws://${nodes.get(name)?.doors['broker']}`));
    const heard: string[][] = pages.map(() => []);
    await Promise.all(pages.map((page) => new Promise((resolve) => page.once('open', resolve))));
    for (const [at, page] of pages.entries()) {
      page.on('message', (data: Buffer) => heard[at]?.push(data.toString()));
      page.send(JSON.stringify({ type: 'subscribe', topic: 'lounge' }));
    }
    const said = (one: readonly string[]): string[] =>
      one.flatMap((text) => (JSON.parse(text) as { body?: string }).body ?? []);
    await until(
      () => heard.every((one) => one.some((text) => text.includes('ack_subscribe'))),
      5_000,
      'the answers',
    );
    // Whom it reaches is told from node to node.
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let at = 0; at < 5; at += 1) {
      for (const [who, page] of pages.entries())
        page.send(
          JSON.stringify({ topic: 'lounge', data: { from: `p${who}`, body: `p${who}${at}` } }),
        );
      for (const [who, client] of clients.entries())
        client.say('ROOM_MESSAGE', { room: 'lounge', body: `c${who}${at}` });
    }
    const all = ['p', 'c'].flatMap((kind) =>
      [0, 1, 2].flatMap((who) => Array.from({ length: 5 }, (_, at) => `${kind}${who}${at}`)),
    );
    const told = ({ lines }: Client): string[] =>
      lines
        .filter(({ type }) => type === 'ROOM_MESSAGE')
        .map(({ payload }) => String(payload['body']));
    await until(
      () =>
        heard.every((one) => said(one).length >= all.length) &&
        clients.every((client) => told(client).length >= all.length - 5),
      5_000,
      'every word',
    );
    for (const one of heard) expect(said(one).toSorted()).toEqual(all.toSorted());
    for (const [who, client] of clients.entries())
      expect(told(client).toSorted()).toEqual(
        all.filter((body) => !body.startsWith(`c${who}`)).toSorted(),
      );
    for (const page of pages) page.close();
    for (const client of clients) client.say('BYE', {});
  });

  test('a process that is killed is down within four seconds, with its users, and comes back as a new one', async () => {
    const alice = await cluster.login('n1', 'alice');
    await cluster.login('n3', 'ghost');
    alice.say('PRESENCE_SUBSCRIBE', { users: ['ghost'] });
    const online = (line: Line): boolean => line.payload['status'] === 'online';
    const [known] = (await alice.next('PRESENCE_STATE')).payload['users'] as { status: string }[];
    if (known?.status !== 'online') await alice.next('PRESENCE_EVENT', 5_000, online);
    nodes.get('n3')?.child.kill('SIGKILL');
    const since = performance.now();
    await alice.next('PRESENCE_EVENT', 6_000, ({ payload }) => payload['status'] === 'offline');
    const tookMs = performance.now() - since;
    expect(tookMs).toBeLessThan(4_500);
    await cluster.start('n3');
    await cluster.whole();
    alice.say('BYE', {});
  });

  test('a process that is stopped for six seconds is waited for, and loses nothing', async () => {
    const [alice, bob] = [await cluster.login('n1', 'alice'), await cluster.login('n2', 'bob')];
    alice.say('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    await alice.next('PRESENCE_STATE');
    await until(async () => (await seen('n1')) === 'n2:up+ n3:up+', 5_000, 'calm');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    alice.lines.length = 0;
    nodes.get('n2')?.child.kill('SIGSTOP');
    await until(async () => (await seen('n1')).includes('n2:suspect'), 7_000, 'the suspicion');
    alice.say('DIRECT_MESSAGE', { to: 'bob', body: 'are you there?' }, 'd2');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    nodes.get('n2')?.child.kill('SIGCONT');
    expect((await bob.next('DIRECT_MESSAGE')).id).toBe('d2');
    await cluster.whole();
    expect(alice.lines.filter(({ type }) => type === 'PRESENCE_EVENT')).toEqual([]);
    for (const client of [alice, bob]) client.say('BYE', {});
  });

  test('one that is stopped for longer is down, and takes nobody for dead when it goes on', async () => {
    const before = nodes.get('n2')?.lines.length;
    nodes.get('n2')?.child.kill('SIGSTOP');
    await until(async () => (await seen('n1')).includes('n2:down'), 24_000, 'the end');
    const observer = nodes.get('n1');
    if (observer === undefined) throw new Error('n1 was not started');
    const { silentMs, dueMs } = silenceOf(observer, 'n2');
    expect(silentMs).toBeGreaterThanOrEqual(dueMs);
    expect(silentMs).toBeLessThanOrEqual(dueMs + 1_000);
    nodes.get('n2')?.child.kill('SIGCONT');
    await cluster.whole();
    const lines = (nodes.get('n2')?.lines ?? []).slice(before);
    expect(lines.filter((line) => line.includes('"cluster.down"'))).toEqual([]);
  });

  test('one that leaves says so, and is not suspected', async () => {
    const node = nodes.get('n3');
    expect(await node?.stop()).toBe(0);
    await until(async () => (await seen('n1')).includes('n3:left'), 1_000, 'the farewell');
    const lines = nodes.get('n1')?.lines ?? [];
    const after = lines.slice(lines.findLastIndex((line) => line.includes('"cluster.draining"')));
    expect(after.filter((line) => line.includes('cluster.suspect'))).toEqual([]);
  });
});
