// Types spec/hp-by-hand.md into a node, line by line, as its readers do, and reads what it says they will read. Where the
// page shows `…`, anything may stand.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../../support/node-process.ts';

interface Step {
  readonly who: string;
  readonly does: 'types' | 'reads' | 'vanishes';
  readonly lines: readonly string[];
}

const page = readFileSync(new URL('../../../spec/hp-by-hand.md', import.meta.url), 'utf8');

/** What the page has people do, in its order. */
function stepsOf(text: string): Step[] {
  const step = /<!-- (\w+) (types|reads|vanishes) -->(?:\n```json\n([\s\S]*?)\n```)?/g;
  return [...text.matchAll(step)].map(([, who = '', does = '', lines = '']) => ({
    ...{ who, does: does as Step['does'] },
    lines: lines.split('\n'),
  }));
}

class Person {
  /** From the last LOGIN_OK. */
  token = '';
  readonly #port: number;
  #socket: Socket;
  #heard: AsyncIterator<string>;

  constructor(port: number) {
    this.#port = port;
    [this.#socket, this.#heard] = this.#connect();
  }

  type(line: string): void {
    this.#socket.write(`${line.replace('TOKEN', this.token)}\n`);
  }

  /** The next line; heartbeats are read only when they are waited for. */
  async read(expected: string): Promise<string> {
    for (;;) {
      const { value, done } = await this.#heard.next();
      if (done === true) return 'the connection ended';
      if (value.includes('"type":"PING"') && !expected.includes('"type":"PING"')) continue;
      this.token = /"resume":\{"token":"([^"]+)"/.exec(value)?.[1] ?? this.token;
      return value;
    }
  }

  /** Ctrl-C, and a new `nc`. */
  async vanish(): Promise<void> {
    this.leave();
    [this.#socket, this.#heard] = this.#connect();
    await new Promise((resolve) => this.#socket.once('connect', resolve));
  }

  leave(): void {
    this.#socket.resetAndDestroy();
  }

  #connect(): [Socket, AsyncIterator<string>] {
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    socket.on('error', () => {});
    return [socket, createInterface({ input: socket })[Symbol.asyncIterator]()];
  }
}

let node: NodeProcess;
const people = new Map<string, Person>();

beforeAll(async () => {
  node = await startNode(['--chat-port', '0', '--chat-envelope', 'lenient', '--threads', '2'], {
    HERMOD_CHAT_PING_EVERY_MS: '2000',
  });
});

afterAll(async () => {
  for (const person of people.values()) person.leave();
  await node.stop();
});

test('[HP-LIVE-3] [HP-ACK-4] [HP-ENV-10] the tutorial is true', async () => {
  const port = Number(node.doors['chat']?.split(':').at(-1));
  const steps = stepsOf(page);
  expect(steps.length).toBeGreaterThan(40);
  for (const { who, does, lines } of steps) {
    const person = people.get(who) ?? new Person(port);
    people.set(who, person);
    if (does === 'vanishes') await person.vanish();
    for (const line of does === 'vanishes' ? [] : lines) {
      if (does === 'types') person.type(line);
      else expect(await person.read(line)).toMatch(patternOf(line));
    }
  }
});

/** Pieces between `…` must be there, in their order, and nothing between those that touch. */
function patternOf(line: string): RegExp {
  const pieces = line
    .split('…')
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pieces.join('.*')}$`);
}
