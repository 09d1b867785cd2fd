// A gateway of which little is allowed: few connections, few deliveries in a second, and pages of all sites may ask. Errands
// come one after the other, and nobody is beside them. A few runs of the gateway are of this kind.
// Refuses to run anything.

import { gatewayDefaults } from '../../../actors/gateway/gateway-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { drawPlan, type Plan, type PlanChoices } from '../../plan.ts';
import { narrowErrands } from '../../records/errands/all.ts';
import { narrowOptions } from '../../records/errands/patience/narrow.ts';
import { errandOptions } from '../../records/errands/ways.ts';
import type { GatewayPlan } from '../gateway-plan.ts';

/** Undefined where its seed has another run. */
export function drawNarrowGateway(choices: PlanChoices): Plan | undefined {
  const { seed } = choices;
  const chance = new Prng(seed, 'narrow gateway');
  if (!chance.chance(1, ONE_IN)) return undefined;
  // How much there is of everything is for one thread.
  const plan = drawPlan({ ...choices, nodes: 1, shards: 1, clients: 1 });
  const errands = narrowErrands
    .filter(({ isPart }) => isPart !== true)
    .filter(() => chance.chance(2, 3))
    .map(({ name }, place) => ({ name, atMs: place * EVERY_MS }));
  const gateway: GatewayPlan = {
    options: { ...gatewayDefaults, ...errandOptions, ...narrowOptions },
    ...{ channels: [], origins: [], holders: [], sites: [] },
    errander: { client: 0, node: 0, isPatient: true, errands },
  };
  return {
    ...plan,
    ...{ mood: 'calm', sites: [], clients: [], faults: [], horizonUs: HORIZON_US, gateway },
  };
}

/** Runs of the gateway. */
const ONE_IN = 20;
const HORIZON_US = 1_000_000;
/** Each is over by then. */
const EVERY_MS = 12_000;
