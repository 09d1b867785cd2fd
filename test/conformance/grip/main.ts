// The gateway dialect's way into the suite: `npm run conformance -- --dialect grip …`. Meets one gateway at an address,
// or starts one in each configuration; README.md one folder up says how to use it.

import { jsonOf, type Result, tableOf } from '../report.ts';
import type { GripCase } from './case.ts';
import { GRIP_USAGE, type GripWish, readGripArguments } from './command-line.ts';
import { Origins, portsFrom } from './origin.ts';
import { runGripCases } from './run.ts';
import { start } from './start.ts';
import { gripUnseen } from './unseen.ts';

export async function runGrip(args: readonly string[]): Promise<number> {
  const wish = readGripArguments(args);
  if (typeof wish === 'string') {
    process.stderr.write(wish);
    return 2;
  }
  if (wish === undefined) {
    process.stdout.write(GRIP_USAGE);
    return 0;
  }
  // What a case has begun and no longer waits for may fail after it.
  process.on('unhandledRejection', () => {});
  // An end by signal is an end all the same: what was started is ended with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(2));
  let results: Result[];
  try {
    results = await (wish.start === undefined ? runThere(wish) : runStarted(wish));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    process.stderr.write(`The cases cannot be run: ${cause}\n`);
    return 2;
  }
  const unseen = wish.isWhole ? gripUnseen : {};
  const name = wish.start ?? `${wish.site?.target.host}:${wish.site?.target.port}`;
  process.stdout.write(wish.isJson ? jsonOf(results, name, unseen) : tableOf(results, unseen));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

async function runThere(wish: GripWish): Promise<Result[]> {
  if (wish.site === undefined) throw new Error('there is no --target');
  const origins = await Origins.listen(portsFrom(wish.originPort ?? USUAL_ORIGIN_PORT));
  try {
    return await runGripCases(wish.cases, { ...wish.site, origins }, progressOf(wish.cases.length));
  } finally {
    await origins.close();
  }
}

/** One gateway for each configuration, one after the other. */
async function runStarted({
  start: kind,
  cases,
  configurations,
  originPort,
  showsLog,
}: GripWish): Promise<Result[]> {
  const results: Result[] = [];
  for (const configuration of configurations) {
    const its = cases.filter((one) => one.configuration === configuration);
    if (kind === undefined || its.length === 0) continue;
    const run = async (some: readonly GripCase[]): Promise<Result[]> => {
      const started = await start(kind, configuration, originPort);
      try {
        return await runGripCases(some, started.site, progressOf(some.length));
      } finally {
        if (showsLog) process.stderr.write(started.output());
        await started.stop();
      }
    };
    const found = await run(its);
    // A stranger that has lost its way under hundreds of cases says nothing about the case: another is asked, once.
    const lost = found.filter(({ outcome }) => kind === 'pushpin' && outcome === 'failed');
    for (const { one, why } of lost)
      process.stderr.write(`asks another Pushpin: ${one.title}: ${why}\n`);
    const again = lost.length === 0 ? [] : await run(its.filter((one) => isOneOf(lost, one)));
    results.push(...found.filter(({ one }) => !isOneOf(again, one)), ...again);
  }
  return results;
}

function isOneOf(results: readonly Result[], wanted: Result['one']): boolean {
  return results.some(({ one }) => one === wanted);
}

const USUAL_ORIGIN_PORT = 7800;

function progressOf(all: number): (done: number) => void {
  return (done) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(done === all ? '\r\u001B[K' : `\r\u001B[K${done} of ${all}`);
  };
}
