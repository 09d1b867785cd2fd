// The search over many seeds: what it finds does not depend on threads and batches, it survives runs that hang or take
// their thread with them, and it ends when it should. The runs themselves are stand-ins, see pool-worker.ts.

import { describe, expect, test } from 'vitest';

import { type Hooks, search, type Search, SEEDS } from '../../../src/sim/search/pool/pool.ts';
import type { Failure } from '../../../src/sim/search/pool/seed-run.ts';

const plain: Search = {
  subject: { choices: { lane: 'byte' }, only: 'broker', isCanary: false },
  firstSeed: 100,
  runs: 40,
  minutes: undefined,
  untilFailure: false,
  isTwice: false,
  threads: 2,
  secondsPerRunMax: 0.3,
  worker: new URL('pool-worker.ts', import.meta.url),
};

async function found(changes: Partial<Search>, hooks: Partial<Hooks> = {}) {
  const failed: Failure[] = [];
  const signal = new AbortController().signal;
  const told: Hooks = { failed: (failure) => failed.push(failure), progressed: () => {}, signal };
  const result = await search({ ...plain, ...changes }, { ...told, ...hooks });
  const { tally } = result;
  return { ...result, failed, hash: tally.hash, runs: tally.runs, failures: tally.failures };
}

describe('what is found', () => {
  test('does not depend on threads and batches', async () => {
    const firstSeed = 990;
    const one = await found({ firstSeed, threads: 1, batchSize: 1 });
    for (const changes of [{ threads: 2 }, { threads: 3, batchSize: 7 }, { batchSize: 40 }]) {
      const other = await found({ firstSeed, ...changes });
      expect(other.hash).toBe(one.hash);
      expect(other.failed).toEqual(one.failed);
      expect(other.events).toBe(one.events);
    }
    expect(one.runs).toBe(40);
    expect(one.failed.map(({ seed, property }) => [seed, property])).toEqual([
      [1_013, 'a'],
      [1_017, 'crash'],
      [1_019, 'crash'],
      [1_023, 'timeout'],
    ]);
  });

  test('changes with any seed', async () => {
    const hashes = await Promise.all([
      found({}),
      found({ runs: 39 }),
      found({ firstSeed: 101, runs: 39 }),
    ]);
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(3);
    expect((await found({ runs: 1 })).hash).toBe('hash of 100');
  });

  test('one seed in twenty runs twice, or all do', async () => {
    expect((await found({})).events).toBe(420);
    expect((await found({ isTwice: true })).events).toBe(800);
  });

  test('counts marks by seeds, and names those that are too rare', async () => {
    const { tally } = await found({ firstSeed: 24, runs: 300 });
    expect(tally.neverReached).toEqual(['in one', 'never']);
    const { tally: other } = await found({ firstSeed: 5, runs: 400 });
    expect(other.marks.get('in one')).toEqual({ seeds: 1, of: 397, times: 3, first: 5 });
    expect(other.tooRare).toEqual(['in one']);
    expect(other.neverReached).toEqual(['never']);
    expect(other.marks.get('always')?.seeds).toBeGreaterThan(390);
  });
});

describe('a run that comes to grief', () => {
  test('is a failure of its own kind, and the others go on', async () => {
    const { failures, runs } = await found({ firstSeed: 1_015, runs: 12, batchSize: 12 });
    expect(runs).toBe(12);
    expect(failures.map(({ seed, property, sentence }) => [seed, property, sentence])).toEqual([
      [1_017, 'crash', expect.stringContaining('3')],
      [1_019, 'crash', 'the thread ended: out of reason'],
      [1_023, 'timeout', 'the run had not ended after 0.3 s'],
    ]);
  });

  test('before any run is nobody else’s fault', async () => {
    const worker = new URL('no-such-worker.ts', import.meta.url);
    await expect(found({ worker })).rejects.toThrow(/no-such-worker/);
  });
});

describe('the end', () => {
  test('comes at the first failure in the order of seeds', async () => {
    for (const changes of [{ threads: 1 }, { threads: 3, batchSize: 1 }, { batchSize: 50 }]) {
      const { failures, runs } = await found({
        firstSeed: 1_000,
        runs: Infinity,
        untilFailure: true,
        ...changes,
      });
      expect(failures.map(({ seed }) => seed)).toEqual([1_013]);
      expect(runs).toBe(14);
    }
  });

  test('comes when the time is over', async () => {
    const { runs, seconds, wasInterrupted } = await found({
      firstSeed: 100_100,
      runs: 800,
      minutes: 0.000_01,
    });
    expect(runs).toBeLessThan(800);
    expect(seconds).toBeLessThan(10);
    expect(wasInterrupted).toBe(false);
  });

  test('comes with the last seed that there is', async () => {
    const { runs } = await found({ firstSeed: SEEDS - 5, runs: Infinity });
    expect(runs).toBe(5);
  });

  test('comes when it is asked for, with what is known', async () => {
    const ending = new AbortController();
    let seeds = 0;
    const { runs, wasInterrupted, failures } = await found(
      { firstSeed: 1_023, runs: Infinity, threads: 2, batchSize: 1, secondsPerRunMax: 1_000 },
      {
        signal: ending.signal,
        progressed: (progress) => {
          ({ seeds } = progress);
          if (seeds > 50) ending.abort();
        },
      },
    );
    // The first seed hangs for ever, and what comes after it is known all the same.
    expect(wasInterrupted).toBe(true);
    expect(runs).toBeGreaterThan(50);
    expect(failures.map(({ seed }) => seed)).not.toContain(1_023);
  });
});
