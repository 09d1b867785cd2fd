// One lane of the simulator, as a thread of the pool runs it: seeds as drawn, under guard, judged by every property.

import { expectLongSearch } from '../../src/sim/search/engine.ts';
import { runSeed, type Subject } from '../../src/sim/search/pool/seed-run.ts';
import { serveRounds } from './rounds.ts';

/** Fewer are no mixture: three of the first twelve make half of their events. */
const SEEDS = 60;

const lane = process.argv[2] === 'object' ? 'object' : 'byte';
const subject: Subject = { choices: { lane }, only: 'broker', isCanary: false };

expectLongSearch();
serveRounds(() => {
  let events = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { outcome } = runSeed(subject, seed);
    if (outcome.failure !== undefined) throw new Error(`seed ${seed} fails, and measures nothing`);
    events += outcome.events;
  }
  return events;
});
