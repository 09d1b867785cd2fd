// Where users prove who they are by passwords, and have one session at a time: the configuration `closed`.

import assert from 'node:assert/strict';
import { type HpCase, hpCases, type HpSite, type LoggedIn } from './site.ts';
import { USERS } from './start.ts';

const auth = (password: string): object => ({ auth: { method: 'password', password } });

function login(site: HpSite, user: string): Promise<LoggedIn> {
  const known = USERS.find(([name]) => name.toLowerCase() === user.toLowerCase());
  return site.as(user, auth(known?.[1] ?? ''));
}

export const closedCases: readonly HpCase[] = hpCases(
  'passwords',
  [
    [
      '[HP-LOGIN-2] [HP-HELLO-2] without a proof nobody comes in, and the ways are told',
      async (site) => {
        const client = site.open();
        assert.deepEqual((await client.ask('HELLO')).payload['auth'], ['password']);
        client.say('LOGIN', { user: 'alice' });
        assert.equal((await client.refused('AUTH_REQUIRED'))['fatal'], false);
        client.say('LOGIN', { user: 'alice', auth: { method: 'token', token: 'x' } });
        await client.refused('AUTH_METHOD');
        const third = site.open();
        third.say('LOGIN', { user: 'alice', auth: { method: 'kerberos', ticket: 'x' } });
        await third.refused('AUTH_METHOD');
        const other = site.open();
        const { type, payload } = await other.ask('LOGIN', {
          user: 'ALICE',
          ...auth('correct horse'),
        });
        assert.deepEqual([type, String(payload['user']).toLowerCase()], ['LOGIN_OK', 'alice']);
      },
    ],
    [
      '[HP-LOGIN-3] [HP-LOGIN-6] a wrong password and an unknown user read alike, and the third is fatal',
      async (site) => {
        const texts: unknown[] = [];
        for (const user of ['carol', site.name('u')]) {
          const client = site.open();
          for (const fatal of [false, false, true]) {
            client.say('LOGIN', { user, ...auth('wrong') });
            const payload = await client.refused('AUTH_FAILED');
            assert.equal(payload['fatal'], fatal);
            texts.push(payload['message']);
          }
          await client.ended();
        }
        assert.equal(new Set(texts).size, 1);
      },
    ],
    [
      '[HP-LOGIN-8] after five wrong passwords for one user further ones are not looked at',
      async (site) => {
        const user = site.name('u');
        const codes: unknown[] = [];
        for (let at = 0; at < 4; at += 1) {
          const client = site.open();
          for (let guess = 0; guess < 2; guess += 1) {
            client.say('LOGIN', { user, ...auth(`${at} ${guess}`) });
            const { payload } = await client.next();
            codes.push(payload['code']);
            if (payload['code'] === 'RATE_LIMITED') assert.ok(Number(payload['retry_after']) > 0);
          }
        }
        assert.deepEqual(codes, [
          ...Array.from({ length: 5 }, () => 'AUTH_FAILED'),
          ...Array.from({ length: 3 }, () => 'RATE_LIMITED'),
        ]);
        await login(site, 'Bob');
      },
    ],
    [
      '[HP-SESS-3] a second login ends the session before it',
      async (site) => {
        const first = await login(site, 'alice');
        const second = await login(site, 'Alice');
        assert.equal((await first.refused('SESSION_REPLACED'))['fatal'], true);
        await first.ended();
        await second.hearsNothing();
        const back = site.open();
        back.say('RESUME', { token: first.token });
        await back.refused('SESSION_EXPIRED');
      },
    ],
    [
      '[HP-DM-1] a name that nobody has is no user; one that is not here is',
      async (site) => {
        const client = await login(site, 'alice');
        client.say('DIRECT_MESSAGE', { to: site.name('nobody'), body: 'x' });
        assert.equal((await client.refused('NO_SUCH_USER'))['field'], 'payload.to');
        const { payload } = await client.ask(
          'DIRECT_MESSAGE',
          { to: 'carol', body: 'x' },
          site.name('d'),
        );
        assert.equal(payload['status'], 'queued');
      },
    ],
    [
      '[HP-DM-4] so many messages wait for a user, and one more is refused',
      async (site) => {
        const client = await login(site, 'alice');
        const codes: unknown[] = [];
        for (let at = 0; at < 8; at += 1) {
          const { payload } = await client.ask(
            'DIRECT_MESSAGE',
            { to: 'carol', body: `${at}` },
            site.name(`q${at}`),
          );
          codes.push(payload['status'] ?? payload['code']);
        }
        assert.equal(codes.at(-1), 'QUEUE_FULL');
        assert.ok(codes.filter((code) => code === 'queued').length >= 4);
        const carol = site.open();
        const { payload } = await carol.ask('LOGIN', { user: 'carol', ...auth('x') });
        assert.equal(payload['offline_count'], 5);
        for (let at = 0; at < 5; at += 1)
          assert.equal((await carol.next()).payload['delayed'], true);
        await carol.hearsNothing();
      },
    ],
    [
      '[HP-RES-6] a session for which too much comes while its client is away ends early, and nothing is lost',
      async (site) => {
        const a = await login(site, 'alice');
        const b = await login(site, 'bob');
        b.reset();
        const say = async (id: string): Promise<unknown> => {
          const told = { to: 'bob', body: id };
          return (await a.ask('DIRECT_MESSAGE', told, site.name(id))).payload['status'];
        };
        // The reset may be on its way still.
        for (let at = 0; (await say(`r${at}`)) === 'delivered'; at += 1) assert.ok(at < 5);
        for (let at = 0; at < 3; at += 1)
          assert.ok(['accepted', 'queued'].includes(String(await say(`m${at}`))));
        const back = site.open();
        back.say('RESUME', { token: b.token });
        await back.refused('SESSION_EXPIRED');
        const answer = await back.ask('LOGIN', { user: 'bob', ...auth('battery staple') });
        assert.equal(answer.payload['offline_count'], 4);
        const bodies: unknown[] = [];
        for (let at = 0; at < 4; at += 1) bodies.push((await back.next()).payload['body']);
        assert.deepEqual(bodies.slice(1), ['m0', 'm1', 'm2']);
      },
    ],
  ],
  'closed',
);
