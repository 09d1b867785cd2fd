// Two homes of a room that meet when a split is over: each side has seen the members of the other one leave, and sees them
// come in again. Refuses to know who is a home. Obeys spec/hp-peer.md, section "Homes of rooms".

import { userKey } from '../../codecs/hp/names.ts';
import type { Deeds } from './nodes/peers.ts';
import type { Room } from './room.ts';
import type { RoomsState, Turn } from './rooms-state.ts';

/** Who was on each side, by key. */
export interface Meeting {
  readonly here: Set<string>;
  readonly there: Set<string>;
  /** When those who were here are told of; microseconds. */
  readonly at: number;
}

/**
 * [HP-HOME-11] Not at once: this node may not be linked with all others yet, and those tell later who of them sits here.
 */
export function meet(state: RoomsState, room: Room, here: Set<string>, context: Turn): void {
  const known = state.meetings.get(room.name);
  for (const key of here) known?.here.add(key);
  if (known !== undefined) return;
  if (state.meetings.size === 0) context.after('meetings', GREET_MS);
  state.meetings.set(room.name, { here, there: new Set(), at: context.now + GREET_MS * 1_000 });
}

export function greetLate(state: RoomsState, deeds: Deeds, context: Turn): void {
  for (const [name, { here, there, at }] of [...state.meetings]) {
    if (at > context.now || state.settling.has(name)) continue;
    state.meetings.delete(name);
    const room = state.rooms.get(name);
    if (room !== undefined) greet(room, (key) => here.has(key) && !there.has(key), deeds);
  }
  if (state.meetings.size > 0) context.after('meetings', LOOK_EVERY_MS);
}

export function greet(
  room: Room,
  isGreeted: (user: string) => boolean,
  { met }: Pick<Deeds, 'met'>,
): void {
  for (const member of new Map(room.sessions.map((one) => [userKey(one.user), one])).values())
    if (isGreeted(userKey(member.user))) met(room, member);
}

/** Nodes call each other every half second. */
const GREET_MS = 1_500;
const LOOK_EVERY_MS = 100;
