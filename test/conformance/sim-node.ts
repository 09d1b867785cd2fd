// A node in virtual time: the production actors of one or more shards under the simulator's edges, without faults.
// Time passes only while somebody waits for something; how turns, chunks and crossings fall is drawn from the seed.

import { Packr } from 'msgpackr';

import { brokerDefaults, type BrokerOptions } from '../../src/actors/broker/broker-options.ts';
import { actorsOf, edgesOf, homeDefaults, startShard } from '../../src/actors/node.ts';
import type { Address } from '../../src/actors/runtime/actor.ts';
import { WINDOW_BYTES } from '../../src/actors/runtime/edges.ts';
import { Prng } from '../../src/actors/runtime/prng.ts';
import { System } from '../../src/actors/runtime/system.ts';
import { AuthEdge } from '../../src/sim/edges/auth.edge.ts';
import { LogEdge } from '../../src/sim/edges/log.edge.ts';
import { type LinkPlan, newLink } from '../../src/sim/edges/link.ts';
import { Connection } from '../../src/sim/edges/network.ts';
import { type Lane, WebEdge } from '../../src/sim/edges/web.edge.ts';
import type { Settings } from './settings.ts';

export interface SimNodeOptions {
  readonly lane: Lane;
  readonly shards: number;
  readonly seed: number;
  readonly settings: Settings;
  readonly requireToken: boolean;
  readonly allowedOrigins: readonly string[];
}

type Crossing = readonly [to: string, message: unknown];

export class SimNode {
  readonly options: SimNodeOptions;
  /** What failed inside; a case that passes all the same has not seen everything. */
  readonly failures: string[] = [];
  readonly #timeline = new Timeline();
  readonly #threads: Thread[];
  readonly #chance: Prng;
  readonly #linkPlan: LinkPlan;
  #opened = 0;

  constructor(options: SimNodeOptions) {
    const { lane, shards, seed } = options;
    this.options = options;
    this.#chance = new Prng(seed, 'network');
    this.#linkPlan = {
      latencyUs: 50,
      jitterUs: 400,
      windowBytes: 100_000,
      cutPercent: lane === 'byte' ? 30 : 0,
      joinPercent: lane === 'byte' ? 30 : 0,
    };
    this.#threads = Array.from({ length: shards }, (_, shard) => new Thread(shard, this));
  }

  /** Microseconds. */
  get now(): number {
    return this.#timeline.now;
  }

  /** A client's way to one of the shards, as the kernel might choose. */
  connect(): Connection {
    const link = newLink(this.#linkPlan, this.#chance);
    const timeline = this.#timeline;
    this.#opened += 1;
    const connection = new Connection(
      this.#opened,
      link,
      {
        get now() {
          return timeline.now;
        },
        arriveAt: (at, pipe) => timeline.push(at, () => pipe.arrive()),
      },
      { shard: 0, remote: '10.0.0.1', askedAt: timeline.now },
    );
    const chosen = this.#threads[this.#chance.below(this.#threads.length)];
    chosen?.web.accept(connection);
    return connection;
  }

  /** Lets the next thing happen; false when there is none before `until`. */
  step(until: number): boolean {
    return this.#timeline.step(until);
  }

  at(instant: number, happen: () => void): void {
    this.#timeline.push(instant, happen);
  }

  threadOf(shard: number): Thread {
    const thread = this.#threads[shard];
    if (thread === undefined) throw new Error(`this node has no shard ${shard}`);
    return thread;
  }
}

/** One shard's system and edges, and the turns that they get. */
class Thread {
  readonly web: WebEdge;
  readonly #node: SimNode;
  readonly #system: System;
  readonly #auth: AuthEdge;
  readonly #chance: Prng;
  readonly #crossings = new Map<number, Crossing[]>();
  /** By shard, when the last block that was posted to it arrives: blocks stay in order. */
  readonly #arrivals = new Map<number, number>();
  readonly #packr = new Packr({ useRecords: true, moreTypes: false });
  #busyUntil = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #isTurning = false;

