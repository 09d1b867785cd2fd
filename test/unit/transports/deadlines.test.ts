// Lines of things that wait equally long share one coarse timer, which rests while nobody waits.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Deadlines } from '../../../src/transports/sockets/deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('what waits is due in its order, never early and at most a quarter of a second late', () => {
  const deadlines = new Deadlines();
  const due: string[] = [];
  const short = deadlines.line(1_000, (item: string) => due.push(item));
  const long = deadlines.line(3_000, (item: string) => due.push(item));
  long.add('long');
  short.add('first');
  vi.advanceTimersByTime(100);
  short.add('second');
  short.add('first'); // waits already
  short.add('left');
  short.delete('left');
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(899);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(251);
  expect(due).toEqual(['first', 'second']);
  vi.advanceTimersByTime(2_000);
  expect(due).toEqual(['first', 'second', 'long']);
});

test('nobody waits, nothing ticks', () => {
  const deadlines = new Deadlines();
  const line = deadlines.line(1_000, (item: string) => {
    if (item === 'again') line.add('once more');
  });
  expect(vi.getTimerCount()).toBe(0);
  line.add('again');
  vi.advanceTimersByTime(1_500);
  expect([vi.getTimerCount(), line.size]).toEqual([1, 1]);
  vi.advanceTimersByTime(1_500);
  expect([vi.getTimerCount(), line.size]).toEqual([0, 0]);
  line.add('later');
  deadlines.remove(line);
  vi.advanceTimersByTime(1_500);
  expect(vi.getTimerCount()).toBe(0);
});
