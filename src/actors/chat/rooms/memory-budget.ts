// What the memories of all rooms of a keeper may cost together: the room that was spoken in longest ago forgets first.
// Refuses to know what is remembered. Obeys spec/hp.md, section "History".

/** A memory that can be asked to forget. */
interface Forgetful {
  /** Forgets the older half of what it has, and gives how many bytes that was; 0 when it has nothing. */
  forgetHalf(): number;
}

export class MemoryBudget {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Those that remember something, the one that was spoken in longest ago first. */
  readonly #memories = new Set<Forgetful>();

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
    for (const oldest of this.#memories) {
      while (this.#bytes > this.#bytesMax) {
        const forgotten = oldest.forgetHalf();
        if (forgotten === 0) break;
        this.#bytes -= forgotten;
      }
      if (this.#bytes <= this.#bytesMax) return;
      this.#memories.delete(oldest);
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
