// Lists of rooms to which several keepers contribute: those of this node's shards, and one of each other node. A node that
// does not answer is not waited for long, and whoever asked is told.
// Refuses to know links. Obeys spec/hp.md, section "Rooms", and spec/hp-peer.md, section "Homes of rooms".

import { firstNames } from '../first-names.ts';
import { byCode } from '../room-memory.ts';
import type { ListRooms, PeerAsker, RoomsListed } from '../room-messages.ts';
import { type RoomsState, tellKeeper, type Turn } from '../rooms-state.ts';
import type { RoomTold } from './room-told.ts';

type List = Extract<RoomTold, { readonly say: 'list' }>;

/** [HP-ROOM-7] Those that are at home on this shard. */
export function listRooms(state: RoomsState, ask: ListRooms, context: Turn): void {
  const { prefix, after = '', limit, ref } = ask;
  const names = firstNames(namesOf(state, prefix), after, limit + 1);
  const found = names.map((name) => [name, state.rooms.get(name)?.count ?? 0] as const);
  const { shard } = state.chat;
  context.send(ask.replyTo, { ...pageOf(found, limit), ref, isPartial: false, shard });
}

/** Of rooms in which somebody is. */
function* namesOf({ rooms }: RoomsState, prefix: string): Iterable<string> {
  for (const { name, count } of rooms.values())
    if (count > 0 && name.startsWith(prefix)) yield name;
}

function pageOf(
  all: readonly (readonly [room: string, count: number])[],
  limit: number,
): Pick<RoomsListed, 'type' | 'rooms' | 'more'> {
  const sorted = all.toSorted(([one], [other]) => byCode(one, other));
  return { type: 'roomsListed', rooms: sorted.slice(0, limit), more: sorted.length > limit };
}

/** [HP-HOME-9] Those of all other nodes. */
export function listElsewhere(state: RoomsState, ask: ListRooms, context: Turn): void {
  const { prefix, after, limit } = ask;
  const others = state.nodes.filter((node) => node !== state.chat.seam?.node);
  const ref = gather(state, ask, undefined, others, context);
  const told = { say: 'list', ref, prefix, after, limit } as const;
  for (const node of others) tellKeeper(state.chat, node, ANY_ROOM, told, context);
  if (others.length === 0) finish(state, ref, context);
}

/** Another node asks for those of this one. */
export function listFor(
  state: RoomsState,
  node: string,
  { ref: theirs, prefix, after, limit }: List,
  context: Turn,
): void {
  const replyTo = context.self;
  const peer = { node, ref: theirs };
  const shards = Array.from({ length: state.chat.shards }, (_, shard) => shard);
  const ask = { type: 'listRooms', prefix, after, limit, replyTo, ref: 0 } as const;
  const ref = gather(state, ask, peer, shards.map(String), context);
  for (const shard of shards) context.send(state.chat.roomsOfShard(shard), { ...ask, ref });
}

function gather(
  state: RoomsState,
  ask: ListRooms,
  peer: PeerAsker | undefined,
  missing: readonly string[],
  context: Turn,
): number {
  if (state.gatherings.size === 0) context.after('gather', LOOK_EVERY_MS);
  state.lastRef += 1;
  const since = context.now;
  state.gatherings.set(state.lastRef, {
    ...{ ask, peer, missing: new Set(missing), rooms: [], hasMore: false, since },
  });
  return state.lastRef;
}

/** From a shard of this node, or from another node. */
export function listed(
  state: RoomsState,
  from: string,
  { ref, rooms, more }: Pick<RoomsListed, 'ref' | 'rooms' | 'more'>,
  context: Turn,
): void {
  const gathering = state.gatherings.get(ref);
  if (gathering?.missing.delete(from) !== true) return;
  gathering.rooms.push(...rooms);
  gathering.hasMore ||= more;
  if (gathering.missing.size === 0) finish(state, ref, context);
}

function finish(state: RoomsState, ref: number, context: Turn): void {
  const gathering = state.gatherings.get(ref);
  state.gatherings.delete(ref);
  if (gathering === undefined) return;
  const { ask, peer, rooms: all, hasMore, missing } = gathering;
  const { rooms, more: isLonger } = pageOf(all, ask.limit);
  const more = isLonger || hasMore;
  if (peer !== undefined) {
    const { node, ref: theirs } = peer;
    tellKeeper(state.chat, node, ANY_ROOM, { say: 'listed', ref: theirs, rooms, more }, context);
    return;
  }
  const isPartial = missing.size > 0 || state.down > 0;
  const told = { type: 'roomsListed', rooms, more, isPartial, shard: undefined } as const;
  context.send(ask.replyTo, { ...told, ref: ask.ref });
}

export function giveUpGathering(state: RoomsState, context: Turn): void {
  for (const [ref, { since }] of state.gatherings) {
    if (context.now - since < GATHER_MAX_MS * 1_000) break;
    finish(state, ref, context);
  }
  if (state.gatherings.size > 0) context.after('gather', LOOK_EVERY_MS);
}

/** What is said about all rooms is said to the keeper of this one, who therefore asks. */
export const ANY_ROOM = 'all';
const GATHER_MAX_MS = 2_000;
const LOOK_EVERY_MS = 250;
