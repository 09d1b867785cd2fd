// The event loop of the simulator and nothing else: what a simulation could reach if its world, its actors and its
// judges cost nothing. Ten thousand events in flight, each asking for the next at a drawn instant.

import { Prng } from '../../src/actors/runtime/prng.ts';
import { Scheduler } from '../../src/sim/scheduler.ts';
import { serveRounds } from '../support/rounds.ts';

const EVENTS = 3_000_000;
const IN_FLIGHT = 10_000;

serveRounds(() => {
  const scheduler = new Scheduler();
  const chance = new Prng(1, 'bench');
  for (let i = 0; i < IN_FLIGHT; i += 1) scheduler.push(chance.below(10_000), 0, i, 0);
  while (scheduler.taken < EVENTS && scheduler.pop())
    scheduler.push(scheduler.now + chance.below(10_000), 0, scheduler.a, 0);
  return scheduler.taken;
});
