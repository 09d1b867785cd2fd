// Readers that are behind but take bytes at a good pace slow their publishers down for a moment, instead of being
// closed: a burst must not cost a healthy reader its connection. A reader that takes too little paces nobody, so a
// stalled one delays no one for longer than it takes to see that it is stalled.
// Refuses to know how publishers are held; the topic's home does that. Obeys ADR 0015, spec/broker.md "Pacing".

import type { Topic } from './topic.ts';

/** What pacing asks of a reader. */
export interface PacedReader {
  readonly outbox: { readonly queuedBytes: number; readonly queueBytesMax: number };
}

/** A reader that takes less than this between two looks is slow. Receipts come per 128 KiB. */
const GOOD_PACE_BYTES = 128 * 1_024;
/** Between two looks at the readers that pace. */
export const PACE_LOOK_EVERY_MS = 200;

interface Pace {
  readonly topic: Topic;
  tookBytes: number;
  /** Since when that is counted; microseconds. */
  since: number;
}

export class Pacing<R extends PacedReader> {
  readonly #paces = new Map<R, Pace>();
  readonly #readers = new Map<Topic, number>();
  /** Had their chance; they get another when they have caught up. */
  readonly #slow = new Set<R>();
  readonly #tell: (topic: Topic, isLagging: boolean) => void;

  /** `tell` hears when the first reader of a topic falls behind, and when none is behind any more. */
  constructor(tell: (topic: Topic, isLagging: boolean) => void) {
    this.#tell = tell;
  }

  get isIdle(): boolean {
    return this.#paces.size === 0;
  }

  /** A publication of the topic had to wait for the reader. */
  waited(reader: R, topic: Topic, now: number): void {
    const { queuedBytes, queueBytesMax } = reader.outbox;
    if (queuedBytes * 4 <= queueBytesMax || this.#paces.has(reader) || this.#slow.has(reader))
      return;
    this.#paces.set(reader, { topic, tookBytes: 0, since: now });
    const readers = this.#readers.get(topic) ?? 0;
    this.#readers.set(topic, readers + 1);
    if (readers === 0) this.#tell(topic, true);
  }

  /** The network took bytes for the reader. */
  took(reader: R, bytes: number): void {
    const { queuedBytes, queueBytesMax } = reader.outbox;
    if (queuedBytes === 0) this.#slow.delete(reader);
    const pace = this.#paces.get(reader);
    if (pace === undefined) return;
    pace.tookBytes += bytes;
    if (queuedBytes * 16 <= queueBytesMax) this.#release(reader, pace);
  }

  /** Looks who still keeps up a good pace. [BROKER-PACE-2] Who has just fallen behind has his time first. */
  look(now: number): void {
    for (const [reader, pace] of this.#paces) {
      if (now - pace.since < PACE_LOOK_EVERY_MS * 1_000) continue;
      if (pace.tookBytes >= GOOD_PACE_BYTES) Object.assign(pace, { tookBytes: 0, since: now });
      else {
        this.#slow.add(reader);
        this.#release(reader, pace);
      }
    }
  }

  forget(reader: R): void {
    this.#slow.delete(reader);
    const pace = this.#paces.get(reader);
    if (pace !== undefined) this.#release(reader, pace);
  }

  #release(reader: R, { topic }: Pace): void {
    this.#paces.delete(reader);
    const readers = (this.#readers.get(topic) ?? 1) - 1;
    if (readers > 0) this.#readers.set(topic, readers);
    else {
      this.#readers.delete(topic);
      this.#tell(topic, false);
    }
  }
}
