// Three processes on loopback that are one cluster, and clients that speak to them as a person with `nc` does.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.ts';
import { type NodeProcess, startNode } from './node-process.ts';
import { until } from './until.ts';

export interface Line {
  readonly type: string;
  readonly id: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A client as a person with `nc` is one. */
export class Client {
  readonly lines: Line[] = [];
  readonly socket: Socket;
  /** LOGIN_OK, once it has come. */
  welcome: Line = { type: '', id: '', payload: {} };
  #said = 0;

  constructor(address: string) {
    const [host = '', port] = address.split(':');
    this.socket = connect(Number(port), host);
    this.socket.on('error', () => {});
    const lines = createInterface({ input: this.socket });
    lines.on('error', () => {});
    lines.on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
    });
  }

  say(type: string, payload: object, id?: string): void {
    this.#said += 1;
    const line = {
      version: '1.0',
      type,
      id: id ?? `q${this.#said}`,
      timestamp: 1,
      source: 'client',
    };
    this.socket.write(`${JSON.stringify({ ...line, payload })}\n`);
  }

  /** Waits for a line of this kind; takes it away. */
  async next(
    type: string,
    withinMs = 5_000,
    more: (line: Line) => boolean = () => true,
  ): Promise<Line> {
    let found = -1;
    await until(
      () => (found = this.lines.findIndex((one) => one.type === type && more(one))) >= 0,
      withinMs,
      type,
    );
    const [line] = this.lines.splice(found, 1);
    if (line === undefined) throw new Error('it was there');
    return line;
  }
}

export class ProcessCluster {
  readonly nodes = new Map<string, NodeProcess>();
  readonly #ports = new Map<string, number>();
  readonly #secretFile = join(mkdtempSync(join(tmpdir(), 'hermod-')), 'secret');
  readonly #flags: readonly string[];

  constructor(...flags: readonly string[]) {
    this.#flags = flags;
  }

  /** Starts them all, and waits until they are one. */
  async begin(names: readonly string[] = ['n1', 'n2', 'n3']): Promise<void> {
    writeFileSync(this.#secretFile, `k1 ${'s'.repeat(40)}\n`);
    for (const name of names) this.#ports.set(name, await freePort());
    await Promise.all(names.map((name) => this.start(name)));
    await this.whole();
  }

  async start(name: string): Promise<NodeProcess> {
    const peers = [...this.#ports]
      .filter(([other]) => other !== name)
      .flatMap(([, port]) => ['--cluster-peer', `127.0.0.1:${port}`]);
    const node = await startNode(
      [
        ...['--node', name, '--threads', '2', '--chat-port', '0', '--log-level', 'info'],
        ...['--cluster-port', String(this.#ports.get(name)), ...peers],
        ...this.#flags,
      ],
      { HERMOD_CLUSTER_SECRET_FILE: this.#secretFile, HERMOD_DRAIN_SPREAD_MS: '6000' },
    );
    this.nodes.set(name, node);
    return node;
  }

  /** The states of all other nodes as one sees them, with a `+` where a link stands. */
  async seen(name: string): Promise<string> {
    const answer = await fetch(`http://${this.nodes.get(name)?.doors['admin']}/cluster`);
    const { members } = (await answer.json()) as Told;
    return members
      .map(({ node, state, hasLink }) => `${node}:${state}${hasLink ? '+' : ''}`)
      .join(' ');
  }

  async whole(): Promise<void> {
    const names = [...this.#ports.keys()];
    const isWhole = async (name: string): Promise<boolean> =>
      (await this.seen(name)) ===
      names
        .filter((other) => other !== name)
        .map((other) => `${other}:up+`)
        .join(' ');
    await until(
      async () => (await Promise.all(names.map(isWhole))).every(Boolean),
      30_000,
      'the cluster',
    );
  }

  /** A client that has not said anything. */
  client(name: string): Client {
    return new Client(this.nodes.get(name)?.doors['chat'] ?? '');
  }

  async login(name: string, user: string): Promise<Client> {
    const client = this.client(name);
    client.say('LOGIN', { user });
    client.welcome = await client.next('LOGIN_OK');
    return client;
  }

  end(): void {
    for (const { child } of this.nodes.values()) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
  }
}

interface Told {
  readonly members: readonly {
    readonly node: string;
    readonly state: string;
    readonly hasLink: boolean;
  }[];
}
