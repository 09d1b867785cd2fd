// How two nodes prove themselves to each other, and what one is told that does not: nothing. The server is met as the one
// that is called, and as the one that calls.

import assert from 'node:assert/strict';
import type { HpCase } from '../site.ts';
import { peerCases, type PeerSite } from './peer-site.ts';
import { type PeerSocket, peerLine } from './peer-socket.ts';
import { freshNonce, proofOf, type Said } from './proof.ts';

/** The words of a server to somebody who has proved nothing. */
const told = ['cluster', 'node', 'incarnation', 'version', 'caps', 'nonce', 'key', 'advertise'];

async function challenged(site: PeerSite, more: object = {}) {
  const socket = site.call();
  const hello = { ...(await site.hello()), ...more };
  socket.say('SERVER_HELLO', hello);
  const { payload } = await socket.next('SERVER_CHALLENGE');
  return { socket, hello, called: payload as unknown as Said & Record<string, unknown> };
}

/** It was told why, and of nobody. */
async function refusedAlone(socket: PeerSocket, code: string, lines: number): Promise<void> {
  const { payload } = { payload: await socket.refused(code) };
  assert.equal(payload['ref'], null);
  assert.equal(socket.texts.length, lines, socket.texts.join(' '));
  assert.ok(!socket.texts.join('').includes('members'), 'members were told');
}

