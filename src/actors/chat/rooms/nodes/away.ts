// Rooms whose home is on another node: what sessions ask of them is carried there, and who of this node is in them is
// known here, so that a home that is new can be told. What is said in them is kept, in case the home comes here.
// Refuses to know links and who is alive. Obeys spec/hp-peer.md, section "Homes of rooms".

import type { Room } from '../room.ts';
import { isAfter } from '../room-memory.ts';
import type { Member, Place, RoomAsk, RoomEntry, RoomReply, RoomWord } from '../room-messages.ts';
import {
  type Ask,
  forgetGuests,
  type Guests,
  mark,
  publish,
  publishEntry,
  type RoomsState,
  tellKeeper,
  type Turn,
} from '../rooms-state.ts';
import { homeOf, isAway } from './home-of.ts';
import { isHeldOff } from './pressing.ts';
import { memoryFor } from './replicas.ts';
import { tellSeats } from './seats-told.ts';

/** [HP-HOME-2] */
export function askHome(state: RoomsState, ask: RoomAsk, context: Turn): void {
  if (isHeldOff(state, ask, homeOf(state, ask.room), context)) return;
  note(state, ask);
  state.lastRef += 1;
  // A home that is new is asked when it has told what it knows.
  const isMoved = state.catching.has(ask.room);
  if ('replyTo' in ask || ask.type === 'bridged')
    state.pending.set(state.lastRef, { ask, askedAt: context.now, isMoved });
  if (!isMoved) send(state, state.lastRef, ask, context);
}

function send(state: RoomsState, ref: number, ask: RoomAsk, context: Turn): void {
  const { place } = state.guests.get(ask.room) ?? {};
  const isJoin = ask.type === 'join' && place !== undefined;
  const told = isJoin ? { ...ask, place } : ask;
  tellKeeper(
    state.chat,
    homeOf(state, ask.room),
    ask.room,
    { say: 'ask', ref, ask: told },
    context,
  );
}

/** Remembers who of this node is in the room. */
function note(state: RoomsState, ask: RoomAsk): void {
  if (ask.type === 'join') guestsOf(state, ask.room).members.set(ask.member.session, ask.member);
  const guests = state.guests.get(ask.room);
  if (guests === undefined) return;
  if (ask.type === 'leave') {
    guests.members.delete(ask.session);
    dropIfIdle(state, ask.room, guests);
  } else if (ask.type === 'setStatus') {
    const member = guests.members.get(ask.session);
    if (member !== undefined) guests.members.set(ask.session, { ...member, status: ask.status });
  }
}

export function guestsOf(state: RoomsState, room: string): Guests {
  const known = state.guests.get(room);
  if (known !== undefined) return known;
  const guests: Guests = {
    ...{ home: homeOf(state, room), former: '', members: new Map(), place: NOWHERE },
    ...{ heardFrom: undefined, lackedTo: undefined },
    ...{ memory: memoryFor(state), keptTo: undefined, keptAt: 0, keptFor: '' },
    ...{ users: new Map(), catching: undefined },
  };
  state.guests.set(room, guests);
  return guests;
}

/** Nobody of this node is in the room, and this node does not keep it for others. */
function dropIfIdle(state: RoomsState, room: string, guests: Guests): void {
  if (guests.members.size > 0) return;
  guests.memory.hasNoAudience();
  guests.place = NOWHERE;
  if (guests.keptTo !== undefined) return;
  forgetGuests(state, room);
  state.catching.delete(room);
}

/** [HP-RES-9] The room's members hear nothing of it. */
export function memberMoved(
  state: RoomsState,
  { room: name, session, node }: Ask<'memberMoved'>,
  { now }: Turn,
): void {
  const [room, guests] = [state.rooms.get(name), state.guests.get(name)];
  const member = room?.member(session);
  if (room !== undefined && member !== undefined) {
    room.enter({ ...member, node });
    room.leave(member, now);
  }
  if (guests?.members.delete(session) === true) dropIfIdle(state, name, guests);
  // Asked again of the next home, it would bring the session back to where it is no more.
  const isOver = (ask: RoomAsk): boolean =>
    ask.type === 'join' && ask.room === name && ask.member.session === session;
  for (const [ref, { ask }] of state.pending) if (isOver(ask)) state.pending.delete(ref);
  const settling = state.settling.get(name);
  if (settling !== undefined) settling.asks = settling.asks.filter((ask) => !isOver(ask));
}

