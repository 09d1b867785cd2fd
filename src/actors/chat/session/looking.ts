// What a client looks up: rooms, who is in one, what was said; and an administrator how many are where.
// Refuses to know how it is kept. Obeys spec/hp.md, sections "Rooms" and "History".

import { refused } from '../../codecs/hp/mistakes.ts';
import type { RequestOf } from '../../codecs/hp/requests.ts';
import { type Payload, payloadText, Raw } from '../../codecs/hp/writing.ts';
import { shardOfRoom } from '../chat-context.ts';
import { limitsTold } from '../chat-options.ts';
import { entryPayload } from '../chat-formats.ts';
import { ANY_ROOM } from '../rooms/nodes/listing.ts';
import { byCode } from '../rooms/room-memory.ts';
import type { RoomReply } from '../rooms/room-messages.ts';
import type { DirectEntry, UserReply } from '../users/user-messages.ts';
import {
  answer,
  answerError,
  isAdmin,
  ownKeeper,
  refOf,
  type Session,
  type Turn,
} from './session.ts';

/** [HP-ROOM-7] Every shard knows those that are at home there; other nodes are asked by one of the keepers. */
export function listRooms(session: Session, request: RequestOf<'ROOM_LIST'>, context: Turn): void {
  const { chat, pending } = session;
  const { prefix, page } = request;
  if (pending === undefined) return;
  const isAlone = chat.seam === undefined;
  const asked = { prefix, ...page, replyTo: context.self, ref: pending.ref };
  pending.missing = chat.shards + (isAlone ? 0 : 1);
  for (let shard = 0; shard < chat.shards; shard += 1)
    context.send(chat.roomsOfShard(shard), { type: 'listRooms', ...asked });
  if (isAlone) return;
  const keeper = chat.roomsOfShard(shardOfRoom(chat, ANY_ROOM));
  context.send(keeper, { type: 'listElsewhere', ...asked });
}

export function roomsListed(
  session: Session,
  reply: Extract<RoomReply, { readonly type: 'roomsListed' }>,
  context: Turn,
): void {
  const { pending } = session;
  if (pending?.request.type !== 'ROOM_LIST' || reply.ref !== pending.ref) return;
  pending.rooms.push(...reply.rooms);
  pending.hasMore ||= reply.more;
  pending.isPartial ||= reply.isPartial;
  pending.missing -= 1;
  if (pending.missing > 0) return;
  const { limit } = pending.request.page;
  const all = eachOnce(pending.rooms);
  const rooms = all.slice(0, limit).map(([room, count]) => ({ room, count }));
  const more = pending.hasMore || all.length > limit;
  answer(session, 'ROOM_LIST_OK', { rooms, more, partial: pending.isPartial }, context);
}

/** By name; where two homes of a room have not met yet, the one that knows more of it speaks. */
export function eachOnce(
  listed: readonly (readonly [room: string, count: number])[],
): readonly (readonly [room: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const [room, count] of listed) counts.set(room, Math.max(count, counts.get(room) ?? 0));
  return [...counts].toSorted(([one], [other]) => byCode(one, other));
}

/** [HP-ROOM-8] */
export function listMembers(
  session: Session,
  { room, page }: RequestOf<'ROOM_MEMBERS'>,
  context: Turn,
): void {
  const { chat } = session;
  const asked = { replyTo: context.self, ref: refOf(session) };
  const keeper = chat.roomsOfShard(shardOfRoom(chat, room));
  context.send(keeper, { type: 'listMembers', room, ...page, ...asked });
}

export function membersListed(
  session: Session,
  reply: Extract<RoomReply, { readonly type: 'membersListed' }>,
  context: Turn,
): void {
  const { pending } = session;
  if (pending?.request.type !== 'ROOM_MEMBERS' || reply.ref !== pending.ref) return;
  const { members, count, more, isPartial: partial } = reply;
  const { room } = pending.request;
  answer(session, 'ROOM_MEMBERS_OK', { room, members, count, more, partial }, context);
}

