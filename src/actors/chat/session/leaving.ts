// Every way in which a session ends: the client's own word, a mistake too many, patience at its end, the node's going,
// another session in its place. Whoever is told something last is told all of it before the connection closes.
// Refuses to know requests. Obeys spec/hp.md, sections "Sessions", "Liveness" and "Errors".

import { secondsNow } from '../../runtime/actor.ts';
import { userKey } from '../../codecs/hp/names.ts';
import type { HpMistake } from '../../codecs/hp/mistakes.ts';
import { encodeLine, errorPayload } from '../../codecs/hp/writing.ts';
import { shardOfRoom, shardOfUser } from '../chat-context.ts';
import type { Direct, Untold, UserNotice } from '../users/user-messages.ts';
import {
  advance,
  leaveUnanswered,
  freshId,
  type HpSessionMessage,
  type Identity,
  isAdmin,
  isComing,
  isHere,
  keeperOfUser,
  NO_REF,
  ownKeeper,
  say,
  sayError,
  type Session,
  type Turn,
} from './session.ts';

/** [HP-SESS-6] The client goes, and does not come back. */
export function bye(session: Session, id: string, reason: string | undefined, context: Turn): void {
  say(session, 'BYE', { ref: id, reason }, context);
  end(session, 'left', context);
  finish(session, context);
}

/** [HP-ERR-2] The connection closes after this. */
export function refuse(
  session: Session,
  mistake: HpMistake,
  ref: string | null,
  context: Turn,
): void {
  if (!isHere(session)) return;
  sayError(session, mistake, ref, context, true);
  end(session, 'refused', context);
  finish(session, context);
}

/** A stranger who says no more. */
export function goAway(session: Session, context: Turn): void {
  if (session.isGone) {
    advance(session, 'lost');
    stop(session, context);
    return;
  }
  // Its keeper may have let it in: what comes of that is waited for.
  if (isComing(session)) session.isGone = true;
  else advance(session, 'lost');
  finish(session, context);
}

/** [HP-LIM-6] What waits for it is let go; the last line stands behind what its network has taken. */
export function tooSlow(session: Session, context: Turn): void {
  if (!isHere(session)) return;
  const { connection, chat } = session;
  const mistake = { code: 'SLOW_CONSUMER', message: 'You read too slowly.' } as const;
  context.count('chat.errors.SLOW_CONSUMER');
  const around = { type: 'ERROR', id: freshId(session), timestamp: secondsNow(context) };
  const payload = encodeLine(around, errorPayload(mistake, null));
  context.send(chat.edges.web, { type: 'write', connections: [connection], payload });
  // [HP-RES-2] The session that it comes for waits for it, as when its connection goes.
  if (isComing(session)) session.isGone = true;
  else end(session, 'refused', context);
  closeNow(session, context);
}

/** [HP-NOTE-1] [HP-NOTE-2] */
export function noticed(
  session: Session,
  { code, message, isForAdmins }: Extract<HpSessionMessage, { readonly type: 'clusterNotice' }>,
  context: Turn,
): void {
  const { who, life } = session;
  if (who === undefined || (life !== 'active' && life !== 'draining')) return;
  if (!isForAdmins || isAdmin(session)) say(session, 'NOTICE', { code, message }, context);
}

/** [HP-DRAIN-1] [HP-DRAIN-3] The client is told to go, and where to. */
export function drain(
  session: Session,
  { withinMs, servers, isForGood }: Extract<HpSessionMessage, { readonly type: 'drain' }>,
  context: Turn,
): void {
  if (isForGood && canMove(session))
    context.after('leftBehind', Math.floor(withinMs * LEFT_BEHIND_AFTER));
  if (session.life === 'detached' || session.life === 'closed') return;
  const payload = {
    code: 'SERVER_DRAINING',
    message: 'This server goes down. Connect again.',
    retry_after: 1,
    servers: servers.length === 0 ? undefined : servers,
    resume: canMove(session),
  };
  if (session.life === 'connected') {
    say(session, 'BYE', payload, context);
    // [HP-RES-2] The session that it comes for waits for it, as when its connection goes.
    if (isComing(session)) session.isGone = true;
    else end(session, 'drained', context);
    finish(session, context);
    return;
  }
  say(session, 'NOTICE', payload, context);
  advance(session, 'drained');
  // Not all at once, or they would all come back at once.
  context.after('drained', withinMs > 0 ? context.random() % withinMs : 0);
}

