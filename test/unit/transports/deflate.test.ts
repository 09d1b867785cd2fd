// Compression that shares nothing between messages, bounded in what it gives back.

import { constants, deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { encodeFrame } from '../../../src/actors/codecs/websocket-frames.ts';
import { encodeDeflated, inflate } from '../../../src/transports/streams/deflate.ts';

const repeating = (size: number): Uint8Array => Buffer.alloc(size, 'repeating ');

test('[WEB-DEFLATE-1] only what is long and becomes smaller is compressed', () => {
  const short = repeating(1_023);
  expect(encodeDeflated(short)).toEqual(encodeFrame('text', short));
  const long = repeating(1_024);
  const frame = encodeDeflated(long);
  expect(frame[0]).toBe(0xc1);
  expect(frame.byteLength).toBeLessThan(100);
  const noise = deflateRawSync(
    fc.sample(fc.uint8Array({ minLength: 5_000, maxLength: 5_000, size: 'max' }), 1)[0] ?? short,
  );
  expect(encodeDeflated(noise)[0]).toBe(0x81);
});

test('what was compressed comes back', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 300, maxLength: 300 }), (text) => {
      const payload = Buffer.from(text.repeat(10));
      const frame = encodeDeflated(payload);
      expect(frame[0]).toBe(0xc1);
      const start = (frame[1] ?? 0) < 126 ? 2 : 4;
      const inflated = inflate(frame.subarray(start), payload.byteLength);
      expect(inflated.ok && Buffer.from(inflated.payload).equals(payload)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('[WS-FRAME-7] exactly as much as allowed is allowed, and a bomb stops there', () => {
  const body = (size: number): Uint8Array =>
    deflateRawSync(repeating(size), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  expect(inflate(body(10_000), 10_000)).toMatchObject({ ok: true });
  const tooBig = { ok: false, code: 1009, reason: 'message exceeds limit of 10000 bytes' };
  expect(inflate(body(10_001), 10_000)).toEqual(tooBig);
  expect(inflate(body(100_000_000), 10_000)).toEqual(tooBig);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      const inflated = inflate(body, 1_000);
      expect(inflated.ok || inflated.code === 1007 || inflated.code === 1009).toBe(true);
    }),
  );
});
