// A simulated way between two places, and how it behaves when nothing is wrong; faults write into it.
// Refuses to know what goes over it: that is network.ts.

import type { Prng } from '../../actors/runtime/prng.ts';

/** How one client's way to its node behaves when nothing is wrong. */
export interface LinkPlan {
  readonly latencyUs: number;
  readonly jitterUs: number;
  /** Bytes on their way or unread, per direction. */
  readonly windowBytes: number;
  /** Percent of chunks that are cut somewhere; 0 in the object lane. */
  readonly cutPercent: number;
  /** Percent of reads that join what has arrived. */
  readonly joinPercent: number;
  /** No queue on it is ever full. */
  readonly isSteady?: boolean;
}

/** One client's way to its node; outlives connections. Faults write the lower half. */
export interface Link {
  readonly plan: LinkPlan;
  readonly chance: Prng;
  isStalledUp: boolean;
  isStalledDown: boolean;
  extraLatencyUs: number;
  /** As planned, until all is well and backlogs may drain. */
  windowBytes: number;
  /** How fast the way takes bytes; 0 takes them at once. */
  bytesPerSecond: number;
}

/** A way on which nothing is wrong yet. */
export function newLink(plan: LinkPlan, chance: Prng): Link {
  const { windowBytes } = plan;
  const faults = { isStalledUp: false, isStalledDown: false, extraLatencyUs: 0, bytesPerSecond: 0 };
  return { plan, chance, windowBytes, ...faults };
}
