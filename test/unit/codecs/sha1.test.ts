import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { base64, sha1 } from '../../../src/actors/codecs/sha1.ts';
import { acceptHash } from '../../../src/actors/codecs/websocket-handshake.ts';
import { bytesOf } from './websocket-reading.ts';

test.each([
  ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
  ],
  ['a'.repeat(1_000_000), '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
])('[WS-SHAKE-2] SHA-1 of %.20s (FIPS 180, RFC 3174)', (text, digest) => {
  expect(Buffer.from(sha1(bytesOf(text))).toString('hex')).toBe(digest);
});

test.each([
  ['', ''],
  ['f', 'Zg=='],
  ['fo', 'Zm8='],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg=='],
  ['fooba', 'Zm9vYmE='],
  ['foobar', 'Zm9vYmFy'],
])('[WS-SHAKE-2] Base64 of %j (RFC 4648 §10)', (text, encoded) => {
  expect(base64(bytesOf(text))).toBe(encoded);
});

test('[WS-SHAKE-2] the accept hash of RFC 6455 §1.3', () => {
  expect(acceptHash('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('[WS-SHAKE-2] both are what Node computes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(base64(sha1(bytes))).toBe(createHash('sha1').update(bytes).digest('base64'));
    }),
    { numRuns: 500 },
  );
});
