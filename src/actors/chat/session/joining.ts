// Coming into rooms and going. A session follows the room's topic first and asks the keeper then, so that nothing falls
// between; what is said meanwhile waits, and is told behind JOIN_OK and the history.
// Refuses to know how a room is kept. Obeys spec/hp.md, section "Rooms".

import { refused } from '../../codecs/hp/mistakes.ts';
import type { RequestOf } from '../../codecs/hp/requests.ts';
import { NO_SLOT, type RouterReply } from '../../routing/router-messages.ts';
import { roomOfTopic, shardOfRoom, topicOfRoom } from '../chat-context.ts';
import { seatIsReady, tellResumed } from './resuming.ts';
import {
  askToJoin,
  entryText,
  fill,
  giveUpSeat,
  sayText,
  sit,
  switchOver,
  takeSeat,
  wordsText,
} from './seats.ts';
import {
  answer,
  answerError,
  leaveUnanswered,
  has,
  type Joined,
  lineOf,
  refOf,
  type Seat,
  type Session,
  type Turn,
} from './session.ts';

/** [HP-ROOM-1] [HP-ROOM-2] [HP-ROOM-3] [HP-LIM-2] */
export function join(session: Session, request: RequestOf<'JOIN'>, context: Turn): void {
  const { room, historyMax } = request;
  const { roomsPerSessionMax } = session.chat.options;
  const waitUs = session.joinRate.take(context.now);
  if (waitUs > 0) {
    const retryAfter = Math.ceil(waitUs / 1_000_000);
    const message = 'You join too fast.';
    answerError(session, { code: 'RATE_LIMITED', message, retryAfter }, context);
  } else if (session.life === 'draining') {
    const message = 'This server goes down.';
    answerError(session, { code: 'UNAVAILABLE', message, retryAfter: 1 }, context);
  } else if (session.seats.has(room)) {
    askToJoin(session, room, historyMax, undefined, false, refOf(session), context);
  } else if (session.seats.size >= roomsPerSessionMax) {
    const text = `A session sits in at most ${roomsPerSessionMax} rooms.`;
    answerError(session, refused('FORBIDDEN', text, 'payload.room').mistake, context);
  } else takeSeat(session, { room, historyMax, since: undefined }, context);
}

export function subscribed(
  session: Session,
  { topic, slot }: Extract<RouterReply, { readonly type: 'subscribed' }>,
  context: Turn,
): void {
  const seat = session.seats.get(roomOfTopic(topic));
  // [HP-RES-7] Who is away is told nothing: what the seat has heard is still to come.
  if (session.life === 'detached') return;
  if (seat?.phase === 'subscribing') {
    seat.phase = 'asking';
    askToJoin(session, seat.room, seat.historyMax, seat.since, true, refOf(session), context);
  } else if (seat?.phase === 'switching' && seat.slot === slot) {
    if (session.luggage === undefined && seat.since === undefined) {
      fill(session, slot, welcomeText(session, seat, context) + wordsText(session, seat), context);
      leaveUnanswered(session);
    } else fill(session, slot, tellResumed(session, context) + wordsText(session, seat), context);
    sit(seat);
  }
}

/** There is no place for the room's topic: whoever comes back is back without the room. */
export function notSubscribed(
  session: Session,
  { topic }: Extract<RouterReply, { readonly type: 'subscribeRefused' }>,
  context: Turn,
): void {
  giveUpSeat(session, roomOfTopic(topic), context);
  const message = 'There are too many rooms.';
  if (session.luggage === undefined)
    answerError(session, { code: 'UNAVAILABLE', message }, context);
  else seatIsReady(session, context);
}

export function joined(session: Session, reply: Joined, context: Turn): void {
  const seat = session.seats.get(reply.room);
  if (seat === undefined) return;
  if (seat.phase === 'seated' || session.life === 'detached') {
    joinedAgain(session, seat, reply, context);
    return;
  }
  if (seat.phase !== 'asking' || reply.ref !== refOf(session)) return;
  seat.joined = reply;
  seat.place = { epoch: reply.epoch, seq: reply.seq };
  enter(session, seat, context);
}

/** What was said before it came in has been heard, too: the keeper's answer alone would not tell. */
export function heardMark(session: Session, room: string, context: Turn): void {
  const seat = session.seats.get(room);
  if (seat !== undefined) enter(session, seat, context);
}

function enter(session: Session, seat: Seat, context: Turn): void {
  if (seat.joined === undefined || !seat.isMarked) return;
  if (session.luggage !== undefined) {
    seat.phase = 'ready';
    seatIsReady(session, context);
    return;
  }
  if (!has(session, 'ack')) {
    switchOver(session, seat, context);
    return;
  }
  sayText(session, welcomeText(session, seat, context) + wordsText(session, seat), context);
  leaveUnanswered(session);
  sit(seat);
}

function joinedAgain(session: Session, seat: Seat, reply: Joined, context: Turn): void {
  const { pending } = session;
  const isAsked = pending?.request.type === 'JOIN' && pending.ref === reply.ref;
  // A keeper that is new knows an epoch that is new. Who is away stands where its client stands. [HP-RES-8]
  if (session.life !== 'detached' && reply.epoch > seat.place.epoch)
    seat.place = { epoch: reply.epoch, seq: reply.seq };
  if (!isAsked) return;
  const { room, seq, epoch, count } = reply;
  const history = reply.entries.map((entry) => entryText(session, room, entry)).join('');
  answer(session, 'JOIN_OK', { room, seq, epoch, count, already: true }, context);
  sayText(session, history, context);
}

/** [HP-ROOM-2] JOIN_OK, the history, and then what was said since. */
function welcomeText(session: Session, seat: Seat, context: Turn): string {
  const { joined: reply, room } = seat;
  if (reply === undefined) return '';
  const { seq, epoch, count, entries } = reply;
  const ok = lineOf(
    session,
    'JOIN_OK',
    { ref: session.pending?.id, room, seq, epoch, count },
    context,
  );
  return ok + entries.map((entry) => entryText(session, room, entry)).join('');
}

/** [HP-ROOM-4] */
export function leave(session: Session, { room }: RequestOf<'LEAVE'>, context: Turn): void {
  const { chat, connection, who } = session;
  const seat = session.seats.get(room);
  if (seat === undefined || who === undefined) {
    const text = 'You are not in this room.';
    answerError(session, refused('NOT_IN_ROOM', text, 'payload.room').mistake, context);
    return;
  }
  session.seats.delete(room);
  const topic = topicOfRoom(room);
  context.send(chat.router, { type: 'unsubscribe', connection, slot: NO_SLOT, topic });
  context.send(chat.roomsOfShard(shardOfRoom(chat, room)), {
    type: 'leave',
    ...{ room, session: who.session, reason: undefined },
    ...{ ref: refOf(session), replyTo: context.self },
  });
}

export function leftRoom(session: Session, ref: number, context: Turn): void {
  const { pending } = session;
  if (pending?.request.type !== 'LEAVE' || ref !== pending.ref) return;
  answer(session, 'LEAVE_OK', { room: pending.request.room }, context);
}
