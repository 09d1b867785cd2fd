// Three processes under load, and all that can happen to them: a link that is cut, slowed or swallowed, a process that is
// stopped or killed, and one that is started anew after the other. People talk in one room meanwhile, come back wherever
// somebody listens, and what they have written down is judged at the end.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ClusterProcesses, silenceOf } from '../support/cluster-processes.ts';
import { Client } from '../support/process-cluster.ts';
import { until } from '../support/until.ts';
import { PeerProxies } from '../support/peer-proxies.ts';
import { judge, type Page } from '../support/talk-verdict.ts';
import { Talker } from '../support/talker.ts';

const names = ['n1', 'n2', 'n3'] as const;
const proxies = new PeerProxies();
const addresses = new Map<string, string>();
let cluster: ClusterProcesses;
let talkers: Talker[] = [];

async function start(name: string): Promise<void> {
  await proxies.back(name);
  const peers = names.filter((other) => other !== name).map((other) => addresses.get(other));
  await cluster.start(name, {
    HERMOD_CLUSTER_PEERS: peers.join(','),
    HERMOD_CLUSTER_ADVERTISE: addresses.get(name) ?? '',
    HERMOD_CLUSTER_NODES_EXPECTED: '3',
    HERMOD_DRAIN_SPREAD_MS: '2000',
    HERMOD_CHAT_HISTORY_MAX: '10000',
  });
}

beforeAll(async () => {
  cluster = await ClusterProcesses.open(names);
  for (const name of names) {
    const port = Number(cluster.peers(name).split(':').at(-1));
    addresses.set(name, await proxies.before(name, () => port));
  }
  await Promise.all(names.map(start));
  await cluster.whole(names);
}, 60_000);

afterEach(() => {
  for (const talker of talkers) talker.end();
  talkers = [];
});

afterAll(() => {
  proxies.close();
  cluster.close();
});

