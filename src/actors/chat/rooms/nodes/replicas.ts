// Copies of a room on other nodes. Its home gives every message to them as well, and whoever spoke is told `stored` when
// more than half of the nodes have it: the first of them is the next home, should this one die.
// Refuses to know links and who is alive. Obeys spec/hp-peer.md, section "Copies".

import { userKey } from '../../../codecs/hp/names.ts';
import { successorsOf } from '../../rendezvous.ts';
import type { Room } from '../room.ts';
import { isAfter, RoomMemory } from '../room-memory.ts';
import type { Place, RoomEntry } from '../room-messages.ts';
import {
  answer,
  type Ask,
  type Copies,
  type Guests,
  type RoomsState,
  type Storing,
  tellKeeper,
  type Turn,
} from '../rooms-state.ts';
import type { RoomTold } from './room-told.ts';

/** [HP-STORE-1] With its home these are more than half of the nodes. */
function replicasOf({ chat, nodes, size }: RoomsState, room: string): readonly string[] {
  const self = chat.seam?.node;
  const count = neededOf(size);
  return self === undefined || count === 0 ? [] : successorsOf(nodes, room, self).slice(0, count);
}

function neededOf(size: number): number {
  return Math.floor(size / 2);
}

/** Gives a new message to the copies. */
export function copy(state: RoomsState, room: Room, entry: RoomEntry, context: Turn): void {
  if (neededOf(state.size) === 0) return;
  const copies = state.copies.get(room.name) ?? begin(state, room.name);
  const { epoch, seq } = entry;
  const [from, place] = [
    { epoch, seq: seq - 1 },
    { epoch, seq },
  ];
  for (const node of copies.replicas) {
    if (copies.kept.has(node)) {
      const told = { say: 'keep', from, place, last: place, entries: [entry] } as const;
      tellKeeper(state.chat, node, room.name, told, context);
    } else copyAll(state, room, copies, node, context);
  }
}

/** [HP-STORE-7] Who is in the room, for a home that has to say who is not any more. */
export function copySeat(
  state: RoomsState,
  room: Room,
  user: string,
  isIn: boolean,
  context: Turn,
): void {
  room.unseen.delete(userKey(user));
  if (neededOf(state.size) === 0) return;
  const copies = state.copies.get(room.name) ?? begin(state, room.name);
  for (const node of copies.replicas) {
    if (copies.kept.has(node))
      tellKeeper(state.chat, node, room.name, { say: 'seat', user, isIn }, context);
    else copyAll(state, room, copies, node, context);
  }
}

function begin(state: RoomsState, name: string): Copies {
  const copies: Copies = { replicas: replicasOf(state, name), kept: new Map(), waiting: [] };
  state.copies.set(name, copies);
  return copies;
}

/** [HP-STORE-3] Everything, in pieces, to a node that has nothing or has missed something. */
function copyAll(
  state: RoomsState,
  { name, epoch, seq, memory, userNames }: Room,
  { kept }: Copies,
  node: string,
  context: Turn,
): void {
  kept.set(node, undefined);
  const last = { epoch, seq };
  let from = NOWHERE;
  const told = (entries: readonly RoomEntry[], more: boolean): RoomTold => {
    const place = more ? placeOf(entries.at(-1) ?? last) : last;
    const users = from === NOWHERE ? { users: userNames } : {};
    const piece = { say: 'keep', from, place, last, entries, ...users } as const;
    from = place;
    return piece;
  };
  tellInPieces(state, name, node, memory.all, told, context);
}

function placeOf({ epoch, seq }: Place): Place {
  return { epoch, seq };
}

/** To a node, in lines of a bearable length; one at least. */
export function tellInPieces(
  { chat }: RoomsState,
  name: string,
  node: string,
  all: readonly RoomEntry[],
  told: (entries: readonly RoomEntry[], more: boolean) => RoomTold,
  context: Turn,
): void {
  const lengthMax = PIECE_LENGTH_MAX; // buggify short-pieces: 600
  const pieces = piecesOf(all, lengthMax);
  for (const [at, entries] of pieces.entries())
    tellKeeper(chat, node, name, told(entries, at < pieces.length - 1), context);
}

