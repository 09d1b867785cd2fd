// The real auth edge: which tokens are good, what they allow, and every way in which a bad one is refused.
// Its understudy in the simulator knows no signatures; what both promise to actors is in `answers`.

import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { type Address, addressOf } from '../../src/actors/runtime/actor.ts';
import type { TokenVerdict, VerifyToken } from '../../src/actors/runtime/edges.ts';
import { type AuthOptions, createAuthEdge } from '../../src/transports/auth.edge.ts';
import { VerdictCache } from '../../src/transports/auth/verdict-cache.ts';

const patience = { timeout: 10_000 };
const NOW_MS = 1_800_000_000_000;
const NOW_S = NOW_MS / 1_000;
const SECRET = 'a secret of more than thirty-two bytes';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const folder = mkdtempSync(join(tmpdir(), 'hermod-auth-'));

afterAll(() => rmSync(folder, { recursive: true }));

const none: AuthOptions = {
  secret: undefined,
  publicKey: undefined,
  jwks: undefined,
  audience: undefined,
  issuer: undefined,
  leewaySeconds: 30,
};
const bySecret: AuthOptions = { ...none, secret: SECRET };
const byKey: AuthOptions = { ...none, publicKey: pem(ed25519.publicKey) };
const claims = { subscribe: ['stock:*', 'news'], publish: ['stock:AAPL'], exp: NOW_S + 60 };

describe('algorithms', () => {
  test.each<[string, AuthOptions, KeyObject | Uint8Array]>([
    ['HS256', bySecret, new TextEncoder().encode(SECRET)],
    ['RS256', { ...none, publicKey: pem(rsa.publicKey) }, rsa.privateKey],
    ['ES256', { ...none, publicKey: pem(p256.publicKey) }, p256.privateKey],
    ['EdDSA', byKey, ed25519.privateKey],
  ])(
    '[PROC-AUTH-1] [PROC-AUTH-2] %s tokens are good, and say what they allow',
    async (alg, options, key) => {
      const token = await signed(alg, key);
      expect(await ask(options, token)).toEqual({
        type: 'tokenVerified',
        ref: 7,
        subscribe: ['stock:*', 'news'],
        publish: ['stock:AAPL'],
        expiresInMs: 90_000,
      });
      expect(await ask(options, `${token.slice(0, -8)}AAAAAAAA`)).toEqual(
        refusal('The signature of the token does not match.'),
      );
      expect((await ask(options, token.slice(0, -4))).type).toBe('tokenRefused');
    },
  );

  test.each<[string, AuthOptions, () => Promise<string> | string]>([
    ['none', bySecret, () => unsigned('none')],
    ['None', byKey, () => unsigned('None')],
    ['HS512', bySecret, () => signed('HS512', new TextEncoder().encode(SECRET.repeat(2)))],
    ['PS256', { ...none, publicKey: pem(rsa.publicKey) }, () => signed('PS256', rsa.privateKey)],
    // The oldest trick: the public key, which everybody has, taken for an HMAC secret.
    ['HS256 with the public key', byKey, () => hmac(pem(ed25519.publicKey))],
    ['RS256 where there is a secret only', bySecret, () => signed('RS256', rsa.privateKey)],
  ])('[PROC-AUTH-1] no other algorithm is taken: %s', async (_, options, token) => {
    expect(await ask(options, await token())).toEqual(
      refusal('The algorithm of the token is not accepted here.'),
    );
  });

  test('[PROC-AUTH-1] a node without keys refuses every token', async () => {
    expect(await ask(undefined, await signed('EdDSA', ed25519.privateKey))).toEqual(
      refusal('This node has no keys to verify tokens.'),
    );
  });
});

