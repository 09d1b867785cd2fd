// Which channels are followed on the node, in which modes and by how many, as the keepers of channels tell it: for
// the subscriptions of the ZeroMQ SUB socket, and for the `sub` statistics, which are said again before they expire.
// Refuses to know sockets and who follows. Obeys spec/grip.md, sections "Publishing" and "Statistics".

import type { HoldMode, OperatorNotice } from '../../actors/runtime/gateway-edges.ts';
import { Wheel } from './wheel.ts';

export type FollowedNotice = Extract<OperatorNotice, { readonly type: 'channelFollowed' }>;

export interface FollowedEvents {
  /** Nobody followed the channel before, in any mode. */
  followed(channel: string): void;
  left(channel: string): void;
  /** The figure of a mode is new, or due again; 0 when nobody follows any more. */
  told(mode: HoldMode, channel: string, subscribers: number): void;
}

interface Following {
  readonly mode: HoldMode;
  readonly channel: string;
  readonly shard: number;
  readonly slot: number;
  subscribers: number;
  /** Its keeper died: whoever follows says so to the new one by then. */
  staleUntil: number | undefined;
}

/** Holds find their new keeper well within. */
const STALE_MS = 5_000;

export class FollowedChannels {
  readonly #events: FollowedEvents;
  readonly #byChannel = new Map<string, Map<HoldMode, Following>>();
  readonly #wheel: Wheel<Following>;
  readonly #stale = new Set<Following>();

  /** Figures are said again each `refreshSeconds`. */
  constructor(refreshSeconds: number, events: FollowedEvents) {
    this.#events = events;
    this.#wheel = new Wheel(refreshSeconds);
  }

  get channels(): number {
    return this.#byChannel.size;
  }

  noticed(shard: number, { mode, channel, subscribers }: FollowedNotice): void {
    const known = this.#byChannel.get(channel)?.get(mode);
    if (subscribers === 0) {
      if (known !== undefined) this.#leave(known);
      return;
    }
    if (known === undefined) this.#begin(shard, mode, channel, subscribers);
    else {
      this.#stale.delete(known);
      known.staleUntil = undefined;
      known.subscribers = subscribers;
    }
    this.#events.told(mode, channel, subscribers);
  }

  shardDied(shard: number, nowMs: number): void {
    for (const modes of this.#byChannel.values()) {
      for (const following of modes.values()) {
        if (following.shard !== shard) continue;
        following.staleUntil = nowMs + STALE_MS;
        this.#stale.add(following);
      }
    }
  }

  /** To be called each second. */
  tick(nowMs: number): void {
    for (const following of [...this.#stale]) {
      if ((following.staleUntil ?? 0) <= nowMs) this.#leave(following);
    }
    for (const { mode, channel, subscribers } of this.#wheel.turn()) {
      this.#events.told(mode, channel, subscribers);
    }
  }

  #begin(shard: number, mode: HoldMode, channel: string, subscribers: number): void {
    let modes = this.#byChannel.get(channel);
    if (modes === undefined) {
      modes = new Map();
      this.#byChannel.set(channel, modes);
      this.#events.followed(channel);
    }
    const draft = { mode, channel, shard, slot: 0, subscribers, staleUntil: undefined };
    const following: Following = draft;
    draft.slot = this.#wheel.add(following);
    modes.set(mode, following);
  }

  #leave(following: Following): void {
    const { mode, channel, slot } = following;
    this.#wheel.remove(following, slot);
    this.#stale.delete(following);
    const modes = this.#byChannel.get(channel);
    modes?.delete(mode);
    this.#events.told(mode, channel, 0);
    if (modes?.size !== 0) return;
    this.#byChannel.delete(channel);
    this.#events.left(channel);
  }
}
