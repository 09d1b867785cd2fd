// Which errands are run in a run, and when: two of three. Refuses to know what they are.

import { Prng } from '../../../actors/runtime/prng.ts';
import { firstErrands } from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { furtherErrands } from '../../records/errands/further/further.ts';
import type { ErranderPlan, PlannedErrand } from '../gateway-plan.ts';

export function drawErrander({
  seed,
  nodes,
  client,
}: {
  readonly seed: number;
  readonly nodes: number;
  readonly client: number;
}): ErranderPlan {
  const chance = new Prng(seed, 'errander');
  const node = chance.below(nodes);
  const drawn = drawnFrom(firstErrands, chance);
  const further = drawnFrom(
    furtherErrands.filter(({ isPart }) => isPart !== true),
    new Prng(seed, 'further errands'),
  );
  return { client, node, errands: [...drawn, ...further] };
}

function drawnFrom(errands: readonly Errand[], chance: Prng): readonly PlannedErrand[] {
  return (
    errands
      .filter(() => chance.chance(2, 3))
      // Some at once.
      .map(({ name }) => ({ name, atMs: chance.below(TIMES) * EVERY_MS }))
  );
}

const TIMES = 10;
const EVERY_MS = 400;