/** What was said at a home elsewhere goes to those who are here. [HP-HOME-4] */
export function heard(state: RoomsState, { room, word }: Ask<'heard'>, context: Turn): void {
  if (!isAway(state, room)) {
    heardLate(state, room, word, context);
    return;
  }
  const guests = state.guests.get(room);
  const { entry } = word;
  if (guests === undefined) {
    publish(state, room, word, context, { isRelayed: true });
    return;
  }
  if (entry !== undefined && isGap(guests, entry)) askForMissed(state, room, guests, context);
  if (entry !== undefined && isBehindAHole(guests, entry)) {
    guests.memory.keep(entry);
    return;
  }
  if (guests.catching !== undefined) {
    const { words } = guests.catching;
    if (entry !== undefined) guests.memory.keep(entry);
    if (words.length < state.chat.options.historyMax * 2) words.push(word);
  } else tell(state, room, guests, word, context);
}

/** [HP-HOME-7] What comes now waits until what is missing is here. */
function askForMissed(state: RoomsState, room: string, guests: Guests, context: Turn): void {
  if (guests.catching !== undefined) return;
  guests.catching = { words: [], askedAt: context.now, isMoved: false };
  if (state.catching.size === 0) context.after('retry', RETRY_AFTER_MS);
  state.catching.add(room);
  tellSeats(state, room, guests, context);
}

/** [HP-MSG-4] The home has said something that has not come. */
function isGap({ home, place, heardFrom }: Guests, { epoch, seq, node }: RoomEntry): boolean {
  const isOne = node === home && node === heardFrom && epoch === place.epoch;
  return isOne && seq > place.seq + 1;
}

/** [HP-HOME-13] Another home speaks, and has said something before that is not heard here: the home tells both when they meet. */
function isBehindAHole({ home, memory, catching }: Guests, entry: RoomEntry): boolean {
  const isOther = entry.node !== undefined && entry.node !== home && catching === undefined;
  return isOther && !memory.isNext(entry);
}

/** Once, and in order. [HP-HOME-13] What two homes say at the same time follows as it comes. */
function tell(
  state: RoomsState,
  room: string,
  guests: Guests,
  word: RoomWord,
  context: Turn,
): void {
  const { entry } = word;
  if (entry !== undefined) {
    if (!guests.memory.tell(entry)) return;
    advance(guests, entry);
  }
  publish(state, room, word, context, { isRelayed: true });
}

/** [HP-HOME-6] Those who are here have not heard what the home has said before it answered; asked for once. */
function lacks({ place, lackedTo }: Guests, last: Place): boolean {
  if (place.epoch === 0 || last.seq <= place.seq) return false;
  return lackedTo === undefined || isAfter(last, lackedTo);
}

function advance(guests: Guests, { epoch, seq, node }: RoomEntry): void {
  if (!isAfter({ epoch, seq }, guests.place)) return;
  guests.place = { epoch, seq };
  guests.heardFrom = node;
}

/** The home has come here, and another one says something still: what it said before comes behind, and is told first. */
function heardLate(state: RoomsState, name: string, word: RoomWord, context: Turn): void {
  const { entry } = word;
  const room = state.rooms.get(name);
  if (entry !== undefined && room !== undefined)
    putOff(state, room, room.adopt([entry], context.now), context);
  else publish(state, name, word, context, { isRelayed: true });
}

/** [HP-HOME-13] Each home's messages in their order: until the other one tells all of them, or for so long. */
export function putOff(
  state: RoomsState,
  room: Room,
  news: readonly RoomEntry[],
  context: Turn,
): void {
  if (news.length === 0) return;
  putBehind(state, room.late, news, context);
  if (state.late.size === 0) context.after('late', LATE_MS);
  state.late.add(room);
}

/** [HP-HOME-13] No more waits than a room remembers; the oldest are told to nobody. */
export function putBehind(
  { chat }: RoomsState,
  waiting: RoomEntry[],
  news: readonly RoomEntry[],
  context: Turn,
): void {
  for (const entry of news) waiting.push(entry);
  const excess = waiting.length - chat.options.historyMax;
  if (excess <= 0) return;
  waiting.splice(0, excess);
  context.count('chat.messages.untold', excess);
}

