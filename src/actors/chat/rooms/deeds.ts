// What is done in a room at its home: somebody comes, goes, speaks, types, or looks around. A message becomes bytes here,
// once for all. Refuses to know connections: whoever is told by a topic is the router's business.
// Obeys spec/hp.md, sections "Rooms", "Room messages" and "History".

import { secondsNow } from '../../runtime/actor.ts';
import { userKey } from '../../codecs/hp/names.ts';
import { refused } from '../../codecs/hp/mistakes.ts';
import { encodeLine, type Payload } from '../../codecs/hp/writing.ts';
import { uuidFrom } from '../chat-context.ts';
import { entryPayload } from '../chat-formats.ts';
import { sayBridged } from './bridged.ts';
import { settleNew } from './nodes/anew.ts';
import { spread } from './nodes/moving.ts';
import { answerSaid, copy, copySeat } from './nodes/replicas.ts';
import { isPressed, SLOW } from './nodes/pressing.ts';
import { spokeFor } from './nodes/seating.ts';
import type { Room } from './room.ts';
import type { Member, RoomAsk } from './room-messages.ts';
import {
  answer,
  type Ask,
  deny,
  mark,
  NOBODY,
  open,
  publish,
  type RoomsState,
  tellKeeper,
  type Turn,
} from './rooms-state.ts';

/** [HP-HOME-8] While the room settles, everything waits in its order. */
export function obey(state: RoomsState, ask: RoomAsk, context: Turn): void {
  settleNew(state, ask, context);
  const settling = state.settling.get(ask.room);
  if (settling !== undefined) {
    settling.asks.push(ask);
    return;
  }
  switch (ask.type) {
    case 'join':
      join(state, ask, context);
      return;
    case 'leave':
      leave(state, ask, context);
      return;
    case 'say':
      say(state, ask, context);
      return;
    case 'typing':
      typing(state, ask, context);
      return;
    case 'setStatus':
      setStatus(state, ask);
      return;
    case 'listMembers':
      listMembers(state, ask, context);
      return;
    case 'readHistory':
      readHistory(state, ask, context);
      return;
    case 'bridged':
      sayBridged(state, ask, context);
      return;
    default:
      ask satisfies never;
  }
}

/** [HP-STORE-7] Who was in a room at a home that is gone, and was not seen since, has left. */
export function tellUnseen(state: RoomsState, context: Turn): void {
  for (const room of state.rooms.values()) {
    for (const user of room.takeUnseen(context.now)) {
      const nobody = { session: '', user, status: 'away', shard: state.chat.shard } as const;
      tellEvent(state, room, 'leave', { ...nobody, connection: NOBODY }, 'node_down', context);
      copySeat(state, room, user, false, context);
    }
  }
}

function setStatus(state: RoomsState, ask: Ask<'setStatus'>): void {
  const member = memberOf(state, ask);
  if (member !== undefined) state.rooms.get(ask.room)?.enter({ ...member, status: ask.status });
}

/** [HP-RES-10] As the node says that asks: one that gave the session up does not speak for it any more. */
function memberOf(
  { rooms }: RoomsState,
  { room, session, peer }: Ask<'leave' | 'say' | 'typing' | 'setStatus' | 'readHistory'>,
): Member | undefined {
  return rooms.get(room)?.member(session, peer?.node);
}

/** [HP-HOME-7] A node asks for its own: who it says is there is there, and asks again behind that. */
function denyUnseen(state: RoomsState, ask: Ask<'say' | 'readHistory'>, context: Turn): void {
  const { peer, room } = ask;
  if (peer === undefined) {
    const { mistake } = refused('NOT_IN_ROOM', 'You are not in this room.', 'payload.room');
    deny(state, ask, mistake, context);
    return;
  }
  tellKeeper(state.chat, peer.node, room, { say: 'whoSits' }, context);
  tellKeeper(state.chat, peer.node, room, { say: 'moved', ref: peer.ref }, context);
}

/** [HP-ROOM-3] Joining again changes nothing; it is how a session that moved says where it is now. */
function join(state: RoomsState, ask: Ask<'join'>, context: Turn): void {
  const { member, ref, historyMax, since } = ask;
  const { roomMembersMax } = state.chat.options;
  const room = state.rooms.get(ask.room) ?? open(state, ask.room, context);
  if (room === undefined) {
    deny(
      state,
      ask,
      refused('UNAVAILABLE', 'There is no place for another room.').mistake,
      context,
    );
    return;
  }
  const { place } = ask;
  // [HP-HOME-3] Its node knows more of the room than its home does: the home is new.
  if (place !== undefined) room.raise(place);
  if (!room.has(member) && room.seats >= roomMembersMax) {
    deny(state, ask, refused('ROOM_FULL', 'The room is full.', 'payload.room').mistake, context);
    return;
  }
  // What is put off is in the answer: it is told to the others first, and not to this one behind it.
  spread(state, room, [], [], context);
  arrive(state, room, member, context);
  // [HP-HOME-7] One that has moved here is where it was no more, but nobody has said so.
  for (const node of room.nodesOf(member))
    tellKeeper(state.chat, node, room.name, { say: 'whoSits' }, context);
  const found =
    since === undefined
      ? { entries: room.memory.latest(historyMax), hasGap: false }
      : room.after(since);
  const { name, seq, epoch, count } = room;
  const { entries, hasGap } = found;
  // The answer may overtake what the topic's home has still to deliver: the mark cannot.
  if (ask.isMarked) mark(state, name, ask, context);
  answer(
    state,
    ask,
    { type: 'joined', ref, room: name, seq, epoch, count, entries, hasGap },
    context,
  );
}

