// When the gateway may ask origins again for clients that it holds. Ten thousand holds that learn of one thing in one
// instant would be ten thousand requests at once; each takes a turn instead, and the turns of a node are spread.
// Few never wait: what was not asked for lately is saved up. Instants are microseconds. Refuses to know who asks.
// Obeys spec/grip.md, section "Load on origins".

/** The node's pace is held in equal shares by its shards. */
export function askingPaceOf(shards: number): AskingPace {
  const everyUs = Math.round((shards * 1_000_000) / ASKED_PER_SECOND_MAX);
  return new AskingPace(everyUs, Math.max(SAVED_US, everyUs * SAVED_TURNS_MIN));
}

export class AskingPace {
  readonly #everyUs: number;
  readonly #savedUs: number;
  /** When the turns that were given so far are over. */
  #takenUntil = Number.NEGATIVE_INFINITY;

  /** One turn each `everyUs`; what was not taken for up to `savedUs` is taken at once. */
  constructor(everyUs: number, savedUs: number) {
    this.#everyUs = everyUs;
    this.#savedUs = savedUs;
  }

  /** Takes the next turn; the milliseconds until it comes, 0 for now. */
  take(now: number): number {
    const at = Math.max(this.#takenUntil, now - this.#savedUs);
    this.#takenUntil = at + this.#everyUs;
    return Math.max(0, Math.ceil((at - now) / 1_000));
  }
}

const ASKED_PER_SECOND_MAX = 1_000;
/** A hundred turns of a node with one shard. */
const SAVED_US = 100_000;
const SAVED_TURNS_MIN = 10;
