// What is done about failed seeds when a search is over: their runs are had again, kept if so wished, and the first of
// each kind is told in words. A thread of its own does it, so that the way in can still be interrupted.
// Refuses to search.

import { Piscina } from 'piscina';

import { membersOf, mishapsIn } from '../plan/plainer.ts';
import type { Report } from '../simulate.ts';
import { guarded } from './guard.ts';
import {
  type Failure,
  failureKinds,
  judgedAs,
  judgesOf,
  reportOf,
  type Subject,
} from './pool/seed-run.ts';
import { shrinkPlan } from './shrink.ts';
import { tellStory } from './story.ts';
import { count } from './telling.ts';
import { TRACE_SUFFIX, tracePathFor, writeTrace } from './traces/trace-file.ts';
import { withSites } from './with-sites.ts';

/** What a thread is asked to do about one failure. */
export interface Aftermath {
  readonly subject: Subject;
  readonly failure: Failure;
  readonly isTold: boolean;
  /** As the smallest run that still fails so. */
  readonly isShrunk: boolean;
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
    execArgv: [...withSites],
  });
  for (const task of tasks) {
    if (signal.aborted) break;
    yield* await seenTo(pool, task, signal);
  }
  await pool.destroy();
}

async function seenTo(
  pool: Piscina<Aftermath, readonly string[]>,
  task: Aftermath,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(SECONDS_MAX * 1_000)]);
  try {
    return await pool.run(task, { signal: until });
  } catch (error) {
    if (signal.aborted) return [];
    // A run that takes long takes far too long three hundred times: it is told as it is.
    if (task.isShrunk) return seenTo(pool, { ...task, isShrunk: false }, signal);
    const { seed, property } = task.failure;
    const reason = error instanceof Error ? error.message : String(error);
    return [`seed ${seed}, ${property}, cannot be told of: ${reason}`];
  }
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
      const path = index < kept ? tracePath : undefined;
      return { subject, failure, isTold, isShrunk: isTold, tracePath: path };
    })
    .filter((task) => task.isTold || task.tracePath !== undefined);
}

/** The thread's part. Throws what the simulator throws. */
export function seeTo({ subject, failure, isTold, isShrunk, tracePath }: Aftermath): string[] {
  const { seed, property } = failure;
  const judged = judgedAs(subject, seed);
  const report = guarded(() => reportOf(subject, seed));
  const lines: string[] = [];
  const keep = (kept: Report, suffix: string): void => {
    if (tracePath === undefined) return;
    const path = tracePathFor(tracePath, seed, kept.plan.lane, property, suffix);
    writeTrace(path, kept, judged);
    lines.push(`trace kept in ${path}`);
  };
  if (isTold && isShrunk) {
    const small = shrinkPlan(report.plan, property, { judges: judgesOf(judged) });
    const [faults, clients] = [mishapsIn(small.plan).length, membersOf(small.plan).length];
    lines.push(
      `seed ${seed}, ${property}, shrunk to ${count(faults, 'fault')} and ` +
        `${count(clients, 'client')} in ${count(small.simulations, 'run')}:`,
      ...tellStory(small.report),
    );
    keep(small.report, SMALL_SUFFIX);
  } else if (isTold) lines.push(`seed ${seed}, ${property}:`, ...tellStory(report));
  keep(report, '');
  return lines;
}

const SMALL_SUFFIX = '-small';
const TOLD_MAX = 5;
const KEPT_MAX = 20;
const SECONDS_MAX = 120;
