// Which errands are run in a run, and when: two of three. Refuses to know what they are.

import { Prng } from '../../../actors/runtime/prng.ts';
import {
  firstErrands,
  laterErrands,
  latestErrands,
  patientErrands,
} from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
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
  const later = drawnFrom(laterErrands, new Prng(seed, 'further errands'));
  const latest = drawnFrom(latestErrands, new Prng(seed, 'latest errands'));
  const soon = [...drawn, ...later, ...latest];
  const patience = new Prng(seed, 'patient errands');
  if (!patience.chance(1, 3)) return { client, node, errands: soon };
  const patient = drawnFrom(patientErrands, patience, PATIENT_MS);
  return { client, node, isPatient: true, errands: [...soon, ...patient] };
}

/** Two of three, each in its time. */
export function drawnFrom(
  errands: readonly Errand[],
  chance: Prng,
  fromMs = 0,
): readonly PlannedErrand[] {
  return (
    errands
      .filter(({ isPart }) => isPart !== true)
      .filter(() => chance.chance(2, 3))
      // Some at once.
      .map(({ name, isLast }) => ({
        name,
        atMs: fromMs + (isLast === true ? LAST_MS : chance.below(TIMES) * EVERY_MS),
      }))
  );
}

const TIMES = 10;
const EVERY_MS = 400;
/** By then the others are over: some of these have all origins asked anew. */
const PATIENT_MS = 10_000;
/** Behind all that is waited for; see `plan/phases.ts`. */
const LAST_MS = 138_000;
