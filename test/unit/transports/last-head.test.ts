import { expect, test } from 'vitest';

import { LastHead } from '../../../src/transports/doors/last-head.ts';

/** What a connection does with a head; tells whether it had to be read. */
function hear(last: LastHead<{ text: string }>, text: string): boolean {
  const known = last.meaningOf(text);
  if (known === undefined) last.keep(text, { text });
  else expect(known.text).toBe(text);
  return known === undefined;
}

test('what is said again is not read again, until something else is said', () => {
  const last = new LastHead<{ text: string }>();
  expect(['a', 'a', 'a', 'b', 'b', 'a'].map((text) => hear(last, text))).toEqual([
    ...[true, false, false],
    ...[true, false, true],
  ]);
  last.forget();
  expect(hear(last, 'a')).toBe(true);
});

test('a long head is read each time', () => {
  const last = new LastHead<{ text: string }>();
  const long = 'x'.repeat(1_025);
  expect([long, long].map((text) => hear(last, text))).toEqual([true, true]);
  const fitting = long.slice(1);
  expect([fitting, fitting].map((text) => hear(last, text))).toEqual([true, false]);
});

test('of heads that are always different few are kept, and one that comes again is found soon', () => {
  const last = new LastHead<{ text: string }>();
  for (let nth = 1; nth <= 1_605; nth += 1) expect(hear(last, `head ${nth}`)).toBe(true);
  expect(last.meaningOf('head 1605')).toBeUndefined();
  expect(last.meaningOf('head 1600')).toBeDefined();
  for (let nth = 1; nth <= 1_605; nth += 1) hear(last, `other ${nth}`);
  let read = 0;
  for (let nth = 0; nth < 100; nth += 1) if (hear(last, 'again')) read += 1;
  expect(read).toBeLessThanOrEqual(16);
});
