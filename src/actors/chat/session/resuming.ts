// Away and back: a client that loses its connection has some time to come back on another one, to whatever shard. The old
// actor then hands everything to the new one, which tells the client what it missed before anything else.
// Refuses to know requests. Obeys spec/hp.md, section "Resume".

import { userKey } from '../../codecs/hp/names.ts';
import { readTicket } from '../../codecs/hp-peer/ticket.ts';
import { refused } from '../../codecs/hp/mistakes.ts';
import type { GivenPlace, RequestOf } from '../../codecs/hp/requests.ts';
import type { RouterReply } from '../../routing/router-messages.ts';
import { roomOfTopic } from '../chat-context.ts';
import { isAfter } from '../rooms/room-memory.ts';
import type { Place, RoomEntry } from '../rooms/room-messages.ts';
import { bytesOf } from '../users/nodes/keeping.ts';
import type { Luggage, UserNotice, UserReply, Untold } from '../users/user-messages.ts';
import { entryOf, welcome } from './arriving.ts';
import {
  canMove,
  closeNow,
  drained,
  expire,
  giveBack,
  isFor,
  leaveHalfEntered,
  notTaken,
  sayDrained,
  sayResumed,
  stop,
  untoldOf,
  watchNobody,
} from './leaving.ts';
import { askOne, packedWatch } from './presence.ts';
import {
  entryText,
  giveUpSeat,
  isBack,
  isOwed,
  packedSeat,
  sayText,
  sit,
  standBack,
  switchOver,
  takeSeat,
  tookEntry,
  wordsText,
} from './seats.ts';
import { directText, leaveExcess, tellDirect, tookDirect } from './talking.ts';
import {
  advance,
  answerError,
  leaveUnanswered,
  has,
  isComing,
  isHere,
  keeperOfUser,
  lineOf,
  NO_REF,
  ownKeeper,
  refOf,
  sayError,
  type Seat,
  type Session,
  type Turn,
} from './session.ts';

/** [HP-RES-2] */
export function resume(session: Session, { token }: RequestOf<'RESUME'>, context: Turn): void {
  const { chat } = session;
  const ticket = readTicket(token, chat.signers);
  if (ticket === undefined) {
    const text = 'No session of this token is kept here: log in.';
    answerError(session, refused('SESSION_EXPIRED', text, 'payload.token').mistake, context);
    return;
  }
  context.send(keeperOfUser(session, ticket.user), {
    type: 'resume',
    ...{ ...ticket, shard: chat.shard, ref: refOf(session), replyTo: context.self },
  });
}

/** The old actor is gone: all that it had is here. */
export function handedOver(
  session: Session,
  { ref, luggage }: Extract<UserReply, { readonly type: 'handedOver' }>,
  context: Turn,
): void {
  const { pending, chat } = session;
  if (pending?.request.type !== 'RESUME' || ref !== pending.ref) {
    // Too late: nobody waits for it any more. Its keeper keeps it for whoever comes next.
    context.send(keeperOfUser(session, luggage.user), { type: 'handedOver', ref, luggage });
    return;
  }
  const { user, session: name, secret, caps, status, note, until, unacked = 0 } = luggage;
  session.who = { user, session: name, secret, caps, status, note, until };
  const { rooms } = pending.request;
  const seats = luggage.isAnew === true ? anew(session, luggage, rooms) : luggage.rooms;
  session.luggage = { ...luggage, rooms: seats };
  session.isAnew = luggage.isAnew === true;
  for (const one of luggage.untold.slice(0, unacked)) session.unacked.add(one);
  session.untold = luggage.untold.slice(unacked);
  session.untoldBytes = session.untold.reduce((sum, one) => sum + bytesOf(one), 0);
  advance(session, 'resumed');
  session.splitter.lineBytesMax = chat.options.lineBytesMax;
  session.garbage = [];
  context.cancel('login');
  // [HP-LOGIN-4]
  if (until !== undefined)
    context.after('expiry', Math.max(1, Math.ceil(until * 1_000 - context.wallMs)));
  context.count('chat.sessions');
  if (session.isGone) {
    waitAgain(session, session.luggage, context);
    return;
  }
  for (const { user: watched, told } of luggage.watched) {
    session.watched.set(userKey(watched), { user: watched, told, toldAt: 0 });
    askOne(session, watched, true, NO_REF, context);
  }
  for (const { room, epoch, seq, hasGap, open } of seats) {
    const given = rooms.get(room);
    const since = given === undefined ? { epoch, seq } : { ...given, epoch: given.epoch ?? epoch };
    takeSeat(session, { room, historyMax: 0, since }, context);
    // [HP-RES-7] Who says what it has does not depend on what is known here.
    const seat = session.seats.get(room);
    if (seat === undefined || given !== undefined) continue;
    seat.hasGap = hasGap === true;
    seat.open = open;
  }
  seatIsReady(session, context);
}

