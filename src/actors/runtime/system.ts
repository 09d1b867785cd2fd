// One shard's actors and their turns: takes a message from a mailbox, lets the actor receive it, and then
// commits what the turn did, all or nothing. The same class runs in production (first come, first served)
// and in the simulator (the seed chooses whose turn it is).
// Refuses to know the clock, threads and sockets: `now` is handed in, edges are functions bound to addresses.
// A system is a function of its seed and the ordered list of (now, address, message) it is given, and of how its wall
// clock is set meanwhile. ADR 0003.

import {
  type ActorDefinition,
  type Address,
  addressOf,
  assert,
  type ChildStopped,
  shardOf,
} from './actor.ts';
import { Counters } from './memory/counters.ts';
import { SteadyMap } from './memory/steady-map.ts';
import { judge } from './supervision.ts';
import { Timers } from './timers.ts';
import { Cell, type Effect, Turn } from './turn.ts';

/** Sees every message of the system; for traces. */
export interface Tap {
  received(address: string, message: unknown, now: number): void;
  sent(from: string, to: string, message: unknown): void;
}

export interface SystemOptions {
  readonly shard: number;
  readonly seed: number;
  /** Takes messages for other shards. */
  readonly crossing: (shard: number, to: string, message: unknown) => void;
  /** An actor failed; `ended` tells that no restart follows. */
  readonly onFailure: (address: string, error: unknown, ended: boolean) => void;
  /** A failure reached the root: the shard cannot go on. */
  readonly onCollapse: (address: string, error: unknown) => void;
  readonly tap?: Tap;
  /** Whether a buggify site fires now; for the simulator. */
  readonly buggify?: (site: string) => boolean;
}

export class System {
  readonly counters = new Counters();
  readonly #options: SystemOptions;
  readonly #cells = new SteadyMap<string, Cell>();
  readonly #edges = new Map<string, (message: unknown) => void>();
  readonly #timers = new Timers<Cell>();
  readonly #turn: Turn;
  #ready: Cell[] = [];
  #readyHead = 0;
  /** [RUN-1] Actors whose mailbox overflowed: judged between turns, never in the middle of another's commit. */
  readonly #overflowed: Cell[] = [];
  #now = 0;
  #hasCollapsed = false;

  constructor(options: SystemOptions) {
    this.#options = options;
    const { shard, seed, buggify } = options;
    this.#turn = new Turn({ shard, seed, buggify, find: (address) => this.#cells.get(address) });
  }

  get shard(): number {
    return this.#options.shard;
  }

  get actors(): number {
    return this.#cells.size;
  }

  get readyActors(): number {
    return this.#ready.length - this.#readyHead;
  }

  /** Milliseconds since 1970 when `now` was 0: 0 until it is set, and set again whenever the clock of the machine is. */
  get wallAtZeroMs(): number {
    return this.#turn.wallAtZeroMs;
  }

  set wallAtZeroMs(wallAtZeroMs: number) {
    this.#turn.wallAtZeroMs = wallAtZeroMs;
  }

  /** Microseconds; undefined when no timer is armed. */
  get nextTimerAt(): number | undefined {
    return this.#timers.nextAt;
  }

