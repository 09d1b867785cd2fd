// Texts are written by hand, into a buffer of their size, or by the platform: nobody can tell which.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { encodeAround, encodeText, utf8Length } from '../../../src/actors/codecs/utf8-text.ts';

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
  // As many bytes as units fit, and one unit does not.
  `${'a'.repeat(200)}äa`,
  `${'a'.repeat(200)}\ud800aa`,
  '\u007f',
  '\u0080',
  '\ud800',
])('case %#', (text) => {
  expect(encodeText(text)).toEqual(encoder.encode(text));
});

test('the bytes of a text are counted as the platform writes them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, cut) => {
      const torn = text.slice(cut % (text.length + 1));
      expect(utf8Length(torn)).toBe(encoder.encode(torn).length);
    }),
  );
});

test.each(['\ud800', '\udc00', '\ud800\ud800\udc00', '\udc00\ud800', 'ab\ud83e', '🧀'])(
  'half a pair takes as many bytes as U+FFFD: %j',
  (text) => {
    expect(utf8Length(text)).toBe(encoder.encode(text).length);
    expect(encodeText(text)).toEqual(encoder.encode(text));
  },
);

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
