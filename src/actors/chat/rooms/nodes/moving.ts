// Homes that move, because nodes come and go. Whoever is in a room, or keeps a copy of it, tells the new home what it
// knows; the new home waits for the one before it, as long as that can speak, and goes on behind all that was said. Then
// everybody is told what they lack, and only then something new.
// Refuses to know links and who is alive. Obeys spec/hp-peer.md, section "Homes of rooms".

import { userKey } from '../../../codecs/hp/names.ts';
import type { Room } from '../room.ts';
import { greet, meet } from '../meeting.ts';
import { byPlace, isAfter, nameOf } from '../room-memory.ts';
import type { Place, RoomAsk, RoomEntry } from '../room-messages.ts';
import {
  type Ask,
  type Behind,
  forget,
  type Guests,
  open,
  publishEntry,
  type RoomsState,
  type Settling,
  tellKeeper,
  type Turn,
} from '../rooms-state.ts';
import { guestsOf, putBehind, putOff, retry, RETRY_AFTER_MS } from './away.ts';
import { homeOf, isAway } from './home-of.ts';
import { copyAgain, copyGone, endCopies, knownTo, tellAll, tellInPieces } from './replicas.ts';
import type { Deeds } from './peers.ts';
import type { RoomTold } from './room-told.ts';

export type Obey = (state: RoomsState, ask: RoomAsk, context: Turn) => void;
type Told<T extends RoomTold['say']> = Extract<RoomTold, { readonly say: T }>;

export function nodesChanged(
  state: RoomsState,
  { nodes, size, down, isServing }: Ask<'nodesChanged'>,
  context: Turn,
): void {
  const before = state.rooms.size;
  state.nodes = nodes;
  state.size = size;
  if (state.down > 0) state.downAt = context.now;
  state.down = down;
  state.isServing = isServing;
  for (const node of nodes) state.gone.delete(node);
  // Guests first: those that a room leaves behind are told of by its own moving.
  for (const [name, guests] of [...state.guests]) moveGuests(state, name, guests, context);
  for (const room of [...state.rooms.values()]) {
    if (isAway(state, room.name)) giveUp(state, room, context);
    else if (!state.settling.has(room.name)) copyAgain(state, room, false, context);
  }
  for (const pending of state.pending.values()) pending.isMoved = true;
  retry(state, context);
  logMoves(state, before, context);
}

/** Operators see how much a change of nodes moves. */
function logMoves(state: RoomsState, before: number, context: Turn): void {
  const { chat, rooms, guests, nodes } = state;
  const fields = { nodes: nodes.length, before, rooms: rooms.size, elsewhere: guests.size };
  if (before === 0 && rooms.size === 0) return;
  context.send(chat.edges.log, { type: 'log', level: 'info', event: 'chat.homesMoved', fields });
}

/** [HP-HOME-3] A home that died knows nothing, even if another life of its node has come already. */
export function nodeGone(state: RoomsState, node: string, context: Turn): void {
  state.gone.add(node);
  copyGone(state, node);
  for (const [name, guests] of [...state.guests]) {
    if (guests.former === node) guests.former = '';
    if (guests.home === node) {
      guests.home = '';
      moveGuests(state, name, guests, context);
    } else if (guests.keptFor === node) {
      // Views differed: it may have stored what the home that is seen from here has never heard.
      guests.keptFor = '';
      tellHome(state, name, guests, context);
    }
  }
  for (const settling of state.settling.values())
    if (settling.former === node) waitLess(settling, context);
  for (const room of state.rooms.values()) {
    const { news = [] } = room.incoming.get(node) ?? {};
    room.incoming.delete(node);
    // Nothing more comes: the others are told what has.
    putOff(state, room, news, context);
    if (!state.settling.has(room.name)) copyAgain(state, room, false, context);
  }
  for (const pending of state.pending.values()) pending.isMoved = true;
  retry(state, context);
}

function waitLess(settling: Settling, context: Turn): void {
  settling.former = undefined;
  settling.until = Math.min(settling.until, context.now + ORPHAN_MS * 1_000);
}

