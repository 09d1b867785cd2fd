// The simulated network: connections of two directed pipes that never lose, reorder or repeat a byte while they
// are open, but cut and join chunks anywhere, take their time, stall, and break. What happens to a segment is a
// rule that gives a verdict; faults only change what the rule sees. Refuses to know protocols.

import type { Prng } from '../../actors/runtime/prng.ts';

/** What travels: bytes, or a word of a level above bytes (an HTTP head; in the object lane also frames). */
export type Unit = Uint8Array | WireWord;

export type WireWord =
  | { readonly word: 'request'; readonly head: WireHead; readonly body: Uint8Array }
  | { readonly word: 'upgrade'; readonly head: WireHead; readonly subprotocols: readonly string[] }
  | { readonly word: 'accepted'; readonly subprotocol: string | undefined }
  | {
      readonly word: 'response';
      readonly status: number;
      readonly headers: WireHeaders;
      readonly body: string;
    }
  | { readonly word: 'stream'; readonly headers: WireHeaders }
  | { readonly word: 'ping' }
  | { readonly word: 'pong' }
  | { readonly word: 'close'; readonly code: number; readonly reason: string }
  /** The object lane's stand-in for broken bytes. */
  | { readonly word: 'broken'; readonly code: 1002 | 1007 | 1009 }
  /** The other side will send no more. */
  | { readonly word: 'fin' }
  /** The connection is gone, and with it what was on its way. */
  | { readonly word: 'reset' };

type WireHeaders = Readonly<Record<string, string>>;

export interface WireHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: WireHeaders;
}

/** How one client's way to its node behaves when nothing is wrong. */
export interface LinkPlan {
  readonly latencyUs: number;
  readonly jitterUs: number;
  /** Bytes on their way or unread, per direction. */
  readonly windowBytes: number;
  /** Percent of chunks that are cut somewhere; 0 in the object lane. */
  readonly cutPercent: number;
  /** Percent of reads that join what has arrived. */
  readonly joinPercent: number;
}

/** One client's way to its node; outlives connections. Faults write the lower half. */
export interface Link {
  readonly plan: LinkPlan;
  readonly chance: Prng;
  isStalledUp: boolean;
  isStalledDown: boolean;
  extraLatencyUs: number;
  /** As planned, until all is well and backlogs may drain. */
  windowBytes: number;
}

/** One end of a connection. */
export interface Endpoint {
  /** Something can be read. */
  readable(): void;
  /** The network took writes that had waited: the sum of what they were said to cost. */
  taken(cost: number): void;
}

/** Verdicts of the rule; what is not negative is a delay in microseconds. */
const STALL = -1;

/** What happens to the next segment of a pipe. */
function verdictFor(pipe: Pipe): number {
  const { link } = pipe;
  if (pipe.connection.isCut || (pipe.isUp ? link.isStalledUp : link.isStalledDown)) return STALL;
  const { latencyUs, jitterUs } = link.plan;
  const delay = latencyUs + link.extraLatencyUs + (link.chance.next() % (jitterUs + 1));
  // One segment in a thousand meets a full queue somewhere.
  return link.chance.next() % 1_000 === 0 ? delay + 100_000 : delay;
}

export interface NetworkClock {
  readonly now: number;
  /** Has `arrive` called on the pipe at an instant. */
  arriveAt(at: number, pipe: Pipe): void;
}

export class Connection {
  readonly id: number;
  readonly up: Pipe;
  readonly down: Pipe;
  /** Nothing comes through any more, and nobody is told. */
  isCut = false;

  constructor(id: number, link: Link, clock: NetworkClock) {
    this.id = id;
    this.up = new Pipe(this, link, clock, true);
    this.down = new Pipe(this, link, clock, false);
  }

  /** Breaks the connection: what was on its way is lost from somewhere on, and both ends are told. */
  reset(): void {
    this.up.break();
    this.down.break();
  }
}

export class Pipe {
  readonly connection: Connection;
  readonly link: Link;
  readonly isUp: boolean;
  sender: Endpoint | undefined = undefined;
  receiver: Endpoint | undefined = undefined;
  /** Its place in the world's table. */
  place = -1;
  /** The reader takes nothing of its own accord. */
  isReaderPaused = false;
  readonly #clock: NetworkClock;
  readonly #unsent: Unit[] = [];
  readonly #costs: number[] = [];
  #unsentHead = 0;
  readonly #flying: Unit[] = [];
  readonly #flyingAt: number[] = [];
  #flyingHead = 0;
  readonly #arrived: Unit[] = [];
  #arrivedHead = 0;
  #heldBytes = 0;
  #lastAt = 0;
  #isScheduled = false;
  #isOver = false;
  #isBroken = false;

  constructor(connection: Connection, link: Link, clock: NetworkClock, isUp: boolean) {
    this.connection = connection;
    this.link = link;
    this.#clock = clock;
    this.isUp = isUp;
  }

  get hasArrived(): boolean {
    return this.#arrivedHead < this.#arrived.length;
  }

  get isBlocked(): boolean {
    return this.#unsentHead < this.#unsent.length;
  }

