// On which node a room is at home, as this node sees the cluster: [HP-HOME-1]. Refuses to know what is said there.
// Obeys spec/hp-peer.md, section "Homes of rooms".

import { homeNodeOf } from '../../rendezvous.ts';
import type { RoomsState } from '../rooms-state.ts';

export function homeOf({ nodes }: RoomsState, room: string): string {
  return homeNodeOf(nodes, room) ?? '';
}

export function isAway(state: RoomsState, room: string): boolean {
  const home = homeOf(state, room);
  return home !== '' && home !== state.chat.seam?.node;
}
