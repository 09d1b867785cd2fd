// The sum of a search: seeds are added in their order, whatever the order in which threads finished them, so that
// totals, hash and first failures do not depend on threads and batches. Refuses to know about time and threads.

import { hash as digest } from 'node:crypto';

import type { Failure, Outcome } from './seed-run.ts';

/** In how many seeds a mark was reached, of those in which it may be; how often in all of them, and in which first. */
export interface MarkCount {
  readonly seeds: number;
  readonly of: number;
  readonly times: number;
  /** Undefined for a mark that was never reached. */
  readonly first: number | undefined;
}

export class Tally {
  readonly failures: Failure[] = [];
  readonly marks = new Map<string, MarkCount>();
  runs = 0;
  events = 0;
  virtualUs = 0;
  #hash = '';

  add({ seed, hash, events, virtualUs, marks, failure }: Outcome): void {
    this.runs += 1;
    this.events += events;
    this.virtualUs += virtualUs;
    // One seed alone keeps its own hash: the one that its trace file carries.
    this.#hash =
      this.runs === 1 ? hash : digest('sha256', `${this.#hash} ${hash}`).slice(0, HASH_DIGITS);
    if (failure !== undefined) this.failures.push(failure);
    for (const [name, times] of marks) {
      const known = this.marks.get(name) ?? { seeds: 0, of: 0, times: 0, first: undefined };
      this.marks.set(name, {
        seeds: known.seeds + (times > 0 ? 1 : 0),
        of: known.of + 1,
        times: known.times + times,
        first: known.first ?? (times > 0 ? seed : undefined),
      });
    }
  }

  /** Sixteen hexadecimal digits over the hashes of all seeds in their order. */
  get hash(): string {
    return this.#hash;
  }

  /** Registered marks that no seed reached. */
  get neverReached(): string[] {
    return this.#marksWhere(({ seeds }) => seeds === 0);
  }

  /** Marks that were reached, in so few seeds that what stands behind them is hardly tested. */
  get tooRare(): string[] {
    return this.#marksWhere(({ seeds, of }) => seeds > 0 && seeds < of * RATE_MIN);
  }

  #marksWhere(isMeant: (count: MarkCount) => boolean): string[] {
    const found = [...this.marks].filter(([, count]) => isMeant(count)).map(([name]) => name);
    return found.toSorted();
  }
}

const HASH_DIGITS = 16;
/** Of all seeds. */
const RATE_MIN = 0.005;
