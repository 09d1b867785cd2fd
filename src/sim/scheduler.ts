// Virtual time: whole microseconds, and one heap of what will happen, ordered by (instant, order of asking).
// An event is a kind and two numbers; what they stand for is the world's business. Nothing is allocated for an event.
// Refuses to know what happens, and draws no chance itself.

/** What can come due. `a` and `b` of an event are explained with each. */
export const due = {
  /** a: shard. Its thread is free and has work, or a timer of it comes due. */
  shard: 0,
  /** a: pipe. Its next segment reaches the other end. */
  pipe: 1,
  /** a: port between two shards. A block of crossings arrives. */
  port: 2,
  /** a: client, b: which of its own purposes. */
  client: 3,
  /** a: place in the schedule of faults, b: 0 when it begins, 1 when it ends. */
  fault: 4,
  /** a: shard, b: what its edge wanted to be reminded of. */
  edge: 5,
  /** a: shard, b: incarnation. A fresh shard takes the dead one's place. */
  start: 6,
  /** a: port between two shards. The other side learns that this one's end died. */
  notice: 7,
  /** Figures are sampled. */
  sample: 8,
  /** The end of a phase of the run. */
  phase: 9,
  /** a: number of something that a part of the world wants done. */
  later: 10,
} as const;

const ARITY = 4;

export class Scheduler {
  /** The instant of the event that was taken last. */
  now = 0;
  /** The event that was taken last. */
  kind = 0;
  a = 0;
  b = 0;
  /** Events taken so far. */
  taken = 0;
  #asked = 0;
  #size = 0;
  #at = new Float64Array(1_024);
  #order = new Float64Array(1_024);
  #slot = new Int32Array(1_024);
  #kinds = new Uint8Array(1_024);
  #as = new Int32Array(1_024);
  #bs = new Int32Array(1_024);
  #free = new Int32Array(1_024);
  #freeCount = 0;

  get size(): number {
    return this.#size;
  }

  push(at: number, kind: number, a: number, b: number): void {
    if (this.#size === this.#at.length) this.#grow();
    let slot = this.#size;
    if (this.#freeCount > 0) {
      this.#freeCount -= 1;
      slot = this.#free[this.#freeCount] as number;
    }
    this.#kinds[slot] = kind;
    this.#as[slot] = a;
    this.#bs[slot] = b;
    this.#asked += 1;
    const place = this.#size;
    this.#size += 1;
    this.#rise(place, at, this.#asked, slot);
  }

  /** Takes the earliest event; false when there is none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    const slot = this.#slot[0] as number;
    this.now = this.#at[0] as number;
    this.kind = this.#kinds[slot] as number;
    this.a = this.#as[slot] as number;
    this.b = this.#bs[slot] as number;
    this.taken += 1;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
    this.#size -= 1;
    const last = this.#size;
    if (last > 0)
      this.#sink(this.#at[last] as number, this.#order[last] as number, this.#slot[last] as number);
    return true;
  }

  #rise(from: number, at: number, order: number, slot: number): void {
    let place = from;
    while (place > 0) {
      const above = ((place - 1) / ARITY) | 0;
      const aboveAt = this.#at[above] as number;
      // An equal instant was asked for earlier: it stays above.
      if (aboveAt <= at) break;
      this.#move(above, place);
      place = above;
    }
    this.#put(place, at, order, slot);
  }

  #sink(at: number, order: number, slot: number): void {
    const size = this.#size;
    let place = 0;
    for (;;) {
      const first = place * ARITY + 1;
      if (first >= size) break;
      let least = first;
      const end = Math.min(first + ARITY, size);
      for (let child = first + 1; child < end; child += 1)
        if (this.#isBefore(child, least)) least = child;
      const leastAt = this.#at[least] as number;
      if (leastAt > at || (leastAt === at && (this.#order[least] as number) > order)) break;
      this.#move(least, place);
      place = least;
    }
    this.#put(place, at, order, slot);
  }

  #isBefore(one: number, other: number): boolean {
    const oneAt = this.#at[one] as number;
    const otherAt = this.#at[other] as number;
    return (
      oneAt < otherAt ||
      (oneAt === otherAt && (this.#order[one] as number) < (this.#order[other] as number))
    );
  }

  #move(from: number, to: number): void {
    this.#put(
      to,
      this.#at[from] as number,
      this.#order[from] as number,
      this.#slot[from] as number,
    );
  }

  #put(place: number, at: number, order: number, slot: number): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#slot[place] = slot;
  }

  #grow(): void {
    const room = this.#at.length * 2;
    this.#at = enlarged(this.#at, new Float64Array(room));
    this.#order = enlarged(this.#order, new Float64Array(room));
    this.#slot = enlarged(this.#slot, new Int32Array(room));
    this.#kinds = enlarged(this.#kinds, new Uint8Array(room));
    this.#as = enlarged(this.#as, new Int32Array(room));
    this.#bs = enlarged(this.#bs, new Int32Array(room));
    this.#free = enlarged(this.#free, new Int32Array(room));
  }
}

/** What parts of a world want done later, by number, so that the heap keeps numbers alone. */
export class Laters {
  readonly #acts = new Map<number, () => void>();
  #count = 0;

  /** The number under which it is to be asked for. */
  keep(act: () => void): number {
    this.#count += 1;
    this.#acts.set(this.#count, act);
    return this.#count;
  }

  due(ref: number): void {
    const act = this.#acts.get(ref);
    this.#acts.delete(ref);
    act?.();
  }
}

function enlarged<T extends { set(from: ArrayLike<number>): void }>(
  from: ArrayLike<number>,
  into: T,
): T {
  into.set(from);
  return into;
}
