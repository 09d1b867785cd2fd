// The proof of the proof: plants each bug of mutants/ in turn and lets the simulator look for it, seed by seed, until
// a property is broken. Each bug has a worker of its own, because a module graph holds one bug; a worker that does
// not come back from a seed, or fills its memory, has found it, too. Refuses to judge: invariants do. ADR 0018.

import { Worker } from 'node:worker_threads';

import { mutants } from '../mutants/all.ts';
import { elusive } from '../mutants/elusive.ts';
import type { Mutant } from '../mutants/mutant.ts';
import type { Finding, MutantTask, MutantWord } from './mutant-worker.ts';
import { DIALECT, dialectNames } from './dialects.ts';
import { trialsFor } from './planting/trials.ts';
import { failureKinds } from './pool/seed-run.ts';

export interface MutateOptions {
  /** Seeds that a bug may survive; one more, and it is missed. */
  readonly seedsMax: number;
  /** Bugs that are looked for at the same time. */
  readonly threads: number;
  /** Only bugs whose name holds this, or bugs of the dialect of this name. */
  readonly only?: string | undefined;
  readonly say: (line: string) => void;
  /** Instead of all that the house knows. */
  readonly planted?: readonly Mutant[] | undefined;
  /** A seed that takes longer does not end. */
  readonly seedMsMax?: number | undefined;
}

export interface Hunt {
  readonly mutant: Mutant;
  /** Undefined when the bug was missed. */
  readonly found: Finding | undefined;
  /** Seeds run, and how many of them found it; some more are run after the first where that is cheap. */
  readonly seeds: number;
  readonly hits: number;
  readonly cpuMs: number;
}

export interface Mutated {
  /** Those of which it is not said that they are. */
  readonly missed: readonly string[];
  readonly hunts: readonly Hunt[];
}

/** How a run can end other than by an invariant; a bug that brings that about is found. */
export const badEnds: readonly string[] = [...Object.values(failureKinds), 'memory'];

/** Looks for every bug; `say` gets a row for each, in their order, and a summary. */
export async function mutate({
  seedsMax,
  threads,
  only = '',
  say,
  planted,
  seedMsMax = SEED_MS_MAX,
}: MutateOptions): Promise<Mutated> {
  const all = planted ?? mutants;
  const isDialect = dialectNames.includes(only);
  const chosen = all.filter((mutant) =>
    isDialect ? dialectOf(mutant) === only : mutant.name.includes(only),
  );
  if (planted === undefined)
    for (const dialect of new Set(chosen.map(dialectOf))) await control(dialect, seedMsMax);
  const rows = tableOf(chosen, say);
  const hunts: Hunt[] = [];
  const patienceFor = ({ name }: Mutant): number =>
    elusive.has(name) ? Math.min(seedsMax, ELUSIVE_SEEDS) : seedsMax;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < chosen.length; at = next++) {
      const mutant = chosen[at];
      if (mutant === undefined) return;
      hunts[at] = await hunt({ mutant, trials: trialsFor(mutant, patienceFor(mutant)) }, seedMsMax);
      rows(hunts);
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, chosen.length) }, worker));
  const missed = namesOf(
    hunts.filter(({ found, mutant }) => found === undefined && !isElusive(mutant)),
  );
  say(summary(hunts, missed));
  for (const name of namesOf(
    hunts.filter(({ found, mutant }) => found !== undefined && isElusive(mutant)),
  ))
    say(`${name} is found now: take it off the list of src/sim/mutants/elusive.ts`);
  return { missed, hunts };
}

function isElusive({ name }: Mutant): boolean {
  return elusive.has(name);
}

function namesOf(hunts: readonly Hunt[]): string[] {
  return hunts.map(({ mutant }) => mutant.name);
}

function dialectOf({ dialect = DIALECT }: Mutant): string {
  return dialect;
}

/** What is found where nothing is planted makes every other find worthless. */
async function control(dialect: string, seedMsMax: number): Promise<void> {
  const mutant = { ...NOTHING, dialect };
  const { found } = await hunt({ mutant, trials: trialsFor(mutant, CONTROL_SEEDS) }, seedMsMax);
  if (found === undefined) return;
  const { seed, lane, property = '', sentence } = found;
  throw new Error(`no bug is planted, and seed ${seed} ${lane} breaks ${property}: ${sentence}`);
}