function piecesOf(
  entries: readonly RoomEntry[],
  lengthMax: number,
): readonly (readonly RoomEntry[])[] {
  const pieces: RoomEntry[][] = [[]];
  let length = 0;
  for (const entry of entries) {
    const { body, dataText = '' } = entry;
    const own = body.length + dataText.length + 200;
    if (length > 0 && length + own > lengthMax) {
      pieces.push([]);
      length = 0;
    }
    length += own;
    pieces.at(-1)?.push(entry);
  }
  return pieces;
}

/** Answers whoever spoke: at once, or when enough nodes have the message. [HP-ACK-1] */
export function answerSaid(
  state: RoomsState,
  name: string,
  ask: Ask<'say'>,
  place: Place,
  isDuplicate: boolean,
  context: Turn,
): void {
  const copies = state.copies.get(name);
  const needed = neededOf(state.size);
  const storing = { ask, place, isDuplicate, since: context.now };
  if (copies === undefined || needed === 0 || copies.replicas.length < needed) {
    tellSaid(state, storing, false, context);
  } else if (isStored(copies, place, needed)) tellSaid(state, storing, true, context);
  else {
    if (copies.waiting.length === 0) context.after('storing', LOOK_EVERY_MS);
    copies.waiting.push(storing);
  }
}

function tellSaid(
  state: RoomsState,
  { ask, place, isDuplicate }: Storing,
  stored: boolean,
  context: Turn,
): void {
  if (stored) context.count('chat.messages.stored');
  const { ref } = ask;
  answer(state, ask, { type: 'said', ref, ...place, isDuplicate, isStored: stored }, context);
}

function isStored({ replicas, kept }: Copies, place: Place, needed: number): boolean {
  const having = replicas.filter((node) => {
    const to = kept.get(node);
    return to !== undefined && !isAfter(place, to);
  });
  return having.length >= needed;
}

/** [HP-STORE-2] A node says up to where it has the room. */
export function confirmed(
  state: RoomsState,
  name: string,
  node: string,
  { place }: Extract<RoomTold, { readonly say: 'kept' }>,
  context: Turn,
): void {
  const copies = state.copies.get(name);
  if (copies?.kept.has(node) !== true) return;
  copies.kept.set(node, place);
  answerStored(state, copies, context);
}

function answerStored(state: RoomsState, copies: Copies, context: Turn): void {
  const needed = neededOf(state.size);
  const isDone = ({ place }: Storing): boolean => isStored(copies, place, needed);
  const { waiting } = copies;
  if (waiting.length === 0) return;
  copies.waiting = waiting.filter((one) => !isDone(one));
  for (const one of waiting) if (isDone(one)) tellSaid(state, one, true, context);
}

/** [HP-STORE-3] */
export function behind(state: RoomsState, name: string, node: string, context: Turn): void {
  const [room, copies] = [state.rooms.get(name), state.copies.get(name)];
  if (room === undefined || copies?.replicas.includes(node) !== true) return;
  context.count('chat.copies.behind');
  copyAll(state, room, copies, node, context);
}

/** [HP-ACK-1] The speaker does not wait for a node that does not answer. */
export function giveUpStoring(state: RoomsState, context: Turn): void {
  const since = context.now - STORE_MAX_MS * 1_000;
  let isWaiting = false;
  for (const copies of state.copies.values()) {
    const late = copies.waiting.filter((one) => one.since <= since);
    if (late.length > 0) copies.waiting = copies.waiting.filter((one) => one.since > since);
    for (const one of late) tellSaid(state, one, false, context);
    isWaiting ||= copies.waiting.length > 0;
  }
  if (isWaiting) context.after('storing', LOOK_EVERY_MS);
}

/** The room is at home elsewhere now: its messages have their places, and more is not known. */
export function endCopies(state: RoomsState, name: string, context: Turn): void {
  for (const one of state.copies.get(name)?.waiting ?? []) tellSaid(state, one, false, context);
  state.copies.delete(name);
}

/** [HP-STORE-4] Other nodes are to keep the room now, or what is remembered of it has grown from behind. */
export function copyAgain(state: RoomsState, room: Room, isNews: boolean, context: Turn): void {
  const known = state.copies.get(room.name);
  if (room.memory.all.length === 0 && room.count === 0 && known === undefined) return;
  const copies = known ?? begin(state, room.name);
  copies.replicas = replicasOf(state, room.name);
  for (const node of copies.kept.keys())
    if (!copies.replicas.includes(node)) copies.kept.delete(node);
  for (const node of copies.replicas)
    if (isNews || !copies.kept.has(node)) copyAll(state, room, copies, node, context);
  const needed = neededOf(state.size);
  if (copies.replicas.length < needed) {
    const { waiting } = copies;
    copies.waiting = [];
    for (const one of waiting) tellSaid(state, one, false, context);
  } else answerStored(state, copies, context);
}

