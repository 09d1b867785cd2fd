// Plays: how what is heard is compared, that each of them is played somewhere, and that a whole house of them is clean.

import { describe, expect, test } from 'vitest';

import { homeNodeOf } from '../../src/actors/chat/rendezvous.ts';
import { drawChatPlan } from '../../src/sim/plan/chat.ts';
import type { House } from '../../src/sim/records/plays/house.ts';
import { isOpen, matched } from '../../src/sim/records/plays/matching.ts';
import { plays } from '../../src/sim/records/plays/plays.ts';
import { AT, nameOf } from '../../src/sim/records/plays/tours/tour.ts';
import { mishapTours, tours } from '../../src/sim/records/plays/tours/tours.ts';
import { dialectOf } from '../../src/sim/search/dialects.ts';
import { simulate } from '../../src/sim/simulate.ts';

describe('what is heard', () => {
  test.each([
    [['PONG'], ['PONG'], 1],
    [['PONG'], ['PONG', 'BYE'], 1],
    [['PONG'], ['BYE'], undefined],
    [['PONG', 'BYE'], ['PONG'], undefined],
    [['ERROR X retry_after=1..2'], ['ERROR X retry_after=1.5'], 1],
    [['ERROR X retry_after=1..2'], ['ERROR X retry_after=2.1'], undefined],
    [['ERROR X retry_after=1..2'], ['ERROR X'], undefined],
  ])('%j against %j', (expected, heard, count) => {
    expect(matched(expected, heard)).toBe(count);
  });

  test('what may still come is waited for, and what is wrong is not', () => {
    expect(isOpen(['PONG', 'BYE'], ['PONG'])).toBe(true);
    expect(isOpen(['PONG', 'BYE'], ['BYE'])).toBe(false);
  });
});

const flags = [true, false];
const usualHouses: readonly House[] = flags.flatMap((flag) =>
  (['none', 'password', 'token'] as const).flatMap((proof) =>
    flags.map((isSlow) => ({
      ...{ shards: 1, proof, isStrict: flag, isLenient: flag, isPlain: proof !== 'token' || flag },
      ...{ isSlow, policy: 'multi', isNarrow: false },
    })),
  ),
);
const narrowHouses: readonly House[] = (['multi', 'replace', 'reject'] as const).map((policy) => ({
  ...{ shards: 1, proof: 'none', isStrict: false, isLenient: false, isPlain: true },
  ...{ isSlow: false, policy, isNarrow: true },
}));
const [ofSome = usualHouses[0]] = usualHouses.filter(({ isSlow }) => !isSlow);
const houses = [...usualHouses, ...narrowHouses, { ...ofSome, shards: 2 } as House];

const companies: readonly House[] = [2, 3].flatMap((nodes) =>
  narrowHouses.map((house) => ({
    ...{ ...house, isNarrow: false, company: { nodes, isAdvertised: true, isNew: true } },
  })),
);
const allTours = [...tours, ...mishapTours];

test('each play fits some house, and those of several nodes none that is alone', () => {
  const homeless = [
    ...plays.filter((play) => !houses.some((house) => play.fits(house))),
    ...allTours.filter((play) => !companies.some((house) => play.fits(house))),
    ...allTours.filter((play) => houses.some((house) => play.fits(house))),
  ];
  expect(homeless.map(({ name }) => name)).toEqual([]);
});

test('no two plays have one name', () => {
  const names = [...plays, ...allTours].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('[HP-HOME-1] rooms of plays are at home where they say', () => {
  for (const nodes of [2, 3]) {
    const names = Array.from({ length: nodes }, (_, at) => nameOf(at));
    for (const [at, rooms] of AT.slice(0, nodes).entries())
      expect(rooms.filter((room) => homeNodeOf(names, room) !== names[at])).toEqual([]);
  }
});

test('whoever plays in a house without faults hears what he has to', { timeout: 120_000 }, () => {
  const seeds = Array.from({ length: 60 }, (_, seed) => seed);
  const played = [1, 2, 3].flatMap((nodes) =>
    seeds
      .map((seed) => drawChatPlan({ seed, lane: 'byte', nodes }))
      .filter(({ chat }) => chat?.plays !== undefined)
      .slice(0, 3),
  );
  expect(played.length).toBe(9);
  for (const plan of played) {
    const { violations } = simulate(plan, undefined, dialectOf('chat').judges);
    expect(violations.map(({ sentence }) => sentence)).toEqual([]);
  }
});

test('nobody acts in two plays: whoever is not gone yet from one would be met in the next', () => {
  const playsOf = new Map<string, Set<string>>();
  const meet = (isNarrow: boolean, user: string, play: string): void => {
    const key = `${user.toLowerCase()}${isNarrow ? ' of narrow houses' : ''}`;
    playsOf.set(key, (playsOf.get(key) ?? new Set()).add(play));
  };
  for (const house of houses)
    for (const play of plays.filter((one) => one.fits(house)))
      for (const step of play.steps(house))
        if (step.does === 'says')
          for (const [, user = ''] of step.text.matchAll(/"type":"LOGIN".*?"user":"([\w.-]+)"/g))
            meet(house.isNarrow, user, play.name);
  const twice = [...playsOf].filter(([, names]) => names.size > 1);
  expect(twice.map(([user, names]) => `${user}: ${[...names].join(', ')}`)).toEqual([]);
});

test.each([
  ['user', /"type":"LOGIN".*?"user":"([\w.-]+)"/g],
  ['room', /"type":"JOIN".*?"room":"([\w.-]+)"/g],
])('no %s of several nodes is in two plays', (_, pattern) => {
  const playOf = new Map<string, string>();
  const twice = new Set<string>();
  for (const house of companies)
    for (const play of allTours.filter((one) => one.fits(house)))
      for (const step of play.steps(house))
        for (const [, found = ''] of step.does === 'says' ? step.text.matchAll(pattern) : []) {
          if ((playOf.get(found.toLowerCase()) ?? play.name) !== play.name) twice.add(found);
          playOf.set(found.toLowerCase(), play.name);
        }
  // There is one administrator, who always says goodbye.
  twice.delete('warden');
  expect([...twice]).toEqual([]);
});
