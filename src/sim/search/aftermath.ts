// What is done about failed seeds when a search is over: their runs are had again, kept if so wished, and the first of
// each kind is told in words. A thread of its own does it, so that the way in can still be interrupted.
// Refuses to search.

import { Piscina } from 'piscina';

import type { Report } from '../simulate.ts';
import { guarded } from './guard.ts';
import { type Failure, failureKinds, reportOf, type Subject } from './pool/seed-run.ts';
import { chainLines } from './traces/reading.ts';
import { TRACE_SUFFIX, tracePathFor, writeTrace } from './traces/trace-file.ts';

/** What a thread is asked to do about one failure. */
export interface Aftermath {
  readonly subject: Subject;
  readonly failure: Failure;
  readonly isTold: boolean;
  /** Where its trace goes; undefined for nowhere. */
  readonly tracePath: string | undefined;
}

/** Sees to the failures of a search, in their order; lines for people as they come. */
export async function* aftermathOf(
  failures: readonly Failure[],
  subject: Subject,
  tracePath: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const tasks = tasksFor(failures, subject, tracePath);
  if (tasks.length === 0) return;
  const pool = new Piscina<Aftermath, readonly string[]>({
    filename: new URL(import.meta.url).href,
    name: 'seeTo',
    minThreads: 1,
    maxThreads: 1,
  });
  for (const task of tasks) {
    const until = AbortSignal.any([signal, AbortSignal.timeout(SECONDS_MAX * 1_000)]);
    const { seed, property } = task.failure;
    try {
      yield* await pool.run(task, { signal: until });
    } catch (error) {
      if (signal.aborted) break;
      const reason = error instanceof Error ? error.message : String(error);
      yield `seed ${seed} cannot be told of, ${property}: ${reason}`;
    }
  }
  await pool.destroy();
}

function tasksFor(
  failures: readonly Failure[],
  subject: Subject,
  tracePath: string | undefined,
): Aftermath[] {
  // The other kinds left no report behind.
  const wrecks: readonly string[] = [failureKinds.crash, failureKinds.nondeterminism];
  const seen = failures.filter(
    ({ property, at }) =>
      !wrecks.includes(property) && (property !== failureKinds.timeout || at > 0),
  );
  const kept = tracePath?.endsWith(TRACE_SUFFIX) === true ? 1 : KEPT_MAX;
  const told = new Set<string>();
  return seen
    .map((failure, index): Aftermath => {
      const isTold = !told.has(failure.property) && told.size < TOLD_MAX;
      if (isTold) told.add(failure.property);
      return { subject, failure, isTold, tracePath: index < kept ? tracePath : undefined };
    })
    .filter((task) => task.isTold || task.tracePath !== undefined);
}

/** The thread's part. Throws what the simulator throws. */
export function seeTo({ subject, failure, isTold, tracePath }: Aftermath): string[] {
  const { seed, property } = failure;
  const report = guarded(() => reportOf(subject, seed));
  const lines = isTold ? storyOf(failure, report) : [];
  if (tracePath !== undefined) {
    const path = tracePathFor(tracePath, seed, report.plan.lane, property);
    writeTrace(path, report, subject);
    lines.push(`trace kept in ${path}`);
  }
  return lines;
}

/** What came to pass, in words. */
function storyOf({ seed, property }: Failure, { trace, violations }: Report): string[] {
  const [violation] = violations;
  if (violation === undefined) return [];
  return [
    `${property}, seed ${seed}, what led to it:`,
    ...chainLines(trace, violation.seq, CHAIN_LINES),
  ];
}

const CHAIN_LINES = 20;
const TOLD_MAX = 5;
const KEPT_MAX = 20;
const SECONDS_MAX = 120;
