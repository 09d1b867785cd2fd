// What goes wrong between nodes, as data: ways that are shut, one-sided, slow or open by turns, links that look alive and are
// not, nodes that stall for longer than others wait, processes that die with all they knew, clocks that jump.
// Refuses to know how the world carries a fault out.

import { wrongWords } from './wrong-words.ts';

const chanceKinds = [
  /** Nothing gets from one node to another: `amount` 0 both ways, 1 there, 2 back. */
  'shutWay',
  /** The nodes fall into two parts, by the bits of `amount`. */
  'split',
  /** A node is cut off from all others: `amount` 0 both ways, 1 what it says, 2 what it hears. */
  'cutOff',
  /** A way is open and shut by turns, `amount` microseconds each. */
  'flapWay',
  /** The links of a pair go silent for good, and nobody learns it. */
  'halfOpenLink',
  /** The links of a pair break, and both sides learn it; new ones take `amount` microseconds longer for a while. */
  'resetLink',
  /** A way takes `amount` microseconds longer. */
  'slowWay',
  /** A way takes `amount` bytes a second. */
  'narrowWay',
  /** A node does nothing at all. */
  'stallNode',
  /** A process dies, and comes back knowing nothing. */
  'killProcess',
  /** The clock of a node is set, `amount` milliseconds further or back. */
  'clockJump',
  /** Everybody loses his connection, on every node. */
  'massReconnect',
] as const;

/** Those of which a schedule is drawn. */
export const chanceFaultKinds: readonly ClusterFaultKind[] = chanceKinds;

export const clusterFaultKinds = [
  ...chanceKinds,
  /** A node says that it goes, sends its clients away, and after a while it ends, and comes back `amount` microseconds later. */
  'drainNode',
  /** A node is told that its thread is late by `amount` milliseconds now and then, until it is told that this is over. */
  'lagNode',
  /** A node says something wrong over its link with another one: `amount` is the place in the list of wrong words. */
  'misspeak',
  /** What has the link of a node with another one fails there, as a bug would have it. */
  'failLink',
] as const;

export type ClusterFaultKind = (typeof clusterFaultKinds)[number];

export interface ClusterFault {
  /** Virtual microseconds. */
  readonly at: number;
  readonly kind: ClusterFaultKind;
  /** Numbers of nodes; a fault that finds nobody there does nothing. */
  readonly one: number;
  readonly other: number;
  readonly durationUs: number;
  readonly amount: number;
}

export interface ClusterFaultSize {
  readonly durationMs: readonly [min: number, max: number];
  readonly amount: readonly [min: number, max: number];
  readonly amountStep: number;
}

const none = [0, 0] as const;
const plain = { durationMs: none, amount: none, amountStep: 1 } as const;

/** For how long each kind lasts, and how bad it is. */
export const clusterFaultSizes: Readonly<Record<ClusterFaultKind, ClusterFaultSize>> = {
  shutWay: { ...plain, durationMs: [200, 15_000], amount: [0, 2] },
  split: { ...plain, durationMs: [200, 15_000], amount: [1, 127] },
  cutOff: { ...plain, durationMs: [200, 15_000], amount: [0, 2] },
  flapWay: { ...plain, durationMs: [500, 10_000], amount: [50, 3_000], amountStep: 1_000 },
  halfOpenLink: plain,
  resetLink: { ...plain, durationMs: [0, 5_000], amount: [0, 300], amountStep: 1_000 },
  slowWay: { ...plain, durationMs: [500, 10_000], amount: [5, 600], amountStep: 1_000 },
  narrowWay: { ...plain, durationMs: [500, 10_000], amount: [2, 200], amountStep: 1_000 },
  stallNode: { ...plain, durationMs: [200, 15_000] },
  killProcess: { ...plain, durationMs: [50, 12_000] },
  clockJump: { ...plain, amount: [-120, 120], amountStep: 1_000 },
  massReconnect: plain,
  drainNode: { ...plain, durationMs: [6_000, 10_000], amount: [0, 8], amountStep: 1_000_000 },
  lagNode: { ...plain, durationMs: [6_000, 20_000], amount: [150, 1_000] },
  misspeak: { ...plain, amount: [0, wrongWords.length - 1] },
  failLink: plain,
};
