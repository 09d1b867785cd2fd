// The last messages of one room, in their order, wherever they came from and however often: at the room's home, and at
// every other node that keeps a copy of it. Also which of them those who are here have still to be told.
// Refuses to know who says them. Obeys spec/hp.md, section "History", and spec/hp-peer.md, section "Homes of rooms".

import { costOf, type MemoryBudget } from '../memory-budget.ts';
import type { Place, RoomEntry } from './room-messages.ts';

export function isAfter(one: Place, other: Place): boolean {
  return one.epoch === other.epoch ? one.seq > other.seq : one.epoch > other.epoch;
}

export class RoomMemory {
  readonly #max: number;
  readonly #sameIdSeconds: number;
  readonly #budget: MemoryBudget | undefined;
  #entries: RoomEntry[] = [];
  /** Of all entries. */
  #bytes = 0;
  /** The latest of each name: two homes may have given one message a place each. */
  #names = new Map<string, RoomEntry>();
  /** What came to be kept, and not to be told. */
  readonly #untold = new Set<RoomEntry>();
  /** Where the first of those who are here came in: what was said before is not for them. Undefined when nobody is here. */
  #audienceFrom: Place | undefined = undefined;

  constructor(
    { historyMax, dedupeMs }: { readonly historyMax: number; readonly dedupeMs: number },
    budget?: MemoryBudget,
  ) {
    this.#max = historyMax;
    this.#sameIdSeconds = dedupeMs / 1_000;
    this.#budget = budget;
  }

  /** What is remembered, oldest first. */
  get all(): readonly RoomEntry[] {
    return this.#entries.slice(-this.#max);
  }

  /** Those that are cut next time are there, too. */
  get kept(): readonly RoomEntry[] {
    return this.#entries;
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
    const known = this.#same(entry);
    if (known !== undefined) {
      this.#keepLater(known, entry);
      return false;
    }
    const at = this.#placeFor(entry);
    // It has been forgotten already.
    if (at === 0 && this.#entries.length >= this.#max) return false;
    this.#entries.splice(at, 0, entry);
    this.#names.set(nameOf(entry), entry);
    const bytes = costOf(entry);
    this.#bytes += bytes;
    // Cut now and then, not each time.
    if (this.#entries.length >= this.#max * 2) this.#budget?.shrank(this.#keepLast(this.#max));
    this.#budget?.grew(this, bytes);
    return true;
  }

  /** [HP-HIST-4] */
  forgetHalf(): number {
    return this.#keepLast(Math.floor(this.#entries.length / 2));
  }

  /** Nobody needs it any more. */
  end(): void {
    this.#budget?.ended(this, this.#keepLast(0));
  }

  /** Gives how many bytes are forgotten. */
  #keepLast(most: number): number {
    const before = this.#bytes;
    this.#entries = this.#entries.slice(this.#entries.length - most);
    this.#names = new Map(this.#entries.map((one) => [nameOf(one), one]));
    this.#bytes = this.#entries.reduce((sum, one) => sum + costOf(one), 0);
    return before - this.#bytes;
  }

  /** Behind all that do not come after it; what comes is as a rule the last. */
  #placeFor(entry: RoomEntry): number {
    let [from, to] = [0, this.#entries.length];
    if (byPlace(this.#entries[to - 1], entry) <= 0) return to;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (byPlace(this.#entries[middle], entry) > 0) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** The same message as it is remembered. [HP-MSG-5] What one home has given two places was said twice. */
  #same(entry: RoomEntry): RoomEntry | undefined {
    const there = this.#entries[this.#placeFor(entry) - 1];
    if (there !== undefined && byPlace(there, entry) === 0) return there;
    const known = this.#names.get(nameOf(entry));
    if (known === undefined || (known.epoch === entry.epoch && known.seq !== entry.seq))
      return undefined;
    const apart = Math.abs(entry.timestamp - known.timestamp);
    return apart <= this.#sameIdSeconds ? known : undefined;
  }

  /** [HP-HOME-13] Of two places of one message the later one is kept: it is remembered for as long as its speaker was told. */
  #keepLater(known: RoomEntry, entry: RoomEntry): void {
    if (byPlace(known, entry) >= 0) return;
    this.#entries.splice(this.#placeFor(known) - 1, 1);
    this.#entries.splice(this.#placeFor(entry), 0, entry);
    this.#names.set(nameOf(entry), entry);
    if (this.#untold.delete(known)) this.#untold.add(entry);
    // Who says one thing twice may have changed the words.
    const bytes = costOf(entry) - costOf(known);
    this.#bytes += bytes;
    this.#budget?.grew(this, bytes);
  }

  /** Remembers what those who are here have not been told. False when it is there already. */
  keep(entry: RoomEntry): boolean {
    if (!this.add(entry)) return false;
    if (this.#audienceFrom !== undefined && isAfter(entry, this.#audienceFrom)) {
      this.#untold.add(entry);
      const [oldest] = this.#untold;
      if (this.#untold.size > this.#max && oldest !== undefined) this.#untold.delete(oldest);
    }
    return true;
  }

  /** Remembers what is told here now. False when it was told before, or is not for those who are here. */
  tell(entry: RoomEntry): boolean {
    const isNew = this.add(entry);
    if (!this.#untold.delete(this.#same(entry) ?? entry) && !isNew) return false;
    return this.#audienceFrom === undefined || isAfter(entry, this.#audienceFrom);
  }

  /** Whether those who are here were told what the same home has said just before it. */
  isNext({ epoch, seq, node }: RoomEntry): boolean {
    const from = this.#audienceFrom;
    if (from?.epoch === epoch && from.seq === seq - 1) return true;
    const before = this.#entries.findLast(
      (one) => one.epoch === epoch && one.node === node && one.seq === seq - 1,
    );
    return before !== undefined && !this.#untold.has(before);
  }

  /** Whoever came in at this place, or came back, has been told what is before it. */
  wasTold(place: Place): void {
    for (const entry of this.#untold) if (!isAfter(entry, place)) this.#untold.delete(entry);
  }

  /** What is still to be told here, in its order; it counts as told. */
  takeUntold(): readonly RoomEntry[] {
    const untold = [...this.#untold].toSorted(byPlace);
    this.#untold.clear();
    return untold;
  }

  /** All that another memory of the same room has, and what is to be told of it. */
  takeOver(other: RoomMemory): void {
    for (const entry of other.#entries) this.add(entry);
    for (const entry of other.#untold) this.#untold.add(this.#same(entry) ?? entry);
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
