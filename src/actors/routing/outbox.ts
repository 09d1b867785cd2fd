// What waits to be written to one connection: in order, bounded in bytes, with a policy for the reader that is slow.
// The edge grants credit (a window) and gives it back by receipts; while credit lasts nothing waits here.
// A slot keeps the place of an answer that is not known yet, so that answers leave in the order of the questions.
// Refuses to know what the bytes mean and who publishes. Obeys ADR 0007 and spec/broker.md "Slow consumers".

import { type Payload, WINDOW_BYTES, WRITE_OVERHEAD_BYTES, writeCost } from '../runtime/edges.ts';
import type { Gap, GapReason, Publication } from './publication.ts';

/** `disconnect` ends the connection, the others drop publications and tell the reader of the gap. */
export type SlowPolicy = 'disconnect' | 'drop-oldest' | 'latest-per-topic';

export interface OutboxLimits {
  readonly queueBytesMax: number;
  readonly slowPolicy: SlowPolicy;
}

/** Turns a gap into the wire's own words. */
export type GapEncoder = (gap: Gap) => Payload | undefined;

interface Waiting {
  /** Undefined while a slot is open. */
  payload: Payload | undefined;
  readonly slot: number | undefined;
  /** The publication that the payload carries; replies carry none and are never dropped. */
  readonly publication: Publication | undefined;
  isDropped: boolean;
  /** Answers asked for before it: a gap does not move past one. */
  readonly after: number;
  /** Set where publications were dropped: told in their place, so that it stays inside their subscription. */
  gap: Gap | undefined;
}

/** 'overflow' tells that the connection must be closed as too slow. */
export type Offer = 'taken' | 'overflow';

export class Outbox {
  readonly queueBytesMax: number;
  readonly #slowPolicy: SlowPolicy;
  readonly #encodeGap: GapEncoder;
  /** Bytes that the edge will still take; direct writes may run it below zero by one payload. */
  #credit: number;
  #waiting: Waiting[] | undefined = undefined;
  #waitingBytes = 0;
  /** Before this place of the queue no slot is open: answers come in about the order of their questions. */
  #openFrom = 0;
  /** By topic, the place in the queue that tells of its latest drop. */
  #latestGaps: Map<string, Waiting> | undefined = undefined;
  #asked = 0;
  #dropped = 0;
  #hasEnded = false;

  constructor(
    { queueBytesMax, slowPolicy }: OutboxLimits,
    encodeGap: GapEncoder,
    windowBytes = WINDOW_BYTES,
  ) {
    this.#credit = windowBytes;
    this.queueBytesMax = queueBytesMax;
    this.#slowPolicy = slowPolicy;
    this.#encodeGap = encodeGap;
  }

  get queuedBytes(): number {
    return this.#waitingBytes;
  }

  /** Under the other policies the operator wants what is newest, not what is complete. */
  get mayPace(): boolean {
    return this.#slowPolicy === 'disconnect';
  }

