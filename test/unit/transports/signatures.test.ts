// `Grip-Sig`: tokens as other JWT libraries make and read them, with each kind of key.

import { createHmac, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';

import { Signatures } from '../../../src/transports/origins/signatures.ts';

const NOW_S = 1_800_000_000;
const folder = mkdtempSync(join(tmpdir(), 'hermod-keys-'));
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return `file:${path}`;
}

const privatePem = { type: 'pkcs8', format: 'pem' } as const;
const publicPem = { type: 'spki', format: 'pem' } as const;
const secret = Buffer.from('secret');

const keys = {
  plain: { key: 'secret', alg: 'HS256', sign: secret, verify: secret },
  base64: {
    key: `base64:${secret.toString('base64')}`,
    alg: 'HS256',
    sign: secret,
    verify: secret,
  },
  'hexadecimal in a file': {
    key: fileOf('secret.hex', `${secret.toString('hex')}\n`),
    alg: 'HS256',
    sign: secret,
    verify: secret,
  },
  'an EC key in a file': {
    key: fileOf('ec.pem', ec.privateKey.export(privatePem)),
    alg: 'ES256',
    sign: ec.privateKey,
    verify: ec.publicKey,
  },
  'an old EC key in a file': {
    key: fileOf('ec1.pem', ec.privateKey.export({ type: 'sec1', format: 'pem' })),
    alg: 'ES256',
    sign: ec.privateKey,
    verify: ec.publicKey,
  },
  'an RSA key in a file': {
    key: fileOf('rsa.pem', rsa.privateKey.export(privatePem)),
    alg: 'RS256',
    sign: rsa.privateKey,
    verify: rsa.publicKey,
  },
} as const;

const table = Object.entries(keys).map(([name, key]) => [name, key] as const);
const currentDate = new Date(NOW_S * 1_000);

function signatures(now = { ms: NOW_S * 1_000 }): Signatures {
  return new Signatures({ now: () => now.ms });
}

test.each(table)('a token signed with %s is one of its issuer, for an hour', async (_, key) => {
  const token = signatures().sign('hermod', key.key) ?? '';
  const { payload, protectedHeader } = await jwtVerify(token, key.verify, { currentDate });
  expect(payload).toEqual({ iss: 'hermod', exp: NOW_S + 3_600 });
  expect(protectedHeader.alg).toBe(key.alg);
});

function tokenOf(
  { alg, sign }: (typeof keys)[keyof typeof keys],
  claims: JWTPayload = { iss: 'anybody', exp: NOW_S + 1 },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(sign);
}

test.each(table)('a token signed elsewhere with %s is valid', async (_, key) => {
  expect(signatures().isValid(await tokenOf(key), key.key)).toBe(true);
});

test.each<[title: string, claims: JWTPayload]>([
  ['is out of date', { exp: NOW_S }],
  ['never ends', { iss: 'a' }],
  ['is for somebody', { exp: NOW_S + 1, aud: 'b' }],
  ['is not valid yet', { exp: NOW_S + 1, nbf: NOW_S + 1 }],
])('a token that %s is not valid', async (_, claims) => {
  expect(signatures().isValid(await tokenOf(keys.plain, claims), 'secret')).toBe(false);
});

test('a token of another key, another kind of key, or of none is not valid', async () => {
  const judge = signatures();
  const token = await tokenOf(keys['an EC key in a file']);
  const otherKey = fileOf('other.pem', other.privateKey.export(privatePem));
  expect(judge.isValid(token, otherKey)).toBe(false);
  expect(judge.isValid(token, 'secret')).toBe(false);
  // The public key as a shared secret: the token does not choose how it is checked.
  const pem = ec.publicKey.export(publicPem);
  const forged = await new SignJWT({ exp: NOW_S + 1 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(pem));
  expect(judge.isValid(forged, fileOf('public.pem', pem))).toBe(false);
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"exp":${NOW_S + 1}}`).toString('base64url')}.`;
  for (const text of [none, '', '..', 'a.b.c', 'null.null.null', `${token}.x`, token.slice(0, -2)])
    expect(judge.isValid(text, keys['an EC key in a file'].key)).toBe(false);
});

test('a public key checks and does not sign', async () => {
  const key = fileOf('public.pem', ec.publicKey.export(publicPem));
  expect(signatures().sign('hermod', key)).toBeUndefined();
  expect(signatures().isValid(await tokenOf(keys['an EC key in a file']), key)).toBe(true);
});

test('a key that cannot be read signs nothing', () => {
  expect(signatures().sign('hermod', `file:${join(folder, 'none.pem')}`)).toBeUndefined();
  expect(signatures().sign('hermod', fileOf('bad.pem', '-----BEGIN X-----'))).toBeUndefined();
});

test.each([
  [
    'of another kind',
    fileOf('ed.pem', generateKeyPairSync('ed25519').privateKey.export(privatePem)),
    'RS256',
  ],
  [
    'on another curve',
    fileOf(
      'ec384.pem',
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(privatePem),
    ),
    'ES256',
  ],
  ['of no bytes', fileOf('words.hex', 'not hexadecimal'), 'HS256'],
  ['of no bytes', 'base64:', 'HS256'],
])('a key %s signs nothing, and nothing is signed with it', (_, key, alg) => {
  const said = [{ alg }, { exp: NOW_S + 1 }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = createHmac('sha256', '').update(said.join('.')).digest('base64url');
  expect(signatures().sign('hermod', key)).toBeUndefined();
  expect(signatures().isValid(`${said.join('.')}.${signature}`, key)).toBe(false);
});

test('[GRIP-SIG-1] the empty key signs, and nobody is believed for it', () => {
  const token = signatures().sign('hermod', '') ?? '';
  const at = token.lastIndexOf('.');
  const signature = createHmac('sha256', '').update(token.slice(0, at)).digest('base64url');
  expect(token.slice(at + 1)).toBe(signature);
  expect(signatures().isValid(token, '')).toBe(false);
});

test('a token serves for a second, and a changed file is read again', () => {
  const now = { ms: NOW_S * 1_000 };
  const signer = signatures(now);
  const key = fileOf('changing.hex', '00');
  const first = signer.sign('hermod', key);
  now.ms += 999;
  expect(signer.sign('hermod', key)).toBe(first);
  expect(signer.sign('other', key)).not.toBe(first);
  fileOf('changing.hex', '01');
  utimesSync(key.slice('file:'.length), 1, 1);
  now.ms += 1;
  const second = signer.sign('hermod', key) ?? '';
  expect(second).not.toBe(first);
  expect(signatures(now).isValid(second, fileOf('same.hex', '01'))).toBe(true);
});

test('a changed file is read again although the clock went back meanwhile', () => {
  const now = { ms: NOW_S * 1_000 };
  const signer = signatures(now);
  const key = fileOf('set-back.hex', '00');
  signer.sign('hermod', key);
  fileOf('set-back.hex', '01');
  utimesSync(key.slice('file:'.length), 1, 1);
  now.ms -= 3_600_000;
  const second = signer.sign('hermod', key) ?? '';
  expect(signatures(now).isValid(second, fileOf('same.hex', '01'))).toBe(true);
});
