// The timers of one system: a heap ordered by (deadline, order of arming), so equal deadlines fire in order.
// Refuses to know the clock: `now` is an argument. No timer of the platform stands behind an entry.

export interface Timer<T> {
  readonly owner: T;
  readonly name: string;
  /** Microseconds, on the same scale as the system's `now`. */
  readonly dueAt: number;
  readonly order: number;
  /** Place in the heap; -1 when the timer is no longer armed. */
  place: number;
}

export class Timers<T> {
  readonly #heap: Timer<T>[] = [];
  #armed = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline, when there is one. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.dueAt;
  }

  arm(owner: T, name: string, dueAt: number): Timer<T> {
    const timer = { owner, name, dueAt, order: this.#armed, place: this.#heap.length };
    this.#armed += 1;
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  }

  cancel(timer: Timer<T>): void {
    if (timer.place < 0) return;
    const last = this.#heap.pop();
    if (last !== undefined && last !== timer) {
      last.place = timer.place;
      this.#heap[timer.place] = last;
      this.#rise(last);
      this.#sink(last);
    }
    timer.place = -1;
  }

  /** Takes the earliest timer whose deadline has come. */
  takeDue(now: number): Timer<T> | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueAt > now) return undefined;
    this.cancel(first);
    return first;
  }

  #rise(timer: Timer<T>): void {
    while (timer.place > 0) {
      const above = this.#heap[(timer.place - 1) >> 1];
      if (above === undefined || isBefore(above, timer)) return;
      this.#swap(above, timer);
    }
  }

  #sink(timer: Timer<T>): void {
    for (;;) {
      const left = this.#heap[timer.place * 2 + 1];
      const right = this.#heap[timer.place * 2 + 2];
      const least =
        right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(timer, least)) return;
      this.#swap(timer, least);
    }
  }

  #swap(one: Timer<T>, other: Timer<T>): void {
    const place = one.place;
    one.place = other.place;
    other.place = place;
    this.#heap[one.place] = one;
    this.#heap[other.place] = other;
  }
}

function isBefore<T>(one: Timer<T>, other: Timer<T>): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.order < other.order);
}
