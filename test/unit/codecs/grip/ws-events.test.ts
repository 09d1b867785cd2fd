// WebSocket-over-HTTP events: a table of bodies and events, what is passed over, what is a mistake, and properties.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  closeContent,
  decodeWsEvents,
  encodeWsEvents,
  readCloseContent,
  type WsEvent,
  type WsEventType,
} from '../../../../src/actors/codecs/grip/ws-events.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const event = (type: WsEventType, content?: string): WsEvent => ({
  type,
  content: content === undefined ? undefined : bytesOf(content),
});

function decoded(body: string): readonly WsEvent[] {
  const reading = decodeWsEvents(bytesOf(body));
  if (!reading.ok) throw new Error(reading.mistake.message);
  return reading.events;
}

describe('bodies', () => {
  test.each<[string, readonly WsEvent[]]>([
    ['', []],
    ['OPEN\r\n', [event('OPEN')]],
    ['TEXT 5\r\nhello\r\n', [event('TEXT', 'hello')]],
    ['TEXT\r\n', [event('TEXT')]],
    ['PING\r\n', [event('PING')]],
    ['PING 1\r\nx\r\nPONG\r\n', [event('PING', 'x'), event('PONG')]],
    ['BINARY 2\r\n\r\n\r\nCLOSE\r\n', [event('BINARY', '\r\n'), event('CLOSE')]],
    ['DISCONNECT\r\n', [event('DISCONNECT')]],
    [`TEXT 1a\r\n${'a'.repeat(26)}\r\n`, [event('TEXT', 'a'.repeat(26))]],
    [
      'OPEN\r\nTEXT 2e\r\nc:{"type": "subscribe", "channel": "lobby-42"}\r\n',
      [event('OPEN'), event('TEXT', 'c:{"type": "subscribe", "channel": "lobby-42"}')],
    ],
  ])('%j both ways', (body, events) => {
    expect(decoded(body)).toEqual(events);
    expect(textOf(encodeWsEvents(events))).toBe(body);
  });

  test.each<[string, readonly WsEvent[], string]>([
    ['an empty message has no length', [event('TEXT', '')], 'TEXT\r\n'],
    ['an empty ping has no length', [event('PING', '')], 'PING\r\n'],
    ['an empty close has no length', [event('CLOSE', '')], 'CLOSE\r\n'],
  ])('%s', (_, events, body) => {
    expect(textOf(encodeWsEvents(events))).toBe(body);
  });

  test.each<[string, string, readonly WsEvent[]]>([
    [
      'digits in capitals',
      'TEXT 1A\r\nabcdefghijklmnopqrstuvwxyz\r\n',
      [event('TEXT', 'abcdefghijklmnopqrstuvwxyz')],
    ],
    ['zeros in front', 'TEXT 0000000001\r\na\r\n', [event('TEXT', 'a')]],
    [
      'unknown types, and what they carry',
      'NEWS 4\r\nOPEN\r\n\r\nTEXT 1\r\na\r\n',
      [event('TEXT', 'a')],
    ],
    ['types in small letters are unknown', 'open\r\nPING\r\n', [event('PING')]],
    ['names of every object are unknown types', 'constructor\r\n__proto__\r\n', []],
    ['content shorter than announced', 'TEXT ff\r\nabc', [event('TEXT', 'abc')]],
    ['no line end behind the content', 'TEXT 3\r\nabc', [event('TEXT', 'abc')]],
    [
      'any two bytes behind the content',
      'TEXT 3\r\nabc??PING\r\n',
      [event('TEXT', 'abc'), event('PING')],
    ],
    ['a length of nothing', 'PING 0\r\n\r\n', [event('PING', '')]],
    ['a message without a length', 'TEXT\r\n', [event('TEXT')]],
  ])('are read with %s', (_, body, events) => {
    expect(decoded(body)).toEqual(events);
  });

  test.each([
    ['OPEN', 'an event line does not end in CR LF', 0],
    ['OPEN\n', 'an event line does not end in CR LF', 0],
    ['OPEN\r\nTEXT 5', 'an event line does not end in CR LF', 6],
    [`${'A'.repeat(2_000)}\r\n`, 'an event line does not end in CR LF', 0],
    ['TEXT \r\n', 'a content length is not a hexadecimal number', 0],
    ['TEXT -1\r\n', 'a content length is not a hexadecimal number', 0],
    ['PING\r\nTEXT 0x5\r\nhello\r\n', 'a content length is not a hexadecimal number', 6],
    ['TEXT 5 5\r\nhello\r\n', 'a content length is not a hexadecimal number', 0],
    ['TEXT 100000000\r\nhello\r\n', 'a content length is not a hexadecimal number', 0],
  ])('%j are a mistake', (body, message, at) => {
    expect(decodeWsEvents(bytesOf(body))).toEqual({ ok: false, mistake: { message, at } });
  });
});

