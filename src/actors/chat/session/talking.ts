// What clients say to each other: in rooms and directly, with receipts and signs of typing.
// Refuses to know how messages are kept. Obeys spec/hp.md, sections "Messages", "Direct messages" and "Receipts".

import { userKey } from '../../codecs/hp/names.ts';
import { refused } from '../../codecs/hp/mistakes.ts';
import type { RequestOf } from '../../codecs/hp/requests.ts';
import { lineText, Raw } from '../../codecs/hp/writing.ts';
import { encodeText } from '../../codecs/utf8-text.ts';
import { shardOfRoom } from '../chat-context.ts';
import type { RoomReply } from '../rooms/room-messages.ts';
import type { Direct, UserNotice, UserReply, Untold } from '../users/user-messages.ts';
import { notTaken, refuse } from './leaving.ts';
import { takes } from './seats.ts';
import {
  answer,
  answerError,
  leaveUnanswered,
  has,
  keeperOfUser,
  ownKeeper,
  refOf,
  say,
  type Session,
  type Turn,
  write,
} from './session.ts';

/** [HP-MSG-1] [HP-MSG-2] */
export function sayInRoom(
  session: Session,
  { room, body, dataText }: RequestOf<'ROOM_MESSAGE'>,
  context: Turn,
): void {
  const { chat, who, pending, connection } = session;
  if (who === undefined || pending === undefined) return;
  if (session.seats.get(room)?.phase !== 'seated') {
    const text = 'Join the room before you speak in it.';
    answerError(session, refused('NOT_IN_ROOM', text, 'payload.room').mistake, context);
    return;
  }
  if (isTooFast(session, context)) return;
  const { id, timestamp, ref } = pending;
  const { shard } = chat;
  context.send(chat.roomsOfShard(shardOfRoom(chat, room)), {
    type: 'say',
    room,
    session: who.session,
    connection,
    shard,
    id,
    timestamp,
    body,
    dataText,
    ref,
    replyTo: context.self,
  });
}

/** [HP-ACK-1] It has its place; `stored`: no node that dies takes it away. */
export function said(
  session: Session,
  { ref, seq, epoch, isDuplicate, isStored }: Extract<RoomReply, { readonly type: 'said' }>,
  context: Turn,
): void {
  if (ref !== refOf(session)) return;
  const id = ownId(session);
  const duplicate = isDuplicate ? true : undefined;
  const status = isStored ? 'stored' : 'accepted';
  answer(session, 'ACK', { id, status, seq, epoch, duplicate }, context);
}

/** [HP-ACK-4] The id that a lenient listener gave. */
function ownId({ chat, pending }: Session): string | undefined {
  return chat.options.envelope === 'lenient' ? pending?.id : undefined;
}

/** [HP-LIM-4] */
function isTooFast(session: Session, context: Turn): boolean {
  const waitUs = session.messageRate.take(context.now);
  if (waitUs === 0) {
    session.limited = Math.max(0, session.limited - 1);
    return false;
  }
  session.limited += 1;
  const retryAfter = Math.ceil(waitUs / 100_000) / 10;
  const mistake = { code: 'RATE_LIMITED', message: 'You speak too fast.', retryAfter } as const;
  const { messagesBurstMax } = session.chat.options;
  if (session.limited < messagesBurstMax * LIMITED_MAX) answerError(session, mistake, context);
  else refuse(session, mistake, session.pending?.id ?? null, context);
  return true;
}

/** [HP-DM-1] With a directory the receiver must be in it. */
export function sayDirect(
  session: Session,
  { to }: RequestOf<'DIRECT_MESSAGE'>,
  context: Turn,
): void {
  const { auth } = session.chat.options;
  if (isTooFast(session, context)) return;
  if (auth.length === 1 && auth[0] === 'password') {
    const asked = { user: to, ref: refOf(session), replyTo: context.self };
    context.send(session.chat.edges.passwords, { type: 'findUser', ...asked });
  } else sendDirect(session, undefined, context);
}

export function sendDirect(session: Session, isKnown: boolean | undefined, context: Turn): void {
  const { pending, who } = session;
  if (pending?.request.type !== 'DIRECT_MESSAGE' || who === undefined) return;
  const { to, body, dataText } = pending.request;
  const { id, timestamp, ref } = pending;
  // [HP-DM-7] The sender is who is logged in, whatever the payload says.
  const message: Direct = {
    id,
    timestamp,
    from: who.user,
    session: who.session,
    to,
    body,
    dataText,
  };
  context.send(keeperOfUser(session, to), {
    type: 'direct',
    ...{ user: to, message, isKnown, ref, replyTo: context.self },
  });
}

