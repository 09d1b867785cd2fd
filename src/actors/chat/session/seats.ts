// Seats in rooms: how one is taken, what a seat was told, and what is still to be told there. On its way to a seat a
// session hears everything itself; from then on the router writes to the connection, and the session hears of a message
// only when its client acknowledges messages. Refuses to know how a room is kept. Obeys spec/hp.md, section "Rooms".

import { lineText } from '../../codecs/hp/writing.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import { NO_SLOT } from '../../routing/router-messages.ts';
import { type FormatName, TO_OWNER } from '../../routing/subscriptions.ts';
import type { Publication } from '../../routing/publication.ts';
import { roomOfTopic, shardOfRoom, topicOfRoom } from '../chat-context.ts';
import { CHAT_ROOM, CHAT_ROOM_ECHO, entryPayload, wordOf } from '../chat-formats.ts';
import { isAfter } from '../rooms/room-memory.ts';
import {
  markOf,
  type Member,
  type Place,
  type RoomEntry,
  type RoomWord,
} from '../rooms/room-messages.ts';
import type { Luggage } from '../users/user-messages.ts';
import { leaveRoom } from './leaving.ts';
import { has, refOf, type Seat, type Session, type Turn } from './session.ts';

export function takeSeat(
  session: Session,
  { room, historyMax, since }: Pick<Seat, 'room' | 'historyMax' | 'since'>,
  context: Turn,
): void {
  session.seats.set(room, {
    ...{ room, historyMax, since, phase: 'subscribing', words: [] },
    ...{ joined: undefined, isMarked: false, slot: undefined, unacked: new Map() },
    ...{ hasGap: false, hasHoles: false, open: undefined },
    place: since ?? { epoch: 0, seq: 0 },
  });
  follow(session, room, TO_OWNER, NO_SLOT, context);
}

export function follow(
  { chat, connection }: Session,
  room: string,
  format: FormatName,
  slot: number,
  context: Turn,
): void {
  const topic = topicOfRoom(room);
  context.send(chat.router, {
    type: 'subscribe',
    connection,
    slot,
    topic,
    format,
    since: undefined,
  });
}

export function askToJoin(
  session: Session,
  room: string,
  historyMax: number,
  since: Place | undefined,
  isMarked: boolean,
  ref: number,
  context: Turn,
  place?: Place,
): void {
  const { chat, who, connection } = session;
  if (who === undefined) return;
  const { user, status, session: name } = who;
  const member: Member = { session: name, user, status, shard: chat.shard, connection };
  const keeper = chat.roomsOfShard(shardOfRoom(chat, room));
  context.send(keeper, {
    type: 'join',
    ...{ room, member, historyMax, since, isMarked, ref, replyTo: context.self },
    ...(place === undefined ? {} : { place }),
  });
}

/** From the slot on it is the router that writes. */
export function switchOver(session: Session, seat: Seat, context: Turn): void {
  session.slots += 1;
  seat.slot = session.slots;
  seat.phase = 'switching';
  const format = has(session, 'echo') ? CHAT_ROOM_ECHO : CHAT_ROOM;
  follow(session, seat.room, format, session.slots, context);
}

export function sit(seat: Seat): void {
  seat.phase = 'seated';
  seat.words.length = 0;
  seat.joined = undefined;
}

export function entryText({ chat }: Session, room: string, entry: RoomEntry): string {
  const around = { type: 'ROOM_MESSAGE', id: entry.id, timestamp: entry.timestamp };
  return lineText(around, entryPayload(room, entry, chat.options.node, true));
}

/** What was said since the keeper answered. */
export function wordsText(session: Session, seat: Seat): string {
  const { place } = seat;
  const texts: string[] = [];
  for (const word of seat.words) {
    const { entry } = word;
    if (entry !== undefined && !isAfter(entry, place)) continue;
    if (isOwn(session, word)) continue;
    texts.push(decoder.decode(word.line));
    if (entry !== undefined) tookEntry(session, seat, entry);
  }
  return texts.join('');
}

/** [HP-MSG-6] */
function isOwn(session: Session, { entry, shard, connection, node }: RoomWord): boolean {
  if (entry === undefined && node !== undefined) return false;
  if (entry === undefined) return shard === session.chat.shard && connection === session.connection;
  return entry.session === session.who?.session && !has(session, 'echo');
}

