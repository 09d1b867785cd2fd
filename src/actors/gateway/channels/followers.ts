// Who follows one channel, by mode and by the shard where they are: a shard that dies takes its own along. Each is known
// by its number, so that nobody counts twice who says it twice, and whoever is not known is not taken off.
// Refuses to know the clients.

import type { ConnectionId } from '../../runtime/edges.ts';
import type { HoldMode } from '../../runtime/gateway-edges.ts';

type OfShard = Record<HoldMode, Set<ConnectionId> | undefined>;

export class Followers {
  readonly #counts = { response: 0, stream: 0, ws: 0 };
  readonly #byShard = new Map<number, OfShard>();

  get total(): number {
    return this.http + this.#counts.ws;
  }

  get http(): number {
    return this.#counts.response + this.#counts.stream;
  }

  count(mode: HoldMode): number {
    return this.#counts[mode];
  }

  /** False for one that is here already. */
  add(mode: HoldMode, shard: number, connection: ConnectionId): boolean {
    let ofShard = this.#byShard.get(shard);
    if (ofShard === undefined) {
      ofShard = { response: undefined, stream: undefined, ws: undefined };
      this.#byShard.set(shard, ofShard);
    }
    const those = (ofShard[mode] ??= new Set());
    if (those.has(connection)) return false;
    those.add(connection);
    this.#counts[mode] += 1;
    return true;
  }

  /** False for one that is not here. */
  remove(mode: HoldMode, shard: number, connection: ConnectionId): boolean {
    if (this.#byShard.get(shard)?.[mode]?.delete(connection) !== true) return false;
    this.#counts[mode] -= 1;
    return true;
  }

  /** The modes that lost somebody. */
  removeAllOf(shard: number): readonly HoldMode[] {
    const ofShard = this.#byShard.get(shard);
    if (ofShard === undefined) return [];
    this.#byShard.delete(shard);
    const lost = MODES.filter((mode) => (ofShard[mode]?.size ?? 0) > 0);
    for (const mode of lost) this.#counts[mode] -= ofShard[mode]?.size ?? 0;
    return lost;
  }
}

const MODES: readonly HoldMode[] = ['response', 'stream', 'ws'];
