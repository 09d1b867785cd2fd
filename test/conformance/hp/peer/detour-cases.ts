// Connections that lead through a third node: the server carries what two others say to each other, and opens one itself to
// a node that only another one hears.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { HpCase } from '../site.ts';
import { type Peer, peerCases, type PeerSite } from './peer-site.ts';
import { type PeerLine, PeerSocket } from './peer-socket.ts';

const caps = ['presence', 'interest', 'forward', 'detour'];

/** A server without the word has nothing to show. */
const can = ({ server }: Peer): boolean => server.caps?.includes('detour') === true;

/** Of a line, what tells the connection and the word. */
const told = ({ payload }: PeerLine): object => payload;

/** A node that lives, and carries; undefined where the server has no word for that. */
async function carrierIn(site: PeerSite): Promise<Peer | undefined> {
  const carrier = await site.link({ node: site.name('d1'), caps });
  if (!can(carrier)) return undefined;
  await carrier.sync();
  carrier.live();
  return carrier;
}

/** The other end of a detour that the server has opened, where `carrier` is the node between. */
function endOf(carrier: Peer, { payload: { from, to, caller, call } }: PeerLine): PeerSocket {
  const ends = { from: to, to: from, caller, call };
  const say = (word: object): void => carrier.socket.say('DETOUR', { ...ends, ...word });
  const duplex = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      say({ say: 'text', data: { text: chunk.toString() } });
      done();
    },
  });
  const { attend } = carrier.socket;
  const hear = ({ type, payload }: PeerLine): void => {
    if (type !== 'DETOUR' || payload['call'] !== call || payload['from'] !== from) return;
    if (payload['say'] === 'end') duplex.push(null);
    if (payload['say'] !== 'text') return;
    duplex.push((payload['data'] as { text: string }).text);
    say({ say: 'taken' });
  };
  carrier.socket.attend = (line) => {
    attend(line);
    hear(line);
  };
  for (const line of carrier.socket.lines) hear(line);
  // A stream without a network beneath it.
  return new PeerSocket(Object.assign(duplex, { setNoDelay: () => {} }) as unknown as Socket);
}

export const detourCases: readonly HpCase[] = peerCases('detours', [
  [
    '[HP-DETOUR-2] what one node says to another is carried as it is, and to nobody else',
    async (site) => {
      const names = ['d1', 'd2', 'd3'].map((name) => site.name(name));
      const peers = await Promise.all(names.map((node) => site.link({ node, caps })));
      const [one, other, third] = peers as [Peer, Peer, Peer];
      if (!can(one)) return;
      for (const peer of peers) await peer.sync();
      const ends = { from: one.node, to: other.node, caller: one.node, call: 7 };
      const words = [
        { say: 'open' },
        { say: 'text', data: { text: 'né\n"😀\u0001' } },
        { say: 'taken' },
        { say: 'end' },
      ];
      for (const word of words) {
        one.socket.say('DETOUR', { ...ends, ...word });
        assert.deepEqual(told(await other.socket.next('DETOUR')), { ...ends, ...word });
      }
      // Who speaks in another's name is not heard; and whom nobody has a link with is told of as an end.
      one.socket.say('DETOUR', { ...ends, from: third.node, say: 'open' });
      one.socket.say('DETOUR', { ...ends, to: site.name('d9'), say: 'open' });
      const back = { ...ends, from: site.name('d9'), to: one.node, say: 'end' };
      assert.deepEqual(told(await one.socket.next('DETOUR')), back);
      one.socket.say('DETOUR', { ...ends, to: site.name('d9'), say: 'end' });
      for (const peer of peers) await peer.isRead();
      for (const { socket, node } of peers)
        assert.ok(!socket.lines.some(({ type }) => type === 'DETOUR'), node);
    },
  ],
  [
    '[HP-DETOUR-1] [HP-DETOUR-3] [HP-DETOUR-4] a node that another one hears is linked through that: handshake, proofs and all',
    async (site) => {
      const carrier = await carrierIn(site);
      if (carrier === undefined) return;
      const node = site.name('d2');
      const watcher = await site.watcher(site.name('eve'));
      carrier.beat({ links: [node] });
      const opened = await carrier.socket.next('DETOUR', ({ payload }) => payload['to'] === node);
      assert.equal(opened.payload['say'], 'open');
      assert.equal(opened.payload['caller'], carrier.server.node);
      const far = await site.answer(endOf(carrier, opened), { node, caps });
      await far.sync();
      far.live();
      far.up(site.name('eve'));
      const { payload } = await watcher.next();
      assert.equal(payload['status'], 'online');
      far.leave();
    },
  ],
  [
    '[HP-DETOUR-1] one that does not come about is tried again',
    async (site) => {
      const carrier = await carrierIn(site);
      if (carrier === undefined) return;
      const node = site.name('d2');
      carrier.beat({ links: [node] });
      const calls: unknown[] = [];
      for (let at = 0; at < 2; at += 1) {
        const { payload } = await carrier.socket.next(
          'DETOUR',
          (line) => line.payload['say'] === 'open',
        );
        const { from, to, caller, call } = payload;
        calls.push(call);
        carrier.socket.say('DETOUR', { from: to, to: from, caller, call, say: 'end' });
      }
      assert.notEqual(calls[0], calls[1]);
    },
    'slow',
  ],
  [
    '[HP-DETOUR-5] a node without the word is not asked to carry, and nothing is carried to it',
    async (site) => {
      const plain = await site.link({ node: site.name('d1') });
      const one = await site.link({ node: site.name('d2'), caps });
      if (!can(one)) return;
      plain.live();
      one.live();
      plain.beat({ links: [site.name('d9')] });
      const ends = { from: one.node, to: plain.node, caller: one.node, call: 1 };
      one.socket.say('DETOUR', { ...ends, say: 'open' });
      const { payload } = await one.socket.next('DETOUR');
      assert.deepEqual([payload['say'], payload['from']], ['end', plain.node]);
      await new Promise((resolve) => {
        setTimeout(resolve, 1_500);
      });
      assert.ok(!plain.socket.texts.some((text) => text.includes('"DETOUR"')));
    },
    'slow',
  ],
]);
