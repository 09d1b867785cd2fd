// Three processes, one of which is killed while people talk: whatever was acknowledged as stored is heard by everybody who
// is still there, once and in one order; and a client of a node that is gone goes on elsewhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, type Line, ProcessCluster } from '../support/process-cluster.ts';
import { until } from '../support/until.ts';

const cluster = new ProcessCluster();
const names = ['n1', 'n2', 'n3'];

beforeAll(() => cluster.begin(), 60_000);
afterAll(() => cluster.end());

interface Member {
  readonly node: string;
  readonly client: Client;
  /** All that it heard. */
  readonly heard: Line[];
}

async function joined(node: string, user: string, room: string): Promise<Member> {
  const client = await cluster.login(node, user);
  client.say('JOIN', { room });
  await client.next('JOIN_OK');
  return { node, client, heard: client.lines };
}

function ids(lines: readonly Line[]): string[] {
  return lines.filter(({ type }) => type === 'ROOM_MESSAGE').map(({ id }) => id);
}

function stored(lines: readonly Line[]): string[] {
  return lines
    .filter(({ type, payload }) => type === 'ACK' && payload['status'] === 'stored')
    .map(({ payload }) => String(payload['ref']));
}

interface Returned {
  /** What was heard before it came back. */
  readonly before: readonly string[];
  readonly client: Client;
}

/** Everybody goes home with each stored message heard once, and nobody was seen to come or go. */
function nothingMissed(speaker: Client, back: readonly Returned[]): void {
  const told = stored(speaker.lines);
  expect(told.length).toBeGreaterThan(20);
  for (const { before, client } of back) {
    const all = [...before, ...ids(client.lines)];
    expect(new Set(all).size).toBe(all.length);
    for (const id of told) expect(all).toContain(id);
  }
  expect(speaker.lines.filter(({ type }) => type === 'PRESENCE_EVENT')).toEqual([]);
  for (const client of [speaker, ...back.map((one) => one.client)]) client.say('BYE', {});
}

/** Where the room's messages get their places. */
async function homeOf(room: string): Promise<string> {
  const [one, other] = [
    await joined('n1', `p1-${room}`, room),
    await joined('n2', `p2-${room}`, room),
  ];
  one.client.say('ROOM_MESSAGE', { room, body: 'where' }, 'where');
  const heard = await other.client.next('ROOM_MESSAGE');
  for (const { client } of [one, other]) client.say('BYE', {});
  return String(heard.payload['node']);
}

describe('a home that is killed', () => {
  test.each([1, 2, 3])('takes nothing with it that was stored (round %i)', async (round) => {
    const room = `talk-${round}`;
    const home = await homeOf(room);
    const members = await Promise.all(
      names.flatMap((node) => [0, 1].map((at) => joined(node, `u${at}-${node}-${round}`, room))),
    );
    const left = members.filter(({ node }) => node !== home);
    // Everybody speaks as fast as anybody may, and the home dies in the middle of it.
    let said = 0;
    const speaker = setInterval(() => {
      for (const [who, { client }] of members.entries())
        client.say('ROOM_MESSAGE', { room, body: `b${said}` }, `${who}-${said}`);
      said += 1;
    }, 110);
    await until(() => said >= 15, 10_000, 'some talk');
    cluster.nodes.get(home)?.child.kill('SIGKILL');
    const killedAt = said;
    await until(() => said >= killedAt + 40, 20_000, 'more talk');
    clearInterval(speaker);
    const last = 'last';
    const [first] = left;
    first?.client.say('ROOM_MESSAGE', { room, body: 'last' }, last);
    for (const { node, heard } of left.slice(1))
      await until(() => ids(heard).includes(last), 15_000, `the last message on ${node}`);
    const all = members.flatMap(({ heard }) => stored(heard));
    expect(all.length).toBeGreaterThan(100);
    for (const { heard } of left) {
      const places = heard
        .filter(({ type }) => type === 'ROOM_MESSAGE')
        .map(({ payload }) => Number(payload['epoch']) * 1e6 + Number(payload['seq']));
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      const own = new Set(
        heard.filter(({ type }) => type === 'ACK').map(({ payload }) => payload['ref']),
      );
      const told = ids(heard);
      expect(new Set(told).size).toBe(told.length);
      for (const id of all) if (!own.has(id)) expect(told).toContain(id);
    }
    for (const { client } of left) client.say('BYE', {});
    await cluster.start(home);
    await cluster.whole();
  });
});