describe('key sets', () => {
  const both = set([
    jwk(ed25519.publicKey, 'one'),
    jwk(stranger.publicKey, 'two'),
    jwk(p256.publicKey, 'three'),
  ]);

  test('[PROC-AUTH-1] a token names its key, and needs not where only one fits', async () => {
    expect(
      await ask(both, await signed('EdDSA', stranger.privateKey, { kid: 'two' })),
    ).toMatchObject(good);
    expect(await ask(both, await signed('ES256', p256.privateKey))).toMatchObject(good);
    expect(await ask(both, await signed('EdDSA', stranger.privateKey, { kid: 'one' }))).toEqual(
      refusal('The signature of the token does not match.'),
    );
    expect(await ask(both, await signed('EdDSA', ed25519.privateKey, { kid: 'nine' }))).toEqual(
      refusal('The key of the token is not known here.'),
    );
    expect(await ask(both, await signed('EdDSA', ed25519.privateKey))).toEqual(
      refusal('The token must name its key with "kid".'),
    );
  });

  test('[PROC-AUTH-1] keys that are not for this are passed over: secrets, encryption, small, other curves', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const odd = [
      { kty: 'oct', k: Buffer.from(SECRET).toString('base64url') },
      { ...jwk(ed25519.publicKey, 'e'), use: 'enc' },
      { ...jwk(rsa.publicKey, 'r'), alg: 'RS512' },
      jwk(small.publicKey, 's'),
      jwk(p384.publicKey, 'p'),
      jwk(stranger.privateKey, 'd'),
      { kty: 'new' },
      null,
    ];
    const options = set([...odd, jwk(p256.publicKey, 'three')]);
    expect(await ask(options, hmac(SECRET))).toMatchObject({ type: 'tokenRefused' });
    expect(
      await ask(options, await signed('EdDSA', ed25519.privateKey, { kid: 'e' })),
    ).toMatchObject({ type: 'tokenRefused' });
    expect(
      await ask(options, await signed('ES256', p256.privateKey, { kid: 'three' })),
    ).toMatchObject(good);
    expect(() => createAuthEdge(set(odd), () => {})).toThrow(/none of its keys/);
  });

  test('[PROC-AUTH-1] a newer key set counts, a broken one does not, and remembered verdicts are forgotten', async () => {
    const file = join(folder, 'jwks.json');
    const write = (...keys: readonly object[]): void =>
      writeFileSync(file, JSON.stringify({ keys }));
    write(jwk(ed25519.publicKey, 'one'));
    const text = JSON.stringify({ keys: [jwk(ed25519.publicKey, 'one')] });
    const logged: string[] = [];
    const edge = edgeOf({ ...none, jwks: { file, text } }, ({ event }) => logged.push(event));
    const old = await signed('EdDSA', ed25519.privateKey, { kid: 'one' });
    const fresh = await signed('EdDSA', stranger.privateKey, { kid: 'two' });
    expect(await edge(old)).toMatchObject(good);
    writeFileSync(file, '{"keys":');
    await expect.poll(() => logged, patience).toEqual(['auth.jwksBroken']);
    expect(await edge(old)).toMatchObject(good);
    write(jwk(stranger.publicKey, 'two'));
    await expect.poll(() => logged.at(-1), patience).toBe('auth.jwksReloaded');
    expect(await edge(fresh)).toMatchObject(good);
    expect(await edge(old)).toMatchObject({ type: 'tokenRefused' });
  });
});

