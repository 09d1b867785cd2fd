// Self-signed certificates for tests, made by node:crypto and a little DER, so that no machine needs openssl for it.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface TestPair {
  readonly cert: string;
  readonly key: string;
}

/** A P-256 pair for localhost and 127.0.0.1, and for more names where they are given. */
export function selfSigned(
  name = 'localhost',
  {
    daysValid = 30,
    names = [],
  }: { readonly daysValid?: number; readonly names?: readonly string[] } = {},
): TestPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate(name, publicKey, privateKey, daysValid, names);
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
}

function certificate(
  name: string,
  publicKey: KeyObject,
  privateKey: KeyObject,
  days: number,
  more: readonly string[],
): string {
  const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  const commonName = sequence(oid([0x55, 0x04, 0x03]), der(0x0c, Buffer.from(name)));
  const subject = sequence(der(0x31, commonName));
  const day = 86_400_000;
  const from = Date.now() - 2 * day;
  const validity = sequence(time(from), time(from + (2 + days) * day));
  const names = sequence(
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
    ...more.map((one) => der(0x82, Buffer.from(one))),
  );
  const alternativeNames = sequence(oid([0x55, 0x1d, 0x11]), der(0x04, names));
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    subject,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternativeNames)),
  );
  const signature = sign('sha256', body, privateKey);
  const bits = der(0x03, Buffer.concat([Buffer.from([0]), signature]));
  const base64 = sequence(body, ecdsaWithSha256, bits).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime. */
function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return der(0x17, Buffer.from(digits.slice(2)));
}