export const handshakeCases: readonly HpCase[] = peerCases('handshake', [
  [
    '[HP-PEER-1] [HP-PEER-2] [HP-PEER-4] the five messages in their order, and the proof of the one that is called first',
    async (site) => {
      const { socket, hello, called } = await challenged(site);
      assert.deepEqual(Object.keys(called).toSorted(), [...told, 'proof'].toSorted());
      assert.equal(called['cluster'], hello.cluster);
      assert.equal(called['version'], '1.0');
      assert.equal(Buffer.from(called.nonce, 'base64url').byteLength, 32);
      const { secret } = site.place;
      assert.equal(called['proof'], proofOf('responder', secret, hello.cluster, hello, called));
      const proof = proofOf('initiator', secret, hello.cluster, hello, called);
      socket.say('SERVER_AUTH', { proof });
      const { type, payload } = await socket.first();
      assert.equal(type, 'SERVER_WELCOME');
      assert.ok(Array.isArray(payload['members']) && typeof payload['heartbeat_ms'] === 'number');
      socket.say('SERVER_READY', { members: [], heartbeat_ms: 1_000 });
      await socket.next('HEARTBEAT');
      const keys = ['version', 'type', 'id', 'timestamp', 'source', 'payload'];
      for (const text of socket.texts) {
        const line = JSON.parse(text) as Record<string, unknown>;
        assert.deepEqual([Object.keys(line), line['source']], [keys, 'server']);
      }
      socket.say('LEAVE', { reason: 'drain', linger_ms: 0 });
    },
  ],
  [
    '[HP-PEER-4] no two challenges have the same nonce, and a proof that was good once is good for nothing else',
    async (site) => {
      const nonce = freshNonce();
      const first = await challenged(site, { nonce });
      const { secret } = site.place;
      const good = proofOf('initiator', secret, first.hello.cluster, first.hello, first.called);
      const second = await challenged(site, { nonce });
      assert.notEqual(first.called.nonce, second.called.nonce);
      second.socket.say('SERVER_AUTH', { proof: good });
      await refusedAlone(second.socket, 'PEER_AUTH_FAILED', 2);
      first.socket.say('SERVER_AUTH', { proof: good });
      await first.socket.next('SERVER_WELCOME');
      first.socket.say('LEAVE', { reason: 'drain', linger_ms: 0 });
    },
  ],
  [
    '[HP-PEER-2] [HP-PEER-3] chance that is too short for chance is answered by nothing that could be learned from',
    async (site) => {
      for (const nonce of ['', 'x', 'A'.repeat(42)]) {
        const socket = site.call();
        socket.say('SERVER_HELLO', { ...(await site.hello()), nonce });
        await refusedAlone(socket, 'INVALID_PAYLOAD', 1);
      }
    },
  ],
  [
    '[HP-PEER-4] [HP-PEER-5] the server’s own proof, sent back, proves nothing',
    async (site) => {
      const { socket, called } = await challenged(site);
      socket.say('SERVER_AUTH', { proof: called['proof'] });
      await refusedAlone(socket, 'PEER_AUTH_FAILED', 2);
    },
  ],
  [
    '[HP-PEER-3] [HP-PEER-5] who has another secret is told of nobody',
    async (site) => {
      const witness = await site.link({ node: site.name('0'), advertise: '192.0.2.1:7501' });
      const { socket, hello, called } = await challenged(site);
      const proof = proofOf('initiator', 'x'.repeat(40), hello.cluster, hello, called);
      socket.say('SERVER_AUTH', { proof });
      await refusedAlone(socket, 'PEER_AUTH_FAILED', 2);
      assert.ok(!socket.texts.join('').includes(witness.node));
    },
  ],
  [
    '[HP-PEER-5] proofs of no form, of another role, of another life, of another cluster',
    async (site) => {
      const { secret } = site.place;
      const wrong: readonly ((hello: Said & { cluster: string }, called: Said) => unknown)[] = [
        () => '',
        () => 'AAAA',
        (hello, called) => proofOf('responder', secret, hello.cluster, hello, called),
        (hello, called) => proofOf('initiator', secret, hello.cluster, called, hello),
        (hello, called) => proofOf('initiator', secret, 'other', hello, called),
        (hello, called) =>
          proofOf('initiator', secret, hello.cluster, { ...hello, incarnation: 2 }, called),
        (hello, called) => proofOf('initiator', secret, hello.cluster, hello, called, '1.1'),
        (hello, called) => `${proofOf('initiator', secret, hello.cluster, hello, called)}=`,
      ];
      for (const make of wrong) {
        const { socket, hello, called } = await challenged(site);
        socket.say('SERVER_AUTH', { proof: make(hello, called) });
        await refusedAlone(socket, 'PEER_AUTH_FAILED', 2);
      }
    },
  ],
  [
    '[HP-PEER-5] another cluster, a key that nobody knows, the server itself, and no version in common are refused by name',
    async (site) => {
      const { called } = await challenged(site);
      const self = { node: called.node, incarnation: called.incarnation };
      for (const [more, code] of [
        [{ cluster: 'another' }, 'CLUSTER_MISMATCH'],
        [{ key: 'nobodys' }, 'PEER_AUTH_FAILED'],
        [self, 'SELF_CONNECT'],
        [{ versions: ['2.0'] }, 'UNSUPPORTED_VERSION'],
        [{ versions: [] }, 'UNSUPPORTED_VERSION'],
        [{ cluster: 'another', ...self, versions: ['2.0'] }, 'CLUSTER_MISMATCH'],
      ] as const) {
        const socket = site.call();
        socket.say('SERVER_HELLO', { ...(await site.hello()), ...more });
        await refusedAlone(socket, code, 1);
      }
      await challenged(site, { versions: ['2.0', '1.0'] });
    },
  ],
  [
    '[HP-PEER-3] before the proof no other message is heard: it ends the connection',
    async (site) => {
      const early: readonly (readonly [string, object])[] = [
        ['FORWARD', { n: 1, kind: 'user', own_id: false, ttl: 0, data: { key: 'a', body: {} } }],
        ['HEARTBEAT', { incarnation: 1, ver: 0, digest: '', hb: 1, echo: 0, draining: false }],
        ['PRESENCE_SYNC_REQUEST', { node: 'n1', incarnation: 1, have: 0 }],
        ['INTEREST', { whole: 'no', data: { add: ['chat/room/x'], remove: [] } }],
        ['MEMBERS', { members: [] }],
        ['SERVER_WELCOME', { members: [], heartbeat_ms: 1_000 }],
        ['SERVER_READY', { members: [], heartbeat_ms: 1_000 }],
        ['LEAVE', { reason: 'x', linger_ms: 0 }],
        ['SERVER_AUTH', { proof: 'AAAA' }],
      ];
      for (const [type, payload] of early) {
        const socket = site.call();
        socket.say(type, payload);
        await refusedAlone(socket, 'INVALID_MESSAGE', 1);
      }
      for (const [type, payload] of early.slice(0, -1)) {
        const { socket } = await challenged(site);
        socket.say(type, payload);
        await refusedAlone(socket, 'INVALID_MESSAGE', 2);
      }
      const stranger = site.call();
      stranger.say('X_ANYTHING');
      await stranger.ended();
      assert.equal(stranger.texts.length, 1);
    },
  ],
  [
    '[HP-PEER-3] a second hello is no proof, and a link shakes hands once',
    async (site) => {
      const { socket, hello } = await challenged(site);
      socket.say('SERVER_HELLO', hello);
      await refusedAlone(socket, 'INVALID_MESSAGE', 2);
      const peer = await site.link();
      peer.socket.say('SERVER_HELLO', hello);
      await peer.socket.refused('INVALID_MESSAGE');
    },
  ],
  [
    '[HP-PEER-2] a handshake that does not go on is ended',
    async (site) => {
      const since = performance.now();
      const silent = site.call();
      const { socket } = await challenged(site);
      const half = site.call();
      half.raw(peerLine('SERVER_HELLO', await site.hello()).slice(0, 40));
      for (const one of [silent, socket, half]) await one.ended(8_000);
      const seconds = (performance.now() - since) / 1_000;
      assert.ok(seconds > 4 && seconds < 7.5, `${seconds} s`);
    },
    'together',
  ],
  [
    '[HP-PEER-2] [HP-PEER-4] [HP-MEMBER-6] a node that calls shows its proof only to one that has proved itself',
    async (site) => {
      const guide = await site.link({ node: site.name('0') });
      guide.live();
      const door = await site.listen();
      const node = site.name('z');
      const member = { node, incarnation: 1, addr: door.address, state: 'up' };
      guide.socket.say('MEMBERS', { members: [member] });
      const hello = await site.hello({ node });
      const { cluster } = hello;
      const answer = async (proved: (caller: Said, self: Said) => string, more: object = {}) => {
        const socket = await door.call();
        const { payload } = await socket.next('SERVER_HELLO');
        assert.deepEqual(Object.keys(payload).toSorted(), [
          ...['advertise', 'caps', 'cluster', 'incarnation', 'key', 'node', 'nonce', 'versions'],
        ]);
        const caller = payload as unknown as Said;
        const self = { ...hello, nonce: freshNonce(), version: '1.0', ...more };
        socket.say('SERVER_CHALLENGE', { ...self, proof: proved(caller, self) });
        return socket;
      };
      const { secret } = site.place;
      const good = (caller: Said, self: Said): string =>
        proofOf('responder', secret, cluster, caller, self);
      const impostor = await answer((caller, self) =>
        proofOf('responder', 'y'.repeat(40), cluster, caller, self),
      );
      await refusedAlone(impostor, 'PEER_AUTH_FAILED', 2);
      await refusedAlone(await answer(good, { cluster: 'another' }), 'CLUSTER_MISMATCH', 2);
      const peer = await site.answer(await door.call(), { node });
      await peer.isRead();
      assert.ok(peer.members.some((one) => one.node === guide.node));
    },
    'together',
  ],
]);
