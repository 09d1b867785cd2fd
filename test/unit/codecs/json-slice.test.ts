import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { hasLoneSurrogate, readJsonObject } from '../../../src/actors/codecs/json-slice.ts';
import type { JsonRead } from '../../../src/actors/codecs/json-slice.ts';
import { bytesOf, hex, joined } from './websocket-reading.ts';

const limits = { depthMax: 64 };

function readObject(bytes: Uint8Array): JsonRead {
  const read = readJsonObject(bytes, limits);
  return read.ok ? read : expect.fail(`refused: ${read.mistake.code}`);
}

function sliced(text: string, key: string): string | undefined {
  const slice = readObject(bytesOf(text)).slice(key);
  return slice === undefined ? undefined : new TextDecoder().decode(slice);
}

function mistake(bytes: Uint8Array | string, depthMax = 64) {
  const read = readJsonObject(bytesOf(bytes), { depthMax });
  return read.ok ? 'read' : read.mistake;
}

describe('[JSON-1] one JSON object in strict UTF-8', () => {
  test.each([
    '{}',
    ' \t\r\n{ } \n',
    '{"a":1}',
    '{"a":[1,{"b":"]}"}],"é":"😀"}',
    '{"a":"\\u0000\\"\\\\"}',
    '{"":null}',
  ])('%j', (text) => {
    expect(readJsonObject(bytesOf(text), limits)).toMatchObject({
      ok: true,
      value: JSON.parse(text),
    });
  });

  test.each([
    '',
    '   ',
    'nope',
    '{"a":1,}',
    '{"a":1}{"b":2}',
    "{'a':1}",
    '{a:1}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":-Infinity}',
    'NaN',
    '\ufeff{"a":1}',
    '{"a":1}\ufeff',
    '\u00a0{}',
    '{"a":01}',
    '{"a":1.}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '{"a":"',
    '{"a":"\\',
    '{"a',
    '{',
    '}',
    '{"a":1}\\',
    '{"a":1}\0',
  ])('%j is not JSON', (text) => {
    expect(mistake(text)).toMatchObject({ code: 'not-json' });
  });

  test.each([
    ['[]', 0],
    ['null', 0],
    [' 5', 1],
    ['"x"', 0],
    ['\n true', 2],
    ['[{"a":1}]', 0],
  ])('%j is no object', (text, at) => {
    expect(mistake(text)).toMatchObject({ code: 'not-object', at });
  });

  test.each([
    ['ff fe', 0],
    ['7b 22 61 22 3a 22 ff 22 7d', 6],
    ['7b 22 61 22 3a 22 c0 af 22 7d', 6],
    ['7b 22 61 22 3a 22 ed a0 80 22 7d', 7],
    ['7b 7d c3', 3],
  ])('%s is not UTF-8', (bytes, at) => {
    expect(mistake(hex(bytes))).toMatchObject({ code: 'not-utf8', at });
  });

  test('a __proto__ is a member like any other', () => {
    const read = readObject(bytesOf('{"__proto__":{"topic":"x"},"constructor":1}'));
    expect(Object.keys(read.value)).toEqual(['__proto__', 'constructor']);
    expect(read.value['topic']).toBeUndefined();
    expect(({} as Record<string, unknown>)['topic']).toBeUndefined();
    expect(Object.getPrototypeOf(read.value)).toBe(Object.prototype);
    expect(bytesOf(read.slice('__proto__') ?? '')).toEqual(bytesOf('{"topic":"x"}'));
  });

  test('lone surrogates are seen, pairs are not', () => {
    const texts = ['', 'a', '😀', '\ud83d\ude00', 'é\uffff'];
    expect(texts.filter((text) => hasLoneSurrogate(text))).toEqual([]);
    const lone = ['\ud83d', '\ude00', 'a\ud800b', '\ude00\ud83d', '😀\ud83d'];
    expect(lone.filter((text) => hasLoneSurrogate(text))).toEqual(lone);
  });
});

describe('[JSON-2] the depth is counted before parsing', () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;

  test('exactly depthMax is read, one more is not', () => {
    expect(mistake(nested(64))).toBe('read');
    expect(mistake(nested(65))).toMatchObject({ code: 'too-deep', at: 64 * 5 });
    expect(mistake('{"a":[[1]]}', 3)).toBe('read');
    expect(mistake('{"a":[[1]]}', 2)).toMatchObject({ code: 'too-deep', at: 6 });
    expect(mistake('{"a":1}', 1)).toBe('read');
    expect(mistake('{}', 0)).toMatchObject({ code: 'too-deep', at: 0 });
  });

  test('width is not depth, and brackets in strings are no brackets', () => {
    expect(mistake(`{"a":[${'[],{},'.repeat(1_000)}0]}`, 3)).toBe('read');
    expect(mistake(`{"a":"${'['.repeat(1_000)}","b\\"[[[[":"\\\\"}`, 1)).toBe('read');
    expect(mistake('{"a":"\\\\","b":[[]]}', 2)).toMatchObject({ code: 'too-deep' });
  });

  test.each(['[', '{"a":', '[{"a":'])('a million bytes of %s are refused at once', (unit) => {
    const deep = unit.repeat(1_000_000 / unit.length);
    expect(mistake(deep)).toMatchObject({ code: 'too-deep' });
    expect(mistake(`{"data":${deep}`)).toMatchObject({ code: 'too-deep' });
    expect(mistake(joined(hex('ff'), bytesOf(deep)))).toMatchObject({ code: 'too-deep' });
  });

  test('it is the depth of what JSON.parse makes', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner)))
        : 0;
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5, noUnicodeString: false })),
        (value) => {
          const text = JSON.stringify(value);
          const depth = depthOf(JSON.parse(text));
          expect(mistake(text, depth)).toBe('read');
          expect(mistake(text, depth - 1)).toMatchObject({ code: 'too-deep' });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('[JSON-3] the source of a member is kept byte for byte', () => {
  test.each([
    ['{"data":170.50}', '170.50'],
    ['{"data":1.0,"a":2}', '1.0'],
    ['{"data":12345678901234567890}', '12345678901234567890'],
    ['{"data":1e400}', '1e400'],
    ['{"data":-0}', '-0'],
    ['{ "data" :\t"h\\u00e9😀\\ud800" }', '"h\\u00e9😀\\ud800"'],
    ['{"data":{"b":1, "a":[ 2 ]} ,"x":0}', '{"b":1, "a":[ 2 ]}'],
    ['{"data":[1,"]",{"a":"}"}]\n}', '[1,"]",{"a":"}"}]'],
    ['{"data":"\\\\"}', '"\\\\"'],
    ['{"data":"\\"}\\",\\"data\\":1"}', '"\\"}\\",\\"data\\":1"'],
    ['{"data":["\\"]",["\\\\"]]}', '["\\"]",["\\\\"]]'],
    ['{"data":null}', 'null'],
    ['{"data":true ,"x":1}', 'true'],
    ['{"data":""}', '""'],
    ['{"data":{}}', '{}'],
    ['{"data":[]}', '[]'],
    ['{"data":1,"data":2}', '2'],
    ['{"data":[1],"x":0,"data" : [2] , "y":1}', '[2]'],
    ['{"data":1,"d\\u0061ta":3}', '3'],
    ['{"d\\u0061ta":3,"dat":4,"datas":5}', '3'],
    ['{"x":{"data":1},"y":["data"],"z":"data","data":7}', '7'],
  ])('%s', (text, slice) => {
    expect(sliced(text, 'data')).toBe(slice);
    expect(sliced(` \n${text}\t`, 'data')).toBe(slice);
  });

  test.each([
    '{}',
    '{"dat":1}',
    '{"datas":1}',
    '{"x":{"data":1}}',
    '{"x":"\\"data\\":1"}',
    '{"":1}',
  ])('%s has none', (text) => {
    expect(sliced(text, 'data')).toBeUndefined();
  });

  test('keys of any text', () => {
    expect(sliced('{"é":1,"😀":2,"\\ud800":3,"":4,"a\\"b":5}', 'é')).toBe('1');
    expect(sliced('{"é":1,"😀":2,"\\ud800":3,"":4,"a\\"b":5}', '😀')).toBe('2');
    expect(sliced('{"é":1,"😀":2,"\\ud800":3,"":4,"a\\"b":5}', '\ud800')).toBe('3');
    expect(sliced('{"é":1,"😀":2,"\\ud800":3,"":4,"a\\"b":5}', '')).toBe('4');
    expect(sliced('{"é":1,"😀":2,"\\ud800":3,"":4,"a\\"b":5}', 'a"b')).toBe('5');
    expect(sliced('{"\\ud83d\\ude00":1}', '😀')).toBe('1');
  });

  test('it is a view of the source, not a copy', () => {
    const source = bytesOf('{"data":[1]}');
    const read = readObject(source);
    expect(read.slice('data')?.buffer).toBe(source.buffer);
  });

  const keys = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('data', 'topic', '__proto__', '"', '\\'),
  );
  const blank = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 });
  const escaped = (text: string) =>
    text.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

  test('every member of any object, with blanks, escapes and duplicates', () => {
    const members = fc.array(
      fc.record({
        key: keys,
        value: fc.json({ maxDepth: 3 }),
        blanks: fc.tuple(blank, blank, blank, blank),
        escape: fc.boolean(),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(members, (list) => {
        const text = `{${list
          .map(
            ({ key, value, blanks: [a, b, c, d], escape }) =>
              `${a}${escape ? `"${escaped(key)}"` : JSON.stringify(key)}${b}:${c}${value}${d}`,
          )
          .join(',')}}`;
        const last = new Map(list.map(({ key, value }) => [key, value]));
        for (const [key, value] of last) expect(sliced(text, key)).toBe(value);
        if (!last.has('none')) expect(sliced(text, 'none')).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  test('no bytes make it throw, and what it reads is what JSON.parse reads', () => {
    const pieces = fc.constantFrom(
      ...'{}[]":,\\ au0\n'.split(''),
      '"data":',
      'null',
      '1e9',
      '\ufeff',
      'é',
      '{"data":',
      '\\u0061',
    );
    const inputs = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.string({ unit: pieces, maxLength: 30 }).map((text) => bytesOf(text)),
      fc.string({ unit: pieces, maxLength: 10 }).map((text) => bytesOf(`{"data":${text}}`)),
    );
    fc.assert(
      fc.property(inputs, (bytes) => {
        const read = readJsonObject(bytes, limits);
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          expect(read.ok).toBe(false);
          return;
        }
        if (!read.ok) {
          expect(read.mistake.code).toBeOneOf(['not-object', 'not-utf8']);
          return;
        }
        expect(read.value).toEqual(parsed);
        for (const key of Object.keys(read.value)) {
          expect(JSON.parse(sliced(text, key) ?? '')).toEqual(read.value[key]);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
