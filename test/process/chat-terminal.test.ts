// `hermod chat` at a terminal: a real one, drawn by `script`, and what a person sees on it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { bareEnvironment } from '../support/bare-environment.ts';
import { ChatProcess, MAIN } from '../support/chat-process.ts';
import { type NodeProcess, startNode } from '../support/node-process.ts';
import { Screen } from '../support/screen.ts';

const DEADLINE_MS = 30_000;
/** Each of them starts several processes. */
const PATIENT = { timeout: 60_000 };
const closing: (() => unknown)[] = [];
let node: NodeProcess;

const portOf = (of: NodeProcess): string => of.doors['chat']?.split(':').at(-1) ?? '';

beforeAll(async () => {
  node = await startNode(['--chat-port', '0', '--threads', '1']);
});

afterAll(() => node.stop());

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A person at a terminal. */
class Seat {
  readonly screen: Screen;
  readonly exited: Promise<number | null>;
  readonly #child;
  #drawn: (() => void)[] = [];

  constructor(columns: number, ...args: readonly string[]) {
    this.screen = new Screen(columns, 12);
    const command = [process.execPath, MAIN, 'chat', ...args].map((word) => `'${word}'`).join(' ');
    const shell = `stty cols ${columns} rows 12; exec ${command}`;
    this.#child = spawn('script', ['-qefc', shell, '/dev/null'], {
      env: { ...bareEnvironment, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.screen.draw(chunk);
      for (const resolve of this.#drawn.splice(0)) resolve();
    });
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null);
    closing.push(() => this.#child.kill('SIGKILL'));
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  async sees(pattern: RegExp): Promise<void> {
    const endsAt = Date.now() + DEADLINE_MS;
    while (!pattern.test(this.screen.text.join('\n'))) {
      if (Date.now() > endsAt)
        throw new Error(`${String(pattern)} never came:\n${this.screen.text.join('\n')}`);
      const later = setTimeout(() => this.#drawn.splice(0).forEach((resolve) => resolve()), 500);
      await new Promise<void>((resolve) => this.#drawn.push(resolve));
      clearTimeout(later);
    }
  }

  get lines(): readonly string[] {
    return this.screen.text;
  }
}

test(
  '[PROC-CLIENT-7] what happens stands above what is being typed, which stays',
  PATIENT,
  async () => {
    const alice = new Seat(40, '--port', portOf(node), '--user', 'alice', '--room', 'hall');
    await alice.sees(/You are in #hall, with nobody else\.\n#hall>$/);
    // Longer than the screen is wide, in one piece and then by letters, the cursor in the middle of it.
    alice.type('a sentence of which the end stands in');
    await alice.sees(/stand\ns in$/);
    for (const word of [' an', 'oth', 'er ', 'row']) alice.type(word);
    await alice.sees(/another row$/);
    alice.type('\u001b[D'.repeat(4));
    const bob = new ChatProcess([
      '--plain',
      '--port',
      portOf(node),
      '--user',
      'bob',
      '--room',
      'hall',
    ]);
    closing.push(() => bob.child.kill('SIGKILL'));
    bob.say('first', 'second \u001b[2J\u001b[1A');
    await alice.sees(/second/);
    await bob.end();
    await alice.sees(/bob has left #hall[^>]*#hall> a sentence[^>]*row$/);
    const typed = ['#hall> a sentence of which the end stand', 's in another row'];
    expect(alice.lines.slice(-2)).toEqual(typed);
    expect(alice.screen.cursor).toEqual([alice.lines.length - 1, 12]);
    const told = alice.lines
      .slice(3, -2)
      .join('\n')
      .replaceAll(/\d\d:\d\d/g, 'TIME');
    expect(told).toBe(
      [
        '* bob has come to #hall (2 there).',
        'TIME #hall bob: first',
        String.raw`TIME #hall bob: second \u001b[2J\u001b[`,
        '1A',
        '* bob has left #hall (1 there).',
      ].join('\n'),
    );
    // What was typed goes where the cursor stands, and what was said is shown as said.
    alice.type('my\r');
    await alice.sees(/#hall you: a sentence of which[^>]*#hall>$/);
    expect(alice.lines.slice(-3).join('')).toMatch(
      /^\d\d:\d\d #hall you: a sentence of which the end stands in anothermy row#hall>$/,
    );
    alice.type('/quit\r');
    expect(await alice.exited).toBe(0);
  },
);

test('commands, their help, and mistakes in them', PATIENT, async () => {
  const carol = new Seat(80, '--port', portOf(node), '--user', 'carol');
  await carol.sees(/You are carol, on n1/);
  carol.type('hello?\r');
  await carol.sees(/you are nowhere yet/);
  carol.type('/jo\t');
  await carol.sees(/^> \/join/m);
  carol.type(' kitchen\r');
  await carol.sees(/#kitchen>$/);
  carol.type('/whoo\r');
  await carol.sees(/did you mean \/who\?/);
  carol.type('/who\r');
  await carol.sees(/carol is online/);
  carol.type('/help\r');
  await carol.sees(/say \/TEXT/);
  // Ctrl-D.
  carol.type('\u0004');
  expect(await carol.exited).toBe(0);
});

test(
  '[PROC-CLIENT-8] where a password is wanted it is asked for, and not shown',
  PATIENT,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'chat-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const hashing = spawn(process.execPath, [MAIN, 'hash-password', 'alice'], { stdio: 'pipe' });
    hashing.stdin.end('tea\n');
    const [line] = (await once(hashing.stdout, 'data')) as [Buffer];
    writeFileSync(join(folder, 'passwords'), line);
    const guarded = await startNode(['--chat-port', '0', '--threads', '1'], {
      HERMOD_CHAT_AUTH: 'password',
      HERMOD_CHAT_PASSWORD_FILE: join(folder, 'passwords'),
    });
    closing.push(() => guarded.stop());
    const alice = new Seat(80, '--port', portOf(guarded), '--user', 'alice');
    await alice.sees(/Password of alice:$/);
    alice.type('tea\r');
    await alice.sees(/You are alice/);
    expect(alice.lines.join('\n')).not.toContain('tea');
    alice.type('\u0003');
    expect(await alice.exited).toBe(0);
  },
);