/** [HP-HOME-4] [HP-HOME-7] [HP-HOME-13] A home tells what this node has not heard. */
export function missed(
  state: RoomsState,
  name: string,
  node: string,
  entries: readonly RoomEntry[],
  more: boolean,
  context: Turn,
): void {
  const guests = state.guests.get(name);
  if (guests === undefined || guests.home !== node) return;
  for (const entry of entries) {
    guests.memory.keep(entry);
    advance(guests, entry);
  }
  if (more) return;
  for (const entry of guests.memory.takeUntold())
    publishEntry(state, name, entry, guests.members.get(entry.session), context);
  const { words = [] } = guests.catching ?? {};
  guests.catching = undefined;
  state.catching.delete(name);
  for (const word of words) tell(state, name, guests, word, context);
  retry(state, context);
}

export function answered(
  state: RoomsState,
  room: string,
  ref: number,
  reply: RoomReply,
  context: Turn,
): void {
  const pending = state.pending.get(ref);
  const guests = state.guests.get(room);
  if (pending !== undefined && reply.type === 'joined' && guests !== undefined) {
    if (lacks(guests, reply)) {
      guests.lackedTo = { epoch: reply.epoch, seq: reply.seq };
      askForMissed(state, room, guests, context);
    }
    if (guests.catching !== undefined) {
      // [HP-ROOM-2] What is in the answer is told to those who are here once more, as what they have missed: it is asked
      // again behind that.
      pending.isMoved = true;
      return;
    }
  }
  state.pending.delete(ref);
  if (pending === undefined || !('replyTo' in pending.ask)) return;
  const { ask } = pending;
  if (reply.type === 'joined' && guests !== undefined) {
    const { epoch, seq } = reply;
    if (isAfter({ epoch, seq }, guests.place)) {
      guests.place = { epoch, seq };
      guests.heardFrom = guests.home;
    }
    guests.memory.hasAudience({ epoch, seq });
    // Others who sit here may still have to hear of it.
    if (guests.members.size <= 1) guests.memory.wasTold({ epoch, seq });
  }
  if (reply.type === 'roomRefused' && ask.type === 'join' && guests !== undefined) {
    guests.members.delete(ask.member.session);
    dropIfIdle(state, room, guests);
  }
  // Everything that was said before the session came in has been heard here already.
  if (reply.type === 'joined' && ask.type === 'join' && ask.isMarked)
    mark(state, room, ask, context, { isRelayed: true });
  context.send(pending.ask.replyTo, { ...asSeenHere(state, reply), ref: pending.ask.ref });
}

/** [HP-ROOM-8] A home that has come back knows nothing of a node that went down before. */
function asSeenHere({ down }: RoomsState, reply: RoomReply): RoomReply {
  return reply.type === 'membersListed' && down > 0 ? { ...reply, isPartial: true } : reply;
}

/** Sessions that died have left all rooms, wherever their homes are. */
export function guestsGone(
  state: RoomsState,
  isGone: (member: Member) => boolean,
  context: Turn,
): void {
  for (const [room, { members }] of [...state.guests]) {
    const gone = [...members.values()].filter(isGone);
    for (const { session } of gone) {
      const replyTo = context.self as never;
      const ask = { type: 'leave', room, session, reason: 'node_down', ref: 0, replyTo } as const;
      askHome(state, ask, context);
    }
  }
}

/** [HP-HOME-5] Asks again what was asked of a node that is not the home: the same id makes it the same deed. */
export function retry(state: RoomsState, context: Turn): void {
  const since = context.now - state.chat.options.answerTimeoutMs * 1_000;
  for (const [ref, pending] of [...state.pending]) {
    if (pending.askedAt < since) {
      state.pending.delete(ref);
      if (pending.ask.type === 'bridged') context.count('bridge.dropped');
    }
    if (pending.askedAt < since || !pending.isMoved) continue;
    if (state.catching.has(pending.ask.room)) continue;
    pending.isMoved = false;
    if (isAway(state, pending.ask.room)) send(state, ref, pending.ask, context);
    else {
      // The home has come here: it is asked like any other.
      state.pending.delete(ref);
      context.send(context.self, pending.ask);
    }
  }
}

const NOWHERE = { epoch: 0, seq: 0 };
export const RETRY_AFTER_MS = 200;
const LATE_MS = 3_000;
