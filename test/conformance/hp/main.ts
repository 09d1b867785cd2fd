// The chat dialect's way into the suite: `npm run conformance -- --dialect hp …`. The server is met as a stranger meets it,
// at its port for clients and, by who knows the secret, at that for other nodes; README.md one folder up says how.

import { jsonOf, type Result, tableOf } from '../report.ts';
import { HP_USAGE, type HpWish, readHpArguments } from './command-line.ts';
import { runHpCases } from './run.ts';
import { startHp } from './start.ts';
import { hpUnseen } from './unseen.ts';

export async function runHp(args: readonly string[]): Promise<number> {
  const wish = readHpArguments(args);
  if (typeof wish === 'string') {
    process.stderr.write(wish);
    return 2;
  }
  if (wish === undefined) {
    process.stdout.write(HP_USAGE);
    return 0;
  }
  // What a case has begun and no longer waits for may fail after it.
  process.on('unhandledRejection', () => {});
  // An end by signal is an end all the same: what was started is ended with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(2));
  let results: Result[];
  try {
    const { place, cases } = wish;
    const progress = progressOf(cases.length);
    results = await (place === undefined ? runStarted(wish) : runHpCases(cases, place, progress));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    process.stderr.write(`The cases cannot be run: ${cause}\n`);
    return 2;
  }
  const unseen = wish.isWhole ? hpUnseen : {};
  const { place } = wish;
  const name = place === undefined ? 'hermod' : `${place.host}:${place.port}`;
  process.stdout.write(wish.isJson ? jsonOf(results, name, unseen) : tableOf(results, unseen));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

/** One node for each configuration, one after the other. */
async function runStarted({ cases, configurations, isPatient }: HpWish): Promise<Result[]> {
  const results: Result[] = [];
  for (const configuration of configurations) {
    const its = cases.filter((one) => one.configuration === configuration);
    if (its.length === 0) continue;
    const started = await startHp(configuration);
    try {
      const place = { ...started.place, isPatient };
      results.push(...(await runHpCases(its, place, progressOf(its.length))));
    } finally {
      await started.stop();
    }
  }
  return results;
}

function progressOf(all: number): (done: number) => void {
  return (done) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(done === all ? '\r\u001B[K' : `\r\u001B[K${done} of ${all}`);
  };
}
