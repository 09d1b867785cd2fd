// What some talkers do more often than others: in some runs most words are for one user, who comes and goes all the time, so
// that more waits for him than he may be told; in some, sessions go from node to node all the time; some say of several
// messages at a time that they have them; and where a user may have few sessions, his clients come and go, and leave one
// behind now and then.
// Refuses to draw anything else of a talker.

import { type Arbitrary, boolean, constant, constantFrom, integer } from 'fast-check';

import type { TalkerPlan } from '../chat-plan.ts';
import { chance, drawn, mixed } from '../drawing.ts';

export function withHabits(
  seed: number,
  talkers: readonly TalkerPlan[],
  isCrowded: boolean,
): readonly TalkerPlan[] {
  const users = [...new Set(talkers.map(({ user }) => user))];
  const favourite = drawn(favouritesOf(users), seed, 'favourite');
  const wanders = drawn(wanderings, seed, 'wanderings');
  const areProved = drawn(chance(1, 5), seed, 'tokens');
  const areCounted = drawn(chance(1, 5), seed, 'counted ids');
  return talkers.map((talker, rank) => {
    const { client, user, isMute, visit, leavesEveryUs } = talker;
    // An `ACK` tells an id: where several have it nobody knows which of them was meant.
    const hasAck = talker.hasAck && !areCounted;
    const isSame = (other: TalkerPlan): boolean => other.user === user;
    const countsAs = areCounted ? talkers.slice(0, rank).filter(isSame).length : undefined;
    const acksLate = hasAck && drawn(chance(2, 3), seed, `acks late ${client}`);
    const owesAcks = acksLate && drawn(chance(1, 3), seed, `owes acks ${client}`);
    // Half of those who could say where they stand in their rooms leave that to their node.
    const isTrusting = drawn(boolean(), seed, `trusts ${client}`);
    const lingers = isCrowded && !isMute && visit === undefined;
    const returns = isTrusting && talker.returns === 'placed' ? 'resumed' : talker.returns;
    const isAny = user === favourite || owesAcks;
    const isRestless = isAny && !isMute && visit === undefined;
    const rest =
      isRestless && leavesEveryUs === 0 ? drawn(departures, seed, `leaves ${client}`) : 0;
    const often = lingers ? drawn(lingerings, seed, `lingers ${client}`) : 0;
    // Who never comes to say what it has is mostly gone again too soon.
    const stumblesOf = owesAcks ? 2 : hasAck ? 3 : 6;
    const stumbles =
      visit === undefined && drawn(chance(1, stumblesOf), seed, `stumbles ${client}`);
    const reusesIds = drawn(chance(1, 4), seed, `reuses ids ${client}`);
    const hushes = drawn(chance(1, 5), seed, `hushes ${client}`);
    const tokenMs = areProved ? drawn(tokenTimes, seed, `token ${client}`) : undefined;
    const goesEveryUs = often > 0 ? often : Math.max(leavesEveryUs, rest);
    const dozes = goesEveryUs > 0 && drawn(chance(1, 3), seed, `dozes ${client}`);
    const some = {
      ...talker,
      hasAck,
      countsAs,
      acksLate,
      owesAcks,
      returns,
      favourite,
      stumbles,
      reusesIds,
      hushes,
      dozes,
      lingers,
      tokenMs,
      leavesEveryUs: goesEveryUs,
    };
    if (isMute || visit !== undefined || !wanders) return some;
    const everyUs = drawn(wanderer, seed, `wanders ${client}`);
    return everyUs === 0 ? some : { ...some, wanders, leavesEveryUs: everyUs };
  });
}

function favouritesOf(users: readonly string[]): Arbitrary<string | undefined> {
  const [first = 'absent', ...others] = users;
  return mixed<string | undefined>(
    [3, constant(undefined)],
    [1, constantFrom(first, ...others, 'absent')],
  );
}

/** In few runs: whoever wanders has heard of little when the run ends. */
const wanderings = chance(1, 5);
/** Some log in without one. */
const tokenTimes = mixed<number | undefined>(
  [1, constant(undefined)],
  [2, integer({ min: 1_500, max: 9_000 })],
);
/** Mean pause between two departures; 0 for those who stay. */
const wanderer = mixed([1, constant(0)], [2, integer({ min: 300_000, max: 2_500_000 })]);
/** Whoever is of a crowd is away about as long as it is there. */
const lingerings = integer({ min: 600_000, max: 2_000_000 });
const departures = integer({ min: 1_500_000, max: 4_000_000 });
