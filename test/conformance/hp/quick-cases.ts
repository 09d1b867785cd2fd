// What takes times and limits that can be waited for and crossed: the configuration `quick`, whose listener is lenient.

import assert from 'node:assert/strict';
import { sign } from '../tokens.ts';
import { type HpCase, hpCases } from './site.ts';
import type { HpLine } from './socket.ts';
import { TOKEN_SECRET } from './start.ts';

const soon = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

export const quickCases: readonly HpCase[] = hpCases(
  'small limits',
  [
    [
      '[HP-ENV-10] [HP-ACK-4] a lenient listener lets id, timestamp, source and payload be left out, and tells the id',
      async (site) => {
        const a = site.open();
        a.raw('{"version":"1.0","type":"PING"}\n');
        assert.equal((await a.next()).type, 'PONG');
        a.raw('{"type":"PING"}\n');
        assert.equal((await a.refused('MISSING_FIELD'))['field'], 'version');
      },
    ],
    [
      '[HP-ACK-4] a message without an id is given one, under which others know it',
      async (site) => {
        const room = site.name('room');
        const [a, b] = await site.room('a', 'b');
        assert.ok(a !== undefined && b !== undefined);
        const payload = JSON.stringify({ room, body: 'x' });
        a.raw(`{"version":"1.0","type":"ROOM_MESSAGE","payload":${payload}}\n`);
        const ack = await a.next();
        assert.equal(ack.type, 'ACK');
        const { id } = await b.next();
        assert.equal(ack.payload['id'], id);
        assert.match(id, /^[\dA-Za-z._:-]{1,64}$/);
      },
    ],
    [
      '[HP-LOGIN-7] whoever does not log in is told so, and ended',
      async (site) => {
        const since = performance.now();
        const client = site.open();
        assert.equal((await client.refused('LOGIN_TIMEOUT'))['fatal'], true);
        await client.ended();
        const seconds = (performance.now() - since) / 1_000;
        assert.ok(seconds > 0.8 && seconds < 2.5, `${seconds} s`);
      },
    ],
    [
      '[HP-LIVE-1] [HP-LIVE-3] [HP-LIVE-4] silence is pinged and then ended; any line, and a blank one, is a sign of life',
      async (site) => {
        const [silent, alive, blank] = [await site.in('a'), await site.in('b'), await site.in('c')];
        const since = performance.now();
        const timer = setInterval(() => {
          alive.say('PONG');
          blank.raw('\n');
        }, 300);
        try {
          assert.equal((await silent.refused('PING_TIMEOUT'))['fatal'], true);
          await silent.ended();
          const seconds = (performance.now() - since) / 1_000;
          assert.ok(seconds > 1.7 && seconds < 3.5, `${seconds} s`);
          assert.ok(silent.texts.some((text) => text.includes('"type":"PING"')));
          await alive.peek(1_000);
          for (const client of [alive, blank]) {
            await client.hearsNothing();
            assert.ok(!client.texts.some((text) => text.includes('"type":"PING"')));
          }
          const back = site.open();
          const { type } = await back.ask('RESUME', { token: silent.token });
          assert.ok(['RESUME_OK', 'ERROR'].includes(type));
        } finally {
          clearInterval(timer);
        }
      },
    ],
    [
      '[HP-RES-5] [HP-RES-1] who does not come back in time has left, and nobody heard before',
      async (site) => {
        const [a, b] = await site.room('a', 'b');
        assert.ok(a !== undefined && b !== undefined);
        await a.ask('PRESENCE_SUBSCRIBE', { users: [site.name('b')] });
        const since = performance.now();
        b.reset();
        const seen = [(await a.next()).type, (await a.next()).type].toSorted();
        const seconds = (performance.now() - since) / 1_000;
        assert.deepEqual(seen, ['PRESENCE_EVENT', 'ROOM_EVENT']);
        assert.ok(seconds > 0.9 && seconds < 3, `${seconds} s`);
        const late = site.open();
        late.say('RESUME', { token: b.token });
        await late.refused('SESSION_EXPIRED');
        assert.equal((await late.ask('LOGIN', { user: site.name('b') })).type, 'LOGIN_OK');
      },
    ],
    [
      '[HP-RES-8] [HP-RES-3] a room of which some messages are forgotten is named in `gaps`',
      async (site) => {
        const room = site.name('room');
        const [a, b] = await site.room('a', 'b');
        assert.ok(a !== undefined && b !== undefined);
        b.reset();
        for (let at = 1; at <= 8; at += 1) await a.ask('ROOM_MESSAGE', { room, body: `${at}` });
        const back = site.open();
        const { payload } = await back.ask('RESUME', { token: b.token, rooms: { [room]: 0 } });
        assert.deepEqual([payload['gaps'], payload['replayed']], [[room], 5]);
        for (let seq = 4; seq <= 8; seq += 1) assert.equal((await back.next()).payload['seq'], seq);
        await back.hearsNothing();
      },
    ],
    [
      '[HP-SESS-2] with `reject` a second login is refused while the first session is here, or may come back',
      async (site) => {
        const a = await site.in('a');
        const second = site.open();
        second.say('LOGIN', { user: site.name('A') });
        assert.equal((await second.refused('USERNAME_TAKEN'))['fatal'], false);
        a.reset();
        second.say('LOGIN', { user: site.name('a') });
        await second.refused('USERNAME_TAKEN');
        const back = site.open();
        assert.equal((await back.ask('RESUME', { token: a.token })).type, 'RESUME_OK');
        await back.ask('BYE');
        const third = site.open();
        assert.equal((await third.ask('LOGIN', { user: site.name('a') })).type, 'LOGIN_OK');
      },
    ],
    [
      '[HP-LIM-2] a session sits in so many rooms and no more',
      async (site) => {
        const client = await site.in('a');
        for (let at = 0; at < 3; at += 1) await client.ask('JOIN', { room: site.name(`r${at}`) });
        client.say('JOIN', { room: site.name('r3') });
        await client.refused('FORBIDDEN');
        await client.ask('LEAVE', { room: site.name('r0') });
        assert.equal((await client.ask('JOIN', { room: site.name('r3') })).type, 'JOIN_OK');
      },
    ],
    [
      '[HP-PRES-5] a session follows so many users and no more',
      async (site) => {
        const client = await site.in('a');
        const users = ['b', 'c', 'd'].map((name) => site.name(name));
        await client.ask('PRESENCE_SUBSCRIBE', { users });
        client.say('PRESENCE_SUBSCRIBE', { users: [site.name('e')] });
        await client.refused('INVALID_PAYLOAD');
        assert.equal((await client.ask('PRESENCE_SUBSCRIBE', { users })).type, 'PRESENCE_STATE');
      },
    ],
    [
      '[HP-ROOM-5] in a room of many, coming and going is only counted',
      async (site) => {
        const members = await site.room('a', 'b');
        const [a] = members;
        assert.ok(a !== undefined);
        const room = site.name('room');
        for (const name of ['c', 'd', 'e']) {
          const client = await site.in(name);
          await client.ask('JOIN', { room });
          if (name === 'c') for (const member of members) await member.next();
          members.push(client);
        }
        const timer = setInterval(() => {
          for (const member of members) member.say('PONG');
        }, 500);
        const { type, payload } = await a.next(7_000).finally(() => clearInterval(timer));
        assert.deepEqual(
          [type, payload['event'], 'user' in payload],
          ['ROOM_EVENT', 'count', false],
        );
        assert.ok(Number(payload['count']) >= 3);
      },
    ],
    [
      '[HP-ROOM-6] an empty room is forgotten, and begins anew with a higher epoch',
      async (site) => {
        const client = await site.in('a');
        const room = site.name('room');
        const first = (await client.ask('JOIN', { room })).payload;
        await client.ask('ROOM_MESSAGE', { room, body: 'x' });
        await client.ask('LEAVE', { room });
        const until = performance.now() + 8_000;
        for (;;) {
          const other = await client.peek(700);
          assert.equal(other, undefined);
          const again: HpLine = await client.ask('JOIN', { room });
          if (Number(again.payload['epoch']) > Number(first['epoch'])) {
            const history = await client.ask('HISTORY', { room });
            assert.deepEqual(history.payload['messages'], []);
            return;
          }
          assert.ok(performance.now() < until, 'it is remembered for ever');
          await client.ask('LEAVE', { room });
        }
      },
    ],
    [
      '[HP-DM-5] where nothing waits, a user without a session is offline',
      async (site) => {
        const client = await site.in('a');
        client.say('DIRECT_MESSAGE', { to: site.name('b'), body: 'x' });
        assert.equal((await client.refused('USER_OFFLINE'))['fatal'], false);
      },
    ],
    [
      '[HP-STATS-1] [HP-STATS-2] statistics are for administrators',
      async (site) => {
        const root = await site.as('root');
        const { type, payload } = await root.ask('STATS');
        assert.equal(type, 'STATS_OK');
        const sessions = payload['sessions'] as Record<string, number>;
        assert.ok((sessions[String(payload['node'])] ?? 0) >= 1);
        assert.ok(Number(payload['users']) >= 1);
        const rooms = async (): Promise<number> =>
          Number((await root.ask('STATS')).payload['rooms']);
        // Rooms of others may end meanwhile.
        let [before, later] = [0, 0];
        for (let tries = 0; tries < 5 && later !== before + 1; tries += 1) {
          before = await rooms();
          await root.ask('JOIN', { room: site.name(`r${tries}`) });
          later = await rooms();
        }
        assert.equal(later, before + 1);
        await root.ask('BYE');
        const other = await site.in('a');
        other.say('STATS');
        await other.refused('FORBIDDEN');
      },
    ],
    [
      '[HP-LOGIN-4] a token names its user, and ends the session with itself',
      async (site) => {
        const user = site.name('a');
        const token = sign(TOKEN_SECRET, { sub: user, exp: soon(2) });
        const client = site.open();
        const auth = (text: string): object => ({ auth: { method: 'token', token: text } });
        for (const wrong of [
          'nonsense',
          sign('another secret that is as long as the first', { sub: user, exp: soon(60) }),
          sign(TOKEN_SECRET, { sub: site.name('b'), exp: soon(60) }),
        ]) {
          const other = site.open();
          other.say('LOGIN', { user, ...auth(wrong) });
          await other.refused('AUTH_FAILED');
        }
        const answer = await client.ask('LOGIN', { user, ...auth(token) });
        assert.deepEqual([answer.type, answer.payload['user']], ['LOGIN_OK', user]);
        const timer = setInterval(() => client.say('PONG'), 300);
        await client.ended(6_000).finally(() => clearInterval(timer));
      },
    ],
    [
      '[HP-MSG-4] [HP-FRAME-2] a thousand messages come to everybody in one order without gaps',
      async (site) => {
        const room = site.name('room');
        const [a, b] = await site.room('a', 'b');
        assert.ok(a !== undefined && b !== undefined);
        for (let at = 1; at <= 1_000; at += 1) a.say('ROOM_MESSAGE', { room, body: `${at}` });
        for (let seq = 1; seq <= 1_000; seq += 1) {
          const heard: HpLine = await b.next();
          assert.deepEqual([heard.payload['seq'], heard.payload['body']], [seq, `${seq}`]);
          assert.equal((await a.next()).payload['seq'], seq);
        }
      },
    ],
    [
      '[HP-LIM-6] who does not read is ended, and nobody else notices',
      async (site) => {
        const room = site.name('room');
        const [a, b, c] = await site.room('a', 'b', 'c');
        assert.ok(a !== undefined && b !== undefined && c !== undefined);
        b.socket.pause();
        const body = 'x'.repeat(15_000);
        let slowest = 0;
        let hasLeft = false;
        for (let at = 0; at < 900 && !hasLeft; at += 1) {
          const since = performance.now();
          const own: string = a.say('ROOM_MESSAGE', { room, body });
          // Whoever was ended leaves the room.
          let answer: HpLine = await a.next();
          if (answer.type === 'ROOM_EVENT') {
            assert.equal(answer.payload['user'], site.name('b'));
            hasLeft = true;
            answer = await a.next();
          }
          assert.deepEqual([answer.type, answer.payload['ref']], ['ACK', own]);
          slowest = Math.max(slowest, performance.now() - since);
          await c.next();
          if (at % 20 === 0) c.say('PONG');
        }
        assert.ok(hasLeft, 'it is waited for without end');
        assert.ok(slowest < 1_500, `an answer took ${slowest} ms`);
        b.socket.resume();
        await b.ended(8_000);
        assert.match(b.texts.at(-1) ?? '', /"SLOW_CONSUMER"/);
      },
    ],
    [
      '[HP-CONN-1] a connection too many is told to come back, and those that are open stay open',
      async (site) => {
        const first = await site.in('a');
        const others = Array.from({ length: 24 }, () => site.open());
        let refused = 0;
        for (const client of others) {
          client.raw('{"version":"1.0","type":"PING"}\n');
          const { type, payload } = await client.next();
          if (type === 'PONG') continue;
          refused += 1;
          assert.deepEqual([payload['code'], payload['fatal']], ['UNAVAILABLE', true]);
          assert.ok(Number(payload['retry_after']) > 0);
          await client.ended();
        }
        assert.ok(refused >= 5, `${refused} were refused`);
        await first.hearsNothing();
      },
    ],
  ],
  'quick',
);
