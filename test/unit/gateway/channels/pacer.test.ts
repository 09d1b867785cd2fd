// The rate of deliveries that an operator allows.

import { expect, test } from 'vitest';

import { Pacer } from '../../../../src/actors/gateway/channels/pacer.ts';

const second = 1_000_000;

test('without a rate nothing waits', () => {
  const pacer = new Pacer<string>({ messageRate: undefined, messageHwm: 1 });
  for (let at = 0; at < 100; at += 1) expect(pacer.isOpen(1_000_000, 0)).toBe(true);
  expect(pacer.take(0)).toEqual([]);
  expect(pacer.waitMs(0)).toBeUndefined();
});

test('a rate counts receivers, and a quiet quarter of a second is saved up', () => {
  const pacer = new Pacer<string>({ messageRate: 100, messageHwm: undefined });
  let now = 10 * second;
  const open = () => pacer.isOpen(10, now);
  expect([open(), open(), open(), open()]).toEqual([true, true, true, false]);
  expect(pacer.wait('a', 10, 1)).toBe(true);
  expect(pacer.wait('b', 10, 1)).toBe(true);
  expect(pacer.take(now)).toEqual([]);
  const waitMs = pacer.waitMs(now) ?? expect.fail('nothing waits');
  expect(waitMs).toBe(50);
  now += waitMs * 1_000;
  expect(pacer.take(now)).toEqual(['a']);
  // Who comes now waits behind who waits.
  expect(pacer.isOpen(1, now + 99_000)).toBe(false);
  expect(pacer.take(now + 100_000)).toEqual(['b']);
  expect(pacer.waitMs(now)).toBeUndefined();
});

test('[GRIP-LIMIT-4] what waits is bounded, in receivers', () => {
  const pacer = new Pacer<string>({ messageRate: 1, messageHwm: 10 });
  expect(pacer.isOpen(5, 0)).toBe(true);
  expect(pacer.wait('a', 6, 1)).toBe(true);
  expect(pacer.wait('b', 5, 1)).toBe(false);
  expect(pacer.wait('c', 4, 1)).toBe(true);
  expect(pacer.take(100 * second)).toEqual(['a']);
  expect(pacer.wait('d', 7, 1)).toBe(false);
  // What has gone waits no more.
  expect(pacer.wait('d', 6, 1)).toBe(true);
  expect(pacer.take(200 * second)).toEqual(['c']);
  expect(pacer.take(300 * second)).toEqual(['d']);
  expect(pacer.wait('e', 10, 1)).toBe(true);
});

test('[GRIP-LIMIT-4] and in bytes, whatever else is allowed', () => {
  const pacer = new Pacer<string>({ messageRate: 1, messageHwm: undefined });
  const half = 33_554_432 - 512;
  expect(pacer.isOpen(5, 0)).toBe(true);
  expect(pacer.wait('a', 5, half)).toBe(true);
  expect(pacer.wait('b', 5, half)).toBe(true);
  expect(pacer.wait('c', 0, 0)).toBe(false);
  expect(pacer.take(5 * second)).toEqual(['a']);
  expect(pacer.wait('c', 0, half)).toBe(true);
  expect(pacer.take(10 * second)).toEqual(['b']);
  expect(pacer.take(15 * second)).toEqual(['c']);
  expect(pacer.wait('d', 1, 3 * half)).toBe(true);
});

test('over a long time it is what it says', () => {
  const pacer = new Pacer<number>({ messageRate: 2_500, messageHwm: undefined });
  let now = 0;
  let sent = 0;
  for (let at = 0; at < 5_000; at += 1) {
    if (pacer.isOpen(1, now)) sent += 1;
    else pacer.wait(at, 1, 1);
  }
  while (now < second) {
    now += (pacer.waitMs(now) ?? expect.fail('nothing waits')) * 1_000;
    sent += pacer.take(now).length;
  }
  expect(sent).toBeGreaterThanOrEqual(2_490);
  expect(sent).toBeLessThanOrEqual(2_500 + 2_500 / 4 + 10);
});
