import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  allHeaders,
  firstHeader,
  headerBytes,
  headerLine,
  headerText,
  headerValue,
  type HeaderList,
  isNamed,
  isNamedLike,
  paramOf,
  parseElement,
  splitElements,
  withHeader,
  withoutHeaders,
} from '../../../../src/actors/codecs/grip/header-list.ts';
import { cpuMsOf } from '../../../support/cpu.ts';

const lines: HeaderList = [
  ['Host', 'a'],
  ['X-One', '1'],
  ['Accept', 'text/html'],
  ['x-one', '2, 3'],
];

describe('header lines', () => {
  test('are found in any case', () => {
    expect(firstHeader(lines, 'X-ONE')).toBe('1');
    expect(firstHeader(lines, 'x-two')).toBeUndefined();
    expect(allHeaders(lines, 'X-one')).toEqual(['1', '2, 3']);
    expect(allHeaders(lines, 'x-two')).toEqual([]);
  });

  test('have names in any case, whatever they begin with', () => {
    const names = ['grip-sig', 'Grip-Sig', '_x', '_X', '`a', '@a', '^a', '~a', '1', '', 'te', 'TE'];
    for (const name of names)
      for (const other of names) {
        const lower = other.toLowerCase();
        expect(isNamed(name, lower)).toBe(name.toLowerCase() === lower);
        if (lower !== '')
          expect(isNamedLike(name, lower)).toBe(name.toLowerCase().startsWith(lower));
      }
  });

  test('are left out by name or by a look at the lower-case name', () => {
    const rest = [lines[0], lines[2]];
    expect(withoutHeaders(lines, ['X-ONE', 'other'])).toEqual(rest);
    expect(withoutHeaders(lines, (name) => name.startsWith('x-'))).toEqual(rest);
    expect(withoutHeaders(lines, [])).toEqual(lines);
  });

  test('one takes the place of all of its name, or comes last', () => {
    expect(withHeader(lines, 'X-ONE', 'new')).toEqual([lines[0], ['X-ONE', 'new'], lines[2]]);
    expect(withHeader(lines, 'Date', 'now')).toEqual([...lines, ['Date', 'now']]);
    expect(withHeader([], 'Date', 'now')).toEqual([['Date', 'now']]);
  });
});

describe('elements', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['a', ['a']],
    [' a , b ', ['a', 'b']],
    ['a,', ['a']],
    [',a', ['', 'a']],
    ['a,,b', ['a', '', 'b']],
    ['a; x="1,2", b', ['a; x="1,2"', 'b']],
    ['a; x="1\\",2", b', ['a; x="1\\",2"', 'b']],
    ['a; x="1,2', ['a; x="1,2']],
    ['a\\,b', ['a\\', 'b']],
    ['</x,y>; rel=next', ['</x', 'y>; rel=next']],
  ])('%j', (value, elements) => {
    expect(splitElements(value)).toEqual(elements);
  });

  test('with as many blanks as a head may hold cost no more than others', () => {
    const value = `a${' '.repeat(100_000)}b`;
    // Some thousand times what it takes, and a hundredth of what it took to look at each blank anew.
    expect(cpuMsOf(() => expect(splitElements(value)).toEqual([value]))).toBeLessThan(500);
  });

  test.each<[string, string, (readonly [string, string, true?])[]]>([
    ['a', 'a', []],
    ['', '', []],
    [' a ;', 'a', []],
    ['a; b', 'a', [['b', '', true]]],
    [
      'a;B=1; b = 2 ;c',
      'a',
      [
        ['b', '1'],
        ['b', '2'],
        ['c', '', true],
      ],
    ],
    [
      'a;b="x;y=1";c=2',
      'a',
      [
        ['b', 'x;y=1'],
        ['c', '2'],
      ],
    ],
    ['a;b="q\\"\\\\\\n"', 'a', [['b', 'q"\\n']]],
    [
      'a;b="x" and more;c',
      'a',
      [
        ['b', 'x'],
        ['c', '', true],
      ],
    ],
    ['a;b=x"y"', 'a', [['b', 'x"y"']]],
    ['a;b= "y"', 'a', [['b', '"y"']]],
    [
      'a;;b',
      'a',
      [
        ['', '', true],
        ['b', '', true],
      ],
    ],
    ['a=1;b=2=3', 'a=1', [['b', '2=3']]],
    ['"a;b"', '"a', [['b"', '', true]]],
  ])('%j is %j with %j', (element, value, params) => {
    expect(parseElement(element)).toEqual({ value, params });
  });

  test.each(['a;b="', 'a;b="x', 'a;b="x\\"', 'a;b="x\\'])('%j is none', (element) => {
    expect(parseElement(element)).toBeUndefined();
  });

  test('the first parameter of a name counts', () => {
    const element = parseElement('a;b=1;b=2') ?? expect.fail();
    expect(paramOf(element, 'b')).toBe('1');
    expect(paramOf(element, 'c')).toBeUndefined();
  });

  test('what is quoted comes back, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (values) => {
        const quoted = values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`);
        const text = quoted.map((value, at) => `v${String(at)};p=${value}`).join(',');
        const elements = splitElements(text).map((element) => parseElement(element));
        expect(elements).toEqual(
          values.map((value, at) => ({
            value: `v${String(at)}`,
            params: [value === '' ? ['p', '', true] : ['p', value]],
          })),
        );
      }),
    );
  });

  test('no text makes it throw', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'a"\\,;= <>'.split('')) });
    fc.assert(
      fc.property(texts, (text) => {
        for (const element of splitElements(text)) parseElement(element);
        expect(splitElements(text).join('').length).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('text in values', () => {
  test('crosses over as UTF-8 and comes back', () => {
    expect(headerValue('é')).toBe('\u00c3\u00a9');
    expect(headerText('\u00c3\u00a9')).toBe('é');
    expect(headerText('\u00e9')).toBe('\u00e9');
    expect(headerBytes('\u00c3\u00a9')).toEqual(Uint8Array.of(0xc3, 0xa9));
    expect(headerBytes('€')).toEqual(Uint8Array.of(0xe2, 0x82, 0xac));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!/[\r\n\0]/.test(text));
        expect(headerText(headerValue(text))).toBe(text);
        expect(headerBytes(headerValue(text))).toEqual(new TextEncoder().encode(text));
      }),
    );
  });

  test('cannot write lines of its own', () => {
    expect(headerLine('X-A', 'a\r\nSet-Cookie: b\0c')).toEqual(['X-A', 'a Set-Cookie: b c']);
    for (const name of ['', 'a b', 'a:', 'a\n', 'é', 'a\0']) {
      expect(headerLine(name, 'x')).toBeUndefined();
    }
  });
});
