// The last messages of one room, in their order, wherever they came from and however often: at the room's home, and at
// every other node that keeps a copy of it. Also which of them those who are here have still to be told.
// Refuses to know who says them. Obeys spec/hp.md, section "History", and spec/hp-peer.md, section "Homes of rooms".

import type { Place, RoomEntry } from './room-messages.ts';

export function isAfter(one: Place, other: Place): boolean {
  return one.epoch === other.epoch ? one.seq > other.seq : one.epoch > other.epoch;
}

export class RoomMemory {
  readonly #max: number;
  readonly #sameIdSeconds: number;
  #entries: RoomEntry[] = [];
  /** By name, when each was said: two homes may have given one message a place each. */
  #names = new Map<string, number>();
  /** What came to be kept, and not to be told; by name. */
  #untold = new Map<string, RoomEntry>();
  /** Where the first of those who are here came in: what was said before is not for them. Undefined when nobody is here. */
  #audienceFrom: Place | undefined = undefined;

  constructor({
    historyMax,
    dedupeMs,
  }: {
    readonly historyMax: number;
    readonly dedupeMs: number;
  }) {
    this.#max = historyMax;
    this.#sameIdSeconds = dedupeMs / 1_000;
  }

  /** What is remembered, oldest first. */
  get all(): readonly RoomEntry[] {
    return this.#entries.slice(-this.#max);
  }

  /** Somebody is here from now on, and hears what comes after this place. */
  hasAudience(from: Place): void {
    this.#audienceFrom ??= from;
  }

  hasNoAudience(): void {
    this.#audienceFrom = undefined;
    this.#untold.clear();
  }

  /** Remembers what has been told here, or is nobody's to hear. [HP-HOME-4] False when it is there already. */
  add(entry: RoomEntry): boolean {
    const name = nameOf(entry);
    const saidAt = this.#names.get(name) ?? -Infinity;
    if (Math.abs(entry.timestamp - saidAt) <= this.#sameIdSeconds) {
      this.#keepLater(name, entry);
      return false;
    }
    const at = this.#placeFor(entry);
    // It has been forgotten already.
    if (at === 0 && this.#entries.length >= this.#max) return false;
    this.#entries.splice(at, 0, entry);
    this.#names.set(name, entry.timestamp);
    // Cut now and then, not each time.
    if (this.#entries.length >= this.#max * 2) {
      this.#entries = this.#entries.slice(-this.#max);
      this.#names = new Map(this.#entries.map((one) => [nameOf(one), one.timestamp]));
    }
    return true;
  }

  #placeFor(entry: RoomEntry): number {
    let at = this.#entries.length;
    while (at > 0 && byPlace(this.#entries[at - 1], entry) > 0) at -= 1;
    return at;
  }

  /** [HP-HOME-13] Of two places of one message the later one is kept: it is remembered for as long as its speaker was told. */
  #keepLater(name: string, entry: RoomEntry): void {
    const at = this.#entries.findLastIndex((one) => nameOf(one) === name);
    const known = this.#entries[at];
    if (known === undefined || byPlace(known, entry) >= 0) return;
    this.#entries.splice(at, 1);
    this.#entries.splice(this.#placeFor(entry), 0, entry);
    if (this.#untold.has(name)) this.#untold.set(name, entry);
  }

  /** Remembers what those who are here have not been told. False when it is there already. */
  keep(entry: RoomEntry): boolean {
    if (!this.add(entry)) return false;
    if (this.#audienceFrom !== undefined && isAfter(entry, this.#audienceFrom)) {
      this.#untold.set(nameOf(entry), entry);
      const [oldest] = this.#untold.keys();
      if (this.#untold.size > this.#max && oldest !== undefined) this.#untold.delete(oldest);
    }
    return true;
  }

  /** Remembers what is told here now. False when it was told before, or is not for those who are here. */
  tell(entry: RoomEntry): boolean {
    const isNew = this.add(entry);
    if (!this.#untold.delete(nameOf(entry)) && !isNew) return false;
    return this.#audienceFrom === undefined || isAfter(entry, this.#audienceFrom);
  }

  /** Whether those who are here were told what the same home has said just before it. */
  isNext({ epoch, seq, node }: RoomEntry): boolean {
    const from = this.#audienceFrom;
    if (from?.epoch === epoch && from.seq === seq - 1) return true;
    const before = this.#entries.findLast(
      (one) => one.epoch === epoch && one.node === node && one.seq === seq - 1,
    );
    return before !== undefined && !this.#untold.has(nameOf(before));
  }

  /** Whoever came in at this place, or came back, has been told what is before it. */
  wasTold(place: Place): void {
    for (const [name, entry] of this.#untold) if (!isAfter(entry, place)) this.#untold.delete(name);
  }

  /** What is still to be told here, in its order; it counts as told. */
  takeUntold(): readonly RoomEntry[] {
    const untold = [...this.#untold.values()].toSorted(byPlace);
    this.#untold.clear();
    return untold;
  }

  /** All that another memory of the same room has, and what is to be told of it. */
  takeOver(other: RoomMemory): void {
    for (const entry of other.#entries) this.add(entry);
    for (const [name, entry] of other.#untold) this.#untold.set(name, entry);
    if (other.#audienceFrom !== undefined) this.hasAudience(other.#audienceFrom);
  }

  latest(most: number): readonly RoomEntry[] {
    return most === 0 ? [] : this.all.slice(-most);
  }

  after(place: Place): readonly RoomEntry[] {
    return this.all.filter((entry) => isAfter(entry, place));
  }
}

export function byPlace(one: RoomEntry | undefined, other: RoomEntry): number {
  if (one === undefined) return -1;
  if (one.epoch !== other.epoch) return one.epoch - other.epoch;
  if (one.seq !== other.seq) return one.seq - other.seq;
  // Two sides of a split may give one place each: what is said there is another message all the same.
  const name = ({ node = '', from, id }: RoomEntry): string => `${node} ${from} ${id}`;
  return byCode(name(one), name(other));
}

/** [HP-MSG-5] For a while no two messages of a room have the same one. */
export function nameOf({ from, id }: RoomEntry): string {
  return `${from.toLowerCase()} ${id}`;
}

export function byCode(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
