// The client's side of the wire: what it says a strict server understands, and what it does not take from one.

import { assert, constantFrom, property, string, stringMatching } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readServerLine, requestLine } from '../../../../src/actors/codecs/hp/client-lines.ts';
import { readEnvelope } from '../../../../src/actors/codecs/hp/envelope.ts';
import { readPayload } from '../../../../src/actors/codecs/hp/payloads.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const good = { version: '1.0', type: 'PONG', id: 'a', timestamp: 1, source: 'server', payload: {} };

test('[HP-ENV-9] what a client says, a strict server reads as it was meant', () => {
  const wellFormed = string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
  const ids = stringMatching(/^[A-Za-z0-9._:-]{1,64}$/);
  assert(
    property(wellFormed, ids, constantFrom('kitchen', 'a.b'), (body, id, room) => {
      const line = requestLine(
        { type: 'ROOM_MESSAGE', id, timestamp: 1_700_000_000 },
        { room, body },
      );
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const reading = readEnvelope(bytes(line.slice(0, -1)), false);
      if (!reading.ok) throw new Error(reading.mistake.message);
      const payload = readPayload(reading.envelope, { bodyBytesMax: 10_000 });
      expect(payload).toEqual({
        ok: true,
        request: { type: 'ROOM_MESSAGE', room, body, dataText: undefined },
      });
    }),
  );
});

describe('[HP-OUT-1] a server’s line', () => {
  test('is a message', () => {
    const { type, id, timestamp, payload } = good;
    expect(readServerLine(bytes(JSON.stringify(good)))).toEqual({
      ok: true,
      message: { type, id, timestamp, payload },
    });
  });

  test('may be of a newer server, with types and fields that nobody here knows', () => {
    const newer = { ...good, version: '1.7', type: 'X_NEW', more: 1, payload: { new: true } };
    expect(readServerLine(bytes(JSON.stringify(newer)))).toMatchObject({
      message: { type: 'X_NEW', payload: { new: true } },
    });
  });

  test.each<[string, unknown]>([
    ['of another major version', { ...good, version: '2.0' }],
    ['of no version', { ...good, version: undefined }],
    ['without a type', { ...good, type: undefined }],
    ['without an id', { ...good, id: '' }],
    ['with a time in text', { ...good, timestamp: '1' }],
    ['of a client', { ...good, source: 'client' }],
    ['with a payload in a list', { ...good, payload: [] }],
    ['without a payload', { ...good, payload: undefined }],
    ['that is a list', [good]],
  ])('is not one %s', (_, value) => {
    expect(readServerLine(bytes(JSON.stringify(value)))).toMatchObject({ ok: false });
  });

  test.each(['', 'HTTP/1.1 400 Bad Request', '{"version":"1.0","version":"1.0"}', '{'])(
    'is not %j',
    (text) => {
      expect(readServerLine(bytes(text))).toMatchObject({ ok: false });
    },
  );
});
