// What a search says: to people in lines, to programs in one object. Refuses to decide anything.

import { dialectNames } from './dialects.ts';
import type { Found, Progress, Search } from './pool/pool.ts';
import { type Failure, failureKinds, judgedAs, type Subject } from './pool/seed-run.ts';

/** The one line of a failure: what, where, when, which seed, and how to see it again. */
export function failureLine(failure: Failure, command: string): string {
  const { property, requirements, where, at, seed } = failure;
  const what = requirements.length === 0 ? property : `${property} [${requirements.join(', ')}]`;
  const place = where === '' ? '' : ` at ${where},`;
  return `FAILED ${what}${place} ${instant(at)}, seed ${seed}: ${command}`;
}

/** The command that shows a failure again, to be typed as it stands. */
export function replayCommand({ seed, property, at }: Failure, subject: Subject): string {
  const { choices, isCanary } = subject;
  const { lane, nodes, shards, clients } = choices;
  // What no property names may hang or end its thread, or needs two runs to be seen.
  const isWreck =
    property === failureKinds.nondeterminism ||
    property === failureKinds.crash ||
    (property === failureKinds.timeout && at === 0);
  return [
    `npm run sim -- --${isWreck ? 'seed' : 'replay'} ${seed}`,
    lane === 'byte' ? '' : ` --lane ${lane}`,
    nodes === undefined ? '' : ` --nodes ${nodes}`,
    shards === undefined ? '' : ` --shards ${shards}`,
    clients === undefined ? '' : ` --clients ${clients}`,
    ` --only ${judgedAs(subject, seed).only}`,
    isCanary ? ' --canary' : '',
  ].join('');
}

/** What a search is going to do. */
export function startLine({
  subject,
  firstSeed,
  runs,
  minutes,
  untilFailure,
  threads,
}: Search): string {
  const limits = [
    ...(runs === Infinity ? [] : [`to ${firstSeed + runs - 1}`]),
    ...(minutes === undefined ? [] : [`for ${minutes} min`]),
    ...(untilFailure ? ['until one fails'] : []),
  ];
  const seeds = runs === 1 ? `seed ${firstSeed}` : `seeds from ${firstSeed} ${limits.join(', ')}`;
  const dialects = subject.only ?? `${dialectNames.join(', ')} in turn`;
  return `${seeds}, ${dialects}, ${subject.choices.lane} lane, on ${count(threads, 'thread')}; Ctrl-C tells what is known`;
}

/** How far a search has come. */
export function progressLine(progress: Progress, { runs, minutes }: Search): string {
  const { seeds, events, failures, seconds } = progress;
  const elapsed = Math.max(seconds, 0.001);
  const perSecond = seeds / elapsed;
  const leftByRuns = perSecond > 0 ? (runs - seeds) / perSecond : Infinity;
  const left = Math.min(leftByRuns, minutes === undefined ? Infinity : minutes * 60 - seconds);
  const parts = [
    runs === Infinity ? `${grouped(seeds)} seeds` : `${grouped(seeds)} of ${grouped(runs)} seeds`,
    `${perSecond.toFixed(1)} seeds/s`,
    `${grouped(events / elapsed)} events/s`,
    ...(Number.isFinite(left) ? [`${duration(left)} left`] : []),
    failures === 1 ? '1 failure' : `${failures} failures`,
  ];
  return parts.join(' · ');
}

/** What came of a search, for people. */
export function summaryLines(found: Found, { subject, isTwice, threads }: Search): string[] {
  const { tally, events, seconds, cpuSeconds, virtualUs } = found;
  const { runs, failures, hash } = tally;
  const differ = failures.some(({ property }) => property === failureKinds.nondeterminism);
  const repeated = isTwice ? `, each twice${differ ? '' : ' with the same hash'}` : '';
  return [
    ...marksLines(found),
    `${count(runs, 'seed')}${repeated}, ${subject.choices.lane} lane, ${count(threads, 'thread')}: ` +
      `${grouped(events)} events in ${seconds.toFixed(1)} s, ` +
      `${grouped(rate(events, seconds))} a second, ${grouped(rate(events, cpuSeconds))} per CPU second, ` +
      `${grouped(rate(virtualUs / 1e6, seconds))} times real time`,
    ...(found.wasInterrupted ? ['interrupted: this is what was known'] : []),
    `hash ${hash}`,
    failures.length === 0 ? 'no failure' : failuresLine(failures),
  ];
}

