// What the suite is told about a gateway on its command line, and what it says about it.

import { parseArgs } from 'node:util';

import type { GripCase } from './case.ts';
import { allGripCases } from './cases.ts';
import { type GripSite, placeOf } from './site.ts';
import type { Kind } from './start.ts';

export interface GripWish {
  /** What to start; nothing when there is a target. */
  readonly start: Kind | undefined;
  readonly site: Omit<GripSite, 'origins'> | undefined;
  readonly configurations: readonly GripSite['configuration'][];
  readonly originPort: number | undefined;
  readonly cases: readonly GripCase[];
  readonly isWhole: boolean;
  readonly isJson: boolean;
  /** Shows what the gateway said. */
  readonly showsLog: boolean;
}

export const GRIP_USAGE = `Usage: npm run conformance -- --dialect grip --target http://host:port --control http://host:port [options]
       npm run conformance -- --dialect grip --start pushpin|hermod [options]

Runs the cases of spec/grip.md and spec/websocket-over-http.md against a gateway, and prints a table by requirement.
The gateway must have the routes of test/conformance/grip/routes, and pushpin.conf or full.conf beside it.

  --target URL         where clients connect
  --control URL        where publishers do, over HTTP
  --zmq-pull ADDRESS   tcp://host:port of the PULL socket
  --zmq-sub ADDRESS    of the SUB socket
  --zmq-rep ADDRESS    of the REP socket, for commands
  --stats ADDRESS      of the PUB socket of stats, tcp:// or ipc://
  --secure-target URL  https://, the clients' door with TLS
  --prometheus URL     where metrics are shown
  --origin-port N      where the suite's origins listen: N, N+1 and N+3; 7800 without
  --routes FILE        the routes file that the gateway watches; the suite adds a line and removes it
  --configuration C    plain (pushpin.conf, the default) or full (full.conf)
  --pushpin            the gateway is Pushpin 1.36: the differences of spec/pushpin-differences.md are expected
  --start KIND         starts pushpin or hermod itself, in both configurations, on free ports
  --log                with --start: shows what the gateway said, on standard error
  --only TEXT          the cases whose group is TEXT, or whose title or id holds it; again for more
  --json               one JSON object instead of the table

Exit status 0 when no case failed, 1 when one did, 2 when they could not be run.
`;

/** What is wanted; a text says what is wrong, and nothing means that help is wanted. */
export function readGripArguments(args: readonly string[]): GripWish | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dialect: { type: 'string' },
        target: { type: 'string' },
        control: { type: 'string' },
        'zmq-pull': { type: 'string' },
        'zmq-sub': { type: 'string' },
        'zmq-rep': { type: 'string' },
        stats: { type: 'string' },
        'secure-target': { type: 'string' },
        prometheus: { type: 'string' },
        'origin-port': { type: 'string' },
        routes: { type: 'string' },
        configuration: { type: 'string' },
        pushpin: { type: 'boolean', default: false },
        start: { type: 'string' },
        log: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const { only, configuration } = values;
    const kind = values.start;
    if (kind !== undefined && kind !== 'pushpin' && kind !== 'hermod')
      throw new Error('--start must be pushpin or hermod.');
    if (configuration !== undefined && configuration !== 'plain' && configuration !== 'full')
      throw new Error('--configuration must be plain or full.');
    const cases = allGripCases.filter(
      (one) => only.length === 0 || only.some((text) => isAbout(one, text)),
    );
    if (cases.length === 0) throw new Error(`--only ${only.join(', ')}: there is no such case.`);
    const { target, control, prometheus } = values;
    const secureTarget = values['secure-target'];
    const optional = (flag: string, text: string | undefined, protocol?: string) =>
      text === undefined ? undefined : placeOf(flag, text, protocol);
    if (kind === undefined && (target === undefined || control === undefined))
      throw new Error('--target and --control are needed, or --start.');
    return {
      start: kind,
      site:
        kind === undefined
          ? {
              target: placeOf('--target', target ?? ''),
              control: placeOf('--control', control ?? ''),
              secureTarget: optional('--secure-target', secureTarget, 'https:'),
              prometheus: optional('--prometheus', prometheus),
              zmqPull: addressOf('--zmq-pull', values['zmq-pull']),
              zmqSub: addressOf('--zmq-sub', values['zmq-sub']),
              zmqRep: addressOf('--zmq-rep', values['zmq-rep']),
              stats: addressOf('--stats', values.stats),
              routesFile: values.routes,
              configuration: configuration ?? 'plain',
              isPushpin: values.pushpin,
            }
          : undefined,
      configurations: configuration === undefined ? ['plain', 'full'] : [configuration],
      originPort: portOf(values['origin-port']),
      cases,
      isWhole: only.length === 0,
      isJson: values.json,
      showsLog: values.log,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${GRIP_USAGE}`;
  }
}

function isAbout({ group, title, ids }: GripCase, text: string): boolean {
  if (groups.has(text)) return group === text;
  return title.includes(text) || ids.includes(text);
}

const groups = new Set(allGripCases.map(({ group }) => group));

function addressOf(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!/^(?:tcp:\/\/.+:\d+|ipc:\/\/.+)$/.test(text))
    throw new Error(`${flag} must be an address like tcp://host:port.`);
  return text;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_532)
    throw new Error('--origin-port must be a port.');
  return port;
}
