// Who is here: what a client says of itself, and what it wants to know of others.
// Refuses to know how sessions of a user are put together: their keeper does. Obeys spec/hp.md, section "Presence".

import { userKey } from '../../codecs/hp/names.ts';
import { refused } from '../../codecs/hp/mistakes.ts';
import type { RequestOf } from '../../codecs/hp/requests.ts';
import { shardOfRoom } from '../chat-context.ts';
import type { Presence, UserReply } from '../users/user-messages.ts';
import { tellUnwatched } from './leaving.ts';
import {
  answer,
  answerError,
  keeperOfUser,
  NO_REF,
  ownKeeper,
  refOf,
  say,
  type Session,
  type Turn,
  type Watched,
} from './session.ts';

/** [HP-PRES-4] */
export function setPresence(
  session: Session,
  { status, note }: RequestOf<'PRESENCE_SET'>,
  context: Turn,
): void {
  const { who, chat } = session;
  if (who === undefined) return;
  const waitUs = session.presenceRate.take(context.now);
  if (waitUs > 0) {
    const retryAfter = Math.ceil(waitUs / 1_000_000);
    const message = 'You change too often.';
    answerError(session, { code: 'RATE_LIMITED', message, retryAfter }, context);
    return;
  }
  who.status = status;
  who.note = note;
  const { user, session: name } = who;
  context.send(ownKeeper(session), { type: 'setPresence', user, session: name, status, note });
  for (const { room } of session.seats.values()) {
    const keeper = chat.roomsOfShard(shardOfRoom(chat, room));
    context.send(keeper, { type: 'setStatus', room, session: name, status });
  }
  answer(session, 'ACK', {}, context);
}

/** [HP-PRES-1] [HP-PRES-5] */
export function watch(session: Session, users: readonly string[], context: Turn): void {
  const { watchedUsersMax } = session.chat.options;
  const added = users.filter((user) => !session.watched.has(userKey(user)));
  if (session.watched.size + added.length > watchedUsersMax) {
    const text = `You may follow at most ${watchedUsersMax} users.`;
    answerError(session, refused('INVALID_PAYLOAD', text, 'payload.users').mistake, context);
    return;
  }
  for (const user of added) session.watched.set(userKey(user), { user, told: '', toldAt: 0 });
  ask(session, users, true, context);
}

export function askPresences(session: Session, users: readonly string[], context: Turn): void {
  ask(session, users, false, context);
}

function ask(session: Session, users: readonly string[], isWatching: boolean, context: Turn): void {
  const { pending } = session;
  if (pending === undefined) return;
  pending.missing = users.length;
  const ref = refOf(session);
  for (const user of users) askOne(session, user, isWatching, ref, context);
  if (users.length === 0) answer(session, 'PRESENCE_STATE', { users: [] }, context);
}

/** [HP-PRES-1] A keeper is new, and knows nobody who watches. */
export function watchAgain(session: Session, context: Turn): void {
  for (const { user } of session.watched.values()) askOne(session, user, true, NO_REF, context);
}

export function askOne(
  session: Session,
  user: string,
  isWatching: boolean,
  ref: number,
  context: Turn,
): void {
  const { who, chat } = session;
  const watcher =
    isWatching && who !== undefined
      ? { session: who.session, shard: chat.shard, address: context.self }
      : undefined;
  const keeper = keeperOfUser(session, user);
  context.send(keeper, { type: 'askPresence', user, watcher, ref, replyTo: context.self });
}

export function unwatch(session: Session, users: readonly string[], context: Turn): void {
  for (const user of users) {
    session.watched.delete(userKey(user));
    session.changed.delete(userKey(user));
    tellUnwatched(session, user, context);
  }
  answer(session, 'ACK', {}, context);
}

export function presenceTold(
  session: Session,
  { ref, presence }: Extract<UserReply, { readonly type: 'presenceTold' }>,
  context: Turn,
): void {
  const { pending } = session;
  if (pending === undefined || ref !== pending.ref || pending.request.type === 'RESUME') {
    presenceChanged(session, presence, context);
    return;
  }
  const watched = session.watched.get(userKey(presence.user));
  if (watched !== undefined) noteTold(watched, presence, context);
  pending.presences.push(presence);
  pending.missing -= 1;
  if (pending.missing > 0) return;
  const order = 'users' in pending.request ? pending.request.users.map(userKey) : [];
  const told = pending.presences.toSorted(
    (one, other) => order.indexOf(userKey(one.user)) - order.indexOf(userKey(other.user)),
  );
  const users = told.map(({ user, status, note, sessions, since }) => {
    return { user, status, note, sessions, since };
  });
  answer(session, 'PRESENCE_STATE', { users }, context);
}

/** [HP-PRES-3] What the client knows already is not told again; a client that is away hears the last word later. */
export function presenceChanged(session: Session, presence: Presence, context: Turn): void {
  const watched = session.watched.get(userKey(presence.user));
  if (watched === undefined) return;
  if (session.life === 'detached' || session.luggage !== undefined) {
    session.changed.set(userKey(presence.user), presence);
    return;
  }
  if (watched.told === wordOf(presence)) return;
  noteTold(watched, presence, context);
  if (isToldNext(session, presence)) return;
  const { user, status, note } = presence;
  say(session, 'PRESENCE_EVENT', { user, status, note }, context);
}

/** [HP-PRES-1] The answer that is under way has the user in it: it tells what is, and not what was. */
function isToldNext({ pending }: Session, presence: Presence): boolean {
  const presences = pending?.presences ?? [];
  const at = presences.findIndex(({ user }) => userKey(user) === userKey(presence.user));
  if (at < 0) return false;
  presences[at] = presence;
  return true;
}

export function tellChanged(session: Session, context: Turn): void {
  const changed = [...session.changed.values()];
  session.changed.clear();
  for (const presence of changed) presenceChanged(session, presence, context);
}

function noteTold(watched: Watched, presence: Presence, context: Turn): void {
  watched.told = wordOf(presence);
  watched.toldAt = context.now;
}

/** [HP-PRES-6] What a client knows for sure, of whom it follows: nothing of what it may not have heard. */
export function packedWatch({ heardAt }: Session, { user, told, toldAt }: Watched) {
  return { user, told: toldAt < heardAt - UNSURE_US ? told : '' };
}

/** What a client says may have been on its way while it was told something. */
const UNSURE_US = 5_000_000;

function wordOf({ status, note }: Presence): string {
  return note === undefined ? status : `${status} ${note}`;
}
