// A hundred thousand users on three nodes: Hermod, a process of its own, hears of 100,000 sessions that two nodes written
// by hand own, and is asked until it knows the last of them. Its memory for each, and the CPU time that knowing them takes,
// beside what the platform's own JSON needs to write and read the same sessions in the same run. Told in columns, and as
// objects, as a node of the version before tells them.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HpClient } from './support/hp-client.ts';
import { type Cluster, type OwnedSession, OwnerNode } from './support/owner-node.ts';
import { type Family, freePorts, startFamily } from './support/processes.ts';
import { median, table } from './support/table.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const USERS = Number(process.env['BENCH_USERS'] ?? 100_000);
/** For compilers and pools, before anything is measured. */
const WARM_UP_USERS = 20_000;
const SETTLE_MS = 10_000;
/** Not more often than a client may ask. */
const LOOK_EVERY_MS = 150;

interface Round {
  readonly bytes: number;
  readonly cpuMs: number;
  readonly jsonMs: number;
}

export async function run(): Promise<void> {
  const rounds: (readonly [columns: Round, objects: Round])[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push([await measure(['columns']), await measure([])]);
  const row = (title: string, unit: string, part: (round: Round) => number, digits = 0) => {
    const of = (form: 0 | 1): string =>
      `${median(rounds.map((round) => part(round[form]))).toFixed(digits)} ${unit}`;
    return [title, of(0), of(1)];
  };
  console.log(
    table(
      [`${USERS} users of two other nodes, told`, 'in columns', 'as objects'],
      [
        row('resident memory for each', 'B', ({ bytes }) => bytes),
        row('CPU until all are known', 'ms', ({ cpuMs }) => cpuMs),
        row('JSON.stringify and JSON.parse of the objects', 'ms', ({ jsonMs }) => jsonMs),
        row('hermod ÷ JSON', 'x', ({ cpuMs, jsonMs }) => cpuMs / jsonMs, 2),
      ],
    ),
  );
}

async function measure(caps: readonly string[]): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'hermod-bench-'));
  const secret = randomBytes(32).toString('hex');
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `k1 ${secret}\n`, { mode: 0o600 });
  const [port, adminPort, chatPort, clusterPort = 0] = await freePorts(4);
  process.env['HERMOD_CLUSTER_SECRET_FILE'] = secretFile;
  const family = startFamily([
    [
      ...[process.execPath, 'src/main.ts', 'start', '--threads', '1', '--node', 'n1'],
      ...['--port', `${port}`, '--admin-port', `${adminPort}`],
      ...['--chat-port', `${chatPort}`, '--cluster-port', `${clusterPort}`],
    ],
  ]);
  let measured: Omit<Round, 'jsonMs'>;
  try {
    const observer = await HpClient.login(chatPort ?? 0, 'observer');
    const cluster: Cluster = { port: clusterPort, cluster: 'hermod', secret };
    await tell(['n4'], WARM_UP_USERS, cluster, observer, family, caps);
    await settle();
    const before = family.residentBytes();
    const cpuMs = await tell(['n2', 'n3'], USERS / 2, cluster, observer, family, caps);
    await settle();
    const bytes = (family.residentBytes() - before) / USERS;
    measured = { bytes, cpuMs };
  } finally {
    await family.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...measured, jsonMs: timeOfJson() };
}

/** Milliseconds of CPU from the first line until the last user of each owner is online. */
async function tell(
  names: readonly string[],
  usersOfEach: number,
  cluster: Cluster,
  observer: HpClient,
  family: Family,
  caps: readonly string[],
): Promise<number> {
  const owners = names.map((name) => new OwnerNode(name, cluster, caps));
  await Promise.all(owners.map(({ asked }) => asked));
  const lines = owners.map((owner) => owner.linesOf(sessionsOf(owner.name, usersOfEach)));
  const before = family.cpuSeconds();
  for (const [at, owner] of owners.entries()) owner.tell(lines[at] ?? '');
  const users = names.map((name) => userOf(name, usersOfEach - 1));
  for (let online = 0; online < users.length;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const { users: states } = await observer.ask('PRESENCE_QUERY', { users }, 'PRESENCE_STATE');
    online = (states as readonly { status: string }[]).filter(
      ({ status }) => status === 'online',
    ).length;
  }
  return (family.cpuSeconds() - before) * 1_000;
}

/** What a full sync is said to cost by whoever planned it: to write the sessions once, and to read them. */
function timeOfJson(): number {
  const sessions = [...sessionsOf('n2', USERS / 2), ...sessionsOf('n3', USERS / 2)];
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    for (let at = 0; at < sessions.length; at += 1_000)
      JSON.parse(JSON.stringify(sessions.slice(at, at + 1_000)));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return median(times);
}

function sessionsOf(node: string, count: number): OwnedSession[] {
  return Array.from({ length: count }, (_, at) => ({
    // As long as a node makes them.
    session: `${node}-${(at + 0x10_0000_0000).toString(16)}0a`,
    user: userOf(node, at),
    status: 'online',
    lamport: 1,
    since: 1_700_000_000 + at,
  }));
}

function userOf(node: string, at: number): string {
  return `user-${node}-${at}`;
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
}
