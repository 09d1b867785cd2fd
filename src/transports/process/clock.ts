// The real clock: monotonic whole microseconds, which of them is when for people, and one alarm that sleeps until the
// earliest deadline.
// Refuses to know who waits for what.

/** Monotonic instant in whole microseconds. */
export function nowUs(): number {
  return Math.floor(performance.now() * 1_000);
}

/**
 * Milliseconds since 1970 when `nowUs` was 0; as it was known, while the clock of the machine goes on as it did. Somebody
 * may set it, and it goes on while the machine sleeps.
 */
export function wallAtZeroMs(known: number): number {
  const atZeroMs = Date.now() - performance.now();
  return Math.abs(atZeroMs - known) < CLOCK_SET_MS ? known : atZeroMs;
}

const CLOCK_SET_MS = 500;

/** The platform fires longer timers at once. */
const SLEEP_MS_MAX = 2 ** 31 - 1;

/** Rings at the earliest instant it was last told of, or somewhat too early when that is weeks away. */
export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined = undefined;
  #setFor = Infinity;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Sleeps until `at` (microseconds), unless it already sleeps until then. */
  wakeAt(at: number): void {
    if (at === this.#setFor) return;
    clearTimeout(this.#timer);
    this.#setFor = at;
    const delayMs = Math.max(0, Math.ceil((at - nowUs()) / 1_000));
    this.#timer = setTimeout(
      () => {
        this.#setFor = Infinity;
        this.#ring();
      },
      Math.min(delayMs, SLEEP_MS_MAX),
    );
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#setFor = Infinity;
  }
}
