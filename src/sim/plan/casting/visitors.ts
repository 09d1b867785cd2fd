// Visitors: they come late, as somebody who is here already, and go for good after a while. And latecomers: nobody is here in
// their name before they come, and what is said to them waits.
// Refuses to draw anything else of a talker.

import { type Arbitrary, array, constant, integer } from 'fast-check';

import type { TalkerPlan } from '../chat-plan.ts';
import { drawn, milliseconds, mixed, plainRecord } from '../drawing.ts';

interface Visit {
  readonly at: number;
  readonly staysUs: number;
  /** Counted over all talkers: as whom it comes, and on which node. */
  readonly as: number;
  readonly step: number;
}

export function visits(horizonUs: number): Arbitrary<readonly Visit[]> {
  const visit = plainRecord<Visit>({
    at: milliseconds(500, Math.floor(horizonUs / 1_000) - 1),
    // Some are still here when nodes that lost each other have met again.
    staysUs: mixed([3, milliseconds(50, 4_000)], [1, milliseconds(20_000, 40_000)]),
    as: integer({ min: 0, max: 30 }),
    step: integer({ min: 0, max: 6 }),
  });
  return mixed<readonly Visit[]>(
    [1, constant([])],
    [1, array(visit, { minLength: 1, maxLength: 3, size: 'max' })],
  );
}

/** Somebody comes as one who is here, on the same node or on another one. */
export function withVisitors(
  talkers: readonly TalkerPlan[],
  some: readonly Visit[],
  { first, nodes }: { readonly first: number; readonly nodes: number },
): readonly TalkerPlan[] {
  const visitors = some.flatMap(({ at, staysUs, as, step }, rank): TalkerPlan[] => {
    const host = talkers[as % talkers.length];
    if (host === undefined || host.isMute) return [];
    const own = { client: first + rank, node: (host.node + step) % nodes, roams: false };
    return [{ ...host, ...own, leavesEveryUs: 0, visit: { at, staysUs } }];
  });
  return [...talkers, ...visitors];
}

/** The last ones of the list. */
export function withLatecomers(
  seed: number,
  talkers: readonly TalkerPlan[],
  horizonUs: number,
): readonly TalkerPlan[] {
  const times = drawn(comings(horizonUs), seed, 'latecomers');
  const first = talkers.length - times.length;
  return talkers.map((talker, rank) => {
    const comesAt = times[rank - first];
    return comesAt === undefined ? talker : { ...talker, user: `late-${rank - first}`, comesAt };
  });
}

function comings(horizonUs: number): Arbitrary<readonly number[]> {
  return mixed<readonly number[]>(
    [1, constant([])],
    [
      1,
      array(milliseconds(1_000, Math.floor(horizonUs / 1_000) - 1), { minLength: 1, maxLength: 2 }),
    ],
  );
}
