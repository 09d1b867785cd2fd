// What the suite is told on its command line, and what it says about it.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { brokerCases } from './broker/cases.ts';
import { type Case, sentenceOf } from './case.ts';
import { readSettings } from './settings.ts';
import type { Told } from './socket-site.ts';

export interface Wish {
  readonly target: string;
  readonly cases: readonly Case[];
  /** All of the dialect: what has no case is only told when nothing was left out by wish. */
  readonly isWhole: boolean;
  readonly told: Told;
  /** Certificates to be trusted beside those of the system, in PEM. */
  readonly ca: string | undefined;
  readonly isJson: boolean;
}

const groups = [...new Set(brokerCases.map(({ group }) => group))];

export const USAGE = `Usage: npm run conformance -- --dialect broker --target ws://host:port [options]

Runs the cases of spec/ against the server at an address, ours or anyone's, and prints a table by requirement.

  --dialect D          broker; grip and hp have options of their own: --dialect hp --help
  --target URL         ws:// or wss://, host and port; HTTP is asked of the same port
  --only GROUP         one group, or more when given again:
${listed(groups)}
  --json               one JSON object instead of the table

What a server needs, or does not show to everybody. Cases that lack something are not run, and the table says so.

  --token T            a token that may follow and publish everything
  --secret-file FILE   the secret of HS256 tokens; the suite signs its own
  --origin O           an origin on the server's list of pages, as https://example.org
  --admin URL          the admin door, as http://host:port
  --ca FILE            certificates in PEM that the server's is signed by
  --set NAME=VALUE     a limit of spec/broker.md that is set otherwise than by default; again for more
  --patient            also cases that take up to two minutes or send a hundred megabytes

Exit status 0 when no case failed, 1 when one did, 2 when they could not be run.
`;

/** What is wanted; a text says what is wrong, and nothing means that help is wanted. */
export function readArguments(args: readonly string[]): Wish | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dialect: { type: 'string' },
        target: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        token: { type: 'string' },
        'secret-file': { type: 'string' },
        origin: { type: 'string' },
        admin: { type: 'string' },
        ca: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        patient: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const { dialect, target, only, origin, admin, ca } = values;
    if (dialect !== 'broker') throw new Error('--dialect must be broker, grip or hp.');
    for (const group of only)
      if (!groups.includes(group))
        throw new Error(`--only ${group}: there is no such group. There are ${groups.join(', ')}.`);
    const secretFile = values['secret-file'];
    return {
      target: originOf('--target', target, ['ws:', 'wss:']),
      cases: brokerCases.filter(({ group }) => only.length === 0 || only.includes(group)),
      isWhole: only.length === 0,
      told: {
        settings: readSettings(values.set),
        isPatient: values.patient,
        token: values.token,
        secret: secretFile === undefined ? undefined : read('--secret-file', secretFile).trimEnd(),
        origin:
          origin === undefined ? undefined : originOf('--origin', origin, ['http:', 'https:']),
        admin: admin === undefined ? undefined : originOf('--admin', admin, ['http:', 'https:']),
      },
      ca: ca === undefined ? undefined : read('--ca', ca),
      isJson: values.json,
    };
  } catch (error) {
    return `${sentenceOf(error)}\n\n${USAGE}`;
  }
}

/** Scheme, host and port of a URL that has nothing else. */
function originOf(flag: string, text: string | undefined, protocols: readonly string[]): string {
  const url = URL.parse(text ?? '');
  const isBare =
    url !== null &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '';
  if (!isBare || !protocols.includes(url.protocol))
    throw new Error(`${flag} must be an address like ${protocols[0]}//host:port.`);
  return `${url.protocol}//${url.host}`;
}

function read(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(
      `${flag} ${file}: it cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      {
        cause: error,
      },
    );
  }
}

function listed(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const line = lines.at(-1);
    if (line === undefined || line.length + name.length > 90)
      lines.push(`                       ${name}`);
    else lines[lines.length - 1] = `${line}, ${name}`;
  }
  return lines.join(',\n');
}
