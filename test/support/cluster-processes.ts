// A cluster of real processes on loopback, each with ports of its own, that are started, looked at and ended one by one.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { type NodeProcess, startNode } from './node-process.ts';
import { until } from './until.ts';

export const CLUSTER_SECRET = 's'.repeat(40);

export interface MemberSeen {
  readonly node: string;
  readonly state: string;
  readonly hasLink: boolean;
  readonly via?: string;
  readonly incarnation: number;
  readonly version: string;
  readonly skewSeconds: number;
  readonly isSynced?: boolean;
}

export interface ClusterSeen {
  readonly incarnation: number;
  readonly isServing: boolean;
  readonly cutOff: readonly string[];
  readonly caps: readonly string[];
  readonly members: readonly MemberSeen[];
}

/** For how long another node was silent when this one took it for dead, by its own words; and what it should have been. */
export function silenceOf(
  { lines }: Pick<NodeProcess, 'lines'>,
  other: string,
): { readonly silentMs: number; readonly dueMs: number } {
  const words = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const down = words.findLastIndex(({ event, node }) => event === 'cluster.down' && node === other);
  const lag = words
    .slice(0, down)
    .findLast(({ event }) => event === 'cluster.lags' || event === 'cluster.lagsNoMore');
  // [HP-MEMBER-13]
  const dueMs = lag?.['event'] === 'cluster.lags' ? 20_000 : 10_000;
  return { silentMs: Number(words[down]?.['silentMs']), dueMs };
}

export class ClusterProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), 'hermod-cluster-'));
  readonly nodes = new Map<string, NodeProcess>();
  readonly #ports = new Map<string, number>();
  readonly #chats = new Map<string, number>();
  readonly #all: NodeProcess[] = [];

  static async open(names: readonly string[]): Promise<ClusterProcesses> {
    const cluster = new ClusterProcesses();
    for (const name of names) {
      cluster.#ports.set(name, await freePort());
      cluster.#chats.set(name, await freePort());
    }
    return cluster;
  }

  constructor() {
    writeFileSync(join(this.folder, 'secret'), `k1 ${CLUSTER_SECRET}\n`);
  }

  peers(name: string): string {
    return `127.0.0.1:${this.#ports.get(name)}`;
  }

  chat(name: string): string {
    return `127.0.0.1:${this.#chats.get(name)}`;
  }

  node(name: string): NodeProcess {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`${name} was not started`);
    return node;
  }

  /** Starts a node that calls all others, unless `env` names whom to call. */
  async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<NodeProcess> {
    const others = [...this.#ports.keys()].filter((other) => other !== name);
    const node = await startNode(
      [
        ...['--node', name, '--threads', '1', '--chat-port', String(this.#chats.get(name))],
        ...['--cluster-port', String(this.#ports.get(name)), '--log-level', 'info'],
      ],
      {
        HERMOD_CLUSTER_SECRET_FILE: join(this.folder, 'secret'),
        HERMOD_CLUSTER_NAME: 'test',
        HERMOD_CLUSTER_PEERS: others.map((other) => this.peers(other)).join(','),
        ...env,
      },
    );
    this.nodes.set(name, node);
    this.#all.push(node);
    return node;
  }

  async seen(name: string): Promise<ClusterSeen> {
    const answer = await fetch(`http://${this.node(name).doors['admin']}/cluster`);
    return (await answer.json()) as ClusterSeen;
  }

  /** Like `n2:up+n3 n3:up+ n4:down`; a plus for a link, and who carries it. */
  async states(name: string): Promise<string> {
    const { members } = await this.seen(name);
    return members
      .map(({ node, state, hasLink, via }) => `${node}:${state}${hasLink ? '+' : ''}${via ?? ''}`)
      .join(' ');
  }

  async metric(name: string, metric: string): Promise<number> {
    const answer = await fetch(`http://${this.node(name).doors['admin']}/metrics`);
    const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(metric));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Log lines of one event, since `after`. */
  logged(name: string, event: string, after = 0): readonly Record<string, unknown>[] {
    return this.node(name)
      .lines.slice(after)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['event'] === event);
  }

  whole(names: readonly string[], withinMs = 20_000): Promise<number> {
    const isWhole = async (): Promise<boolean> => {
      const views = await Promise.all(names.map((name) => this.states(name)));
      return views.every((view, at) =>
        names.every((other) => other === names[at] || view.includes(`${other}:up+`)),
      );
    };
    return until(isWhole, withinMs, 'the cluster');
  }

  close(): void {
    for (const { child } of this.#all) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    rmSync(this.folder, { recursive: true });
  }
}
