// Which publications are so old that their ids may be forgotten: what comes again under such an id is new.
// Before it is told how long ids are known, they are known for ever.

import type { EventOf } from '../../trace.ts';

export class Ages {
  /** By publication, when it was first sent. */
  readonly #sentAt: number[] = [];
  #ageMaxUs = Number.POSITIVE_INFINITY;

  began({ home }: EventOf<'began'>): void {
    this.#ageMaxUs = home.historyAgeMaxMs * 1_000;
  }

  sent({ publication, at }: EventOf<'publishSent'>): void {
    this.#sentAt[publication] ??= at;
  }

  isOver({ publication, at }: EventOf<'published' | 'message'>): boolean {
    return at - (this.#sentAt[publication] ?? at) > this.#ageMaxUs;
  }
}