/** [HP-HIST-1] [HP-HIST-2] [HP-HIST-3] */
export function readHistory(session: Session, request: RequestOf<'HISTORY'>, context: Turn): void {
  const { chat, who } = session;
  const { after, before, limit, of } = request;
  const asked = { after, before, limit, replyTo: context.self, ref: refOf(session) };
  if (who === undefined) return;
  if ('with' in of) {
    const { user } = who;
    const message = { type: 'directHistory', user, with: of.with, ...asked } as const;
    context.send(ownKeeper(session), message);
  } else if (session.seats.get(of.room)?.phase !== 'seated') {
    const text = 'Join the room to read what was said there.';
    answerError(session, refused('NOT_IN_ROOM', text, 'payload.room').mistake, context);
  } else {
    const keeper = chat.roomsOfShard(shardOfRoom(chat, of.room));
    context.send(keeper, { type: 'readHistory', room: of.room, session: who.session, ...asked });
  }
}

export function historyRead(
  session: Session,
  reply:
    | Extract<RoomReply, { readonly type: 'historyRead' }>
    | Extract<UserReply, { readonly type: 'directHistoryRead' }>,
  context: Turn,
): void {
  const { pending, chat } = session;
  if (pending?.request.type !== 'HISTORY' || reply.ref !== pending.ref) return;
  const { of } = pending.request;
  const messages: Payload[] =
    reply.type === 'historyRead'
      ? reply.entries.map((entry) => ({
          id: entry.id,
          timestamp: entry.timestamp,
          ...entryPayload('room' in of ? of.room : '', entry, chat.options.node),
        }))
      : reply.entries.map((entry) => directPayload(entry));
  // A list of payloads with raw data in them is put together by hand.
  const texts = messages.map(payloadText);
  answer(
    session,
    'HISTORY_OK',
    { ...of, messages: new Raw(`[${texts.join(',')}]`), more: reply.more },
    context,
  );
}

function directPayload({ id, timestamp, from, to, body, dataText, seq }: DirectEntry): Payload {
  const data = dataText === undefined ? undefined : new Raw(dataText);
  return { id, timestamp, from, to, body, data, seq };
}

/** [HP-STATS-1] */
export function askStats(session: Session, context: Turn): void {
  const { chat, pending } = session;
  if (!isAdmin(session)) {
    const { mistake } = refused('FORBIDDEN', 'Only administrators may ask for this.');
    answerError(session, mistake, context);
    return;
  }
  if (pending === undefined) return;
  pending.missing = chat.shards * 2;
  const asked = { ref: pending.ref, replyTo: context.self };
  for (let shard = 0; shard < chat.shards; shard += 1) {
    context.send(chat.usersOfShard(shard), { type: 'countSessions', ...asked });
    context.send(chat.roomsOfShard(shard), { type: 'countRooms', ...asked });
  }
}

/** [HP-STATS-2] */
export function counted(
  session: Session,
  reply:
    | Extract<UserReply, { readonly type: 'sessionsCounted' }>
    | Extract<RoomReply, { readonly type: 'roomsCounted' }>,
  context: Turn,
): void {
  const { pending, chat } = session;
  if (pending?.request.type !== 'STATS' || reply.ref !== pending.ref) return;
  const { counts } = pending;
  if (reply.type === 'roomsCounted') counts.rooms += reply.rooms;
  else {
    counts.users += reply.users;
    counts.waiting += reply.waiting;
    for (const [node, count] of reply.sessions)
      counts.sessions.set(node, (counts.sessions.get(node) ?? 0) + count);
  }
  pending.missing -= 1;
  if (pending.missing > 0) return;
  const { incarnation, shard, shards, options } = chat;
  const { node, cluster } = options;
  const uptime = Math.floor(context.now / 1_000_000);
  const sessions = Object.fromEntries(
    [...counts.sessions].toSorted(([one], [other]) => byCode(one, other)),
  );
  const { users, rooms, waiting } = counts;
  const limits = limitsTold(options);
  const here = { node, cluster, incarnation, uptime, shard, shards };
  answer(session, 'STATS_OK', { ...here, users, sessions, rooms, waiting, limits }, context);
}
