// Runs cases of the gateway dialect, many at once, because most of their time is spent waiting for timers of the
// gateway; those that disturb others come after, one by one.

import { sentenceOf, within } from '../case.ts';
import type { Result } from '../report.ts';
import { type GripCase, reasonNotToRun } from './case.ts';
import { Gateway } from './gateway.ts';
import type { GripSite } from './site.ts';

const AT_ONCE = 20;

export async function runGripCases(
  cases: readonly GripCase[],
  site: GripSite,
  tell: (done: number) => void,
  atOnce = AT_ONCE,
): Promise<Result[]> {
  const results = new Map<GripCase, Result>();
  const runAll = async (waiting: readonly GripCase[], lanes: number): Promise<void> => {
    const left = [...waiting];
    const lane = async (): Promise<void> => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) {
        results.set(one, await resultOf(one, site));
        tell(results.size);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  };
  await runAll(
    cases.filter(({ isAlone }) => !isAlone),
    atOnce,
  );
  await runAll(
    cases.filter(({ isAlone }) => isAlone),
    1,
  );
  // Pushpin 1.36 loses a request now and then when many come at once: what failed in the crowd is tried again alone.
  if (site.isPushpin)
    await runAll(
      cases.filter((one) => results.get(one)?.outcome === 'failed'),
      1,
    );
  return cases.flatMap((one) => results.get(one) ?? []);
}

/** What came of one case. A listed difference is expected of Pushpin, and told where it is not there. */
export async function resultOf(
  one: GripCase,
  site: GripSite,
  secondsMax = Infinity,
): Promise<Result> {
  const missing = reasonNotToRun(one, site);
  if (missing !== undefined) return { one, outcome: 'not run', why: missing };
  const isListed = site.isPushpin && one.differences.length > 0;
  if (site.isPushpin && one.endsPushpin)
    return { one, outcome: 'differs', why: 'not tried, because it would end Pushpin' };
  const gateway = new Gateway(site);
  try {
    await within(Math.min(one.seconds, secondsMax) * 1_000, one.run(gateway));
    const why = isListed ? `passes, though ${one.differences.join(', ')} says otherwise` : '';
    return { one, outcome: 'passed', why };
  } catch (error) {
    return { one, outcome: isListed ? 'differs' : 'failed', why: sentenceOf(error) };
  } finally {
    gateway.leave();
  }
}
