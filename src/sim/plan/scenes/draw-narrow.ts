// Gateways at which errands come one after the other, and nobody is beside them: one of which little is allowed (few
// connections, few deliveries in a second, and pages of all sites may ask), and one whose threads die when an errand says so.
// A few runs of the gateway are of these kinds.
// Refuses to run anything.

import { gatewayDefaults, type GatewayOptions } from '../../../actors/gateway/gateway-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { drawPlan, type Plan, type PlanChoices } from '../../plan.ts';
import { mortalErrands, narrowErrands } from '../../records/errands/all.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { narrowOptions } from '../../records/errands/patience/narrow.ts';
import { errandOptions } from '../../records/errands/ways.ts';
import type { GatewayPlan } from '../gateway-plan.ts';

/** Undefined where its seed has another run. */
export function drawNarrowGateway(choices: PlanChoices): Plan | undefined {
  const { seed } = choices;
  const chance = new Prng(seed, 'narrow gateway');
  // How much there is of everything is for one thread.
  if (chance.chance(1, NARROW_IN))
    return lonely({ ...choices, shards: 1 }, narrowErrands, chance, narrowOptions, CHANNELS);
  const another = new Prng(seed, 'mortal gateway');
  if (!another.chance(1, MORTAL_IN)) return undefined;
  return lonely({ ...choices, shards: 2 }, mortalErrands, another, {});
}

function lonely(
  choices: PlanChoices,
  all: readonly Errand[],
  chance: Prng,
  options: Partial<GatewayOptions>,
  topicsMax = 100_000,
): Plan {
  const plan = drawPlan({ ...choices, nodes: 1, clients: 1 });
  const errands = all
    .filter(({ isPart }) => isPart !== true)
    .filter(() => chance.chance(2, 3))
    .map(({ name }, place) => ({ name, atMs: place * EVERY_MS }));
  const gateway: GatewayPlan = {
    options: { ...gatewayDefaults, ...errandOptions, subscriptionLingerMs: 200, ...options },
    ...{ channels: [], origins: [], holders: [], sites: [] },
    errander: { client: 0, node: 0, isPatient: true, errands },
  };
  return {
    ...plan,
    ...{ mood: 'calm', sites: [], clients: [], faults: [], horizonUs: HORIZON_US, gateway },
    home: { ...plan.home, topicsMax },
  };
}

/** Runs of the gateway. */
const NARROW_IN = 20;
const MORTAL_IN = 20;
/** That may be followed at a time, where little is allowed. */
const CHANNELS = 3;
const HORIZON_US = 1_000_000;
/** Each is over by then. */
const EVERY_MS = 12_000;