export function tookEntry(session: Session, seat: Seat, { id, seq, epoch }: RoomEntry): void {
  seat.place = { epoch, seq };
  if (!has(session, 'ack')) return;
  // Two senders may use one id: the earlier of both is what comes again, with all behind it.
  seat.unacked.set(id, seat.unacked.get(id) ?? { epoch, seq });
  const [oldest] = seat.unacked.keys();
  if (oldest === undefined || seat.unacked.size <= session.chat.options.resumeMessagesMax) return;
  seat.unacked.delete(oldest);
  // [HP-RES-8] It will not be told again: the client must know.
  seat.hasGap = true;
}

export function takes(seat: Seat, id: string): void {
  const [oldest] = seat.unacked.keys();
  if (seat.unacked.delete(id) && id !== oldest) seat.hasHoles = true;
  if (seat.unacked.size === 0) seat.hasHoles = false;
}

/** [HP-RES-7] Whoever acknowledges stands before the oldest that it has not, and may have some of those behind it. */
export function standBack(seat: Seat): void {
  const [oldest] = seat.unacked.values();
  if (oldest === undefined) return;
  if (seat.hasHoles) seat.open = { ...seat.place, ids: [...seat.unacked.keys()] };
  seat.place = { ...oldest, seq: oldest.seq - 1 };
}

/** [HP-ACK-3] */
export function isOwed({ open }: Seat, entry: RoomEntry): boolean {
  return open === undefined || isAfter(entry, open) || open.ids.includes(entry.id);
}

/** The client is being told what it missed. */
export function isBack(seat: Seat): void {
  seat.hasHoles = seat.open !== undefined;
  seat.open = undefined;
  seat.hasGap = false;
}

export function packedSeat(
  { gapsTold }: Session,
  { room, place, hasGap, open }: Seat,
): Luggage['rooms'][number] {
  return {
    ...{ room, ...place },
    ...(hasGap || gapsTold.includes(room) ? { hasGap: true as const } : {}),
    ...(open === undefined ? {} : { open }),
  };
}

/** Of the request under way. */
function ownMark(session: Session): string | undefined {
  const { who, chat, connection } = session;
  if (who === undefined) return undefined;
  return markOf({ session: who.session, shard: chat.shard, connection }, refOf(session));
}

/** A word of a room that the session itself has to pass on; true when it is the mark that the seat waited for. */
export function delivered(session: Session, publication: Publication, context: Turn): boolean {
  const seat = session.seats.get(roomOfTopic(publication.topic));
  if (seat === undefined || session.life === 'detached') return false;
  const word = wordOf(publication);
  if (word.kind === 'mark') {
    if (word.marked !== ownMark(session) || seat.phase !== 'asking') return false;
    seat.isMarked = true;
    return true;
  }
  if (seat.phase !== 'seated') {
    // Who came before this one did is counted in the answer.
    if (word.entry !== undefined || seat.isMarked) seat.words.push(word);
    return false;
  }
  if (isOwn(session, word)) return false;
  if (word.entry !== undefined) tookEntry(session, seat, word.entry);
  const { connection, chat } = session;
  const payload = word.line;
  context.send(chat.router, { type: 'reply', connection, slot: undefined, payload, publication });
  return false;
}

/** Gives a seat up that was not reached. */
export function giveUpSeat(session: Session, room: string, context: Turn): void {
  const { chat, connection } = session;
  if (!session.seats.delete(room)) return;
  const topic = topicOfRoom(room);
  context.send(chat.router, { type: 'unsubscribe', connection, slot: NO_SLOT, topic });
  leaveRoom(session, room, undefined, context);
}

export function fill(session: Session, slot: number, text: string, context: Turn): void {
  const { chat, connection } = session;
  context.send(chat.router, { type: 'reply', connection, slot, payload: encodeText(text) });
}

export function sayText({ chat, connection }: Session, text: string, context: Turn): void {
  if (text === '') return;
  const payload = encodeText(text);
  context.send(chat.router, { type: 'reply', connection, slot: undefined, payload });
}

const decoder = new TextDecoder();
