import { afterEach, expect, test, vi } from 'vitest';

import { wallAtZeroMs } from '../../../src/transports/process/clock.ts';

afterEach(() => vi.restoreAllMocks());

function at(wallMs: number, monotonicMs: number): void {
  vi.spyOn(Date, 'now').mockReturnValue(wallMs);
  vi.spyOn(performance, 'now').mockReturnValue(monotonicMs);
}

test('[HP-CLOCK-2] the beginning of time moves when the clock is set, and not with what reading it takes', () => {
  at(1_700_000_000_000, 5_000.5);
  const begun = wallAtZeroMs(0);
  expect(begun).toBe(1_699_999_994_999.5);
  at(1_700_000_001_003, 6_000);
  expect(wallAtZeroMs(begun)).toBe(begun);
  at(1_700_000_001_000 + 3_600_000, 6_000);
  expect(wallAtZeroMs(begun)).toBe(begun + 3_600_000 + 0.5);
  at(1_700_000_001_000 - 3_600_000, 6_000);
  expect(wallAtZeroMs(begun)).toBe(begun - 3_600_000 + 0.5);
});
