// How many clients follow one channel, by mode and by the shard where they are: a shard that dies takes its own along.
// Refuses to know the clients.

import type { HoldMode } from '../../runtime/gateway-edges.ts';

export class Followers {
  readonly #counts = { response: 0, stream: 0, ws: 0 };
  readonly #byShard = new Map<number, Record<HoldMode, number>>();

  get total(): number {
    return this.http + this.#counts.ws;
  }

  get http(): number {
    return this.#counts.response + this.#counts.stream;
  }

  count(mode: HoldMode): number {
    return this.#counts[mode];
  }

  add(mode: HoldMode, shard: number): void {
    let counts = this.#byShard.get(shard);
    if (counts === undefined) {
      counts = { response: 0, stream: 0, ws: 0 };
      this.#byShard.set(shard, counts);
    }
    counts[mode] += 1;
    this.#counts[mode] += 1;
  }

  /** One that is not known, because its shard died meanwhile, is not counted twice. */
  remove(mode: HoldMode, shard: number): void {
    const counts = this.#byShard.get(shard);
    if (counts === undefined || counts[mode] === 0) return;
    counts[mode] -= 1;
    this.#counts[mode] -= 1;
  }

  /** The modes that lost somebody. */
  removeAllOf(shard: number): readonly HoldMode[] {
    const counts = this.#byShard.get(shard);
    if (counts === undefined) return [];
    this.#byShard.delete(shard);
    const lost = MODES.filter((mode) => counts[mode] > 0);
    for (const mode of lost) this.#counts[mode] -= counts[mode];
    return lost;
  }
}

const MODES: readonly HoldMode[] = ['response', 'stream', 'ws'];
