// Whatever comes to the peers' port of a real process: nothing is told to whoever has not proved that he is of the
// cluster, nothing that is said grows the process, and a node of an older version is spoken to in its own words.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { HpSocket } from '../../support/hp-socket.ts';
import { PeerSocket } from '../../support/peer-socket.ts';
import { until } from '../../support/until.ts';
import { greeting, peerLine } from '../../support/peer-words.ts';
import { CLUSTER_SECRET, ClusterProcesses } from '../../support/cluster-processes.ts';

let cluster: ClusterProcesses;

beforeAll(async () => {
  cluster = await ClusterProcesses.open(['n1', 'n2']);
  const soon = { HERMOD_CLUSTER_HANDSHAKE_TIMEOUT_MS: '1000' };
  await Promise.all([cluster.start('n1', soon), cluster.start('n2')]);
  await cluster.whole(['n1', 'n2']);
}, 60_000);

afterAll(() => cluster.close());

const hello = peerLine('SERVER_HELLO', greeting);
const deep = `{"a":${'['.repeat(4_000)}\n`;

describe('strangers on a real port', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['a browser', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', ''],
    ['a form of a web page', `POST / HTTP/1.1\r\nHost: a\r\n\r\n${hello}`, ''],
    ['half a line', hello.slice(0, -1), 'TIMEOUT'],
    ['nothing', '', 'TIMEOUT'],
    ['random bytes', randomBytes(20_000), 'INVALID_UTF8|LINE_TOO_LONG|INVALID_JSON'],
    ['a client hello of TLS', Buffer.from('16030100c8010000c40303\n', 'hex'), 'TIMEOUT|INVALID'],
    ['telnet', Buffer.from([0xff, 0xfb, 0x01, 0x0a]), 'INVALID_UTF8'],
    ['a line of a client', peerLine('LOGIN', { user: 'a' }), 'UNKNOWN_TYPE'],
    ['what only a node may say', peerLine('FORWARD', { n: 1 }), 'INVALID_PAYLOAD'],
    ['a list of members', peerLine('MEMBERS', { members: [] }), 'INVALID_MESSAGE'],
    ['a heartbeat', peerLine('HEARTBEAT_ACK', { hb: 1 }), 'INVALID_MESSAGE'],
    ['a proof before its time', peerLine('SERVER_AUTH', { proof: 'a' }), 'INVALID_MESSAGE'],
    ['a welcome', peerLine('SERVER_WELCOME', { members: [], heartbeat_ms: 1 }), 'INVALID_MESSAGE'],
    ['two greetings', hello + hello, 'INVALID_MESSAGE'],
    ['a deep line', deep, 'TOO_DEEP'],
    ['a long line', 'x'.repeat(100_000), 'LINE_TOO_LONG'],
    ['no object', '[]\n', 'INVALID_MESSAGE'],
    ['a key that stands twice', '{"version":"1.0","version":"1.0"}\n', 'DUPLICATE_KEY'],
    ['another cluster', peerLine('SERVER_HELLO', { ...greeting, cluster: 'b' }), 'CLUSTER_MISM'],
    ['a name that is none', peerLine('SERVER_HELLO', { ...greeting, node: '../a' }), 'INVALID_PAY'],
    ['a life before any', peerLine('SERVER_HELLO', { ...greeting, incarnation: -1 }), 'INVALID_PA'],
    ['a version to come', peerLine('SERVER_HELLO', { ...greeting, versions: ['2.0'] }), 'UNSUPPOR'],
    ['a key of another', peerLine('SERVER_HELLO', { ...greeting, key: 'k9' }), 'PEER_AUTH_FAILED'],
    [
      'a source that is none',
      hello.replace('"source":"server"', '"source":"client"'),
      'INVALID_SOURCE',
    ],
  ])('[HP-PEER-3] [HP-PEER-5] are told what is wrong, and no more: %s', async (_, bytes, code) => {
    const stranger = new PeerSocket(cluster.peers('n1'));
    stranger.socket.write(bytes);
    await stranger.closed();
    const text = JSON.stringify(stranger.lines);
    expect(text).not.toContain('"n2"');
    const told = stranger.lines.filter(({ type }) => type !== 'SERVER_CHALLENGE');
    if (code === '') expect(stranger.lines).toEqual([]);
    else {
      expect(told.map(({ type }) => type)).toEqual(['ERROR']);
      expect(String(told[0]?.payload['code'])).toMatch(new RegExp(code));
    }
  });

  test('[HP-PEER-4] a proof that was good once is good for nothing', async () => {
    const first = new PeerSocket(cluster.peers('n1'));
    const written: string[] = [];
    const write = first.socket.write.bind(first.socket);
    first.socket.write = (bytes: string): boolean => {
      written.push(bytes);
      return write(bytes);
    };
    expect((await first.enter(CLUSTER_SECRET)).type).toBe('SERVER_WELCOME');
    first.socket.destroy();
    const second = new PeerSocket(cluster.peers('n1'));
    for (const bytes of written) second.socket.write(bytes);
    await second.closed();
    expect(second.lines.map(({ type }) => type)).toEqual(['SERVER_CHALLENGE', 'ERROR']);
    expect(second.lines[1]?.payload['code']).toBe('PEER_AUTH_FAILED');
    const isTold = (): boolean =>
      cluster
        .logged('n1', 'cluster.refused')
        .some(({ remote, code }) => remote === '127.0.0.1' && code === 'PEER_AUTH_FAILED');
    await until(isTold, 10_000, 'what operators read of it');
  });

  test('[HP-PEER-1] [HP-PEER-12] a flood of them is bounded, and the node goes on', async () => {
    const flood = (): PeerSocket[] =>
      Array.from({ length: 150 }, () => {
        const stranger = new PeerSocket(cluster.peers('n1'));
        for (let at = 0; at < 20; at += 1) stranger.socket.write(randomBytes(64 * 1_024));
        return stranger;
      });
    const before = await memoryAfter(flood);
    const after = Math.max(await memoryAfter(flood), await memoryAfter(flood));
    expect(after - before).toBeLessThan(64 * 1_024 * 1_024);
    const silent = Array.from({ length: 200 }, () => new PeerSocket(cluster.peers('n1')));
    await until(() => silent.filter(({ isClosed }) => isClosed).length >= 136, 5_000, 'room');
    const node = new PeerSocket(cluster.peers('n1'));
    expect((await node.enter(CLUSTER_SECRET, { node: 'x8' })).type).toBe('SERVER_WELCOME');
    for (const { socket } of [...silent, node]) socket.destroy();
    expect(await cluster.states('n1')).toContain('n2:up+');
    expect(cluster.logged('n1', 'actor.failed')).toEqual([]);
  });

  test('[HP-PEER-1] a node that speaks badly loses its link, and nobody else does', async () => {
    for (const [at, bad] of [
      '{"version":"1.0"\n',
      'x'.repeat(2 * 1_024 * 1_024),
      peerLine('PRESENCE_DELTA', { node: 'x7', incarnation: 7, from: 3, to: 9, ops: [] }),
      peerLine('PRESENCE_DELTA', {
        ...{ node: 'x7', incarnation: 7, from: 0, to: 1, ops: [{ op: 'new', session: 'a' }] },
      }),
      peerLine('HEARTBEAT', { incarnation: 'a' }),
      peerLine('SERVER_HELLO', greeting),
    ].entries()) {
      const node = new PeerSocket(cluster.peers('n1'));
      await node.enter(CLUSTER_SECRET, { node: 'x7', incarnation: at + 1 });
      node.socket.write(bad);
      await node.closed();
    }
    expect(await cluster.states('n1')).toContain('n2:up+');
    expect(cluster.logged('n1', 'actor.failed')).toEqual([]);
  });
});