/** [HP-RES-10] Nobody knows in which epoch the client heard the last of a room: numbers alone count. */
function anew(
  { chat }: Session,
  { rooms: known }: Luggage,
  given: ReadonlyMap<string, GivenPlace>,
): Luggage['rooms'] {
  // Where it sits since it began anew, and was not heard of.
  const seats = new Map(known.map((seat) => [seat.room, seat]));
  for (const [room, { seq, epoch = 0 }] of given)
    if (!seats.has(room)) seats.set(room, { room, epoch, seq });
  return [...seats.values()].slice(0, chat.options.roomsPerSessionMax);
}

/** The client that came back has gone again before it was told anything: all is as it was. */
function waitAgain(session: Session, { rooms, watched }: Luggage, context: Turn): void {
  const { chat, who } = session;
  if (who === undefined) return;
  for (const { user, told } of watched) {
    session.watched.set(userKey(user), { user, told, toldAt: 0 });
    askOne(session, user, true, NO_REF, context);
  }
  for (const { room, epoch, seq, hasGap, open } of rooms) {
    const place = { epoch, seq };
    session.seats.set(room, {
      ...{ room, historyMax: 0, since: place, phase: 'seated', words: [] },
      ...{ joined: undefined, isMarked: true, slot: undefined, unacked: new Map(), place },
      ...{ hasGap: hasGap === true, hasHoles: false, open },
    });
  }
  session.luggage = undefined;
  session.pending = undefined;
  session.isGone = false;
  if (session.untold.length > 0) leaveExcess(session, context);
  session.hasPlaces = true;
  advance(session, 'lost');
  const { user } = who;
  context.send(ownKeeper(session), { type: 'moved', user, entry: entryOf(session, who, context) });
  context.after('resume', chat.options.resumeWindowMs);
}

/** When all are, the client can be told what it missed, and how much it is. */
export function seatIsReady(session: Session, context: Turn): void {
  const seats = [...session.seats.values()];
  if (seats.some(({ phase }) => phase !== 'ready')) return;
  if (seats.length > 0 && !has(session, 'ack')) {
    for (const seat of seats) switchOver(session, seat, context);
    return;
  }
  let text = tellResumed(session, context);
  for (const seat of seats) {
    text += wordsText(session, seat);
    sit(seat);
  }
  sayText(session, text, context);
}

/** [HP-RES-11] A room's home may be moving: the client is to try again, and loses nothing by it. */
function tryAgain(session: Session, context: Turn): void {
  const message = 'A room of yours cannot be reached now. Resume again.';
  const mistake = { code: 'UNAVAILABLE', message, retryAfter: 1 } as const;
  sayError(session, mistake, session.pending?.id ?? null, context, true);
  session.hasInputEnded = true;
  detach(session, context);
}

