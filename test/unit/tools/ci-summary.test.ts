// What .ci/run says in the end, from reports as vitest writes them: nothing that failed twice, or had no second chance,
// may pass.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

const tool = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/${name}`, import.meta.url));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermod-ci-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** A vitest step: of so many tests these failed, each in a file of its name. */
function vitest(step: string, tests: number, ...failures: readonly string[]): string {
  write(`${step}.status`, failures.length === 0 ? '0\n' : '1\n');
  const testResults = failures.map((name) => ({
    name: `/${name}.test.ts`,
    status: 'failed',
    message: '',
    assertionResults: [{ status: 'failed', fullName: name, failureMessages: ['Error: no\n at'] }],
  }));
  const counts = { numPendingTests: 0, numTodoTests: 0, numFailedTests: failures.length };
  const numPassedTests = tests - failures.length;
  return write(`${step}.json`, JSON.stringify({ ...counts, numPassedTests, testResults }));
}

function other(step: string, status: number, log: string): void {
  write(`${step}.status`, `${status}\n`);
  write(`${step}.log`, log);
}

function summary(): { readonly last: string | undefined; readonly status: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [tool('ci-summary.cjs'), folder]);
  return { last: stdout.toString().trimEnd().split('\n').at(-1), status };
}

test('a run without failures is green', () => {
  vitest('test', 100);
  other('hp', 0, '320 passed, 0 failed');
  expect(summary()).toEqual({ last: '420 passed, 0 failed', status: 0 });
});

test('what failed once and passed alone counts as passed, what failed twice as failed', () => {
  vitest('test', 100, 'late', 'wrong');
  vitest('test-again', 7, 'wrong');
  expect(summary()).toEqual({ last: '99 passed, 1 failed', status: 1 });
  vitest('test-again', 7);
  expect(summary()).toEqual({ last: '100 passed, 0 failed', status: 0 });
});

test('a second run that crashes leaves the failures', () => {
  vitest('test', 100, 'late');
  other('test-again', 1, 'Segmentation fault');
  expect(summary().status).toBe(1);
});

test('a whole step that ran again stands for the first run', () => {
  other('hp', 1, '320 passed, 3 failed');
  other('hp-again', 0, '323 passed, 0 failed');
  expect(summary()).toEqual({ last: '323 passed, 0 failed', status: 0 });
  other('hp-again', 1, '322 passed, 1 failed');
  expect(summary()).toEqual({ last: '322 passed, 1 failed', status: 1 });
});

test('of a conformance step the failed requirements run again, unless they are many', () => {
  const row = (id: string, failed: number): string => `| ${id} | 7 | failed ${failed} | why |\n`;
  const rows = (log: string): string =>
    spawnSync(process.execPath, [tool('ci-failed-rows.cjs'), log]).stdout.toString();
  const log = `| A-1 | 7 | passed |  |\n${row('A-2', 1)}${row('B-1', 2)}1097 passed, 2 failed`;
  other('grip', 1, log);
  expect(rows(join(folder, 'grip.log'))).toBe('A-2\nB-1\n');
  other('grip-again', 0, '14 passed, 0 failed');
  expect(summary()).toEqual({ last: '1099 passed, 0 failed', status: 0 });
  other('grip-again', 1, '13 passed, 1 failed');
  expect(summary()).toEqual({ last: '1098 passed, 1 failed', status: 1 });
  const many = Array.from({ length: 9 }, (_, at) => row(`C-${at}`, 1)).join('');
  expect(rows(write('many.log', many))).toBe('');
  expect(rows(join(folder, 'missing.log'))).toBe('');
});

test('a step that broke off and ran again whole counts as that', () => {
  other('grip', 2, 'The cases cannot be run');
  other('grip-again', 0, '1099 passed, 0 failed');
  expect(summary()).toEqual({ last: '1099 passed, 0 failed', status: 0 });
});

test('a step without a second chance stays failed', () => {
  vitest('test', 100);
  other('sim-byte', 1, 'no count');
  expect(summary()).toEqual({ last: '100 passed, 1 failed', status: 1 });
});

test('a few files that failed run again, many do not', () => {
  const files = (report: string): string =>
    spawnSync(process.execPath, [tool('ci-failed-files.cjs'), report]).stdout.toString();
  expect(files(vitest('test', 100, 'a', 'b'))).toBe('/a.test.ts\n/b.test.ts\n');
  expect(files(vitest('test', 100, 'a', 'b', 'c', 'd', 'e'))).toBe('');
  expect(files(vitest('test', 100))).toBe('');
  expect(files(join(folder, 'missing.json'))).toBe('');
});
