// Signs of life on a stream or a WebSocket: each comes in its time, less up to a second, and not before; what else is
// heard puts it off, unless it comes in intervals. Written from [GRIP-KEEP-1], [GRIP-KEEP-2] and [WOH-GRIP-9].
// Refuses to know what else is heard.

import { LATE_US, type SceneOf } from './model.ts';

export interface AliveWish {
  readonly timeoutS: number;
  readonly isInterval: boolean;
}

export class AliveModel {
  readonly #of: SceneOf;
  #wish: AliveWish | undefined = undefined;
  #since = 0;
  /** One that was said when they were wished for may be on its way. */
  #saidUntil = 0;
  /** Until then it may have been put off. */
  #mayUntil = 0;

  constructor(of: SceneOf) {
    this.#of = of;
  }

  /** From now on; undefined: no more of them. */
  wish(wish: AliveWish | undefined, at: number): void {
    this.lapsed(at);
    if (this.#wish !== undefined && wish === undefined) this.#saidUntil = at + LATE_US;
    this.#wish = wish;
    this.#since = at;
  }

  heard(at: number): void {
    const wish = this.#wish;
    if (wish === undefined) {
      if (at > this.#saidUntil) this.#complain('is kept alive, and nobody wants that');
    } else if (at - this.#since < (wish.timeoutS - 1) * 1_000_000 - EARLY_US)
      this.#complain(`is kept alive after ${at - this.#since} µs, which is too soon`);
    this.lapsed(at);
    this.#since = at;
  }

  /** Something else came, and puts it off. */
  spoken(at: number): void {
    this.lapsed(at);
    if (this.#wish?.isInterval === false) this.#since = at;
  }

  /** Something that nobody hears puts it off, at some time until then. */
  maySpeak(until: number): void {
    if (this.#wish?.isInterval === false) this.#mayUntil = until;
  }

  lapsed(at: number): void {
    const wish = this.#wish;
    const since = Math.max(this.#since, this.#mayUntil);
    if (wish === undefined || at - since <= wish.timeoutS * 1_000_000 + LATE_US) return;
    this.#wish = undefined;
    this.#complain(`was not kept alive for ${at - this.#since} µs`);
  }

  #complain(sentence: string): void {
    this.#of.complain('alive', sentence);
  }
}

/** Of two sounds on their way, one may take a little longer. */
const EARLY_US = 100_000;
