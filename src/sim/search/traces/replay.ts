// One run looked at, and two runs compared, each named by its seed or by a trace file. A file's plan is run again here;
// where that gives another run than the file holds, the file is still compared by what it holds.
// Refuses to search.

import { isDeepStrictEqual } from 'node:util';

import { type Difference, firstDifference, type Report, simulate } from '../../simulate.ts';
import { CHECKPOINT_EVERY } from '../../trace-hash.ts';
import type { TraceEvent } from '../../trace.ts';
import type { Source } from '../command-line.ts';
import { guarded } from '../guard.ts';
import {
  failureOf,
  type Judged,
  judgedAs,
  judgesOf,
  lostTo,
  reportOf,
  type Subject,
} from '../pool/seed-run.ts';
import { failureLine, failureObject, grouped, instant, rate, replayCommand } from '../telling.ts';
import { chainLines, eventLine, lastLines, planLines } from './reading.ts';
import { excerpts } from './difference.ts';
import { readTrace, type TraceFile, tracePathFor, writeTrace } from './trace-file.ts';

/** What there is to say, to people and to programs, and how the process ends. */
export interface Told {
  readonly lines: readonly string[];
  readonly json: object;
  readonly isFailed: boolean;
}

/** A run, as it is now and, where a file holds it, as it was. */
interface Side {
  readonly name: string;
  readonly judged: Judged;
  readonly report: Report;
  readonly seconds: number;
  readonly recorded: TraceFile | undefined;
}

/** Runs again what a seed or a file stands for, and tells it. Throws TraceFileError for a file that is none. */
export function replay(source: Source, subject: Subject, tracePath: string | undefined): Told {
  const side = sideOf(source, subject);
  if ('wreck' in side) return wreckTold(side.wreck, subject);
  const { report, recorded, judged } = side;
  const { plan, hash, events, virtualUs, violations, trace } = report;
  const { seed, lane } = plan;
  const [violation] = violations;
  const failure = failureOf(seed, report);
  const command = (): string =>
    failure === undefined || recorded !== undefined
      ? `npm run sim -- --replay ${side.name}`
      : replayCommand(failure, subject);
  const lines = [
    ...planLines(plan),
    `${grouped(events)} events in ${instant(virtualUs)} of virtual time, hash ${hash}`,
    ...lastLines(trace, violation, LAST_LINES),
  ];
  if (violation === undefined || failure === undefined) lines.push('no property is broken');
  else {
    lines.push('what led to it:', ...chainLines(trace, violation.seq, CHAIN_LINES));
    lines.push(failureLine(failure, command()), `  ${failure.sentence}`);
  }
  const parting = recorded === undefined ? [] : partingFromFile(recorded, report);
  if (recorded !== undefined && parting.length === 0)
    lines.push(`the same run as recorded with Node.js ${recorded.header.node}`);
  lines.push(...parting);
  if (tracePath !== undefined) {
    const path = tracePathFor(tracePath, seed, lane, failure?.property ?? 'run');
    writeTrace(path, report, judged);
    lines.push(`trace kept in ${path}`);
  }
  const json = {
    seed,
    runs: 1,
    failures: failure === undefined ? 0 : 1,
    events,
    eventsPerSecond: rate(events, side.seconds),
    hash,
    lane,
    only: judged.only,
    virtualSeconds: virtualUs / 1e6,
    failing: failure === undefined ? [] : [failureObject(failure, command())],
    ...(recorded === undefined ? {} : { sameAsRecorded: parting.length === 0 }),
  };
  return { lines, json, isFailed: failure !== undefined || parting.length > 0 };
}

const LAST_LINES = 40;
const CHAIN_LINES = 20;

