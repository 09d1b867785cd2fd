import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  continueUtf8,
  firstUtf8Fault,
  isUtf8,
  utf8Between,
  utf8Broken,
} from '../../../src/actors/codecs/utf8.ts';
import { hex } from './websocket-reading.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

function decodes(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The check in pieces of one byte. */
function stepped(bytes: Uint8Array): boolean {
  let state = utf8Between;
  for (let at = 0; at < bytes.length; at += 1) state = continueUtf8(state, bytes, at, at + 1);
  return state === utf8Between;
}

describe('[WS-FRAME-8] UTF-8 is what TextDecoder calls UTF-8', () => {
  test.each([
    ['nothing', '', undefined],
    ['the last of one byte', '7f', undefined],
    ['the first of two', 'c2 80', undefined],
    ['the last of two', 'df bf', undefined],
    ['the first of three', 'e0 a0 80', undefined],
    ['before the surrogates', 'ed 9f bf', undefined],
    ['behind the surrogates', 'ee 80 80', undefined],
    ['a noncharacter', 'ef bf bf', undefined],
    ['a byte order mark', 'ef bb bf', undefined],
    ['the first of four', 'f0 90 80 80', undefined],
    ['the last of all', 'f4 8f bf bf', undefined],
    ['a lone continuation byte', '41 80 41', 1],
    ['an overlong slash of two', 'c0 af', 0],
    ['an overlong of two', 'c1 bf', 0],
    ['an overlong slash of three', 'e0 80 af', 1],
    ['the largest overlong of three', 'e0 9f bf', 1],
    ['an overlong slash of four', 'f0 80 80 af', 1],
    ['the largest overlong of four', 'f0 8f bf bf', 1],
    ['the first surrogate', 'ed a0 80', 1],
    ['the last surrogate', 'ed bf bf', 1],
    ['a surrogate pair', 'ed a0 80 ed b0 80', 1],
    ['beyond U+10FFFF', 'f4 90 80 80', 1],
    ['five bytes', 'f8 88 80 80 80', 0],
    ['six bytes', 'fc 84 80 80 80 80', 0],
    ['fe', 'fe', 0],
    ['ff', '41 42 43 44 45 ff', 5],
    ['a lead before a letter', 'c3 41', 1],
    ['three broken at the third', 'e2 82 41 41 41', 2],
    ['four broken at the fourth', 'f0 9f 98 41 41', 3],
    ['two cut short', '41 c3', 2],
    ['three cut short', 'e2 82', 2],
    ['four cut short', 'f0 9f 98', 3],
  ])('%s: %s', (_, text, fault) => {
    // In front of other characters too, where the quick path sees four bytes at once.
    for (const around of ['', '41 42 43 44 45', 'f0 9f 98 80']) {
      const whole = fault === undefined;
      expect(isUtf8(hex(`${around} ${text}`))).toBe(whole);
      if (!whole && !text.endsWith('short')) expect(isUtf8(hex(`${text} ${around}`))).toBe(false);
      expect(stepped(hex(`${around} ${text}`))).toBe(whole);
    }
    expect(decodes(hex(text))).toBe(fault === undefined);
    expect(firstUtf8Fault(hex(text))).toBe(fault);
  });

  test('every two bytes, and every lead with every second byte before two continuations', () => {
    for (let first = 0; first < 256; first += 1) {
      for (let second = 0; second < 256; second += 1) {
        for (const rest of [
          [],
          [0x80],
          [0x80, 0xbf],
          [0xbf, 0x80, 0x41],
          [0x41, 0x80, 0x41],
          [0x80, 0x41, 0x80],
        ]) {
          const bytes = Uint8Array.of(first, second, ...rest);
          // None of these spells U+FFFD, so it can only stand for a fault; throwing 400,000 times is slow.
          const whole = !lenient.decode(bytes).includes('\ufffd');
          if (isUtf8(bytes) !== whole || stepped(bytes) !== whole) {
            expect.fail(`differs on ${bytes.join(' ')}`);
          }
        }
      }
    }
  });

  test('every character', () => {
    const encoder = new TextEncoder();
    for (let code = 0; code <= 0x10ffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      if (!isUtf8(encoder.encode(String.fromCodePoint(code)))) expect.fail(`refuses ${code}`);
    }
  });

  const likely = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .string({ unit: 'binary', maxLength: 6 })
        .map((text) => [...new TextEncoder().encode(text)]),
    },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 0x7e, max: 0xff }), { maxLength: 3 }) },
  );

  test('texts with and without faults, cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(likely, { maxLength: 8 }), fc.array(fc.nat(60)), (parts, cuts) => {
        const bytes = Uint8Array.from(parts.flat());
        expect(isUtf8(bytes)).toBe(decodes(bytes));
        let state = utf8Between;
        let from = 0;
        for (const to of [
          ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
          bytes.length,
        ]) {
          state = continueUtf8(state, bytes, from, to);
          from = to;
        }
        expect(state === utf8Between).toBe(decodes(bytes));
        expect(firstUtf8Fault(bytes) === undefined).toBe(decodes(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  test('once broken it stays broken', () => {
    expect(continueUtf8(utf8Broken, hex('41'), 0, 1)).toBe(utf8Broken);
    expect(continueUtf8(utf8Broken, hex(''), 0, 0)).toBe(utf8Broken);
  });
});
