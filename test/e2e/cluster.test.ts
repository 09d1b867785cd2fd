// Three processes on loopback: what one hears all hear, a process that is killed is found out in seconds, one that is
// stopped is waited for and takes nobody for dead, and one that leaves says so.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type NodeProcess, startNode } from '../support/node-process.ts';

interface Line {
  readonly type: string;
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A client as a person with `nc` is one. */
class Client {
  readonly lines: Line[] = [];
  readonly socket: Socket;
  #said = 0;

  constructor(address: string) {
    const [host = '', port] = address.split(':');
    this.socket = connect(Number(port), host);
    this.socket.on('error', () => {});
    createInterface({ input: this.socket }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
    });
  }

  say(type: string, payload: object, id?: string): void {
    this.#said += 1;
    const line = {
      version: '1.0',
      type,
      id: id ?? `q${this.#said}`,
      timestamp: 1,
      source: 'client',
    };
    this.socket.write(`${JSON.stringify({ ...line, payload })}\n`);
  }

  /** Waits for a line of this kind; takes it away. */
  async next(
    type: string,
    withinMs = 5_000,
    more: (line: Line) => boolean = () => true,
  ): Promise<Line> {
    let found = -1;
    await until(
      () => (found = this.lines.findIndex((one) => one.type === type && more(one))) >= 0,
      withinMs,
      type,
    );
    const [line] = this.lines.splice(found, 1);
    if (line === undefined) throw new Error('it was there');
    return line;
  }
}

async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  what: string,
): Promise<number> {
  const since = performance.now();
  while (!(await condition())) {
    if (performance.now() - since > withinMs)
      throw new Error(`${what} did not come in ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - since;
}

const nodes = new Map<string, NodeProcess>();
const ports = new Map<string, number>();
let secretFile = '';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function start(name: string): Promise<NodeProcess> {
  const peers = [...ports]
    .filter(([other]) => other !== name)
    .flatMap(([, port]) => ['--cluster-peer', `127.0.0.1:${port}`]);
  const node = await startNode(
    [
      ...['--node', name, '--threads', '2', '--chat-port', '0', '--log-level', 'info'],
      ...['--cluster-port', String(ports.get(name)), ...peers],
      ...['--bridge', 'chat/lounge=broker/lounge'],
    ],
    { HERMOD_CLUSTER_SECRET_FILE: secretFile },
  );
  nodes.set(name, node);
  return node;
}

interface Told {
  readonly members: readonly {
    readonly node: string;
    readonly state: string;
    readonly hasLink: boolean;
  }[];
}

async function seen(name: string): Promise<string> {
  const answer = await fetch(`http://${nodes.get(name)?.doors['admin']}/cluster`);
  const { members } = (await answer.json()) as Told;
  return members
    .map(({ node, state, hasLink }) => `${node}:${state}${hasLink ? '+' : ''}`)
    .join(' ');
}

async function whole(): Promise<void> {
  await until(
    async () =>
      (await seen('n1')) === 'n2:up+ n3:up+' &&
      (await seen('n2')) === 'n1:up+ n3:up+' &&
      (await seen('n3')) === 'n1:up+ n2:up+',
    30_000,
    'the cluster',
  );
}

async function login(name: string, user: string): Promise<Client> {
  const client = new Client(nodes.get(name)?.doors['chat'] ?? '');
  client.say('LOGIN', { user });
  await client.next('LOGIN_OK');
  return client;
}

beforeAll(async () => {
  secretFile = join(mkdtempSync(join(tmpdir(), 'hermod-')), 'secret');
  writeFileSync(secretFile, `k1 ${'s'.repeat(40)}\n`);
  for (const name of ['n1', 'n2', 'n3']) ports.set(name, await freePort());
  await Promise.all([...ports.keys()].map((name) => start(name)));
  await whole();
}, 60_000);

afterAll(() => {
  for (const { child } of nodes.values()) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
});

describe('three processes', () => {
  test('what is said on one is heard on all', async () => {
    const [alice, bob, carol] = await Promise.all([
      login('n1', 'alice'),
      login('n2', 'bob'),
      login('n3', 'carol'),
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
    const clients = await Promise.all(names.map((name) => login(name, `of-${name}`)));
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
    const alice = await login('n1', 'alice');
    await login('n3', 'ghost');
    alice.say('PRESENCE_SUBSCRIBE', { users: ['ghost'] });
    const online = (line: Line): boolean => line.payload['status'] === 'online';
    const [known] = (await alice.next('PRESENCE_STATE')).payload['users'] as { status: string }[];
    if (known?.status !== 'online') await alice.next('PRESENCE_EVENT', 5_000, online);
    nodes.get('n3')?.child.kill('SIGKILL');
    const since = performance.now();
    await alice.next('PRESENCE_EVENT', 6_000, ({ payload }) => payload['status'] === 'offline');
    const tookMs = performance.now() - since;
    expect(tookMs).toBeLessThan(4_500);
    await start('n3');
    await whole();
    alice.say('BYE', {});
  });

  test('a process that is stopped for six seconds is waited for, and loses nothing', async () => {
    const [alice, bob] = [await login('n1', 'alice'), await login('n2', 'bob')];
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
    await whole();
    expect(alice.lines.filter(({ type }) => type === 'PRESENCE_EVENT')).toEqual([]);
    for (const client of [alice, bob]) client.say('BYE', {});
  });

  test('one that is stopped for longer is down, and takes nobody for dead when it goes on', async () => {
    const before = nodes.get('n2')?.lines.length;
    nodes.get('n2')?.child.kill('SIGSTOP');
    const tookMs = await until(
      async () => (await seen('n1')).includes('n2:down'),
      14_000,
      'the end',
    );
    expect(tookMs).toBeGreaterThan(8_500);
    nodes.get('n2')?.child.kill('SIGCONT');
    await whole();
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
