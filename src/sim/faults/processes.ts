// The processes of simulated nodes with a chat: which life each is in, and what a thread that starts in it is told. The
// number of a life comes from the node's clock, which may be wrong, or have jumped. Refuses to know why processes die.

import type { ChatStart } from '../../actors/chat/chat-context.ts';
import type { ClusterOptions, ClusterStart } from '../../actors/cluster/cluster-options.ts';
import { type ChatPlan, doorsOf, ELSEWHERE, nodeName, PEER_PORT } from '../plan/chat-plan.ts';
import type { Trace } from '../trace.ts';

type Addresses = Pick<ClusterOptions, 'peers' | 'advertise' | 'advertiseChat'>;

interface Process {
  readonly incarnation: number;
  /** Threads that have started in it. */
  starts: number;
}

export interface ProcessWorld {
  readonly now: number;
  readonly trace: Trace;
  readonly plan: { readonly nodes: number; readonly shards: number };
}

export class Processes {
  readonly #plan: ChatPlan;
  readonly #world: ProcessWorld;
  readonly #processes: (Process | undefined)[] = [];
  readonly #skewsMs: number[];
  /** How often each node has begun. */
  readonly #lives: number[] = [];

  constructor(plan: ChatPlan, world: ProcessWorld) {
    this.#plan = plan;
    this.#world = world;
    this.#skewsMs = [...plan.skewsMs];
  }

  /** All its threads died together: whoever starts next begins another life. */
  died(node: number): void {
    if (this.#processes[node] === undefined) return;
    this.#processes[node] = undefined;
    this.#world.trace.add({ kind: 'processDied', node });
  }

  clockJumps(node: number, byMs: number): void {
    this.#skewsMs[node] = (this.#skewsMs[node] ?? 0) + byMs;
  }

  /** Milliseconds since 1970 when the run began, by the clock of a node. */
  wallAtZeroMs(node: number): number {
    return WALL_AT_ZERO_MS + (this.#skewsMs[node] ?? 0);
  }

  /** What a thread of the node is started with. */
  starting(
    node: number,
    shard: number,
  ): { readonly chat: ChatStart; readonly cluster: ClusterStart | undefined } {
    const own = this.#of(node);
    own.starts += 1;
    // A thread that takes a dead one's place is a later life of its node for other nodes.
    const life = Math.max(0, own.starts - this.#world.plan.shards);
    const { incarnation } = own;
    const { options, cluster } = this.#plan;
    const name = nodeName(node);
    return {
      chat: { options: { ...options, node: name }, incarnation, life },
      cluster: cluster && {
        options: {
          ...{ ...cluster, ...this.#addressesOf(node), node: name, keys: KEYS },
          speech: this.#isUpgraded(node) ? cluster.speech : 'previous',
        },
        incarnation: shard === 0 ? incarnation + life : incarnation,
      },
    };
  }

  #isUpgraded(node: number): boolean {
    const upgrade = this.#plan.upgrades?.[node] ?? 'done';
    return upgrade === 'done' || (upgrade === 'later' && (this.#lives[node] ?? 0) > 1);
  }

  /** Every node has the same list, itself in it, but where they know few. */
  #addressesOf(node: number): Addresses {
    const addresses = Array.from(
      { length: this.#world.plan.nodes },
      (_, one) => `${nodeName(one)}:${PEER_PORT}`,
    );
    const elsewhere = this.#plan.impostor === undefined ? [] : [`${ELSEWHERE}:${PEER_PORT}`];
    const next = [...addresses, ...addresses].slice(node + 1, node + 1 + FEW);
    const known = this.#plan.isSparse === true ? next : addresses;
    const door = doorsOf(this.#world.plan.nodes)[node] ?? '';
    const advertiseChat = this.#plan.isAdvertised === true ? door : '';
    const met = this.#plan.meetings === undefined ? [] : [MET];
    return {
      peers: [...known, ...elsewhere, ...met],
      advertise: addresses[node] ?? '',
      advertiseChat,
    };
  }

  #of(node: number): Process {
    const known = this.#processes[node];
    if (known !== undefined) return known;
    const { now, trace } = this.#world;
    const incarnation = this.wallAtZeroMs(node) + Math.floor(now / 1_000);
    const begun = { incarnation, starts: 0 };
    this.#processes[node] = begun;
    this.#lives[node] = (this.#lives[node] ?? 0) + 1;
    trace.add({ kind: 'processBegan', node, incarnation });
    return begun;
  }
}

/** Whom a node is told of that meets others. */
export const MET = `kin:${PEER_PORT}`;
/** How many others a node is told of that is not told of all. */
const FEW = 2;
const WALL_AT_ZERO_MS = 1_700_000_000_000;
/** Whoever knows it is a node of the simulated cluster. */
export const SECRET = 'a secret of the simulated cluster, long enough';
const KEYS = [{ id: 'k1', secret: new TextEncoder().encode(SECRET) }];
