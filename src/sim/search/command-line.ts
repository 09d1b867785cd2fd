// The command line of the simulator: words into a wish, or the one sentence that says what is wrong with them.
// Refuses to do what is wished.

import { parseArgs } from 'node:util';

import { nearest } from '../../config/spelling.ts';
import type { PlanChoices } from '../plan.ts';
import { DIALECT, dialectNames } from './dialects.ts';
import { type Search, SEEDS, threadsByDefault } from './pool/pool.ts';
import type { Subject } from './pool/seed-run.ts';

export const USAGE = `Usage: npm run sim -- [options]

Runs the node's actors in simulated worlds, each drawn from a seed, and judges what happens.

what to run
  --seed N         the first seed (1); alone, this seed only, twice
  --runs N         so many seeds (100, unless another limit is given)
  --minutes N      for so long
  --until-failure  until a seed fails
  --only D         one dialect (all in turn, seed by seed): ${dialectNames.join(', ')}
  --lane L         byte: through the codecs (default), or object: faster
  --nodes N --shards N --clients N
                   sizes, instead of drawing them from the seed
  --twice          each seed twice, and not one in twenty, to see that both runs are the same
  --threads N      on so many threads (as many as processors)
  --canary         a seed that must fail
  --mutate         with bugs planted, each of which must be found within --runs seeds (200)

what to look at
  --replay X       one run again, told in words: a seed, or a trace file
  --compare A B    two runs, seeds or trace files, up to the first difference
  --trace PATH     keeps trace files of failures: in a folder, or one as PATH when it ends in .trace
  --json           the last line of the output is one JSON object
  --help

Exit status 1 when a seed failed or runs differ, 2 when the command line cannot be read.
`;

/** A run to look at: by its seed, or as a file keeps it. */
export type Source = { readonly seed: number } | { readonly file: string };

export type Wish =
  | { readonly what: 'help' }
  | { readonly what: 'search'; readonly search: Search; readonly output: Output }
  | {
      readonly what: 'replay';
      readonly source: Source;
      readonly subject: Subject;
      readonly output: Output;
    }
  | {
      readonly what: 'compare';
      readonly sources: readonly [Source, Source];
      readonly subject: Subject;
      readonly output: Output;
    }
  | {
      readonly what: 'mutate';
      readonly seedsMax: number;
      readonly threads: number;
      readonly only: string | undefined;
      readonly output: Output;
    };

export interface Output {
  readonly isJson: boolean;
  /** Where trace files go. */
  readonly tracePath: string | undefined;
}

export type Reading =
  | { readonly ok: true; readonly wish: Wish }
  | { readonly ok: false; readonly sentence: string };

const options = {
  seed: { type: 'string' },
  runs: { type: 'string' },
  minutes: { type: 'string' },
  'until-failure': { type: 'boolean' },
  only: { type: 'string' },
  lane: { type: 'string' },
  nodes: { type: 'string' },
  shards: { type: 'string' },
  clients: { type: 'string' },
  twice: { type: 'boolean' },
  threads: { type: 'string' },
  canary: { type: 'boolean' },
  mutate: { type: 'boolean' },
  replay: { type: 'string' },
  compare: { type: 'string' },
  trace: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Name = keyof typeof options;

/** What the words after `npm run sim --` ask for. */
export function readCommandLine(words: readonly string[]): Reading {
  try {
    return { ok: true, wish: wishOf(words) };
  } catch (error) {
    if (error instanceof UsageError) return { ok: false, sentence: error.message };
    throw error;
  }
}

class UsageError extends Error {}

type Values = ReturnType<typeof parsed>['values'];

function wishOf(words: readonly string[]): Wish {
  const { values, positionals } = parsed(words);
  if (values.help === true) return { what: 'help' };
  const mode = modeOf(values);
  for (const name of Object.keys(values) as Name[]) {
    if (name === mode || allowed[mode].includes(name)) continue;
    const beside = mode === 'search' ? '' : ` beside --${mode}`;
    throw new UsageError(`--${name} means nothing${beside}.`);
  }
  const [extra] = mode === 'compare' ? positionals.slice(1) : positionals;
  if (extra !== undefined) throw new UsageError(`'${extra}' is one word too many.`);
  const output = { isJson: values.json === true, tracePath: values.trace };
  switch (mode) {
    case 'replay':
      return { what: 'replay', source: replayed(values), subject: subjectOf(values), output };
    case 'compare': {
      const [second] = positionals;
      if (second === undefined)
        throw new UsageError('--compare takes two runs, each a seed or a trace file.');
      const sources = [sourceOf(values.compare ?? ''), sourceOf(second)] as const;
      return { what: 'compare', sources, subject: subjectOf(values), output };
    }
    case 'mutate':
      return {
        what: 'mutate',
        seedsMax: numberOf(values, 'runs', 1, SEEDS) ?? MUTATE_SEEDS,
        threads: numberOf(values, 'threads', 1, THREADS_MAX) ?? threadsByDefault(),
        // A dialect has its own planted bugs; other words choose among all of them by name.
        only: values.only,
        output,
      };
    case 'search':
      return { what: 'search', search: searchOf(values), output };
    default:
      return mode satisfies never;
  }
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(sentenceFor(error.message));
  }
}