  constructor(shard: number, node: SimNode) {
    const { seed, shards, lane, settings } = node.options;
    this.#node = node;
    this.#chance = new Prng(seed, `shard ${shard}`);
    const failed = (address: string, error: unknown): void => {
      node.failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
    };
    this.#system = new System({
      shard,
      seed: (seed + Math.imul(shard, 0x85ebca6b)) >>> 0,
      crossing: (to, address, message) => {
        const block = this.#crossings.get(to) ?? [];
        this.#crossings.set(to, block);
        block.push([address, message]);
      },
      onFailure: failed,
      onCollapse: failed,
    });
    const edges = edgesOf(shard);
    const deliver = <M>(to: Address<M>, message: NoInfer<M>): void => {
      this.#system.deliver(to, message);
      this.wake();
    };
    this.web = new WebEdge(
      {
        lane,
        door: actorsOf(shard).broker,
        messageBytesMax: settings.messageBytesMax,
        receiptBytes: WINDOW_BYTES / 2,
        closeTimeoutUs: 2_000_000,
      },
      {
        get now() {
          return node.now;
        },
        deliver,
        wake: () => this.wake(),
        remindAt: (at, connection) => this.#later(at, () => this.web.remind(connection)),
      },
    );
    this.#auth = new AuthEdge(
      {
        get now() {
          return node.now;
        },
        deliver,
        remindAt: (at, ref) => this.#later(at, () => this.#auth.remind(ref)),
      },
      this.#chance,
    );
    const log = new LogEdge();
    this.#system.bind(edges.web, (command) => this.web.obey(command));
    this.#system.bind(edges.auth, (command) => this.#auth.obey(command));
    this.#system.bind(edges.log, (entry) => log.obey(entry));
    startShard(this.#system, {
      shard,
      shards,
      broker: brokerOptions(node.options),
      home: { ...homeDefaults, ...picked(homeDefaults, settings) },
    });
    this.wake();
  }

  /** A block of another shard's turn: a copy, as from another thread's memory. */
  receive(block: Uint8Array): void {
    for (const [to, message] of this.#packr.unpack(block) as readonly Crossing[])
      this.#system.deliver(to as Address<unknown>, message);
    this.wake();
  }

  wake(): void {
    // A turn looks for itself, when it ends, whether there is more to do.
    if (!this.#isTurning) this.#wakeAtLatest(Math.max(this.#node.now, this.#busyUntil));
  }

  #wakeAtLatest(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#node.at(at, () => {
      if (this.#wakeAt === at) this.#turn();
    });
  }

  /** Sockets are read, some actors run, then what they said leaves. */
  #turn(): void {
    const { now } = this.#node;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.#isTurning = true;
    this.web.read();
    // Half of the turns end early, so that messages of other threads and sockets come between.
    const most = this.#chance.below(2) === 0 ? this.#chance.between(1, 6) : TURN_MESSAGES_MAX;
    this.#system.run(now, most, (ready) => (ready === 1 ? 0 : this.#chance.below(ready)));
    this.web.flush();
    this.#post();
    this.#isTurning = false;
    this.#busyUntil = now + 1 + this.#chance.below(20);
    if (this.#system.readyActors > 0 || this.web.hasReadable || this.web.hasDirty)
      this.#wakeAtLatest(this.#busyUntil);
    const { nextTimerAt } = this.#system;
    if (nextTimerAt !== undefined) this.#wakeAtLatest(Math.max(nextTimerAt, this.#busyUntil));
  }

  #post(): void {
    for (const [shard, block] of this.#crossings) {
      const bytes = this.#packr.pack(block);
      const earliest = this.#node.now + 5 + this.#chance.below(200);
      const at = Math.max(earliest, this.#arrivals.get(shard) ?? 0);
      this.#arrivals.set(shard, at);
      this.#node.at(at, () => this.#node.threadOf(shard).receive(bytes));
    }
    this.#crossings.clear();
  }

  #later(at: number, happen: () => void): void {
    this.#node.at(at, () => {
      happen();
      this.wake();
    });
  }
}

const TURN_MESSAGES_MAX = 20_000;

function brokerOptions({ settings, requireToken, allowedOrigins }: SimNodeOptions): BrokerOptions {
  return { ...brokerDefaults, ...picked(brokerDefaults, settings), requireToken, allowedOrigins };
}

/** Of the settings, those that an options object has by the same name. */
function picked<T extends object>(options: T, settings: Settings): Partial<T> {
  const entries = Object.entries(settings).filter(([name]) => Object.hasOwn(options, name));
  return Object.fromEntries(entries) as Partial<T>;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** What will happen, by instant; what was asked for first is first among equals. */
class Timeline {
  now = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  push(at: number, happen: () => void): void {
    this.#order += 1;
    const heap = this.#heap;
    let place = heap.length;
    const due = { at: Math.max(at, this.now), order: this.#order, happen };
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above] as Due;
      if (isBefore(other, due)) break;
      heap[place] = other;
      place = above;
    }
    heap[place] = due;
  }

  step(until: number): boolean {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.at > until) return false;
    const last = heap.pop() as Due;
    if (heap.length > 0) this.#sink(last);
    this.now = first.at;
    first.happen();
    return true;
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let place = 0;
    for (;;) {
      const left = place * 2 + 1;
      if (left >= heap.length) break;
      const [one, other] = [heap[left] as Due, heap[left + 1]];
      const isLeft = other === undefined || isBefore(one, other);
      const child = isLeft ? one : other;
      if (isBefore(due, child)) break;
      heap[place] = child;
      place = isLeft ? left : left + 1;
    }
    heap[place] = due;
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
