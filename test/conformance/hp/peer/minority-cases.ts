// One node of three that is alone: what it refuses until another is there, and whom it gives up for one who came later.

import assert from 'node:assert/strict';
import type { HpCase } from '../site.ts';
import { peerCases } from './peer-site.ts';
import { weightOf } from './proof.ts';

export const minorityCases: readonly HpCase[] = peerCases(
  'partitions',
  [
    [
      '[HP-PART-1] [HP-PART-2] a side with less than a majority takes neither logins nor messages, and does again with one',
      async (site) => {
        const early = site.clients.open();
        early.say('LOGIN', { user: site.name('early') });
        assert.equal((await early.refused('UNAVAILABLE'))['fatal'], false);
        const peer = await site.link({ isDraining: false });
        peer.live();
        await peer.isRead();
        const client = await site.clients.in('a');
        // Rooms at home on the other node would ask there.
        const isOwn = (name: string): boolean =>
          weightOf(name, peer.server.node) > weightOf(name, peer.node);
        const names = Array.from({ length: 40 }, (_, at) => site.clients.name(`r${at}`));
        const room = names.find(isOwn) ?? '';
        await client.ask('JOIN', { room });
        assert.equal((await client.ask('ROOM_MESSAGE', { room, body: 'x' })).type, 'ACK');
        peer.socket.say('FORWARD_ACK', { n: 0 });
        peer.leave();
        await peer.socket.ended();
        const until = performance.now() + 3_000;
        for (;;) {
          const own = client.say('ROOM_MESSAGE', { room, body: 'y' });
          const { type, payload } = await client.next();
          assert.equal(payload['ref'], own);
          if (type === 'ERROR') {
            assert.equal(payload['code'], 'UNAVAILABLE');
            break;
          }
          assert.ok(performance.now() < until, 'it goes on alone');
        }
        assert.equal((await client.ask('PING')).type, 'PONG');
      },
    ],
    [
      '[HP-PART-3] when two sides meet that both let one in, the earlier session is ended with `replace`, and the later stays',
      async (site) => {
        const first = await site.link({ node: site.name('0'), isDraining: false });
        first.live();
        await first.isRead();
        const [older, newer] = [await site.clients.in('a'), await site.clients.in('b')];
        const peer = await site.link({ isDraining: false });
        peer.live();
        await peer.sync();
        peer.up(site.clients.name('a'), { session: 's1', lamport: 1_000_000 });
        peer.up(site.clients.name('b'), { session: 's2', lamport: 0 });
        assert.equal((await older.refused('SESSION_REPLACED'))['fatal'], true);
        await older.ended();
        await peer.isRead();
        await newer.hearsNothing();
      },
    ],
  ],
  'minority',
);
