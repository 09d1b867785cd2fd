// `hermod chat` as its users start it, heard line by line; and a wire to its server that can be cut.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { bareEnvironment } from './bare-environment.ts';

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const DEADLINE_MS = 30_000;

export class ChatProcess {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  errors = '';
  #heard: (() => void)[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, 'chat', ...args], {
      env: { ...bareEnvironment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.on('error', () => {});
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.lines.push(line);
        this.#notice();
      });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
      this.#notice();
    });
    void this.exited.then(() => this.#notice());
  }

  say(...lines: readonly string[]): void {
    this.child.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** The end of its input; gives its exit code. */
  end(): Promise<number | null> {
    this.child.stdin?.end();
    return this.exited;
  }

  /** Waits until what it has said so far is enough. */
  async until(isEnough: (chat: ChatProcess) => boolean): Promise<void> {
    const endsAt = Date.now() + DEADLINE_MS;
    while (!isEnough(this)) {
      const leftMs = endsAt - Date.now();
      if (leftMs <= 0 || this.child.exitCode !== null)
        throw new Error(
          `it never came; heard at last:\n${this.lines.slice(-40).join('\n')}\n${this.errors}`,
        );
      const deadline = { timer: setTimeout(() => this.#notice(), leftMs) };
      await new Promise<void>((resolve) => this.#heard.push(resolve));
      clearTimeout(deadline.timer);
    }
  }

  heard(line: string | RegExp): Promise<void> {
    return this.until(({ lines }) =>
      lines.some((one) => (typeof line === 'string' ? one === line : line.test(one))),
    );
  }

  /** Lines of one kind, without the kind. */
  of(kind: string): string[] {
    return this.lines.flatMap((line) =>
      line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : [],
    );
  }

  #notice(): void {
    for (const resolve of this.#heard.splice(0)) resolve();
  }
}

/** Passes bytes on both ways, until it is cut. */
export class Wire {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;
  /** Nothing comes through, and nobody is told. */
  isSilent = false;
  calls = 0;

  private constructor(target: () => number) {
    this.#server = createServer((near) => {
      this.calls += 1;
      const far = connect({ host: '127.0.0.1', port: target() });
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('data', (chunk) => {
          if (!this.isSilent) to.write(chunk);
        });
        from.on('error', () => {});
        from.on('close', () => {
          if (!this.isSilent) to.destroy();
          this.#pairs.delete(pair);
        });
      }
      if (this.#isCut) near.destroy();
    });
  }

  static async to(target: () => number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Everybody is cut off; whoever calls is cut off, too, until `mend`. */
  cut(): void {
    this.#isCut = true;
    this.#sever();
  }

  mend(): void {
    this.#isCut = false;
    this.isSilent = false;
  }

  /** Everybody is cut off, and may call again. */
  blink(): void {
    this.#sever();
  }

  close(): void {
    this.#sever();
    this.#server.close();
  }

  #sever(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }
}
