// One topic at its home: gives each publication its place, remembers the last ones, and knows which ids it has seen.
// History and ids are bounded by count, bytes and age. Refuses to know subscribers and shards.
// Obeys spec/broker.md, sections "Order" and "Recovery".

import { type Payload, writeCost } from '../../runtime/edges.ts';
import { AgingMap } from '../../runtime/memory/aging-map.ts';
import type { Position, Publication } from '../publication.ts';
import type { Topic } from '../topic.ts';

export interface HistoryLimits {
  /** Publications kept for recovery, per topic. */
  readonly historyCountMax: number;
  /** Bytes (by `writeCost`) kept for recovery, per topic. */
  readonly historyBytesMax: number;
  /** Milliseconds that a publication, or a seen id, is kept. */
  readonly historyAgeMaxMs: number;
  /** Publisher ids remembered for de-duplication, per topic. */
  readonly dedupeIdsMax: number;
}

/** Gives so many bytes that nobody else was or will be given. */
export type TakeBytes = (bytes: number) => Uint8Array;

/** What a reader that comes back is given: all it missed, or the honest word that it cannot be had. */
export interface Recovery {
  readonly recovered: boolean;
  readonly publications: readonly Publication[];
}

interface Kept {
  readonly publication: Publication;
  readonly at: number;
}

export class TopicLog {
  readonly topic: Topic;
  readonly epoch: string;
  readonly #limits: HistoryLimits;
  readonly #take: TakeBytes;
  /** Oldest first, from index `#first` on; the emptied places before it are cut off now and then. */
  #kept: (Kept | undefined)[] = [];
  #first = 0;
  #seen: AgingMap<string, { readonly offset: number; readonly at: number }> | undefined = undefined;
  #offset = 0;
  #bytes = 0;

  constructor(topic: Topic, epoch: string, limits: HistoryLimits, take?: TakeBytes) {
    this.topic = topic;
    this.epoch = epoch;
    this.#limits = limits;
    this.#take = take ?? ((bytes) => new Uint8Array(bytes));
  }

  get position(): Position {
    return { epoch: this.epoch, offset: this.#offset };
  }

  /** Bytes (by `writeCost`) held for recovery, and the cost of the ids. */
  get bytes(): number {
    return this.#bytes + (this.#seen?.size ?? 0) * SEEN_ID_BYTES;
  }

  get historyCount(): number {
    return this.#kept.length - this.#first;
  }

  get isForgettable(): boolean {
    return this.historyCount === 0 && (this.#seen?.size ?? 0) === 0;
  }

  /** The offset under which this id is already known, while it is remembered. */
  offsetOf(id: string): number | undefined {
    return this.#seen?.get(id)?.offset;
  }

  /** [BROKER-ORD-1] Gives the next place to a publication and remembers it. `now` in microseconds. */
  append(id: string | undefined, data: Payload, now: number, isKept = true): Publication {
    this.#offset += 1;
    const publication = {
      topic: this.topic,
      epoch: this.epoch,
      offset: this.#offset,
      id,
      data: owned(data, this.#take),
    };
    // A topic whose publications are not kept keeps none: recovery counts back from the last one.
    if (!isKept) return publication;
    this.#kept.push({ publication, at: now });
    this.#bytes += writeCost(data);
    if (id !== undefined) {
      this.#seen ??= new AgingMap();
      this.#seen.add(id, { offset: this.#offset, at: now });
    }
    this.expire(now);
    return publication;
  }

  /** [BROKER-REC-3] [BROKER-DUP-2] Forgets what is beyond the limits of count, bytes and age. */
  expire(now: number): void {
    const { historyCountMax, historyBytesMax, historyAgeMaxMs, dedupeIdsMax } = this.#limits;
    const since = now - historyAgeMaxMs * 1_000;
    for (
      let oldest = this.#kept[this.#first];
      oldest !== undefined;
      oldest = this.#kept[this.#first]
    ) {
      const isOver = this.historyCount > historyCountMax || this.#bytes > historyBytesMax;
      if (!isOver && oldest.at > since) break;
      this.#lose(oldest);
    }
    if (this.#seen === undefined) return;
    for (let { oldest } = this.#seen; oldest !== undefined; { oldest } = this.#seen) {
      if (this.#seen.size <= dedupeIdsMax && oldest.at > since) break;
      this.#seen.forgetOldest();
    }
  }

  /** Forgets what is oldest until the rest costs no more; never the place in the order. */
  shrink(bytesMax: number): void {
    while (this.bytes > bytesMax) {
      const kept = this.#kept[this.#first];
      const seen = this.#seen?.oldest;
      if (kept !== undefined && (seen === undefined || kept.at <= seen.at)) this.#lose(kept);
      else if (this.#seen?.forgetOldest() === undefined) return;
    }
  }

  /**
   * [BROKER-REC-2] All that follows `since`, or nothing and `recovered: false`; never a part of it. [BROKER-REC-4] Nothing
   * where it would cost more than there is room for.
   */
  recover(since: Position, roomBytes = Number.POSITIVE_INFINITY): Recovery {
    const missed = this.#offset - since.offset;
    if (since.epoch !== this.epoch || missed < 0 || missed > this.historyCount) return LOST;
    const publications: Publication[] = [];
    let bytes = 0;
    for (const kept of this.#kept.slice(this.#kept.length - missed)) {
      if (kept === undefined) continue;
      bytes += writeCost(kept.publication.data);
      if (bytes > roomBytes) return LOST;
      publications.push(kept.publication);
    }
    return { recovered: true, publications };
  }

  #lose(oldest: Kept): void {
    this.#bytes -= writeCost(oldest.publication.data);
    this.#kept[this.#first] = undefined;
    this.#first += 1;
    if (this.#first <= this.historyCount + CUT_AFTER) return;
    this.#kept = this.#kept.slice(this.#first);
    this.#first = 0;
  }
}

/** A view into a larger block would keep the whole block alive for as long as the history lasts. */
function owned(data: Payload, take: TakeBytes): Payload {
  if (!(data instanceof Uint8Array) || data.byteLength === data.buffer.byteLength) return data;
  const copy = take(data.length);
  copy.set(data);
  return copy;
}

const LOST: Recovery = { recovered: false, publications: [] };
const SEEN_ID_BYTES = 128;
const CUT_AFTER = 64;
