// What befalls one node of a cluster in a few runs, and nothing else does: it dies when all have found each other, and is long
// in coming back; or it dies again and again, and is cut off then. Refuses to know who talks.

import { type Arbitrary, constant, integer } from 'fast-check';

import type { ClusterFault } from '../../faults/cluster-faults.ts';
import type { TalkerPlan } from '../chat-plan.ts';
import { milliseconds, mixed, plainRecord } from '../drawing.ts';

/** Who has been up for a while dies, and stays away until nobody expects those who were there. */
export function longDeath(nodes: number): Arbitrary<readonly ClusterFault[]> {
  const one = plainRecord({
    at: milliseconds(4_000, 8_000),
    one: integer({ min: 0, max: nodes - 1 }),
    durationUs: milliseconds(11_000, 15_000),
  });
  const some = one.map((death): readonly ClusterFault[] => [killed(death)]);
  return mixed<readonly ClusterFault[]>([9, constant([])], [1, some]);
}

/** Nobody goes elsewhere then, and those on other nodes stay where they are: they see who is gone. */
export function whoSee(
  talkers: readonly TalkerPlan[],
  [death]: readonly ClusterFault[],
): readonly TalkerPlan[] {
  if (death === undefined) return talkers;
  return talkers.map((talker) => ({
    ...talker,
    ...{ roams: false, wanders: false, stumbles: false },
    leavesEveryUs: talker.node === death.one ? talker.leavesEveryUs : 0,
  }));
}

/** Who has been dead three times within minutes is silent once more: for longer than others wait the first time. */
export function fourthSilence(nodes: number): Arbitrary<readonly ClusterFault[]> {
  const one = plainRecord({
    at: milliseconds(1_000, 2_000),
    one: integer({ min: 0, max: nodes - 1 }),
    durationUs: milliseconds(3_500, 5_000),
    pauseUs: milliseconds(1_200, 2_500),
    cutUs: milliseconds(14_000, 26_000),
  });
  const some = one.map(({ at, pauseUs, cutUs, ...death }): readonly ClusterFault[] => {
    const stepUs = death.durationUs + pauseUs;
    const deaths = Array.from({ length: DEATHS }, (_, time) =>
      killed({ ...death, at: at + time * stepUs }),
    );
    const cut = { kind: 'cutOff', one: death.one, other: death.one, amount: 0 } as const;
    return [...deaths, { ...cut, at: at + DEATHS * stepUs, durationUs: cutUs }];
  });
  return mixed<readonly ClusterFault[]>([24, constant([])], [1, some]);
}

const DEATHS = 3;

function killed(death: Pick<ClusterFault, 'at' | 'one' | 'durationUs'>): ClusterFault {
  return { ...death, kind: 'killProcess', other: death.one, amount: 0 };
}
