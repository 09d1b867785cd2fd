// The simulated network: connections of two directed pipes that never lose, reorder or repeat a byte while they
// are open, but cut and join chunks anywhere, take their time, stall, and break. What happens to a segment is a
// rule that gives a verdict; faults only change what the rule sees. Refuses to know protocols.

import type { Prng } from '../../actors/runtime/prng.ts';
import type { AcceptedWord, WireHead, WireHeaders } from './doors/heads.ts';
import type { GatewayWord } from './gateway/gateway-words.ts';
import type { Link } from './link.ts';
import { Arena } from './arena.ts';
import { frameBytes, ObjectPayload } from './object-payload.ts';

/** What travels: bytes, or a word of a level above bytes (an HTTP head; in the object lane also frames). */
export type Unit = Uint8Array | ObjectPayload | WireWord;

export type WireWord =
  | { readonly word: 'request'; readonly head: WireHead; readonly body: Uint8Array }
  | { readonly word: 'upgrade'; readonly head: WireHead }
  | AcceptedWord
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
  | { readonly word: 'gateway'; readonly said: GatewayWord }
  /** The other side will send no more. */
  | { readonly word: 'fin' }
  /** The connection is gone, and with it what was on its way. */
  | { readonly word: 'reset' };

/** One end of a connection. */
export interface Endpoint {
  /** Something can be read. */
  readable(): void;
  /** The network took writes that had waited: the sum of what they were said to cost. */
  taken(cost: number): void;
}

/** A verdict; what is not negative is a delay in microseconds. */
const STALL = -1;

/** What happens to the next segments of a pipe. */
function verdictFor(pipe: Pipe): number {
  if (isStalled(pipe)) return STALL;
  const { plan, chance, extraLatencyUs } = pipe.link;
  const drawn = chance.next();
  const delay = plan.latencyUs + extraLatencyUs + ((drawn >>> 10) % (plan.jitterUs + 1));
  // One segment in a thousand meets a full queue somewhere.
  return (drawn & 0x3ff) === 0 && plan.isSteady !== true ? delay + 100_000 : delay;
}

function isStalled({ connection, link, isUp }: Pipe): boolean {
  return connection.isCut || (isUp ? link.isStalledUp : link.isStalledDown);
}

export interface NetworkClock {
  readonly now: number;
  /** Has `arrive` called on the pipe at an instant. */
  arriveAt(at: number, pipe: Pipe): void;
}

export interface Met {
  readonly shard: number;
  readonly remote: string;
  readonly askedAt: number;
}

const NOBODY: Met = { shard: 0, remote: '', askedAt: 0 };

export class Connection {
  readonly id: number;
  readonly up: Pipe;
  readonly down: Pipe;
  /** Nothing comes through any more, and nobody is told. */
  isCut = false;
  /** Whom it meets, from where, and since when. */
  readonly met: Met;

  constructor(id: number, link: Link, clock: NetworkClock, met: Met = NOBODY, arena = new Arena()) {
    this.id = id;
    this.met = met;
    this.up = new Pipe(this, link, clock, arena, true);
    this.down = new Pipe(this, link, clock, arena, false);
  }

  /** A client is at its upper end from now on. */
  meet(client: Endpoint): void {
    this.up.sender = client;
    this.down.receiver = client;
  }

  /** The client says something, which leaves at once. */
  say(unit: Unit): void {
    this.up.write(unit, 0);
    this.up.pump();
  }

  /** The client hears nothing more. */
  leave(): void {
    this.up.sender = undefined;
    this.down.abandon();
  }

  /** A silence that has lasted too long: both ends are told that the connection is gone. */
  end(): void {
    this.isCut = false;
    this.reset();
  }

  /** Breaks the connection: what was on its way is lost from somewhere on, and both ends are told. */
  reset(): void {
    this.up.break();
    this.down.break();
  }
}

/**
 * One direction of a connection. What was written stands in one row: read already, arrived, on its way, not yet sent.
 * Nothing is moved when it gets on; only the borders are.
 */
export class Pipe {
  readonly connection: Connection;
  readonly link: Link;
  readonly isUp: boolean;
  sender: Endpoint | undefined = undefined;
  receiver: Endpoint | undefined = undefined;
  /** Its place in the world's table. */
  place = -1;
  /** Messages travel in WebSocket frames. */
  isFramed = false;
  /** The reader takes nothing of its own accord. */
  isReaderPaused = false;
  /** Bytes that were written and that nobody reads, where somebody asks for them. */
  lost: Uint8Array[] | undefined = undefined;
  readonly #clock: NetworkClock;
  readonly #arena: Arena;
  readonly #units: (Unit | undefined)[] = [];
  /** By place in the row: what writing it was said to cost, and when it arrives. */
  readonly #costs: number[] = [];
  readonly #arrivesAt: number[] = [];
  #readEnd = 0;
  #arrivedEnd = 0;
  #sentEnd = 0;
  #end = 0;
  #heldBytes = 0;
  #lastAt = 0;
  #isScheduled = false;
  #isOver = false;
  #isBroken = false;
  #isAbandoned = false;

