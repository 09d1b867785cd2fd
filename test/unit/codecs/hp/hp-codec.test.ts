// What tables cannot show of the HP codec: no input throws, no way of cutting a stream matters, what is written can be
// read, and what is told of bad input does nothing to a terminal.

import {
  array,
  assert,
  constantFrom,
  integer,
  json,
  property,
  string,
  uint8Array,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEnvelope } from '../../../../src/actors/codecs/hp/envelope.ts';
import { LineSplitter, looksLikeHttp } from '../../../../src/actors/codecs/hp/line-splitter.ts';
import { isFatal, refused, shown } from '../../../../src/actors/codecs/hp/mistakes.ts';
import { readPayload } from '../../../../src/actors/codecs/hp/payloads.ts';
import { nearest } from '../../../../src/actors/codecs/hp/spelling.ts';
import { readStrictJson } from '../../../../src/actors/codecs/hp/strict-json.ts';
import {
  encodeLine,
  errorPayload,
  lineText,
  Raw,
} from '../../../../src/actors/codecs/hp/writing.ts';
import { utf8Length } from '../../../../src/actors/codecs/utf8-text.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = string({ unit: 'binary' });

describe('lines', () => {
  test('[HP-FRAME-2] any cut of a stream gives the same lines', () => {
    const lines = array(constantFrom('a', 'bb', '', '\r', 'x'.repeat(12), 'ä'), { maxLength: 12 });
    assert(
      property(lines, array(integer({ min: 1, max: 9 })), (parts, cuts) => {
        const whole = bytes(parts.map((part) => `${part}\n`).join(''));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(whole.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(whole.subarray(at));
        expect(split(chunks)).toEqual(split([whole]));
      }),
    );
  });

  test('[HP-FRAME-5] memory is bounded by the limit, however long a line is', () => {
    const splitter = new LineSplitter(1_000);
    for (let i = 0; i < 1_000; i += 1) {
      splitter.push(new Uint8Array(500).fill(0x78));
      while (splitter.next() !== undefined);
      expect(splitter.waitingBytes).toBeLessThan(1_000);
    }
  });

  test.each([
    ['x'.repeat(99), 'line'],
    [`${'x'.repeat(98)}\r`, 'line'],
    ['x'.repeat(100), 'tooLong'],
    [`${'x'.repeat(99)}\r`, 'tooLong'],
  ])('[HP-FRAME-5] its end counts, and a CR before that: %j is a %s of 100', (line, kind) => {
    const splitter = new LineSplitter(100);
    splitter.push(bytes(`${line}\n`));
    expect(splitter.next()?.kind).toBe(kind);
  });

  test.each([
    ['GET / HTTP/1.1', true],
    ['post / HTTP/1.1', true],
    ['Host: x', true],
    ['GETTING', false],
    ['{"version":"1.0"}', false],
  ])('[HP-FRAME-7] %s: %s', (line, isHttp) => {
    expect(looksLikeHttp(bytes(line))).toBe(isHttp);
  });
});

describe('messages', () => {
  test('[HP-ERR-1] no bytes throw, and each is a message or a mistake', () => {
    assert(
      property(uint8Array({ maxLength: 200 }), (line) => {
        const reading = readEnvelope(line, true);
        if (reading.ok) readPayload(reading.envelope, { bodyBytesMax: 100 });
        expect(typeof reading.ok).toBe('boolean');
      }),
    );
  });

  test.each([
    ['{"r":41}', { seq: 41, epoch: undefined }],
    ['{"r":{"epoch":2,"seq":0}}', { seq: 0, epoch: 2 }],
    ['{"r":-1}', undefined],
    ['{"r":{"seq":1}}', undefined],
    ['{"r":{"epoch":0,"seq":1}}', undefined],
    ['{"r":"1"}', undefined],
    ['{"r":null}', undefined],
    ['{"r":[1,2]}', undefined],
  ])('[HP-RES-7] RESUME with rooms %s', (rooms, place) => {
    const reading = readEnvelope(
      bytes(`{"version":"1.0","type":"RESUME","payload":{"token":"t","rooms":${rooms}}}`),
      true,
    );
    if (!reading.ok) throw new Error(reading.mistake.message);
    const payload = readPayload(reading.envelope, { bodyBytesMax: 100 });
    if (place === undefined)
      expect(payload).toMatchObject({ mistake: { code: 'INVALID_PAYLOAD' } });
    else expect(payload).toMatchObject({ request: { rooms: new Map([['r', place]]) } });
  });

  test('[HP-ERR-1] no payload throws', () => {
    const types = constantFrom(
      'LOGIN',
      'JOIN',
      'HISTORY',
      'ACK',
      'RESUME',
      'PRESENCE_QUERY',
      'TYPING',
    );
    assert(
      property(types, json({ maxDepth: 4 }), (type, payload) => {
        const reading = readEnvelope(
          bytes(`{"version":"1.0","type":"${type}","payload":${payload}}`),
          true,
        );
        if (reading.ok) readPayload(reading.envelope, { bodyBytesMax: 100 });
      }),
      { numRuns: 500 },
    );
  });

  test('[HP-JSON-5] a key is found twice exactly when JSON.parse loses one', () => {
    const keys = array(constantFrom('a', 'b', 'type', String.raw`\u0061`, 'é'), { maxLength: 5 });
    assert(
      property(keys, (names) => {
        const text = `{${names.map((name) => `"${name}":1`).join(',')}}`;
        const isDoubled = Object.keys(JSON.parse(text) as object).length < names.length;
        expect(readStrictJson(bytes(text)).ok).toBe(!isDoubled);
      }),
    );
  });

  test('[HP-JSON-10] data comes out as the text that went in', () => {
    assert(
      property(json(), (data) => {
        const line = lineText({ type: 'X', id: '1', timestamp: 1 }, { data: new Raw(data) });
        const reading = readStrictJson(bytes(line.trimEnd()));
        if (reading.ok) expect(reading.dataText).toBe(data.trim());
        else expect(['TOO_DEEP', 'DUPLICATE_KEY']).toContain(reading.mistake.code);
      }),
    );
  });

  test('[HP-OUT-1] what is written is one line with the six fields in their order', () => {
    assert(
      property(texts, integer({ min: 0, max: 1e9 }), (body, timestamp) => {
        const line = new TextDecoder().decode(
          encodeLine({ type: 'T', id: 'i', timestamp }, { body }),
        );
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const value = JSON.parse(line) as { payload: { body: string } };
        expect(Object.keys(value)).toEqual([
          'version',
          'type',
          'id',
          'timestamp',
          'source',
          'payload',
        ]);
        expect(value).toMatchObject({ version: '1.0', source: 'server', timestamp });
        if (!/\p{Surrogate}/u.test(body)) expect(value.payload.body).toBe(body);
      }),
    );
    const line = lineText(
      { type: 'T', id: 'i', timestamp: 1 },
      { body: 'é😀\u2028', a: undefined },
    );
    expect(line).toContain('"payload":{"body":"é😀\u2028"}}\n');
  });
});

describe('mistakes', () => {
  test('[HP-ERR-4] what is shown of bad input is short and harmless', () => {
    assert(
      property(texts, (input) => {
        const text = shown(input);
        expect(text.length).toBeLessThanOrEqual(65);
        expect(text).not.toMatch(/[\p{Cc}\p{Surrogate}]/u);
      }),
    );
    expect(shown('\u001B[31mred')).toBe(String.raw`\u001b[31mred`);
  });

  test('[HP-ERR-2] versions end a connection, and tell which are supported', () => {
    expect(isFatal('UNSUPPORTED_VERSION')).toBe(true);
    expect(isFatal('UNKNOWN_TYPE')).toBe(false);
    const { mistake } = refused('INVALID_VERSION', 'x', 'version');
    expect(errorPayload(mistake, '1')).toMatchObject({
      ...{ code: 'INVALID_VERSION', ref: '1', fatal: true, field: 'version', supported: ['1.0'] },
    });
  });

  test('[HP-ENV-4] a type that is nearly one is named', () => {
    const types = ['LOGIN', 'PING', 'JOIN'] as const;
    expect(nearest('LOGN', types)).toBe('LOGIN');
    expect(nearest('PINGG', types)).toBe('PING');
    expect(nearest('WHATEVER', types)).toBeUndefined();
    const reading = readEnvelope(bytes('{"version":"1.0","type":"ping"}'), true);
    expect(reading).toMatchObject({
      mistake: { message: expect.stringContaining('PING') as string },
    });
  });

  test('[HP-ENV-6] a timestamp in milliseconds is told to be one', () => {
    const line = '{"version":"1.0","type":"PING","timestamp":1700000000000}';
    const reading = readEnvelope(bytes(line), true);
    expect(reading).toMatchObject({
      mistake: { message: expect.stringContaining('seconds') as string },
    });
  });
});

test('[HP-FRAME-2] lines that have waited byte by byte are the same lines', () => {
  const splitter = new LineSplitter(1_000);
  const lines = Array.from({ length: 700 }, (_, at) => `line ${at}`);
  for (const byte of new TextEncoder().encode(`${lines.join('\n')}\n`))
    splitter.push(Uint8Array.of(byte));
  const taken: string[] = [];
  for (let next = splitter.next(); next !== undefined; next = splitter.next())
    taken.push(next.kind === 'line' ? new TextDecoder().decode(next.bytes) : next.kind);
  expect(taken).toEqual(lines);
  expect(splitter.waitingBytes).toBe(0);
});

test('[HP-MSG-3] bytes are counted as UTF-8 would have them', () => {
  assert(
    property(string({ unit: 'binary-ascii' }), string({ unit: 'grapheme' }), (one, other) => {
      expect(utf8Length(one + other)).toBe(bytes(one + other).byteLength);
    }),
  );
});

function split(chunks: readonly Uint8Array[]): unknown[] {
  const splitter = new LineSplitter(10);
  const taken: unknown[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    for (let next = splitter.next(); next !== undefined; next = splitter.next())
      taken.push(next.kind === 'line' ? new TextDecoder().decode(next.bytes) : next.kind);
  }
  return taken;
}

describe('[HP-FRAME-2] a line that is looked for ahead of its turn', () => {
  const textOf = (line: Uint8Array): string => new TextDecoder().decode(line);
  const digits = (line: Uint8Array): string | undefined => {
    const text = textOf(line);
    return /^\d+$/.test(text) ? text : undefined;
  };

  test('comes at once, and those before it keep their order, however they came', () => {
    assert(
      property(
        array(constantFrom('a', 'bb', '1', '22', '', 'x'.repeat(12)), { maxLength: 20 }),
        array(integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 10 }),
        (lines, sizes) => {
          const splitter = new LineSplitter(10);
          const said = bytes(lines.map((one) => `${one}\n`).join(''));
          const found: string[] = [];
          for (let at = 0, turn = 0; at < said.length; turn += 1) {
            const size = sizes[turn % sizes.length] ?? 1;
            splitter.push(said.slice(at, at + size));
            at += size;
            for (let one = splitter.ahead(digits); one !== undefined; one = splitter.ahead(digits))
              found.push(one);
          }
          expect(found).toEqual(lines.filter((one) => /^\d+$/.test(one)));
          const rest: string[] = [];
          for (let one = splitter.next(); one !== undefined; one = splitter.next())
            rest.push(one.kind === 'line' ? textOf(one.bytes) : one.kind);
          const others = lines.filter((one) => !/^\d+$/.test(one));
          expect(rest).toEqual(others.map((one) => (one.length > 9 ? 'tooLong' : one)));
          expect(splitter.waitingBytes).toBe(0);
        },
      ),
    );
  });
});