/** The keeper of a room does not answer: a node that is alone goes on without the room. */
export function resumeWithout(session: Session, context: Turn): void {
  if (canMove(session)) {
    tryAgain(session, context);
    return;
  }
  for (const seat of [...session.seats.values()]) {
    if (seat.phase !== 'ready' && seat.phase !== 'switching')
      giveUpSeat(session, seat.room, context);
  }
  seatIsReady(session, context);
}

/** [HP-RES-3] RESUME_OK and all that was missed; nothing for those that come after the first. */
export function tellResumed(session: Session, context: Turn): string {
  const { luggage, who, pending } = session;
  if (luggage === undefined || who === undefined || pending === undefined) return '';
  const missed = [...session.seats.values()].map(
    (seat) => [seat, missedIn(session, seat)] as const,
  );
  const gaps = missed.flatMap(([seat]) =>
    seat.hasGap || seat.joined?.hasGap === true ? [seat.room] : [],
  );
  session.gapsTold = gaps;
  for (const seat of session.seats.values()) isBack(seat);
  const directs = [...session.unacked.takeAll(), ...session.untold];
  let replayed = directs.length;
  let texts = '';
  for (const { message, isSent } of directs) {
    texts += directText(message, isSent, true);
    tookDirect(session, { message, isSent }, context);
  }
  session.untold = [];
  session.untoldBytes = 0;
  for (const [seat, entries] of missed) {
    replayed += entries.length;
    for (const entry of entries) {
      texts += entryText(session, seat.room, entry);
      if (has(session, 'ack')) tookEntry(session, seat, entry);
    }
    if (seat.joined !== undefined) seat.place = { epoch: seat.joined.epoch, seq: seat.joined.seq };
  }
  const ok = lineOf(
    session,
    'RESUME_OK',
    {
      ref: pending.id,
      ...welcome(session, who),
      replayed,
      rooms: [...session.seats.keys()],
      gaps: gaps.length === 0 ? undefined : gaps,
      anew: session.isAnew ? true : undefined,
    },
    context,
  );
  const { user } = who;
  session.luggage = undefined;
  leaveUnanswered(session);
  context.count('chat.sessions.resumed');
  context.send(ownKeeper(session), { type: 'moved', user, entry: entryOf(session, who, context) });
  // Behind RESUME_OK, which is written in this turn or waits in a slot before it.
  context.after('changed', 0);
  return ok + texts;
}

function missedIn(session: Session, seat: Seat) {
  const own = session.who?.session;
  const isMissed = (entry: RoomEntry): boolean =>
    isOwed(seat, entry) && (entry.session !== own || has(session, 'echo'));
  return (seat.joined?.entries ?? []).filter(isMissed);
}

/** [HP-RES-1] The connection is gone. */
export function detach(session: Session, context: Turn): void {
  const { chat, connection, who } = session;
  for (const timer of ['ping', 'throttle', 'login']) context.cancel(timer);
  session.splitter.clear();
  if (isComing(session)) {
    session.isGone = true;
    context.send(chat.router, { type: 'leave', connection });
    return;
  }
  session.pending = undefined;
  advance(session, 'lost');
  if (session.life !== 'detached' || who === undefined) {
    session.life = 'closed';
    stop(session, context);
    return;
  }
  for (const seat of session.seats.values())
    if (seat.phase !== 'seated' && session.luggage !== undefined)
      seat.place = seat.since ?? seat.place;
  leaveHalfEntered(session, context);
  const { user, session: name } = who;
  if (session.luggage === undefined)
    context.send(ownKeeper(session), { type: 'detached', user, session: name });
  else {
    session.luggage = undefined;
    const entry = entryOf(session, who, context);
    context.send(ownKeeper(session), { type: 'moved', user, entry });
  }
  context.send(chat.router, { type: 'leave', connection, isTold: true });
  context.after('resume', chat.options.resumeWindowMs);
}

/** [HP-DRAIN-2] The session waits for its client here, for as long as the node is there, and goes to where that comes. */
export function waitForMove(session: Session, context: Turn): void {
  if (!canMove(session)) drained(session, context);
  if (session.life !== 'draining') return;
  sayDrained(session, context);
  session.hasInputEnded = true;
  detach(session, context);
}

