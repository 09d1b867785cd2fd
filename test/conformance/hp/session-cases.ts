// The envelope, the way in, and the life of a session, on real sockets.

import assert from 'node:assert/strict';
import { type HpCase, hpCases } from './site.ts';
import { message } from './socket.ts';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

export const sessionCases: readonly HpCase[] = hpCases('sessions', [
  [
    '[HP-ENV-2] [HP-ENV-9] a newer client with fields that nobody knows is understood, and answered in 1.0',
    async (site) => {
      const client = site.open();
      client.raw(message('PING', '1', { new: 1 }, { version: '1.7', trace: 'z' }));
      assert.equal((await client.next()).type, 'PONG');
      assert.ok(client.texts[0]?.startsWith('{"version":"1.0","type":"PONG","id":"'));
    },
  ],
  [
    '[HP-ENV-1] [HP-ENV-2] versions that are not spoken end the connection, and those that are are told',
    async (site) => {
      for (const [version, code] of [
        ['2.0', 'UNSUPPORTED_VERSION'],
        ['1', 'INVALID_VERSION'],
      ] as const) {
        const client = site.open();
        client.raw(message('PING', '1', {}, { version }));
        const payload = await client.refused(code);
        assert.deepEqual(
          [payload['supported'], payload['fatal'], payload['ref']],
          [['1.0'], true, '1'],
        );
        await client.ended();
      }
    },
  ],
  [
    '[HP-ENV-4] an unknown type is no end',
    async (site) => {
      const client = await site.in('a');
      client.say('FOO', {}, 'f');
      assert.equal((await client.refused('UNKNOWN_TYPE'))['ref'], 'f');
      await client.hearsNothing();
    },
  ],
  [
    '[HP-OUT-1] [HP-OUT-2] every line of the server has the six fields in their order, a UUID, and whole seconds',
    async (site) => {
      const client = await site.in('a');
      await client.ask('JOIN', { room: site.name('room') });
      client.raw('oops\n');
      await client.refused('INVALID_JSON');
      await client.ask('BYE');
      await client.ended();
      const keys = ['version', 'type', 'id', 'timestamp', 'source', 'payload'];
      for (const text of client.texts) {
        const line = JSON.parse(text) as Record<string, unknown>;
        assert.deepEqual(Object.keys(line), keys);
        assert.equal(line['source'], 'server');
        assert.match(String(line['id']), uuid);
        assert.ok(Number.isSafeInteger(line['timestamp']));
      }
      const ids = client.texts.map((text) => (JSON.parse(text) as { id: string }).id);
      assert.equal(new Set(ids).size, ids.length);
    },
  ],
  [
    '[HP-HELLO-1] [HP-HELLO-2] [HP-LIM-1] HELLO tells the server and its limits',
    async (site) => {
      const client = site.open();
      const { type, payload } = await client.ask('HELLO', {
        agent: 'conformance',
        caps: ['ack', 'zzz'],
      });
      assert.equal(type, 'HELLO_OK');
      for (const key of ['version', 'node', 'cluster', 'caps', 'auth', 'limits'])
        assert.ok(key in payload);
      client.say('HELLO');
      await client.refused('FORBIDDEN');
    },
  ],
  [
    '[HP-HELLO-2] a client that speaks none of our versions learns which there are',
    async (site) => {
      const client = site.open();
      client.say('HELLO', { versions: ['2.0', '3.1'] });
      const payload = await client.refused('UNSUPPORTED_VERSION');
      assert.deepEqual([payload['supported'], payload['fatal']], [['1.0'], true]);
      await client.ended();
      const other = site.open();
      const { type } = await other.ask('HELLO', { versions: ['2.0', '1.0'] });
      assert.equal(type, 'HELLO_OK');
    },
  ],
  [
    '[HP-SESS-5] before login only a few are obeyed; after it, login is over',
    async (site) => {
      const client = site.open();
      for (const type of [
        'JOIN',
        'ROOM_MESSAGE',
        'DIRECT_MESSAGE',
        'WHOAMI',
        'HISTORY',
        'PRESENCE_SET',
        'LOGOUT',
      ]) {
        client.say(type, {});
        assert.equal((await client.refused('NOT_LOGGED_IN'))['fatal'], false);
      }
      assert.equal((await client.ask('LOGIN', { user: site.name('a') })).type, 'LOGIN_OK');
      for (const type of ['LOGIN', 'HELLO', 'RESUME']) {
        client.say(type, { user: site.name('a'), token: 'x' });
        await client.refused('ALREADY_LOGGED_IN');
      }
    },
  ],
  [
    '[HP-LOGIN-1] LOGIN_OK tells everything',
    async (site) => {
      const client = site.open();
      const { payload } = await client.ask('LOGIN', {
        user: site.name('a'),
        status: 'busy',
        device: 'd',
      });
      for (const key of ['user', 'session', 'node', 'incarnation', 'heartbeat', 'resume', 'limits'])
        assert.ok(key in payload, key);
      assert.deepEqual([payload['offline_count'], payload['sessions']], [0, 1]);
    },
  ],
  [
    '[HP-LOGIN-2] a method that is not offered is refused, and nothing ends',
    async (site) => {
      const client = site.open();
      const { payload } = await client.ask('HELLO');
      const methods = payload['auth'] as string[];
      const other = ['password', 'token'].find((method) => !methods.includes(method));
      if (other === undefined) return;
      client.say('LOGIN', { user: site.name('a'), auth: { method: other, [other]: 'x' } });
      assert.equal((await client.refused('AUTH_METHOD'))['fatal'], false);
    },
  ],
  [
    '[HP-LOGIN-7] whoever does not log in is told so after ten seconds',
    async (site) => {
      const startedAt = performance.now();
      const client = site.open();
      await client.ended(12_000);
      const seconds = (performance.now() - startedAt) / 1_000;
      assert.equal((await client.refused('LOGIN_TIMEOUT'))['fatal'], true);
      assert.ok(seconds > 9.5 && seconds < 11.5, `${seconds} s`);
    },
    'slow',
  ],
  [
    '[HP-LIVE-3] [HP-LIVE-4] silence is pinged after 30 s and ended after 60',
    async (site) => {
      const startedAt = performance.now();
      const client = await site.in('a');
      await client.ended(65_000);
      const seconds = (performance.now() - startedAt) / 1_000;
      assert.equal((await client.refused('PING_TIMEOUT'))['fatal'], true);
      assert.ok(client.texts.some((text) => text.includes('"type":"PING"')));
      assert.ok(seconds > 59 && seconds < 62, `${seconds} s`);
      const back = site.open();
      assert.equal((await back.ask('RESUME', { token: client.token })).type, 'RESUME_OK');
    },
    'slow',
  ],
  [
    '[HP-SESS-1] [HP-SESS-4] eight sessions of one user, and no ninth',
    async (site) => {
      for (let i = 0; i < 8; i += 1) await site.in('a');
      const ninth = site.open();
      ninth.say('LOGIN', { user: site.name('A') });
      await ninth.refused('SESSION_LIMIT');
    },
  ],
  [
    '[HP-SESS-6] BYE is answered and closes',
    async (site) => {
      const client = await site.in('a');
      assert.equal((await client.ask('BYE')).type, 'BYE');
      await client.ended();
    },
  ],
  [
    '[HP-STATS-1] statistics are not for everybody',
    async (site) => {
      const client = await site.in('a');
      client.say('STATS');
      await client.refused('FORBIDDEN');
      assert.equal((await client.ask('WHOAMI')).payload['user'], site.name('a'));
    },
  ],
  [
    '[HP-LIM-4] of 25 messages at once 20 are taken, and the others told when to come again',
    async (site) => {
      const client = await site.in('a');
      const room = site.name('room');
      await client.ask('JOIN', { room });
      for (let i = 0; i < 25; i += 1) client.say('ROOM_MESSAGE', { room, body: `${i}` });
      let taken = 0;
      for (let i = 0; i < 25; i += 1) {
        const { type, payload } = await client.next();
        if (type === 'ACK') taken += 1;
        else {
          assert.deepEqual([payload['code'], payload['fatal']], ['RATE_LIMITED', false]);
          assert.ok(typeof payload['retry_after'] === 'number' && payload['retry_after'] > 0);
        }
      }
      assert.ok(taken >= 20 && taken <= 22, `${taken} were taken`);
    },
  ],
]);
