// The keeper of rooms, one on each shard for those whose home is there: puts messages in their order, and gives them to
// the home of the room's topic, which gives them to all who follow. A message becomes bytes here, once for all.
// Refuses to know connections: whoever is told by a topic is the router's business.
// Obeys spec/hp.md, sections "Rooms", "Messages" and "History".

import { isRoomName } from '../../codecs/hp/names.ts';
import { refused } from '../../codecs/hp/mistakes.ts';
import { encodeLine, type Payload } from '../../codecs/hp/writing.ts';
import type { ActorDefinition } from '../../runtime/actor.ts';
import { type ChatContext, secondsAt, uuidFrom } from '../chat-context.ts';
import { entryPayload } from '../chat-formats.ts';
import type { ChatOptions } from '../chat-options.ts';
import {
  askHome,
  guestsGone,
  heard,
  homeDown,
  isAway,
  nodesChanged,
  peerSaid,
  retry,
} from './away.ts';
import { readRoomTold } from './room-told.ts';
import { compareSeats, seated, SEATS_EVERY_MS, sitting, whoSits } from './seating.ts';
import { byCode, isAfter, type Room } from './room.ts';
import type { Member, RoomAsk, RoomsMessage } from './room-messages.ts';
import {
  answer,
  type Ask,
  deny,
  forget,
  mark,
  open,
  publish,
  type RoomsState,
  type Turn,
} from './rooms-state.ts';

export const roomsActor: ActorDefinition<ChatContext, RoomsState, RoomsMessage> = {
  kind: 'chat/rooms',
  mailboxMax: 1_000_000,
  onFailure: 'escalate',
  start(chat, context) {
    context.after('sweep', sweepEveryMs(chat.options));
    if (chat.seam !== undefined) context.after('seats', SEATS_EVERY_MS);
    return {
      ...{ chat, rooms: new Map(), nextEpoch: chat.life + 1, guests: new Map() },
      ...{ pending: new Map(), lastRef: 0, nodes: [], isServing: true, crowds: new Set() },
      seatedAt: new Map(),
    };
  },
  receive(state, message, context) {
    if ('room' in message && message.type !== 'heard' && isAway(state, message.room)) {
      askHome(state, message, context);
      return;
    }
    switch (message.type) {
      case 'join':
        join(state, message, context);
        return;
      case 'leave':
        leave(state, message, context);
        return;
      case 'say':
        say(state, message, context);
        return;
      case 'typing':
        typing(state, message, context);
        return;
      case 'setStatus':
        setStatus(state, message);
        return;
      case 'listRooms':
        listRooms(state, message, context);
        return;
      case 'listMembers':
        listMembers(state, message, context);
        return;
      case 'readHistory':
        readHistory(state, message, context);
        return;
      case 'heard':
        heard(state, message, context);
        return;
      case 'peerSaid':
        if (!comparedSeats(state, message, context)) peerSaid(state, message, obey, context);
        return;
      case 'nodesChanged':
        nodesChanged(state, message, context);
        return;
      case 'nodeDown':
        for (const room of state.rooms.values())
          for (const member of room.sessions)
            if (member.node === message.node) depart(state, room, member, 'node_down', context);
        homeDown(state, message.node, context);
        return;
      case 'shardDown':
        guestsGone(state, message.shard, context);
        for (const room of state.rooms.values())
          for (const member of room.sessions)
            if (member.shard === message.shard && member.node === undefined)
              depart(state, room, member, 'node_down', context);
        return;
      case 'timedOut':
        if (message.name === 'crowds') tellCrowds(state, context);
        else if (message.name === 'sweep') sweep(state, context);
        else if (message.name === 'seats')
          compareSeats(state, (room, member) => lost(state, room, member, context), context);
        else retry(state, context);
        return;
      case 'childStopped':
        return;
      default:
        message satisfies never;
    }
  },
};

/** What is said about who sits where, between nodes. */
function comparedSeats(state: RoomsState, message: Ask<'peerSaid'>, context: Turn): boolean {
  const { key: name, node, body } = message;
  const told = isRoomName(name) ? readRoomTold(body, name, node) : undefined;
  if (told?.say === 'seated') seated(state, name, node, told, context);
  else if (told?.say === 'whoSits') whoSits(state, name, node, context);
  else if (told?.say === 'sitting') {
    const room = isAway(state, name)
      ? undefined
      : (state.rooms.get(name) ?? open(state, name, context));
    const goes = (one: Room, member: Member): void => lost(state, one, member, context);
    if (room !== undefined) sitting(room, node, told, goes);
  } else return false;
  return true;
}

function lost(state: RoomsState, room: Room, member: Member, context: Turn): void {
  depart(state, room, member, undefined, context);
}

/** What another node asks for one of its sessions. */
function obey(state: RoomsState, ask: RoomAsk, context: Turn): void {
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
    default:
      ask satisfies never;
  }
}

function setStatus(state: RoomsState, { room: name, session, status }: Ask<'setStatus'>): void {
  const room = state.rooms.get(name);
  const member = room?.member(session);
  if (member !== undefined) room?.enter({ ...member, status });
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
  if (place !== undefined && isAfter(place, room)) room.raise(place);
  const already = room.member(member.session) !== undefined;
  if (!already && room.sessions.length >= roomMembersMax) {
    deny(state, ask, refused('ROOM_FULL', 'The room is full.', 'payload.room').mistake, context);
    return;
  }
  if (room.enter(member)) tellEvent(state, room, 'join', member, undefined, context);
  const found =
    since === undefined ? { entries: room.latest(historyMax), hasGap: false } : room.after(since);
  const { name, seq, epoch, count } = room;
  const { entries, hasGap } = found;
  // The answer may overtake what the topic's home has still to deliver: the mark cannot.
  if (ask.isMarked) mark(state, name, member, context);
  answer(
    state,
    ask,
    { type: 'joined', ref, room: name, seq, epoch, count, already, entries, hasGap },
    context,
  );
}

