// The last messages of one room, in their order, wherever they came from and however often: at the room's home, and at
// every other node that keeps a copy of it. Refuses to know who says them. Obeys spec/hp.md, section "History".

import type { Place, RoomEntry } from './room-messages.ts';

export function isAfter(one: Place, other: Place): boolean {
  return one.epoch === other.epoch ? one.seq > other.seq : one.epoch > other.epoch;
}

export class RoomMemory {
  readonly #max: number;
  #entries: RoomEntry[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** What is remembered, oldest first. */
  get all(): readonly RoomEntry[] {
    return this.#entries.slice(-this.#max);
  }

  /** [HP-HOME-4] Puts it where it belongs; false when it is there already. */
  add(entry: RoomEntry): boolean {
    let at = this.#entries.length;
    while (at > 0) {
      const order = byPlace(this.#entries[at - 1], entry);
      if (order === 0) return false;
      if (order < 0) break;
      at -= 1;
    }
    if (at === this.#entries.length) this.#entries.push(entry);
    else this.#entries.splice(at, 0, entry);
    // Cut now and then, not each time.
    if (this.#entries.length >= this.#max * 2) this.#entries = this.#entries.slice(-this.#max);
    return true;
  }

  latest(most: number): readonly RoomEntry[] {
    return most === 0 ? [] : this.all.slice(-most);
  }

  after(place: Place): readonly RoomEntry[] {
    return this.all.filter((entry) => isAfter(entry, place));
  }
}

function byPlace(one: RoomEntry | undefined, other: RoomEntry): number {
  if (one === undefined) return -1;
  if (one.epoch !== other.epoch) return one.epoch - other.epoch;
  if (one.seq !== other.seq) return one.seq - other.seq;
  // Two sides of a split may give one place each: what is said there is another message all the same.
  const name = ({ node = '', from, id }: RoomEntry): string => `${node} ${from} ${id}`;
  return byCode(name(one), name(other));
}

export function byCode(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
