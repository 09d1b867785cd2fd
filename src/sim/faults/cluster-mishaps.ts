// How each fault between nodes befalls the world, and what ends it. Refuses to draw chance: what a fault is stands in its
// schedule.

import type { Mesh } from '../edges/tcp/mesh.ts';
import type { ClusterFault } from './cluster-faults.ts';

/** What these faults can lay hands on. */
export interface ClusterMishappening {
  readonly nodes: number;
  readonly mesh: Mesh;
  later(delayUs: number, act: () => void): void;
  /** False when faults are over. */
  readonly isFaulty: boolean;
  stall(node: number, durationUs: number): void;
  killProcess(node: number, durationUs: number): void;
  clockJumps(node: number, byMs: number): void;
  massReconnect(): void;
  drain(node: number, durationUs: number): void;
  lag(node: number, p99Ms: number): void;
  misspeak(node: number, to: number, place: number): void;
  failLink(node: number, to: number): void;
}

/** Has a fault begin, and end when its time is over. */
export function befallCluster(world: ClusterMishappening, fault: ClusterFault): void {
  const { kind, one, other, durationUs, amount } = fault;
  const { mesh, nodes } = world;
  if (one >= nodes || other >= nodes) return;
  const ending = (end: () => void): void =>
    world.later(durationUs, () => {
      if (world.isFaulty) end();
    });
  const slow = (): void => {
    mesh.change(one, other, (link) => {
      link.extraLatencyUs = amount;
    });
    ending(() =>
      mesh.change(one, other, (link) => {
        link.extraLatencyUs = 0;
      }),
    );
  };
  switch (kind) {
    case 'shutWay':
    case 'split':
    case 'cutOff': {
      const ways = shutBy(fault, nodes);
      for (const [from, to] of ways) mesh.shut(from, to, true);
      ending(() => {
        for (const [from, to] of ways) mesh.shut(from, to, false);
      });
      return;
    }
    case 'flapWay':
      flap(world, fault, world.nodes > 0, durationUs);
      return;
    case 'halfOpenLink':
      for (const { connection } of mesh.between(one, other)) connection.isCut = true;
      return;
    case 'resetLink':
      for (const { connection } of mesh.between(one, other)) connection.reset();
      if (amount > 0) slow();
      return;
    case 'slowWay':
      slow();
      return;
    case 'narrowWay':
      mesh.change(one, other, (link) => {
        link.bytesPerSecond = amount;
      });
      ending(() =>
        mesh.change(one, other, (link) => {
          link.bytesPerSecond = 0;
        }),
      );
      return;
    case 'stallNode':
      world.stall(one, durationUs);
      return;
    case 'killProcess':
      world.killProcess(one, durationUs);
      return;
    case 'clockJump':
      world.clockJumps(one, amount);
      return;
    case 'massReconnect':
      world.massReconnect();
      return;
    case 'drainNode':
      world.drain(one, Math.max(durationUs, DRAIN_MIN_US));
      ending(() => world.killProcess(one, BACK_US + amount));
      return;
    case 'misspeak':
      world.misspeak(one, other, amount);
      return;
    case 'failLink':
      world.failLink(one, other);
      return;
    case 'lagNode':
      world.lag(one, amount);
      ending(() => world.lag(one, WELL_MS));
      return;
    default:
      kind satisfies never;
  }
}

function flap(
  world: ClusterMishappening,
  { one, other, amount }: ClusterFault,
  isShut: boolean,
  leftUs: number,
): void {
  world.mesh.shut(one, other, isShut && leftUs > 0);
  world.mesh.shut(other, one, isShut && leftUs > 0);
  if (leftUs <= 0) return;
  const stepUs = Math.min(amount, leftUs);
  world.later(stepUs, () => {
    if (world.isFaulty)
      flap(world, { one, other, amount } as ClusterFault, !isShut, leftUs - stepUs);
  });
}

/** As late as any thread is now and then. */
export const WELL_MS = 3;
const DRAIN_MIN_US = 1_000_000;
/** Until a process that has ended well is there again. */
const BACK_US = 300_000;

/** The directions that a fault shuts. */
function shutBy(
  { kind, one, other, amount }: ClusterFault,
  nodes: number,
): readonly (readonly [from: number, to: number])[] {
  const ways: (readonly [number, number])[] = [];
  const both = (here: number, there: number, way: number): void => {
    if (here === there) return;
    if (way !== 2) ways.push([here, there]);
    if (way !== 1) ways.push([there, here]);
  };
  if (kind === 'shutWay') both(one, other, amount);
  else if (kind === 'cutOff') for (let node = 0; node < nodes; node += 1) both(one, node, amount);
  else
    for (let here = 0; here < nodes; here += 1)
      for (let there = here + 1; there < nodes; there += 1)
        if (((amount >> here) & 1) !== ((amount >> there) & 1)) both(here, there, 0);
  return ways;
}