/** [HP-HOME-3] A new home is told who of this node is in the room, and what was said there. */
function moveGuests(state: RoomsState, name: string, guests: Guests, context: Turn): void {
  const home = homeOf(state, name);
  if (home === guests.home) return;
  if (!state.gone.has(guests.home)) guests.former = guests.home;
  guests.home = home;
  if (isAway(state, name)) tellHome(state, name, guests, context);
  else takeOver(state, name, guests, context);
}

function takeOver(state: RoomsState, name: string, guests: Guests, context: Turn): void {
  const { place, memory, members, former } = guests;
  state.guests.delete(name);
  state.catching.delete(name);
  const room = state.rooms.get(name) ?? open(state, name, context);
  room?.raise(knownTo(guests));
  room?.takeOver(memory, context.now);
  memory.end();
  if (room === undefined) return;
  for (const member of members.values()) room.enter(member);
  expect(room, guests.users.values(), context);
  const told = members.size === 0 || place.epoch === 0 ? undefined : place;
  settle(state, room, former, undefined, context, told);
}

/** [HP-STORE-7] They were in the room at the home before: who is not seen here in time has left. */
function expect(room: Room, users: Iterable<string>, context: Turn): void {
  for (const user of users) room.unseen.set(userKey(user), user);
  room.unseenUntil = context.now + UNSEEN_MS * 1_000;
  if (room.unseen.size > 0) context.after('unseen', UNSEEN_MS);
}

/** [HP-HOME-8] Until the home before has told everything, or is gone, or takes too long. */
export function settle(
  state: RoomsState,
  room: Room,
  former: string,
  here: ReadonlySet<string> | undefined,
  context: Turn,
  told?: Place,
): Settling {
  const known = state.settling.get(room.name);
  const isThere = former !== '' && former !== state.chat.seam?.node && !state.gone.has(former);
  const untilMs = isThere ? FORMER_MS : ORPHAN_MS;
  const until = context.now + untilMs * 1_000;
  if (known !== undefined) {
    if (isThere && known.former === undefined) [known.former, known.until] = [former, until];
    return known;
  }
  if (state.settling.size === 0) context.after('settling', LOOK_EVERY_MS);
  const settling: Settling = {
    ...{ former: isThere ? former : undefined, until, told, asks: [] },
    ...{ here, there: new Set(), behind: new Map(), news: [] },
  };
  state.settling.set(room.name, settling);
  context.count('chat.rooms.moved');
  return settling;
}

export function settleLate(state: RoomsState, deeds: Deeds, context: Turn): void {
  for (const [name, { until }] of [...state.settling])
    if (until <= context.now) settled(state, name, deeds, context);
  if (state.settling.size > 0) context.after('settling', LOOK_EVERY_MS);
}

/** [HP-HOME-4] First what some have not heard, and then what was asked meanwhile. */
function settled(state: RoomsState, name: string, { obey, met }: Deeds, context: Turn): void {
  const [settling, room] = [state.settling.get(name), state.rooms.get(name)];
  state.settling.delete(name);
  if (settling === undefined || room === undefined) return;
  const { here, there, behind } = settling;
  const news = takeLate(room, settling.news);
  tellHere(state, room, context);
  for (const [node, one] of behind) tellMissed(state, room, node, one, context);
  spread(state, room, [...behind.keys()], news, context);
  // Nobody knew anything of it.
  if (room.count === 0 && room.seq === 0 && room.unseen.size === 0) forget(state, room);
  else copyAgain(state, room, true, context);
  if (here !== undefined) greet(room, (key) => !here.has(key) || !there.has(key), { met });
  for (const ask of settling.asks) obey(state, ask, context);
}

/** [HP-HOME-4] What came behind the place, and what the node does not have of what another home has said at the same time. */
function tellMissed(
  state: RoomsState,
  { name, memory, late }: Room,
  node: string,
  { place, names }: Behind,
  context: Turn,
): void {
  const isMissed = (entry: RoomEntry): boolean =>
    !late.includes(entry) && (isAfter(entry, place) || !names.has(nameOf(entry)));
  const missed = place.epoch === 0 ? [] : memory.all.filter(isMissed);
  tellEntries(state, name, node, missed, context);
}

