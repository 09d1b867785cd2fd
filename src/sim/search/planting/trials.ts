// Which worlds a planted bug is looked for in: both lanes in turn, and mostly small ones, which are cheap.
// Refuses to load what a bug may be planted in.

import type { Lane } from '../../edges/web.edge.ts';
import type { Mutant } from '../../mutants/mutant.ts';
import type { PlanChoices } from '../../plan.ts';

/** One run: the seed, its lane, and whether its world is as large as drawn. */
export interface Trial {
  readonly seed: number;
  readonly lane: Lane;
  readonly isWhole: boolean;
  /** Two runs, which must be equal. */
  readonly isTwice: boolean;
}

/** Both lanes in turn, or the one that has bytes; two small worlds, which are cheap, to one as it is drawn. */
export function trialsFor({ file }: Mutant, count: number): Trial[] {
  const needsBytes = file.startsWith('codecs/');
  return Array.from({ length: count }, (_, index) => ({
    seed: index + 1,
    lane: needsBytes || index % 2 === 0 ? 'byte' : 'object',
    isWhole: index % 3 === 2,
    isTwice: index < 2,
  }));
}

/** What is fixed of a trial's world. */
export function choicesOf(mutant: Mutant, { seed, lane, isWhole }: Trial): PlanChoices {
  if (isWhole) return { seed, lane };
  return { seed, lane, nodes: nodesOf(mutant, seed), clients: SMALL_CLIENTS };
}

/** Of a small world: what lies between nodes does not show in one, and of the rest of a chat some does, and some does not. */
function nodesOf({ nodes, file, dialect }: Mutant, seed: number): number {
  if (nodes !== undefined || dialect !== 'chat') return nodes ?? 1;
  if (/^cluster\/|\/nodes\//.test(file)) return 3;
  return seed % 4 < 2 ? 1 : 2;
}

const SMALL_CLIENTS = 12;
