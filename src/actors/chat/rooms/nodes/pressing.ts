// Nodes that do not keep pace: what is said in a room must reach all who are in it and all who keep it, so nothing new is
// said there for as long as one of them falls behind. Refuses to know how much waits for whom.
// Obeys spec/hp-peer.md, section "Forwarding".

import type { HpMistake } from '../../../codecs/hp/mistakes.ts';
import { deny, type RoomsState, type Turn } from '../rooms-state.ts';
import type { RoomAsk } from '../room-messages.ts';

/** [HP-RELAY-13] At the room's home: somebody could not follow. */
export function isPressed({ pressed, rooms, copies }: RoomsState, name: string): boolean {
  if (pressed.size === 0) return false;
  const isBehind = (node: string | undefined): boolean => node !== undefined && pressed.has(node);
  const replicas = copies.get(name)?.replicas ?? [];
  return (
    replicas.some(isBehind) || rooms.get(name)?.sessions.some(({ node }) => isBehind(node)) === true
  );
}

/** What is not begun; true when the speaker was told so. `there` is the node that would have to take it. */
export function isHeldOff(state: RoomsState, ask: RoomAsk, there: string, context: Turn): boolean {
  if (!state.pressed.has(there) || ask.type !== 'say') return false;
  context.count('chat.messages.heldOff');
  deny(state, ask, SLOW, context);
  return true;
}

export const SLOW: HpMistake = {
  code: 'UNAVAILABLE',
  message: 'Another server of this room does not keep pace. Try again.',
  retryAfter: 1,
};
