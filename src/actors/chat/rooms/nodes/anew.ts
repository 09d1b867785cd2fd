// A keeper of rooms that begins anew, because its shard died and its node did not: nobody else would notice. It waits to
// hear who is in the cluster, asks the other nodes for what they know of its rooms, and obeys nothing there before that.
// Refuses to know links and who is alive. Obeys spec/hp-peer.md, section "Homes of rooms".

import { open, type RoomsState, tellKeeper, type Turn } from '../rooms-state.ts';
import type { RoomAsk, RoomsMessage } from '../room-messages.ts';
import { ANY_ROOM } from './listing.ts';
import { ORPHAN_MS, settle, tellHome } from './moving.ts';
import { copyAgain, knownTo, tellKnown } from './replicas.ts';

/** Nothing is obeyed before it is known where rooms are at home. */
export function waits({ early }: RoomsState, message: RoomsMessage): boolean {
  if (early === undefined || message.type === 'nodesChanged') return false;
  early.push(message);
  return true;
}

/** The nodes are known now. [HP-HOME-10] */
export function begin(state: RoomsState, context: Turn): void {
  const { chat, early, nodes } = state;
  if (early === undefined) return;
  state.early = undefined;
  // Another life of shard 0 is another life of the node, and noticed as such.
  if (chat.life > 0 && chat.shard !== 0) {
    state.newUntil = context.now + ORPHAN_MS * 1_000;
    for (const node of nodes)
      if (node !== chat.seam?.node) tellKeeper(chat, node, ANY_ROOM, { say: 'lost' }, context);
  }
  for (const message of early) context.send(context.self, message);
}

/** A room that is not known yet may be known elsewhere: what is asked of it waits a moment. */
export function settleNew(state: RoomsState, { room: name }: RoomAsk, context: Turn): void {
  if (context.now >= state.newUntil || state.rooms.has(name)) return;
  const room = open(state, name, context);
  if (room !== undefined) settle(state, room, '', undefined, context);
}

/** To the keepers of all shards: those of a shard of the node have lost their rooms and users. */
export function passOnLoss({ chat }: RoomsState, node: string, context: Turn): void {
  for (let shard = 0; shard < chat.shards; shard += 1) {
    context.send(chat.roomsOfShard(shard), { type: 'keeperLost', node });
    context.send(chat.usersOfShard(shard), { type: 'keeperLost', node });
  }
}

/** [HP-HOME-10] Tells it what is known here of its rooms, and gives it what it is to keep. */
export function keeperLost(state: RoomsState, node: string, context: Turn): void {
  for (const [name, guests] of state.guests) {
    if (guests.home === node) {
      guests.former = '';
      tellHome(state, name, guests, context);
    } else if (guests.keptFor === node) {
      tellKnown(state, name, node, knownTo(guests), guests.memory, context);
    }
  }
  for (const [name, copies] of state.copies) {
    const room = state.rooms.get(name);
    if (!copies.kept.delete(node) || room === undefined || state.settling.has(name)) continue;
    copyAgain(state, room, false, context);
  }
}