  /** Queues a unit; `pump` sends it off. Nothing is taken after `fin` or `break`. */
  write(unit: Unit, cost: number): void {
    if (this.#isOver) return;
    this.#unsent.push(unit);
    this.#costs.push(cost);
    if (!(unit instanceof Uint8Array) && unit.word === 'fin') this.#isOver = true;
  }

  /** Sends off what the window takes; returns the cost of the units that are wholly on their way. */
  pump(): number {
    const { plan, chance } = this.link;
    const { now } = this.#clock;
    let cost = 0;
    while (this.#unsentHead < this.#unsent.length && this.#heldBytes < this.link.windowBytes) {
      const verdict = verdictFor(this);
      if (verdict === STALL) break;
      const unit = this.#unsent[this.#unsentHead] as Unit;
      let piece = unit;
      if (
        plan.cutPercent > 0 &&
        unit instanceof Uint8Array &&
        unit.length > 1 &&
        chance.next() % 100 < plan.cutPercent
      ) {
        const cut = cutPoint(unit.length, chance);
        piece = unit.subarray(0, cut);
        this.#unsent[this.#unsentHead] = unit.subarray(cut);
      } else {
        cost += this.#costs[this.#unsentHead] as number;
        this.#unsentHead += 1;
      }
      this.#heldBytes += sizeOf(piece);
      this.#lastAt = Math.max(this.#lastAt, now + verdict);
      this.#flying.push(piece);
      this.#flyingAt.push(this.#lastAt);
    }
    if (this.#unsentHead === this.#unsent.length) {
      this.#unsent.length = 0;
      this.#costs.length = 0;
      this.#unsentHead = 0;
    }
    this.#schedule();
    return cost;
  }

  /** The instant came that `arriveAt` was asked for. */
  arrive(): void {
    this.#isScheduled = false;
    if (this.connection.isCut || (this.isUp ? this.link.isStalledUp : this.link.isStalledDown))
      return;
    const { now } = this.#clock;
    while (
      this.#flyingHead < this.#flying.length &&
      (this.#flyingAt[this.#flyingHead] as number) <= now
    ) {
      this.#arrived.push(this.#flying[this.#flyingHead] as Unit);
      this.#flyingHead += 1;
    }
    if (this.#flyingHead === this.#flying.length) {
      this.#flying.length = 0;
      this.#flyingAt.length = 0;
      this.#flyingHead = 0;
    }
    this.#schedule();
    if (!this.isReaderPaused && this.hasArrived) this.receiver?.readable();
  }

  /** Takes what arrived first; bytes may come joined with those behind them. */
  read(): Unit | undefined {
    const unit = this.#shift();
    if (unit === undefined || !(unit instanceof Uint8Array) || !this.hasArrived) return unit;
    const { plan, chance } = this.link;
    if (plan.joinPercent === 0 || chance.next() % 100 >= plan.joinPercent) return unit;
    const parts = [unit];
    while (this.#arrived[this.#arrivedHead] instanceof Uint8Array)
      parts.push(this.#shift() as Uint8Array);
    return joined(parts);
  }

  /** The reader has made room: what waited may follow. */
  drained(): void {
    if (!this.isBlocked) return;
    const cost = this.pump();
    if (cost > 0) this.sender?.taken(cost);
  }

  /** A block has ended. */
  resume(): void {
    this.#schedule();
    this.drained();
  }

  /** What is on its way is lost from a random place on; the reader finds `reset` there. */
  break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#isOver = true;
    this.#unsent.length = 0;
    this.#costs.length = 0;
    this.#unsentHead = 0;
    const flying = this.#flying.length - this.#flyingHead;
    const kept = flying === 0 ? 0 : this.link.chance.below(flying + 1);
    this.#flying.length = this.#flyingHead + kept;
    this.#flyingAt.length = this.#flyingHead + kept;
    this.#lastAt = Math.max(this.#lastAt, this.#clock.now + this.link.plan.latencyUs);
    this.#flying.push({ word: 'reset' });
    this.#flyingAt.push(this.#lastAt);
    this.#schedule();
  }

  /** The reader is gone: nothing needs to arrive any more. */
  abandon(): void {
    this.receiver = undefined;
    this.#arrived.length = 0;
    this.#arrivedHead = 0;
  }

  #shift(): Unit | undefined {
    if (this.#arrivedHead === this.#arrived.length) return undefined;
    const unit = this.#arrived[this.#arrivedHead] as Unit;
    this.#arrivedHead += 1;
    this.#heldBytes -= sizeOf(unit);
    if (this.#arrivedHead === this.#arrived.length) {
      this.#arrived.length = 0;
      this.#arrivedHead = 0;
    }
    return unit;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#flyingHead === this.#flying.length) return;
    this.#isScheduled = true;
    this.#clock.arriveAt(
      Math.max(this.#flyingAt[this.#flyingHead] as number, this.#clock.now),
      this,
    );
  }
}

/** Six cuts in ten fall near an end, where heads and code points are split. */
function cutPoint(length: number, chance: Prng): number {
  const drawn = chance.next();
  let cut = 1 + (chance.next() % (length - 1));
  if (drawn % 10 < 4) cut = 1 + ((drawn >>> 8) % 4);
  else if (drawn % 10 < 6) cut = length - 1 - ((drawn >>> 8) % 2);
  return Math.max(1, Math.min(cut, length - 1));
}

function sizeOf(unit: Unit): number {
  return unit instanceof Uint8Array ? unit.length : 64;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
