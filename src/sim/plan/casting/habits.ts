// What some talkers do more often than others: in some runs most words are for one user, who comes and goes all the time, so
// that more waits for him than he may be told; and some say of several messages at a time that they have them.
// Refuses to draw anything else of a talker.

import { type Arbitrary, constant, constantFrom, integer } from 'fast-check';

import type { TalkerPlan } from '../chat-plan.ts';
import { chance, drawn, mixed } from '../drawing.ts';

export function withHabits(seed: number, talkers: readonly TalkerPlan[]): readonly TalkerPlan[] {
  const users = [...new Set(talkers.map(({ user }) => user))];
  const favourite = drawn(favouritesOf(users), seed, 'favourite');
  return talkers.map((talker) => {
    const { client, user, hasAck, isMute, visit, leavesEveryUs } = talker;
    const acksLate = hasAck && drawn(chance(1, 2), seed, `acks late ${client}`);
    const isLoved = user === favourite && !isMute && visit === undefined;
    const own = isLoved && leavesEveryUs === 0 ? drawn(departures, seed, `leaves ${client}`) : 0;
    return { ...talker, acksLate, favourite, leavesEveryUs: Math.max(leavesEveryUs, own) };
  });
}

function favouritesOf(users: readonly string[]): Arbitrary<string | undefined> {
  const [first = 'absent', ...others] = users;
  return mixed<string | undefined>(
    [3, constant(undefined)],
    [1, constantFrom(first, ...others, 'absent')],
  );
}

const departures = integer({ min: 1_500_000, max: 4_000_000 });
