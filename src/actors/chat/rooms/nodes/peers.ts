// What keepers of rooms on other nodes say, given to the part that it is for.
// Refuses to know links. Obeys spec/hp-peer.md, section "Homes of rooms".

import { isRoomName } from '../../../codecs/hp/names.ts';
import type { Room } from '../room.ts';
import type { Member, RoomAsk } from '../room-messages.ts';
import { type Ask, open, type RoomsState, tellKeeper, type Turn } from '../rooms-state.ts';
import { passOnLoss } from './anew.ts';
import { answered, guestsOf, missed } from './away.ts';
import { isAway } from './home-of.ts';
import { listed, listFor } from './listing.ts';
import { adopt, catchUp, isElsewhere, type Obey, spread } from './moving.ts';
import { behind, confirmed, keep, keepSeat } from './replicas.ts';
import { readRoomTold, type RoomTold } from './room-told.ts';
import { seated, sitting, whoSits } from './seating.ts';

export interface Deeds {
  readonly obey: Obey;
  /** A member that its node says is there. */
  readonly arrived: (room: Room, member: Member) => void;
  /** A member whom some of those in the room take for gone. */
  readonly met: (room: Room, member: Member) => void;
  /** A member that is not there any more. */
  readonly lost: (room: Room, member: Member) => void;
}

export function peerSaid(
  state: RoomsState,
  { node, key: name, body }: Ask<'peerSaid'>,
  deeds: Deeds,
  context: Turn,
): void {
  const told = isRoomName(name) ? readRoomTold(body, name, node) : undefined;
  switch (told?.say) {
    case undefined:
      context.count('chat.peers.wrong');
      return;
    case 'ask':
      if (isAway(state, name))
        tellKeeper(state.chat, node, name, { say: 'moved', ref: told.ref }, context);
      else deeds.obey(state, asPeer(told, node, context), context);
      return;
    case 'answer':
      answered(state, name, told.ref, told.reply, context);
      return;
    case 'moved':
      isElsewhere(state, name, told.ref, context);
      return;
    case 'lost':
      passOnLoss(state, node, context);
      return;
    case 'seated':
      seated(state, name, node, told, context);
      return;
    case 'whoSits':
      whoSits(state, name, node, context);
      return;
    case 'sitting': {
      const room = isAway(state, name)
        ? undefined
        : (state.rooms.get(name) ?? open(state, name, context));
      if (room === undefined) return;
      sitting(room, node, told, deeds);
      catchUp(state, room, node, told.place, context);
      return;
    }
    case 'adopt':
      adopt(state, name, node, told, deeds, context);
      return;
    case 'missed':
      missed(state, name, node, told.entries, told.more, context);
      return;
    case 'keep':
      if (isAway(state, name) && hasPlace(state, name))
        keep(state, guestsOf(state, name), name, node, told, context);
      else {
        const room = state.rooms.get(name);
        const news = room?.adopt(told.entries, context.now) ?? [];
        if (room !== undefined) spread(state, room, [node], news, context);
      }
      return;
    case 'seat':
      if (isAway(state, name) && hasPlace(state, name)) keepSeat(state, name, node, told, context);
      return;
    case 'kept':
      confirmed(state, name, node, told, context);
      return;
    case 'behind':
      behind(state, name, node, context);
      return;
    case 'list':
      listFor(state, node, told, context);
      return;
    case 'listed':
      listed(state, node, told, context);
      return;
    default:
      told satisfies never;
  }
}

function hasPlace({ guests, chat }: RoomsState, name: string): boolean {
  return guests.has(name) || guests.size < Math.ceil(chat.options.roomsMax / chat.shards);
}

function asPeer(
  { ask, ref }: Extract<RoomTold, { readonly say: 'ask' }>,
  node: string,
  context: Turn,
): RoomAsk {
  const peer = { node, ref };
  const replyTo = context.self as never;
  if (ask.type !== 'join') return { ...ask, replyTo, ref, peer } as RoomAsk;
  return { ...ask, member: { ...ask.member, node }, replyTo, ref, peer };
}