/** Another node can take the session over. */
export function canMove({ chat }: Session): boolean {
  return chat.seam !== undefined;
}

export function sayDrained(session: Session, context: Turn): void {
  const message = 'This server goes down. Connect again.';
  say(session, 'BYE', { code: 'SERVER_DRAINING', message, retry_after: 1 }, context);
}

/** [HP-DRAIN-4] What its client has not taken waits with the keeper, and so on other nodes, when this one ends. */
export function leaveBehind(session: Session, context: Turn): void {
  if (session.life !== 'detached' || session.heir !== undefined) return;
  session.isLeftBehind = true;
  notTaken(session, untoldOf(session), context);
}

/** [HP-DRAIN-2] */
export function drained(session: Session, context: Turn): void {
  if (session.life !== 'draining') return;
  sayDrained(session, context);
  end(session, 'left', context);
  finish(session, context);
}

/** Another session has its place, or this one goes on elsewhere: here it is over, and the keeper knows. */
export function replaced(
  session: Session,
  { goesOn }: Extract<UserNotice, { readonly type: 'replaced' }>,
  context: Turn,
): void {
  if (session.life === 'detached') {
    end(session, 'expired', context);
    stop(session, context);
  } else if (goesOn === true) {
    // [HP-RES-4] Whoever is still here comes back to it.
    sayResumed(session, context);
    end(session, 'refused', context);
    finish(session, context);
  } else {
    const message = 'The user logged in elsewhere.';
    refuse(session, { code: 'SESSION_REPLACED', message }, null, context);
  }
}

export function sayResumed(session: Session, context: Turn): void {
  const message = 'The session goes on on another connection.';
  say(session, 'BYE', { code: 'SESSION_RESUMED', message }, context);
}

/** [HP-LOGIN-4] So does the session, whether its client is here, away or on its way. */
export function tokenEnded(session: Session, context: Turn): void {
  const mistake = { code: 'AUTH_FAILED', message: 'The token has expired.' } as const;
  if (session.isGone) context.after('expiry', LOOK_EVERY_MS);
  else if (session.life === 'detached') expire(session, context);
  else refuse(session, mistake, null, context);
}

/** [HP-RES-5] Nobody came back in time. */
export function expire(session: Session, context: Turn): void {
  if (session.life !== 'detached') return;
  context.count('chat.sessions.expired');
  end(session, 'expired', context);
  stop(session, context);
}

/** Gives up all that others keep for the session. What nobody was told goes back to the user's keeper. */
export function end(
  session: Session,
  event: 'left' | 'refused' | 'drained' | 'expired',
  context: Turn,
): void {
  const wasIn = session.life !== 'connected';
  advance(session, event);
  leaveUnanswered(session);
  context.cancel('ping');
  context.cancel('resume');
  const { who, chat } = session;
  if (who === undefined) return;
  for (const { room } of session.seats.values()) leaveRoom(session, room, undefined, context);
  watchNobody(session, context);
  session.seats.clear();
  const untold = untoldOf(session);
  part(
    session,
    who,
    untold.flatMap(({ message, isSent }): Direct[] => (isSent ? [] : [message])),
    context,
  );
  session.who = undefined;
  // What comes now goes back.
  session.luggage = undefined;
  // Whoever was only being let in has not been counted.
  if (!wasIn) return;
  context.count('chat.sessions', -1);
  context.send(chat.edges.log, {
    type: 'log',
    level: 'debug',
    event: 'chat.sessionEnded',
    fields: { session: who.session },
  });
}

/** Whoever takes the session over asks for those that it follows itself. */
export function watchNobody(session: Session, context: Turn): void {
  for (const { user } of session.watched.values()) tellUnwatched(session, user, context);
}

export function tellUnwatched(session: Session, user: string, context: Turn): void {
  const [name, address] = [session.who?.session ?? '', context.self];
  context.send(keeperOfUser(session, user), { type: 'unwatch', user, session: name, address });
}