/** Finds the first difference between two runs. Throws TraceFileError for a file that is none. */
export function compare(sources: readonly [Source, Source], subject: Subject): Told {
  const [one, other] = [sideOf(sources[0], subject), sideOf(sources[1], subject)];
  if ('wreck' in one) return wreckTold(one.wreck, subject);
  if ('wreck' in other) return wreckTold(other.wreck, subject);
  const hashes = [hashOf(one), hashOf(other)];
  const lines = [one, other].map((side) => `${side.name}: hash ${hashOf(side)}`);
  if (hashes[0] === hashes[1]) {
    lines.push('the same run, message by message');
    return { lines, json: { same: true, hashes }, isFailed: false };
  }
  for (const { name, recorded } of [one, other].filter((side) => !isReproduced(side)))
    lines.push(`${name} is another run here than with Node.js ${recorded?.header.node}`);
  // Messages are not kept in files: they can be told only where both runs can be had again.
  const difference =
    isReproduced(one) && isReproduced(other)
      ? firstDifference(one.report, other.report, judgesOf(one.judged))
      : undefined;
  const seq = firstUnequal(traceOf(one), traceOf(other));
  const pair = seq === undefined ? [] : [traceOf(one)[seq], traceOf(other)[seq]];
  if (difference !== undefined) lines.push(...differenceLines(difference));
  if (seq !== undefined) lines.push('first seen in:', ...sideBySide(pair.map(lineOf)));
  const json = {
    same: false,
    hashes,
    message: difference,
    event: { seq, one: pair[0], other: pair[1] },
  };
  return { lines, json, isFailed: true };
}

type Wreck = { readonly wreck: ReturnType<typeof lostTo> };

function sideOf(source: Source, subject: Subject): Side | Wreck {
  const startedAt = performance.now();
  const recorded = 'file' in source ? readTrace(source.file) : undefined;
  const seed = 'seed' in source ? source.seed : (recorded?.header.seed ?? 0);
  const judged = recorded?.header ?? judgedAs(subject, seed);
  let report: Report;
  try {
    report = guarded(() =>
      recorded === undefined
        ? reportOf(subject, seed)
        : simulate(recorded.header.plan, undefined, judgesOf(judged)),
    );
  } catch (error) {
    return { wreck: lostTo(seed, error) };
  }
  const name = 'seed' in source ? String(source.seed) : source.file;
  return { name, judged, report, seconds: (performance.now() - startedAt) / 1_000, recorded };
}

function wreckTold(wreck: Wreck['wreck'], subject: Subject): Told {
  const command = replayCommand(wreck, subject);
  return {
    lines: [failureLine(wreck, command), `  ${wreck.sentence}`],
    json: {
      seed: wreck.seed,
      runs: 1,
      failures: 1,
      events: 0,
      eventsPerSecond: 0,
      hash: wreck.property,
      failing: [failureObject(wreck, command)],
    },
    isFailed: true,
  };
}

function hashOf({ recorded, report }: Side): string {
  return recorded?.header.hash ?? report.hash;
}

function traceOf({ recorded, report }: Side): readonly TraceEvent[] {
  return recorded?.trace ?? report.trace;
}

function isReproduced({ recorded, report }: Side): boolean {
  return recorded === undefined || recorded.header.hash === report.hash;
}

/** How a run differs from the file that it was recorded in; nothing when it does not. */
function partingFromFile({ header, trace }: TraceFile, report: Report): string[] {
  if (header.hash === report.hash) return [];
  const { checkpoints, node, hash } = header;
  let parted = 0;
  while (parted < checkpoints.length && checkpoints[parted] === report.checkpoints[parted])
    parted += 1;
  const place = parted * CHECKPOINT_EVERY;
  const lines = [
    `ANOTHER RUN than with Node.js ${node}: hash ${hash} then, ${report.hash} now`,
    `they part between messages ${place} and ${place + CHECKPOINT_EVERY}`,
  ];
  const seq = firstUnequal(trace, report.trace);
  if (seq !== undefined)
    lines.push('first seen in:', ...sideBySide([trace[seq], report.trace[seq]].map(lineOf)));
  return lines;
}

function differenceLines({ place, one, other }: Difference): string[] {
  const seen = one ?? other;
  if (seen === undefined) return [`they part after message ${place}, and each time elsewhere`];
  return [
    `they part at message ${place}, to ${seen.address}, at ${instant(seen.at)}:`,
    ...sideBySide(excerpts(one?.said, other?.said)),
  ];
}

function sideBySide([one = '', other = '']: readonly string[]): string[] {
  return [`  - ${one}`, `  + ${other}`];
}

function lineOf(event: TraceEvent | undefined): string {
  return event === undefined ? 'nothing any more' : eventLine(event);
}

function firstUnequal(
  ones: readonly TraceEvent[],
  others: readonly TraceEvent[],
): number | undefined {
  const length = Math.max(ones.length, others.length);
  for (let seq = 0; seq < length; seq += 1)
    if (!isDeepStrictEqual(ones[seq], others[seq])) return seq;
  return undefined;
}
