// What the chat dialect's suite is told on its command line, and what it says about it.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sentenceOf } from '../case.ts';
import { allHpCases } from './cases.ts';
import type { HpBridge, HpCase, HpConfiguration, HpPlace, PeerPlace } from './site.ts';
import { configurations } from './start.ts';

const groups = [...new Set(allHpCases.map(({ group }) => group))];
const names = Object.keys(configurations) as HpConfiguration[];

export const HP_USAGE = `Usage: npm run conformance -- --dialect hp (--target host:port | --start hermod) [options]

Runs the cases of spec/hp.md and spec/hp-peer.md against the server at an address, and prints a table by requirement. The
server must take \`LOGIN\` without proof and have a strict listener with the usual limits.

  --target HOST:PORT   where it listens for clients; tcp:// may stand before it
  --peer HOST:PORT     where it listens for other nodes; the suite is one. Needs --secret-file
  --secret-file FILE   the secret of the cluster: a name, a blank and the secret
  --cluster NAME       what the cluster is called; HELLO_OK tells when this is not given
  --configuration C    how the server is set: plain (usual), or else as README.md says: ${names.slice(1).join(', ')}
  --start hermod       starts a node in each configuration instead, and ends it
  --bridge R=T@H:PORT  the room R is joined to the topic T of a broker at that address; shows what comes over
  --only GROUP         one group, or more when given again: ${groups.slice(0, 8).join(', ')},
                       ${groups.slice(8).join(', ')}
  --patient            also cases that take up to a minute
  --json               one JSON object instead of the table

Exit status 0 when no case failed, 1 when one did, 2 when they could not be run.
`;

export interface HpWish {
  /** Undefined when nodes are to be started. */
  readonly place: HpPlace | undefined;
  readonly cases: readonly HpCase[];
  readonly configurations: readonly HpConfiguration[];
  readonly isPatient: boolean;
  readonly isWhole: boolean;
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
        peer: { type: 'string' },
        'secret-file': { type: 'string' },
        cluster: { type: 'string' },
        configuration: { type: 'string' },
        start: { type: 'string' },
        bridge: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        patient: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    const { target, start, only, patient: isPatient, json: isJson } = values;
    for (const group of only)
      if (!groups.includes(group)) throw new Error(`--only ${group}: there is no such group.`);
    const { configuration = 'plain' } = values;
    const known = names.find((name) => name === configuration);
    if (known === undefined) throw new Error(`--configuration must be one of ${names.join(', ')}.`);
    if (start !== undefined && start !== 'hermod') throw new Error('--start must be hermod.');
    if ((target === undefined) === (start === undefined))
      throw new Error('--target must be an address like host:port; or give --start hermod.');
    const peer = peerOf(values.peer, values['secret-file'], values.cluster);
    const at = target === undefined ? undefined : addressOf('--target', target);
    const more = { peer, bridge: bridgeOf(values.bridge) };
    return {
      place: at === undefined ? undefined : { ...at, isPatient, configuration: known, ...more },
      cases: allHpCases.filter(({ group }) => only.length === 0 || only.includes(group)),
      configurations: values.configuration === undefined ? names : [known],
      isWhole: only.length === 0,
      ...{ isPatient, isJson },
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

function addressOf(flag: string, text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(?:tcp:\/\/)?\[?([^\]/]+)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535)
    throw new Error(`${flag} must be an address like host:port.`);
  return { host, port: Number(port) };
}

function peerOf(
  address: string | undefined,
  file: string | undefined,
  cluster: string | undefined,
): PeerPlace | undefined {
  if (address === undefined) return undefined;
  if (file === undefined) throw new Error('--peer needs --secret-file.');
  const [, key = 'k1', secret = ''] =
    /^(?:([A-Za-z0-9._-]{1,64}) +)?(\S+)\s*$/m.exec(readFileSync(file, 'utf8')) ?? [];
  if (secret === '') throw new Error(`--secret-file ${file} has no secret in it.`);
  return { ...addressOf('--peer', address), cluster, key, secret };
}
