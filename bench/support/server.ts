// A server under measurement: its own process, seen from outside by what the kernel accounts to it.
// Linux only: reads /proc. CPU in seconds of all its threads, memory as resident set in bytes.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const TICKS_PER_SECOND = 100;

export interface MeasuredServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  cpuSeconds(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Starts `node ARGS` (pinned to one processor where `taskset` exists) and waits for its first ready line. */
export async function startServer(
  name: string,
  args: readonly string[],
  door: string,
): Promise<MeasuredServer> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await readyAddress(child, door);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start`);
  return {
    name,
    host: '127.0.0.1',
    port: Number(address.slice(address.lastIndexOf(':') + 1)),
    cpuSeconds() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    residentBytes() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    },
    stop() {
      return new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      });
    },
  };
}

function readyAddress(child: ChildProcess, door: string): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('the server has no output');
    child.once('exit', (code) =>
      reject(new Error(`the server ended with ${code} before it was ready`)),
    );
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const { event, doors } = JSON.parse(line) as {
        event?: string;
        doors?: Record<string, string>;
      };
      const address = doors?.[door];
      if (event === 'ready' && address !== undefined) resolve(address);
    });
  });
}
