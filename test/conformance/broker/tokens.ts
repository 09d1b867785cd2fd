// Tokens as spec/process.md judges them, made with the secret that the server was given. What a token then allows is
// the matter of rights.ts.

import assert from 'node:assert/strict';

import { bytesCases, type BytesRow, secret } from '../case.ts';
import { isAnswer } from '../door.ts';
import type { Sockets } from '../sockets.ts';
import type { Target } from '../target.ts';
import { type Claims, encode, sign } from '../tokens.ts';
import { assertRefused } from './sentences.ts';

const ALL: Claims = { subscribe: ['*'], publish: ['*'] };

const nowS = (): number => Date.now() / 1_000;

/** How a handshake and a request with this token are answered. */
async function assertRefusal(target: Target, shown: string, sentence: string): Promise<void> {
  const headers = { authorization: `Bearer ${shown}` };
  for (const answer of [
    await target.refusal({ headers }),
    await target.door.request({ path: '/topics', headers }),
  ]) {
    assertRefused(answer, 401, sentence);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
  }
}

async function assertTaken(target: Target, shown: string): Promise<void> {
  const headers = { authorization: `Bearer ${shown}` };
  const client = await target.client({ headers });
  assert.equal((await client.subscribe(target.topic()))['type'], 'ack_subscribe');
  assert.equal((await target.door.request({ path: '/topics', headers })).status, 200);
}

/** Beyond what clocks may be apart. */
const FAR_S = 3_600;

const refused: readonly BytesRow[] = (
  [
    ['is no JWT', () => 'nonsense', 'The token is not a signed JWT.'],
    [
      'has expired',
      (sockets) => sockets.sign({ ...ALL, exp: nowS() - FAR_S }),
      'The token has expired.',
    ],
    [
      'is not valid yet',
      (sockets) => sockets.sign({ ...ALL, nbf: nowS() + FAR_S }),
      'The token is not valid yet.',
    ],
    [
      'was issued in the future',
      (sockets) => sockets.sign({ ...ALL, iat: nowS() + FAR_S }),
      'The token was issued in the future.',
    ],
    [
      'has a right that is no list',
      (sockets) => sockets.sign({ ...ALL, subscribe: '*' }),
      'The claim "subscribe" must be a list of topics.',
    ],
    [
      'has a list of other things',
      (sockets) => sockets.sign({ ...ALL, publish: ['a', 7] }),
      'The claim "publish" must be a list of topics.',
    ],
    [
      'has a right that is null',
      (sockets) => sockets.sign({ ...ALL, publish: null }),
      'The claim "publish" must be a list of topics.',
    ],
    [
      'has an expiry that is no number',
      (sockets) => sockets.sign({ ...ALL, exp: 'soon' }),
      'The claim "exp" is missing or malformed.',
    ],
    [
      'is signed with another secret',
      () => sign('another secret of 32 bytes or so', ALL),
      'The signature of the token does not match.',
    ],
    [
      'was changed',
      (sockets) => changed(sockets.sign({ subscribe: [], publish: [] }), ALL),
      'The signature of the token does not match.',
    ],
    [
      'is longer than 8,192 bytes',
      (sockets) => sockets.sign({ ...ALL, x: 'x'.repeat(8_192) }),
      'The token is longer than 8192 bytes.',
    ],
  ] satisfies [string, (sockets: Sockets) => string, string][]
).map(([what, make, sentence]) => [
  `[PROC-AUTH-3] a token that ${what} is refused with a sentence`,
  (target, sockets) => assertRefusal(target, make(sockets), sentence),
  secret,
]);

