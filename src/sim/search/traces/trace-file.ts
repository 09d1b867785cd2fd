// A run on disk: its whole plan, how it ended, and every event of its trace with the event that caused it, as msgpackr
// records in one zstd frame. Times and causes are written as distances, which compress well; reading restores them.
// Refuses to know what the run means.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Packr, Unpackr } from 'msgpackr';

import type { Plan } from '../../plan.ts';
import type { Report } from '../../simulate.ts';
import type { TraceEvent, TraceRecord, Violation } from '../../trace.ts';
import type { Judged } from '../pool/seed-run.ts';

export interface TraceHeader extends Judged {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** Of the Node.js that ran it. */
  readonly node: string;
  readonly seed: number;
  readonly lane: Plan['lane'];
  readonly hash: string;
  readonly events: number;
  readonly virtualUs: number;
  readonly violation: Violation | undefined;
  /** See TraceHash. */
  readonly checkpoints: readonly number[];
  /** The run as data: enough to run it again, also where seeds are drawn differently by now. */
  readonly plan: Plan;
}

export interface TraceFile {
  readonly header: TraceHeader;
  readonly trace: readonly TraceEvent[];
}

const FORMAT = 'hermod trace';
const VERSION = 2;
export const TRACE_SUFFIX = '.trace';

/** An event as it is written: so much after the one before it, caused by the one so many places back, or by none at 0. */
type Written = readonly [after: number, back: number, record: TraceRecord];

/** Keeps a run. Folders are made as needed. */
export function writeTrace(path: string, report: Report, { only, isCanary }: Judged): void {
  const { plan, hash, events, virtualUs, violations, checkpoints, trace } = report;
  const { seed, lane } = plan;
  const header: TraceHeader = {
    format: FORMAT,
    version: VERSION,
    node: process.version,
    only,
    isCanary,
    seed,
    lane,
    hash,
    events,
    virtualUs,
    violation: violations[0],
    checkpoints,
    plan,
  };
  const packr = new Packr({ sequential: true, useRecords: true });
  // The packer uses one buffer for all: each block is copied out of it.
  const blocks = [Uint8Array.from(packr.pack(header))];
  let last = 0;
  for (const { seq, at, cause, ...record } of trace) {
    const back = cause < 0 ? 0 : seq - cause;
    blocks.push(Uint8Array.from(packr.pack([at - last, back, record])));
    last = at;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, zstdCompressSync(Buffer.concat(blocks)));
}

/** Reads a run. Throws with one sentence when there is none that this version can read. */
export function readTrace(path: string): TraceFile {
  const bytes = bytesOf(path);
  let values: unknown[];
  try {
    const unpackr = new Unpackr({ sequential: true, useRecords: true });
    values = unpackr.unpackMultiple(zstdDecompressSync(bytes)) as unknown[];
  } catch {
    throw new TraceFileError(`${path} is not a trace file.`);
  }
  const header = values.shift() as TraceHeader | undefined;
  if (header?.format !== FORMAT) throw new TraceFileError(`${path} is not a trace file.`);
  if (header.version !== VERSION) {
    const { version, node } = header;
    throw new TraceFileError(
      `${path} is a trace of version ${String(version)}, written by ${node}.`,
    );
  }
  return { header, trace: restored(values as Written[]) };
}

/** What is wrong with a file, in one sentence. */
export class TraceFileError extends Error {}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new TraceFileError(`${path} cannot be read (${reason}), and is no seed.`);
  }
}

function restored(written: readonly Written[]): TraceEvent[] {
  let at = 0;
  return written.map(([after, back, record], seq) => {
    at += after;
    return { ...record, seq, at, cause: back === 0 ? -1 : seq - back };
  });
}

/**
 * Where the trace of a failure goes: `path` itself when it names a trace file, else a file of its own in that folder;
 * with the suffix in its name.
 */
export function tracePathFor(
  path: string,
  seed: number,
  lane: string,
  property: string,
  suffix = '',
): string {
  const whole = path.endsWith(TRACE_SUFFIX)
    ? path.slice(0, -TRACE_SUFFIX.length)
    : join(path, `${property}-${seed}-${lane}`);
  return `${whole}${suffix}${TRACE_SUFFIX}`;
}
