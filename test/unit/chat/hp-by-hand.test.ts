// Types spec/hp-by-hand.md into a node, line by line, as its readers do, and reads what it says they will read. Where the
// page shows `…`, anything may stand.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NodeProcess, startNode } from '../../support/node-process.ts';
import { ProcessCluster } from '../../support/process-cluster.ts';

type Deed =
  | 'types'
  | 'reads'
  | 'reads in any order'
  | 'vanishes'
  | 'sleeps'
  | 'wakes'
  | 'comes back'
  | 'connects to'
  | 'dies'
  | 'stops'
  | 'goes on';

interface Step {
  /** A person, or a node. */
  readonly who: string;
  readonly does: Deed;
  readonly node: string;
  readonly lines: readonly string[];
}

const page = readFileSync(new URL('../../../spec/hp-by-hand.md', import.meta.url), 'utf8');

/** What the page has people do, in its order. */
function stepsOf(text: string): Step[] {
  const deeds =
    'types|reads in any order|reads|vanishes|sleeps|wakes|comes back|connects to|dies|stops|goes on';
  const step = new RegExp(
    String.raw`<!-- (\w+) (${deeds})(?: (\w+))? -->(?:\n${'```'}json\n([\s\S]*?)\n${'```'})?`,
    'g',
  );
  return [...text.matchAll(step)].map(([, who = '', does = '', node = '', lines = '']) => ({
    ...{ who, does: does as Deed, node },
    lines: lines === '' ? [] : lines.split('\n'),
  }));
}

class Person {
  /** From the last LOGIN_OK. */
  token = '';
  isAsleep = false;
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

  /** Ctrl-Z: what comes waits in the network. */
  sleep(): void {
    this.#socket.pause();
    this.isAsleep = true;
  }

  wake(): void {
    this.isAsleep = false;
    this.#socket.resume();
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

/** As `npm run cluster` starts them; `alone` is the node of the first chapters. */
const cluster = new ProcessCluster('--chat-envelope', 'lenient');
const people = new Map<string, Person>();
let alone: NodeProcess;

beforeAll(async () => {
  alone = await startNode(['--chat-port', '0', '--chat-envelope', 'lenient', '--threads', '2'], {
    HERMOD_CHAT_PING_EVERY_MS: '2000',
    HERMOD_CHAT_PING_TIMEOUT_MS: '10000',
    HERMOD_CHAT_RESUME_WINDOW_MS: '5000',
  });
  await cluster.begin();
}, 120_000);

afterAll(async () => {
  for (const person of people.values()) person.leave();
  for (const { child, exited } of [alone, ...cluster.nodes.values()]) {
    child.kill('SIGKILL');
    await exited;
  }
});

test(
  '[HP-LIVE-3] [HP-ACK-4] [HP-ENV-10] [HP-MEMBER-3] [HP-MEMBER-5] the tutorial is true',
  { timeout: 90_000 },
  async () => {
    const steps = stepsOf(page);
    expect(steps.length).toBeGreaterThan(60);
    for (const { who, does, node, lines } of steps) {
      if (does === 'dies' || does === 'stops' || does === 'goes on') {
        const signal = { dies: 'SIGKILL', stops: 'SIGSTOP', 'goes on': 'SIGCONT' } as const;
        cluster.nodes.get(who)?.child.kill(signal[does]);
        continue;
      }
      const person = people.get(who) ?? new Person(portOf(node));
      people.set(who, person);
      if (does === 'vanishes' || does === 'comes back') await person.vanish();
      if (does === 'sleeps') person.sleep();
      if (does === 'wakes') person.wake();
      const isAnyOrder = does === 'reads in any order';
      if (isAnyOrder) {
        const heard: string[] = [];
        for (const line of lines) heard.push(await person.read(line));
        const found = lines.map((line) => heard.filter((one) => patternOf(line).test(one)).length);
        expect([heard, found]).toEqual([heard, lines.map(() => 1)]);
      }
      for (const line of isAnyOrder ? [] : lines) {
        if (does === 'types') person.type(line);
        else expect(await whileAwake(person.read(line))).toMatch(patternOf(line));
      }
    }
  },
);

/** Who waits for somebody who sleeps presses Enter now and then. */
async function whileAwake<T>(waiting: Promise<T>): Promise<T> {
  const all = [...people.values()];
  if (!all.some(({ isAsleep }) => isAsleep)) return waiting;
  const timer = setInterval(() => {
    for (const person of all) if (!person.isAsleep) person.type('');
  }, 1_000);
  return waiting.finally(() => clearInterval(timer));
}

function portOf(node: string): number {
  const { doors } = cluster.nodes.get(node) ?? alone;
  return Number(doors['chat']?.split(':').at(-1));
}

/** Pieces between `…` must be there, in their order, and nothing between those that touch. */
function patternOf(line: string): RegExp {
  const pieces = line
    .split('…')
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${pieces.join('.*')}$`);
}