function leave(state: RoomsState, ask: Ask<'leave'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  const member = room?.member(ask.session);
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

function depart(
  state: RoomsState,
  room: Room,
  member: Member,
  reason: string | undefined,
  context: Turn,
): void {
  if (room.leave(member.session, context.now))
    tellEvent(state, room, 'leave', member, reason, context);
}

/** [HP-MSG-4] [HP-MSG-5] The same id again is the same message: same place, told once. */
function say(state: RoomsState, ask: Ask<'say'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  const member = room?.member(ask.session);
  if (room === undefined || member === undefined) {
    deny(
      state,
      ask,
      refused('NOT_IN_ROOM', 'You are not in this room.', 'payload.room').mistake,
      context,
    );
    return;
  }
  const { id, timestamp, session, body, dataText, ref, shard, connection } = ask;
  const { epoch } = room;
  const known = room.seqOf(member.user, id);
  if (known !== undefined) {
    answer(state, ask, { type: 'said', ref, seq: known, epoch, isDuplicate: true }, context);
    return;
  }
  const from = member.user;
  if (!state.isServing) {
    const text = 'This server is cut off from most of its cluster.';
    deny(state, ask, refused('UNAVAILABLE', text).mistake, context);
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
  answer(state, ask, { type: 'said', ref, seq: entry.seq, epoch, isDuplicate: false }, context);
}

function typing(state: RoomsState, ask: Ask<'typing'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  const member = room?.member(ask.session);
  if (room === undefined || member === undefined) return;
  const { shard, connection, on } = ask;
  const line = lineOf(state, 'TYPING', { room: room.name, from: member.user, on }, context);
  const { node } = member;
  const word = { kind: 'typing', line, shard, connection, node, entry: undefined } as const;
  publish(state, room.name, word, context);
}

/** [HP-ROOM-5] Told to the others; not in a crowd. */
function tellEvent(
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
  const line = lineOf(state, 'ROOM_EVENT', { room: name, event, user, reason, count }, context);
  const word = { kind: 'event', line, shard, connection, node, entry: undefined } as const;
  publish(state, name, word, context);
}

/** [HP-ROOM-5] A crowd hears now and then how many it is. */
function tellCrowds(state: RoomsState, context: Turn): void {
  const { shard } = state.chat;
  for (const { name, count } of state.crowds) {
    const line = lineOf(state, 'ROOM_EVENT', { room: name, event: 'count', count }, context);
    const word = { kind: 'event', line, shard, connection: NOBODY, entry: undefined } as const;
    publish(state, name, word, context);
  }
  state.crowds.clear();
}

function lineOf(state: RoomsState, type: string, payload: Payload, context: Turn): Uint8Array {
  const id = uuidFrom(() => context.random());
  return encodeLine({ type, id, timestamp: secondsAt(state.chat, context.now) }, payload);
}

function listRooms(state: RoomsState, ask: Ask<'listRooms'>, context: Turn): void {
  const { prefix, after = '', limit, ref } = ask;
  const names = [...state.rooms.values()]
    .filter(({ name, count }) => count > 0 && name.startsWith(prefix) && name > after)
    .map(({ name, count }) => [name, count] as const)
    .toSorted(([one], [other]) => byCode(one, other));
  const rooms = names.slice(0, limit);
  answer(state, ask, { type: 'roomsListed', ref, rooms, more: names.length > limit }, context);
}

function listMembers(state: RoomsState, ask: Ask<'listMembers'>, context: Turn): void {
  const { after, limit, ref } = ask;
  const room = state.rooms.get(ask.room);
  if (room === undefined) {
    const text = 'Nobody is in a room of this name.';
    deny(state, ask, refused('NO_SUCH_ROOM', text, 'payload.room').mistake, context);
    return;
  }
  const users = room.users();
  const rest =
    after === undefined
      ? users
      : users.filter(({ user }) => byCode(user.toLowerCase(), after.toLowerCase()) > 0);
  const members = rest.slice(0, limit);
  const { count } = room;
  answer(
    state,
    ask,
    { type: 'membersListed', ref, members, count, more: rest.length > limit },
    context,
  );
}

/** [HP-HIST-1] Of a room only who is in it may read. */
function readHistory(state: RoomsState, ask: Ask<'readHistory'>, context: Turn): void {
  const room = state.rooms.get(ask.room);
  if (room?.member(ask.session) === undefined) {
    deny(
      state,
      ask,
      refused('NOT_IN_ROOM', 'You are not in this room.', 'payload.room').mistake,
      context,
    );
    return;
  }
  const { entries, more } = room.page(ask.after, ask.before, ask.limit);
  answer(state, ask, { type: 'historyRead', ref: ask.ref, entries, more }, context);
}

function sweep(state: RoomsState, context: Turn): void {
  const since = context.now - state.chat.options.emptyRoomMs * 1_000;
  for (const room of state.rooms.values()) {
    room.forgetIds(context.now);
    if (room.count === 0 && room.emptySince <= since) forget(state, room);
  }
  context.after('sweep', sweepEveryMs(state.chat.options));
}

/** [HP-ROOM-6] Not much later than was said. */
function sweepEveryMs({ emptyRoomMs }: ChatOptions): number {
  return Math.max(SWEEP_MIN_MS, Math.min(emptyRoomMs, SWEEP_MAX_MS));
}

/** No connection has this number. */
const NOBODY = 0;
const CROWDS_EVERY_MS = 5_000;
const SWEEP_MIN_MS = 1_000;
const SWEEP_MAX_MS = 60_000;
