// Coarse deadlines for many things at once: a line of waiting items that all wait equally long, and one timer for
// all lines, which runs only while somebody waits. Late by up to a quarter of a second, never early.
// Refuses to know what the items are.

const SWEEP_EVERY_MS = 250;

interface Line {
  readonly size: number;
  sweep(now: number): void;
}

export class Deadlines {
  readonly #lines = new Set<Line>();
  #timer: NodeJS.Timeout | undefined = undefined;

  /** A line whose items are due `afterMs` after they joined. */
  line<T>(afterMs: number, due: (item: T) => void): Deadline<T> {
    const line = new Deadline<T>(afterMs, due, () => this.#watch());
    this.#lines.add(line);
    return line;
  }

  /** Forgets a line and whoever still waits in it. */
  remove(line: Line): void {
    this.#lines.delete(line);
  }

  #watch(): void {
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_EVERY_MS).unref();
  }

  #sweep(): void {
    const now = performance.now();
    let waiting = 0;
    for (const line of this.#lines) {
      line.sweep(now);
      waiting += line.size;
    }
    if (waiting > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

export class Deadline<T> implements Line {
  readonly #afterMs: number;
  readonly #due: (item: T) => void;
  readonly #watch: () => void;
  /** In the order of their coming, which is the order of their due times. */
  readonly #since = new Map<T, number>();

  constructor(afterMs: number, due: (item: T) => void, watch: () => void) {
    this.#afterMs = afterMs;
    this.#due = due;
    this.#watch = watch;
  }

  get size(): number {
    return this.#since.size;
  }

  get items(): readonly T[] {
    return [...this.#since.keys()];
  }

  add(item: T): void {
    if (this.#since.has(item)) return;
    this.#since.set(item, performance.now());
    this.#watch();
  }

  delete(item: T): void {
    this.#since.delete(item);
  }

  sweep(now: number): void {
    for (const [item, since] of this.#since) {
      if (now - since < this.#afterMs) return;
      this.#since.delete(item);
      this.#due(item);
    }
  }
}
