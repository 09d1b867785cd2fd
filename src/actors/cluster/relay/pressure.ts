// Who takes what is said to him more slowly than it is said: keepers are told before anything is lost, and again when most
// of it has gone; and those that begin anew, who is gone. Refuses to know what waits. Obeys spec/hp-peer.md, section "Forwarding".

import type { PeerNotice } from '../../routing/relay/relay-seam.ts';
import { type Address, type Context, shardOf } from '../../runtime/actor.ts';
import type { Log } from '../../runtime/edges.ts';
import type { Outgoing } from './outgoing.ts';

export interface Pressed {
  readonly outgoing: Outgoing;
  isPressed: boolean;
}

export interface Told {
  readonly keepers: readonly Address<PeerNotice>[];
  readonly log: Address<Log>;
}

/** [HP-RELAY-13] To be called whenever something was added, or has gone. */
export function lookAtPressure<M>(
  node: string,
  peer: Pressed,
  { keepers, log }: Told,
  context: Context<M>,
): void {
  const { load } = peer.outgoing;
  const isPressed = peer.isPressed ? load > EASED : load >= 1;
  if (isPressed === peer.isPressed) return;
  peer.isPressed = isPressed;
  context.count('cluster.pressed', isPressed ? 1 : -1);
  const event = isPressed ? 'cluster.pressed' : 'cluster.eased';
  const waiting = peer.outgoing.waiting;
  context.send(log, { type: 'log', level: 'warn', event, fields: { node, waiting } });
  for (const keeper of keepers) context.send(keeper, { type: 'nodePressed', node, isPressed });
}

/** What keepers have been told of nodes, those of a shard that begins anew do not know. */
export function tellAgain<M>(
  peers: ReadonlyMap<string, Pick<Pressed, 'isPressed'> & { readonly isGone: boolean }>,
  keepers: Told['keepers'],
  shard: number,
  context: Context<M>,
): void {
  const those = keepers.filter((keeper) => shardOf(keeper) === shard);
  for (const [node, { isGone, isPressed }] of peers)
    for (const keeper of those) {
      if (isGone) context.send(keeper, { type: 'nodeDown', node });
      if (isPressed) context.send(keeper, { type: 'nodePressed', node, isPressed });
    }
}

/** Not at the first that went: it would be told of again and again. */
const EASED = 0.5;
