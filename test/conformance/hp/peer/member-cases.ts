// Who is alive: heartbeats, silence, a process that is gone, and a node that says goodbye. Clients of the server see it by
// the users of the nodes that the case is.

import assert from 'node:assert/strict';
import type { HpCase } from '../site.ts';
import type { HpSocket } from '../socket.ts';
import { bodyOf, type Peer, peerCases, type PeerOptions, type PeerSite } from './peer-site.ts';

/** A node with one user, whom a client watches. */
async function watched(site: PeerSite, name: string, options: PeerOptions = {}) {
  const peer = await site.link({ node: site.name(name), ...options });
  peer.live();
  await peer.sync();
  peer.socket.say('FORWARD_ACK', { n: 0 });
  const user = site.name(`u${name}`);
  const client = await site.watcher(user);
  peer.up(user);
  await hears(client, user, 'online');
  return { peer, user, client };
}

/** The next that a client is told. */
async function hears(client: HpSocket, user: string, status: string): Promise<void> {
  const { type, payload } = await client.next(5_000);
  assert.deepEqual([type, payload['user'], payload['status']], ['PRESENCE_EVENT', user, status]);
}

/** Seconds until the next presence event, which must say `offline`. */
async function secondsToEnd(client: HpSocket, since: number, withinMs: number): Promise<number> {
  const { type, payload } = await client.next(withinMs);
  assert.deepEqual([type, payload['status']], ['PRESENCE_EVENT', 'offline']);
  return (performance.now() - since) / 1_000;
}

/** The client says something now and then, so that its own connection lives. */
const alive = { withinMs: 20_000 };