  /** Messages waiting in all mailboxes: a figure for operators and invariants, counted when asked. */
  get waiting(): number {
    let sum = 0;
    for (const cell of this.#cells.values()) sum += cell.mailbox.size;
    return sum;
  }

  /** What an actor keeps: for invariants alone, which must not change it. */
  stateOf(address: string): unknown {
    return this.#cells.get(address)?.state;
  }

  /** Connects an edge's address to the function that carries out its commands. */
  bind<M>(address: Address<M>, edge: (message: M) => void): void {
    this.#edges.set(address, edge as (message: unknown) => void);
  }

  /** Starts an actor that has no parent: when it collapses, the shard does. */
  spawn<A, S, M>(definition: ActorDefinition<A, S, M>, args: A, name: string): Address<M> {
    const address = addressOf<M>(this.shard, name);
    if (this.#cells.has(address)) throw new Error(`the name ${address} is taken`);
    this.#place(new Cell(address, definition, args, undefined));
    return address;
  }

  /** Puts a message from an edge or another shard into a mailbox. */
  deliver<M>(to: Address<M>, message: NoInfer<M>): void {
    this.#post(to, message);
  }

  /**
   * Fires what is due and lets ready actors take turns until none is ready or `messagesMax` were taken.
   * `choose(n)` picks which of n ready actors is next; without it they go in order, a slice each.
   * Returns the number of messages taken.
   */
  run(now: number, messagesMax: number, choose?: (ready: number) => number): number {
    this.#now = now;
    this.#fireTimers();
    this.#failOverflowed();
    let taken = 0;
    while (taken < messagesMax && this.#readyHead < this.#ready.length && !this.#hasCollapsed) {
      const cell = this.#takeReady(choose);
      taken += this.#slice(cell, choose === undefined ? Math.min(SLICE, messagesMax - taken) : 1);
      this.#failOverflowed();
      if (!cell.isGone && cell.mailbox.size > 0) this.#makeReady(cell);
    }
    if (this.#readyHead === this.#ready.length) {
      this.#ready.length = 0;
      this.#readyHead = 0;
    }
    return taken;
  }

  #fireTimers(): void {
    for (;;) {
      const timer = this.#timers.takeDue(this.#now);
      if (timer === undefined) return;
      timer.owner.timers?.delete(timer.name);
      this.#push(timer.owner, { type: 'timedOut', name: timer.name });
    }
  }

  #takeReady(choose: ((ready: number) => number) | undefined): Cell {
    const at = this.#readyHead + (choose === undefined ? 0 : choose(this.readyActors));
    const chosen = this.#ready[at];
    const first = this.#ready[this.#readyHead];
    assert(chosen !== undefined && first !== undefined, 'a ready actor was promised');
    this.#ready[at] = first;
    this.#readyHead += 1;
    if (this.#readyHead > 4_096) {
      this.#ready = this.#ready.slice(this.#readyHead);
      this.#readyHead = 0;
    }
    chosen.isReady = false;
    return chosen;
  }

  /** Lets one actor take up to `most` messages; starting counts as none. */
  #slice(cell: Cell, most: number): number {
    if (!cell.isStarted && !cell.isGone) this.#start(cell);
    let taken = 0;
    while (taken < most && !cell.isGone && cell.isStarted) {
      const message = cell.mailbox.shift();
      if (message === undefined) break;
      taken += 1;
      this.#options.tap?.received(cell.address, message, this.#now);
      this.#turn.begin(cell, this.#now);
      try {
        cell.definition.receive(cell.state, message, this.#turn);
      } catch (error) {
        this.#fail(cell, error);
        continue;
      }
      this.#commit(cell);
    }
    return taken;
  }

  #start(cell: Cell): void {
    cell.isStarted = true;
    this.#turn.begin(cell, this.#now);
    try {
      cell.state = cell.definition.start(cell.args, this.#turn);
      // Only a restart asks for them again: ten thousand sessions must not keep the requests that opened them.
      if (cell.definition.onFailure !== 'restart') cell.args = undefined;
    } catch (error) {
      this.#fail(cell, error);
      return;
    }
    this.#commit(cell);
  }

