// What a thread of the pool does: runs seeds under guard, some of them twice, and tells of each what came of it in few
// words; a report of a whole run never crosses a thread. Refuses to know how many threads there are and what others do.

import type { Invariant } from '../../invariants/invariant.ts';
import type { PlanChoices } from '../../plan.ts';
import {
  type Comparable,
  firstDifference,
  type Report,
  simulate,
  TIMEOUT,
} from '../../simulate.ts';
import type { TraceEvent } from '../../trace.ts';
import { type Dialect, dialectInTurn, dialectOf, withCanary } from '../dialects.ts';
import { guarded, WorldTouchedError } from '../guard.ts';
import { differenceInWords } from '../traces/difference.ts';

/** What all seeds of a search have in common. */
export interface Subject {
  readonly choices: Omit<PlanChoices, 'seed'>;
  /** Name of a dialect; undefined for all of them in turn. */
  readonly only: string | undefined;
  /** Puts the lie in front of the judges that each of them must find. */
  readonly isCanary: boolean;
}

export interface Failure {
  readonly seed: number;
  /** An invariant's name, or one of `failureKinds`. */
  readonly property: string;
  readonly requirements: readonly string[];
  /** Node, client, connection or shard, in words; empty where there is none. */
  readonly where: string;
  /** Virtual microseconds. */
  readonly at: number;
  readonly sentence: string;
}

/** Failures that no invariant names. */
export const failureKinds = {
  /** The same plan gave two runs, or a run asked something else than its seed. */
  nondeterminism: 'nondeterminism',
  /** The simulator threw, or took its thread with it. */
  crash: 'crash',
  /** It took more events than its plan explains, or more time than its thread is given. */
  timeout: TIMEOUT,
} as const;

export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  readonly events: number;
  readonly virtualUs: number;
  readonly marks: ReadonlyMap<string, number>;
  readonly failure: Failure | undefined;
}

export interface Batch {
  readonly subject: Subject;
  readonly seeds: readonly number[];
  /** Those among them that run twice. */
  readonly twice: readonly number[];
  readonly stopsAtFailure: boolean;
  /** Shared by all threads: at 0 the last seed that still matters, at `slot` the finished runs of this batch. */
  readonly board: Uint32Array;
  readonly slot: number;
}

export interface BatchResult {
  /** Without the seeds that did not matter any more. */
  readonly outcomes: readonly Outcome[];
  /** Of all runs, also of those that were repeated. */
  readonly events: number;
  readonly virtualUs: number;
}

/** The runs of a batch in their order: all seeds, and then, from the last to the first, those that run twice. */
export function orderOf({ seeds, twice }: Pick<Batch, 'seeds' | 'twice'>): readonly number[] {
  return [...seeds, ...twice.toReversed()];
}

/** Runs a batch to its end. Does not throw for anything that a run does. */
export function runBatch(batch: Batch): BatchResult {
  const { subject, board, slot, stopsAtFailure } = batch;
  const twice = new Set(batch.twice);
  const firsts = new Map<number, Kept>();
  const outcomes = new Map<number, Outcome>();
  let events = 0;
  let virtualUs = 0;
  Atomics.store(board, slot, 0);
  for (const seed of orderOf(batch)) {
    if (seed <= Atomics.load(board, 0)) {
      const kept = runSeed(subject, seed);
      const first = firsts.get(seed);
      const outcome = first === undefined ? kept.outcome : compared(first, kept);
      if (first === undefined && twice.has(seed)) firsts.set(seed, kept);
      outcomes.set(seed, outcome);
      events += kept.outcome.events;
      virtualUs += kept.outcome.virtualUs;
      if (stopsAtFailure && outcome.failure !== undefined) lower(board, seed);
    }
    Atomics.add(board, slot, 1);
  }
  return { outcomes: [...outcomes.values()], events, virtualUs };
}

/** Lowers the last seed that matters. */
export function lower(board: Uint32Array, seed: number): void {
  for (;;) {
    const last = Atomics.load(board, 0);
    if (last <= seed || Atomics.compareExchange(board, 0, last, seed) === last) return;
  }
}

/** Outcome of one run, and what is needed to compare it with another. */
export interface Kept {
  readonly outcome: Outcome;
  /** Undefined where the run did not come to its end. */
  readonly comparable: Comparable | undefined;
  readonly judges: readonly Invariant[];
}