export const memberCases: readonly HpCase[] = peerCases('members', [
  [
    '[HP-BEAT-1] heartbeats come every second, are counted, repeat the other’s count, and are answered at once',
    async (site) => {
      const peer = await site.link();
      const beats = [await peer.socket.next('HEARTBEAT')];
      const said = performance.now();
      const hb = peer.beat();
      const ack = await peer.socket.next('HEARTBEAT_ACK', ({ payload }) => payload['hb'] === hb);
      assert.ok(ack.at - said < 500, `${ack.at - said} ms`);
      for (let at = 0; at < 3; at += 1) beats.push(await peer.socket.next('HEARTBEAT'));
      for (const [at, { payload }] of beats.entries()) {
        assert.equal(payload['hb'], Number(beats[0]?.payload['hb']) + at);
        assert.equal(payload['incarnation'], peer.server.incarnation);
        assert.match(String(payload['digest']), /^[\da-f]{16}$|^$/);
        assert.equal(payload['draining'], false);
        assert.ok(Number.isSafeInteger(payload['ver']));
      }
      assert.equal(beats.at(-1)?.payload['echo'], hb);
      const gaps = beats.slice(1).map(({ at }, before) => at - (beats[before]?.at ?? 0));
      // One that is late on the way shortens the next gap: all of them together are looked at.
      const all = gaps.reduce((sum, gap) => sum + gap, 0);
      assert.ok(all > 2_500 && all < 4_000, `${gaps.join(', ')} ms`);
    },
    'together',
  ],
  [
    '[HP-BEAT-1] a heartbeat names whom the server hears, and then only when that changes',
    async (site) => {
      const peer = await site.link({ node: site.name('0') });
      peer.live();
      const names = ({ payload }: { payload: Readonly<Record<string, unknown>> }): string[] =>
        (payload['links'] as string[] | undefined) ?? [];
      await peer.socket.next('HEARTBEAT', (line) => names(line).includes(peer.node));
      const other = await site.link();
      other.live();
      const is = (line: Parameters<typeof names>[0]): boolean => names(line).includes(other.node);
      await peer.socket.next('HEARTBEAT', is);
      other.leave();
      await peer.socket.next('HEARTBEAT', (line) => 'links' in line.payload && !is(line));
    },
    'together',
  ],
  [
    '[HP-MEMBER-3] [HP-REPL-9] [HP-PART-4] [HP-NOTE-1] a node that is silent is down after ten seconds, and not before: its users are offline, and clients hear why',
    async (site) => {
      const { peer, client } = await watched(site, 'z');
      peer.silence();
      await peer.isRead();
      const since = performance.now();
      const seconds = await secondsToEnd(client, since, alive.withinMs);
      assert.ok(seconds > 9.4 && seconds < 12, `${seconds} s`);
      await client.hearsNothing();
      assert.ok(
        client.texts.some((text) => text.includes('"PARTITION"')),
        'nobody was told of it',
      );
      await peer.socket.refused('TIMEOUT');
    },
    'together',
  ],
  [
    '[HP-BEAT-1] any line is a sign of life',
    async (site) => {
      const { peer, client } = await watched(site, 'z');
      peer.silence();
      for (let at = 0; at < 13; at += 1) {
        peer.socket.say('X_ALIVE');
        peer.socket.say('FORWARD_ACK', { n: 0 });
        await peer.socket.next('HEARTBEAT');
      }
      await client.hearsNothing();
      await peer.isRead();
    },
    'together',
  ],
  [
    '[HP-MEMBER-3] six seconds of silence are no end: nobody is told, and what was said meanwhile comes once',
    async (site) => {
      const { peer, user, client } = await watched(site, 'z');
      const sender = await site.clients.in('s');
      peer.silence();
      await peer.isRead();
      const since = performance.now();
      while (performance.now() - since < 5_500) await peer.socket.next('HEARTBEAT');
      sender.say('DIRECT_MESSAGE', { to: user, body: 'are you there?' }, 'd1');
      await peer.socket.next('HEARTBEAT');
      peer.live(300);
      const body = await peer.forwarded(({ say }) => say === 'direct');
      const message = body['message'] as { id: string; from: string };
      peer.forward('user', user, { say: 'outcome', ...message, status: 'delivered' });
      assert.equal((await sender.next()).payload['status'], 'delivered');
      await client.hearsNothing();
      assert.ok(!peer.socket.lines.some((line) => bodyOf(line)['say'] === 'direct'));
    },
    'together',
  ],
  [
    '[HP-MEMBER-5] [HP-PEER-7] a process that is gone is found out in less than four seconds',
    async (site) => {
      const door = await site.listen();
      const { peer, client } = await watched(site, 'z', { advertise: door.address });
      door.close();
      peer.silence();
      const since = performance.now();
      peer.socket.socket.resetAndDestroy();
      const seconds = await secondsToEnd(client, since, alive.withinMs);
      assert.ok(seconds > 0.5 && seconds < 4, `${seconds} s`);
    },
    'together',
  ],
  [
    '[HP-MEMBER-3] [HP-PEER-7] a link that breaks is called again soon, and nobody was told',
    async (site) => {
      const door = await site.listen();
      const { peer, client } = await watched(site, 'z', { advertise: door.address });
      peer.silence();
      const since = performance.now();
      peer.socket.socket.resetAndDestroy();
      const call = await door.call();
      assert.ok(performance.now() - since < 2_500);
      const again = await site.answer(call, { node: peer.node });
      await again.sync(1, 1);
      await client.hearsNothing();
    },
    'together',
  ],
  [
    '[HP-MEMBER-7] a node that two others do not hear either is down after six seconds',
    async (site) => {
      const { peer, client } = await watched(site, 'z');
      const witnesses: Peer[] = [];
      for (const name of ['0', '1']) witnesses.push(await site.link({ node: site.name(name) }));
      for (const witness of witnesses) {
        witness.beat({ links: ['elsewhere'] });
        witness.live();
      }
      peer.silence();
      await peer.isRead();
      const seconds = await secondsToEnd(client, performance.now(), alive.withinMs);
      assert.ok(seconds > 5.4 && seconds < 8.5, `${seconds} s`);
    },
  ],
  [
    '[HP-MEMBER-6] nobody is down or gone because another node says so',
    async (site) => {
      const { peer, client } = await watched(site, 'z');
      const liar = await site.link({ node: site.name('0') });
      for (const state of ['down', 'suspect', 'left'])
        liar.socket.say('MEMBERS', { members: [{ ...peer.own, addr: '', state }] });
      await liar.isRead();
      await peer.isRead();
      await client.hearsNothing();
    },
  ],
  [
    '[HP-MEMBER-6] who has left is believed of one that is not linked',
    async (site) => {
      const { peer, client } = await watched(site, 'z');
      const other = await site.link({ node: site.name('0') });
      peer.silence();
      peer.socket.socket.resetAndDestroy();
      await other.socket.next('HEARTBEAT');
      other.socket.say('MEMBERS', { members: [{ ...peer.own, addr: '', state: 'left' }] });
      const seconds = await secondsToEnd(client, performance.now(), 3_000);
      assert.ok(seconds < 3);
    },
  ],
  [
    '[HP-MEMBER-11] the users of a node that leaves are shown for as long as it asks, and then not',
    async (site) => {
      const { peer, client } = await watched(site, 'z');
      peer.silence();
      const since = performance.now();
      peer.socket.say('LEAVE', { reason: 'drain', linger_ms: 2_000 });
      const seconds = await secondsToEnd(client, since, 6_000);
      assert.ok(seconds > 1.9 && seconds < 3.5, `${seconds} s`);
    },
    'together',
  ],
  [
    '[HP-MEMBER-11] who comes back elsewhere meanwhile was never away',
    async (site) => {
      const { peer, user, client } = await watched(site, 'z');
      const other = await site.link({ node: site.name('0') });
      other.live();
      await other.sync();
      peer.silence();
      peer.socket.say('LEAVE', { reason: 'drain', linger_ms: 1_500 });
      other.up(user);
      await other.isRead();
      for (let at = 0; at < 3; at += 1) await other.socket.next('HEARTBEAT');
      await client.hearsNothing();
      const { payload } = await client.ask('PRESENCE_QUERY', { users: [user] });
      assert.equal((payload['users'] as { status: string }[])[0]?.status, 'online');
    },
    'together',
  ],
  [
    '[HP-MEMBER-4] [HP-REPL-6] the users of a former life are gone in one step, when the new one has told what it has',
    async (site) => {
      const { peer, user, client } = await watched(site, 'z');
      const stays = site.name('stays');
      await client.ask('PRESENCE_SUBSCRIBE', { users: [stays] });
      peer.up(stays);
      await hears(client, stays, 'online');
      peer.silence();
      const next = await site.link({ node: peer.node, incarnation: 2 });
      next.live();
      await client.hearsNothing();
      next.sessions.set('s1', { session: 's1', user: stays, status: 'online', lamport: 2 });
      next.ver = 1;
      await next.sync();
      const { payload: event } = await client.next();
      assert.deepEqual([event['user'], event['status']], [user, 'offline']);
      await client.hearsNothing();
    },
  ],
]);
