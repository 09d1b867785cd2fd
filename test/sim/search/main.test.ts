// The simulator as its users start it: a process with words behind it, lines in front of it and a status in the end.
// The canary goes the whole way through it: a search that does not fail on it looks at nothing.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

import { withSites } from '../../../src/sim/search/with-sites.ts';

const main = fileURLToPath(new URL('../../../src/sim/main.ts', import.meta.url));
const small = ['--nodes', '1', '--clients', '8'];

interface Ended {
  readonly status: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

function sim(...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...withSites, main, ...words], (error, stdout, errors) => {
      const status = typeof error?.code === 'number' ? error.code : 0;
      resolve({ status, lines: stdout.trimEnd().split('\n'), errors });
    });
  });
}

function lastObject({ lines }: Ended): Record<string, unknown> {
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

describe('the canary', () => {
  test('is found by its property, named in one line with the command that shows it again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hermod-canary-'));
    const ended = await sim('--canary', ...small, '--json', '--trace', folder);
    expect(ended.status).toBe(1);
    expect(lastObject(ended)).toMatchObject({
      runs: 1,
      failures: 1,
      failing: [{ property: 'integrity', seed: 1 }],
    });
    const [line = ''] = ended.lines;
    const [said = '', command = ''] = line.split(': npm run sim -- ');
    expect(said).toMatch(
      /^FAILED integrity \[.+\] at node \d+ client \d+ connection \d+, [\d.]+ s, seed 1$/,
    );
    expect(readdirSync(folder).toSorted()).toEqual([
      'integrity-1-byte-small.trace',
      'integrity-1-byte.trace',
    ]);
    const story = ended.lines.join('\n');
    expect(story).toMatch(/seed 1, integrity, shrunk to \d+ faults? and \d+ clients? in \d+ runs:/);
    expect(story).toContain('Broken: integrity');
    rmSync(folder, { recursive: true });
    const again = await sim(...command.split(' '), '--json');
    expect(again.status).toBe(1);
    expect(lastObject(again)).toMatchObject({
      hash: lastObject(ended)['hash'],
      failing: [{ property: 'integrity' }],
    });
  });

  test('and nothing is found without it', async () => {
    const ended = await sim('--seed', '1', ...small, '--json');
    expect(ended.status).toBe(0);
    expect(lastObject(ended)).toMatchObject({
      seed: 1,
      runs: 1,
      failures: 0,
      lane: 'byte',
      threads: 1,
      failing: [],
      interrupted: false,
    });
    for (const key of ['events', 'eventsPerSecond', 'virtualSeconds', 'timesRealTime'])
      expect(lastObject(ended)[key]).toBeGreaterThan(0);
    expect(lastObject(ended)['hash']).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the status', () => {
  test.each([
    ['--seed', 'abc'],
    ['--only', 'nobody'],
    ['--replay', 'nowhere.trace'],
  ])('is 2 after one sentence on the error output: %s %s', async (...words) => {
    const { status, errors, lines } = await sim(...words);
    expect(status).toBe(2);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
    expect(errors).toContain(words[1]);
    expect(lines).toEqual(['']);
  });

  test('is 1 when two runs are not the same', async () => {
    const ended = await sim('--compare', '1', '2', ...small, '--json');
    expect(ended.status).toBe(1);
    expect(lastObject(ended)).toMatchObject({ same: false });
  });
});

test('Ctrl-C ends a search with what is known', async () => {
  const words = [...withSites, main, '--until-failure', ...small];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    // The first line says that the search is under way.
    if (text === '') child.kill('SIGINT');
    text += chunk;
  });
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect([status, signal]).toEqual([0, null]);
  expect(text).toContain('interrupted: this is what was known');
  expect(text).toContain('no failure');
});
