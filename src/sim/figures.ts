// What the trace is told of nodes and shards: what they start with, what waits and what is out while a run lasts, and
// what is held at its end.
// Refuses to judge them.

import type { RouterState } from '../actors/routing/router-state.ts';
import { homeOf } from '../actors/routing/topic.ts';
import { WINDOW_BYTES } from '../actors/runtime/edges.ts';
import type { Plan } from './plan.ts';
import { tellWaiting } from './records/books.ts';
import type { Shard, ShardPlan } from './shard.ts';
import type { Trace } from './trace.ts';

export function recordStart(trace: Trace, plan: Plan): void {
  const { seed, shards, broker, home, faults, sites } = plan;
  trace.add({ kind: 'began', seed, shards, homes: homesOf(plan), faults, broker, home, sites });
}

export function sampleShards(trace: Trace, shards: readonly Shard[]): void {
  for (const { plan, router, system, web, isDead } of shards) {
    if (isDead) continue;
    trace.add({
      kind: 'sampled',
      node: plan.node,
      shard: plan.shard,
      waiting: system.waiting,
      waitingMax: WAITING_MAX,
      outstandingBytes: web.takeOutstandingMax(),
      outstandingBytesMax: WINDOW_BYTES - 1,
    });
    if (router !== undefined) sampleQueues(trace, plan, router);
  }
  tellWaiting(trace, shards);
}

function sampleQueues(trace: Trace, { node, shard, broker }: ShardPlan, router: RouterState): void {
  let queuedBytes = 0;
  let stalledUs = 0;
  for (const { outbox, progressAt, stallTimeoutMs: timeoutMs } of router.streams.values()) {
    // Other dialects' streams have limits of their own.
    const isBrokers =
      outbox.queueBytesMax === broker.queueBytesMax && timeoutMs === broker.stallTimeoutMs;
    // [BROKER-SLOW-6] What waits for an answer of ours, and not for the network, may be more.
    if (!isBrokers || !outbox.isStalled) continue;
    queuedBytes = Math.max(queuedBytes, outbox.queuedBytes);
    stalledUs = Math.max(stalledUs, trace.now - progressAt);
  }
  if (queuedBytes === 0) return;
  const { queueBytesMax, stallTimeoutMs } = broker;
  const stallTimeoutUs = stallTimeoutMs * 1_000;
  const where = { node, shard, queueBytesMax, stallTimeoutUs };
  trace.add({ kind: 'lagged', queuedBytes, stalledUs, ...where });
}

export function tellFollowed(trace: Trace, shards: readonly Shard[]): void {
  for (const { plan, ears, isDead } of shards) {
    const { node, shard } = plan;
    if (isDead || ears === undefined) continue;
    trace.add({ kind: 'followedTold', node, shard, followed: ears.followed });
  }
}

export function countShards(trace: Trace, shards: readonly Shard[]): void {
  for (const { plan, system, web, ears, isDead } of shards) {
    if (isDead) continue;
    const { node, shard } = plan;
    const { gatewayConnections: connections } = web;
    if (ears !== undefined)
      trace.add({ kind: 'gatewayCounted', node, shard, connections, followed: ears.followed });
    trace.add({
      kind: 'counted',
      node: plan.node,
      shard: plan.shard,
      // Those of a chat and between nodes have an actor each, and clients of their own who say what is left.
      connections: web.connections - web.tcpConnections,
      actors: system.actors - web.tcpConnections,
      actorsAlways: actorsAlways(plan),
    });
  }
}

/**
 * The router, the home and the door; of a gateway its two doors and the keeper of channels, and on one the control; of a
 * chat its door and two keepers; of a cluster three on one.
 */
function actorsAlways({ gateway, chat, cluster, shard }: ShardPlan): number {
  const isFirst = shard === 0 ? 1 : 0;
  const ofGateway = gateway === undefined ? 0 : 3 + isFirst;
  return 3 + ofGateway + (chat === undefined ? 0 : 3) + (cluster === undefined ? 0 : 3 * isFirst);
}

const WAITING_MAX = 50_000;

function homesOf({ clients, shards }: Plan): (readonly [string, number])[] {
  const topics = new Set(clients.flatMap((client) => [...client.topics, ...client.publishes]));
  return [...topics].map((topic) => [topic, homeOf(`broker/${topic}`, shards)]);
}