function tellEntries(
  state: RoomsState,
  name: string,
  node: string,
  all: readonly RoomEntry[],
  context: Turn,
): void {
  const told = (entries: readonly RoomEntry[], more: boolean): RoomTold => ({
    ...{ say: 'missed', entries, more },
  });
  tellInPieces(state, name, node, all, told, context);
}

/** To those of this node who are in the room. */
function tellHere(state: RoomsState, room: Room, context: Turn): void {
  for (const entry of room.memory.takeUntold())
    publishEntry(state, room.name, entry, room.member(entry.session), context);
}

/** [HP-HOME-13] What another home has said is told to all who follow this one, but for the nodes that have it. */
export function spread(
  state: RoomsState,
  room: Room,
  having: readonly string[],
  news: readonly RoomEntry[],
  context: Turn,
): void {
  const settling = state.settling.get(room.name);
  if (settling !== undefined) {
    putBehind(state, settling.news, news, context);
    return;
  }
  const all = takeLate(room, news).toSorted(byPlace);
  if (all.length === 0) return;
  tellHere(state, room, context);
  const others = new Set(room.sessions.map(({ node }) => node));
  for (const node of others)
    if (node !== undefined && !having.includes(node))
      tellEntries(state, room.name, node, all, context);
}

/** What was put off is told with the rest. */
function takeLate(room: Room, news: readonly RoomEntry[]): readonly RoomEntry[] {
  const all = [...room.late, ...news];
  room.late = [];
  return all;
}

export function spreadLate(state: RoomsState, context: Turn): void {
  for (const room of state.late)
    if (state.rooms.get(room.name) === room) spread(state, room, [], [], context);
  state.late.clear();
}

/** [HP-HOME-7] A node that has not heard everything is told what it lacks. */
export function catchUp(
  state: RoomsState,
  room: Room,
  node: string,
  place: Place,
  context: Turn,
): void {
  if (state.settling.has(room.name) || place.epoch === 0) return;
  const missed = room.memory.after(place).filter((entry) => !room.late.includes(entry));
  // Numbers that went on without messages are waited for in vain: nothing was missed, and that is the answer.
  if (missed.length > 0) context.count('chat.rooms.behind');
  else if (room.seq <= place.seq) return;
  tellEntries(state, room.name, node, missed, context);
}

/** [HP-HOME-4] What a home that gave the room up, or somebody who was in it or kept it, knows of it. */
export function adopt(
  state: RoomsState,
  name: string,
  node: string,
  { place, last, former, members, users, entries, more }: Told<'adopt'>,
  deeds: Deeds,
  context: Turn,
): void {
  if (isAway(state, name)) {
    if (!more) tellKeeper(state.chat, node, name, { say: 'moved', ref: 0 }, context);
    return;
  }
  const known = state.rooms.get(name);
  const room = known ?? open(state, name, context);
  if (room === undefined) return;
  const here = new Set(room.userNames.map(userKey));
  const there = new Set(members.map(({ user }) => userKey(user)));
  const { news, names } = room.adoptFrom(node, entries, context.now);
  // What comes in pieces is waited for, too.
  if (known === undefined) settle(state, room, former, undefined, context);
  if (more) return;
  room.incoming.delete(node);
  const isFirst = former === node && former !== room.formerHome;
  if (former === node) room.formerHome = node;
  const isExpected =
    former !== '' &&
    former !== room.formerHome &&
    former !== state.chat.seam?.node &&
    !state.gone.has(former);
  const isMeeting = known !== undefined && !state.settling.has(name) && (isFirst || isExpected);
  if (isMeeting) room.metHome = former;
  if (isExpected) settle(state, room, former, isMeeting ? here : undefined, context);
  room.raise(last);
  const settling = state.settling.get(name);
  if (settling === undefined) {
    const isMet = former === room.metHome;
    for (const member of members)
      if (isMet) deeds.arrived(room, { ...member, node });
      else room.enter({ ...member, node });
    if (isMeeting) meet(state, room, here, context);
    for (const key of isMet ? there : []) state.meetings.get(name)?.there.add(key);
    const whole = former === node ? takeLate(room, news) : undefined;
    tellMissed(state, room, node, { place, names }, context);
    if (whole === undefined) putOff(state, room, news, context);
    else spread(state, room, [node], whole, context);
    // It may have been the home itself meanwhile, and have kept nothing.
    state.copies.get(name)?.kept.delete(node);
    copyAgain(state, room, news.length + members.length > 0, context);
    return;
  }
  for (const member of members) room.enter({ ...member, node });
  for (const key of there) settling.there.add(key);
  expect(room, users, context);
  settling.behind.set(node, { place, names });
  spread(state, room, [node], news, context);
  if (settling.former === node) settled(state, name, deeds, context);
}

