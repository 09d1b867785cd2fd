// One run of one plan, judged: the function that every way into the simulator calls. Runs of equal plans give equal
// reports to the last bit, and where they do not, the first difference is found by running again and looking closer.
// Refuses to know where plans come from and who reads reports.

import { invariants } from './invariants/all.ts';
import type { Invariant } from './invariants/invariant.ts';
import type { Plan } from './plan.ts';
import { Marks } from './marks.ts';
import { type Absorbed, CHECKPOINT_EVERY } from './trace-hash.ts';
import { Trace, type TraceEvent, type Violation, watch } from './trace.ts';
import { World } from './world.ts';

export interface Report {
  readonly plan: Plan;
  readonly hash: string;
  /** What happened in the world, one by one: see `World.events`. */
  readonly events: number;
  /** Virtual microseconds that passed. */
  readonly virtualUs: number;
  readonly violations: readonly Violation[];
  /** How often each thing worth meeting was met. */
  readonly marks: ReadonlyMap<string, number>;
  /** Empty where it was not kept. */
  readonly trace: readonly TraceEvent[];
  readonly checkpoints: readonly number[];
  readonly absorbed: readonly Absorbed[];
}

export interface Watched {
  readonly from: number;
  readonly to: number;
}

/** The property that a run breaks which takes more events than its plan can explain. */
export const TIMEOUT = 'timeout';

/**
 * Runs a plan to its end, to its first violation, or until it has taken `eventsMax` events. A search keeps no traces:
 * the seeds that fail run again for theirs.
 */
export function simulate(
  plan: Plan,
  watched?: Watched,
  judges: readonly Invariant[] = invariants,
  eventsMax: number = eventsMaxOf(plan),
  isTraceKept = true,
): Report {
  const violations: Violation[] = [];
  const watchers = judges.map(({ property, requirements, judge }) =>
    judge((event, sentence) => {
      const { seq, at } = event;
      violations.push({ property, requirements, seq, at, sentence, event });
    }),
  );
  const marks = new Marks();
  const trace = new Trace([marks.watcher, ...watchers], isTraceKept);
  const world = new World(plan, trace, marks);
  const absorbed: Absorbed[] = [];
  if (watched !== undefined) world.hash.watch = { ...watched, seen: absorbed };
  let looks = 0;
  let isLate = false;
  world.run(() => {
    looks += 1;
    // Counting events costs more than taking one.
    if (looks % LOOK_EVERY === 0) isLate = world.events > eventsMax;
    return isLate || violations.length > 0;
  });
  if (isLate) violations.push(lateness(world.now, trace.count - 1, eventsMax));
  return {
    plan,
    hash: world.hash.digest(),
    events: world.events,
    virtualUs: world.now,
    violations,
    marks: marks.counts(plan),
    trace: trace.events,
    checkpoints: world.hash.checkpoints,
    absorbed,
  };
}

/** Far more than a run of this size takes: the largest drawn so far needed a fifth. */
function eventsMaxOf({ clients }: Plan): number {
  return 5_000_000 + clients.length * 100_000;
}

function lateness(at: number, seq: number, eventsMax: number): Violation {
  const sentence = `${eventsMax} events did not bring the run to its end`;
  return { property: TIMEOUT, requirements: [], seq, at, sentence, event: undefined };
}

const LOOK_EVERY = 1_024;

/** Judges a trace that was recorded, or written by hand. */
export function judgeTrace(
  events: readonly TraceEvent[],
  judges: readonly Invariant[] = invariants,
): Violation[] {
  const violations: Violation[] = [];
  for (const { property, requirements, judge } of judges) {
    const watcher = judge((event, sentence) => {
      const { seq, at } = event;
      violations.push({ property, requirements, seq, at, sentence, event });
    });
    for (const event of events) watch(watcher, event);
  }
  return violations;
}

export interface Difference {
  /** How many messages were absorbed before the runs parted. */
  readonly place: number;
  /** Undefined where the run had ended, and on both sides where no repetition showed the difference again. */
  readonly one: Absorbed | undefined;
  readonly other: Absorbed | undefined;
}

/** What of a report is needed to tell two runs apart. */
export type Comparable = Pick<Report, 'plan' | 'hash' | 'checkpoints'>;

/** Undefined when two runs absorbed the same; else the first message in which they differ. */
export function firstDifference(
  one: Comparable,
  other: Comparable,
  judges: readonly Invariant[] = invariants,
): Difference | undefined {
  if (one.hash === other.hash) return undefined;
  let parted = partedAt(one, other);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const from = parted * CHECKPOINT_EVERY;
    const window = { from, to: from + CHECKPOINT_EVERY };
    const first = simulate(one.plan, window, judges);
    const second = simulate(other.plan, window, judges);
    const again = partedAt(first, second);
    // Runs that depend on more than their plan part elsewhere each time: the window must follow them.
    if (again === parted) {
      const found = firstIn(first.absorbed, second.absorbed);
      if (found !== undefined) return { place: from + found.index, ...found };
    }
    parted = again;
  }
  return { place: parted * CHECKPOINT_EVERY, one: undefined, other: undefined };
}

function partedAt(one: Comparable, other: Comparable): number {
  let parted = 0;
  while (parted < one.checkpoints.length && one.checkpoints[parted] === other.checkpoints[parted])
    parted += 1;
  return parted;
}

function firstIn(
  ones: readonly Absorbed[],
  others: readonly Absorbed[],
): (Pick<Difference, 'one' | 'other'> & { readonly index: number }) | undefined {
  const length = Math.max(ones.length, others.length);
  for (let index = 0; index < length; index += 1) {
    const one = ones[index];
    const other = others[index];
    if (one?.hash !== other?.hash) return { index, one, other };
  }
  return undefined;
}

const TRIES_MAX = 4;
