import { expect, test } from 'vitest';

import { reasonOf } from '../../../../src/actors/codecs/grip/reasons.ts';

test.each([
  [200, 'OK'],
  [202, 'Accepted'],
  [404, 'Not Found'],
  [413, 'Request Entity Too Large'],
  [502, 'Bad Gateway'],
  [0, 'Undefined Reason'],
  [299, 'Undefined Reason'],
  [999, 'Undefined Reason'],
  [-1, 'Undefined Reason'],
])('the reason of %d is %s', (status, reason) => {
  expect(reasonOf(status)).toBe(reason);
});