describe('a client', () => {
  test('[HP-RES-9] goes on at another node than its own, and nobody hears of it', async () => {
    const [alice, bob] = [await joined('n3', 'alice', 'moves'), await joined('n1', 'bob', 'moves')];
    alice.client.say('PRESENCE_SUBSCRIBE', { users: ['bob'] });
    await alice.client.next('PRESENCE_STATE');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    alice.client.lines.length = 0;
    const { token } = bob.client.welcome.payload['resume'] as { token: string };
    bob.client.socket.destroy();
    alice.client.say('ROOM_MESSAGE', { room: 'moves', body: 'one' }, 'one');
    alice.client.say('DIRECT_MESSAGE', { to: 'bob', body: 'two' }, 'two');
    await alice.client.next('ACK', 5_000, ({ payload }) => payload['ref'] === 'two');
    const back = cluster.client('n2');
    back.say('RESUME', { token });
    const ok = await back.next('RESUME_OK');
    expect(ok.payload).toMatchObject({ user: 'bob', node: 'n2', replayed: 2, rooms: ['moves'] });
    await back.next('DIRECT_MESSAGE', 5_000, ({ id }) => id === 'two');
    await back.next('ROOM_MESSAGE', 5_000, ({ id }) => id === 'one');
    alice.client.say('ROOM_MESSAGE', { room: 'moves', body: 'three' }, 'three');
    await back.next('ROOM_MESSAGE', 5_000, ({ id }) => id === 'three');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(alice.client.lines.filter(({ type }) => type.endsWith('_EVENT'))).toEqual([]);
    for (const client of [alice.client, back]) client.say('BYE', {});
  });

  test('[HP-RES-10] whose node is killed loses nothing that was stored, and is not seen to go', async () => {
    const room = 'survives';
    const alice = await joined('n3', 'alice', room);
    const bobs = await Promise.all([0, 1, 2].map((at) => joined('n1', `bob${at}`, room)));
    alice.client.say('PRESENCE_SUBSCRIBE', { users: ['bob0', 'bob1', 'bob2'] });
    await alice.client.next('PRESENCE_STATE');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    alice.client.lines.length = 0;
    let said = 0;
    const speaker = setInterval(() => {
      alice.client.say('ROOM_MESSAGE', { room, body: `b${said}` }, `s${said}`);
      said += 1;
    }, 110);
    await until(() => said >= 10, 10_000, 'some talk');
    cluster.nodes.get('n1')?.child.kill('SIGKILL');
    await until(() => bobs.every(({ client }) => client.socket.destroyed), 5_000, 'the end');
    const back = await Promise.all(
      bobs.map(async ({ client, heard }, at) => {
        const { token } = client.welcome.payload['resume'] as { token: string };
        const last = heard.findLast(({ type }) => type === 'ROOM_MESSAGE')?.payload['seq'] ?? 0;
        const next = cluster.client(at === 0 ? 'n3' : 'n2');
        next.say('RESUME', { token, rooms: { [room]: last } });
        const ok = await until(
          () => next.lines.some(({ type }) => type === 'RESUME_OK'),
          10_000,
          `RESUME_OK of bob${at}`,
        );
        expect(ok).toBeLessThan(8_000);
        return { before: ids(heard), client: next };
      }),
    );
    await until(() => said >= 60, 20_000, 'more talk');
    clearInterval(speaker);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    nothingMissed(alice.client, back);
    await cluster.start('n1');
    await cluster.whole();
  });
});

describe('a node that is told to end', () => {
  test('[HP-DRAIN-2] sends its clients on: nothing is missed, and nobody is seen to go', async () => {
    const room = 'drains';
    const alice = await joined('n3', 'alice', room);
    const many = await Promise.all(
      Array.from({ length: 60 }, (_, at) => joined('n1', `many${at}`, room)),
    );
    alice.client.say('PRESENCE_SUBSCRIBE', { users: many.map((_, at) => `many${at}`) });
    await alice.client.next('PRESENCE_STATE');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    alice.client.lines.length = 0;
    let said = 0;
    const speaker = setInterval(() => {
      alice.client.say('ROOM_MESSAGE', { room, body: `b${said}` }, `s${said}`);
      said += 1;
    }, 110);
    const ended = cluster.nodes.get('n1')?.stop();
    const back = await Promise.all(
      many.map(async ({ client, heard }, at) => {
        await until(() => client.socket.destroyed, 30_000, 'the goodbye');
        const { token } = client.welcome.payload['resume'] as { token: string };
        const next = cluster.client(at % 2 === 0 ? 'n2' : 'n3');
        const last = heard.findLast(({ type }) => type === 'ROOM_MESSAGE')?.payload['seq'] ?? 0;
        next.say('RESUME', { token, rooms: { [room]: last } });
        await next.next('RESUME_OK', 10_000);
        return { before: ids(heard), client: next };
      }),
    );
    expect(await ended).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    clearInterval(speaker);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    nothingMissed(alice.client, back);
    await cluster.start('n1');
    await cluster.whole();
  }, 120_000);
});
