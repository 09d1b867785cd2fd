// Gateways that are nodes of one cluster: nothing goes wrong, nobody talks beside, and whoever holds on at one node is told
// what is published at another. A few runs of the gateway are of this kind.
// Refuses to run anything.

import { chatDefaults } from '../../../actors/chat/chat-options.ts';
import { clusterDefaults } from '../../../actors/cluster/cluster-options.ts';
import { gatewayDefaults } from '../../../actors/gateway/gateway-options.ts';
import { Prng } from '../../../actors/runtime/prng.ts';
import { drawPlan, type Plan, type PlanChoices } from '../../plan.ts';
import { abroadErrands } from '../../records/errands/all.ts';
import { errandOptions } from '../../records/errands/ways.ts';
import type { GatewayPlan } from '../gateway-plan.ts';
import { plainLink } from '../simpler.ts';
import { drawnFrom } from './draw-errands.ts';

/** Undefined where its seed has another run. */
export function drawGatewayCluster(choices: PlanChoices): Plan | undefined {
  const { seed, nodes = NODES } = choices;
  const chance = new Prng(seed, 'cluster of gateways');
  if (nodes < 2 || !chance.chance(1, ONE_IN)) return undefined;
  const plan = drawPlan({ ...choices, nodes, clients: 1 });
  const node = chance.below(nodes);
  const errands = drawnFrom(abroadErrands, chance, FROM_MS);
  const gateway: GatewayPlan = {
    options: { ...gatewayDefaults, ...errandOptions, subscriptionLingerMs: 200 },
    ...{ channels: [], origins: [], holders: [], sites: [] },
    errander: { client: 0, node, errands },
  };
  return {
    ...plan,
    ...{ mood: 'calm', sites: [], clients: [], faults: [], horizonUs: HORIZON_US, gateway },
    home: { ...plan.home, topicsMax: 100_000 },
    // Nobody speaks there.
    chat: {
      ...{ options: { ...chatDefaults, cluster: CLUSTER, allowPlaintext: true }, way: plainLink },
      cluster: { ...clusterDefaults, cluster: CLUSTER, dialMaxMs: 4_000 },
      ...{ talkers: [], strangers: [], crossers: [], faults: [] },
      skewsMs: Array.from({ length: nodes }, () => 0),
    },
  };
}

const CLUSTER = 'sim';
const NODES = 2;
/** Runs of the gateway. */
const ONE_IN = 12;
const HORIZON_US = 2_000_000;
/** Nodes know by then who wants what; see `plan/phases.ts`. */
const FROM_MS = 40_000;
