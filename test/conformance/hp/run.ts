// Runs HP cases against one server: one after the other, and those that mostly wait all at once behind them.

import { sentenceOf, within } from '../case.ts';
import type { Result } from '../report.ts';
import type { HpCase, HpPlace, Running } from './site.ts';

const DEADLINE_MS = 20_000;
const SLOW_DEADLINE_MS = 120_000;

/** Results in the order of the cases. */
export async function runHpCases(
  cases: readonly HpCase[],
  place: HpPlace,
  progress: (done: number) => void = () => {},
): Promise<Result[]> {
  const results = new Map<HpCase, Result>();
  const run = async (one: HpCase): Promise<void> => {
    results.set(one, await resultOf(one, place));
    progress(results.size);
  };
  for (const one of cases) if (!one.isTogether) await run(one);
  await Promise.all(cases.filter(({ isTogether }) => isTogether).map(run));
  return cases.flatMap((one) => results.get(one) ?? []);
}

/** What comes of one case. */
export async function resultOf(
  one: HpCase,
  place: HpPlace,
  deadlineMs = one.isSlow || one.isTogether ? SLOW_DEADLINE_MS : DEADLINE_MS,
): Promise<Result> {
  const why = missing(one, place);
  if (why !== undefined) return { one, outcome: 'not run', why };
  let running: Running | undefined;
  try {
    running = one.start(place);
    await within(deadlineMs, running.done);
    return { one, outcome: 'passed', why: '' };
  } catch (error) {
    return { one, outcome: 'failed', why: sentenceOf(error) };
  } finally {
    await running?.leave();
  }
}

function missing(one: HpCase, { isPatient, configuration = 'plain', peer, bridge }: HpPlace) {
  if (one.configuration !== configuration)
    return `needs --start, or a server with --configuration ${one.configuration}`;
  if (one.isPeer && peer === undefined) return 'needs --peer';
  if (one.needsBridge && bridge === undefined) return 'needs --bridge';
  return one.isSlow && !isPatient ? 'needs --patient' : undefined;
}
