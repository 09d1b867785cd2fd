// One planted bug, as whoever meets its failure sees it: seeds run until one breaks a property, and its plan is shrunk.
// A thread of its own, because a module graph holds one bug.

import { parentPort, workerData } from 'node:worker_threads';

import type { Mutant } from '../../src/sim/mutants/mutant.ts';
import { plant } from '../../src/sim/search/planting/plant.ts';
import { choicesOf, trialsFor } from '../../src/sim/search/planting/trials.ts';

/** Of the shrunk plan, and what it took to come to it. */
export interface PlantedStory {
  readonly faults: number;
  /** Clients, holders, talkers and whoever else acts. */
  readonly actors: number;
  readonly nodes: number;
  readonly events: number;
  readonly simulations: number;
  readonly cpuSeconds: number;
}

/** Seeds that a bug may survive here: this is not about whether it is found. */
const SEEDS = 60;
const DIALECT = 'broker';

parentPort?.postMessage(await storyOf(workerData as Mutant));

/** Undefined when no seed breaks a property, or a run does not come to its end. */
async function storyOf(mutant: Mutant): Promise<PlantedStory | undefined> {
  plant(mutant);
  await import('../../src/sim/search/sites.ts');
  const { dialectOf } = await import('../../src/sim/search/dialects.ts');
  const { guarded } = await import('../../src/sim/search/guard.ts');
  const { shrinkPlan } = await import('../../src/sim/search/shrink.ts');
  const { simulate } = await import('../../src/sim/simulate.ts');
  const { membersOf, mishapsIn } = await import('../../src/sim/plan/plainer.ts');
  const { draw, judges } = dialectOf(mutant.dialect ?? DIALECT);
  for (const trial of trialsFor(mutant, SEEDS)) {
    const whole = draw(choicesOf(mutant, trial));
    const { violations } = guarded(() => simulate(whole, undefined, judges, undefined, false));
    const [violation] = violations;
    if (violation === undefined) continue;
    const before = process.threadCpuUsage();
    const { plan, report, simulations } = shrinkPlan(whole, violation.property, { judges });
    const { user, system } = process.threadCpuUsage(before);
    return {
      faults: mishapsIn(plan).length,
      actors: membersOf(plan).length,
      nodes: plan.nodes,
      events: report.events,
      simulations,
      cpuSeconds: (user + system) / 1e6,
    };
  }
  return undefined;
}
