// How long a client waits before it calls again.

import { assert, double, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { delayBeforeCall } from '../../../src/client/link.ts';

test('[PROC-CLIENT-5] limits double from half a second to fifteen', () => {
  const limits = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => delayBeforeCall(failures, 1, 0));
  expect(limits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  const chance = double({ min: 0, max: 1, noNaN: true });
  assert(
    property(
      integer({ min: 0, max: 50 }),
      chance,
      integer({ min: 0, max: 60_000 }),
      (n, c, least) => {
        const delay = delayBeforeCall(n, c, least);
        expect(delay).toBeGreaterThanOrEqual(least);
        expect(delay).toBeLessThanOrEqual(least + 15_000);
      },
    ),
  );
});
