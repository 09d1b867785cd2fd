// How each kind of fault befalls the world: what begins, what comes again, and what ends it.
// Refuses to draw chance: what a fault is stands in its schedule.

import type { Port } from '../ports.ts';
import type { Shard } from '../shard.ts';
import { abort, burst, leaveForever } from '../workload/befallen.ts';
import { Client } from '../workload/client.ts';
import type { Crosser } from '../workload/chat/crosser.ts';
import type { Talker } from '../workload/chat/talker.ts';
import type { Holder } from '../workload/gateway/holder.ts';
import type { Fault } from './faults.ts';
import type { Front } from './front.ts';

/** What faults can lay hands on. */
export interface Mishappening {
  readonly now: number;
  readonly plan: {
    readonly nodes: number;
    readonly shards: number;
    readonly portUs: number;
    readonly horizonUs: number;
  };
  /** Clients of every kind. */
  readonly parties: readonly Party[];
  readonly shards: readonly Shard[];
  readonly ports: readonly Port[];
  /** By node. */
  readonly fronts: readonly Front[];
  /** By node: how much later than usual deaths of its threads are noticed. */
  readonly noticeDelaysUs: number[];
  clientOf(client: number): Party | undefined;
  /** A thread dies; `durationUs` later a fresh one takes its place. */
  crash(place: number, isTold: boolean, durationUs: number): void;
  /** A process dies for ever. */
  kill(node: number): void;
  /** All threads of a process die at once. */
  processDies(node: number): void;
}

/** Whoever has a way to a node. */
export type Party = Client | Holder | Talker | Crosser;

/** The turns of a fault: it begins, it ends, and whatever comes between, numbered on. */
export const turns = { begin: 0, end: 1, again: 2 } as const;

/**
 * Has one turn of a fault happen; returns how much later it wants another turn, undefined for none. Ending one that
 * has ended already changes nothing, and neither does one whose target a smaller plan has no more: nobody else
 * inherits it.
 */
export function carryOut(world: Mishappening, fault: Fault, turn: number): number | undefined {
  switch (targets[fault.kind]) {
    case 'link':
      return befallLink(world.clientOf(fault.target), fault, turn);
    case 'client':
      if (turn === turns.begin) befallClient(world.clientOf(fault.target), fault);
      return undefined;
    case 'front':
      befallFront(world.fronts[fault.target], fault, turn !== turns.end);
      return undefined;
    case 'shard':
      befallShard(world, fault, turn !== turns.end);
      return undefined;
    default:
      return befallNode(world, fault, turn);
  }
}

type Target = 'link' | 'client' | 'front' | 'shard' | 'node';

const targets: Readonly<Record<Fault['kind'], Target>> = {
  stallDown: 'link',
  stallUp: 'link',
  stallBoth: 'link',
  flap: 'link',
  slowLink: 'link',
  narrowLink: 'link',
  reset: 'client',
  cut: 'client',
  halfOpen: 'client',
  halfClose: 'client',
  abort: 'client',
  leaveForever: 'client',
  burst: 'client',
  refuse: 'front',
  blackhole: 'front',
  lostAccept: 'front',
  noDescriptors: 'front',
  pauseShard: 'shard',
  lateTimers: 'shard',
  slowShard: 'shard',
  crashShard: 'shard',
  storm: 'node',
  partition: 'node',
  isolate: 'node',
  swizzle: 'node',
  pauseNode: 'node',
  crashNode: 'node',
  crashLoop: 'node',
  killNode: 'node',
  restartNode: 'node',
  stallMain: 'node',
  slowPorts: 'node',
};

function befallLink(client: Party | undefined, fault: Fault, turn: number): number | undefined {
  if (client === undefined) return undefined;
  const { link } = client;
  const isEnd = turn === turns.end;
  switch (fault.kind) {
    case 'slowLink':
      link.extraLatencyUs = isEnd ? 0 : fault.amount;
      return undefined;
    case 'narrowLink':
      link.bytesPerSecond = isEnd ? 0 : fault.amount;
      if (isEnd) for (const pipe of [client.connection?.up, client.connection?.down]) pipe?.hurry();
      return undefined;
    case 'flap':
      stall(client, 'both', !isEnd && turn % 2 === 0);
      return isEnd ? undefined : fault.amount;
    case 'stallDown':
      stall(client, 'down', !isEnd);
      return undefined;
    case 'stallUp':
      stall(client, 'up', !isEnd);
      return undefined;
    default:
      stall(client, 'both', !isEnd);
      return undefined;
  }
}

function befallClient(client: Party | undefined, { kind, amount }: Fault): void {
  const connection = client?.connection;
  switch (kind) {
    case 'reset':
      connection?.reset();
      return;
    case 'cut':
      if (connection !== undefined) connection.isCut = true;
      return;
    case 'halfOpen':
      client?.vanish();
      return;
    case 'halfClose':
      client?.sayRaw({ word: 'fin' });
      return;
    case 'abort':
      if (client instanceof Client) abort(client);
      else client?.abort();
      return;
    case 'leaveForever':
      if (client instanceof Client) leaveForever(client);
      else client?.leaveForever();
      return;
    default:
      if (client instanceof Client) burst(client, amount);
      else client?.burst(amount);
  }
}

