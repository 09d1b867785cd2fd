// New connections of an address, counted in a window that slides.

import { array, assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { Arrivals } from '../../../src/actors/chat/arrivals.ts';

const SECOND = 1_000_000;

test('[HP-CONN-3] so many in any window, and who is one too many is told when there is room', () => {
  const arrivals = new Arrivals({ arrivalsPerAddressMax: 2, arrivalsWindowMs: 10_000 });
  expect(arrivals.enter('a', 0)).toBe(0);
  expect(arrivals.enter('a', 4 * SECOND)).toBe(0);
  expect(arrivals.enter('a', 9 * SECOND)).toBe(SECOND);
  expect(arrivals.enter('b', 9 * SECOND)).toBe(0);
  expect(arrivals.enter('a', 10 * SECOND)).toBe(0);
  expect(arrivals.enter('a', 13 * SECOND)).toBe(SECOND);
});

test('[HP-CONN-3] the addresses of one network of IPv6 are one', () => {
  const arrivals = new Arrivals({ arrivalsPerAddressMax: 1, arrivalsWindowMs: 10_000 });
  expect(arrivals.enter('2001:db8::1', 0)).toBe(0);
  expect(arrivals.enter('2001:db8::2', 0)).toBe(10 * SECOND);
  expect(arrivals.enter('2001:db8:1::1', 0)).toBe(0);
});

test('[HP-CONN-3] no window has more, whatever the times, and who waits as told is let in', () => {
  const times = array(integer({ min: 0, max: 3 * SECOND }), { maxLength: 60 });
  assert(
    property(times, integer({ min: 1, max: 5 }), (gaps, most) => {
      const arrivals = new Arrivals({ arrivalsPerAddressMax: most, arrivalsWindowMs: 5_000 });
      const came: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        const waitUs = arrivals.enter('a', now);
        if (waitUs > 0) {
          now += waitUs;
          expect(arrivals.enter('a', now)).toBe(0);
        }
        came.push(now);
      }
      for (const [at, instant] of came.entries()) {
        const later = came[at + most];
        if (later !== undefined) expect(later - instant).toBeGreaterThanOrEqual(5 * SECOND);
      }
    }),
  );
});

test('addresses from which nobody comes any more are forgotten', () => {
  const arrivals = new Arrivals({ arrivalsPerAddressMax: 2, arrivalsWindowMs: 1_000 });
  for (let n = 0; n < 1_000; n += 1) arrivals.enter(`a${n}`, n * 10_000);
  expect(arrivals.addresses).toBeLessThanOrEqual(101);
});

test('who comes costs the same however many have come before', () => {
  const arrivals = new Arrivals({ arrivalsPerAddressMax: 1, arrivalsWindowMs: 10_000 });
  let came = 0;
  for (; came < 100_000; came += 1) arrivals.enter(`a${came}`, came);
  const before = process.cpuUsage();
  for (; came < 200_000; came += 1) arrivals.enter(`a${came}`, came);
  // Microseconds; a Map that is walked from its first hole takes twice as many.
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  expect(arrivals.addresses).toBeLessThanOrEqual(100_001);
});
