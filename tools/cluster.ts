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

interface LogLine {
  readonly event?: string;
  readonly doors?: Readonly<Record<string, string>>;
  /** Of what is said about another node. */
  readonly node?: string;
}

interface Node {
  readonly name: string;
  readonly pid: number;
  readonly doors: Readonly<Record<string, string>>;
}

/** What one node sees of another, in words. */
const words: Readonly<Record<string, string>> = {
  'cluster.linkUp': 'is linked',
  'cluster.linkDown': 'has no link any more',
  'cluster.suspect': 'is suspect',
  'cluster.up': 'is up again',
  'cluster.down': 'is down: it is taken for dead',
  'cluster.left': 'has left',
};

const directory = mkdtempSync(join(tmpdir(), 'hermod-cluster-'));
const secretFile = join(directory, 'secret');
writeFileSync(secretFile, `k1 ${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });

const children: ChildProcess[] = [];
process.once('SIGINT', end);
process.once('SIGTERM', end);

try {
  tell(await Promise.all(Array.from({ length: NODES }, (_, at) => start(at))));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
  end();
}

function tell(nodes: readonly Node[]): void {
  const [admin = ''] = nodes.map(({ doors }) => doors['admin']);
  const lines = nodes.flatMap(({ name, pid, doors }) => [
    `${name}: PID        ${pid}`,
    `    chat       nc ${(doors['chat'] ?? '').replace(':', ' ')}`,
    `    broker     ws://${doors['broker']}`,
    `    cluster    ${doors['cluster']}`,
  ]);
  process.stdout.write(
    [
      ...lines,
      '',
      'Log in on one, and say something on another:',
      '  {"version":"1.0","type":"LOGIN","payload":{"user":"alice"}}',
      '  {"version":"1.0","type":"JOIN","payload":{"room":"general"}}',
      '  {"version":"1.0","type":"ROOM_MESSAGE","payload":{"room":"general","body":"hello"}}',
      '',
      `See who is alive:    npx hermod cluster status --admin ${admin}`,
      'See one die:         kill -9 PID',
      'See one fall silent: kill -STOP PID, and later kill -CONT PID',
      'The whole story:     spec/hp-by-hand.md, "When a node dies"',
      'End them:            Ctrl-C',
      '',
      'What they see of each other:',
      '',
    ].join('\n'),
  );
}

/** Resolves when the node is ready, and has a link to each other one. */
function start(at: number): Promise<Node> {
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
    const linked = new Set<string>();
    let doors: Node['doors'] | undefined;
    child.once('exit', () => {
      reject(new Error(`${name} has ended: are its ports free?`));
      process.stdout.write(`${name} has ended\n`);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event = '', node = '', doors: opened } = JSON.parse(line) as LogLine;
      if (event === 'ready') doors = opened;
      if (event === 'cluster.linkUp') linked.add(node);
      const isFirst = linked.size === NODES - 1 && doors !== undefined;
      if (isFirst && doors !== undefined) resolve({ name, pid: child.pid ?? 0, doors });
      const said = words[event];
      if (said !== undefined) process.stdout.write(`${name}: ${node} ${said}\n`);
    });
  });
}

function end(): void {
  for (const child of children) {
    child.kill('SIGTERM');
    // Who was made to stand still could not obey.
    child.kill('SIGCONT');
  }
  rmSync(directory, { recursive: true });
}