function befallFront(front: Front | undefined, { kind }: Fault, isOn: boolean): void {
  if (front === undefined) return;
  if (kind === 'refuse') front.isRefusing = isOn;
  else if (kind === 'blackhole') front.isSilent = isOn;
  else if (kind === 'lostAccept') front.isLosing = isOn;
  else front.setFull(isOn);
}

function befallShard(world: Mishappening, fault: Fault, isOn: boolean): void {
  const shard = world.shards[fault.target];
  if (shard === undefined) return;
  if (fault.kind === 'pauseShard') shard.pause(isOn ? world.now + fault.durationUs : world.now);
  else if (fault.kind === 'lateTimers') shard.timerLagUs = isOn ? fault.amount : 0;
  else if (fault.kind === 'slowShard') shard.slowness = isOn ? fault.amount : 1;
  else if (isOn && !shard.isDead) world.crash(fault.target, fault.amount === 1, fault.durationUs);
}

function befallNode(world: Mishappening, fault: Fault, turn: number): number | undefined {
  const { target: node, durationUs, amount } = fault;
  const isEnd = turn === turns.end;
  const clients = world.parties.filter(({ plan }) => plan.node === node);
  switch (fault.kind) {
    case 'storm':
      if (!isEnd) for (const client of clients) client.connection?.reset();
      return undefined;
    case 'partition':
      for (const [rank, client] of clients.entries())
        if (rank % 2 === 1) stall(client, WAYS[amount] ?? 'both', !isEnd);
      return undefined;
    case 'isolate':
      for (const client of clients) stall(client, 'both', !isEnd);
      return undefined;
    case 'swizzle':
      return swizzle(clients, durationUs, turn);
    case 'pauseNode':
      for (const shard of shardsOf(world, node))
        shard.pause(isEnd ? world.now : world.now + durationUs);
      return undefined;
    case 'crashNode':
      if (!isEnd) crashAll(world, node, amount === 1, durationUs);
      return undefined;
    case 'crashLoop':
      if (isEnd) return undefined;
      crashAll(world, node, false, durationUs >> 2);
      return turn < amount ? durationUs : undefined;
    case 'killNode':
      if (!isEnd && node < world.plan.nodes) world.kill(node);
      return undefined;
    case 'restartNode':
      // Whoever says goodbye goes: not when faults end before that.
      if (turn === turns.begin && world.now + DRAIN_US >= world.plan.horizonUs) return undefined;
      if (turn === turns.begin) for (const shard of shardsOf(world, node)) shard.sendAway();
      if (turn === turns.again) crashAll(world, node, true, durationUs);
      return turn === turns.begin ? DRAIN_US : undefined;
    case 'stallMain':
      if (node < world.plan.nodes) world.noticeDelaysUs[node] = isEnd ? 0 : amount;
      return undefined;
    default:
      for (const port of world.ports) {
        if (Math.floor(port.fromPlace / world.plan.shards) !== node) continue;
        port.delayUsMax = isEnd ? world.plan.portUs : amount;
      }
      return undefined;
  }
}

/** One client more is cut off, or gets through again: those cut off last first. */
function swizzle(clients: readonly Party[], durationUs: number, turn: number): number | undefined {
  if (turn === turns.end) {
    for (const client of clients) stall(client, 'both', false);
    return undefined;
  }
  const step = turn === turns.begin ? 0 : turn - 1;
  const count = clients.length;
  const client = clients[step < count ? step : 2 * count - 1 - step];
  if (client === undefined) return undefined;
  stall(client, 'both', step < count);
  return Math.max(1, Math.floor(durationUs / (2 * count + 1)));
}

/** A process dies with all its threads, which come back one by one. */
export function crashAll(
  world: Mishappening,
  node: number,
  isTold: boolean,
  durationUs: number,
): void {
  world.processDies(node);
  for (const shard of shardsOf(world, node))
    if (!shard.isDead) world.crash(shard.plan.place, isTold, durationUs);
}

export function shardsOf({ shards }: Mishappening, node: number): Shard[] {
  return shards.filter(({ plan }) => plan.node === node);
}

function stall(client: Party, way: 'up' | 'down' | 'both', isStalled: boolean): void {
  const { link, connection } = client;
  if (way !== 'up') link.isStalledDown = isStalled;
  if (way !== 'down') link.isStalledUp = isStalled;
  if (isStalled) return;
  connection?.up.resume();
  connection?.down.resume();
}

/** From the word of goodbye to the end of the process. */
const DRAIN_US = 300_000;
/** What a partition shuts. */
const WAYS = ['both', 'up', 'down'] as const;