/** What the router knows of what the client was given. */
export function streamLeft(
  session: Session,
  { places }: Extract<RouterReply, { readonly type: 'streamLeft' }>,
  context: Turn,
): void {
  session.hasPlaces = true;
  // A client that only said no more has heard everything by now.
  if (session.hasInputEnded) closeNow(session, context);
  for (const { topic, lastId, unwrittenId } of places) {
    const seat = session.seats.get(roomOfTopic(topic));
    if (seat?.phase !== 'seated') continue;
    if (has(session, 'ack')) standBack(seat);
    else {
      const [last, unwritten] = [placeOf(lastId), placeOf(unwrittenId)];
      if (unwritten !== undefined) seat.place = { ...unwritten, seq: unwritten.seq - 1 };
      else if (last !== undefined && isAfter(last, seat.place)) seat.place = last;
    }
  }
  if (session.heir !== undefined) passOn(session, context);
}

/** As the keeper of rooms names its publications: `epoch:seq`. */
function placeOf(id: string | undefined): Place | undefined {
  const [epoch, seq] = id?.split(':') ?? [];
  return id === undefined ? undefined : { epoch: Number(epoch), seq: Number(seq) };
}

/** [HP-RES-4] The client has come back elsewhere, whether its old connection knows it or not. */
export function handOver(
  session: Session,
  { to, ref }: Extract<UserNotice, { readonly type: 'handOver' }>,
  context: Turn,
): void {
  if (session.who === undefined) return;
  session.heir = { to, ref };
  if (session.hasPlaces) passOn(session, context);
  else if (session.life !== 'detached') {
    const { chat, connection } = session;
    sayResumed(session, context);
    leaveHalfEntered(session, context);
    context.send(chat.router, { type: 'leave', connection, isTold: true });
  }
}

function passOn(session: Session, context: Turn): void {
  const { heir, who } = session;
  if (heir === undefined || who === undefined) return closeNow(session, context); // [HP-RES-4]
  const luggage: Luggage = {
    ...who,
    rooms: [...session.seats.values()].map((seat) => packedSeat(session, seat)),
    watched: [...session.watched.values()].map((watched) => packedWatch(session, watched)),
    untold: untoldOf(session),
    unacked: session.unacked.count,
    ...(session.isAnew ? { isAnew: true as const } : {}),
  };
  watchNobody(session, context);
  context.send(heir.to, { type: 'handedOver', ref: heir.ref, luggage });
  context.count('chat.sessions', -1);
  closeNow(session, context);
  advance(session, 'moved');
  context.stop();
}

/** It is told, or kept for a client that is away; and it goes back when whoever it is for is not here any more. */
export function directArrived(
  session: Session,
  arrived: Extract<UserNotice, { readonly type: 'directArrived' }>,
  context: Turn,
): void {
  const isAway = session.life === 'detached' || session.luggage !== undefined;
  if (isAway) keepUntold(session, arrived, context);
  else if (isHere(session) && isFor(session, arrived))
    tellDirect(session, arrived, arrived.isDelayed === true, context);
  else giveBack(session, arrived, context);
}

/** [HP-RES-6] Keeps what comes for a client that is away; a session that grows too large ends early. */
function keepUntold(session: Session, untold: Untold, context: Turn): void {
  const { resumeMessagesMax, resumeBytesMax } = session.chat.options;
  // Else it would be more each time that it comes back, and goes without a word.
  leaveExcess(session, context);
  session.untold.push(untold);
  session.untoldBytes += bytesOf(untold);
  if (session.isLeftBehind) notTaken(session, [untold], context);
  const isTooMuch =
    session.untold.length > resumeMessagesMax || session.untoldBytes > resumeBytesMax;
  if (isTooMuch) expire(session, context);
}
