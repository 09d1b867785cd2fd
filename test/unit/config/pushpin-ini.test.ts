// The form of pushpin.conf, held to what Pushpin 1.36 makes of the same lines.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { readIni } from '../../../src/config/pushpin/pushpin-ini.ts';

const parts = (value: string): readonly string[] | undefined =>
  readIni(`[s]\nk=${value}`).entries[0]?.parts;

test.each<[string, readonly string[]]>([
  ['', []],
  ['  ', []],
  ['""', []],
  ['a', ['a']],
  ['  a b  ', ['a b']],
  ['a=b', ['a=b']],
  ['a#b', ['a#b']],
  ['a # b', ['a # b']],
  ['a;b', ['a']],
  ['a ; b', ['a']],
  [';b', []],
  ['"a;b"', ['a;b']],
  ['a,b', ['a', 'b']],
  ['a , b ,', ['a', 'b', '']],
  ['"a, b",c', ['a, b', 'c']],
  ['" a "', [' a ']],
  ['" a " b ', [' a b']],
  ['"a" \t b', ['ab']],
  ['@x', ['@x']],
  ['@@x, @@y', ['@x', '@y']],
  ['"a b"\\x63\\q"c, ;d"', ['a bcc, ;d']],
  ['a\\"b\\\\c\\n', ['a"b\\c\n']],
  ['a\\', ['a']],
  ['"a', ['a']],
])('%j has the parts %j', (value, expected) => {
  expect(parts(value)).toEqual(expected);
});

test.each(['a,b', 'grün', '@Invalid()'])('[DIFF-61] %s is a text as it stands', (value) => {
  expect(readIni(`[s]\nk=${value}`).entries[0]?.text).toBe(value);
});

test('sections, lines and columns', () => {
  const text =
    '\ufeffzero=0\r\n\r\n[one]\r\n; no\r\n  # no=\r\n  a = 1, 2 \r\n[ two ] \ra=3\nwhat\n=x\n';
  const { entries, strangeLines } = readIni(text);
  expect(entries).toEqual([
    { section: 'General', key: 'zero', parts: ['0'], text: '0', line: 1, column: 1 },
    { section: 'one', key: 'a', parts: ['1', '2'], text: '1,2', line: 6, column: 3 },
    { section: 'two', key: 'a', parts: ['3'], text: '3', line: 8, column: 1 },
    { section: 'two', key: '', parts: ['x'], text: 'x', line: 10, column: 1 },
  ]);
  expect(strangeLines).toEqual([9]);
});

test('any text in quotes comes out as it was', () => {
  const plain = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(plain, (value) => {
      const quoted = value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r');
      // One that begins so has one sign more in a file of QSettings.
      const escaped = value.startsWith('@') ? `@${quoted}` : quoted;
      expect(parts(`"${escaped}"`)).toEqual([value]);
    }),
  );
});

test('no text makes it throw', () => {
  const piece = fc.constantFrom('[', ']', '=', '"', '\\', '\\x', ',', ';', '#', '\n', 'a', ' ');
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const { entries, strangeLines } = readIni(text);
      expect(entries.length + strangeLines.length).toBeLessThanOrEqual(text.split('\n').length);
    }),
  );
});
