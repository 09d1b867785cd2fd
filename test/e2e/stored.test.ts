// Three processes, one of which is killed while people talk: whatever was acknowledged as stored is heard by everybody who
// is still there, once and in one order; and a client of a node that is gone goes on elsewhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, type Line, ProcessCluster, until } from '../support/process-cluster.ts';

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