/** [HP-HOME-3] The home goes to another node: with it what was said, and those of this node who are in it. */
function giveUp(state: RoomsState, room: Room, context: Turn): void {
  const { name, epoch, seq } = room;
  const settling = state.settling.get(name);
  state.settling.delete(name);
  endCopies(state, name, context);
  const guests = guestsOf(state, name);
  guests.home = homeOf(state, name);
  guests.former = state.chat.seam?.node ?? '';
  guests.place = settling?.told ?? { epoch, seq };
  // It keeps what it has until the next home has found others for that.
  guests.keptTo = { epoch, seq };
  guests.keptAt = context.now;
  guests.users = new Map(room.userNames.map((user) => [userKey(user), user]));
  guests.memory.takeOver(room.memory);
  for (const member of room.sessions)
    if (member.node === undefined) guests.members.set(member.session, member);
  forget(state, room);
  tellHome(state, name, guests, context);
  for (const ask of settling?.asks ?? []) {
    const peer = 'peer' in ask ? ask.peer : undefined;
    if (peer === undefined) context.send(context.self, ask);
    else tellKeeper(state.chat, peer.node, name, { say: 'moved', ref: peer.ref }, context);
  }
}

export function tellHome(state: RoomsState, name: string, guests: Guests, context: Turn): void {
  const { home, former, place, memory, catching } = guests;
  guests.catching = { words: catching?.words ?? [], askedAt: context.now, isMoved: false };
  if (state.catching.size === 0) context.after('retry', RETRY_AFTER_MS);
  state.catching.add(name);
  const last = knownTo(guests);
  const members = [...guests.members.values()];
  // A home before that is there knows better.
  const users = former === '' ? [...guests.users.values()] : [];
  const around = { place: members.length === 0 ? last : place, last, former, members, users };
  tellAll(state, name, home, around, memory, context);
}

/** The node that was told is not the home, or does not answer. */
export function tellAgain(state: RoomsState, context: Turn): void {
  for (const name of [...state.catching]) {
    const guests = state.guests.get(name);
    if (guests?.catching === undefined) {
      state.catching.delete(name);
      continue;
    }
    const { isMoved, askedAt } = guests.catching;
    if (isMoved || context.now - askedAt > CATCH_MS * 1_000) tellHome(state, name, guests, context);
  }
  retry(state, context);
  if (state.catching.size > 0) context.after('retry', RETRY_AFTER_MS);
}

/** [HP-HOME-5] Views differ for a moment: whoever asked the wrong node asks again. */
export function isElsewhere(state: RoomsState, name: string, ref: number, context: Turn): void {
  const { catching } = state.guests.get(name) ?? {};
  const pending = state.pending.get(ref);
  if (ref === 0 && catching !== undefined) catching.isMoved = true;
  if (pending !== undefined) pending.isMoved = true;
  context.after('retry', RETRY_AFTER_MS);
}

const LOOK_EVERY_MS = 50;
const FORMER_MS = 3_000;
export const ORPHAN_MS = 500;
const CATCH_MS = 4_000;
const UNSEEN_MS = 3_000;
