// Sessions that were sent to another node, which has not said yet that it has them: it may die before it does. What was sent
// is kept here until then, and is there for whoever comes for the session next.
// Refuses to know links. Obeys spec/hp-peer.md, section "Sessions that move".

import { utf8Length } from '../../../codecs/utf8-text.ts';
import { keeperOfRoom } from '../../chat-context.ts';
import { queueUntold } from '../directs.ts';
import type { KnownSession } from '../affairs.ts';
import type { User } from '../user.ts';
import type { Luggage, Untold } from '../user-messages.ts';
import { tellPresence, type UsersState, type UsersTurn } from '../users-state.ts';

/** The session's actor is gone: this is all that is left of the session. */
export function pack(
  state: UsersState,
  user: User,
  known: KnownSession,
  luggage: Luggage,
  context: UsersTurn,
): void {
  known.packed = luggage;
  if (state.packed.size === 0) context.after('packed', LOOK_EVERY_MS);
  state.packed.set(luggage.session, user);
}

/** What is kept, with what came for it since; undefined while it is on its way, or its actor has it. */
export function unpack(known: KnownSession): Luggage | undefined {
  const { packed, held = [], movingTo } = known;
  if (packed === undefined || movingTo !== undefined) return undefined;
  known.held = held.filter(({ type }) => type !== 'directArrived');
  return { ...packed, untold: [...packed.untold, ...untoldIn(held)] };
}

/** [HP-RES-12] A client that does not come for it in time has lost it, as any other. */
export function expirePacked(state: UsersState, context: UsersTurn): void {
  const { resumeWindowMs, resumeMessagesMax, resumeBytesMax } = state.chat.options;
  for (const [session, user] of [...state.packed]) {
    const known = user.sessions.get(session);
    if (known?.packed === undefined) state.packed.delete(session);
    else {
      const { packed, held = [] } = known;
      const untold = [...packed.untold.slice(packed.unacked ?? 0), ...untoldIn(held)];
      const bytes = untold.reduce((sum, one) => sum + bytesOf(one), 0);
      const isLate = context.now - known.movingSince > resumeWindowMs * 1_000;
      const isTooMuch = untold.length > resumeMessagesMax || bytes > resumeBytesMax;
      if (isLate || isTooMuch) end(state, user, known, context);
    }
  }
  if (state.packed.size > 0) context.after('packed', LOOK_EVERY_MS);
}

export function untoldIn(held: NonNullable<KnownSession['held']>): readonly Untold[] {
  return held.flatMap((notice) =>
    notice.type === 'directArrived' ? [{ message: notice.message, isSent: notice.isSent }] : [],
  );
}

/** [HP-RES-6] What counts of a message that waits for a session. */
export function bytesOf({ message }: Untold): number {
  return utf8Length(message.body) + utf8Length(message.dataText ?? '');
}

function end(state: UsersState, user: User, known: KnownSession, context: UsersTurn): void {
  replace(state, user, known, context);
  tellPresence(state, user.name, context);
}

/** Another session takes its place: whoever has it is told; when nobody has, what is kept of it is given up. */
export function replace(
  state: UsersState,
  user: User,
  known: KnownSession,
  context: UsersTurn,
): void {
  const { entry, held = [] } = known;
  const { session } = entry;
  known.movingTo = undefined;
  const luggage = unpack(known);
  user.sessions.delete(session);
  state.packed.delete(session);
  if (luggage === undefined) {
    context.send(entry.address, { type: 'replaced' });
    queue(state, user.name, session, untoldIn(held), context);
  } else giveUp(state, luggage, context);
}

/** Its actor is gone, and so is the session: nothing of it is left where it was. */
export function giveUp(state: UsersState, luggage: Luggage, context: UsersTurn): void {
  const { user, session, rooms, untold } = luggage;
  const asked = { session, reason: undefined, ref: 0, replyTo: context.self as never };
  for (const { room } of rooms)
    context.send(keeperOfRoom(state.chat, room), { type: 'leave', room, ...asked });
  queue(state, user, session, untold, context);
}

/** [HP-DM-6] */
function queue(
  state: UsersState,
  user: string,
  session: string,
  all: readonly Untold[],
  context: UsersTurn,
): void {
  const untold = all.flatMap(({ message, isSent }) => (isSent ? [] : [message]));
  queueUntold(state, { type: 'unregister', user, session, untold }, context);
}

const LOOK_EVERY_MS = 500;
