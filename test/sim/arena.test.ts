// Bytes in pieces of larger blocks are bytes like any others: whole, zero where nothing was written, and nobody
// else's.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Arena } from '../../src/sim/edges/arena.ts';

test('a piece is zero, as long as was asked for, and shared with no other', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000), { maxLength: 60, size: 'max' }), (sizes) => {
      const arena = new Arena();
      const pieces = sizes.map((size, index) => {
        const piece = arena.take(size);
        expect(piece.length).toBe(size);
        expect(piece.every((byte) => byte === 0)).toBe(true);
        return piece.fill(index + 1);
      });
      for (const [index, piece] of pieces.entries())
        expect(piece.every((byte) => byte === index + 1)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('texts, copies and joined parts are what the platform would make of them', () => {
  const encoder = new TextEncoder();
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 1_500, size: 'max' }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(texts, (all) => {
      const arena = new Arena();
      const pieces = all.map((text) => arena.text(text));
      const copies = pieces.map((piece) => arena.copy(piece));
      const whole = arena.joined(pieces);
      const wanted = all.map((text) => encoder.encode(text));
      expect(pieces.map(String)).toEqual(wanted.map(String));
      expect(copies.map(String)).toEqual(wanted.map(String));
      expect(String(whole)).toBe(String(Uint8Array.from(wanted.flatMap((piece) => [...piece]))));
    }),
    { numRuns: 30 },
  );
});

test('a text that is begun in a block and has no room there leaves nothing behind', () => {
  const arena = new Arena();
  const text = 'a'.repeat(8_000) + 'ß'.repeat(8_000);
  expect(new TextDecoder().decode(arena.text(text))).toBe(text);
  expect(arena.take(16_000).every((byte) => byte === 0)).toBe(true);
});
