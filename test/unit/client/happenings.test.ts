import { expect, test } from 'vitest';
import { retryMsIn } from '../../../src/client/happenings.ts';

test.each([
  [undefined, 0],
  ['soon', 0],
  [1.5, 1_500],
  [-1, 0],
  // A timer that is set for longer than it can count goes off at once.
  [1e9, 86_400_000],
  [Infinity, 86_400_000],
])('a server that wants to be left alone for %s s is, for %d ms', (seconds, ms) => {
  expect(retryMsIn(seconds === undefined ? {} : { retry_after: seconds })).toBe(ms);
});