  /** Bytes that may still be queued. */
  get roomBytes(): number {
    return this.queueBytesMax - this.#waitingBytes;
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Publications that nobody has seen yet, oldest first. */
  get waitingPublications(): readonly Publication[] {
    return (this.#waiting ?? []).flatMap(({ publication }) => publication ?? []);
  }

  /** Waits for the network, not for a slot. */
  get isStalled(): boolean {
    return this.#waiting !== undefined && this.#credit <= 0;
  }

  /** Publications dropped since last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** The hot path: true when nothing waits and the edge has room, so that `payload` may be written right now. */
  trySpend(cost: number): boolean {
    if (this.#waiting !== undefined || this.#credit <= 0) return false;
    this.#credit -= cost;
    return true;
  }

  /** [BROKER-REQ-4] Keeps the place of an answer; `fill` must follow. */
  openSlot(slot: number): void {
    this.#asked += 1;
    this.#enqueue(
      {
        payload: undefined,
        slot,
        publication: undefined,
        gap: undefined,
        after: this.#asked,
        isDropped: false,
      },
      WRITE_OVERHEAD_BYTES,
    );
  }

  /** Gives an open slot its answer; `flush` and `enforce` follow. */
  fill(slot: number, payload: Payload): void {
    const place = this.#waiting?.[this.#placeOf(slot)];
    if (place === undefined) {
      this.offer(payload, undefined);
      return;
    }
    place.payload = payload;
    this.#waitingBytes += payload.byteLength;
  }

  /** Nothing will stand in an open slot's place; `flush` follows. */
  closeSlot(slot: number): void {
    const waiting = this.#waiting;
    const at = this.#placeOf(slot);
    if (waiting === undefined || at === NOWHERE) return;
    waiting.splice(at, 1);
    this.#waitingBytes -= WRITE_OVERHEAD_BYTES;
    if (waiting.length === 0) this.#emptied();
  }

  /** Puts a payload at the end of the queue; `flush` and `enforce` follow. */
  offer(payload: Payload, publication: Publication | undefined): void {
    if (publication !== undefined && this.#slowPolicy === 'latest-per-topic' && this.#credit <= 0) {
      this.#dropWhere((waiting) => waiting.publication?.topic === publication.topic, 'conflated');
    }
    this.#enqueue(
      {
        payload,
        slot: undefined,
        publication,
        gap: undefined,
        after: this.#asked,
        isDropped: false,
      },
      writeCost(payload),
    );
  }

  /** Gives credit back; `flush` hands over what may be written now. */
  receipt(bytes: number): void {
    if (!this.#hasEnded) this.#credit += bytes;
  }

  /** Hands over what the window allows. */
  flush(write: (payload: Payload) => void): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    let taken = 0;
    for (const next of waiting) {
      if (this.#credit <= 0) break;
      if (next.gap !== undefined) this.#tellGap(next, next.gap, write);
      else if (next.payload === undefined) break;
      else {
        this.#waitingBytes -= writeCost(next.payload);
        this.#spend(next.payload, write);
      }
      taken += 1;
    }
    if (taken < waiting.length) {
      if (taken > 0) waiting.splice(0, taken);
      this.#openFrom = Math.max(0, this.#openFrom - taken);
      return;
    }
    this.#emptied();
  }

  /** Lets go of what waits and takes nothing more: the connection was given up. */
  end(): void {
    this.#hasEnded = true;
    this.#credit = 0;
    this.#emptied();
    this.#waitingBytes = 0;
    this.#latestGaps = undefined;
  }

  #emptied(): void {
    this.#waiting = undefined;
    this.#openFrom = 0;
  }

  /** A reader that reads nothing has thousands of answers before those that are open. */
  #placeOf(slot: number): number {
    const waiting = this.#waiting ?? [];
    while (this.#openFrom < waiting.length && !isOpen(waiting[this.#openFrom])) this.#openFrom += 1;
    for (let at = this.#openFrom; at < waiting.length; at += 1)
      if (waiting[at]?.slot === slot && isOpen(waiting[at])) return at;
    return NOWHERE;
  }

  #spend(payload: Payload, write: (payload: Payload) => void): void {
    this.#credit -= writeCost(payload);
    write(payload);
  }

  /** [BROKER-SLOW-4] The reader learns of what was dropped before it sees what came after. */
  #tellGap(place: Waiting, gap: Gap, write: (payload: Payload) => void): void {
    if (this.#latestGaps?.get(gap.topic) === place) this.#latestGaps.delete(gap.topic);
    const words = this.#encodeGap(gap);
    if (words !== undefined) this.#spend(words, write);
  }

  #enqueue(waiting: Waiting, cost: number): void {
    if (this.#hasEnded) return;
    this.#waiting ??= [];
    this.#waiting.push(waiting);
    this.#waitingBytes += cost;
  }

  /**
   * Holds the queue to its bound once what could leave has left. One payload alone is always kept: a message as
   * large as the whole queue must still find a place behind an open slot.
   */
  enforce(): Offer {
    const slowPolicy = this.#slowPolicy;
    // [BROKER-SLOW-6] What only waits for an answer of ours, and not for the network, is no sign of a slow reader.
    const queueBytesMax = this.queueBytesMax + Math.max(0, this.#credit);
    if (this.#isWithin(queueBytesMax)) return 'taken';
    if (slowPolicy !== 'disconnect') {
      // [BROKER-SLOW-3] A quarter is freed at once: dropping one by one would walk the queue for every publication.
      this.#dropWhere(
        (waiting) => waiting.publication !== undefined,
        'slow',
        queueBytesMax - (this.queueBytesMax >> 2),
      );
    }
    // Replies are never dropped: a connection that lets its own answers pile up is ended under every policy.
    return this.#isWithin(queueBytesMax) ? 'taken' : 'overflow';
  }

  #isWithin(bytesMax: number): boolean {
    if (this.#waitingBytes <= bytesMax) return true;
    const payloads = this.#waiting?.filter(({ payload }) => payload !== undefined);
    return payloads === undefined || payloads.length <= 1;
  }

  /** Drops matching publications, oldest first, until at most `untilBytes` wait. */
  #dropWhere(matches: (waiting: Waiting) => boolean, reason: GapReason, untilBytes = -1): void {
    for (const waiting of this.#waiting ?? []) {
      if (this.#waitingBytes <= untilBytes) break;
      const { payload, publication } = waiting;
      if (
        waiting.isDropped ||
        payload === undefined ||
        publication === undefined ||
        !matches(waiting)
      )
        continue;
      waiting.payload = undefined;
      waiting.gap = this.#gapFor(waiting, publication, reason);
      // The place itself is not counted: there is one for each topic followed, and those are bounded.
      this.#waitingBytes -= writeCost(payload);
      this.#dropped += 1;
    }
    const left = this.#waiting?.filter((waiting) => !waiting.isDropped);
    if (left?.length !== this.#waiting?.length) this.#openFrom = 0;
    this.#waiting = left;
  }

  /**
   * The gap that takes a dropped publication's place. It takes in the one before it, unless an answer, something that
   * the reader did not follow, or another epoch lies between.
   */
  #gapFor(place: Waiting, { topic, epoch, offset }: Publication, reason: GapReason): Gap {
    this.#latestGaps ??= new Map();
    const earlier = this.#latestGaps.get(topic);
    this.#latestGaps.set(topic, place);
    const before = earlier?.after === place.after ? earlier.gap : undefined;
    if (earlier === undefined || before?.epoch !== epoch || before.to !== offset - 1) {
      return { topic, epoch, from: offset, to: offset, reason };
    }
    earlier.isDropped = true;
    return { topic, epoch, from: before.from, to: offset, reason };
  }
}

function isOpen(place: Waiting | undefined): boolean {
  return place?.slot !== undefined && place.payload === undefined;
}

const NOWHERE = -1;