/** How many seeds failed, by what, and the first of each. */
function failuresLine(failures: readonly Failure[]): string {
  const kinds = new Map<string, { times: number; readonly first: number }>();
  for (const { property, seed } of failures) {
    const kind = kinds.get(property) ?? { times: 0, first: seed };
    kind.times += 1;
    kinds.set(property, kind);
  }
  const parts = [...kinds].map(([property, { times, first }]) =>
    times === 1 ? `${property} (seed ${first})` : `${property} ×${times} (first seed ${first})`,
  );
  return `${count(failures.length, 'failed seed')}: ${parts.join(', ')}`;
}

function marksLines({ tally }: Found): string[] {
  const { marks } = tally;
  const isKnown = (name: string): boolean => (marks.get(name)?.of ?? 0) >= MARKS_RUNS_MIN;
  const neverReached = tally.neverReached.filter(isKnown);
  const lines: string[] = [];
  if (neverReached.length > 0) lines.push(`never reached: ${neverReached.join('; ')}`);
  for (const name of tally.tooRare.filter(isKnown)) {
    const { seeds = 0, of = 0, first = 0 } = marks.get(name) ?? {};
    lines.push(`too rare: ${name}, in ${seeds} of ${of} seeds, first in ${first}`);
  }
  return lines;
}

/** Fewer seeds than this say nothing about how rare a thing is. */
const MARKS_RUNS_MIN = 50;

/** What came of a search, for programs: one line. */
export function searchJson(found: Found, { subject, firstSeed, threads }: Search): string {
  const { tally, events, virtualUs, seconds, cpuSeconds, wasInterrupted } = found;
  return JSON.stringify({
    seed: firstSeed,
    runs: tally.runs,
    failures: tally.failures.length,
    events: tally.events,
    eventsPerSecond: rate(events, seconds),
    eventsPerCpuSecond: rate(events, cpuSeconds),
    hash: tally.hash,
    lane: subject.choices.lane,
    only: subject.only ?? null,
    threads,
    seconds: Math.round(seconds * 1_000) / 1_000,
    virtualSeconds: tally.virtualUs / 1e6,
    timesRealTime: rate(virtualUs / 1e6, seconds),
    interrupted: wasInterrupted,
    failing: tally.failures.map((failure) =>
      failureObject(failure, replayCommand(failure, subject)),
    ),
    marks: {
      neverReached: tally.neverReached,
      tooRare: tally.tooRare,
      reached: Object.fromEntries([...tally.marks].filter(([, { seeds }]) => seeds > 0)),
    },
  });
}

/** A failure for programs. */
export function failureObject(failure: Failure, replay: string): object {
  return { ...failure, replay };
}

/** Whole units per second; 0 when no time has passed. */
export function rate(units: number, seconds: number): number {
  return seconds > 0 ? Math.round(units / seconds) : 0;
}

export function instant(us: number): string {
  return `${(us / 1e6).toFixed(6)} s`;
}

export function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** 1234567 as 1,234,567. */
export function grouped(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** One line that is written over and over on a terminal, and now and then a line of its own elsewhere. */
export class Ticker {
  readonly #out: NodeJS.WriteStream;
  #shownAt: number;
  #isShown = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.#shownAt = performance.now();
  }

  show(line: string): void {
    const now = performance.now();
    if (this.#out.isTTY) {
      this.#out.write(`\r${CLEAR}${line.slice(0, (this.#out.columns || 80) - 1)}`);
      this.#isShown = true;
    } else if (now - this.#shownAt >= PLAIN_EVERY_MS) {
      this.#out.write(`${line}\n`);
      this.#shownAt = now;
    }
  }

  /** A line that stays. */
  say(line: string): void {
    this.clear();
    this.#out.write(`${line}\n`);
  }

  /** Makes room for what others write. */
  clear(): void {
    if (this.#isShown) this.#out.write(`\r${CLEAR}`);
    this.#isShown = false;
  }
}

/** Erases from the cursor to the end of the line. */
const CLEAR = '\u001B[K';
const PLAIN_EVERY_MS = 5_000;