describe('claims', () => {
  test.each<[string, object, object]>([
    ['none', { subscribe: undefined, publish: undefined }, { subscribe: [], publish: [] }],
    ['empty lists', { subscribe: [], publish: [] }, { subscribe: [], publish: [] }],
    ['one alone', { publish: undefined, subscribe: ['*'] }, { subscribe: ['*'], publish: [] }],
  ])('[PROC-AUTH-2] what is not claimed is not allowed: %s', async (_, changed, rights) => {
    const token = await signed('EdDSA', ed25519.privateKey, {}, changed);
    expect(await ask(byKey, token)).toMatchObject({ type: 'tokenVerified', ...rights });
  });

  test.each<[string, object, string]>([
    ['a text', { subscribe: 'stock:*' }, 'subscribe'],
    ['a number in the list', { publish: ['a', 5] }, 'publish'],
    ['an empty topic', { publish: [''] }, 'publish'],
    ['an object', { subscribe: { a: true } }, 'subscribe'],
    ['null', { subscribe: null }, 'subscribe'],
    ['nested lists', { subscribe: [['a']] }, 'subscribe'],
  ])('[PROC-AUTH-2] a malformed claim refuses the token: %s', async (_, changed, claim) => {
    const token = await signed('EdDSA', ed25519.privateKey, {}, changed);
    expect(await ask(byKey, token)).toEqual(
      refusal(`The claim "${claim}" must be a list of topics.`),
    );
  });

  const named = { ...byKey, audience: 'hermod', issuer: 'https://login.example' };
  const right = { aud: ['other', 'hermod'], iss: 'https://login.example' };

  test('[PROC-AUTH-3] audience and issuer are asked for when they are set', async () => {
    expect(await ask(named, await signed('EdDSA', ed25519.privateKey, {}, right))).toMatchObject(
      good,
    );
  });

  test.each<[string, AuthOptions, object, string]>([
    ['expired', byKey, { exp: NOW_S - 31 }, 'The token has expired.'],
    ['not valid yet', byKey, { nbf: NOW_S + 31 }, 'The token is not valid yet.'],
    ['issued in the future', byKey, { iat: NOW_S + 31 }, 'The token was issued in the future.'],
    ['exp that is a text', byKey, { exp: 'soon' }, 'The claim "exp" is missing or malformed.'],
    ['sub that is a number', byKey, { sub: 42 }, 'The claim "sub" is missing or malformed.'],
    ['iat that is a text', byKey, { iat: 'now' }, 'The claim "iat" is missing or malformed.'],
    ['another audience', named, { ...right, aud: 'x' }, 'The token is meant for another audience.'],
    [
      'no audience',
      named,
      { ...right, aud: undefined },
      'The claim "aud" is missing or malformed.',
    ],
    ['another issuer', named, { ...right, iss: 'x' }, 'The token comes from another issuer.'],
    ['no issuer', named, { ...right, iss: undefined }, 'The claim "iss" is missing or malformed.'],
  ])('[PROC-AUTH-3] refused: %s', async (_, options, changed, reason) => {
    expect(await ask(options, await signed('EdDSA', ed25519.privateKey, {}, changed))).toEqual(
      refusal(reason),
    );
  });

  test.each<[string, object]>([
    ['just expired', { exp: NOW_S - 29 }],
    ['nearly valid', { nbf: NOW_S + 29 }],
    ['just issued', { iat: NOW_S + 29 }],
  ])('[PROC-AUTH-3] clocks may differ by the leeway: %s', async (_, changed) => {
    expect(await ask(byKey, await signed('EdDSA', ed25519.privateKey, {}, changed))).toMatchObject(
      good,
    );
  });

  test('[PROC-AUTH-3] a token without an end has none, nor has one that ends in centuries', async () => {
    for (const exp of [undefined, NOW_S * 1_000, 1e300]) {
      const token = await signed('EdDSA', ed25519.privateKey, {}, { exp });
      expect(await ask(byKey, token)).toMatchObject({ ...good, expiresInMs: undefined });
    }
  });
});

describe('refusals', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['a word', 'hello'],
    ['three dots', '...'],
    ['five parts, as encrypted tokens have', 'e30.e30.e30.e30.e30'],
    ['a header that is no JSON', 'AAAA.e30.AAAA'],
    ['a header that is a list', `${base64('[]')}.e30.AAAA`],
    ['an unknown critical header', `${base64('{"alg":"EdDSA","crit":["x"],"x":1}')}.e30.AAAA`],
    ['characters outside base64url', `${base64('{"alg":"EdDSA"}')}.e30.\u{1F600}`],
  ])('[PROC-AUTH-3] what is no token is refused, and nothing throws: %s', async (_, token) => {
    const verdict = await ask(byKey, token);
    expect(verdict).toMatchObject({ type: 'tokenRefused', ref: 7 });
  });

  test('[PROC-AUTH-3] a payload that is no object is refused', async () => {
    const body = `${base64('{"alg":"HS256"}')}.${base64('"text"')}`;
    const mac = createHmac('sha256', SECRET).update(body).digest('base64url');
    expect(await ask(bySecret, `${body}.${mac}`)).toEqual(
      refusal('The token is not a signed JWT.'),
    );
  });

  test('[PROC-AUTH-3] a token of 8,192 bytes is looked at, a longer one is not', async () => {
    const padded = async (bytes: number): Promise<string> => {
      const token = await signed('EdDSA', ed25519.privateKey, {}, { pad: '' });
      const room = Math.floor(((bytes - token.length) * 3) / 4);
      return signed('EdDSA', ed25519.privateKey, {}, { pad: 'x'.repeat(room) });
    };
    const fitting = await padded(8_192);
    expect(fitting.length).toBeGreaterThan(8_180);
    expect(fitting.length).toBeLessThanOrEqual(8_192);
    expect(await ask(byKey, fitting)).toMatchObject(good);
    expect(await ask(byKey, await padded(8_200))).toEqual(
      refusal('The token is longer than 8192 bytes.'),
    );
  });

  test('[PROC-AUTH-3] every question is answered, and those beyond what may wait are refused at once', async () => {
    const answers: TokenVerdict[] = [];
    const edge = createAuthEdge(bySecret, (_, verdict) => answers.push(verdict));
    const asked = 10_000 + 32 + 5;
    for (let ref = 0; ref < asked; ref += 1) edge({ ...question(`a.b.${ref}`), ref });
    expect(answers.filter(isRefusedAsBusy)).toHaveLength(5);
    await expect.poll(() => answers.length, patience).toBe(asked);
    expect(new Set(answers.map(({ ref }) => ref)).size).toBe(asked);
  });
});