/** Two people on each node. */
async function talk(room: string): Promise<void> {
  talkers = names.flatMap((name, at) =>
    [0, 1].map((who) => {
      const order = [...names.slice(at), ...names.slice(0, at)].map((other) => cluster.chat(other));
      return new Talker(`${room}-${name}-${who}`, room, () => order);
    }),
  );
  await until(() => talkers.every(({ isIn }) => isIn), 15_000, 'everybody');
  for (const talker of talkers) talker.speak(400);
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** All are silent, everything is acknowledged and heard, and what was written down is judged. */
async function verdict(room: string, storedMin: number): Promise<void> {
  for (const talker of talkers) talker.hush();
  await until(
    () => talkers.every(({ isIn, waits }) => isIn && waits === 0),
    20_000,
    'the last acknowledgement',
  );
  const last = `last-${room}`;
  const speaker = await member(room, 'n1', last);
  speaker.say('ROOM_MESSAGE', { room, body: 'the last' }, last);
  await until(
    () => talkers.every(({ heard }) => heard.some(({ id }) => id === last)),
    15_000,
    'the last message everywhere',
  );
  const pages: Page[] = [];
  for (const name of names) pages.push({ node: name, messages: await history(room, name) });
  const stories = talkers.map(({ story }) => story);
  expect(judge(stories, pages)).toEqual([]);
  const stored = stories.flatMap(({ acked }) => acked.filter(({ status }) => status === 'stored'));
  expect(stored.length).toBeGreaterThan(storedMin);
  // [HP-ROOM-8] No ghosts: who is in the room is who talks there, on every node.
  const wanted = [...talkers.map(({ user }) => user), speaker.user].toSorted();
  for (const name of names) {
    await until(
      async () => (await membersOf(room, name, speaker.user)).join() === wanted.join(),
      20_000,
      `the members as ${name} sees them`,
    );
  }
  speaker.say('BYE', {});
}

async function member(
  room: string,
  node: string,
  user: string,
): Promise<Client & { user: string }> {
  const client = Object.assign(new Client(cluster.chat(node)), { user });
  client.say('LOGIN', { user });
  await client.next('LOGIN_OK');
  client.say('JOIN', { room });
  await client.next('JOIN_OK');
  return client;
}

async function history(room: string, node: string): Promise<Page['messages']> {
  const client = await member(room, node, `reader-${node}-${room}`);
  const found: Page['messages'][number][] = [];
  for (let isMore = true; isMore;) {
    const { seq } = found[0] ?? {};
    client.say('HISTORY', { room, limit: 100, ...(seq === undefined ? {} : { before: seq }) });
    const { payload } = await client.next('HISTORY_OK');
    // Pages are asked for by number, and two sides of a split may have given the same numbers: a place may come again.
    const page = payload['messages'] as Page['messages'];
    const isKnown = (one: Page['messages'][number]): boolean =>
      found.some(
        ({ epoch, seq: at, id }) => epoch === one.epoch && at === one.seq && id === one.id,
      );
    found.unshift(...page.filter((one) => !isKnown(one)));
    isMore = payload['more'] as boolean;
  }
  client.say('BYE', {});
  await client.next('BYE');
  return found;
}

async function membersOf(room: string, node: string, user: string): Promise<readonly string[]> {
  const client = new Client(cluster.chat(node));
  client.say('LOGIN', { user });
  await client.next('LOGIN_OK');
  client.say('ROOM_MEMBERS', { room, limit: 100 });
  const { payload } = await client.next('ROOM_MEMBERS_OK');
  client.say('BYE', {});
  return (payload['members'] as { user: string }[]).map((one) => one.user).toSorted();
}

describe('while people talk', () => {
  test(
    'a link that is cut again and again, and one that is slow',
    { timeout: 60_000 },
    async () => {
      await talk('cut');
      proxies.set('n1', 'n3', { bytesPerSecond: 20_000 });
      for (let at = 0; at < 4; at += 1) {
        await pass(1_000);
        proxies.cut('n1', 'n2');
      }
      proxies.set('n1', 'n3', 'open');
      await pass(500);
      await verdict('cut', 40);
    },
  );

  test(
    '[HP-DETOUR-1] [HP-DETOUR-4] a link that is broken for long, by silence and with a word: nobody notices',
    { timeout: 120_000 },
    async () => {
      await talk('broken');
      const lines = names.map((name) => [name, cluster.node(name).lines.length] as const);
      for (const road of ['swallowed', 'reset'] as const) {
        await pass(1_000);
        proxies.set('n1', 'n2', road);
        await until(
          async () => (await cluster.states('n1')).startsWith('n2:up+n3'),
          8_000,
          'the detour',
        );
        await pass(road === 'reset' ? 3_000 : 12_000);
        expect(await cluster.states('n2')).toBe('n1:up+n3 n3:up+');
        proxies.set('n1', 'n2', 'open');
        await until(
          async () => (await cluster.states('n1')) === 'n2:up+ n3:up+',
          25_000,
          'the link of their own',
        );
      }
      await verdict('broken', 200);
      for (const [name, before] of lines)
        expect(cluster.logged(name, 'cluster.down', before)).toEqual([]);
    },
  );

  test('a process that is stopped for three seconds', { timeout: 60_000 }, async () => {
    await talk('stop');
    await pass(1_000);
    cluster.node('n2').child.kill('SIGSTOP');
    await pass(3_000);
    cluster.node('n2').child.kill('SIGCONT');
    await pass(1_500);
    await verdict('stop', 30);
  });

  test(
    'a process that is killed: its users are offline in four seconds, and it comes back',
    { timeout: 90_000 },
    async () => {
      await talk('kill');
      const ghost = await member('kill', 'n3', 'ghost');
      const watcher = await member('kill', 'n1', 'watcher');
      watcher.say('PRESENCE_SUBSCRIBE', { users: ['ghost'] });
      await watcher.next('PRESENCE_STATE');
      await pass(2_000);
      proxies.gone('n3');
      cluster.node('n3').child.kill('SIGKILL');
      const since = performance.now();
      await watcher.next(
        'PRESENCE_EVENT',
        8_000,
        ({ payload }) => payload['user'] === 'ghost' && payload['status'] === 'offline',
      );
      expect(performance.now() - since).toBeLessThan(4_500);
      ghost.socket.destroy();
      watcher.say('BYE', {});
      await pass(1_000);
      await start('n3');
      await cluster.whole(names, 30_000);
      await verdict('kill', 60);
    },
  );

  test(
    'a node that is cut off until it is taken for dead, and found again',
    { timeout: 90_000 },
    async () => {
      await talk('split');
      await pass(1_000);
      for (const other of ['n1', 'n2']) proxies.set('n3', other, 'swallowed');
      await until(async () => (await cluster.states('n1')).includes('n3:down'), 24_000, 'the end');
      // [HP-MEMBER-3] After ten seconds, found out with the next tick.
      const { silentMs, dueMs } = silenceOf(cluster.node('n1'), 'n3');
      expect(silentMs).toBeGreaterThanOrEqual(dueMs);
      expect(silentMs).toBeLessThanOrEqual(dueMs + 1_000);
      for (const other of ['n1', 'n2']) proxies.set('n3', other, 'open');
      await cluster.whole(names, 30_000);
      await pass(1_000);
      await verdict('split', 40);
    },
  );

  test('one node after the other is started anew', { timeout: 120_000 }, async () => {
    await talk('roll');
    for (const name of names) {
      await pass(500);
      const ended = cluster.node(name).stop();
      proxies.gone(name);
      expect(await ended).toBe(0);
      await start(name);
      await cluster.whole(names, 30_000);
    }
    await verdict('roll', 60);
  });
});
