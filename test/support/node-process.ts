// A Hermod process for black-box tests: started as an operator starts it, heard through its `--json` lines.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { bareEnvironment } from './bare-environment.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface NodeProcess {
  readonly child: ChildProcess;
  /** Real addresses by door, from the ready line. */
  readonly doors: Readonly<Record<string, string>>;
  /** Every line of standard output so far. */
  readonly lines: readonly string[];
  /** Everything on standard error so far. */
  readonly errors: () => string;
  /** Ends it with SIGTERM and gives its exit code. */
  stop(): Promise<number | null>;
  exited: Promise<number | null>;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  readonly errors: () => string;
  /** The ready line's doors; rejects when the process ends first. */
  readonly ready: Promise<Readonly<Record<string, string>>>;
  readonly exited: Promise<number | null>;
}

export function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = '.',
): Launched {
  const child = spawn(process.execPath, [MAIN, 'start', ...args], {
    cwd,
    env: { ...bareEnvironment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const ready = new Promise<Readonly<Record<string, string>>>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (!line.startsWith('{')) return;
      const { event, doors } = JSON.parse(line) as {
        event?: string;
        doors?: Record<string, string>;
      };
      if (event === 'ready' && doors !== undefined) resolve(doors);
    });
    void exited.then((code) =>
      reject(new Error(`the node ended with ${code}: ${errors}${lines.join('\n')}`)),
    );
  });
  ready.catch(() => {
    // Tests of nodes that never become ready look at `exited`.
  });
  return { child, lines, errors: () => errors, ready, exited };
}

/** Starts a node on free ports and waits until it is ready. */
export async function startNode(
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<NodeProcess> {
  const launched = launch(['--port', '0', '--admin-port', '0', '--json', ...args], env);
  const doors = await launched.ready;
  return {
    ...launched,
    doors,
    stop() {
      launched.child.kill('SIGTERM');
      return launched.exited;
    },
  };
}
