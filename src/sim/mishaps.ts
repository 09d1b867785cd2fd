// How each kind of fault befalls the world: what begins, and what ends it.
// Refuses to draw chance: what a fault is stands in its schedule.

import type { Fault } from './faults.ts';
import type { Port } from './ports.ts';
import type { Shard } from './shard.ts';
import type { Client } from './workload/client.ts';

/** What faults can lay hands on. */
export interface Mishappening {
  readonly now: number;
  readonly plan: { readonly nodes: number; readonly shards: number; readonly portUs: number };
  readonly clients: readonly Client[];
  readonly shards: readonly Shard[];
  readonly ports: readonly Port[];
  readonly refusingUntil: number[];
  clientOf(client: number): Client | undefined;
  crash(place: number, isTold: boolean, durationUs: number): void;
}

/**
 * Begins a fault, or ends it. Ending one that has ended already changes nothing, and neither does one whose target a
 * smaller plan has no more: nobody else inherits it.
 */
export function carryOut(world: Mishappening, fault: Fault, isEnd: boolean): void {
  const { target } = fault;
  const client = world.clientOf(target);
  const shard = world.shards[target];
  switch (fault.kind) {
    case 'stallDown':
    case 'stallUp':
    case 'stallBoth':
      stall(client, fault.kind, !isEnd);
      return;
    case 'slowLink':
      if (client !== undefined) client.link.extraLatencyUs = isEnd ? 0 : fault.amount;
      return;
    case 'reset':
      if (!isEnd) client?.connection?.reset();
      return;
    case 'cut':
      if (!isEnd && client?.connection !== undefined) client.connection.isCut = true;
      return;
    case 'storm':
      if (!isEnd)
        for (const each of world.clients) if (each.plan.node === target) each.connection?.reset();
      return;
    case 'refuse':
      if (target < world.plan.nodes)
        world.refusingUntil[target] = isEnd ? 0 : world.now + fault.durationUs;
      return;
    case 'pauseShard':
      shard?.pause(isEnd ? world.now : world.now + fault.durationUs);
      return;
    case 'slowShard':
      if (shard !== undefined) shard.slowness = isEnd ? 1 : fault.amount;
      return;
    case 'crashShard':
      if (!isEnd && shard?.isDead === false)
        world.crash(target, fault.amount === 1, fault.durationUs);
      return;
    case 'slowPorts':
      for (const port of world.ports) {
        if (Math.floor(port.fromPlace / world.plan.shards) !== target) continue;
        port.delayUsMax = isEnd ? world.plan.portUs : fault.amount;
      }
      return;
    case 'burst':
      if (!isEnd) client?.burst(fault.amount);
      return;
    default:
      fault.kind satisfies never;
  }
}

function stall(
  client: Client | undefined,
  kind: 'stallDown' | 'stallUp' | 'stallBoth',
  isStalled: boolean,
): void {
  if (client === undefined) return;
  const { link, connection } = client;
  if (kind !== 'stallUp') link.isStalledDown = isStalled;
  if (kind !== 'stallDown') link.isStalledUp = isStalled;
  if (isStalled) return;
  connection?.up.resume();
  connection?.down.resume();
}
