// How short a failure ends as a story, and how soon: every fourth planted bug is looked for, and the plan of the first
// seed that it breaks is shrunk.

import { Worker } from 'node:worker_threads';

import { mutants } from '../src/sim/mutants/all.ts';
import { elusive } from '../src/sim/mutants/elusive.ts';
import type { Mutant } from '../src/sim/mutants/mutant.ts';
import type { PlantedStory } from './support/planted-story.ts';
import { table } from './support/table.ts';

const EVERY = 4;
const FAULTS_MAX = 3;
const figures: readonly (readonly [name: string, of: (story: PlantedStory) => number])[] = [
  ['faults', ({ faults }) => faults],
  ['who acts', ({ actors }) => actors],
  ['nodes', ({ nodes }) => nodes],
  ['events', ({ events }) => events],
  ['runs to shrink it', ({ simulations }) => simulations],
  ['CPU seconds to shrink it', ({ cpuSeconds }) => cpuSeconds],
];

export async function run(): Promise<void> {
  const chosen = mutants
    .filter(({ name }) => !elusive.has(name))
    .filter((_, index) => index % EVERY === 0);
  const stories: PlantedStory[] = [];
  for (const mutant of chosen) {
    const story = await storyOf(mutant);
    if (story !== undefined) stories.push(story);
  }
  const rows = figures.map(([name, of]) => {
    const sorted = stories.map(of).toSorted((one, other) => one - other);
    return [name, ...[0.5, 0.95, 1].map((share) => rounded(quantile(sorted, share)))];
  });
  console.log(table([`${stories.length} stories`, 'median', '95 of 100', 'at most'], rows));
  const short = stories.filter(({ faults }) => faults <= FAULTS_MAX).length;
  console.log(
    `${short} of ${stories.length} have at most ${FAULTS_MAX} faults; ${chosen.length} bugs were planted`,
  );
}

function storyOf(mutant: Mutant): Promise<PlantedStory | undefined> {
  const url = new URL('support/planted-story.ts', import.meta.url);
  const worker = new Worker(url, { workerData: mutant, execArgv: [] });
  return new Promise((resolve) => {
    worker.once('message', resolve);
    // A bug that ends its thread leaves no story.
    worker.once('error', () => resolve(undefined));
  });
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
