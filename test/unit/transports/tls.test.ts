// Certificates and keys: what a good pair is, and how a newer one comes into force.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  checkPair,
  readPair,
  type TlsProblem,
  watchPair,
} from '../../../src/transports/process/tls/pairs.ts';
import type { TlsMaterial } from '../../../src/transports/shards-contract.ts';
import { selfSigned } from '../../support/certificates.ts';

const PACE = { settleMs: 5, lookEveryMs: 3_600_000 };
/** As if the platform told nothing: only the regular look is left. */
const SLEEPY = { settleMs: 3_600_000, lookEveryMs: 10 };

const patience = { timeout: 10_000 };
let folder = '';
let certFile = '';
let keyFile = '';
const good = selfSigned();
const other = selfSigned('other');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-tls-'));
  certFile = join(folder, 'tls.crt');
  keyFile = join(folder, 'tls.key');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('[PROC-TLS-1] a pair whose key is that of its certificate is good', () => {
  const reading = checkPair(good.cert, good.key);
  expect(reading).toMatchObject({ ok: true, material: good });
  if (reading.ok) expect(reading.endsAtMs).toBeGreaterThan(Date.now());
});

test.each<[string, TlsMaterial, Partial<TlsProblem>]>([
  [
    'a key of another certificate',
    { cert: good.cert, key: other.key },
    { key: 'keyFile', problem: 'it is not the key of the certificate' },
  ],
  ['no certificate', { cert: 'hello', key: good.key }, { key: 'certFile' }],
  ['a key for a certificate', { cert: good.key, key: good.key }, { key: 'certFile' }],
  ['no key', { cert: good.cert, key: '' }, { key: 'keyFile' }],
  [
    'a key with a passphrase',
    {
      cert: good.cert,
      key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
    },
    { key: 'keyFile', problem: 'it is protected by a passphrase' },
  ],
  [
    'a chain that breaks off',
    {
      cert: `${good.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      key: good.key,
    },
    { key: 'certFile' },
  ],
])('[PROC-TLS-1] a mistake in a pair is named: %s', (_, { cert, key }, problem) => {
  const reading = checkPair(cert, key);
  expect(reading.ok).toBe(false);
  if (reading.ok) return;
  expect(reading.problems).toMatchObject([problem]);
  expect(reading.problems[0]?.wayOut).not.toBe('');
});

test('[PROC-TLS-1] files that cannot be read are both named', () => {
  const reading = readPair({ certFile, keyFile });
  expect(reading).toMatchObject({ ok: false, problems: [{ key: 'certFile' }, { key: 'keyFile' }] });
});

test.each([
  ['the platform tells of it', PACE],
  ['the platform is silent', SLEEPY],
])('[PROC-TLS-2] a newer pair comes into force, a broken one does not: %s', async (_, pace) => {
  write(good);
  const heard = listen(pace);
  write({ cert: 'nonsense', key: good.key });
  await expect.poll(() => heard.broken.length, patience).toBe(1);
  expect(heard.changed).toEqual([]);
  write(other);
  await expect.poll(() => heard.changed.at(-1), patience).toEqual(other);
  heard.stop();
});

test('[PROC-TLS-2] a pair is seen that is swapped in by a symbolic link, as Kubernetes does', async () => {
  for (const [name, pair] of [
    ['..1', good],
    ['..2', other],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'tls.crt'), pair.cert);
    writeFileSync(join(folder, name, 'tls.key'), pair.key);
  }
  symlinkSync('..1', join(folder, '..data'));
  symlinkSync('..data/tls.crt', certFile);
  symlinkSync('..data/tls.key', keyFile);
  const heard = listen(PACE);
  symlinkSync('..2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  await expect.poll(() => heard.changed, patience).toEqual([other]);
  expect(heard.broken).toEqual([]);
  heard.stop();
});

test('[PROC-TLS-2] a pair that vanishes leaves the old one in force', async () => {
  write(good);
  const heard = listen(PACE);
  rmSync(keyFile);
  await expect.poll(() => heard.broken, patience).toMatchObject([{ key: 'keyFile' }]);
  expect(heard.changed).toEqual([]);
  heard.stop();
});

test('[PROC-TLS-2] what changed between reading and watching is seen', async () => {
  write(other);
  const heard = listen({ settleMs: 3_600_000, lookEveryMs: 3_600_000 });
  await expect.poll(() => heard.changed, patience).toEqual([other]);
  heard.stop();
});

function write({ cert, key }: TlsMaterial): void {
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
}

function listen(pace: typeof PACE): {
  readonly changed: TlsMaterial[];
  readonly broken: TlsProblem[];
  stop(): void;
} {
  const changed: TlsMaterial[] = [];
  const broken: TlsProblem[] = [];
  const watching = watchPair(
    { certFile, keyFile },
    good,
    { changed: ({ material }) => changed.push(material), broken: (all) => broken.push(...all) },
    pace,
  );
  return { changed, broken, stop: () => watching.stop() };
}
