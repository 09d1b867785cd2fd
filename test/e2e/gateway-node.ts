// What end-to-end tests of the gateway have in common: a node that is started as an operator starts it, programs of
// strangers beside it, and answers that are read while they come. Refuses to know what is said.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type Launched } from '../support/node-process.ts';

/** Debian's interpreter: the one that sees python3-zmq. */
export const PYTHON = '/usr/bin/python3';

const PATIENCE_MS = 15_000;

export interface GatewayNode extends Launched {
  /** Where clients come in, without a slash at the end. */
  readonly url: string;
  readonly control: string;
  readonly doors: Readonly<Record<string, string>>;
  /** The log's lines of an event. */
  logged(event: string): readonly Record<string, unknown>[];
  stop(): Promise<number | null>;
}

/** Starts a node in the folder, with two threads, and waits until it is ready. */
export async function startGateway(args: readonly string[], folder = '.'): Promise<GatewayNode> {
  const isPushpin = args.some((arg) => arg.startsWith('--pushpin-conf'));
  const own = isPushpin ? args : [...anyPorts, ...args];
  const env = isPushpin ? {} : withoutZmq;
  const launched = launch(['--json', '--threads', '2', ...own], env, folder);
  const doors = await launched.ready;
  return {
    ...launched,
    doors,
    url: `http://127.0.0.1:${portOf(doors['gateway'])}`,
    control: `http://127.0.0.1:${portOf(doors['control'])}`,
    logged(event) {
      const entries = launched.lines
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      return entries.filter((entry) => entry['event'] === event);
    },
    stop() {
      launched.child.kill('SIGTERM');
      return launched.exited;
    },
  };
}

const anyPorts = ['port', 'admin-port', 'gateway-port', 'control-port'].flatMap((name) => [
  `--${name}`,
  '0',
]);
const withoutZmq = {
  HERMOD_GATEWAY_ZMQ_PULL: 'off',
  HERMOD_GATEWAY_ZMQ_SUB: 'off',
  HERMOD_GATEWAY_ZMQ_COMMAND: 'off',
};

export function portOf(address = ''): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

export interface Folder {
  readonly path: string;
  write(name: string, text: string | Uint8Array): string;
  remove(): void;
}

export function newFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'hermod-e2e-'));
  return {
    path,
    write(name, text) {
      const file = join(path, name);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Program {
  readonly output: () => string;
  /** Ends it at once, with every connection it has. */
  kill(): Promise<void>;
}

/** Starts a program and waits until it says `listening`. */
export async function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const listening = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('listening')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`${args[0]} ended with ${code}: ${said}`)));
  });
  await listening;
  return { output: () => said, kill: () => end(child) };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer whose head has come, and whose body is read while it comes. */
export class Reading {
  readonly response: IncomingMessage;
  text = '';
  /** Undefined while it goes on. */
  end: 'whole' | 'broken' | undefined = undefined;
  #waiting: (() => void)[] = [];

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.text += chunk;
      this.#wake();
    });
    response.once('close', () => {
      this.end = response.complete ? 'whole' : 'broken';
      this.#wake();
    });
    response.on('error', () => {
      // `close` follows.
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  header(name: string): string | undefined {
    const value = this.response.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Waits until the body holds the text, and gives the body. */
  until(text: string): Promise<string> {
    return this.#when(() => this.text.includes(text), `no ${JSON.stringify(text)}`);
  }

  /** Waits for the end, and gives the body. */
  whole(): Promise<string> {
    return this.#when(() => this.end !== undefined, 'no end');
  }

  leave(): void {
    this.response.destroy();
  }

  async #when(holds: () => boolean, complaint: string): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!holds()) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.end !== undefined)
        throw new Error(`${complaint} in ${JSON.stringify(this.text)} (${this.end ?? 'open'})`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.text;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Asks, on a connection of its own, and waits for the head of the answer. */
export function ask(
  url: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent: false }, (response) =>
      resolve(new Reading(response)),
    );
    asking.once('error', reject);
    asking.end(body);
  });
}
