// Who has been silent for too long: one timer for all, and one number for each connection, which is set to the current
// tick whenever a byte passes, or when the sweep finds that some have passed. Late by up to a quarter of the timeout,
// never early. Refuses to know who they are. Obeys spec/grip.md, section "Clients".

import { SteadyMap } from '../../actors/runtime/memory/steady-map.ts';

export interface Idler {
  /** The tick of the last byte in either direction. */
  activeAt: number;
  /** For those that do not set it at each byte: has any passed since this was asked last? */
  readonly hasSpoken?: () => boolean;
  idledOut(): void;
}

const TICKS = 8;

export class Idleness {
  readonly #tickMs: number;
  readonly #all = new SteadyMap<Idler, Idler>();
  #timer: NodeJS.Timeout | undefined = undefined;
  /** What `activeAt` is to be set to. */
  tick = 0;

  constructor(timeoutMs: number) {
    this.#tickMs = Math.max(1, Math.ceil(timeoutMs / TICKS));
  }

  add(idler: Idler): void {
    idler.activeAt = this.tick;
    this.#all.set(idler, idler);
    this.#timer ??= setInterval(() => this.#sweep(), this.#tickMs).unref();
  }

  delete(idler: Idler): void {
    this.#all.delete(idler);
  }

  #sweep(): void {
    this.tick += 1;
    for (const idler of this.#all.values()) {
      if (idler.hasSpoken?.() === true) idler.activeAt = this.tick;
      if (this.tick - idler.activeAt <= TICKS) continue;
      this.#all.delete(idler);
      idler.idledOut();
    }
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
