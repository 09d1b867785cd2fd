// How many links there are, and which life of a node they belong to.

import assert from 'node:assert/strict';
import type { HpCase } from '../site.ts';
import { peerCases, type PeerSite } from './peer-site.ts';
import type { PeerSocket } from './peer-socket.ts';
import { proofOf, type Said } from './proof.ts';

/** Everything of a handshake but the answer. */
async function proved(site: PeerSite, self: { node: string; incarnation: number }) {
  const socket = site.call();
  const hello = await site.hello(self);
  socket.say('SERVER_HELLO', hello);
  const { payload } = await socket.next('SERVER_CHALLENGE');
  const proof = proofOf(
    ...['initiator' as const, site.place.secret, hello.cluster],
    ...[hello, payload as unknown as Said],
  );
  socket.say('SERVER_AUTH', { proof });
  return socket;
}

/** The server is told where a node may be called, and calls. */
async function calledAs(site: PeerSite, node: string): Promise<PeerSocket> {
  const guide = await site.link({ node: site.name('5') });
  guide.live();
  const door = await site.listen();
  const member = { node, incarnation: 1, addr: door.address, state: 'up' };
  guide.socket.say('MEMBERS', { members: [member] });
  return door.call();
}

export const linkCases: readonly HpCase[] = peerCases('links', [
  [
    '[HP-MEMBER-2] of two links that one node has made, one stays',
    async (site) => {
      const one = await site.link();
      const other = await site.link({ node: one.node });
      await Promise.race([
        one.socket.refused('DUPLICATE_LINK', 5_000),
        other.socket.refused('DUPLICATE_LINK', 5_000),
      ]);
      const stays = one.socket.hasEnded ? other : one;
      await stays.isRead();
      assert.notEqual(one.socket.hasEnded, other.socket.hasEnded);
    },
  ],
  [
    '[HP-MEMBER-2] of two links from both sides that stays whose caller has the smaller name: the node’s',
    async (site) => {
      const node = site.name('0');
      const theirs = await site.answer(await calledAs(site, node), { node });
      await theirs.isRead();
      assert.ok(node < theirs.server.node);
      const own = await site.link({ node });
      await theirs.socket.refused('DUPLICATE_LINK');
      await own.isRead();
    },
  ],
  [
    '[HP-MEMBER-2] of two links from both sides that stays whose caller has the smaller name: the server’s',
    async (site) => {
      const node = site.name('z');
      const theirs = await site.answer(await calledAs(site, node), { node });
      await theirs.isRead();
      assert.ok(node > theirs.server.node);
      await (await proved(site, { node, incarnation: 1 })).refused('DUPLICATE_LINK');
      await theirs.isRead();
    },
  ],
  [
    '[HP-MEMBER-2] the same when the other one came first',
    async (site) => {
      const node = site.name('z');
      const call = await calledAs(site, node);
      const own = await site.link({ node });
      await own.isRead();
      const theirs = await site.answer(call, { node });
      await own.socket.refused('DUPLICATE_LINK');
      await theirs.isRead();
    },
  ],
  [
    '[HP-MEMBER-2] a link on which nothing was heard for a while gives way',
    async (site) => {
      const node = site.name('z');
      const theirs = await site.answer(await calledAs(site, node), { node });
      await theirs.isRead();
      await theirs.socket.next('HEARTBEAT', ({ payload }) => Number(payload['hb']) >= 4, 6_000);
      const own = await site.link({ node });
      await own.isRead();
    },
    'together',
  ],
  [
    '[HP-MEMBER-2] two nodes that call each other at once have one link, ten times over',
    async (site) => {
      for (let at = 0; at < 10; at += 1) {
        const node = site.name(at % 2 === 0 ? `0${at}` : `z${at}`);
        const call = await calledAs(site, node);
        const links = await Promise.allSettled([site.link({ node }), site.answer(call, { node })]);
        const standing = links.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
        const alive = await Promise.all(
          standing.map((one) =>
            one.isRead(2_000).then(
              () => !one.socket.hasEnded,
              () => false,
            ),
          ),
        );
        assert.equal(alive.filter(Boolean).length, 1, `${alive.length} of ${links.length}`);
      }
    },
  ],
  [
    '[HP-MEMBER-4] an earlier life is told the later one, and the next higher is taken',
    async (site) => {
      const later = await site.link({ incarnation: 7 });
      const { node } = later;
      const stale = await proved(site, { node, incarnation: 6 });
      const { known } = (await stale.refused('STALE_INCARNATION')) as { known: number };
      assert.equal(known, 7);
      await later.isRead();
      const next = await site.link({ node, incarnation: known + 1 });
      await later.socket.ended();
      await next.isRead();
    },
  ],
  [
    '[HP-MEMBER-4] an earlier process of the server’s own name is told that it is over',
    async (site) => {
      const { server } = await site.link();
      const socket = await proved(site, { node: server.node, incarnation: server.incarnation - 1 });
      assert.equal((await socket.refused('SUPERSEDED'))['known'], server.incarnation);
    },
  ],
  [
    '[HP-MEMBER-1] [HP-MEMBER-6] a node that comes is told who is there, and where they may be called',
    async (site) => {
      const addr = '192.0.2.7:7501';
      const first = await site.link({ node: site.name('0'), advertise: addr, incarnation: 3 });
      const second = await site.link();
      const told = second.members.find(({ node }) => node === first.node);
      assert.deepEqual(told, { node: first.node, incarnation: 3, addr, state: 'up' });
    },
  ],
  [
    '[HP-PEER-9] [HP-PEER-10] the highest version that both speak is chosen, and what a node cannot do is not said to it',
    async (site) => {
      const hello = await site.hello({ node: site.name('v') });
      for (const versions of [['1.0'], ['1.0', '1.1'], ['1.1', '1.0', '1.9', '7.3']]) {
        const socket = site.call();
        socket.say('SERVER_HELLO', { ...hello, versions });
        const { payload } = await socket.next('SERVER_CHALLENGE');
        assert.ok(versions.includes(String(payload['version'])));
        assert.ok((payload['caps'] as string[]).includes('forward'));
        socket.socket.destroy();
      }
      const peer = await site.link({ isDraining: false, caps: ['presence'] });
      peer.live();
      await peer.sync();
      const room = site.clients.name('room');
      await site.clients.room('a', 'b');
      const c = await site.clients.in('c');
      await c.ask('JOIN', { room });
      await c.ask('ROOM_MESSAGE', { room, body: 'x' });
      await peer.isRead();
      const types = new Set(peer.socket.lines.map(({ type }) => type));
      for (const type of ['FORWARD', 'INTEREST']) assert.ok(!types.has(type), type);
    },
  ],
  [
    '[HP-BEAT-4] a node that can is told what the server has of its log',
    async (site) => {
      const caps = ['presence', 'interest', 'forward', 'synced'];
      const peer = await site.link({ caps });
      await peer.sync();
      peer.up(site.name('u'));
      peer.live();
      await peer.socket.next('HEARTBEAT', ({ payload }) => {
        const have = payload['have'] as { incarnation: number; ver: number } | undefined;
        return have?.incarnation === peer.incarnation && have.ver === 1;
      });
      const other = await site.link({ node: site.name('0'), caps: caps.slice(0, 3) });
      const { payload } = await other.socket.next('HEARTBEAT');
      assert.ok(!('have' in payload));
    },
  ],
  [
    '[HP-PEER-12] a first line that could be HTTP ends the connection without a word',
    async (site) => {
      const socket = site.call();
      socket.raw('GET / HTTP/1.1\r\n\r\n');
      await socket.ended();
      assert.deepEqual(socket.texts, []);
    },
  ],
  [
    '[HP-PEER-6] [HP-PEER-7] an address that answers SELF_CONNECT is called once, others again and again, less and less often',
    async (site) => {
      const guide = await site.link({ node: site.name('5') });
      guide.live();
      const [self, other] = [await site.listen(), await site.listen()];
      const members = [self, other].map(({ address: addr }, at) => {
        return { node: site.name(`z${at}`), incarnation: 1, addr, state: 'up' };
      });
      guide.socket.say('MEMBERS', { members });
      const call = await self.call();
      await call.next('SERVER_HELLO');
      const refusal = { message: 'x', ref: null, fatal: true };
      call.say('ERROR', { ...refusal, code: 'SELF_CONNECT' });
      const ats: number[] = [];
      for (let at = 0; at < 4; at += 1) {
        const again = await other.call();
        ats.push((await again.next('SERVER_HELLO')).at);
        again.say('ERROR', { ...refusal, code: 'INTERNAL' });
      }
      const gaps = ats.slice(1).map((at, before) => at - (ats[before] ?? 0));
      for (const [at, gap] of gaps.entries())
        assert.ok(gap > 200 && gap < 500 * 2 ** (at + 1) + 1_500, `${gaps.join(', ')} ms`);
      const none = Promise.race([self.call(), guide.isRead().then(() => undefined)]);
      assert.equal(await none, undefined, 'it called itself again');
    },
    'together',
  ],
]);
