// What a search says: one line for a failure with a command that can be typed as it stands, one line for its progress,
// and both sides of a difference where they part.

import { describe, expect, test } from 'vitest';

import { readCommandLine } from '../../../src/sim/search/command-line.ts';
import type { Search } from '../../../src/sim/search/pool/pool.ts';
import type { Failure, Subject } from '../../../src/sim/search/pool/seed-run.ts';
import {
  failureLine,
  progressLine,
  replayCommand,
  Ticker,
} from '../../../src/sim/search/telling.ts';
import { differenceInWords, excerpts } from '../../../src/sim/search/traces/difference.ts';

const subject: Subject = { choices: { lane: 'byte' }, only: 'broker', isCanary: false };
const failure: Failure = {
  seed: 571,
  property: 'offset-steps',
  requirements: ['BROKER-ORD-2'],
  where: 'node 0 client 5 connection 12',
  at: 12_520_000,
  sentence: 'a gap',
};
const wide: Subject = {
  choices: { lane: 'object', nodes: 2, shards: 3, clients: 9 },
  only: 'broker',
  isCanary: true,
};

describe('a failure', () => {
  test('is one line', () => {
    expect(failureLine(failure, replayCommand(failure, subject))).toBe(
      'FAILED offset-steps [BROKER-ORD-2] at node 0 client 5 connection 12, 12.520000 s, seed 571: npm run sim -- --replay 571 --only broker',
    );
  });

  test.each<[Partial<Failure>, Subject, string]>([
    [{}, subject, '--replay 571 --only broker'],
    // Of dialects in turn it is the seed's.
    [{}, { ...subject, only: undefined }, '--replay 571 --only gateway'],
    [
      {},
      wide,
      '--replay 571 --lane object --nodes 2 --shards 3 --clients 9 --only broker --canary',
    ],
    [{ property: 'timeout' }, subject, '--replay 571 --only broker'],
    // What may hang or end its process is watched from a thread, and what needs two runs gets them.
    [{ property: 'timeout', at: 0 }, subject, '--seed 571 --only broker'],
    [{ property: 'crash' }, subject, '--seed 571 --only broker'],
    [
      { property: 'nondeterminism' },
      wide,
      '--seed 571 --lane object --nodes 2 --shards 3 --clients 9 --only broker --canary',
    ],
  ])('%o is seen again by a command that can be read', (changes, of, words) => {
    const command = replayCommand({ ...failure, ...changes }, of);
    expect(command).toBe(`npm run sim -- ${words}`);
    expect(readCommandLine(words.split(' '))).toMatchObject({ ok: true });
  });
});

describe('progress', () => {
  const search: Search = {
    subject,
    firstSeed: 1,
    runs: 10_000,
    minutes: undefined,
    untilFailure: false,
    isTwice: false,
    threads: 2,
  };
  const progress = { seeds: 2_500, events: 30_000_000, failures: 1, seconds: 50 };

  test.each<[Partial<Search>, string]>([
    [{}, '2,500 of 10,000 seeds · 50.0 seeds/s · 600,000 events/s · 2 min 30 s left · 1 failure'],
    [
      { runs: Infinity, minutes: 10 },
      '2,500 seeds · 50.0 seeds/s · 600,000 events/s · 9 min 10 s left · 1 failure',
    ],
    [
      { runs: 1_000_000, minutes: 1 },
      '2,500 of 1,000,000 seeds · 50.0 seeds/s · 600,000 events/s · 10 s left · 1 failure',
    ],
    [{ runs: Infinity }, '2,500 seeds · 50.0 seeds/s · 600,000 events/s · 1 failure'],
  ])('of %o', (changes, line) => {
    expect(progressLine(progress, { ...search, ...changes })).toBe(line);
  });

  test('is one line over and over on a terminal, which other lines do not break', () => {
    const { ticker, text } = tickerOn({ isTTY: true, columns: 8 });
    ticker.show('one of two');
    ticker.show('two');
    ticker.say('found');
    ticker.clear();
    expect(text()).toBe('\r\u001B[Kone of \r\u001B[Ktwo\r\u001B[Kfound\n');
  });

  test('is not written over and over elsewhere', () => {
    const { ticker, text } = tickerOn({ isTTY: false });
    for (let i = 0; i < 100; i += 1) ticker.show('one');
    ticker.say('found');
    expect(text()).toBe('found\n');
  });

  function tickerOn(what: { isTTY: boolean; columns?: number }) {
    let text = '';
    const write = (part: string): void => {
      text += part;
    };
    const ticker = new Ticker({ ...what, write } as unknown as NodeJS.WriteStream);
    return { ticker, text: () => text };
  }
});

describe('a difference', () => {
  test('shows both sides around the first character that is not the same', () => {
    const [one, other] = excerpts(`${'a'.repeat(1_000)}b${'c'.repeat(1_000)}`, 'a'.repeat(1_100));
    expect(one).toMatch(/^…a+bc+…$/);
    expect(other).toMatch(/^…a+$/);
    expect(one.length).toBeLessThan(250);
  });

  test('names place, instant, address and both messages', () => {
    const absorbed = { place: 7, at: 1_500, address: '0/router', hash: 'x', said: '{"n":1}' };
    const other = { ...absorbed, said: '{"n":2}' };
    expect(differenceInWords({ place: 7, one: absorbed, other })).toEqual({
      where: '0/router',
      at: 1_500,
      sentence: 'two runs differ at message 7: {"n":1} and {"n":2}',
    });
    expect(differenceInWords({ place: 7, one: undefined, other }).sentence).toContain(
      'nothing any more and {"n":2}',
    );
    expect(differenceInWords({ place: 7, one: undefined, other: undefined }).sentence).toContain(
      'each time elsewhere',
    );
  });
});