async function memoryAfter(flood: () => PeerSocket[]): Promise<number> {
  const strangers = flood();
  await until(() => strangers.every(({ isClosed }) => isClosed), 20_000, 'the end of all');
  return cluster.metric('n1', 'process_resident_memory_bytes');
}

describe('a node of the version before', () => {
  test('[HP-PEER-9] [HP-PEER-10] [HP-PEER-11] is spoken to in its own words, and works', async () => {
    const old = new PeerSocket(cluster.peers('n1'));
    const welcome = await old.enter(CLUSTER_SECRET, { node: 'x6', incarnation: 1 });
    expect(welcome).toMatchObject({
      type: 'SERVER_WELCOME',
      payload: { clients: cluster.chat('n1') },
    });
    old.say('SERVER_READY', { members: [], heartbeat_ms: 1_000 });
    const owned = { node: 'x6', incarnation: 1 };
    await old.next('PRESENCE_SYNC_REQUEST');
    const bob = { session: 'x6-1', user: 'bob', status: 'online', lamport: 1 };
    old.say('PRESENCE_SYNC', { ...owned, ver: 1, chunk: 0, chunks: 1, sessions: [bob] });
    old.say('SYNC_DONE', { ...owned, ver: 1 });
    old.say('FORWARD_ACK', { n: 0 });
    const alice = await HpSocket.in(cluster.chat('n1'), 'alice');
    await until(
      async () => {
        const told = await alice.ask('PRESENCE_QUERY', { users: ['bob'] });
        return JSON.stringify(told.payload['users']).includes('"online"');
      },
      5_000,
      'bob',
    );
    alice.say('DIRECT_MESSAGE', { to: 'bob', body: 'hi' });
    const forward = await old.next('FORWARD');
    expect(JSON.stringify(forward.payload)).toContain('hi');
    expect(forward.payload).not.toHaveProperty('have');
    const beat = await old.next('HEARTBEAT');
    expect(beat.payload).not.toHaveProperty('have');
    expect(await cluster.seen('n1')).toMatchObject({
      caps: ['presence', 'interest', 'forward'],
      members: expect.arrayContaining([
        expect.objectContaining({ node: 'n2', version: '1.1' }),
        expect.objectContaining({ node: 'x6', version: '1.0' }),
      ]) as unknown,
    });
    const types = new Set(old.types);
    for (const type of types)
      expect([
        'HEARTBEAT',
        'HEARTBEAT_ACK',
        'FORWARD',
        'MEMBERS',
        'INTEREST',
        'PRESENCE_DELTA',
      ]).toContain(type);
    old.say('LEAVE', { reason: 'upgrade', linger_ms: 0 });
    const hasLeft = async () => (await cluster.states('n1')).includes('x6:left');
    await until(hasLeft, 3_000, 'the farewell');
    alice.close();
  });
});
