// The chat dialect's way into the suite: `npm run conformance -- --dialect hp --target host:port`. The server is met as a
// stranger meets it: strict envelopes, login without proof.

import { parseArgs } from 'node:util';
import { sentenceOf, within } from '../case.ts';
import { jsonOf, type Result, tableOf } from '../report.ts';
import { bridgeCases } from './bridge-cases.ts';
import { chatCases } from './chat-cases.ts';
import { framingCases } from './framing-cases.ts';
import { sessionCases } from './session-cases.ts';
import { type HpBridge, type HpCase, type HpPlace, HpSite } from './site.ts';

export const allHpCases: readonly HpCase[] = [
  ...framingCases,
  ...sessionCases,
  ...chatCases,
  ...bridgeCases,
];

const groups = [...new Set(allHpCases.map(({ group }) => group))];

export const HP_USAGE = `Usage: npm run conformance -- --dialect hp --target host:port [options]

Runs the cases of spec/hp.md against the server at an address, and prints a table by requirement. The server must take
\`LOGIN\` without proof and have a strict listener with the usual limits.

  --target HOST:PORT   where it listens
  --only GROUP         one group, or more when given again: ${groups.join(', ')}
  --bridge R=T@H:PORT  the room R is joined to the topic T of a broker at that address; shows what comes over
  --patient            also cases that take up to a minute
  --json               one JSON object instead of the table

Exit status 0 when no case failed, 1 when one did, 2 when they could not be run.
`;

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
  const results = await runHpCases(wish.cases, wish.place);
  const { host, port } = wish.place;
  process.stdout.write(wish.isJson ? jsonOf(results, `${host}:${port}`) : tableOf(results));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

interface HpWish {
  readonly place: HpPlace;
  readonly cases: readonly HpCase[];
  readonly isJson: boolean;
}

/** What is wanted; a text says what is wrong, and nothing means that help is wanted. */
export function readHpArguments(args: readonly string[]): HpWish | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dialect: { type: 'string' },
        target: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        bridge: { type: 'string' },
        patient: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const [, host = '', port = ''] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(values.target ?? '') ?? [];
    if (host === '' || Number(port) > 65_535)
      throw new Error('--target must be an address like host:port.');
    for (const group of values.only)
      if (!groups.includes(group)) throw new Error(`--only ${group}: there is no such group.`);
    return {
      place: {
        host,
        port: Number(port),
        isPatient: values.patient,
        bridge: bridgeOf(values.bridge),
      },
      cases: allHpCases.filter(
        ({ group }) => values.only.length === 0 || values.only.includes(group),
      ),
      isJson: values.json,
    };
  } catch (error) {
    return `${sentenceOf(error)}\n\n${HP_USAGE}`;
  }
}

function bridgeOf(text: string | undefined): HpBridge | undefined {
  if (text === undefined) return undefined;
  const [, room, topic, broker] = /^([^=]+)=(.+)@([^@]+:\d{1,5})$/.exec(text) ?? [];
  if (room === undefined || topic === undefined || broker === undefined)
    throw new Error('--bridge must be a pair and an address like room=topic@host:port.');
  return { room, topic, broker };
}

export async function runHpCases(cases: readonly HpCase[], place: HpPlace): Promise<Result[]> {
  const results: Result[] = [];
  for (const one of cases) {
    if (one.isSlow && !place.isPatient) {
      results.push({ one, outcome: 'not run', why: 'needs --patient' });
      continue;
    }
    if (one.needsBridge && place.bridge === undefined) {
      results.push({ one, outcome: 'not run', why: 'needs --bridge' });
      continue;
    }
    const site = new HpSite(place);
    try {
      await within(one.isSlow ? 120_000 : 15_000, one.run(site));
      results.push({ one, outcome: 'passed', why: '' });
    } catch (error) {
      results.push({ one, outcome: 'failed', why: sentenceOf(error) });
    } finally {
      site.leave();
    }
  }
  return results;
}
