// One run of one plan, judged: the function that every way into the simulator calls. Runs of equal plans give equal
// reports to the last bit, and where they do not, the first difference is found by running twice more.
// Refuses to know where plans come from and who reads reports.

import { invariants } from './invariants/all.ts';
import type { Invariant } from './invariants/invariant.ts';
import type { Plan } from './plan.ts';
import { marksOf } from './marks.ts';
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
  readonly trace: readonly TraceEvent[];
  readonly checkpoints: readonly number[];
  readonly absorbed: readonly Absorbed[];
}

export interface Watched {
  readonly from: number;
  readonly to: number;
}

/** Runs a plan to its end, or to its first violation. */
export function simulate(
  plan: Plan,
  watched?: Watched,
  judges: readonly Invariant[] = invariants,
): Report {
  const violations: Violation[] = [];
  const watchers = judges.map(({ property, requirements, judge }) =>
    judge(({ seq, at }, sentence) => {
      violations.push({ property, requirements, seq, at, sentence });
    }),
  );
  const trace = new Trace(watchers);
  const world = new World(plan, trace);
  const absorbed: Absorbed[] = [];
  if (watched !== undefined) world.hash.watch = { ...watched, seen: absorbed };
  world.run(() => violations.length > 0);
  return {
    plan,
    hash: world.hash.digest(),
    events: world.events,
    virtualUs: world.now,
    violations,
    marks: marksOf(trace.events, plan),
    trace: trace.events,
    checkpoints: world.hash.checkpoints,
    absorbed,
  };
}

/** Judges a trace that was recorded, or written by hand. */
export function judgeTrace(
  events: readonly TraceEvent[],
  judges: readonly Invariant[] = invariants,
): Violation[] {
  const violations: Violation[] = [];
  for (const { property, requirements, judge } of judges) {
    const watcher = judge(({ seq, at }, sentence) => {
      violations.push({ property, requirements, seq, at, sentence });
    });
    for (const event of events) watch(watcher, event);
  }
  return violations;
}

export interface Difference {
  /** How many messages were absorbed before the runs parted. */
  readonly place: number;
  readonly one: Absorbed | undefined;
  readonly other: Absorbed | undefined;
}

/** Undefined when two runs of a plan are equal; else the first message in which they differ. */
export function firstDifference(one: Report, other: Report): Difference | undefined {
  if (one.hash === other.hash) return undefined;
  let parted = 0;
  while (parted < one.checkpoints.length && one.checkpoints[parted] === other.checkpoints[parted])
    parted += 1;
  const window = { from: parted * CHECKPOINT_EVERY, to: (parted + 1) * CHECKPOINT_EVERY };
  const again = [simulate(one.plan, window), simulate(other.plan, window)];
  const [first = [], second = []] = again.map(({ absorbed }) => absorbed);
  let place = 0;
  while (place < first.length && first[place]?.hash === second[place]?.hash) place += 1;
  return { place: window.from + place, one: first[place], other: second[place] };
}
