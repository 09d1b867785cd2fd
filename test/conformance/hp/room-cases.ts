// The smaller promises: what errors say, what is not passed on, limits of a session, and what becomes of what nobody took.

import assert from 'node:assert/strict';
import { type HpCase, hpCases } from './site.ts';
import { message } from './socket.ts';

export const roomCases: readonly HpCase[] = hpCases('rooms', [
  [
    '[HP-ENV-9] [HP-MSG-2] [HP-JSON-10] fields that nobody knows are not passed on, nor is a `from`',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      const payload = {
        room,
        body: 'x',
        from: 'eve',
        seq: 99,
        node: 'n9',
        x_mine: 1,
        delayed: true,
      };
      a.raw(message('ROOM_MESSAGE', 'm1', payload, { trace: 'z' }));
      assert.equal((await a.next()).payload['seq'], 1);
      const line = await b.next();
      assert.deepEqual(Object.keys(line.payload).toSorted(), [
        ...['body', 'epoch', 'from', 'node', 'room', 'seq'],
      ]);
      assert.equal(line.payload['from'], site.name('a'));
      assert.ok(!('trace' in line));
    },
  ],
  [
    '[HP-PAY-1] [HP-ENV-9] unknown fields are ignored in every request',
    async (site) => {
      const room = site.name('room');
      const [a] = await site.room('a');
      assert.ok(a !== undefined);
      const more = { x_more: { deep: [1] }, constructor: 1, hasOwnProperty: 2 };
      for (const [type, payload, answer] of [
        ['PING', {}, 'PONG'],
        ['JOIN', { room }, 'JOIN_OK'],
        ['ROOM_LIST', {}, 'ROOM_LIST_OK'],
        ['ROOM_MEMBERS', { room }, 'ROOM_MEMBERS_OK'],
        ['ROOM_MESSAGE', { room, body: 'x' }, 'ACK'],
        ['DIRECT_MESSAGE', { to: site.name('b'), body: 'x' }, 'ACK'],
        ['RECEIPT', { ref: 'm', to: site.name('b'), state: 'read' }, 'ACK'],
        ['PRESENCE_SET', { status: 'busy' }, 'ACK'],
        ['PRESENCE_SUBSCRIBE', { users: [] }, 'PRESENCE_STATE'],
        ['PRESENCE_QUERY', { users: [site.name('b')] }, 'PRESENCE_STATE'],
        ['PRESENCE_UNSUBSCRIBE', { users: [site.name('b')] }, 'ACK'],
        ['HISTORY', { room }, 'HISTORY_OK'],
        ['WHOAMI', {}, 'WHOAMI_OK'],
        ['LEAVE', { room }, 'LEAVE_OK'],
        ['LOGOUT', { reason: 'x' }, 'BYE'],
      ] as const)
        assert.equal((await a.ask(type, { ...payload, ...more })).type, answer, type);
    },
  ],
  [
    '[HP-JSON-5] `__proto__` is a key like any other, and gives no rights',
    async (site) => {
      const client = await site.in('a');
      const proto = '{"__proto__":{"status":"online","admin":true,"room":"x"},"constructor":1}';
      client.raw(message('STATS', '1').replace('{}', proto));
      await client.refused('FORBIDDEN');
      client.raw(message('JOIN', '2').replace('"payload":{}', `"payload":${proto}`));
      assert.equal((await client.refused('MISSING_FIELD'))['field'], 'payload.room');
    },
  ],
  [
    '[HP-JSON-6] [HP-JSON-7] [HP-JSON-9] characters as escapes, 32 levels, and numbers in `data` are taken',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      const deep = `${'['.repeat(29)}1.5e9,${'['.repeat(1)}${']'.repeat(30)}`;
      const line = message('ROOM_MESSAGE', 'm', { room, body: 'B', data: 0 });
      a.raw(
        line.replace('"B"', String.raw`"\ud83d\ude00\u0041"`).replace('"data":0', `"data":${deep}`),
      );
      assert.equal((await a.next()).type, 'ACK');
      assert.equal((await b.next()).payload['body'], '😀A');
      assert.ok(b.texts.at(-1)?.includes(deep));
    },
  ],
  [
    '[HP-ENV-6] a timestamp a year ahead is taken and passed on; one in milliseconds is told so',
    async (site) => {
      const room = site.name('room');
      const [a, b] = await site.room('a', 'b');
      assert.ok(a !== undefined && b !== undefined);
      const timestamp = Math.floor(Date.now() / 1_000) + 31_536_000;
      a.raw(message('ROOM_MESSAGE', '1', { room, body: 'x' }, { timestamp }));
      assert.equal((await a.next()).type, 'ACK');
      assert.equal((await b.next()).timestamp, timestamp);
      a.raw(message('PING', '2', {}, { timestamp: Date.now() }));
      assert.match(String((await a.refused('INVALID_TIMESTAMP'))['message']), /second/i);
    },
  ],
  [
    '[HP-ERR-1] [HP-ERR-2] an error names the request where it can, and after one that is not fatal all goes on',
    async (site) => {
      const client = await site.in('a');
      for (const [raw, ref] of [
        ['oops\n', null],
        [message('JOIN', 'r1', { room: 'A B' }), 'r1'],
        [message('NOBODYS', 'r2'), 'r2'],
        [message('PING', 'r3', {}, { timestamp: 'x' }), 'r3'],
        [message('PING', 'r 4'), null],
        [message('PING', 'r5', {}, { payload: [] }), 'r5'],
      ] as const) {
        client.raw(raw);
        const { type, payload } = await client.next();
        assert.deepEqual([type, payload['ref'], payload['fatal']], ['ERROR', ref, false], raw);
      }
      await client.hearsNothing();
    },
  ],
  [
    '[HP-ERR-4] what an error repeats is short, and nothing that a terminal would obey',
    async (site) => {
      const client = await site.in('a');
      const long = 'x'.repeat(2_000);
      for (const raw of [
        message('PING', '1', {}, { type: `\u001B[31m${long}` }),
        message(`Q${'Q'.repeat(40)}`, '2'),
        message('JOIN', '3', { room: `\u001B]0;${long}\u0007` }),
        message('DIRECT_MESSAGE', '4', { to: `\u009B2J${long}`, body: 'x' }),
        message('PING', `\u202E${long}`),
        message('PRESENCE_SET', '6', { status: `\u0085${long}` }),
      ]) {
        client.raw(raw);
        const { type, payload } = await client.next();
        const text = String(payload['message']);
        assert.equal(type, 'ERROR');
        assert.ok(text.length < 200, `${text.length} characters`);
        assert.doesNotMatch(text, /\p{Cc}|\p{Cf}/u);
      }
    },
  ],
  [
    '[HP-HELLO-3] caps of HELLO and of LOGIN count together, and unknown ones are ignored',
    async (site) => {
      const client = site.open();
      await client.ask('HELLO', { caps: ['ack', 'zzz'], versions: ['9.9', '1.0'] });
      const { payload } = await client.ask('LOGIN', {
        user: site.name('a'),
        caps: ['echo', 'yyy'],
      });
      const caps = payload['caps'] as string[];
      for (const cap of ['ack', 'echo']) assert.ok(caps.includes(cap), cap);
      for (const cap of ['zzz', 'yyy']) assert.ok(!caps.includes(cap), cap);
      const room = site.name('room');
      await client.ask('JOIN', { room });
      client.say('ROOM_MESSAGE', { room, body: 'x' }, 'm1');
      const types = [(await client.next()).type, (await client.next()).type].toSorted();
      assert.deepEqual(types, ['ACK', 'ROOM_MESSAGE']);
    },
  ],
  [
    '[HP-NAME-1] names that differ in the case of letters are one user',
    async (site) => {
      const a = await site.in('a');
      const b = await site.as(site.name('A').toUpperCase());
      a.say('DIRECT_MESSAGE', { to: site.name('a').toUpperCase(), body: 'x' }, 'd1');
      assert.equal((await b.next()).id, 'd1');
      assert.equal((await a.next()).payload['status'], 'delivered');
    },
  ],
  [
    '[HP-DM-7] [HP-DM-8] [HP-MSG-6] to oneself: the other sessions hear it, as received; the one that speaks does not',
    async (site) => {
      const room = site.name('room');
      const [a] = await site.room('a');
      assert.ok(a !== undefined);
      const other = await site.in('a');
      await other.ask('JOIN', { room });
      const me = site.name('a');
      const { payload } = await a.ask('DIRECT_MESSAGE', { to: me, from: 'eve', body: 'x' }, 'd1');
      assert.equal(payload['status'], 'delivered');
      const line = await other.next();
      assert.deepEqual(
        [line.id, line.payload['from'], line.payload['sent']],
        ['d1', me, undefined],
      );
      await a.ask('ROOM_MESSAGE', { room, body: 'y' }, 'm1');
      assert.equal((await other.next()).id, 'm1');
      await a.hearsNothing();
    },
  ],
  [
    '[HP-DM-6] [HP-ACK-3] what a session did not take before it ended waits for the next one',
    async (site) => {
      const a = await site.in('a');
      const b = await site.in('b', { caps: ['ack'] });
      a.say('DIRECT_MESSAGE', { to: site.name('b'), body: 'x' }, 'd1');
      assert.equal((await b.next()).id, 'd1');
      assert.equal((await a.next(4_000)).payload['status'], 'accepted');
      await b.ask('BYE');
      const again = site.open();
      const { payload } = await again.ask('LOGIN', { user: site.name('b') });
      assert.equal(payload['offline_count'], 1);
      const line = await again.next();
      assert.deepEqual([line.id, line.payload['delayed']], ['d1', true]);
    },
  ],
  [
    '[HP-RES-4] [HP-RES-2] a session moves to the connection that resumes it, and the old one is closed',
    async (site) => {
      const a = await site.in('a');
      const b = await site.in('b');
      const back = site.open();
      assert.equal((await back.ask('RESUME', { token: b.token })).type, 'RESUME_OK');
      const { type, payload } = await b.next();
      assert.deepEqual([type, payload['code']], ['BYE', 'SESSION_RESUMED']);
      await b.ended();
      await a.ask('DIRECT_MESSAGE', { to: site.name('b'), body: 'x' }, 'd1');
      assert.equal((await back.next()).id, 'd1');
      assert.ok(!b.texts.join('').includes('"d1"'));
      back.say('RESUME', { token: b.token });
      await back.refused('ALREADY_LOGGED_IN');
    },
  ],
  [
    '[HP-LIM-2] joins faster than five a second are refused, and told when to come again',
    async (site) => {
      const client = await site.in('a');
      for (let at = 0; at < 12; at += 1) client.say('JOIN', { room: site.name(`r${at}`) });
      let taken = 0;
      for (let at = 0; at < 12; at += 1) {
        const { type, payload } = await client.next();
        if (type === 'JOIN_OK') taken += 1;
        else {
          assert.deepEqual([payload['code'], payload['fatal']], ['RATE_LIMITED', false]);
          assert.ok(Number(payload['retry_after']) > 0);
        }
      }
      assert.ok(taken >= 5 && taken <= 7, `${taken} were taken`);
    },
  ],
  [
    '[HP-LIM-3] lines that come too fast wait in the network, and all are answered',
    async (site) => {
      const client = await site.in('a');
      const pad = 'x'.repeat(2_000);
      for (let at = 0; at < 90; at += 1) client.raw(message('PING', `p${at}`, { pad }));
      const since = performance.now();
      for (let at = 0; at < 90; at += 1)
        assert.equal((await client.next(8_000)).payload['ref'], `p${at}`);
      const seconds = (performance.now() - since) / 1_000;
      assert.ok(seconds > 1 && seconds < 6, `${seconds} s`);
    },
  ],
  [
    '[HP-PRES-1] [HP-PRES-5] who is not followed any more is not told of',
    async (site) => {
      const a = await site.in('a');
      const users = [site.name('b'), site.name('c')];
      await a.ask('PRESENCE_SUBSCRIBE', { users });
      assert.equal((await a.ask('PRESENCE_UNSUBSCRIBE', { users: [site.name('b')] })).type, 'ACK');
      await site.in('b');
      await site.in('c');
      const { payload } = await a.next();
      assert.deepEqual([payload['user'], payload['status']], [site.name('c'), 'online']);
      await a.hearsNothing();
    },
  ],
  [
    '[HP-HIST-1] the messages between two people are theirs',
    async (site) => {
      const a = await site.in('a');
      await site.in('b');
      for (const id of ['d1', 'd2'])
        await a.ask('DIRECT_MESSAGE', { to: site.name('b'), body: id }, id);
      const b = await site.in('b');
      for (const [client, other] of [
        [a, 'b'],
        [b, 'a'],
      ] as const) {
        const { payload } = await client.ask('HISTORY', { with: site.name(other) });
        const ids = (payload['messages'] as { id: string }[]).map(({ id }) => id);
        assert.deepEqual(ids, ['d1', 'd2']);
      }
      const c = await site.in('c');
      const { payload } = await c.ask('HISTORY', { with: site.name('a') });
      assert.deepEqual(payload['messages'], []);
    },
  ],
  [
    '[HP-ROOM-7] lists of rooms go on behind a name',
    async (site) => {
      const a = await site.in('a');
      const names = ['r1', 'r2', 'r3'].map((name) => site.name(name));
      for (const room of names) await a.ask('JOIN', { room });
      const prefix = 'r';
      const seen: string[] = [];
      let after: string | undefined;
      for (let isMore = true; isMore;) {
        const more = after === undefined ? {} : { after };
        const { payload } = await a.ask('ROOM_LIST', { prefix, limit: 2, ...more });
        const rooms = payload['rooms'] as { room: string }[];
        assert.ok(rooms.length <= 2);
        seen.push(...rooms.map(({ room }) => room));
        after = seen.at(-1);
        isMore = payload['more'] as boolean;
      }
      for (const name of names) assert.ok(seen.includes(name));
      assert.deepEqual(seen, [...new Set(seen)].toSorted());
    },
  ],
]);
