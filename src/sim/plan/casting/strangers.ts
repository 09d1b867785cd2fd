// Who is at the doors of nodes, and at the addresses that they call, without being a peer: in some runs more of them than other
// parts of a plan draw. Refuses to know who talks.

import { type Arbitrary, array, constant, constantFrom, integer, tuple } from 'fast-check';

import { firstWords } from '../../faults/wrong-words.ts';
import type { ImpostorPlan, StrangerPlan } from '../chat-plan.ts';
import { milliseconds, mixed, plainRecord } from '../drawing.ts';

/** Nodes that are wrongly configured, mostly. */
export function knockers(nodes: number): Arbitrary<readonly StrangerPlan[]> {
  const one = plainRecord<StrangerPlan>({
    node: integer({ min: 0, max: nodes - 1 }),
    at: milliseconds(0, 8_000),
    what: constantFrom<StrangerPlan['what'][]>(
      ...(['otherCluster', 'otherVersion', 'otherKey', 'long', 'silent'] as const),
    ),
  });
  return mixed<readonly StrangerPlan[]>(
    [5, constant([])],
    [1, array(one, { minLength: 1, maxLength: 3, size: 'max' })],
  );
}

/** Who says one of the wrong words that nodes may say to each other, where they can be said to a stranger. */
export function mumblers(nodes: number): Arbitrary<readonly StrangerPlan[]> {
  const one = plainRecord<StrangerPlan>({
    node: integer({ min: 0, max: nodes - 1 }),
    at: milliseconds(0, 8_000),
    what: tuple(constantFrom('first', 'then'), constantFrom(...firstWords)).map(
      ([when, { name }]): StrangerPlan['what'] => `${when}: ${name}`,
    ),
  });
  return mixed<readonly StrangerPlan[]>(
    [3, constant([])],
    [1, array(one, { minLength: 1, maxLength: 4, size: 'max' })],
  );
}

export const impostors: Arbitrary<ImpostorPlan | undefined> = mixed<ImpostorPlan | undefined>(
  [9, constant(undefined)],
  [
    1,
    constantFrom<ImpostorPlan['what'][]>(
      ...(['calledOther', 'calledWrong', 'calledMirror', 'calledSilent'] as const),
    ).map((what) => ({ what })),
  ],
);