/** The keeper is told that a session is over, and says when nothing more comes for it. */
export function part(
  session: Session,
  { user, session: name }: Pick<Identity, 'user' | 'session'>,
  untold: readonly Direct[],
  context: Turn,
): void {
  session.partsFrom = shardOfUser(session.chat, user);
  const replyTo = context.self;
  const message = { type: 'unregister', user, session: name, untold, replyTo } as const;
  context.send(keeperOfUser(session, user), message);
}

/** [HP-ERR-5] The keeper may have let somebody in for whom the client did not wait. */
export function isFor({ who }: Session, { message: { from, to }, isSent }: Untold): boolean {
  return who !== undefined && userKey(isSent ? from : to) === userKey(who.user);
}

/** [HP-DM-6] What was on its way when the session ended goes back: it waits for the user's next one. */
export function giveBack(session: Session, { message, isSent }: Untold, context: Turn): void {
  if (isSent) return;
  const { to: user } = message;
  const untold = [message];
  const back = { type: 'unregister', user, session: NO_SESSION, untold } as const;
  context.send(keeperOfUser(session, user), back);
}

/** [HP-RES-6] Though the session is there, it waits for the user's next one. */
export function notTaken(session: Session, untaken: readonly Untold[], context: Turn): void {
  const { who } = session;
  const messages = untaken.flatMap(({ message, isSent }) => (isSent ? [] : [message]));
  if (who !== undefined && messages.length > 0)
    context.send(ownKeeper(session), { type: 'notTaken', user: who.user, messages });
}

/** Nothing more comes. */
export function parted(session: Session, context: Turn): void {
  session.partsFrom = undefined;
  if (session.isStopping) context.stop();
}

/** Everything that the client may not have. */
export function untoldOf({ unacked, untold }: Session): readonly Untold[] {
  return [...unacked.all, ...untold];
}

/** Rooms that its client asked for, and was not told that it is in. */
export function leaveHalfEntered(session: Session, context: Turn): void {
  for (const { room, phase, since } of [...session.seats.values()]) {
    if (phase === 'seated' || since !== undefined) continue;
    session.seats.delete(room);
    leaveRoom(session, room, undefined, context);
  }
}

export function leaveRoom(
  { who, chat }: Session,
  room: string,
  reason: string | undefined,
  context: Turn,
): void {
  if (who === undefined) return;
  const { session } = who;
  context.send(chat.roomsOfShard(shardOfRoom(chat, room)), {
    ...{ type: 'leave', room, session, reason, replyTo: context.self, ref: NO_REF },
  });
}

/** Closes when all that was said has been written. */
function finish(session: Session, context: Turn): void {
  const { chat, connection } = session;
  context.send(chat.router, { type: 'finish', connection });
  context.after('goodbye', GOODBYE_MAX_MS);
}

/** Without waiting for what was not written yet. */
export function closeNow({ chat, connection }: Session, context: Turn): void {
  context.send(chat.edges.web, { type: 'close', connection, code: 1_000, reason: '' });
}

/** Nothing of the session is left here, but for what is on its way from its keeper. */
export function stop(session: Session, context: Turn): void {
  const { chat, connection } = session;
  context.send(chat.router, { type: 'leave', connection });
  session.isStopping = true;
  if (session.partsFrom === undefined) context.stop();
}

/** After a bug: what the failed turn did to the state is not to be trusted. */
export function sayLastWords(session: Session, context: Turn): void {
  const { chat, connection } = session;
  const mistake = { code: 'INTERNAL', message: 'Something is wrong here.' } as const;
  const around = { type: 'ERROR', id: freshId(session), timestamp: secondsNow(context) };
  const payload = encodeLine(around, errorPayload(mistake, null));
  context.send(chat.edges.web, { type: 'write', connections: [connection], payload });
  closeNow(session, context);
  context.send(chat.router, { type: 'leave', connection });
  if (session.who !== undefined && session.life !== 'closed') end(session, 'refused', context);
}

/** A peer that does not take its last words is cut off. */
const GOODBYE_MAX_MS = 5_000;

const LOOK_EVERY_MS = 1_000;
/** No session is called so. */
const NO_SESSION = '';

/** Of the time that clients have to go: behind the last of them, and before the links end. */
const LEFT_BEHIND_AFTER = 1.2;
