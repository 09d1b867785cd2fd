// How long a client waits for a word of its server, and what it writes down when none has come. Refuses to judge whether one
// was due.

import type { Connection } from '../../edges/network.ts';
import type { Client } from '../client.ts';

/** How long it bears silence; most bear it for as long as a token may take to be judged. */
export function patienceOf({ isOpen, plan }: Pick<Client, 'isOpen' | 'plan'>): number {
  const { token, client } = plan;
  const isWaiting = !isOpen && token?.judgedAfterMs !== undefined && client % 4 !== 0;
  return isWaiting ? VERDICT_US + IDLE_US : IDLE_US;
}

/** Whoever asks is told something: that it is let in, what came of what it said, or why not. */
export function tellUnheard(asker: Client, { met }: Connection): void {
  if (asker.isOpen) return;
  const { node, client, connection } = asker.at();
  const { askedAt } = met;
  asker.world.trace.add({ kind: 'unheard', node, client, connection, askedAt });
}

const IDLE_US = 5_000_000;
/** [BROKER-AUTH-5] */
const VERDICT_US = 10_000_000;
