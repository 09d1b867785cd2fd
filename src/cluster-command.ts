// `hermod cluster status`: asks a node's admin door what it knows of its cluster, and prints it for people.
// Refuses to know how a node knows. Obeys spec/process.md, section "Admin door".

import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import type { Command } from 'commander';
import type { ClusterTold } from './actors/cluster/links/members-state.ts';

const EXIT_NO_ANSWER = 1;
const TIMEOUT_MS = 5_000;

export function declareCluster(cluster: Command): void {
  cluster
    .command('status')
    .description('Print the nodes that a node knows, and how they are.')
    .option('--admin <host:port>', 'The admin door of the node.', '127.0.0.1:7998')
    .option('--tls', 'The door speaks TLS.', false)
    .option('--ca-file <file>', 'Trust the authorities in this file, in PEM; speaks TLS.')
    .option('--json', 'Print one JSON object.', false)
    .action((options: Options) => status(options));
}

interface Options {
  readonly admin: string;
  readonly tls: boolean;
  readonly caFile?: string;
  readonly json: boolean;
}

async function status(options: Options): Promise<void> {
  const { admin, json } = options;
  try {
    const { code, body } = await answerOf(options);
    const told = JSON.parse(body) as ClusterTold & { readonly error?: string };
    if (code !== 200) throw new Error(told.error ?? `the door answered ${code}`);
    process.stdout.write(json ? `${JSON.stringify(told)}\n` : tableOf(told));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`hermod: ${admin} does not tell of a cluster: ${reason}\n`);
    process.exitCode = EXIT_NO_ANSWER;
  }
}

interface Answer {
  readonly code: number | undefined;
  readonly body: string;
}

function answerOf({ admin, tls, caFile }: Options): Promise<Answer> {
  const ca = caFile === undefined ? undefined : authorities(caFile);
  const isSecure = tls || ca !== undefined;
  const url = new URL(`${isSecure ? 'https' : 'http'}://${admin}/cluster`);
  const how = { signal: AbortSignal.timeout(TIMEOUT_MS), ...(ca === undefined ? {} : { ca }) };
  return new Promise((resolve, reject) => {
    const asked = (isSecure ? getSecure : getPlain)(url, how, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({ code: response.statusCode, body: Buffer.concat(chunks).toString() });
      });
    });
    asked.once('error', reject);
  });
}

function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new Error(`"${file}" cannot be read (${code})`, { cause: error });
  }
}

function linkOf({ hasLink, via }: ClusterTold['members'][number]): string {
  if (!hasLink) return 'no';
  return via === undefined ? 'yes' : `via ${via}`;
}

function tableOf(told: ClusterTold): string {
  const { cluster, node, incarnation, members } = told;
  const rows = [
    [
      ...['node', 'state', 'link', 'round trip', 'silent', 'version', 'clock', 'has ours'],
      ...['address', 'incarnation'],
    ],
    [node, 'this node', '', '', '', '', '', '', '', String(incarnation)],
    ...members.map((member) => [
      ...[member.node, member.isDraining ? `${member.state}, draining` : member.state],
      ...[linkOf(member), member.rttMs === undefined ? '' : `${member.rttMs} ms`],
      ...[`${member.silentMs} ms`, member.version, clockOf(member.skewSeconds)],
      ...[member.isSynced === undefined ? '' : member.isSynced ? 'yes' : 'not yet'],
      ...[member.addr, String(member.incarnation)],
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((cells) => (cells[at] ?? '').length)),
  );
  const lines = rows.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `Cluster ${cluster}, as ${node} sees it:\n${[...lines, ...remarks(told)].join('\n')}\n`;
}

function clockOf(seconds: number): string {
  if (Math.abs(seconds) <= 1) return 'right';
  return `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`;
}

function remarks({ isServing, cutOff, caps, members }: ClusterTold): readonly string[] {
  const said: string[] = [];
  if (cutOff.length > 0) said.push(`Cut off: ${cutOff.join(', ')}.`);
  if (!isServing)
    said.push('This side is the smaller one: logins and messages to rooms are refused.');
  if (members.length > 0) said.push(`All nodes can: ${caps.join(', ')}.`);
  return said;
}
