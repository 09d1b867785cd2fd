// What a publisher's headers make of those that the origin gave.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { type HeaderList, withHeader } from '../../../../src/actors/codecs/grip/header-list.ts';
import { mergedHeaders } from '../../../../src/actors/gateway/requests/answers.ts';

/** One published header after the other. */
function mergedOneByOne(stored: HeaderList, published: HeaderList): HeaderList {
  const seen = new Set<string>();
  let headers = stored;
  for (const [name, value] of published) {
    const lower = name.toLowerCase();
    if (lower.startsWith('grip-')) continue;
    headers = seen.has(lower) ? [...headers, [name, value]] : withHeader(headers, name, value);
    seen.add(lower);
  }
  return headers;
}

test('[GRIP-PUB-11] published headers stand where those of the same name stood, or behind all', () => {
  const name = fc.constantFrom('A', 'a', 'B', 'b', 'C', 'Grip-Hold', 'grip-x');
  const headers = fc.array(fc.tuple(name, fc.constantFrom('1', '2', '3')), { maxLength: 8 });
  fc.assert(
    fc.property(headers, headers, (stored, published) => {
      expect(mergedHeaders(stored, published)).toEqual(mergedOneByOne(stored, published));
    }),
  );
});
