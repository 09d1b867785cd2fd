// Stands in for the simulator where the pool alone is tested: runs that cost nothing, and some that come to grief as
// their seeds say. Hangs and ends the thread as a real run might.

import type {
  Batch,
  BatchResult,
  Failure,
  Outcome,
} from '../../../src/sim/search/pool/seed-run.ts';

/** Seeds with these remainders by a thousand come to grief. */
export const griefs = { fails: 13, exits: 17, throws: 19, hangs: 23 } as const;

export function runBatch(batch: Batch): BatchResult {
  const { board, slot, seeds, twice } = batch;
  const outcomes = new Map<number, Outcome>();
  let events = 0;
  for (const [place, seed] of [...seeds, ...twice.toReversed()].entries()) {
    Atomics.store(board, slot, place);
    const grief = seed % 1_000;
    if (grief === griefs.exits) process.exit(3);
    if (grief === griefs.throws) throw new Error('out of reason');
    for (; grief === griefs.hangs;);
    events += 10;
    outcomes.set(seed, outcomeOf(seed, grief === griefs.fails ? failureOf(seed) : undefined));
  }
  return { outcomes: [...outcomes.values()], events, virtualUs: 0 };
}

function outcomeOf(seed: number, failure: Failure | undefined): Outcome {
  const marks = new Map([
    ['always', 1],
    ['in one', seed === 5 ? 3 : 0],
    ['never', 0],
  ]);
  return { seed, hash: `hash of ${seed}`, events: 10, virtualUs: 0, marks, failure };
}

function failureOf(seed: number): Failure {
  return { seed, property: 'a', requirements: [], where: '', at: 0, sentence: 'it failed' };
}
