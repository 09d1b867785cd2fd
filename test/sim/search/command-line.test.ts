// The command line of the simulator: what words mean, and that wrong ones are answered with one sentence.

import { describe, expect, test } from 'vitest';

import { readCommandLine, type Wish } from '../../../src/sim/search/command-line.ts';

function wishOf(line: string): Wish {
  const reading = readCommandLine(line === '' ? [] : line.split(' '));
  if (!reading.ok) throw new Error(reading.sentence);
  return reading.wish;
}

function searchOf(line: string) {
  const wish = wishOf(line);
  if (wish.what !== 'search') throw new Error(`'${line}' is no search`);
  return wish.search;
}

describe('a search', () => {
  test.each<[string, object]>([
    ['', { firstSeed: 1, runs: 100, isTwice: false, minutes: undefined, untilFailure: false }],
    ['--seed 42', { firstSeed: 42, runs: 1, isTwice: true, threads: 1 }],
    ['--seed 42 --runs 10', { firstSeed: 42, runs: 10, isTwice: false }],
    ['--runs 10 --twice', { firstSeed: 1, runs: 10, isTwice: true }],
    ['--minutes 0.5', { runs: Infinity, minutes: 0.5 }],
    ['--until-failure', { runs: Infinity, untilFailure: true }],
    ['--until-failure --runs 50 --seed 7', { firstSeed: 7, runs: 50, untilFailure: true }],
    ['--seed 0 --threads 3 --runs 9', { firstSeed: 0, threads: 3 }],
    ['--runs 2 --threads 8', { threads: 2 }],
    ['--seed=4294967295', { firstSeed: 4_294_967_295, runs: 1 }],
    ['--canary', { runs: 1, subject: { only: 'broker', isCanary: true } }],
    ['--runs 9', { subject: { only: undefined, isCanary: false } }],
    [
      '--only broker --lane object --nodes 2 --shards 3 --clients 9',
      {
        subject: {
          only: 'broker',
          isCanary: false,
          choices: { lane: 'object', nodes: 2, shards: 3, clients: 9 },
        },
      },
    ],
  ])("'%s'", (line, expected) => {
    expect(searchOf(line)).toMatchObject(expected);
  });
});

describe('other wishes', () => {
  test.each<[string, object]>([
    ['--help', { what: 'help' }],
    ['--replay 42 --trace out', { what: 'replay', source: { seed: 42 } }],
    ['--replay a.trace --json', { what: 'replay', source: { file: 'a.trace' } }],
    ['--compare 1 b.trace', { what: 'compare', sources: [{ seed: 1 }, { file: 'b.trace' }] }],
    ['--compare 1 2 --lane object', { subject: { choices: { lane: 'object' } } }],
    ['--mutate', { what: 'mutate', seedsMax: 200, only: undefined }],
    ['--mutate --runs 20 --threads 2 --only broker', { seedsMax: 20, threads: 2, only: 'broker' }],
    ['--mutate --only gap', { only: 'gap' }],
    ['--runs 5 --json --trace d', { output: { isJson: true, tracePath: 'd' } }],
  ])("'%s'", (line, expected) => {
    expect(wishOf(line)).toMatchObject(expected);
  });
});

describe('what cannot be read', () => {
  test.each([
    ['--sede 4', 'There is no option --sede; perhaps --seed.'],
    ['--xyz', 'There is no option --xyz.'],
    ['-s 4', 'There is no option -s.'],
    ['--seed', '--seed needs a value.'],
    ['--seed --runs', '--seed needs a value.'],
    ['--json=yes', '--json takes no value.'],
    ['--seed abc', "--seed is a whole number from 0 to 4294967295, not 'abc'."],
    ['--seed=-1', "--seed is a whole number from 0 to 4294967295, not '-1'."],
    ['--seed 4294967296', "--seed is a whole number from 0 to 4294967295, not '4294967296'."],
    ['--seed 1.5', "--seed is a whole number from 0 to 4294967295, not '1.5'."],
    ['--runs 0', "--runs is a whole number from 1 to 4294967296, not '0'."],
    ['--runs 1e3', "--runs is a whole number from 1 to 4294967296, not '1e3'."],
    ['--threads 0', "--threads is a whole number from 1 to 256, not '0'."],
    ['--minutes 0', "--minutes is a number above 0, not '0'."],
    ['--minutes soon', "--minutes is a number above 0, not 'soon'."],
    ['--lane bytes', "--lane is byte or object, not 'bytes'."],
    ['--only web', "--only is one of broker, gateway, chat, not 'web'."],
    ['--only __proto__', "--only is one of broker, gateway, chat, not '__proto__'."],
    ['--replay 4 --runs 3', '--runs means nothing beside --replay.'],
    [
      '--replay a.trace --lane object',
      '--lane means nothing beside a trace file, which holds its plan.',
    ],
    ['--replay 4294967296', "a seed is a whole number from 0 to 4294967295, not '4294967296'."],
    ['--replay 1 --compare 2 3', '--replay and --compare exclude each other.'],
    ['--compare 1', '--compare takes two runs, each a seed or a trace file.'],
    ['--compare 1 2 3', "'3' is one word too many."],
    ['--mutate --seed 3', '--seed means nothing beside --mutate.'],
    ['42', "'42' is one word too many."],
  ])("'%s'", (line, sentence) => {
    expect(readCommandLine(line.split(' '))).toEqual({ ok: false, sentence });
  });
});
