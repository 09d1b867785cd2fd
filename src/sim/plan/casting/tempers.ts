// What goes wrong in a run of a cluster: in some of them nothing but what befalls clients on their way, in some that and deaths
// of whole processes. What is excused where nodes do not hear each other is judged there.
// Refuses to draw when.

import { type Arbitrary, constant } from 'fast-check';

import type { ClusterFaultKind } from '../../faults/cluster-faults.ts';
import { type FaultKind, faultSizes } from '../../faults/faults.ts';
import { mixed } from '../drawing.ts';

export type Temper = 'anything' | 'clients' | 'deaths';

export const tempers: Arbitrary<Temper> = mixed<Temper>(
  [2, constant('anything')],
  [1, constant('clients')],
  [1, constant('deaths')],
);

export function kindsIn(temper: Temper, kinds: readonly FaultKind[]): readonly FaultKind[] {
  if (temper === 'anything') return kinds;
  return kinds.filter(
    (kind) =>
      faultSizes[kind].target === 'client' ||
      ofDoors.includes(kind) ||
      (temper === 'deaths' && ofProcesses.includes(kind)),
  );
}

export function clusterKindsIn(
  temper: Temper,
  kinds: readonly ClusterFaultKind[],
): readonly ClusterFaultKind[] {
  if (temper === 'anything') return kinds;
  return kinds.filter(
    (kind) => ofNoWay.includes(kind) || (temper === 'deaths' && kind === 'killProcess'),
  );
}

const ofDoors: readonly FaultKind[] = [
  ...(['storm', 'partition', 'isolate', 'swizzle', 'refuse', 'blackhole', 'lostAccept'] as const),
  'noDescriptors',
];
const ofProcesses: readonly FaultKind[] = ['crashNode', 'killNode'];
const ofNoWay: readonly ClusterFaultKind[] = ['massReconnect', 'clockJump'];

/** A node of a cluster that dies for ever is one fault among many: some runs are without. */
export function tame(kinds: readonly FaultKind[], nodes: number): readonly FaultKind[] {
  return nodes === 1 ? kinds : kinds.filter((kind) => kind !== 'crashLoop');
}
