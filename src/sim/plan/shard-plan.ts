// What one simulated thread is started with, out of the plan of the whole run. Refuses to know what it does with it.

import type { Processes } from '../faults/processes.ts';
import type { Plan } from '../plan.ts';
import type { ShardPlan } from '../shard.ts';
import { bridges } from '../records/errands/bridges.ts';
import { gatewayStartOf } from './gateway-plan.ts';

interface World {
  readonly plan: Plan;
  readonly processes: Processes | undefined;
  readonly gateway: { editionOf(node: number): number } | undefined;
}

/** For the thread at a place, counted over all nodes; its process is begun where it has none. */
export function shardPlanOf({ plan, processes, gateway: its }: World, place: number): ShardPlan {
  const { seed, shards, lane, broker, home, receiptBytes, serviceUs, fineTurns, sites, gateway } =
    plan;
  const joined = plan.chat === undefined ? gateway && bridges : plan.chat.bridges;
  const [node, shard] = [Math.floor(place / shards), place % shards];
  const { chat, cluster } = processes?.starting(node, shard) ?? {};
  return {
    ...{ place, node, shard, shards, seed, broker, home, serviceUs, fineTurns, chat, cluster },
    // Nodes with a chat speak bytes at all doors.
    lane: chat === undefined ? lane : 'byte',
    // A window is never smaller than two receipts.
    receiptBytes: sites.includes('tiny-window') ? 1 : receiptBytes,
    sites: gateway === undefined ? sites : [...sites, ...gateway.sites],
    bridge: joined ?? [],
    gateway: gatewayStartOf(gateway, its?.editionOf(node) ?? 0),
  };
}
