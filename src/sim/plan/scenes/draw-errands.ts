// Which errands are run in a run, and when: two of three. Refuses to know what they are.

import { Prng } from '../../../actors/runtime/prng.ts';
import { errands } from '../../records/errands/all.ts';
import type { ErranderPlan } from '../gateway-plan.ts';

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
  const drawn = errands
    .filter(() => chance.chance(2, 3))
    // Some at once.
    .map(({ name }) => ({ name, atMs: chance.below(TIMES) * EVERY_MS }));
  return { client, node, errands: drawn };
}

const TIMES = 10;
const EVERY_MS = 400;
