// The way into the conformance suite: `npm run conformance -- --dialect broker --target ws://host:port`. Reads the
// command line, runs the cases one after the other against whatever is there, and tells what came of it.

import { parseArgs } from 'node:util';

import { brokerCases } from './broker/cases.ts';
import { type Case, reach, runCase, sentenceOf, type Site } from './case.ts';
import { jsonOf, type Result, tableOf } from './report.ts';

const USAGE = `Usage: npm run conformance -- --dialect broker --target ws://host:port [options]

  --dialect D     broker
  --target URL    ws:// or wss://, host and port; HTTP is asked of the same port
  --only GROUP    one group: ${groupsOf(brokerCases).join(', ')}
  --json          one JSON object instead of the table

Exit status 0 when all cases pass, 1 when one fails, 2 when they could not be run.
`;
const DEADLINE_MS = 10_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const wish = readArguments();
  if (typeof wish === 'string') {
    process.stderr.write(wish);
    return 2;
  }
  if (wish === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  let site: Site;
  try {
    site = await reach(wish.target);
  } catch (error) {
    process.stderr.write(`No WebSocket opens at ${wish.target}: ${sentenceOf(error)}\n`);
    return 2;
  }
  const results: Result[] = [];
  for (const one of wish.cases) {
    const failure = await runCase(one, site, DEADLINE_MS).then(() => undefined, sentenceOf);
    results.push({ one, failure });
  }
  process.stdout.write(wish.isJson ? jsonOf(results, wish.target) : tableOf(results));
  return results.some(({ failure }) => failure !== undefined) ? 1 : 0;
}

interface Wish {
  readonly target: string;
  readonly cases: readonly Case[];
  readonly isJson: boolean;
}

/** What is wanted; a text says what is wrong, and nothing means that help is wanted. */
function readArguments(): Wish | string | undefined {
  try {
    const { values } = parseArgs({
      options: {
        dialect: { type: 'string' },
        target: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const { dialect, target, only } = values;
    if (dialect !== 'broker') throw new Error('--dialect must be broker.');
    const url = URL.parse(target ?? '');
    if (url === null || !['ws:', 'wss:'].includes(url.protocol) || url.pathname !== '/') {
      throw new Error('--target must be an address like ws://host:port.');
    }
    const cases = brokerCases.filter(({ group }) => only === undefined || group === only);
    if (cases.length === 0) {
      throw new Error(`--only must be one of ${groupsOf(brokerCases).join(', ')}.`);
    }
    return { target: `${url.protocol}//${url.host}`, cases, isJson: values.json };
  } catch (error) {
    return `${sentenceOf(error)}\n\n${USAGE}`;
  }
}

function groupsOf(cases: readonly Case[]): string[] {
  return [...new Set(cases.map(({ group }) => group))];
}