function hunt(task: MutantTask, seedMsMax: number): Promise<Hunt> {
  const { mutant } = task;
  const worker = new Worker(new URL('./mutant-worker.ts', import.meta.url), {
    workerData: task,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  let found: Finding | undefined;
  let isLoaded = false;
  let seeds = 0;
  let hits = 0;
  let cpuMs = 0;
  return new Promise((resolve, reject) => {
    let patience = setTimeout(tooLong, LOAD_MS_MAX);
    worker.on('message', (word: MutantWord) => {
      isLoaded = true;
      clearTimeout(patience);
      if (word.type === 'ran') note(word.finding);
      if (isOver()) finish();
      else patience = setTimeout(tooLong, seedMsMax);
    });
    worker.once('error', (error) => {
      const { code } = error as { readonly code?: string };
      if (code === 'ERR_WORKER_OUT_OF_MEMORY') end('memory', `more than ${MEMORY_MB} MiB`);
      else if (isLoaded) end('crash', String(error));
      else fail(error);
    });

    function tooLong(): void {
      if (isLoaded) end('timeout', `no end within ${seedMsMax} ms`);
      else fail(`not loaded within ${LOAD_MS_MAX} ms`);
    }

    /** A bug that did not come in is no bug that was missed. */
    function fail(error: unknown): void {
      clearTimeout(patience);
      void worker.terminate();
      reject(error instanceof Error ? error : new Error(`${mutant.name}: ${String(error)}`));
    }

    function end(property: string, sentence: string): void {
      const trial = task.trials[seeds];
      if (trial !== undefined) note({ ...trial, property, sentence, cpuMs: 0 });
      finish();
    }

    function note(finding: Finding): void {
      seeds += 1;
      cpuMs += finding.cpuMs;
      if (finding.property === undefined) return;
      hits += 1;
      found ??= finding;
    }

    function isOver(): boolean {
      if (seeds === task.trials.length) return true;
      return found !== undefined && (seeds >= RATE_SEEDS || cpuMs > RATE_CPU_MS);
    }

    function finish(): void {
      clearTimeout(patience);
      void worker.terminate();
      resolve({ mutant, found, seeds, hits, cpuMs });
    }
  });
}

/** Writes the head now, and each row when it and all before it are known. */
function tableOf(
  chosen: readonly Mutant[],
  say: MutateOptions['say'],
): (hunts: readonly (Hunt | undefined)[]) => void {
  const nameWidth = Math.max(6, ...chosen.map(({ name }) => name.length));
  const breaksWidth = Math.max(6, ...chosen.map(({ breaks }) => breaks.join(', ').length));
  const row = (cells: readonly [string, string, string, string, string, string, string]): string =>
    [
      cells[0].padEnd(nameWidth),
      cells[1].padEnd(breaksWidth),
      cells[2].padEnd(FOUND_WIDTH),
      ...cells.slice(3).map((cell) => cell.padStart(NUMBER_WIDTH)),
    ].join('  ');
  say(row(['mutant', 'breaks', 'found by', 'seed', 'seeds', 'CPU s', 'rate']));
  let told = 0;
  return (hunts) => {
    for (let known = hunts[told]; known !== undefined; known = hunts[told]) {
      const { mutant, found, seeds, hits, cpuMs } = known;
      const isNamed = found?.property !== undefined && mutant.breaks.includes(found.property);
      say(
        row([
          mutant.name,
          mutant.breaks.join(', '),
          found === undefined
            ? wordOfMiss(mutant)
            : `${found.property ?? ''}${isNamed ? '' : ' (not named)'}`,
          found === undefined ? '-' : `${found.seed} ${found.lane}`,
          String(seeds),
          (cpuMs / 1_000).toFixed(1),
          `${hits}/${seeds}`,
        ]),
      );
      told += 1;
    }
  };
}

function wordOfMiss(mutant: Mutant): string {
  return isElusive(mutant) ? 'not found, as known' : 'MISSED';
}

function summary(hunts: readonly Hunt[], missed: readonly string[]): string {
  const cpuS = (hunts.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1_000).toFixed(1);
  const within = (most: number): number =>
    hunts.filter(({ found }) => found !== undefined && found.seed <= most).length;
  const found = hunts.filter(({ found: finding }) => finding !== undefined).length;
  const known = hunts.length - found - missed.length;
  const rest = missed.length === 0 ? 'none missed' : `missed: ${missed.join(', ')}`;
  return `${hunts.length} planted bugs, ${within(10)} found within 10 seeds, ${within(100)} within 100, ${found} in all, ${known} not found as known, ${cpuS} CPU s; ${rest}`;
}

const NOTHING: Mutant = {
  name: 'nothing',
  breaks: [],
  requirements: [],
  file: 'node.ts',
  find: '// The roof',
  replace: '// The roof',
  story: 'No bug at all.',
};
const CONTROL_SEEDS = 6;
/** Whoever is known to hide is looked for a little, so that it is noticed when that is over. */
const ELUSIVE_SEEDS = 24;
/** For a turn that does not end: too many events end a run by themselves. Busy machines take their time. */
const SEED_MS_MAX = 120_000;
const LOAD_MS_MAX = 60_000;
const MEMORY_MB = 768;
/** After it is found a bug is looked for in so many seeds in all, as long as that costs no more than this. */
const RATE_SEEDS = 10;
const RATE_CPU_MS = 2_000;
const FOUND_WIDTH = 28;
const NUMBER_WIDTH = 10;
