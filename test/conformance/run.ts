// Runs cases one after the other against one site. A server that answers nothing would cost ten seconds a case: after
// some of these the others are given less.

import { type Case, reasonNotToRun, runCase, sentenceOf, TimedOut } from './case.ts';
import type { Result } from './report.ts';
import type { Site } from './target.ts';

export interface Haste {
  /** So many cases may run out of their time before there is less of it. */
  readonly after: number;
  readonly deadlineMs: number;
}

const USUAL: Haste = { after: 10, deadlineMs: 2_000 };

/** `tell` hears of each case before it is run. */
export async function runCases(
  cases: readonly Case[],
  site: Site,
  tell: (one: Case, done: number) => void,
  haste: Haste = USUAL,
): Promise<Result[]> {
  const results: Result[] = [];
  let late = 0;
  for (const one of cases) {
    tell(one, results.length);
    const missing = reasonNotToRun(one, site);
    if (missing !== undefined) {
      results.push({ one, outcome: 'not run', why: missing });
      continue;
    }
    try {
      await runCase(one, site, late >= haste.after ? haste.deadlineMs : undefined);
      results.push({ one, outcome: 'passed', why: '' });
    } catch (error) {
      if (error instanceof TimedOut) late += 1;
      results.push({ one, outcome: 'failed', why: sentenceOf(error) });
    }
  }
  return results;
}
