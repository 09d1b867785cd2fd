// Who published what: gives publishers their sequences, and finds the trace's event for a publication that arrives.
// Refuses to know connections.

export interface Published {
  readonly topic: string;
  readonly id: string | undefined;
  readonly data: string;
  /** Place of its first sending in the trace. */
  readonly sent: number;
}

export class Ledger {
  readonly #published: Published[][] = [];

  /** The sequence that a publisher's next publication has; the first is 0. */
  next(publisher: number): number {
    return this.#of(publisher).length;
  }

  note(publisher: number, published: Published): void {
    this.#of(publisher).push(published);
  }

  /** The place in the trace where it was sent; -1 when nobody did. */
  sentAt(publisher: number, sequence: number): number {
    return this.#published[publisher]?.[sequence]?.sent ?? -1;
  }

  get(publisher: number, sequence: number): Published | undefined {
    return this.#published[publisher]?.[sequence];
  }

  #of(publisher: number): Published[] {
    let list = this.#published[publisher];
    if (list === undefined) {
      list = [];
      this.#published[publisher] = list;
    }
    return list;
  }
}
