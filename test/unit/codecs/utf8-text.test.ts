// Short texts are encoded by hand, the others by the platform: nobody can tell which.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { encodeAround, encodeText } from '../../../src/actors/codecs/utf8-text.ts';

const encoder = new TextEncoder();

test('a text becomes what the platform makes of it, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
      expect(encodeText(text)).toEqual(encoder.encode(text));
    }),
  );
});

test.each([
  '',
  'a',
  'a'.repeat(256),
  'a'.repeat(257),
  `${'a'.repeat(255)}ä`,
  '\u007f',
  '\u0080',
  '\ud800',
])('case %#', (text) => {
  expect(encodeText(text)).toEqual(encoder.encode(text));
});

test('bytes stand between two texts untouched, in a buffer of their own', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.uint8Array(),
      fc.string({ unit: 'grapheme' }),
      (before, bytes, after) => {
        const whole = encodeAround(before, bytes, after);
        const expected = [...encoder.encode(before), ...bytes, ...encoder.encode(after)];
        expect([...whole]).toEqual(expected);
        expect(whole.buffer.byteLength).toBe(whole.byteLength);
      },
    ),
  );
});
