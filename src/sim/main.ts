// The way into the simulator: `npm run sim -- --seed 42`. Reads the command line, has done what it asks for, and tells
// people, or with --json programs, what came of it. Refuses to simulate anything itself.

import { aftermathOf } from './search/aftermath.ts';
import { type Output, readCommandLine, USAGE, type Wish } from './search/command-line.ts';
import { mutate } from './search/mutate.ts';
import { search, type Search } from './search/pool/pool.ts';
import {
  failureLine,
  progressLine,
  replayCommand,
  searchJson,
  startLine,
  summaryLines,
  Ticker,
} from './search/telling.ts';
import { compare, replay, type Told } from './search/traces/replay.ts';
import { TraceFileError } from './search/traces/trace-file.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Failures of one property that get lines of their own. */
const TOLD_MAX = 10;

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const reading = readCommandLine(words);
  if (!reading.ok) return refuse(reading.sentence);
  const { wish } = reading;
  switch (wish.what) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'search':
      return runSearch(wish.search, wish.output);
    case 'replay':
      return tell(() => replay(wish.source, wish.subject, wish.output.tracePath), wish.output);
    case 'compare':
      return tell(() => compare(wish.sources, wish.subject), wish.output);
    case 'mutate':
      return runMutants(wish);
    default:
      return wish satisfies never;
  }
}

/** Searches, says what it finds while it does, and what came of it in the end. */
async function runSearch(wanted: Search, output: Output): Promise<number> {
  // The last line of the output belongs to the programs that read it, the rest of it too as far as may be.
  const ticker = new Ticker(output.isJson ? process.stderr : process.stdout);
  const told = new Map<string, number>();
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  if (!output.isJson) ticker.say(startLine(wanted));
  const found = await search(wanted, {
    signal: interrupted.signal,
    progressed: (progress) => ticker.show(progressLine(progress, wanted)),
    failed: (failure) => {
      const times = (told.get(failure.property) ?? 0) + 1;
      told.set(failure.property, times);
      // One bug may fail every other seed: all are counted, and some are shown.
      if (times > TOLD_MAX) return;
      ticker.clear();
      say(failureLine(failure, replayCommand(failure, wanted.subject)));
      say(`  ${failure.sentence}`);
    },
  });
  ticker.clear();
  const { failures } = found.tally;
  const { subject } = wanted;
  const stories = aftermathOf(failures, subject, output.tracePath, interrupted.signal);
  for await (const line of stories) say(line);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  for (const line of output.isJson ? [searchJson(found, wanted)] : summaryLines(found, wanted))
    say(line);
  return failures.length === 0 ? 0 : EXIT_FAILED;
}

/** Looks for every planted bug; one that stays hidden is a failure of the simulator. */
async function runMutants(wish: Extract<Wish, { readonly what: 'mutate' }>): Promise<number> {
  const { seedsMax, threads, only, output } = wish;
  const { missed } = await mutate({ seedsMax, threads, say, only });
  if (output.isJson) say(JSON.stringify({ missed }));
  return missed.length === 0 ? 0 : EXIT_FAILED;
}

function tell(look: () => Told, { isJson }: Output): number {
  try {
    const { lines, json, isFailed } = look();
    for (const line of lines) say(line);
    if (isJson) say(JSON.stringify(json));
    return isFailed ? EXIT_FAILED : 0;
  } catch (error) {
    if (error instanceof TraceFileError) return refuse(error.message);
    throw error;
  }
}

function refuse(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return EXIT_USAGE;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
