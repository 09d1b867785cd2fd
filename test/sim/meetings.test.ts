// Meetings: hashes that are the reader's own, that no two of them have a name in common, and that a whole run of them is clean.

import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { drawChatPlan } from '../../src/sim/plan/chat.ts';
import { nodesIn } from '../../src/sim/records/meetings/meeting.ts';
import { meetings } from '../../src/sim/records/meetings/meetings.ts';
import { inOrder } from '../../src/sim/records/plays/matching.ts';
import { dialectOf } from '../../src/sim/search/dialects.ts';
import { simulate } from '../../src/sim/simulate.ts';
import { digestOf, signed } from '../../src/sim/workload/meetings/own-hashes.ts';
import { Sessions } from '../../src/actors/cluster/locations/owner-log.ts';

interface Proofs {
  readonly secret: string;
  readonly said: Readonly<Record<string, string | number>>;
  readonly responder: string;
  readonly initiator: string;
}

describe('own hashes', () => {
  const { proofs } = JSON.parse(
    readFileSync(new URL('../../spec/vectors/hp-peer.json', import.meta.url), 'utf8'),
  ) as { proofs: readonly Proofs[] };

  test.each(proofs)('[HP-PEER-4] are those of the standard: %j', ({ secret, said, ...proved }) => {
    const { cluster, nodeA, incarnationA, nonceA, nodeB, incarnationB, nonceB } = said;
    const whole = [cluster, nodeA, incarnationA, nonceA, nodeB, incarnationB, nonceB];
    const lines = ['HP-PEER-1', ...whole, said['version'], said['channel'] ?? '-'].map(String);
    expect(signed(secret, ['hp1-responder', ...lines])).toBe(proved.responder);
    expect(signed(secret, ['hp1-initiator', ...lines])).toBe(proved.initiator);
  });

  test('[HP-REPL-2] tell the same of the same sessions as a node does', () => {
    const told = [
      { session: 'n1-a', user: 'bob', status: 'online', lamport: 3, since: 1_700_000_000 },
      { session: 'n1-b', user: 'eve', status: 'away', note: 'at séa', lamport: 4 },
    ] as const;
    const sessions = new Sessions();
    for (const one of told) sessions.put(one);
    expect(digestOf(told.toReversed())).toBe(sessions.digest);
  });
});

test('what comes in any order is compared in the order in which it is expected', () => {
  expect(inOrder(['A', 'B n=1..2'], ['B n=2', 'A'])).toEqual(['A', 'B n=2']);
  expect(inOrder(['A', 'B'], ['C', 'A'])).toEqual(['A', 'C']);
});

test('nobody acts in two meetings: whoever has left is remembered', () => {
  const meetingsOf = new Map<string, string[]>();
  for (const { name, steps } of meetings)
    for (const node of nodesIn(steps).filter((one) => one !== 'n1'))
      meetingsOf.set(node, [...(meetingsOf.get(node) ?? []), name]);
  expect([...meetingsOf].filter(([, names]) => names.length > 1)).toEqual([]);
});

test('whoever meets a node hears what he has to', { timeout: 60_000 }, () => {
  const seeds = Array.from({ length: 60 }, (_, seed) => seed);
  const plans = seeds.map((seed) => drawChatPlan({ seed, lane: 'byte', nodes: 3 }));
  const some = plans.filter(({ chat }) => chat?.meetings !== undefined).slice(0, 3);
  expect(some.length).toBeGreaterThan(2);
  for (const plan of some) {
    const { violations } = simulate(plan, undefined, dialectOf('chat').judges);
    expect(violations.map(({ sentence }) => sentence)).toEqual([]);
  }
});
