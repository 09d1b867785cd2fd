// Runs on disk and beside each other: a trace file gives the run back, event by event and run again; and where two runs
// differ, the first difference is named, whether it lies in seeds, in files, or between a file and today's code.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { Packr } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { drawPlan } from '../../../src/sim/plan.ts';
import type { Subject } from '../../../src/sim/search/pool/seed-run.ts';
import { chainLines } from '../../../src/sim/search/traces/reading.ts';
import { compare, replay } from '../../../src/sim/search/traces/replay.ts';
import { readTrace, writeTrace } from '../../../src/sim/search/traces/trace-file.ts';
import { type Report, simulate } from '../../../src/sim/simulate.ts';
import type { TraceEvent } from '../../../src/sim/trace.ts';

const choices = { lane: 'byte', nodes: 1, clients: 8 } as const;
const subject = { choices, only: 'broker', isCanary: false } satisfies Subject;
let folder = '';
let report: Report;
/** The same, but that every client loses its connection on the way. */
let other: Report;

const packed = (value: unknown): Uint8Array =>
  zstdCompressSync(new Packr({ sequential: true, useRecords: true }).pack(value));
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-traces-'));
  report = simulate(drawPlan({ seed: 3, ...choices }));
  const storm = { at: 3_000_000, kind: 'storm', target: 0, durationUs: 0, amount: 0 } as const;
  other = simulate({ ...report.plan, faults: [storm] });
  writeTrace(at('run.trace'), report, subject);
  writeTrace(at('folder/other.trace'), other, subject);
  // What another version of the code might have recorded for the same plan.
  writeTrace(at('past.trace'), { ...other, plan: report.plan }, subject);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('a trace file', () => {
  test('gives back the plan, the end and every event with its cause', () => {
    const { header, trace } = readTrace(at('run.trace'));
    const { plan, hash, events, checkpoints, virtualUs } = report;
    expect(header).toMatchObject({ plan, hash, events, checkpoints, virtualUs, seed: 3 });
    expect(header.node).toBe(process.version);
    expect(trace).toEqual(report.trace);
    expect(trace.some(({ cause }) => cause > 0)).toBe(true);
  });

  test('keeps events whatever their fields are called', () => {
    const event = { ...report.trace[0], after: 'u6', back: [1], seq: 0, at: 7, cause: -1 };
    const trace = [event as unknown as TraceEvent, ...report.trace.slice(1)];
    writeTrace(at('names.trace'), { ...report, trace }, subject);
    expect(readTrace(at('names.trace')).trace).toEqual(trace);
  });

  test('is small', () => {
    expect(statSync(at('run.trace')).size / report.trace.length).toBeLessThan(40);
  });

  test('runs again to the same hash', () => {
    const { lines, json, isFailed } = replay({ file: at('run.trace') }, subject, undefined);
    expect(json).toMatchObject({ sameAsRecorded: true, hash: report.hash, failures: 0 });
    expect(lines.at(-1)).toContain('the same run as recorded');
    expect(isFailed).toBe(false);
  });

  test('of another run shows where that left it', () => {
    const { lines, json, isFailed } = replay({ file: at('past.trace') }, subject, undefined);
    const seq = report.trace.findIndex(
      (event, index) => JSON.stringify(event) !== JSON.stringify(other.trace[index]),
    );
    expect(json).toMatchObject({ sameAsRecorded: false, hash: report.hash });
    expect(lines.join('\n')).toContain(`${other.hash} then, ${report.hash} now`);
    expect(lines.filter((line) => line.includes(`#${seq} `)).length).toBeGreaterThanOrEqual(2);
    expect(isFailed).toBe(true);
  });

  test.each<[string, () => Uint8Array, string]>([
    ['of no known form', () => new Uint8Array([1, 2, 3]), 'is not a trace file'],
    ['of something else', () => packed({ a: 1 }), 'is not a trace file'],
    [
      'of another version',
      () => packed({ format: 'hermod trace', version: 9, node: 'v99' }),
      'is a trace of version 9, written by v99',
    ],
  ])('%s is refused in one sentence', (_, bytes, sentence) => {
    writeFileSync(at('wrong.trace'), bytes());
    expect(() => readTrace(at('wrong.trace'))).toThrow(sentence);
  });

  test('that is not there is refused in one sentence', () => {
    expect(() => readTrace(at('nowhere.trace'))).toThrow('cannot be read (ENOENT)');
  });
});

describe('two runs', () => {
  test('that are the same are called so', () => {
    const told = compare([{ seed: 3 }, { file: at('run.trace') }], subject);
    expect(told).toMatchObject({ json: { same: true }, isFailed: false });
  });

  test('are told apart at the first message and the first event', () => {
    const told = compare([{ file: at('run.trace') }, { file: at('folder/other.trace') }], subject);
    expect(told.isFailed).toBe(true);
    const text = told.lines.join('\n');
    expect(text).toMatch(/they part at message \d+, to .+, at \d+\.\d{6} s:\n {2}- .+\n {2}\+ .+/);
    const { message, event } = told.json as {
      message: { place: number; one: { said: string }; other: { said: string } };
      event: { seq: number };
    };
    expect(message.place).toBeGreaterThan(0);
    expect(report.trace.slice(0, event.seq)).toEqual(other.trace.slice(0, event.seq));
    expect(report.trace[event.seq]).not.toEqual(other.trace[event.seq]);
  });

  test('one of which cannot be had again are told apart by what was kept', () => {
    const told = compare([{ seed: 3 }, { file: at('past.trace') }], subject);
    const text = told.lines.join('\n');
    expect(text).toContain('past.trace is another run here');
    expect(text).toContain('first seen in:');
    expect(told.isFailed).toBe(true);
  });
});

describe('a replay', () => {
  test('of a seed that fails tells the last events, the chain that led there, and keeps the run', () => {
    const canary = { ...subject, isCanary: true };
    const { lines, json, isFailed } = replay({ seed: 3 }, canary, at('kept'));
    expect(isFailed).toBe(true);
    const command = 'npm run sim -- --replay 3 --nodes 1 --clients 8 --only broker --canary';
    expect(json).toMatchObject({
      failures: 1,
      failing: [{ property: 'integrity', replay: command }],
    });
    const text = lines.join('\n');
    expect(text).toContain('what led to it:');
    expect(text).toMatch(
      /FAILED integrity \[.*BROKER-DATA-1.*\] at node 0 client \d+ connection \d+, /,
    );
    const { header } = readTrace(at('kept/integrity-3-byte.trace'));
    expect(header.violation?.property).toBe('integrity');
    const again = replay({ file: at('kept/integrity-3-byte.trace') }, subject, undefined);
    expect(again.json).toMatchObject({ sameAsRecorded: true, failures: 1 });
  });

  test('goes from a message back to its publication, and to how the publisher got there', () => {
    const { trace } = report;
    const sockets = trace.flatMap((event) =>
      event.kind === 'connected' ? [event.connection] : [],
    );
    const message = trace.find((event) => {
      const sent = event.kind === 'message' ? trace[event.cause] : undefined;
      return sent?.kind === 'publishSent' && sockets.includes(sent.connection);
    });
    const chain = chainLines(trace, message?.seq ?? 0, 20);
    expect(chain.at(-1)).toContain('message');
    expect(chain.at(-2)).toContain(`#${message?.cause}  `);
    expect(chain.at(0)).toContain('connected');
  });
});
