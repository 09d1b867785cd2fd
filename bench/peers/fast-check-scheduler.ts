// fast-check's scheduler, the usual way to draw interleavings in JavaScript: tasks that do nothing, drawn one after the
// other until none is left.

import { sample, scheduler } from 'fast-check';

import { serveRounds } from '../support/rounds.ts';

const TASKS = 50_000;
const IN_FLIGHT = 1_000;

serveRounds(async () => {
  let taken = 0;
  for (let batch = 0; batch < TASKS / IN_FLIGHT; batch += 1) {
    const [drawn] = sample(scheduler(), { numRuns: 1, seed: batch });
    if (drawn === undefined) throw new Error('fast-check drew no scheduler');
    for (let i = 0; i < IN_FLIGHT; i += 1)
      void drawn.schedule(Promise.resolve(i)).then(() => (taken += 1));
    await drawn.waitIdle();
  }
  return taken;
});
