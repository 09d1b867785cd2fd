// Rooms, messages, presence and coming back, on real sockets.

import assert from 'node:assert/strict';
import { type HpCase, hpCases } from './site.ts';
import type { HpLine, HpSocket } from './socket.ts';

const bodyOf = ({ type, payload }: HpLine): unknown[] => [type, payload['body']];

export const chatCases: readonly HpCase[] = hpCases('chat', [
  [
    '[HP-ROOM-1] [HP-ROOM-2] JOIN_OK first, then history, then live',
    async (site) => {
      const room = site.name('room');
      const [a] = await site.room('a');
      assert.ok(a !== undefined);
      for (const body of ['1', '2', '3']) await a.ask('ROOM_MESSAGE', { room, body });
      const b = await site.in('b');
      const { payload } = await b.ask('JOIN', { room, history: { limit: 2 } });
      assert.deepEqual([payload['room'], payload['seq'], payload['count']], [room, 3, 2]);
      for (const [body, seq] of [
        ['2', 2],
        ['3', 3],
      ] as const) {
        const line = await b.next();
        assert.deepEqual(
          [line.payload['body'], line.payload['seq'], line.payload['delayed']],
          [body, seq, true],
        );
      }
      await a.next();
      await a.ask('ROOM_MESSAGE', { room, body: '4' });
      const live = await b.next();
      assert.deepEqual([live.payload['seq'], live.payload['delayed']], [4, undefined]);
    },
  ],
  [
    '[HP-ROOM-3] [HP-ROOM-4] [HP-ROOM-5] joining twice is told to nobody; leaving is',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      assert.equal((await b.ask('JOIN', { room })).payload['already'], true);
      await a.hearsNothing();
      assert.equal((await b.ask('LEAVE', { room })).type, 'LEAVE_OK');
      const event = await a.next();
      assert.deepEqual(
        [event.type, event.payload['event'], event.payload['count']],
        ['ROOM_EVENT', 'leave', 1],
      );
      await a.ask('ROOM_MESSAGE', { room, body: 'x' });
      await b.hearsNothing();
      b.say('LEAVE', { room });
      await b.refused('NOT_IN_ROOM');
    },
  ],
  [
    '[HP-MSG-1] [HP-HIST-1] who is not in a room neither speaks nor reads there',
    async (site) => {
      const a = await site.in('a');
      a.say('ROOM_MESSAGE', { room: site.name('room'), body: 'x' });
      await a.refused('NOT_IN_ROOM');
      a.say('HISTORY', { room: site.name('room') });
      await a.refused('NOT_IN_ROOM');
    },
  ],
  [
    '[HP-MSG-2] [HP-MSG-4] [HP-MSG-6] [HP-MSG-7] [HP-ACK-1] [HP-OUT-2] one ACK to who speaks, the message to the others',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      const ack = await a.ask('ROOM_MESSAGE', { room, body: 'hi', from: 'eve' }, 'm1');
      assert.deepEqual([ack.type, ack.payload['seq']], ['ACK', 1]);
      // A node of a cluster says more than one that is alone.
      assert.ok(['accepted', 'stored'].includes(String(ack.payload['status'])));
      const { id, timestamp, payload } = await b.next();
      assert.deepEqual(
        [id, timestamp, payload['from'], payload['seq']],
        ['m1', 1_700_000_000, site.name('a'), 1],
      );
      await a.hearsNothing();
      await b.hearsNothing();
    },
  ],
  [
    '[HP-MSG-5] the same id again is told to nobody; two users may use one id',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      await a.ask('ROOM_MESSAGE', { room, body: 'x' }, '1');
      const again = await a.ask('ROOM_MESSAGE', { room, body: 'x' }, '1');
      assert.deepEqual([again.payload['seq'], again.payload['duplicate']], [1, true]);
      assert.equal((await b.next()).payload['body'], 'x');
      assert.equal((await b.ask('ROOM_MESSAGE', { room, body: 'y' }, '1')).payload['seq'], 2);
      assert.equal((await a.next()).payload['body'], 'y');
    },
  ],
  [
    '[HP-MSG-4] [HP-FRAME-2] what several say at once is heard in one order without gaps',
    async (site) => {
      const room = site.name('room');
      const members = await site.room('a', 'b', 'c');
      const seen: number[][] = [];
      for (const [at, member] of members.entries())
        for (let i = 0; i < 15; i += 1) member.say('ROOM_MESSAGE', { room, body: `${at} ${i}` });
      for (const member of members) {
        const seqs: number[] = [];
        for (let i = 0; i < 45; i += 1) seqs.push((await member.next()).payload['seq'] as number);
        seen.push(seqs.toSorted((one, other) => one - other));
      }
      const all = Array.from({ length: 45 }, (_, at) => at + 1);
      assert.deepEqual(seen, [all, all, all]);
    },
  ],
  [
    '[HP-DM-2] [HP-DM-8] [HP-DM-9] [HP-ACK-2] each session of the receiver hears it once; the sender’s others hear what was sent',
    async (site) => {
      const a = await site.in('a');
      const other = await site.in('a');
      const bs = [await site.in('b'), await site.in('b')];
      const ack = await a.ask('DIRECT_MESSAGE', { to: site.name('B'), body: 'hi' }, 'd1');
      assert.equal(ack.payload['status'], 'delivered');
      for (const b of bs) {
        assert.equal((await b.next()).id, 'd1');
        await b.hearsNothing();
      }
      assert.equal((await other.next()).payload['sent'], true);
      await a.hearsNothing();
    },
  ],
  [
    '[HP-DM-3] [HP-DM-4] what waits comes once, with its id and time, however often it was sent',
    async (site) => {
      const a = await site.in('a');
      const to = site.name('b');
      assert.equal(
        (await a.ask('DIRECT_MESSAGE', { to, body: 'x' }, 'd1')).payload['status'],
        'queued',
      );
      const again = await a.ask('DIRECT_MESSAGE', { to, body: 'x' }, 'd1');
      assert.deepEqual([again.payload['status'], again.payload['duplicate']], ['queued', true]);
      const b = site.open();
      assert.equal((await b.ask('LOGIN', { user: to })).payload['offline_count'], 1);
      const { id, timestamp, payload } = await b.next();
      assert.deepEqual([id, timestamp, payload['delayed']], ['d1', 1_700_000_000, true]);
      await b.hearsNothing();
      await (await site.in('b')).hearsNothing();
    },
  ],
  [
    '[HP-PRES-1] [HP-PRES-3] [HP-SESS-6] snapshot, one online, nothing for a second session, one offline',
    async (site) => {
      const a = await site.in('a');
      const { payload } = await a.ask('PRESENCE_SUBSCRIBE', { users: [site.name('b')] });
      assert.equal((payload['users'] as { status: string }[])[0]?.status, 'offline');
      const [one, two] = [await site.in('b'), await site.in('b')];
      assert.equal((await a.next()).payload['status'], 'online');
      await one.ask('BYE');
      await a.hearsNothing();
      await two.ask('BYE');
      const { type, payload: last } = await a.next();
      assert.deepEqual([type, last['status']], ['PRESENCE_EVENT', 'offline']);
    },
  ],
  [
    '[HP-PRES-1] [HP-PRES-3] whoever was answered what is over within a second is told so',
    async (site) => {
      const [a, c] = [await site.in('a'), await site.in('c')];
      const users = [site.name('b')];
      await a.ask('PRESENCE_SUBSCRIBE', { users });
      const b = await site.in('b');
      assert.equal((await a.next()).payload['status'], 'online');
      await b.ask('BYE');
      const asks = async (what: string): Promise<unknown> => {
        const { payload } = await c.ask(what, { users });
        return (payload['users'] as { status: string }[])[0]?.status;
      };
      // Who has heard BYE may be there for a moment.
      for (let left = 20; left > 0 && (await asks('PRESENCE_QUERY')) !== 'offline';) left -= 1;
      assert.equal(await asks('PRESENCE_SUBSCRIBE'), 'offline');
      await site.in('b');
      assert.equal((await c.next()).payload['status'], 'online');
    },
  ],
  [
    '[HP-PRES-4] [HP-PRES-2] a status is set, seen, and not set again at once',
    async (site) => {
      const a = await site.in('a');
      assert.equal((await a.ask('PRESENCE_SET', { status: 'busy', note: 'n' })).type, 'ACK');
      const { payload } = await a.ask('PRESENCE_QUERY', { users: [site.name('a')] });
      assert.equal((payload['users'] as { status: string }[])[0]?.status, 'busy');
      a.say('PRESENCE_SET', { status: 'away' });
      assert.ok(typeof (await a.refused('RATE_LIMITED'))['retry_after'] === 'number');
    },
  ],
  [
    '[HP-RES-1] [HP-RES-2] [HP-RES-3] [HP-RES-7] after a reset: everything that was missed, once, in order, and nobody noticed',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      await a.ask('ROOM_MESSAGE', { room, body: 'heard' });
      assert.equal((await b.next()).payload['seq'], 1);
      b.reset();
      for (const body of ['1', '2']) await a.ask('ROOM_MESSAGE', { room, body });
      await a.ask('DIRECT_MESSAGE', { to: site.name('b'), body: 'd' });
      const back = site.open();
      const { type, payload } = await back.ask('RESUME', { token: b.token, rooms: { [room]: 1 } });
      assert.deepEqual([type, payload['replayed']], ['RESUME_OK', 3]);
      const missed = [await back.next(), await back.next(), await back.next()];
      assert.deepEqual(missed.map(bodyOf), [
        ['DIRECT_MESSAGE', 'd'],
        ['ROOM_MESSAGE', '1'],
        ['ROOM_MESSAGE', '2'],
      ]);
      await back.hearsNothing();
      await a.ask('ROOM_MESSAGE', { room, body: 'live' });
      assert.equal((await back.next()).payload['seq'], 4);
      await a.hearsNothing();
    },
  ],
  [
    '[HP-PRES-6] who comes back hears again what his lost connection was told',
    async (site) => {
      const [a, b] = [await site.in('a'), await site.in('b')];
      await b.ask('PRESENCE_SUBSCRIBE', { users: [site.name('a')] });
      await a.ask('PRESENCE_SET', { status: 'busy' });
      assert.equal((await b.next()).payload['status'], 'busy');
      b.reset();
      const back = site.open();
      assert.equal((await back.ask('RESUME', { token: b.token })).type, 'RESUME_OK');
      const { type, payload } = await back.next();
      assert.deepEqual([type, payload['status']], ['PRESENCE_EVENT', 'busy']);
      await back.hearsNothing();
    },
  ],
  [
    '[HP-RES-2] a token that is nothing is told, and LOGIN works then',
    async (site) => {
      const client = site.open();
      client.say('RESUME', { token: 'nonsense' });
      assert.equal((await client.refused('SESSION_EXPIRED'))['fatal'], false);
      assert.equal((await client.ask('LOGIN', { user: site.name('a') })).type, 'LOGIN_OK');
    },
  ],
  [
    '[HP-RES-5] after a minute the session is over',
    async (site) => {
      const a = await site.in('a');
      const b = await site.in('b');
      await a.ask('PRESENCE_SUBSCRIBE', { users: [site.name('b')] });
      b.reset();
      const early = await a.peek(55_000);
      assert.equal(early, undefined);
      a.say('PONG');
      assert.equal((await a.next(10_000)).payload['status'], 'offline');
      const late = site.open();
      late.say('RESUME', { token: b.token });
      await late.refused('SESSION_EXPIRED');
    },
    'slow',
  ],
  [
    '[HP-HIST-2] [HP-HIST-3] history is paged',
    async (site) => {
      const room = site.name('room');
      const [a] = await site.room('a');
      assert.ok(a !== undefined);
      for (let i = 1; i <= 5; i += 1) await a.ask('ROOM_MESSAGE', { room, body: `${i}` });
      const page = async (query: object): Promise<unknown> => {
        const { payload } = await a.ask('HISTORY', { room, ...query });
        return [(payload['messages'] as { seq: number }[]).map(({ seq }) => seq), payload['more']];
      };
      assert.deepEqual(await page({ limit: 2 }), [[4, 5], true]);
      assert.deepEqual(await page({ after: 1, limit: 2 }), [[2, 3], true]);
      assert.deepEqual(await page({ before: 3 }), [[1, 2], false]);
      assert.deepEqual(await page({ after: 5 }), [[], false]);
    },
  ],
  [
    '[HP-ROOM-7] [HP-ROOM-8] rooms and members are listed',
    async (site) => {
      const [a] = await site.room('a', 'b');
      assert.ok(a !== undefined);
      const list = await a.ask('ROOM_LIST', { prefix: site.name('room') });
      assert.deepEqual(list.payload['rooms'], [{ room: site.name('room'), count: 2 }]);
      const members = await a.ask('ROOM_MEMBERS', { room: site.name('room') });
      const users = (members.payload['members'] as { user: string }[]).map(({ user }) => user);
      assert.deepEqual(users, [site.name('a'), site.name('b')]);
      a.say('ROOM_MEMBERS', { room: site.name('nowhere') });
      await a.refused('NO_SUCH_ROOM');
    },
  ],
  [
    '[HP-RCPT-1] [HP-TYPE-1] receipts and typing reach the other',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      a.say('TYPING', { room, on: true });
      assert.deepEqual((await b.next()).payload, { room, from: site.name('a'), on: true });
      assert.equal(
        (await b.ask('RECEIPT', { ref: 'm1', to: site.name('a'), state: 'read' })).type,
        'ACK',
      );
      assert.deepEqual((await a.next()).payload, { ref: 'm1', by: site.name('b'), state: 'read' });
    },
  ],
  [
    '[HP-FRAME-2] [HP-ACK-3] with `ack`, two that write to each other at once do not wait for each other',
    async (site) => {
      const people = [await site.in('a', { caps: ['ack'] }), await site.in('b', { caps: ['ack'] })];
      const names = ['b', 'a'].map((name) => site.name(name));
      for (const [at, one] of people.entries())
        one.say('DIRECT_MESSAGE', { to: names[at], body: 'x' }, `d${at}`);
      // What is said of one's own message may come before or behind the other's.
      const hear = async (one: HpSocket): Promise<void> => {
        const told: HpLine[] = [];
        while (told.length < 2) {
          const line = await one.next();
          if (line.type === 'DIRECT_MESSAGE') one.say('ACK', { ref: line.id });
          told.push(line);
        }
        assert.deepEqual(told.map(({ type }) => type).toSorted(), ['ACK', 'DIRECT_MESSAGE']);
        const answer = told.find(({ type }) => type === 'ACK');
        assert.equal(answer?.payload['status'], 'delivered');
      };
      await Promise.all(people.map(hear));
    },
  ],
  [
    '[HP-ACK-3] with `ack`, what was not acknowledged comes again',
    async (site) => {
      const a = await site.in('a');
      const b = await site.in('b', { caps: ['ack'] });
      a.say('DIRECT_MESSAGE', { to: site.name('b'), body: '1' }, 'd1');
      assert.equal((await b.next()).id, 'd1');
      b.say('ACK', { ref: 'd1' });
      assert.equal((await a.next()).payload['status'], 'delivered');
      a.say('DIRECT_MESSAGE', { to: site.name('b'), body: '2' }, 'd2');
      assert.equal((await b.next()).id, 'd2');
      b.reset();
      const back = site.open();
      assert.equal((await back.ask('RESUME', { token: b.token })).payload['replayed'], 1);
      assert.equal((await back.next()).id, 'd2');
    },
  ],
]);
