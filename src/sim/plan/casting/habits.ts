// What some talkers do more often than others: in some runs most words are for one user, who comes and goes all the time, so
// that more waits for him than he may be told; in some clusters they go from node to node; and some say of several messages at
// a time that they have them.
// Refuses to draw anything else of a talker.

import { type Arbitrary, constant, constantFrom, integer } from 'fast-check';

import type { TalkerPlan } from '../chat-plan.ts';
import { chance, drawn, mixed } from '../drawing.ts';

export function withHabits(
  seed: number,
  nodes: number,
  talkers: readonly TalkerPlan[],
): readonly TalkerPlan[] {
  const users = [...new Set(talkers.map(({ user }) => user))];
  const favourite = drawn(favouritesOf(users), seed, 'favourite');
  const isRestless = nodes > 1 && drawn(chance(1, 4), seed, 'restless');
  return talkers.map((talker) => {
    const { client, user, hasAck, isMute, visit, leavesEveryUs } = talker;
    const acksLate = hasAck && drawn(chance(1, 2), seed, `acks late ${client}`);
    const isFree = !isMute && visit === undefined;
    const wanders = isFree && isRestless && drawn(chance(1, 2), seed, `wanders ${client}`);
    const isOff = leavesEveryUs === 0 && isFree && (user === favourite || wanders);
    const own = isOff ? drawn(departures, seed, `leaves ${client}`) : 0;
    const goes = { wanders, leavesEveryUs: Math.max(leavesEveryUs, own) };
    return { ...talker, acksLate, favourite, ...goes };
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