const otherAlgorithms: readonly BytesRow[] = ['none', 'HS384', 'HS512', 'RS256', 'hs256'].map(
  (alg) => [
    `[PROC-AUTH-1] a token whose header says ${alg} is refused, whatever its signature`,
    async (target, sockets) => {
      const shown = sockets.sign(ALL, { alg, typ: 'JWT' });
      const unsigned = `${shown.slice(0, shown.lastIndexOf('.'))}.`;
      for (const each of [shown, unsigned]) {
        const headers = { authorization: `Bearer ${each}` };
        assert.equal((await target.refusal({ headers })).status, 401);
        assert.equal((await target.door.request({ path: '/topics', headers })).status, 401);
      }
    },
    secret,
  ],
);

export const tokens = bytesCases('tokens', [
  [
    '[PROC-AUTH-1] a token signed with HS256 is taken, with a name of its key and without, and other members do not matter',
    async (target, sockets) => {
      await assertTaken(target, sockets.sign(ALL));
      await assertTaken(target, sockets.sign(ALL, { alg: 'HS256' }));
      await assertTaken(target, sockets.sign(ALL, { alg: 'HS256', kid: 'any', x: 1 }));
      await assertTaken(target, sockets.sign({ ...ALL, sub: 'me', x: { y: [] } }));
    },
    secret,
  ],
  ...otherAlgorithms,
  ...refused,
  [
    '[PROC-AUTH-3] clocks may differ: a token is taken a little before its time and a little after',
    async (target, sockets) => {
      const { leewaySeconds } = target.settings;
      const little = leewaySeconds / 2;
      await assertTaken(target, sockets.sign({ ...ALL, exp: nowS() - little }));
      await assertTaken(
        target,
        sockets.sign({ ...ALL, nbf: nowS() + little, iat: nowS() + little }),
      );
      await assertTaken(target, sockets.sign({ ...ALL, exp: nowS() + FAR_S, nbf: nowS() - FAR_S }));
      const late = sockets.sign({ ...ALL, exp: nowS() - leewaySeconds - 5 });
      await assertRefusal(target, late, 'The token has expired.');
    },
    secret,
    {
      unmet: ({ settings: { leewaySeconds } }) =>
        leewaySeconds >= 10 ? undefined : 'needs a server with leewaySeconds of 10 or more',
    },
  ],
  [
    '[PROC-AUTH-2] an absent claim allows nothing, and the other is not affected',
    async (target, sockets) => {
      const topic = target.topic();
      const [reader, writer] = await Promise.all(
        [{ subscribe: [topic] }, { publish: [topic] }].map((claims) =>
          target.client({ headers: { authorization: `Bearer ${sockets.sign(claims)}` } }),
        ),
      );
      const refusal = { type: 'error', message: `Not allowed to subscribe to ${topic}` };
      assert.deepEqual(await writer?.subscribe(topic), refusal);
      assert.equal((await reader?.subscribe(topic))?.['type'], 'ack_subscribe');
      const message = `Not allowed to publish to ${topic}`;
      assert.deepEqual(await reader?.publish(topic, 1), { type: 'error', message });
      assert.equal((await writer?.publish(topic, 1))?.['type'], 'ack_publish');
      assert.equal(await reader?.next(), '1');
    },
    secret,
  ],
  [
    '[PROC-AUTH-3] [BROKER-CLOSE-4] a token that ends while it is used ends the session, and is not taken again',
    async (target, sockets) => {
      const { leewaySeconds } = target.settings;
      const shown = sockets.sign({ ...ALL, exp: nowS() - leewaySeconds + 1.5 });
      const headers = { authorization: `Bearer ${shown}` };
      const client = await target.client({ headers });
      const { code } = await client.end.ended();
      assert.equal(code, 4_401);
      // Times in tokens are seconds.
      await target.eventually(async () => isAnswer(await target.door.webSocket({ headers })));
      await assertRefusal(target, shown, 'The token has expired.');
    },
    secret,
  ],
]);

/** Other claims under the same signature. */
function changed(shown: string, claims: Claims): string {
  const [header, , signature] = shown.split('.');
  return `${header}.${encode(claims)}.${signature}`;
}
