// Rooms whose home is on another node: what sessions ask of them is carried there, and who of this node is in them is
// known here, so that a home that is new can be told. What is said in them is kept, in case the home comes here.
// Refuses to know links and who is alive. Obeys spec/hp-peer.md, section "Homes of rooms".

import { isRoomName } from '../../codecs/hp/names.ts';
import { finish, hashText, mix } from '../../runtime/prng.ts';
import { isAfter, type Room } from './room.ts';
import type { Member, RoomAsk, RoomEntry, RoomReply } from './room-messages.ts';
import { readRoomTold, type RoomTold } from './room-told.ts';
import {
  type Ask,
  forget,
  type Guests,
  mark,
  open,
  publish,
  type RoomsState,
  tellKeeper,
  type Turn,
} from './rooms-state.ts';

/** [HP-HOME-1] The highest rendezvous weight among the nodes that may be a home; undefined for a node that is alone. */
function homeNodeOf({ nodes }: RoomsState, room: string): string | undefined {
  const hash = hashText(room, HOME_SEED);
  let home: string | undefined;
  let highest = -1;
  for (const node of nodes) {
    const weight = finish(mix(hash, hashText(node, HOME_SEED)));
    if (weight > highest) [home, highest] = [node, weight];
  }
  return home;
}

export function isAway(state: RoomsState, room: string): boolean {
  const home = homeNodeOf(state, room);
  return home !== undefined && home !== state.chat.seam?.node;
}

/** [HP-HOME-2] */
export function askHome(state: RoomsState, ask: RoomAsk, context: Turn): void {
  note(state, ask);
  state.lastRef += 1;
  state.pending.set(state.lastRef, { ask, askedAt: context.now, isMoved: false });
  send(state, state.lastRef, ask, context);
  if (!('replyTo' in ask) && ask.type !== 'bridged') state.pending.delete(state.lastRef);
}

function send(state: RoomsState, ref: number, ask: RoomAsk, context: Turn): void {
  const home = homeNodeOf(state, ask.room);
  if (home === undefined) return;
  const { place } = state.guests.get(ask.room) ?? {};
  const isJoin = ask.type === 'join' && place !== undefined;
  const told = isJoin ? { ...ask, place } : ask;
  tellKeeper(state.chat, home, ask.room, { say: 'ask', ref, ask: told }, context);
}

/** Remembers who of this node is in the room. */
function note(state: RoomsState, ask: RoomAsk): void {
  if (ask.type === 'join') guestsOf(state, ask.room).members.set(ask.member.session, ask.member);
  const guests = state.guests.get(ask.room);
  if (guests === undefined) return;
  if (ask.type === 'leave') {
    guests.members.delete(ask.session);
    if (guests.members.size === 0) state.guests.delete(ask.room);
  } else if (ask.type === 'setStatus') {
    const member = guests.members.get(ask.session);
    if (member !== undefined) guests.members.set(ask.session, { ...member, status: ask.status });
  }
}

function guestsOf(state: RoomsState, room: string): Guests {
  const known = state.guests.get(room);
  if (known !== undefined) return known;
  const home = homeNodeOf(state, room) ?? '';
  const guests: Guests = { home, members: new Map(), place: { epoch: 0, seq: 0 }, entries: [] };
  state.guests.set(room, guests);
  return guests;
}

/** What was said at a home elsewhere goes to those who are here. [HP-HOME-4] */
export function heard(state: RoomsState, { room, word }: Ask<'heard'>, context: Turn): void {
  const guests = state.guests.get(room);
  const { entry } = word;
  if (guests !== undefined && entry !== undefined) {
    if (isAfter(entry, guests.place)) guests.place = { epoch: entry.epoch, seq: entry.seq };
    const { historyMax } = state.chat.options;
    guests.entries.push(entry);
    if (guests.entries.length >= historyMax * 2) guests.entries = guests.entries.slice(-historyMax);
  }
  publish(state, room, word, context, { isRelayed: true });
}

export function peerSaid(
  state: RoomsState,
  { node, key: room, body }: Ask<'peerSaid'>,
  obey: (state: RoomsState, ask: RoomAsk, context: Turn) => void,
  context: Turn,
): void {
  const told = isRoomName(room) ? readRoomTold(body, room, node) : undefined;
  if (told === undefined) {
    context.count('chat.peers.wrong');
    return;
  }
  switch (told.say) {
    case 'ask':
      // [HP-HOME-5] Views differ for a moment: whoever asks the wrong node asks again.
      if (isAway(state, room))
        tellKeeper(state.chat, node, room, { say: 'moved', ref: told.ref }, context);
      else obey(state, asPeer(told, node, context), context);
      return;
    case 'answer':
      answered(state, room, told.ref, told.reply, context);
      return;
    case 'moved': {
      const pending = state.pending.get(told.ref);
      if (pending === undefined) return;
      pending.isMoved = true;
      context.after('retry', RETRY_AFTER_MS);
      return;
    }
    case 'seated':
    case 'whoSits':
    case 'sitting':
      return;
    case 'adopt':
      adopt(state, room, told, context);
      return;
    default:
      told satisfies never;
  }
}

function asPeer(
  { ask, ref }: Extract<RoomTold, { readonly say: 'ask' }>,
  node: string,
  context: Turn,
): RoomAsk {
  const peer = { node, ref };
  const replyTo = context.self as never;
  if (ask.type !== 'join') return { ...ask, replyTo, ref, peer } as RoomAsk;
  return { ...ask, member: { ...ask.member, node }, replyTo, ref, peer };
}

