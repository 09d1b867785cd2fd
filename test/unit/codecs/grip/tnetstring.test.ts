import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  decodeTnetstring,
  encodeTnetstring,
  tnetstringDepthMax,
} from '../../../../src/actors/codecs/grip/tnetstring.ts';
import { bytesOf, joined } from '../websocket-reading.ts';

function value(text: string | Uint8Array): unknown {
  const read = decodeTnetstring(bytesOf(text));
  return read.ok ? read.value : expect.fail(read.mistake.message);
}

function mistake(text: string | Uint8Array): string {
  const read = decodeTnetstring(bytesOf(text));
  return read.ok ? 'read' : read.mistake.message.replace('tnetstring: ', '');
}

const record = (members: Record<string, unknown>) =>
  Object.assign(Object.create(null) as Record<string, unknown>, members);

describe('tnetstrings', () => {
  test.each<[string, unknown]>([
    ['0:,', bytesOf('')],
    ['3:abc,', bytesOf('abc')],
    ['5:a,b:c,', bytesOf('a,b:c')],
    ['1:0#', 0],
    ['3:-42#', -42],
    ['3:+42#', 42],
    ['3:1.5^', 1.5],
    ['4:-1e3^', -1000],
    ['1:2^', 2],
    ['4:true!', true],
    ['5:false!', false],
    ['0:~', null],
    ['0:]', []],
    ['0:}', record({})],
    ['7:1:1#0:~]', [1, null]],
    ['8:1:a,1:1#}', record({ a: 1 })],
    ['16:1:a,1:1#1:a,1:2#}', record({ a: 2 })],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test.each<[string, string]>([
    ['', 'no size'],
    [':,', 'no size'],
    ['a:,', 'no size'],
    ['-1:,', 'no size'],
    ['3', 'no colon behind the size'],
    ['3,abc', 'no colon behind the size'],
    ['5:abc', 'shorter than its size'],
    ['3:abc', 'shorter than its size'],
    ['999999999:a,', 'shorter than its size'],
    ['9999999999:a,', 'size is too large'],
    ['3:abcd', 'unknown type'],
    ['1:a#', 'not an integer'],
    ['0:#', 'not an integer'],
    ['3:1.5#', 'not an integer'],
    ['17:99999999999999999#', 'not an integer'],
    ['3:abc^', 'not a number'],
    ['3:nan^', 'not a number'],
    ['5:1e999^', 'not a number'],
    ['4:True!', 'not a boolean'],
    ['4:1:1#}', 'a key that is no string'],
    ['4:1:a,}', 'no size'],
    ['8:1:1#0:~]', 'shorter than its size'],
    ['5:4:ab,]', 'shorter than its size'],
  ])('%j: %s', (text, expected) => {
    expect(mistake(text)).toBe(expected);
  });

  test('a key must be UTF-8, a string need not', () => {
    const strange = Uint8Array.of(0xff, 0xfe);
    const text = joined(bytesOf('2:'), strange, bytesOf(','));
    expect(value(text)).toEqual(strange);
    expect(mistake(joined(bytesOf('9:'), text, bytesOf('1:1#}')))).toBe('a key that is not UTF-8');
  });

  test('a __proto__ is a member like any other', () => {
    const read = value('16:9:__proto__,1:1#}') as Record<string, unknown>;
    expect(Object.entries(read)).toEqual([['__proto__', 1]]);
    expect(Object.getPrototypeOf(read)).toBeNull();
  });

  test('it says where the value ends', () => {
    expect(decodeTnetstring(bytesOf('1:a,rest'))).toEqual({
      ok: true,
      value: bytesOf('a'),
      rest: 4,
    });
    expect(decodeTnetstring(bytesOf('4:1:a,]x'))).toMatchObject({ ok: true, rest: 7 });
  });

  test('a depth is allowed, one more is not', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(mistake(encodeTnetstring(nested(tnetstringDepthMax)))).toBe('read');
    expect(mistake(encodeTnetstring(nested(tnetstringDepthMax + 1)))).toBe('deeper than 32');
    expect(mistake(encodeTnetstring(nested(500)))).toBe('deeper than 32');
  });

  test('every cut is a mistake', () => {
    const whole = encodeTnetstring({ a: [1, 1.5, true, null, 'text'], b: { c: 'd' } });
    for (let size = 0; size < whole.length; size += 1) {
      expect(mistake(whole.subarray(0, size))).not.toBe('read');
    }
    expect(mistake(whole)).toBe('read');
  });

  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.uint8Array({ maxLength: 5 }),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('tree'), {
        maxKeys: 4,
        noNullPrototype: false,
      }),
    ),
  }));

  test('what is encoded comes back', () => {
    const same = (a: unknown, b: unknown): boolean => {
      if (a instanceof Uint8Array) return b instanceof Uint8Array && String(a) === String(b);
      if (Array.isArray(a)) {
        return (
          Array.isArray(b) && a.length === b.length && a.every((item, at) => same(item, b[at]))
        );
      }
      if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
        const [left, right] = [Object.entries(a), Object.entries(b)];
        return same(
          left.flat(),
          right.flatMap(([key, item]) => [key, item as unknown]),
        );
      }
      return a === b; // -0 comes back as 0, and equals it
    };
    fc.assert(
      fc.property(tree, (original) => {
        const bytes = encodeTnetstring(original);
        const read = decodeTnetstring(bytes);
        if (!read.ok) expect.fail(read.mistake.message);
        expect(read.rest).toBe(bytes.length);
        expect(same(original, read.value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('no bytes make it throw', () => {
    const likely = fc
      .string({ unit: fc.constantFrom(...'0123:,#^!~}]a-'.split('')) })
      .map((text) => bytesOf(text));
    fc.assert(
      fc.property(fc.oneof(likely, fc.uint8Array()), (bytes) => {
        const read = decodeTnetstring(bytes);
        if (read.ok) expect(read.rest).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });
});