  constructor(
    connection: Connection,
    link: Link,
    clock: NetworkClock,
    arena: Arena,
    isUp: boolean,
  ) {
    this.connection = connection;
    this.link = link;
    this.#clock = clock;
    this.#arena = arena;
    this.isUp = isUp;
  }

  get hasArrived(): boolean {
    return this.#readEnd < this.#arrivedEnd;
  }

  /** Nothing more is taken. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get isBlocked(): boolean {
    return this.#sentEnd < this.#end;
  }

  /** Queues a unit; `pump` sends it off. Nothing is taken after `fin` or `break`. */
  write(unit: Unit, cost: number): void {
    if ((this.#isOver || this.#isAbandoned) && !isWord(unit)) this.lost?.push(unit as Uint8Array);
    if (this.#isOver) return;
    this.#put(this.#end, unit, cost);
    this.#end += 1;
    if (isWord(unit) && unit.word === 'fin') this.#isOver = true;
  }

  /** Sends off what the window takes; returns the cost of the units that are wholly on their way. */
  pump(): number {
    const { link } = this;
    const { cutPercent } = link.plan;
    let cost = 0;
    let arrivesAt = -1;
    while (this.#sentEnd < this.#end && this.#heldBytes < link.windowBytes) {
      // What leaves together stays together, up to the next cut.
      if (arrivesAt < 0) {
        const verdict = verdictFor(this);
        if (verdict === STALL) break;
        arrivesAt = Math.max(this.#lastAt, this.#clock.now + verdict);
      }
      const place = this.#sentEnd;
      const isCut = cutPercent > 0 && link.chance.next() % 100 < cutPercent && this.#cut(place);
      const size = sizeOf(this.#units[place] as Unit, this);
      this.#heldBytes += size;
      if (link.bytesPerSecond > 0)
        arrivesAt =
          Math.max(arrivesAt, this.#lastAt) + Math.ceil((size * 1_000_000) / link.bytesPerSecond);
      this.#lastAt = arrivesAt;
      this.#arrivesAt[place] = arrivesAt;
      cost += this.#costs[place] as number;
      this.#sentEnd += 1;
      if (isCut) arrivesAt = -1;
    }
    this.#schedule();
    return cost;
  }

  /** The instant came that `arriveAt` was asked for; returns how many units have arrived. */
  arrive(): number {
    this.#isScheduled = false;
    if (isStalled(this)) return 0;
    const { now } = this.#clock;
    const before = this.#arrivedEnd;
    while (this.#arrivedEnd < this.#sentEnd && (this.#arrivesAt[this.#arrivedEnd] as number) <= now)
      this.#arrivedEnd += 1;
    const arrived = this.#arrivedEnd - before;
    this.#schedule();
    if (!this.isReaderPaused && this.hasArrived) this.receiver?.readable();
    return arrived;
  }

  /** Takes what arrived first; bytes may come joined with those behind them. */
  read(): Unit | undefined {
    const unit = this.#shift();
    const { joinPercent } = this.link.plan;
    if (joinPercent === 0 || !(unit instanceof Uint8Array) || !this.hasArrived) return unit;
    if (this.link.chance.next() % 100 >= joinPercent) return unit;
    const parts = [unit];
    while (this.#units[this.#readEnd] instanceof Uint8Array && this.hasArrived)
      parts.push(this.#shift() as Uint8Array);
    return this.#arena.joined(parts);
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

  /** The way is wide again: what was to come one after the other comes at once. */
  hurry(): void {
    if (this.#arrivedEnd === this.#sentEnd) return;
    const at = this.#clock.now + this.link.plan.latencyUs;
    for (let place = this.#arrivedEnd; place < this.#sentEnd; place += 1)
      this.#arrivesAt[place] = Math.min(at, this.#arrivesAt[place] as number);
    this.#lastAt = Math.min(this.#lastAt, at);
    // The instant that was asked for is later: a second one finds what has come.
    this.#isScheduled = false;
    this.#schedule();
  }

  /** What is on its way is lost from a random place on; the reader finds `reset` there. */
  break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#isOver = true;
    const flying = this.#sentEnd - this.#arrivedEnd;
    const kept = flying === 0 ? 0 : this.link.chance.below(flying + 1);
    const place = this.#arrivedEnd + kept;
    if (!this.#isAbandoned) this.#lose(place);
    for (let lost = place; lost < this.#end; lost += 1) this.#units[lost] = undefined;
    this.#lastAt = Math.max(this.#lastAt, this.#clock.now + this.link.plan.latencyUs);
    this.#put(place, { word: 'reset' }, 0);
    this.#arrivesAt[place] = this.#lastAt;
    this.#sentEnd = place + 1;
    this.#end = place + 1;
    this.#schedule();
  }

  /** The reader is gone: nothing needs to arrive any more. */
  abandon(): void {
    this.receiver = undefined;
    this.#isAbandoned = true;
    // What broke off already stood behind this.
    const broken = this.lost?.splice(0) ?? [];
    this.#lose(this.#readEnd);
    this.lost?.push(...broken);
    while (this.hasArrived) this.#shift();
  }

  #lose(from: number): void {
    const units = this.lost === undefined ? [] : this.#units.slice(from, this.#end);
    this.lost?.push(...units.filter((unit) => unit instanceof Uint8Array));
  }

  #put(place: number, unit: Unit, cost: number): void {
    this.#units[place] = unit;
    this.#costs[place] = cost;
    this.#arrivesAt[place] = 0;
  }

  /** Cuts the unit there in two, when it can be; the second part keeps the cost and waits for its turn. */
  #cut(place: number): boolean {
    const unit = this.#units[place];
    if (!(unit instanceof Uint8Array) || unit.length < 2) return false;
    const cut = cutPoint(unit.length, this.link.chance);
    for (let later = this.#end; later > place; later -= 1)
      this.#put(later, this.#units[later - 1] as Unit, this.#costs[later - 1] as number);
    this.#units[place] = unit.subarray(0, cut);
    this.#units[place + 1] = unit.subarray(cut);
    this.#costs[place] = 0;
    this.#end += 1;
    return true;
  }

  #shift(): Unit | undefined {
    if (!this.hasArrived) return undefined;
    const unit = this.#units[this.#readEnd] as Unit;
    this.#units[this.#readEnd] = undefined;
    this.#readEnd += 1;
    this.#heldBytes -= sizeOf(unit, this);
    if (this.#readEnd === this.#end) this.#moveTo(0);
    else if (this.#readEnd === ROW_MAX) this.#moveTo(this.#end - ROW_MAX);
    return unit;
  }

  /** What is left moves to the head of the row, or the row begins anew when nothing is. */
  #moveTo(end: number): void {
    const by = this.#end - end;
    for (let place = 0; place < end; place += 1) {
      this.#units[place] = this.#units[place + by];
      this.#costs[place] = this.#costs[place + by] as number;
      this.#arrivesAt[place] = this.#arrivesAt[place + by] as number;
    }
    // What was read is forgotten already.
    const old = end === 0 ? 0 : this.#end;
    for (let place = end; place < old; place += 1) this.#units[place] = undefined;
    this.#readEnd -= by;
    this.#arrivedEnd -= by;
    this.#sentEnd -= by;
    this.#end = end;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#arrivedEnd === this.#sentEnd) return;
    this.#isScheduled = true;
    const at = this.#arrivesAt[this.#arrivedEnd] as number;
    this.#clock.arriveAt(Math.max(at, this.#clock.now), this);
  }
}

export function isWord(unit: Unit): unit is WireWord {
  return !(unit instanceof Uint8Array) && !(unit instanceof ObjectPayload);
}

/** Six cuts in ten fall near an end, where heads and code points are split. */
function cutPoint(length: number, chance: Prng): number {
  const drawn = chance.next();
  let cut = 1 + (chance.next() % (length - 1));
  if (drawn % 10 < 4) cut = 1 + ((drawn >>> 8) % 4);
  else if (drawn % 10 < 6) cut = length - 1 - ((drawn >>> 8) % 2);
  return Math.max(1, Math.min(cut, length - 1));
}

/** Bytes on the wire: a value counts as the frame that would carry it, a word of HTTP as a short head. */
export function sizeOf(unit: Unit, { isUp, isFramed }: Pipe): number {
  if (unit instanceof Uint8Array) return unit.length;
  if (unit instanceof ObjectPayload)
    return isFramed ? frameBytes(unit.byteLength, isUp) : unit.byteLength;
  if (unit.word === 'ping' || unit.word === 'pong') return frameBytes(0, isUp);
  if (unit.word === 'gateway' && unit.said.say === 'frame')
    return frameBytes(unit.said.bytes.length, isUp);
  if (unit.word === 'close') return frameBytes(2 + unit.reason.length, isUp);
  return HEAD_BYTES;
}

const HEAD_BYTES = 64;
/** Units read and not yet forgotten. */
const ROW_MAX = 1_024;
