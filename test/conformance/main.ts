// The way into the conformance suite: `npm run conformance -- --dialect broker --target ws://host:port`. Runs the cases
// one after the other against whatever is there, and tells what came of it. README.md beside it says how to use it.

import { getCACertificates, setDefaultCACertificates } from 'node:tls';

import { sentenceOf } from './case.ts';
import { readArguments, USAGE } from './command-line.ts';
import { runGrip } from './grip/main.ts';
import { runHp } from './hp/main.ts';
import { jsonOf, tableOf } from './report.ts';
import { runCases } from './run.ts';
import { reach } from './socket-site.ts';
import type { Site } from './target.ts';
import { reasons } from './unseen.ts';

const args = process.argv.slice(2);
const isAbout = (dialect: string): boolean =>
  args.some(
    (arg, at) =>
      arg === `--dialect=${dialect}` || (arg === dialect && args[at - 1] === '--dialect'),
  );
process.exitCode = await (isAbout('grip') ? runGrip(args) : isAbout('hp') ? runHp(args) : main());

async function main(): Promise<number> {
  const wish = readArguments(args);
  if (typeof wish === 'string') {
    process.stderr.write(wish);
    return 2;
  }
  if (wish === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { target, told, ca, cases, isWhole, isJson } = wish;
  let site: Site;
  try {
    if (ca !== undefined) setDefaultCACertificates([...getCACertificates('default'), ca]);
    site = await reach(target, told);
  } catch (error) {
    process.stderr.write(`No WebSocket opens at ${target}: ${sentenceOf(error)}\n`);
    return 2;
  }
  const results = await runCases(cases, site, ({ group }, done) => {
    tellProgress(`${done} of ${cases.length} · ${group}`);
  });
  tellProgress('');
  const unseen = isWhole ? reasons : {};
  process.stdout.write(isJson ? jsonOf(results, target, unseen) : tableOf(results, unseen));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

/** One line that is written over, where somebody looks at it. */
function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}