/** [HP-ACK-2] [HP-DM-8] The sender's other sessions hear what was sent. */
export function directAnswered(
  session: Session,
  reply: Extract<UserReply, { readonly type: 'directAnswered' }>,
  context: Turn,
): void {
  const { pending, who } = session;
  if (reply.ref !== refOf(session) || pending?.request.type !== 'DIRECT_MESSAGE') return;
  if (who === undefined) return;
  const { to, body, dataText } = pending.request;
  const { id, timestamp } = pending;
  const { status, isDuplicate } = reply;
  const duplicate = isDuplicate ? true : undefined;
  answer(session, 'ACK', { id: ownId(session), status, duplicate }, context);
  if (isDuplicate || userKey(to) === userKey(who.user)) return;
  const { user: from, session: name } = who;
  const message: Direct = { id, timestamp, from, session: name, to, body, dataText };
  context.send(ownKeeper(session), { type: 'carbon', user: from, message });
}

/** [HP-DM-9] */
export function tellDirect(
  session: Session,
  untold: Untold,
  isDelayed: boolean,
  context: Turn,
): void {
  // [HP-DM-2] The client has heard it, and not said so yet: what waited in two places comes once.
  if (session.unacked.has(untold)) return;
  write(session, encodeText(directText(untold.message, untold.isSent, isDelayed)), context);
  tookDirect(session, untold, context);
  leaveExcess(session, context);
}

/** [HP-DM-4] In one piece behind `line`: what waited is no sign of a slow reader, however much it is. */
export function tellWaiting(
  session: Session,
  line: string,
  messages: readonly Direct[],
  context: Turn,
): void {
  const texts = messages.map((message) => directText(message, false, true));
  write(session, encodeText(line + texts.join('')), context);
  for (const message of messages) tookDirect(session, { message, isSent: false }, context);
}

export function directText(message: Direct, isSent: boolean, isDelayed: boolean): string {
  const { id, timestamp, from, to, body, dataText } = message;
  const data = dataText === undefined ? undefined : new Raw(dataText);
  const sent = isSent ? true : undefined;
  const delayed = isDelayed ? true : undefined;
  return lineText(
    { type: 'DIRECT_MESSAGE', id, timestamp },
    { from, to, body, data, delayed, sent },
  );
}

/** [HP-ACK-3] Without the cap `ack`, what is written counts as taken. */
export function tookDirect(session: Session, untold: Untold, context: Turn): void {
  if (has(session, 'ack')) session.unacked.add(untold);
  else tellTaken(session, untold, context);
}

/** [HP-RES-6] What waited for the client comes all at once, and there is time to acknowledge it until more comes. */
export function leaveExcess(session: Session, context: Turn): void {
  notTaken(session, session.unacked.takeExcess(session.chat.options), context);
}

function tellTaken(session: Session, { message, isSent }: Untold, context: Turn): void {
  const { who } = session;
  if (isSent || who === undefined) return;
  const { from, id } = message;
  context.send(ownKeeper(session), { type: 'directTaken', user: who.user, from, id });
}

/** [HP-ACK-3] */
export function acknowledge(session: Session, { refs }: RequestOf<'ACK'>, context: Turn): void {
  acknowledged(session, refs, context);
  leaveUnanswered(session);
}

export function acknowledged(session: Session, refs: readonly string[], context: Turn): void {
  for (const ref of refs) {
    for (const untold of session.unacked.take(ref)) tellTaken(session, untold, context);
    for (const seat of session.seats.values()) takes(seat, ref);
  }
}

/** [HP-RCPT-1] */
export function sendReceipt(
  session: Session,
  { ref, to, state }: RequestOf<'RECEIPT'>,
  context: Turn,
): void {
  const { pending, who } = session;
  const id = pending?.id ?? '';
  const by = who?.user ?? '';
  context.send(keeperOfUser(session, to), { type: 'receipt', user: to, id, ref, by, state });
  answer(session, 'ACK', {}, context);
}

export function receiptArrived(
  session: Session,
  { ref, by, state }: Extract<UserNotice, { readonly type: 'receiptArrived' }>,
  context: Turn,
): void {
  say(session, 'RECEIPT', { ref, by, state }, context);
}

/** [HP-TYPE-1] [HP-TYPE-2] */
export function tellTyping(session: Session, request: RequestOf<'TYPING'>, context: Turn): void {
  const { chat, who, connection } = session;
  const { on, in: place } = request;
  if (who === undefined) return;
  if (session.typingRate.take(context.now) > 0) {
    context.count('chat.typing.dropped');
    leaveUnanswered(session);
    return;
  }
  if ('to' in place) {
    const user = place.to;
    context.send(keeperOfUser(session, user), { type: 'typingTo', user, from: who.user, on });
  } else if (session.seats.get(place.room)?.phase === 'seated') {
    const { room } = place;
    const { shard } = chat;
    context.send(chat.roomsOfShard(shardOfRoom(chat, room)), {
      type: 'typing',
      ...{ room, session: who.session, connection, shard, on },
    });
  } else {
    const text = 'You are not in this room.';
    answerError(session, refused('NOT_IN_ROOM', text, 'payload.room').mistake, context);
    return;
  }
  leaveUnanswered(session);
}

export function typingArrived(
  session: Session,
  { from, on }: Extract<UserNotice, { readonly type: 'typingArrived' }>,
  context: Turn,
): void {
  say(session, 'TYPING', { from, on }, context);
}

const LIMITED_MAX = 5;
