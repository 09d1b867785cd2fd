// How late a thread is, as it measures itself.

import { expect, test } from 'vitest';
import { watchLag } from '../../../src/transports/cluster/loop-lag.ts';

test('[HP-MEMBER-13] a thread that is busy again and again finds out that it is late, and that it is not any more', async () => {
  const told: number[] = [];
  let isBusy = true;
  const lag = watchLag((p99Ms) => told.push(p99Ms), 400);
  const work = (): void => {
    const until = performance.now() + 300;
    while (performance.now() < until);
    if (isBusy) setImmediate(() => setTimeout(work, 1));
  };
  work();
  await expect.poll(() => told.some((p99Ms) => p99Ms > 200), { timeout: 15_000 }).toBe(true);
  isBusy = false;
  const before = told.length;
  await expect
    .poll(() => told.slice(before + 1).some((p99Ms) => p99Ms < 200), { timeout: 15_000 })
    .toBe(true);
  lag.end();
});