  #commit(cell: Cell): void {
    const { targets, payloads } = this.#turn;
    const count = targets.length;
    for (let i = 0; i < count; i += 1) {
      const to = targets[i];
      if (to === undefined) this.#apply(cell, payloads[i] as Effect);
      else {
        this.#options.tap?.sent(cell.address, to, payloads[i]);
        this.#post(to, payloads[i]);
      }
    }
    this.#turn.clear();
  }

  #post(to: string, message: unknown): void {
    // There are few edges, and most of what is sent is for them.
    const edge = this.#edges.get(to);
    if (edge !== undefined) {
      edge(message);
      return;
    }
    const cell = this.#cells.get(to);
    if (cell !== undefined) {
      this.#push(cell, message);
      return;
    }
    const shard = shardOf(to);
    if (shard === this.shard) this.#add('messages.undeliverable', 1);
    else this.#options.crossing(shard, to, message);
  }

  #push(cell: Cell, message: unknown): void {
    if (cell.mailbox.push(message)) {
      this.#makeReady(cell);
      return;
    }
    this.#add('mailbox.overflows', 1);
    // However many did not fit: it is one failure.
    if (!this.#overflowed.includes(cell)) this.#overflowed.push(cell);
  }

  #failOverflowed(): void {
    for (let cell = this.#overflowed.pop(); cell !== undefined; cell = this.#overflowed.pop()) {
      cell.mailbox.clear();
      this.#fail(cell, new Error(`a mailbox is full (${cell.definition.mailboxMax} messages)`));
    }
  }

  #makeReady(cell: Cell): void {
    if (cell.isReady) return;
    cell.isReady = true;
    this.#ready.push(cell);
  }

  #apply(cell: Cell, effect: Effect): void {
    switch (effect.kind) {
      case 'spawn':
        // Whoever has ended itself earlier in this turn leaves no child behind, and no timer.
        if (cell.isGone) return;
        cell.children ??= new SteadyMap();
        cell.children.set(effect.cell.address, effect.cell);
        this.#place(effect.cell);
        return;
      case 'stop': {
        const ending = this.#cells.get(effect.address);
        if (ending !== undefined) this.#end(ending);
        return;
      }
      case 'after':
        if (cell.isGone) return;
        this.#disarm(cell, effect.name);
        cell.timers ??= new Map();
        cell.timers.set(effect.name, this.#timers.arm(cell, effect.name, effect.dueAt));
        return;
      case 'cancel':
        this.#disarm(cell, effect.name);
        return;
      case 'count':
        this.#add(effect.counter, effect.by);
        return;
      default:
        effect satisfies never;
    }
  }

  #disarm(cell: Cell, name: string): void {
    const timer = cell.timers?.get(name);
    if (timer === undefined) return;
    this.#timers.cancel(timer);
    cell.timers?.delete(name);
  }

  /** Nobody has its name: whoever makes one has looked. */
  #place(cell: Cell): void {
    this.#cells.set(cell.address, cell);
    this.#makeReady(cell);
  }

  #end(cell: Cell): void {
    if (cell.isGone) return;
    cell.isGone = true;
    this.#cells.delete(cell.address);
    this.#forget(cell);
    cell.mailbox.clear();
    const { parent, hasFailed: failed } = cell;
    if (parent === undefined || parent.isGone) return;
    parent.children?.delete(cell.address);
    const notice: ChildStopped = { type: 'childStopped', child: cell.address, failed };
    this.#push(parent, notice);
  }

  /** Lets go of what only this life of the actor had: its children and timers. */
  #forget(cell: Cell): void {
    for (const child of cell.children?.values() ?? []) {
      child.isGone = true;
      this.#cells.delete(child.address);
      this.#forget(child);
      child.mailbox.clear();
    }
    cell.children = undefined;
    for (const timer of cell.timers?.values() ?? []) this.#timers.cancel(timer);
    cell.timers = undefined;
  }

  /** [RUN-2] Nothing of the failed turn leaves; the rule and the restart budget decide what follows. */
  #fail(cell: Cell, error: unknown): void {
    this.#turn.clear();
    if (cell.isGone) return;
    cell.restarts ??= [];
    const verdict = judge(cell.definition.onFailure, cell.restarts, this.#now);
    this.#add('actors.failures', 1);
    this.#options.onFailure(cell.address, error, verdict !== 'restart');
    if (verdict === 'restart') {
      this.#forget(cell);
      cell.isStarted = false;
      this.#makeReady(cell);
      return;
    }
    cell.hasFailed = true;
    this.#sayLastWords(cell);
    this.#end(cell);
    if (verdict === 'stop') return;
    if (cell.parent !== undefined && !cell.parent.isGone) this.#fail(cell.parent, error);
    else {
      this.#hasCollapsed = true;
      this.#options.onCollapse(cell.address, error);
    }
  }

  #sayLastWords(cell: Cell): void {
    if (cell.definition.lastWords === undefined || cell.state === undefined) return;
    this.#turn.begin(cell, this.#now);
    try {
      cell.definition.lastWords(cell.state, this.#turn);
    } catch {
      // A bug in the last words must not hide the bug that led to them: that one is reported already.
      this.#turn.clear();
    }
    this.#commit(cell);
  }

  #add(counter: string, by: number): void {
    this.counters.add(counter, by);
  }
}

/** Messages that an actor may take before the next ready one has its turn. */
const SLICE = 64;