describe('remembered verdicts', () => {
  test('[PROC-AUTH-3] a remembered token ends when it ends', async () => {
    let nowMs = NOW_MS;
    const edge = edgeOf(
      byKey,
      () => {},
      () => nowMs,
    );
    const token = await signed('EdDSA', ed25519.privateKey);
    expect(await edge(token)).toMatchObject({ ...good, expiresInMs: 90_000 });
    nowMs += 89_000;
    expect(await edge(token)).toMatchObject({ ...good, expiresInMs: 1_000 });
    nowMs += 1_000;
    expect(await edge(token)).toEqual(refusal('The token has expired.'));
  });

  test('so many are kept, and the least used goes first', () => {
    const cache = new VerdictCache<number>(2);
    cache.keep('a', 1, undefined);
    cache.keep('b', 2, 10);
    expect(cache.find('a', 0)).toBe(1);
    cache.keep('c', 3, undefined);
    expect([cache.find('a', 0), cache.find('b', 0), cache.find('c', 0)]).toEqual([1, undefined, 3]);
    expect(cache.size).toBe(2);
    cache.keep('c', 4, 10);
    expect([cache.find('c', 9), cache.find('c', 10), cache.size]).toEqual([4, undefined, 1]);
  });
});

const good = { type: 'tokenVerified' } as const;

function refusal(reason: string): TokenVerdict {
  return { type: 'tokenRefused', ref: 7, reason };
}

function isRefusedAsBusy(verdict: TokenVerdict): boolean {
  return verdict.type === 'tokenRefused' && verdict.reason.startsWith('Too many tokens');
}

function question(token: string): VerifyToken {
  const replyTo: Address<TokenVerdict> = addressOf(0, 'asker');
  return { type: 'verify', token, ref: 7, replyTo };
}

function ask(options: AuthOptions | undefined, token: string): Promise<TokenVerdict> {
  return edgeOf(options)(token);
}

type Surroundings = NonNullable<Parameters<typeof createAuthEdge>[2]>;

function edgeOf(
  options: AuthOptions | undefined,
  log: Surroundings['log'] = () => {},
  now: () => number = () => NOW_MS,
): (token: string) => Promise<TokenVerdict> {
  let answered: (verdict: TokenVerdict) => void = () => {};
  const deliver = (to: Address<TokenVerdict>, verdict: TokenVerdict): void => {
    expect(to).toBe('0/asker');
    answered(verdict);
  };
  const edge = createAuthEdge(options, deliver, { now, log });
  return (token) =>
    new Promise((resolve) => {
      answered = resolve;
      edge(question(token));
    });
}

function signed(
  alg: string,
  key: KeyObject | Uint8Array,
  header: object = {},
  changed: object = {},
): Promise<string> {
  return new SignJWT({ ...claims, ...changed }).setProtectedHeader({ alg, ...header }).sign(key);
}

function unsigned(alg: string): string {
  return `${base64(JSON.stringify({ alg }))}.${base64(JSON.stringify(claims))}.`;
}

function hmac(key: string): string {
  const body = `${base64('{"alg":"HS256"}')}.${base64(JSON.stringify(claims))}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' });
}

function jwk(key: KeyObject, kid: string): object {
  return { ...key.export({ format: 'jwk' }), kid };
}

function set(keys: readonly unknown[]): AuthOptions {
  return { ...none, jwks: { file: join(folder, 'absent.json'), text: JSON.stringify({ keys }) } };
}
