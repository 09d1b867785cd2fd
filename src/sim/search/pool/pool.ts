// The search: seeds run side by side on a pool of threads, a batch at a time, until they are enough. A seed that hangs
// or takes its thread with it is a failure like any other, and the search goes on. Results are added up in the order
// of seeds. Refuses to know what is printed.

import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';

import {
  type Batch,
  type BatchResult,
  type Failure,
  failureKinds,
  lost,
  lower,
  orderOf,
  type Outcome,
  type Subject,
} from './seed-run.ts';
import { expectLongSearch } from '../engine.ts';
import { withSites } from '../with-sites.ts';
import { Tally } from './tally.ts';

export interface Search {
  readonly subject: Subject;
  readonly firstSeed: number;
  /** Infinity for as many as the other limits allow. */
  readonly runs: number;
  readonly minutes: number | undefined;
  /** Ends at the first seed that fails, in the order of seeds. */
  readonly untilFailure: boolean;
  /** Every seed runs twice, and not one in twenty. */
  readonly isTwice: boolean;
  readonly threads: number;
  /** Seeds handed to a thread at once; undefined leaves it to the pool. */
  readonly batchSize?: number;
  /** A thread that works longer on one run is ended. */
  readonly secondsPerRunMax?: number;
  /** The module that runs batches; another than `seed-run.ts` in tests of the pool alone. */
  readonly worker?: URL;
}

export interface Progress {
  /** Seeds that have run, and events of all runs. */
  readonly seeds: number;
  readonly events: number;
  readonly failures: number;
  readonly seconds: number;
}

export interface Hooks {
  /** Called in the order of seeds. */
  failed(failure: Failure): void;
  /** Called a few times a second. */
  progressed(progress: Progress): void;
  /** Ends the search with what is known so far. */
  readonly signal: AbortSignal;
}

export interface Found {
  readonly tally: Tally;
  /** Of all runs, also of those that were repeated. */
  readonly events: number;
  readonly virtualUs: number;
  /** On the wall, from the first batch to the last, and of the processor in all threads. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly wasInterrupted: boolean;
}

/** Runs a search to its end. */
export async function search(wanted: Search, hooks: Hooks): Promise<Found> {
  const running = new RunningSearch(wanted, hooks);
  return running.run();
}

export function threadsByDefault(): number {
  return availableParallelism();
}

class RunningSearch {
  readonly #wanted: Search;
  readonly #hooks: Hooks;
  readonly #tally = new Tally();
  readonly #pool: Piscina<Batch, BatchResult>;
  /** See Batch: the last seed that matters, and each lane's place in its batch. */
  readonly #board: Uint32Array;
  /** Outcomes whose turn has not come, by seed. */
  readonly #waiting = new Map<number, Outcome>();
  readonly #lanes: Lane[] = [];
  readonly #endSeed: number;
  #nextSeed: number;
  #dueSeed: number;
  #startedAt = performance.now();
  #events = 0;
  #virtualUs = 0;
  #failures = 0;

