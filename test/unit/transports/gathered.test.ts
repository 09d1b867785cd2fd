import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { joined } from '../../../src/actors/codecs/joined.ts';
import { Gathered } from '../../../src/transports/origins/gathered.ts';

test('a body that came byte by byte is kept in few pieces, and is the same body', () => {
  const gathered = new Gathered();
  const said = Uint8Array.from({ length: 100_000 }, (_, at) => at);
  for (let at = 0; at < said.length; at += 1) gathered.add(said.subarray(at, at + 1));
  expect(gathered.pieces.length).toBeLessThan(50);
  expect(joined(gathered.pieces, gathered.byteLength)).toEqual(said);
});

test('however a body is cut, what was handed out stays what it was, and no piece but a few is short', () => {
  const sizes = fc.array(fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 5_000 })), { maxLength: 200 });
  fc.assert(
    fc.property(sizes, fc.nat({ max: 200 }), (cuts, takenAt) => {
      const gathered = new Gathered();
      const seen: (readonly [piece: Uint8Array, was: Uint8Array])[] = [];
      const heard: Uint8Array[] = [];
      let at = 0;
      for (const [index, size] of cuts.entries()) {
        gathered.add(Uint8Array.from({ length: size }, (_, byte) => at + byte));
        at += size;
        for (const piece of gathered.pieces.slice(-1)) seen.push([piece, piece.slice()]);
        if (index === takenAt) heard.push(...gathered.take());
      }
      const { byteLength } = gathered;
      expect(gathered.pieces.length).toBeLessThanOrEqual(3 + (2 * byteLength) / 1_024);
      heard.push(...gathered.take());
      expect(gathered.byteLength).toBe(0);
      expect(joined(heard, at)).toEqual(Uint8Array.from({ length: at }, (_, byte) => byte));
      for (const [piece, was] of seen) expect(piece).toEqual(was);
    }),
    { numRuns: 50 },
  );
});
