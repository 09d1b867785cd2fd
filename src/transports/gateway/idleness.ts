// Who has been silent for too long: one timer for all, and one number for each connection, which is set to the current
// tick whenever a byte passes, or when the sweep finds that some have passed. Late by up to a quarter of the timeout,
// never early. Refuses to know who they are. Obeys spec/grip.md, section "Clients".

export interface Idler {
  /** The tick of the last byte in either direction. */
  activeAt: number;
  /** Its place among all that are watched; kept for the watch alone. */
  idlePlace: number;
  /** For those that do not set it at each byte: has any passed since this was asked last? */
  readonly hasSpoken?: () => boolean;
  idledOut(): void;
}

const TICKS = 8;
export const NOWHERE = -1;

export class Idleness {
  readonly #tickMs: number;
  readonly #all: Idler[] = [];
  #timer: NodeJS.Timeout | undefined = undefined;
  /** What `activeAt` is to be set to. */
  tick = 0;

  constructor(timeoutMs: number) {
    this.#tickMs = Math.max(1, Math.ceil(timeoutMs / TICKS));
  }

  add(idler: Idler): void {
    idler.activeAt = this.tick;
    idler.idlePlace = this.#all.push(idler) - 1;
    this.#timer ??= setInterval(() => this.#sweep(), this.#tickMs).unref();
  }

  delete(idler: Idler): void {
    const place = idler.idlePlace;
    if (place === NOWHERE) return;
    idler.idlePlace = NOWHERE;
    const last = this.#all.pop();
    if (last === undefined || last === idler) return;
    // The last one takes the place that became free: who they are matters, and not in which order.
    this.#all[place] = last;
    last.idlePlace = place;
  }

  #sweep(): void {
    this.tick += 1;
    // From the end: whoever takes the place of one that goes was looked at before.
    for (let at = this.#all.length - 1; at >= 0; at -= 1) {
      const idler = this.#all[at];
      if (idler === undefined) continue;
      if (idler.hasSpoken?.() === true) idler.activeAt = this.tick;
      if (this.tick - idler.activeAt <= TICKS) continue;
      this.delete(idler);
      idler.idledOut();
    }
    if (this.#all.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