function leave(state: RoomsState, ask: Ask<'leave'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  const member = memberOf(state, ask);
  if (room === undefined || member === undefined) {
    deny(
      state,
      ask,
      refused('NOT_IN_ROOM', 'You are not in this room.', 'payload.room').mistake,
      context,
    );
    return;
  }
  depart(state, room, member, ask.reason, context);
  answer(state, ask, { type: 'leftRoom', ref: ask.ref }, context);
}

export function arrive(state: RoomsState, room: Room, member: Member, context: Turn): void {
  spokeFor(state, room.name, member.node, context);
  if (!room.enter(member)) return;
  // Whom the home before knew already does not come in again.
  if (!room.unseen.has(userKey(member.user)))
    tellEvent(state, room, 'join', member, undefined, context);
  copySeat(state, room, member.user, true, context);
}

export function depart(
  state: RoomsState,
  room: Room,
  member: Member,
  reason: string | undefined,
  context: Turn,
): void {
  if (!room.leave(member, context.now)) return;
  // [HP-HOME-11] If he comes back, it is told then.
  state.meetings.get(room.name)?.here.delete(userKey(member.user));
  tellEvent(state, room, 'leave', member, reason, context);
  copySeat(state, room, member.user, false, context);
}

/** [HP-MSG-4] [HP-MSG-5] The same id again is the same message: same place, told once. */
function say(state: RoomsState, ask: Ask<'say'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  const member = memberOf(state, ask);
  if (room === undefined || member === undefined) {
    denyUnseen(state, ask, context);
    return;
  }
  const { id, timestamp, session, body, dataText, shard, connection } = ask;
  const known = room.placeOf(member.user, id);
  if (known !== undefined) {
    answerSaid(state, room.name, ask, known, true, context);
    return;
  }
  const from = member.user;
  if (!state.isServing) {
    const text = 'This server is cut off from most of its cluster.';
    deny(state, ask, refused('UNAVAILABLE', text).mistake, context);
    return;
  }
  if (isPressed(state, room.name)) {
    context.count('chat.messages.heldOff');
    deny(state, ask, SLOW, context);
    return;
  }
  const { seam } = state.chat;
  const home = seam === undefined ? {} : { node: seam.node };
  const draft = { id, timestamp, from, session, body, dataText, ...home };
  const entry = room.append(draft, context.now);
  const around = { type: 'ROOM_MESSAGE', id, timestamp };
  const line = encodeLine(around, entryPayload(room.name, entry, state.chat.options.node));
  context.count('chat.messages');
  const { node } = member;
  publish(state, room.name, { kind: 'message', line, shard, connection, node, entry }, context);
  copy(state, room, entry, context);
  const { epoch, seq } = entry;
  answerSaid(state, room.name, ask, { epoch, seq }, false, context);
}

function typing(state: RoomsState, ask: Ask<'typing'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  const member = memberOf(state, ask);
  if (room === undefined || member === undefined) return;
  const { shard, connection, on } = ask;
  const line = lineOf('TYPING', { room: room.name, from: member.user, on }, context);
  const { node } = member;
  const word = { kind: 'typing', line, shard, connection, node, entry: undefined } as const;
  publish(state, room.name, word, context);
}

/** [HP-ROOM-5] Told to the others; not in a crowd. */
export function tellEvent(
  state: RoomsState,
  room: Room,
  event: 'join' | 'leave',
  { user, shard, connection, node }: Member,
  reason: string | undefined,
  context: Turn,
): void {
  const { count, name } = room;
  if (count > state.chat.options.roomEventsMax) {
    if (state.crowds.size === 0) context.after('crowds', CROWDS_EVERY_MS);
    state.crowds.add(room);
    return;
  }
  const line = lineOf('ROOM_EVENT', { room: name, event, user, reason, count }, context);
  const word = { kind: 'event', line, shard, connection, node, entry: undefined } as const;
  publish(state, name, word, context);
}

/** [HP-ROOM-5] A crowd hears now and then how many it is. */
export function tellCrowds(state: RoomsState, context: Turn): void {
  const { shard } = state.chat;
  for (const room of state.crowds) {
    const { name, count } = room;
    // Whoever is its home now knows better.
    if (state.rooms.get(name) !== room) continue;
    const line = lineOf('ROOM_EVENT', { room: name, event: 'count', count }, context);
    const word = { kind: 'event', line, shard, connection: NOBODY, entry: undefined } as const;
    publish(state, name, word, context);
  }
  state.crowds.clear();
}

function lineOf(type: string, payload: Payload, context: Turn): Uint8Array {
  const id = uuidFrom(() => context.random());
  return encodeLine({ type, id, timestamp: secondsNow(context) }, payload);
}

function listMembers(state: RoomsState, ask: Ask<'listMembers'>, context: Turn): void {
  const { after, limit, ref } = ask;
  const room = state.rooms.get(ask.room);
  if (room === undefined) {
    const text = 'Nobody is in a room of this name.';
    deny(state, ask, refused('NO_SUCH_ROOM', text, 'payload.room').mistake, context);
    return;
  }
  const found = room.users(after ?? '', limit + 1);
  const members = found.slice(0, limit);
  const { count } = room;
  const more = found.length > limit;
  // [HP-ROOM-8]
  const isPartial = state.down > 0;
  answer(state, ask, { type: 'membersListed', ref, members, count, more, isPartial }, context);
}

/** [HP-HIST-1] Of a room only who is in it may read. */
function readHistory(state: RoomsState, ask: Ask<'readHistory'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  if (room === undefined || memberOf(state, ask) === undefined) {
    denyUnseen(state, ask, context);
    return;
  }
  const { entries, more } = room.page(ask.after, ask.before, ask.limit);
  answer(state, ask, { type: 'historyRead', ref: ask.ref, entries, more }, context);
}

const CROWDS_EVERY_MS = 5_000;
