// One planted bug in a module graph of its own: changes one source text as it is loaded, before its types are
// stripped, and runs seeds until it is ended. What nobody loads cannot be found, so a bug that did not come in is an
// error. Refuses to know which seeds are asked for, and when to stop.

import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

import type { Lane } from '../edges/web.edge.ts';
import { type Mutant, planted } from '../mutants/mutant.ts';

/** One run: the seed, its lane, and whether its world is as large as drawn. */
export interface Trial {
  readonly seed: number;
  readonly lane: Lane;
  readonly isWhole: boolean;
  /** Two runs, which must be equal. */
  readonly isTwice: boolean;
}

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
const SMALL_CLIENTS = 12;
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
    const { seed, lane, isWhole, isTwice } = trial;
    const small = { lane, nodes: nodesOf(mutant, seed), clients: SMALL_CLIENTS };
    const choices = isWhole ? { lane } : small;
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

/** Of a small world: what lies between nodes does not show in one, and of the rest of a chat some does, and some does not. */
function nodesOf({ nodes, file, dialect }: Mutant, seed: number): number {
  if (nodes !== undefined || dialect !== 'chat') return nodes ?? 1;
  if (/^cluster\/|\/nodes\//.test(file)) return 3;
  return seed % 4 < 2 ? 1 : 2;
}

/** Has the source changed when it is loaded; the returned question tells whether that was so. */
function plant(mutant: Mutant): () => boolean {
  const url = new URL(`../../actors/${mutant.file}`, import.meta.url).href;
  let isPlanted = false;
  registerHooks({
    load(asked, context, nextLoad) {
      const loaded = nextLoad(asked, context);
      if (asked !== url) return loaded;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      isPlanted = true;
      return { ...loaded, source: planted(text, mutant) };
    },
  });
  return () => isPlanted;
}

function tell(word: MutantWord): void {
  parentPort?.postMessage(word);
}
