// What Membership does with another node, whatever happens to it, is what the machine in the spec allows.

import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { type MemberEvent, memberLife } from '../../../src/actors/cluster/links/member.machine.ts';
import { Membership, TICK_EVERY_MS } from '../../../src/actors/cluster/links/membership.ts';

const times = { suspectMs: 2_000, downMs: 5_000, forgetMs: 8_000 };

/** What can be done to a member, and which events of its life that may bring about. */
const deeds = {
  join: ['linked'],
  hear: ['heard'],
  lose: ['lost'],
  refuse: ['refused'],
  leave: ['departed'],
  forget: ['forgotten'],
  tick: ['silent', 'silentLong', 'outvoted'],
} as const satisfies Record<string, readonly MemberEvent[]>;

type Deed = keyof typeof deeds;

const comer = { node: 'n2', incarnation: 1, addr: '', version: '1.0', caps: [] };

function obey(membership: Membership, deed: Deed, now: number): void {
  if (deed === 'join') membership.joined(comer, now);
  else if (deed === 'hear') membership.heard('n2', now);
  else if (deed === 'lose') membership.lost('n2', now);
  else if (deed === 'refuse') {
    // [HP-MEMBER-5] Once may be chance.
    membership.refused('n2', now);
    membership.refused('n2', now);
  } else if (deed === 'leave') membership.left('n2', now);
  else if (deed === 'forget') membership.forget(now);
  else membership.tick(now);
}

test('[HP-MEMBER-1] [HP-MEMBER-3] [HP-MEMBER-10] a member lives as the spec draws it, and by every arrow', () => {
  const lived = new Set<string>();
  const kinds = constantFrom<Deed>('join', 'hear', 'lose', 'refuse', 'leave', 'forget');
  const story = array(tuple(kinds, integer({ min: 0, max: 20 })), { maxLength: 40 });
  assert(
    property(story, (deedsAndTicks) => {
      const membership = new Membership('n1', times, 0);
      let now = 0;
      const live = (deed: Deed): void => {
        const before = membership.get('n2')?.state;
        obey(membership, deed, now);
        const after = membership.get('n2')?.state ?? (before && ('forgotten' as const));
        if (before === undefined || after === undefined || before === after) return;
        const reached = deeds[deed].map((event) => memberLife.next(before, event));
        expect([before, deed, after, reached.includes(after)]).toEqual([before, deed, after, true]);
        lived.add(`${before} → ${after} by ${deed}`);
      };
      for (const [deed, ticks] of deedsAndTicks) {
        live(deed);
        for (let tick = 0; tick < ticks; tick += 1) {
          now += TICK_EVERY_MS * 1_000;
          live('tick');
        }
      }
    }),
    { seed: 1, numRuns: 300 },
  );
  const deedOf = (event: MemberEvent): Deed | undefined =>
    (Object.keys(deeds) as Deed[]).find((deed) =>
      (deeds[deed] as readonly MemberEvent[]).includes(event),
    );
  const drawn = memberLife.states.flatMap((state) =>
    memberLife.events.flatMap((event) => {
      const next = memberLife.next(state, event);
      return next === undefined ? [] : [`${state} → ${next} by ${deedOf(event)}`];
    }),
  );
  expect([...lived].toSorted()).toEqual([...new Set(drawn)].toSorted());
});
