// Who published what: gives publishers their sequences, numbers all publications of the run, and finds the one that
// arrives. Refuses to know connections.

import type { Payload } from '../../actors/runtime/edges.ts';

export interface Published {
  /** Numbered from 0 in the run. */
  readonly publication: number;
  readonly sequence: number;
  readonly topic: string;
  readonly id: string | undefined;
  readonly data: Payload;
  readonly bytesName: number;
  readonly streamName: number;
  /** Place of its first sending in the trace. */
  readonly sent: number;
}

export class Ledger {
  readonly #published: Published[][] = [];
  #count = 0;

  /** How many publications there are: the number of the next one. */
  get count(): number {
    return this.#count;
  }

  /** The sequence that a publisher's next publication has; the first is 0. */
  next(publisher: number): number {
    return this.#of(publisher).length;
  }

  note(publisher: number, published: Published): void {
    this.#of(publisher).push(published);
    this.#count += 1;
  }

  get(publisher: number, sequence: number): Published | undefined {
    return this.#published[publisher]?.[sequence];
  }

  #of(publisher: number): Published[] {
    return (this.#published[publisher] ??= []);
  }
}
