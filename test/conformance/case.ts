// What a conformance case is, what it needs to be run, and how it is run. Knows no test runner: a case fails by
// throwing, and node:assert says why.

import assert, { AssertionError } from 'node:assert/strict';
import { inspect } from 'node:util';

import type { Limit, Settings } from './settings.ts';
import { Sockets } from './sockets.ts';
import { type Site, Target } from './target.ts';

/** Something that a case cannot do without. */
export interface Need {
  /** What is missing, for whoever runs the suite; undefined when nothing is. */
  unmet(site: Site): string | undefined;
  /** The case may take two minutes. */
  readonly isSlow?: boolean;
}

interface CaseWords {
  /** The requirements that it shows, in the order of the title. */
  readonly ids: readonly string[];
  readonly title: string;
  readonly group: string;
  readonly needs: readonly Need[];
}

/** A case about messages runs on sockets and on simulated edges; one about bytes on sockets alone. */
export type Case = CaseWords &
  (
    | { readonly level: 'messages'; run(target: Target): Promise<void> }
    | { readonly level: 'bytes'; run(target: Target, sockets: Sockets): Promise<void> }
  );

/** A title begins with the requirements in brackets. */
export type MessageRow = readonly [
  title: string,
  run: (target: Target) => Promise<void>,
  ...needs: readonly Need[],
];
export type BytesRow = readonly [
  title: string,
  run: (target: Target, sockets: Sockets) => Promise<void>,
  ...needs: readonly Need[],
];

/** The cases of one group. */
export function messageCases(group: string, rows: readonly MessageRow[]): Case[] {
  return rows.map(([title, run, ...needs]) => ({
    ...{ ids: idsOf(title), title, group, needs, level: 'messages', run },
  }));
}

export function bytesCases(group: string, rows: readonly BytesRow[]): Case[] {
  return rows.map(([title, run, ...needs]) => ({
    ...{ ids: idsOf(title), title, group, needs, level: 'bytes', run },
  }));
}

function idsOf(title: string): string[] {
  const head = /^(?:\[[^\]]*\] )+/.exec(title)?.[0] ?? '';
  const ids = [...head.matchAll(/\[([A-Z0-9]+(?:-[A-Z0-9]+)+)\]/g)].flatMap(([, id]) => id ?? []);
  assert.ok(ids.length > 0, `a case without a requirement: ${title}`);
  return ids;
}

/** Time and traffic that nobody should meet without having asked for them. */
export const patience: Need = {
  isSlow: true,
  unmet: ({ isPatient }) => (isPatient ? undefined : 'needs --patient'),
};

/** Patience, but for a server that is known to be quick. */
export const patienceWith = (limit: Limit, quickMs = 2_000): Need => ({
  isSlow: true,
  unmet: ({ isPatient, settings }) =>
    isPatient || settings[limit] <= quickMs ? undefined : 'needs --patient',
});

/** A limit that a case can afford to cross, or to come near. */
export const atMost = (limit: Limit, most: number): Need => ({
  unmet: ({ settings }) =>
    settings[limit] <= most ? undefined : `needs a server with --set ${limit}=${most} or less`,
});

export const atLeast = (limit: Limit, least: number): Need => ({
  unmet: ({ settings }) =>
    settings[limit] >= least ? undefined : `needs a server with ${limit} of ${least} or more`,
});

/** A server that keeps something for those who come back, as most do. */
export const remembering: Need = {
  unmet: ({ settings }) =>
    settings.historyCountMax >= 100 &&
    settings.historyBytesMax >= 65_536 &&
    settings.dedupeIdsMax >= 100
      ? undefined
      : 'needs a server with historyCountMax and dedupeIdsMax of 100, and historyBytesMax of 65536, or more',
};

export const policy = (...policies: readonly Settings['slowPolicy'][]): Need => ({
  unmet: ({ settings }) =>
    policies.includes(settings.slowPolicy)
      ? undefined
      : `needs a server with --set slowPolicy=${policies.join(' or ')}`,
});

/** Nobody may publish; where that is so, nothing else can be shown. */
export const nobodyPublishes: Need = {
  unmet: ({ settings }) =>
    settings.publish === 'none' ? undefined : 'needs a server with --set publish=none',
};

export const token: Need = {
  unmet: (site) => (site.token === undefined ? 'needs --token or --secret-file' : undefined),
};

export const secret: Need = {
  unmet: ({ makeToken }) => (makeToken === undefined ? 'needs --secret-file' : undefined),
};

export const noToken: Need = {
  unmet: (site) => (site.token === undefined ? undefined : 'needs a server that asks for no token'),
};

export const allowedOrigin: Need = {
  unmet: (site) => (site.allowedOrigin === undefined ? 'needs --origin' : undefined),
};

/** Why the case cannot be run here; undefined when it can. */
export function reasonNotToRun(one: Case, site: Site): string | undefined {
  if (one.level === 'bytes' && site.sockets === undefined) return 'needs sockets';
  if (site.settings.publish === 'none' && !one.needs.includes(nobodyPublishes))
    return 'needs a server that lets publish';
  const unmet = one.needs.flatMap((need) => need.unmet(site) ?? []);
  return unmet.length === 0 ? undefined : [...new Set(unmet)].join(', ');
}

const DEADLINE_MS = 10_000;
const SLOW_DEADLINE_MS = 120_000;

/** Runs a case and cleans up behind it; rejects with what failed, or when its time has passed. */
export async function runCase(
  one: Case,
  site: Site,
  deadlineMs = one.needs.some(({ isSlow }) => isSlow) ? SLOW_DEADLINE_MS : DEADLINE_MS,
): Promise<void> {
  const target = new Target(site, deadlineMs);
  const sockets = site.sockets === undefined ? undefined : new Sockets(site.sockets, target);
  try {
    await within(deadlineMs, running(one, target, sockets));
  } finally {
    target.leave();
    sockets?.leave();
  }
}

function running(one: Case, target: Target, sockets: Sockets | undefined): Promise<void> {
  if (one.level === 'messages') return one.run(target);
  assert.ok(sockets !== undefined, 'this case needs sockets');
  return one.run(target, sockets);
}

/** What went wrong, as one line. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AssertionError && error.generatedMessage && error.operator !== '==') {
    return `expected ${brief(error.expected)}, got ${brief(error.actual)}`;
  }
  const cause =
    error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const text = error instanceof Error ? error.message + cause : String(error);
  return text.split('\n', 1)[0] ?? text;
}

function brief(value: unknown): string {
  const text = inspect(value, { breakLength: Infinity, maxStringLength: 120, maxArrayLength: 8 });
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

export class TimedOut extends Error {
  constructor(ms: number) {
    super(`nothing happened within ${ms} ms`);
  }
}

/** Rejects when the work is not done in time. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimedOut(ms)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
