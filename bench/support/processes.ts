// What the kernel accounts to a server that is several processes: those that were started and all that they started.
// Linux only: reads /proc. CPU in seconds of user and system time, memory as resident set in bytes.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { availableParallelism } from 'node:os';

/** As `npm start` and the command `hermod` run it. */
export const hermodCommand = [process.execPath, '--use-largepages=silent', 'src/main.ts'] as const;

const TICKS_PER_SECOND = 100;
const STOP_MS = 5_000;

export interface Family {
  cpuSeconds(): number;
  residentBytes(): number;
  /** Ends it and all that it started. */
  stop(): Promise<void>;
}

/** Of what is measured. */
const MEASURED = '0';
/** Of whoever drives it, and of what it leans on: a peer on the same one would be woken in its midst by every write. */
const ASIDE = availableParallelism() > 1 ? '1' : MEASURED;

/** Leaves the processor of what is measured. */
export function standAside(): void {
  spawnSync('taskset', ['-apc', ASIDE, String(process.pid)]);
}

/** Starts commands side by side, pinned to one processor. */
export function startFamily(commands: readonly (readonly string[])[], isAside = false): Family {
  const children = commands.map((command) => {
    const child = spawn('taskset', ['-c', isAside ? ASIDE : MEASURED, ...command], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (child.pid === undefined) throw new Error(`${command[0] ?? ''} did not start`);
    return child;
  });
  const members = (): readonly number[] => descendants(children.map(({ pid }) => pid ?? 0));
  return {
    cpuSeconds: () => members().reduce((sum, pid) => sum + cpuSecondsOf(pid), 0),
    residentBytes: () => members().reduce((sum, pid) => sum + residentBytesOf(pid), 0),
    async stop() {
      const all = members();
      await Promise.all(children.map(end));
      // A server's own children may be in groups of their own.
      for (const pid of all) endAtOnce(pid);
    },
  };
}

/** Ports that the kernel had free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  const patience = setTimeout(() => endAtOnce(pid), STOP_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(patience);
}

function endAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function descendants(roots: readonly number[]): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? fieldsOf(pid)[1] : undefined;
    if (parent !== undefined) parents.set(pid, Number(parent));
  }
  const found = new Set(roots);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function cpuSecondsOf(pid: number): number {
  const fields = fieldsOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function residentBytesOf(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024;
}

/** What `stat` says behind the name: state, parent, and so on. */
function fieldsOf(pid: number): readonly string[] {
  return read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ') ?? [];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
