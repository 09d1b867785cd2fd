// `npm run cluster`: three nodes on loopback that form a cluster, and how to talk to each of them. Ctrl-C ends them.
// Refuses to know how nodes find each other: each is told of the first.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const NODES = 3;

interface Ready {
  readonly event?: string;
  readonly doors?: Readonly<Record<string, string>>;
}

const directory = mkdtempSync(join(tmpdir(), 'hermod-cluster-'));
const secretFile = join(directory, 'secret');
writeFileSync(secretFile, `k1 ${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });

const children: ChildProcess[] = [];
process.once('SIGINT', end);
process.once('SIGTERM', end);

const ready = await Promise.all(Array.from({ length: NODES }, (_, at) => start(at)));
const [first] = ready;
process.stdout.write(
  [
    ...ready.flatMap(({ name, doors }) => [
      `${name}: chat       nc ${(doors['chat'] ?? '').replace(':', ' ')}`,
      `    broker     ws://${doors['broker']}`,
      `    cluster    ${doors['cluster']}`,
    ]),
    '',
    'Log in on one, and say something on another:',
    '  {"version":"1.0","type":"LOGIN","payload":{"user":"alice"}}',
    '  {"version":"1.0","type":"JOIN","payload":{"room":"general"}}',
    '  {"version":"1.0","type":"ROOM_MESSAGE","payload":{"room":"general","body":"hello"}}',
    '',
    `See who is alive:  node src/main.ts cluster status --admin ${first?.doors['admin']}`,
    'See one die:       ' + ready.map(({ name, pid }) => `kill -9 ${pid} (${name})`).join(', '),
    '',
  ].join('\n'),
);

/** Resolves when the node is ready. */
function start(at: number): Promise<{ name: string; pid: number; doors: Record<string, string> }> {
  const name = `n${at + 1}`;
  const port = (base: number): string => String(base + at * 10);
  const child = spawn(
    process.execPath,
    [
      ...[MAIN, 'start', '--node', name, '--threads', '1', '--json'],
      ...['--port', port(8_080), '--admin-port', port(9_090)],
      ...['--chat-port', port(7_500), '--chat-envelope', 'lenient'],
      ...['--cluster-port', port(7_501), '--cluster-peer', '127.0.0.1:7501'],
    ],
    {
      env: { ...process.env, HERMOD_CLUSTER_SECRET_FILE: secretFile },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`${name} has ended`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, doors } = JSON.parse(line) as Ready;
      if (event === 'ready' && doors !== undefined)
        resolve({ name, pid: child.pid ?? 0, doors: { ...doors } });
      else if (event?.startsWith('cluster.') === true) process.stdout.write(`${name}: ${line}\n`);
    });
  });
}

function end(): void {
  for (const child of children) child.kill('SIGTERM');
  rmSync(directory, { recursive: true });
}
