// The ways between the shards of one node: blocks in order, each after its time, as transports/crossings.ts posts
// them. A shard that dies takes what was on its way to it; the others learn of it one by one, and from then on what
// they send waits for the one that takes its place. Refuses to know what the messages mean.

import { ObjectPayload } from './edges/object-payload.ts';
import type { Prng } from '../actors/runtime/prng.ts';
import { Arena } from './edges/arena.ts';

export interface Crossing {
  readonly to: string;
  readonly message: unknown;
}

export class Port {
  readonly place: number;
  readonly fromPlace: number;
  readonly toPlace: number;
  /** Microseconds that a block may take; a fault raises it. */
  delayUsMax: number;
  readonly #chance: Prng;
  readonly #arena = new Arena();
  #gathered: Crossing[] = [];
  readonly #blocks: (readonly Crossing[])[] = [];
  readonly #dueAt: number[] = [];
  #lastAt = 0;
  /** The other end is dead and this end does not know. */
  #isLost = false;
  /** The other end is dead and this end keeps what it sends. */
  #isWaiting = false;

  constructor(place: number, fromPlace: number, toPlace: number, delayUsMax: number, chance: Prng) {
    this.place = place;
    this.fromPlace = fromPlace;
    this.toPlace = toPlace;
    this.delayUsMax = delayUsMax;
    this.#chance = chance;
  }

  /** True for the first message since the last flush. */
  send(to: string, message: unknown): boolean {
    this.#gathered.push({ to, message });
    return this.#gathered.length === 1;
  }

  /** Posts what was gathered; returns when it arrives, undefined when nothing is posted. */
  flush(now: number): number | undefined {
    if (this.#gathered.length === 0 || this.#isWaiting) return undefined;
    const block = this.#gathered;
    this.#gathered = [];
    if (this.#isLost) return undefined;
    this.#lastAt = Math.max(this.#lastAt, now + 5 + this.#chance.below(this.delayUsMax));
    this.#blocks.push(block);
    this.#dueAt.push(this.#lastAt);
    return this.#lastAt;
  }

  /** The block that is due, as the receiving thread gets it: copied, as from another thread's memory. */
  take(now: number): readonly Crossing[] | undefined {
    const [dueAt] = this.#dueAt;
    if (dueAt === undefined || dueAt > now) return undefined;
    this.#dueAt.shift();
    return this.#blocks
      .shift()
      ?.map(({ to, message }) => ({ to, message: copied(message, this.#arena) }));
  }

  /** The receiving shard died: nothing arrives, and nothing that is sent until the sender knows. */
  lose(): void {
    this.drop();
    this.#isLost = true;
  }

  /** The sender knows: what it sends from now on waits. */
  wait(): void {
    this.#isLost = false;
    this.#isWaiting = true;
    this.#gathered = [];
  }

  /** The receiving shard is there again. */
  connect(): void {
    this.#isLost = false;
    this.#isWaiting = false;
  }

  /** The sending shard died, and the port is closed. */
  drop(): void {
    this.#blocks.length = 0;
    this.#dueAt.length = 0;
  }

  /** The sending shard starts anew. */
  renew(): void {
    this.#gathered = [];
    this.drop();
  }
}

function copied<T>(value: T, arena: Arena): T {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return arena.copy(value) as T;
  if (value instanceof ObjectPayload) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => copied(item, arena)) as T;
  // Most fields are plain values, and copying them one by one costs four times as much.
  const copy = { ...value } as Record<string, unknown>;
  for (const key in value) {
    const field: unknown = value[key];
    if (typeof field === 'object' && field !== null) copy[key] = copied(field, arena);
  }
  return copy as T;
}