/** Runs one seed under guard. */
export function runSeed(subject: Subject, seed: number, dialect = dialectAt(subject, seed)): Kept {
  const judges = judgesOf(judgedAs(subject, seed), dialect);
  try {
    const report = guarded(() => reportOf(subject, seed, dialect, false));
    const { plan, hash, checkpoints, events, virtualUs, marks } = report;
    const outcome = { seed, hash, events, virtualUs, marks, failure: failureOf(seed, report) };
    return { outcome, comparable: { plan, hash, checkpoints }, judges };
  } catch (error) {
    return { outcome: lost(lostTo(seed, error)), comparable: undefined, judges };
  }
}

/** Simulates a seed; throws what the simulator throws. */
export function reportOf(
  subject: Subject,
  seed: number,
  dialect: Dialect = dialectAt(subject, seed),
  isTraceKept = true,
): Report {
  const plan = dialect.draw({ ...subject.choices, seed });
  const judges = judgesOf(judgedAs(subject, seed), dialect);
  return simulate(plan, undefined, judges, undefined, isTraceKept);
}

/** How the run of one seed is judged. */
export interface Judged {
  /** Name of a dialect. */
  readonly only: string;
  readonly isCanary: boolean;
}

export function judgedAs({ only, isCanary }: Subject, seed: number): Judged {
  return { only: only ?? dialectInTurn(seed), isCanary };
}

/** The judges themselves. */
export function judgesOf(
  { only, isCanary }: Judged,
  { judges }: Dialect = dialectOf(only),
): readonly Invariant[] {
  return isCanary ? withCanary(judges) : judges;
}

function dialectAt(subject: Subject, seed: number): Dialect {
  return dialectOf(judgedAs(subject, seed).only);
}

/** A seed of which nothing is known but how it ended. */
export function lost(failure: Failure): Outcome {
  const { seed, property } = failure;
  return { seed, hash: property, events: 0, virtualUs: 0, marks: new Map(), failure };
}

/** The first violation of a report, and where it was seen. */
export function failureOf(seed: number, { violations }: Report): Failure | undefined {
  const [violation] = violations;
  if (violation === undefined) return undefined;
  const { property, requirements, at, sentence, event } = violation;
  return { seed, property, requirements, where: whereOf(event), at, sentence };
}

function whereOf(event: TraceEvent | undefined): string {
  if (event === undefined || !('node' in event)) return '';
  const { node } = event;
  if ('shard' in event) return `node ${node} shard ${event.shard}`;
  if (!('client' in event)) return `node ${node}`;
  const place = `node ${node} client ${event.client}`;
  return 'connection' in event ? `${place} connection ${event.connection}` : place;
}

/** The failure of a seed whose run threw. */
export function lostTo(seed: number, error: unknown): Failure {
  const isTouch = error instanceof WorldTouchedError;
  const { nondeterminism, crash } = failureKinds;
  return {
    seed,
    property: isTouch ? nondeterminism : crash,
    requirements: [],
    where: isTouch ? error.place : placeOf(error),
    at: 0,
    sentence: error instanceof Error ? error.message : String(error),
  };
}

function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return /^\s+at (.*)$/m.exec(stack)?.[1] ?? '';
}

/** The outcome of a seed that ran twice. */
export function compared(first: Kept, second: Kept): Outcome {
  const { outcome } = first;
  const parting = partingOf(first, second);
  if (parting === undefined) return outcome;
  const { seed } = outcome;
  const property = failureKinds.nondeterminism;
  return { ...outcome, failure: { seed, property, requirements: [], ...parting } };
}

type Parting = Pick<Failure, 'where' | 'at' | 'sentence'>;

function partingOf(first: Kept, second: Kept): Parting | undefined {
  const one = first.outcome;
  const other = second.outcome;
  const what = [
    ...(one.hash === other.hash ? [] : ['hash']),
    ...(one.events === other.events ? [] : ['number of events']),
    ...(one.failure?.sentence === other.failure?.sentence ? [] : ['failure']),
  ];
  if (what.length === 0) return undefined;
  return (
    closerLook(first, second) ?? {
      where: '',
      at: 0,
      sentence: `two runs differ in ${what.join(' and ')}`,
    }
  );
}

function closerLook(first: Kept, second: Kept): Parting | undefined {
  if (first.comparable === undefined || second.comparable === undefined) return undefined;
  try {
    const difference = firstDifference(first.comparable, second.comparable, first.judges);
    return difference === undefined ? undefined : differenceInWords(difference);
  } catch {
    // A run that is not the same twice may also throw once and not again.
    return undefined;
  }
}
