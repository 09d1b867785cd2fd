// What a client has of its own and keeps over all its connections: its way to the node and its masks.
// Each draws from a stream of its own, so that nothing that one client does moves another's chances.

import { Prng } from '../../actors/runtime/prng.ts';
import { type Link, newLink } from '../edges/link.ts';
import type { ClientPlan } from './client-plan.ts';

export function linkOf({ client, link }: Pick<ClientPlan, 'client' | 'link'>, seed: number): Link {
  return newLink(link, new Prng(seed, `link ${client}`));
}

/** Masks of WebSocket frames; the object lane needs none, and draws none. */
export class Masks {
  readonly #chance: Prng;

  constructor(client: number, seed: number) {
    this.#chance = new Prng(seed, `mask ${client}`);
  }

  next(): Uint8Array {
    const word = this.#chance.next();
    const mask = new Uint8Array(4);
    for (let i = 0; i < 4; i += 1) mask[i] = word >>> (8 * i);
    return mask;
  }
}

/** For how much longer than others it stays away now. */
export function sleepOf({ plan, world }: Sleeper): number {
  return world.isSettling ? Math.min(plan.awayUs, SLEEP_AT_LAST_US) : plan.awayUs;
}

interface Sleeper {
  readonly plan: ClientPlan;
  readonly world: { readonly isSettling: boolean };
}

/** A sleeper goes for the last time when all is well. Few do: who comes again has everybody counted anew. */
export function goesOnceMore({ behaviour, leavesEveryUs, awayUs }: ClientPlan): boolean {
  return behaviour === 'steady' && leavesEveryUs > 0 && awayUs > 0;
}

/** After all has healed, when most is quiet. */
export const GOES_ONCE_MORE_US = 5_000_000;
/** Whoever sleeps longer is not there when all is over. */
const SLEEP_AT_LAST_US = 2_000_000;
