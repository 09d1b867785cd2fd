// What a node tells a room's home of those who sit there: how many they are, and up to where they have heard everything.
// Refuses to know links. Obeys spec/hp-peer.md, [HP-HOME-7].

import { hashText } from '../../../runtime/prng.ts';
import type { Member } from '../room-messages.ts';
import { type Guests, type RoomsState, tellKeeper, type Turn } from '../rooms-state.ts';
import { isAway } from './home-of.ts';

export function tellSeats(
  state: RoomsState,
  room: string,
  { home, members, place }: Guests,
  context: Turn,
): void {
  if (home === '' || !isAway(state, room)) return;
  const digest = digestOf(members.values());
  tellKeeper(
    state.chat,
    home,
    room,
    { say: 'seated', count: members.size, digest, place },
    context,
  );
}

export function digestOf(members: Iterable<Member>): number {
  let digest = 0;
  for (const { session, status } of members) digest ^= hashText(`${session} ${status}`, 0);
  return digest >>> 0;
}
