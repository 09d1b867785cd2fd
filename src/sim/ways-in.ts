// How a client comes to a node: a connection to one of the shards that listen, past what stands before them.
// Refuses to know what is said on it, and what the client is.

import type { Link } from './edges/link.ts';
import { Connection, type NetworkClock, type Pipe } from './edges/network.ts';
import type { Front } from './faults/front.ts';
import { Arena } from './edges/arena.ts';
import { addressOf } from './records/addresses.ts';
import type { Shard } from './shard.ts';

export interface Nodes extends NetworkClock {
  readonly plan: { readonly shards: number; readonly addresses: number };
  readonly shards: readonly Shard[];
  /** By node. */
  readonly fronts: readonly Front[];
}

/** Who comes, and to which node. */
export interface Way {
  readonly node: number;
  readonly client: number;
  /** Where it has no address of its own. */
  readonly remote?: string;
  /** Where it matters to which of its threads. */
  readonly thread?: number | undefined;
}

export class WaysIn {
  readonly #nodes: Nodes;
  readonly #addPipe: (pipe: Pipe) => void;
  readonly #arena = new Arena();
  #connections = 0;

  constructor(nodes: Nodes, addPipe: (pipe: Pipe) => void) {
    this.#nodes = nodes;
    this.#addPipe = addPipe;
  }

  /** Undefined when nobody listens there. */
  connect(
    { node, client, remote = this.#remoteOf(client), thread }: Way,
    link: Link,
    accept: (shard: Shard, connection: Connection) => void,
    isOpen: (shard: Shard) => boolean = () => true,
  ): Connection | undefined {
    const { fronts, now } = this.#nodes;
    const front = fronts[node];
    if (front === undefined || front.isRefusing) return undefined;
    const mayBe = (shard: Shard): boolean =>
      isOpen(shard) && (thread === undefined || shard.plan.shard === thread);
    const listening = this.#listening(node, mayBe);
    const chosen = listening[link.chance.next() % Math.max(1, listening.length)];
    if (chosen === undefined) return undefined;
    this.#connections += 1;
    const met = { shard: chosen.plan.shard, remote, askedAt: now };
    const connection = new Connection(this.#connections, link, this.#nodes, met, this.#arena);
    this.#addPipe(connection.up);
    this.#addPipe(connection.down);
    front.admit(connection, () => {
      // The thread that was to take it may have died meanwhile, and its sockets with it.
      if (chosen.isDead) connection.reset();
      else accept(chosen, connection);
    });
    return connection;
  }

  #listening(node: number, isOpen: (shard: Shard) => boolean): readonly Shard[] {
    const { plan, shards } = this.#nodes;
    const first = node * plan.shards;
    return shards
      .slice(first, first + plan.shards)
      .filter((shard) => !shard.isDead && isOpen(shard));
  }

  /** Everybody has an address of his own, unless there are few. */
  #remoteOf(client: number): string {
    const { addresses } = this.#nodes.plan;
    return addresses === 0 ? addressOf(client) : addressOf(client % addresses, client + 1);
  }
}