  constructor(wanted: Search, hooks: Hooks) {
    const { firstSeed, runs, threads, worker } = wanted;
    this.#wanted = wanted;
    this.#hooks = hooks;
    this.#endSeed = Math.min(firstSeed + runs, SEEDS);
    this.#nextSeed = firstSeed;
    this.#dueSeed = firstSeed;
    this.#board = new Uint32Array(new SharedArrayBuffer(4 * (threads + 1)));
    this.#board[0] = SEEDS - 1;
    if (runs >= threads * SEEDS_MANY) expectLongSearch();
    this.#pool = new Piscina({
      filename: (worker ?? new URL('./seed-run.ts', import.meta.url)).href,
      name: 'runBatch',
      minThreads: threads,
      maxThreads: threads,
      execArgv: [...withSites],
    });
    for (let slot = 1; slot <= threads; slot += 1)
      this.#lanes.push({ slot, seeds: [], finished: 0, movedAt: 0, ending: undefined });
  }

  async run(): Promise<Found> {
    const { signal } = this.#hooks;
    const interrupt = (): void => {
      for (const { ending } of this.#lanes) ending?.abort();
    };
    const ticking = setInterval(() => this.#tick(), TICK_MS);
    signal.addEventListener('abort', interrupt);
    // Who waits for a batch learns what became of its thread; a thread without work is replaced, and that is all.
    this.#pool.on('error', () => {});
    try {
      // Loading the simulator is none of the search's time.
      await Promise.all(this.#lanes.map(({ slot }) => this.#pool.run(this.#batchOf(slot, []))));
      this.#startedAt = performance.now();
      const cpu = process.cpuUsage();
      await Promise.all(this.#lanes.map((lane) => this.#work(lane)));
      if (signal.aborted) this.#addAll();
      const { user, system } = process.cpuUsage(cpu);
      return {
        tally: this.#tally,
        events: this.#events,
        virtualUs: this.#virtualUs,
        seconds: this.#seconds(),
        cpuSeconds: (user + system) / 1e6,
        wasInterrupted: signal.aborted,
      };
    } finally {
      clearInterval(ticking);
      signal.removeEventListener('abort', interrupt);
      await this.#pool.destroy();
    }
  }

  async #work(lane: Lane): Promise<void> {
    for (let seeds = this.#next(); seeds.length > 0; seeds = this.#next()) {
      for (let left: readonly number[] = seeds; left.length > 0;)
        left = await this.#attempt(lane, left);
    }
  }

  /** The next seeds to run; none when the search is over. */
  #next(): number[] {
    const { minutes } = this.#wanted;
    const isLate = minutes !== undefined && this.#seconds() >= minutes * 60;
    const last = Math.min(this.#endSeed - 1, Atomics.load(this.#board, 0));
    if (isLate || this.#hooks.signal.aborted) return [];
    const size = this.#batchSize(last + 1 - this.#nextSeed);
    const seeds: number[] = [];
    while (this.#nextSeed <= last && seeds.length < size) {
      seeds.push(this.#nextSeed);
      this.#nextSeed += 1;
    }
    return seeds;
  }

  /** The fewer seeds are left, the smaller the batches: no thread is to wait long for the last one of another. */
  #batchSize(left: number): number {
    const { batchSize, threads } = this.#wanted;
    return batchSize ?? Math.max(1, Math.min(BATCH_MAX, Math.floor(left / (threads * 16))));
  }

  /** Runs seeds on a thread. Returns those that are left to run, because the thread came to grief over another. */
  async #attempt(lane: Lane, seeds: readonly number[]): Promise<readonly number[]> {
    const batch = this.#batchOf(lane.slot, seeds);
    const ending = new AbortController();
    Object.assign(lane, { seeds, finished: NOT_BEGUN, movedAt: 0, ending });
    Atomics.store(this.#board, lane.slot, NOT_BEGUN);
    try {
      this.#take(await this.#pool.run(batch, { signal: ending.signal }));
      return [];
    } catch (error) {
      if (this.#hooks.signal.aborted) return [];
      const culprit = orderOf(batch)[Atomics.load(this.#board, lane.slot)];
      // No run of the batch was to blame: the pool itself does not work.
      if (culprit === undefined) throw error;
      const outcome = lost(this.#griefOf(culprit, error, ending.signal.aborted));
      this.#take({ outcomes: [outcome], events: 0, virtualUs: 0 });
      return seeds.filter((seed) => seed !== culprit);
    } finally {
      lane.ending = undefined;
      lane.seeds = [];
    }
  }

  #batchOf(slot: number, seeds: readonly number[]): Batch {
    const { subject, isTwice, firstSeed, untilFailure } = this.#wanted;
    return {
      subject,
      seeds,
      twice: seeds.filter((seed) => isTwice || (seed - firstSeed) % TWICE_EVERY === 0),
      stopsAtFailure: untilFailure,
      board: this.#board,
      slot,
    };
  }

  #griefOf(seed: number, error: unknown, isTimeout: boolean): Failure {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      seed,
      property: isTimeout ? failureKinds.timeout : failureKinds.crash,
      requirements: [],
      where: '',
      at: 0,
      sentence: isTimeout
        ? `the run had not ended after ${this.#secondsPerRunMax()} s`
        : `the thread ended: ${reason}`,
    };
  }

  #secondsPerRunMax(): number {
    return this.#wanted.secondsPerRunMax ?? SECONDS_PER_RUN_MAX;
  }

  #take({ outcomes, events, virtualUs }: BatchResult): void {
    this.#events += events;
    this.#virtualUs += virtualUs;
    for (const outcome of outcomes) {
      this.#waiting.set(outcome.seed, outcome);
      if (outcome.failure === undefined) continue;
      this.#failures += 1;
      if (this.#wanted.untilFailure) lower(this.#board, outcome.seed);
    }
    for (;;) {
      const outcome = this.#waiting.get(this.#dueSeed);
      if (outcome === undefined || outcome.seed > Atomics.load(this.#board, 0)) return;
      this.#waiting.delete(this.#dueSeed);
      this.#dueSeed += 1;
      this.#add(outcome);
    }
  }

  /** What threads had finished beyond a seed that they had not. */
  #addAll(): void {
    const seeds = [...this.#waiting.keys()].toSorted((one, other) => one - other);
    for (const seed of seeds) {
      const outcome = this.#waiting.get(seed);
      if (outcome !== undefined) this.#add(outcome);
    }
  }

  #add(outcome: Outcome): void {
    this.#tally.add(outcome);
    if (outcome.failure !== undefined) this.#hooks.failed(outcome.failure);
  }

  #tick(): void {
    const now = performance.now();
    let seeds = this.#tally.runs + this.#waiting.size;
    for (const lane of this.#lanes) {
      if (lane.ending === undefined) continue;
      const finished = Atomics.load(this.#board, lane.slot);
      if (finished === NOT_BEGUN) continue;
      if (finished !== lane.finished) Object.assign(lane, { finished, movedAt: now });
      else if (now - lane.movedAt > this.#secondsPerRunMax() * 1_000) lane.ending.abort();
      seeds += Math.min(finished, lane.seeds.length);
    }
    const [events, failures, seconds] = [this.#events, this.#failures, this.#seconds()];
    this.#hooks.progressed({ seeds, events, failures, seconds });
  }

  #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }
}

/** One of the ways on which batches go to threads, one after the other. */
interface Lane {
  readonly slot: number;
  seeds: readonly number[];
  /** Runs of the batch that were finished when it last moved, and when that was. */
  finished: number;
  movedAt: number;
  /** Ends the thread; undefined while none works for this lane. */
  ending: AbortController | undefined;
}

/** How many seeds there are: they are unsigned 32-bit integers. */
export const SEEDS = 0x100000000;
/** On the board, of a batch that no thread has begun. */
const NOT_BEGUN = 0xffffffff;
const BATCH_MAX = 8;
/** For one thread. */
const SEEDS_MANY = 200;
const TWICE_EVERY = 20;
const TICK_MS = 200;
const SECONDS_PER_RUN_MAX = 120;
