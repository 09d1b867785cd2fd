// What a client has of its own and keeps over all its connections: its way to the node and its masks.
// Each draws from a stream of its own, so that nothing that one client does moves another's chances.

import { Prng } from '../../actors/runtime/prng.ts';
import type { Link } from '../edges/network.ts';
import type { ClientPlan } from './client-plan.ts';

export function linkOf({ client, link }: ClientPlan, seed: number): Link {
  return {
    plan: link,
    chance: new Prng(seed, `link ${client}`),
    isStalledUp: false,
    isStalledDown: false,
    extraLatencyUs: 0,
    windowBytes: link.windowBytes,
    bytesPerSecond: 0,
  };
}

/** Masks of WebSocket frames; the object lane needs none, and draws none. */
export class Masks {
  readonly #chance: Prng;

  constructor(client: number, seed: number) {
    this.#chance = new Prng(seed, `mask ${client}`);
  }

  next(): Uint8Array {
    const word = this.#chance.next();
    return new Uint8Array([word, word >>> 8, word >>> 16, word >>> 24]);
  }
}
