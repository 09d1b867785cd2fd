// One planted bug in a module graph of its own, where seeds run until it is ended. What nobody loads cannot be found, so
// a bug that did not come in is an error. Refuses to know which seeds are asked for, and when to stop.

import { parentPort, workerData } from 'node:worker_threads';

import type { Mutant } from '../mutants/mutant.ts';
import { plant } from './planting/plant.ts';
import { choicesOf, type Trial } from './planting/trials.ts';

export interface MutantTask {
  readonly mutant: Mutant;
  readonly trials: readonly Trial[];
}

/** What came of one run. `property` is undefined when nothing was found. */
export interface Finding extends Trial {
  readonly property: string | undefined;
  readonly sentence: string;
  readonly cpuMs: number;
}

export type MutantWord =
  | { readonly type: 'loaded' }
  | { readonly type: 'ran'; readonly finding: Finding };

/** A module of the dialects would be loaded before the bug is there. */
const DIALECT = 'broker';
/** No seed is passed over. */
const LAST_SEED = 0xffff_ffff;

await work(workerData as MutantTask);

async function work({ mutant, trials }: MutantTask): Promise<void> {
  const isPlanted = plant(mutant);
  // After the bug: what is registered last is asked first, and sites grow on the changed source.
  await import('./sites.ts');
  const { runBatch } = await import('./pool/seed-run.ts');
  if (!isPlanted()) throw new Error(`${mutant.name}: nothing loads ${mutant.file}`);
  tell({ type: 'loaded' });
  const board = new Uint32Array([LAST_SEED, 0]);
  for (const trial of trials) {
    const { seed, isTwice } = trial;
    const choices = choicesOf(mutant, trial);
    const subject = { choices, only: mutant.dialect ?? DIALECT, isCanary: false };
    const seeds = [seed];
    const before = process.threadCpuUsage();
    const { outcomes } = runBatch({
      subject,
      seeds,
      twice: isTwice ? seeds : [],
      stopsAtFailure: false,
      board,
      slot: 1,
    });
    const { user, system } = process.threadCpuUsage(before);
    const failure = outcomes[0]?.failure;
    const { property, sentence = '' } = failure ?? { property: undefined };
    tell({
      type: 'ran',
      finding: { ...trial, property, sentence, cpuMs: (user + system) / 1_000 },
    });
  }
}

function tell(word: MutantWord): void {
  parentPort?.postMessage(word);
}
