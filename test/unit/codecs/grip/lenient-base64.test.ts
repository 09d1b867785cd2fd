// Base64 read leniently: the platform's encoder is the measure, and garbage is passed over.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodeLenientBase64 } from '../../../../src/actors/codecs/grip/lenient-base64.ts';

test('what the platform encodes is read, with and without padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      expect([...decodeLenientBase64(text)]).toEqual([...bytes]);
      expect([...decodeLenientBase64(text.replace(/=+$/, ''))]).toEqual([...bytes]);
      expect([...decodeLenientBase64(text.replace(/(.)/g, '$1\n *é-'))]).toEqual([...bytes]);
    }),
  );
});

test.each<[string, readonly number[]]>([
  ['', []],
  ['=', []],
  ['Q', []],
  ['QQ', [65]],
  ['QQ==QQ==', [65, 4, 16]],
  ['-_', []],
])('%j', (text, bytes) => {
  expect([...decodeLenientBase64(text)]).toEqual(bytes);
});
