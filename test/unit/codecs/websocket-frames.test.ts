import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  encodeClose,
  encodeFrame,
  frameRules,
  isCloseCode,
} from '../../../src/actors/codecs/websocket-frames.ts';
import type {
  FrameEvent,
  FrameOptions,
  FrameRules,
  Opcode,
} from '../../../src/actors/codecs/websocket-frames.ts';
import {
  bytesOf,
  client,
  hex,
  mask,
  message,
  ping,
  readByteByByte,
  readWhole,
  server,
} from './websocket-reading.ts';

const deflating = frameRules('client', { deflate: true });

/** One frame as bytes, how it is made, and what it reads as. Those marked RFC stand in RFC 6455 §5.7. */
const table: readonly [string, string, FrameRules, Opcode, string, FrameOptions, FrameEvent][] = [
  ['RFC: a text', '81 05 48 65 6c 6c 6f', client, 'text', 'Hello', {}, message('Hello')],
  [
    'RFC: a masked text',
    '81 85 37 fa 21 3d 7f 9f 4d 51 58',
    server,
    'text',
    'Hello',
    { mask },
    message('Hello'),
  ],
  ['RFC: a ping', '89 05 48 65 6c 6c 6f', client, 'ping', 'Hello', {}, ping('Hello')],
  [
    'RFC: a masked pong',
    '8a 85 37 fa 21 3d 7f 9f 4d 51 58',
    server,
    'pong',
    'Hello',
    { mask },
    { type: 'pong', payload: bytesOf('Hello') },
  ],
  ['an empty text', '81 00', client, 'text', '', {}, message('')],
  ['an empty masked text', '81 80 37 fa 21 3d', server, 'text', '', { mask }, message('')],
  [
    'a compressed text',
    'c1 03 ff ff ff',
    deflating,
    'text',
    'ff ff ff',
    { rsv1: true },
    { type: 'message', opcode: 'text', payload: hex('ff ff ff'), compressed: true },
  ],
  ['a binary', '82 02 ff 00', client, 'binary', 'ff 00', {}, message(hex('ff 00'))],
];

describe('frames both ways', () => {
  test.each(table)('[WS-FRAME-1] %s: %s', (_, bytes, rules, opcode, payload, options, event) => {
    const body = /^(?:[0-9a-f]{2} )*[0-9a-f]{2}$/.test(payload) ? hex(payload) : bytesOf(payload);
    expect(encodeFrame(opcode, body, options)).toEqual(hex(bytes));
    expect(readWhole(hex(bytes), rules)).toEqual([event]);
    expect(readByteByByte(hex(bytes), rules)).toEqual([event]);
  });

  test('[WS-FRAME-1] RFC: a text in two fragments', () => {
    const first = encodeFrame('text', bytesOf('Hel'), { fin: false });
    const second = encodeFrame('continuation', bytesOf('lo'));
    expect(first).toEqual(hex('01 03 48 65 6c'));
    expect(second).toEqual(hex('80 02 6c 6f'));
    expect(readByteByByte(hex('01 03 48 65 6c 80 02 6c 6f'), client)).toEqual([message('Hello')]);
  });

  test.each([
    [0, '82 00'],
    [125, '82 7d'],
    [126, '82 7e 00 7e'],
    [127, '82 7e 00 7f'],
    [256, '82 7e 01 00'],
    [65_535, '82 7e ff ff'],
    [65_536, '82 7f 00 00 00 00 00 01 00 00'],
    [1_048_576, '82 7f 00 00 00 00 00 10 00 00'],
  ])('[WS-FRAME-6] a length of %i takes its shortest form', (size, head) => {
    const payload = new Uint8Array(size).fill(7);
    const frame = encodeFrame('binary', payload);
    expect(frame.subarray(0, frame.length - size)).toEqual(hex(head));
    expect(readWhole(frame, client)).toEqual([message(payload)]);
    const maskedFrame = encodeFrame('binary', payload, { mask });
    expect(readWhole(maskedFrame)).toEqual([message(payload)]);
    expect(payload.every((byte) => byte === 7)).toBe(true);
  });
});

describe('[WS-FRAME-9] closing', () => {
  test.each([
    [1000, '', '88 02 03 e8'],
    [1001, 'bye', '88 05 03 e9 62 79 65'],
    [4999, '', '88 02 13 87'],
    [1005, 'never sent', '88 00'],
    [1006, '', '88 00'],
    [1015, '', '88 00'],
    [999, '', '88 00'],
    [5000, '', '88 00'],
    [1000.5, '', '88 00'],
    [Number.NaN, '', '88 00'],
  ])('%d %j is %s', (code, reason, bytes) => {
    expect(encodeClose(code, reason)).toEqual(hex(bytes));
    const read = isCloseCode(code) ? { code, reason } : { code: 1005, reason: '' };
    expect(readWhole(encodeClose(code, reason), client)).toEqual([{ type: 'close', ...read }]);
    expect(readWhole(encodeClose(code, reason, mask))).toEqual([{ type: 'close', ...read }]);
  });

  test.each([
    ['x'.repeat(123), 123],
    ['x'.repeat(200), 123],
    [`${'x'.repeat(122)}é`, 122],
    [`${'x'.repeat(121)}é`, 123],
    [`${'x'.repeat(120)}😀`, 120],
    ['€'.repeat(60), 123],
    ['😀'.repeat(60), 120],
  ])('a reason is cut between two characters: %s', (reason, bytes) => {
    const frame = encodeClose(1008, reason);
    expect(frame.length).toBe(2 + 2 + bytes);
    const [event] = readWhole(frame, client);
    expect(event).toMatchObject({ type: 'close', code: 1008 });
    expect(reason.startsWith((event as { reason: string }).reason)).toBe(true);
  });

  test('any code and any reason make a frame that is read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: 70_000 }),
        fc.string({ unit: 'binary' }),
        (code, reason) => {
          expect(readWhole(encodeClose(code, reason, mask))).toMatchObject([{ type: 'close' }]);
        },
      ),
    );
  });
});