function answered(
  state: RoomsState,
  room: string,
  ref: number,
  reply: RoomReply,
  context: Turn,
): void {
  const pending = state.pending.get(ref);
  state.pending.delete(ref);
  if (pending === undefined || !('replyTo' in pending.ask)) return;
  const guests = state.guests.get(room);
  if (reply.type === 'joined' || reply.type === 'said') {
    const { epoch, seq } = reply;
    if (guests !== undefined && isAfter({ epoch, seq }, guests.place))
      guests.place = { epoch, seq };
  }
  if (reply.type === 'roomRefused' && pending.ask.type === 'join') {
    guests?.members.delete(pending.ask.member.session);
    if (guests?.members.size === 0) state.guests.delete(room);
  }
  const { ask } = pending;
  // Everything that was said before the session came in has been heard here already.
  if (reply.type === 'joined' && ask.type === 'join' && ask.isMarked)
    mark(state, room, ask.member, context, { isRelayed: true });
  context.send(pending.ask.replyTo, { ...reply, ref: pending.ask.ref });
}

/** [HP-HOME-4] What a home that gave the room up, or somebody who was in it, remembers of it. */
function adopt(
  state: RoomsState,
  name: string,
  { place, entries }: Extract<RoomTold, { readonly say: 'adopt' }>,
  context: Turn,
): void {
  if (isAway(state, name)) return;
  const room = state.rooms.get(name) ?? open(state, name, context);
  if (room === undefined) return;
  if (isAfter(place, room)) room.raise(place);
  room.adopt(entries, context.now);
}

export function nodesChanged(
  state: RoomsState,
  { nodes, isServing }: Ask<'nodesChanged'>,
  context: Turn,
): void {
  state.nodes = nodes;
  state.isServing = isServing;
  // Guests first: those that a room leaves behind are told of by its own moving.
  for (const [name, guests] of [...state.guests]) moveGuests(state, name, guests, context);
  for (const room of [...state.rooms.values()])
    if (isAway(state, room.name)) giveUp(state, room, context);
  for (const pending of state.pending.values()) pending.isMoved = true;
  retry(state, context);
}

/** [HP-HOME-3] A home that died knows nothing, even if another life of its node has come already. */
export function homeDown(state: RoomsState, node: string, context: Turn): void {
  for (const [name, guests] of [...state.guests]) {
    if (guests.home !== node) continue;
    guests.home = '';
    moveGuests(state, name, guests, context);
  }
  for (const pending of state.pending.values()) pending.isMoved = true;
  retry(state, context);
}

/** [HP-HOME-3] A new home is told who of this node is in the room, and what was said there. */
function moveGuests(state: RoomsState, name: string, guests: Guests, context: Turn): void {
  const home = homeNodeOf(state, name) ?? '';
  if (home === guests.home) return;
  guests.home = home;
  if (!isAway(state, name)) {
    state.guests.delete(name);
    const room = state.rooms.get(name) ?? open(state, name, context);
    if (room === undefined) return;
    if (isAfter(guests.place, room) || room.seq === 0) room.raise(guests.place);
    room.adopt(guests.entries, context.now);
    for (const member of guests.members.values()) room.enter(member);
    return;
  }
  tellState(state, name, home, guests, context);
}

/** [HP-HOME-3] The home goes to another node: with it what was said, and those of this node who are in it. */
function giveUp(state: RoomsState, room: Room, context: Turn): void {
  const { name, epoch, seq } = room;
  const own = room.sessions.filter(({ node }) => node === undefined);
  const guests = guestsOf(state, name);
  guests.home = homeNodeOf(state, name) ?? '';
  guests.place = { epoch, seq };
  guests.entries = [...room.latest(state.chat.options.historyMax)];
  for (const member of own) guests.members.set(member.session, member);
  forget(state, room);
  tellState(state, name, guests.home, guests, context);
  if (own.length === 0) state.guests.delete(name);
}

function tellState(
  state: RoomsState,
  name: string,
  home: string,
  { place, entries, members }: Guests,
  context: Turn,
): void {
  tellKeeper(state.chat, home, name, { say: 'adopt', place, entries: fitting(entries) }, context);
  for (const member of members.values()) {
    const replyTo = context.self as never;
    const ask = {
      type: 'join',
      room: name,
      member,
      historyMax: 0,
      since: undefined,
      isMarked: false,
      place,
    } as const;
    tellKeeper(
      state.chat,
      home,
      name,
      { say: 'ask', ref: 0, ask: { ...ask, ref: 0, replyTo } },
      context,
    );
  }
}

/** The last ones, as far as they are worth a long line. */
function fitting(entries: readonly RoomEntry[]): readonly RoomEntry[] {
  let length = 0;
  let from = entries.length;
  while (from > 0 && length < ADOPT_LENGTH_MAX) {
    from -= 1;
    const { body, dataText = '' } = entries[from] ?? { body: '' };
    length += body.length + dataText.length + 200;
  }
  return entries.slice(from);
}

/** Sessions of a shard that died have left all rooms, wherever their homes are. */
export function guestsGone(state: RoomsState, shard: number, context: Turn): void {
  for (const [room, { members }] of [...state.guests]) {
    const gone = [...members.values()].filter((member: Member) => member.shard === shard);
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
    pending.isMoved = false;
    if (isAway(state, pending.ask.room)) send(state, ref, pending.ask, context);
    else {
      // The home has come here: it is asked like any other.
      state.pending.delete(ref);
      context.send(context.self, pending.ask);
    }
  }
}

const HOME_SEED = 7;
const RETRY_AFTER_MS = 200;
const ADOPT_LENGTH_MAX = 2_000_000;