/** The platform's own messages run over several lines and advise on syntax. */
function sentenceFor(message: string): string {
  const name = /'(-[^ '=]*)/.exec(message)?.[1] ?? '';
  if (!message.startsWith('Unknown option')) {
    const takes = message.includes('does not take') ? 'takes no value' : 'needs a value';
    return `${name} ${takes}.`;
  }
  const meant = nearest(name.replace(/^-+/, ''), Object.keys(options));
  return `There is no option ${name}${meant === undefined ? '' : `; perhaps --${meant}`}.`;
}

type Mode = 'search' | 'replay' | 'compare' | 'mutate';

const sizes = ['lane', 'only', 'nodes', 'shards', 'clients'] as const;

/** What may stand beside each mode. */
const allowed: Readonly<Record<Mode, readonly Name[]>> = {
  search: [
    ...sizes,
    ...(['seed', 'runs', 'minutes', 'until-failure', 'twice', 'threads'] as const),
    ...(['canary', 'trace', 'json'] as const),
  ],
  replay: [...sizes, 'canary', 'trace', 'json'],
  compare: [...sizes, 'json'],
  mutate: ['runs', 'threads', 'only', 'json'],
};

function modeOf(values: Values): Mode {
  const named = (['replay', 'compare', 'mutate'] as const).filter((mode) => mode in values);
  const [mode = 'search', other] = named;
  if (other !== undefined) throw new UsageError(`--${mode} and --${other} exclude each other.`);
  return mode;
}

function searchOf(values: Values): Search {
  const isCanary = values.canary === true;
  const minutes = minutesOf(values.minutes);
  const untilFailure = values['until-failure'] === true;
  const firstSeed = numberOf(values, 'seed', 0, SEEDS - 1);
  const hasLimit = minutes !== undefined || untilFailure;
  const isOne = isCanary || (firstSeed !== undefined && !hasLimit);
  const runsByDefault = isOne ? 1 : hasLimit ? Infinity : RUNS;
  const runs = numberOf(values, 'runs', 1, SEEDS) ?? runsByDefault;
  const threads = numberOf(values, 'threads', 1, THREADS_MAX) ?? threadsByDefault();
  return {
    subject: subjectOf(values),
    firstSeed: firstSeed ?? 1,
    runs,
    minutes,
    untilFailure,
    isTwice: values.twice === true || runs === 1,
    threads: Math.min(threads, runs),
  };
}

function subjectOf(values: Values): Subject {
  const lane = values.lane ?? 'byte';
  if (lane !== 'byte' && lane !== 'object')
    throw new UsageError(`--lane is byte or object, not '${lane}'.`);
  const choices: Omit<PlanChoices, 'seed'> = {
    lane,
    nodes: numberOf(values, 'nodes', 1, NODES_MAX),
    shards: numberOf(values, 'shards', 1, SHARDS_MAX),
    clients: numberOf(values, 'clients', 1, CLIENTS_MAX),
  };
  const isCanary = values.canary === true;
  const only = values.only ?? (isCanary ? DIALECT : undefined);
  return { choices, only: only === undefined ? undefined : dialectNamed(only), isCanary };
}

function dialectNamed(name: string): string {
  if (dialectNames.includes(name)) return name;
  throw new UsageError(`--only is one of ${dialectNames.join(', ')}, not '${name}'.`);
}

/** A trace file already says of its run what the other options would say. */
function replayed(values: Values): Source {
  const source = sourceOf(values.replay ?? '');
  if ('seed' in source) return source;
  const beside = [...sizes, 'canary' as const].find((name) => name in values);
  if (beside !== undefined)
    throw new UsageError(`--${beside} means nothing beside a trace file, which holds its plan.`);
  return source;
}

function sourceOf(text: string): Source {
  if (!/^\d+$/.test(text)) return { file: text };
  return { seed: wholeNumber(text, 'a seed', 0, SEEDS - 1) };
}

function minutesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (/^\d*\.?\d+$/.test(text) && minutes > 0) return minutes;
  throw new UsageError(`--minutes is a number above 0, not '${text}'.`);
}

function numberOf(
  values: Values,
  name: 'seed' | 'runs' | 'threads' | 'nodes' | 'shards' | 'clients',
  least: number,
  most: number,
): number | undefined {
  const text = values[name];
  return text === undefined ? undefined : wholeNumber(text, `--${name}`, least, most);
}

function wholeNumber(text: string, what: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`${what} is a whole number from ${least} to ${most}, not '${text}'.`);
}

const RUNS = 100;
const MUTATE_SEEDS = 200;
const THREADS_MAX = 256;
const NODES_MAX = 64;
const SHARDS_MAX = 64;
const CLIENTS_MAX = 100_000;
