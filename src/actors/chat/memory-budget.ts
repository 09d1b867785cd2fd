// What the memories of all rooms, or of all users, of a keeper may cost together: the one in which something was said
// longest ago forgets first.
// Refuses to know what is remembered. Obeys spec/hp.md, section "History".

import { Row } from '../runtime/memory/row.ts';

/** A memory that can be asked to forget. */
interface Forgetful {
  /** Forgets the older half of what it has, and gives how many bytes that was; 0 when it has nothing. */
  forgetHalf(): number;
}

/** What a message costs that is kept, about, in bytes: texts take two a unit at most. */
export function costOf({
  body,
  dataText = '',
}: {
  readonly body: string;
  readonly dataText: string | undefined;
}): number {
  return MESSAGE_BYTES + 2 * (body.length + dataText.length);
}

export class MemoryBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Those that remember something, the one that grew longest ago first. */
  readonly #memories = new Row<Forgetful>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** [HP-HIST-4] The memory has so much more. */
  grew(memory: Forgetful, bytes: number): void {
    this.#bytes += bytes;
    this.#memories.delete(memory);
    this.#memories.add(memory);
    while (this.#bytes > this.#bytesMax) {
      const { first } = this.#memories;
      if (first === undefined) return;
      const forgotten = first.forgetHalf();
      if (forgotten === 0) this.#memories.delete(first);
      this.#bytes -= forgotten;
    }
  }

  shrank(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** The memory is no more; it had so much. */
  ended(memory: Forgetful, bytes: number): void {
    this.#bytes -= bytes;
    this.#memories.delete(memory);
  }
}

/** Its other fields, its place and its name. */
const MESSAGE_BYTES = 512;