describe('closes', () => {
  test.each<[number | undefined, string, readonly number[] | undefined]>([
    [1000, '', [0x03, 0xe8]],
    [4000, 'bye', [0x0f, 0xa0, 0x62, 0x79, 0x65]],
    [1001, 'ä', [0x03, 0xe9, 0xc3, 0xa4]],
    [0, '', [0, 0]],
  ])('%j %j both ways', (code, reason, bytes) => {
    const content = closeContent(code, reason);
    expect(content && [...content]).toEqual(bytes);
    expect(readCloseContent(content)).toEqual({ code, reason });
  });

  test.each([undefined, -1, 65_536, 1.5, Number.NaN])('code %j gives no content', (code) => {
    expect(closeContent(code, 'bye')).toBeUndefined();
  });

  test.each<[readonly number[] | undefined]>([[undefined], [[]], [[3]]])(
    'content %j has no code',
    (content) => {
      const bytes = content && Uint8Array.from(content);
      expect(readCloseContent(bytes)).toEqual({ code: undefined, reason: '' });
    },
  );

  test('a mark at the start of a reason is part of it, broken bytes are replaced', () => {
    const reason = (...bytes: number[]) => readCloseContent(Uint8Array.from([3, 232, ...bytes]));
    expect(reason(0xef, 0xbb, 0xbf, 0x61).reason).toBe('\ufeffa');
    expect(reason(0xff, 0x61).reason).toBe('\ufffda');
  });
});

describe('properties', () => {
  const filled = fc.uint8Array({ minLength: 1, maxLength: 40 });
  const events: fc.Arbitrary<readonly WsEvent[]> = fc.array(
    fc.oneof(
      fc.record({ type: fc.constantFrom('TEXT' as const, 'BINARY' as const), content: filled }),
      fc.record({
        type: fc.constantFrom<WsEventType>('OPEN', 'TEXT', 'PING', 'PONG', 'CLOSE', 'DISCONNECT'),
        content: fc.option(filled, { nil: undefined }),
      }),
    ),
    { maxLength: 6 },
  );

  test('what is encoded is read again', () => {
    fc.assert(
      fc.property(events, (given) => {
        expect(decodeWsEvents(encodeWsEvents(given))).toEqual({ ok: true, events: given });
      }),
    );
  });

  test('a body that is cut anywhere gives a beginning of its events, or a mistake behind them', () => {
    fc.assert(
      fc.property(events, (given) => {
        const body = encodeWsEvents(given);
        for (let size = 0; size < body.length; size += 1) {
          const reading = decodeWsEvents(body.subarray(0, size));
          if (!reading.ok) {
            expect(reading.mistake.at).toBeLessThan(size);
            continue;
          }
          // The last one may be short of content.
          const whole = reading.events.slice(0, -1);
          expect(whole).toEqual(given.slice(0, whole.length));
          expect(reading.events.length).toBeLessThanOrEqual(given.length);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('no bytes make it throw, and what it understood it can say again', () => {
    const piece = fc.oneof(
      fc.constantFrom('TEXT', 'CLOSE', ' ', '3', 'f', '\r\n', '\r', '\n', 'NEWS').map(bytesOf),
      fc.uint8Array({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const reading = decodeWsEvents(Uint8Array.from(pieces.flatMap((bytes) => [...bytes])));
        if (!reading.ok) return;
        const again = decodeWsEvents(encodeWsEvents(reading.events));
        const plain = (list: readonly WsEvent[]) =>
          list.map(({ type, content }) => [type, ...(content ?? [])]);
        expect(again.ok && plain(again.events)).toEqual(plain(reading.events));
      }),
      { numRuns: 1_000 },
    );
  });

  test('a code and a reason survive a close', () => {
    const reasons = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.nat(65_535), reasons, (code, reason) => {
        expect(readCloseContent(closeContent(code, reason))).toEqual({ code, reason });
      }),
    );
  });
});
