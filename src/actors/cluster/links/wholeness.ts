// Which nodes hear everybody. Where a link between two is broken, and both are up, each would go on without the other: what
// has one place in the cluster has it at a node that hears all of them. Looked at by each node, with what all of them say.
// Refuses to know links and what is at home anywhere. Obeys spec/hp-peer.md, [HP-HOME-14].

import type { Member } from './membership.ts';

export class Wholeness {
  readonly #self: string;
  /** By pair of nodes of which one takes the other for gone: since when; microseconds. */
  #since = new Map<string, number>();

  constructor(self: string) {
    this.#self = self;
  }

  /** Of those that may be homes the ones that hear all; where there is none, all of them. */
  homesAmong(homes: readonly string[], members: readonly Member[], now: number): readonly string[] {
    const seen = seenBy(this.#self, members);
    const left = members.filter(({ state }) => state === 'left').map(({ node }) => node);
    const everybody = new Set([...seen.keys(), ...[...seen.values()].flatMap((all) => [...all])]);
    for (const node of left) everybody.delete(node);
    const before = this.#since;
    this.#since = new Map();
    const whole = homes.filter((home) => {
      let isWhole = true;
      for (const other of everybody) {
        if (!isBroken(seen, home, other)) continue;
        const pair = [home, other].toSorted().join(' ');
        const since = before.get(pair) ?? now;
        this.#since.set(pair, since);
        if (now - since >= BROKEN_US) isWhole = false;
      }
      return isWhole;
    });
    return whole.length > 0 ? whole : homes;
  }
}

type Seen = ReadonlyMap<string, ReadonlySet<string>>;

/** By node that is here: whom it does not take for gone. Who does not say so is not among them. */
function seenBy(self: string, members: readonly Member[]): Seen {
  const here = members.filter(({ state }) => state === 'up' || state === 'suspect');
  const seen = new Map<string, ReadonlySet<string>>();
  seen.set(self, new Set(here.map(({ node }) => node)));
  for (const { node, present } of here) if (present !== undefined) seen.set(node, present);
  return seen;
}

function isBroken(seen: Seen, one: string, other: string): boolean {
  if (one === other) return false;
  return seen.get(one)?.has(other) === false || seen.get(other)?.has(one) === false;
}

/** Until all have noticed that a node is gone, and have said so. */
const BROKEN_US = 2_000_000;