/** What a node had that is gone, it has not any more. */
export function copyGone(state: RoomsState, node: string): void {
  for (const { kept: known } of state.copies.values()) known.delete(node);
}

/** [HP-STORE-5] Says now and then what there is to keep: whoever has missed something says so. */
export function remindCopies(state: RoomsState, context: Turn): void {
  for (const [name, { replicas }] of state.copies) {
    const room = state.rooms.get(name);
    if (room === undefined) continue;
    const place = placeOf(room);
    const told = { say: 'keep', from: place, place, last: place, entries: [] } as const;
    for (const node of replicas) tellKeeper(state.chat, node, name, told, context);
  }
}

/** [HP-STORE-2] At a node that is to keep the room. */
export function keep(
  state: RoomsState,
  guests: Guests,
  name: string,
  node: string,
  { from, place, last, entries, users = [] }: Extract<RoomTold, { readonly say: 'keep' }>,
  context: Turn,
): void {
  const isWhole = from.epoch === 0;
  // What another home gave, which knew of others there, is nothing to go on from.
  const to = guests.keptFor === node ? guests.keptTo : undefined;
  if (!isWhole && (to === undefined || isAfter(from, to) || isAfter(to, from))) {
    tellKeeper(state.chat, node, name, { say: 'behind' }, context);
    return;
  }
  const known = knownTo(guests);
  for (const entry of entries) guests.memory.keep(entry);
  if (isWhole) guests.users = new Map(users.map((user) => [userKey(user), user]));
  guests.keptTo = place;
  guests.keptAt = context.now;
  guests.keptFor = node;
  // Its home has lost what this node has.
  if (isAfter(known, last)) tellKnown(state, name, node, known, guests.memory, context);
  tellKeeper(state.chat, node, name, { say: 'kept', place }, context);
}

/** [HP-STORE-3] Who does not keep the room, or keeps it for another home, is to have more than one seat. */
export function keepSeat(
  state: RoomsState,
  name: string,
  node: string,
  { user, isIn }: Extract<RoomTold, { readonly say: 'seat' }>,
  context: Turn,
): void {
  const { keptTo, keptFor, users } = state.guests.get(name) ?? {};
  if (keptTo === undefined || keptFor !== node || users === undefined)
    tellKeeper(state.chat, node, name, { say: 'behind' }, context);
  else if (isIn) users.set(userKey(user), user);
  else users.delete(userKey(user));
}

/** [HP-HOME-4] Tells another node everything that is known of a room. */
export function tellAll(
  state: RoomsState,
  name: string,
  node: string,
  around: Omit<Extract<RoomTold, { readonly say: 'adopt' }>, 'say' | 'entries' | 'more'>,
  memory: RoomMemory,
  context: Turn,
): void {
  const told = (entries: readonly RoomEntry[], more: boolean): RoomTold => ({
    ...{ say: 'adopt', ...around, entries, more },
  });
  tellInPieces(state, name, node, memory.all, told, context);
}

/** The same, of a node that does not say who is there. */
export function tellKnown(
  state: RoomsState,
  name: string,
  node: string,
  last: Place,
  memory: RoomMemory,
  context: Turn,
): void {
  const around = { place: last, last, former: '', members: [], users: [] };
  tellAll(state, name, node, around, memory, context);
}

/** The last place that a node has told its members, or keeps. */
export function knownTo({ place, keptTo = NOWHERE }: Guests): Place {
  return isAfter(keptTo, place) ? keptTo : place;
}

export function memoryFor({ chat, budget }: RoomsState): RoomMemory {
  return new RoomMemory(chat.options, budget);
}

/** [HP-STORE-5] What nobody has asked to keep for long is let go. */
export function isLetGo({ members, keptAt }: Guests, now: number): boolean {
  return members.size === 0 && now - keptAt > KEPT_MAX_MS * 1_000;
}

const NOWHERE: Place = { epoch: 0, seq: 0 };
const STORE_MAX_MS = 2_000;
const LOOK_EVERY_MS = 250;
const KEPT_MAX_MS = 200_000;
/** UTF-16 units. */
const PIECE_LENGTH_MAX = 500_000;
