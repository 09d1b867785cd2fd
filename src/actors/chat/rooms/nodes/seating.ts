// Who sits in a room is known at its home; whoever sits there from another node is known there, too. Every few seconds the
// two are compared, and what differs is told anew: no member is forgotten for long, and none is a ghost for long.
// Refuses to know links. Obeys spec/hp-peer.md, section "Homes of rooms".

import { isAway } from './home-of.ts';
import { catchUp } from './moving.ts';
import type { Deeds } from './peers.ts';
import type { Room } from '../room.ts';
import type { Member } from '../room-messages.ts';
import type { RoomTold } from './room-told.ts';
import { digestOf, tellSeats } from './seats-told.ts';
import { type RoomsState, tellKeeper, type Turn } from '../rooms-state.ts';

type Told<T extends RoomTold['say']> = Extract<RoomTold, { readonly say: T }>;

/** [HP-HOME-7] Tells each home how many of this node sit in its rooms, and looks for nodes that tell nothing any more. */
export function compareSeats(state: RoomsState, { lost }: Deeds, context: Turn): void {
  if (state.chat.seam === undefined) return;
  for (const [room, guests] of state.guests)
    if (guests.members.size > 0) tellSeats(state, room, guests, context);
  const since = context.now - SILENT_MAX_MS * 1_000;
  for (const room of state.rooms.values()) {
    for (const member of room.sessions) {
      if (member.node === undefined) continue;
      const key = keyOf(room.name, member.node);
      const toldAt = state.seatedAt.get(key);
      if (toldAt === undefined) state.seatedAt.set(key, context.now);
      else if (toldAt <= since) lost(room, member);
    }
  }
  for (const [key, at] of state.seatedAt) if (at <= since) state.seatedAt.delete(key);
  context.after('seats', SEATS_EVERY_MS);
}

/** At the home: a node that says of anybody that he sits there is not silent. */
export function spokeFor(
  state: RoomsState,
  room: string,
  node: string | undefined,
  { now }: Turn,
): void {
  if (node !== undefined) state.seatedAt.set(keyOf(room, node), now);
}

/** At the home: asks for everybody when what it knows differs. */
export function seated(
  state: RoomsState,
  name: string,
  node: string,
  { count, digest, place }: Told<'seated'>,
  context: Turn,
): void {
  if (isAway(state, name)) return;
  spokeFor(state, name, node, context);
  const room = state.rooms.get(name);
  if (room !== undefined && place !== undefined) catchUp(state, room, node, place, context);
  const known = membersOf(room, node);
  if (known.length === count && digestOf(known) === digest) return;
  context.count('chat.seats.differ');
  tellKeeper(state.chat, node, name, { say: 'whoSits' }, context);
}

export function whoSits(state: RoomsState, name: string, node: string, context: Turn): void {
  const { place, members } = state.guests.get(name) ?? { place: NOWHERE, members: new Map() };
  const here = [...members.values()] as Member[];
  tellKeeper(state.chat, node, name, { say: 'sitting', place, members: here }, context);
}

/** At the home: these sit in the room, and nobody else of that node does. */
export function sitting(
  room: Room,
  node: string,
  { place, members }: Told<'sitting'>,
  { arrived, lost }: Deeds,
): void {
  room.raise(place);
  const told = new Set(members.map(({ session }) => session));
  for (const member of membersOf(room, node)) if (!told.has(member.session)) lost(room, member);
  for (const member of members) arrived(room, { ...member, node });
}

function membersOf(room: Room | undefined, node: string): readonly Member[] {
  return room?.sessions.filter((member) => member.node === node) ?? [];
}

function keyOf(room: string, node: string): string {
  return `${room} ${node}`;
}

const NOWHERE = { epoch: 0, seq: 0 };
export const SEATS_EVERY_MS = 5_000;
const SILENT_MAX_MS = 16_000;
