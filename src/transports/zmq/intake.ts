// Hands what came over ZeroMQ to shard 0 in batches, one under way at a time: while the shard has not taken the last
// one, the next gathers here, and when enough has gathered nothing more is received, so that publishers wait.
// Refuses to know sockets and items.

import type { ControlEvent } from '../../actors/runtime/gateway-edges.ts';

export type ReceivedItem = Extract<ControlEvent, { readonly type: 'itemReceived' }>;

/** No more than the control actor's mailbox takes beside its other messages. */
const GATHERED_MAX = 4_096;
const GATHERED_BYTES_MAX = 16 * 1024 * 1024;

export class Intake {
  readonly #take: (items: readonly ReceivedItem[]) => Promise<void>;
  #gathered: ReceivedItem[] = [];
  #gatheredBytes = 0;
  #isUnderway = false;
  #waiting: (() => void)[] = [];

  /** `take` settles when the shard has taken the batch, or has died over it. */
  constructor(take: (items: readonly ReceivedItem[]) => Promise<void>) {
    this.#take = take;
  }

  /** Settles when there is room for the next one. */
  async put(item: ReceivedItem): Promise<void> {
    this.#gathered.push(item);
    for (const frame of item.frames) this.#gatheredBytes += frame.byteLength;
    if (!this.#isUnderway) void this.#send();
    while (this.#isFull()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #isFull(): boolean {
    return this.#gathered.length >= GATHERED_MAX || this.#gatheredBytes >= GATHERED_BYTES_MAX;
  }

  async #send(): Promise<void> {
    this.#isUnderway = true;
    while (this.#gathered.length > 0) {
      const batch = this.#gathered;
      this.#gathered = [];
      this.#gatheredBytes = 0;
      for (const go of this.#waiting.splice(0)) go();
      await this.#take(batch);
    }
    this.#isUnderway = false;
  }
}
