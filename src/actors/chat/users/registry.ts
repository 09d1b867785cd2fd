// The sessions of users: who comes, under which policy, and how one moves from one actor to another when its client comes
// back on another connection. Refuses to know messages. Obeys spec/hp.md, sections "Sessions" and "Resume".

import { type HpMistake, refused } from '../../codecs/hp/mistakes.ts';
import type { Address } from '../../runtime/actor.ts';
import { queueUntold } from './directs.ts';
import { replace, unpack, untoldIn } from './nodes/keeping.ts';
import type { KnownSession } from './affairs.ts';
import { closeElsewhere } from './nodes/flying.ts';
import type { User } from './user.ts';
import { takeOffline } from './nodes/waiting-room.ts';
import type { UserReply } from './user-messages.ts';
import {
  type Ask,
  gave,
  madeUser,
  tellPresence,
  userOf,
  type UsersState,
  type UsersTurn,
} from './users-state.ts';

export function register(state: UsersState, ask: Ask<'register'>, context: UsersTurn): void {
  const { entry, ref, replyTo, isAgain } = ask;
  const user = madeUser(state, ask.user);
  if (user === undefined) {
    deny(ask, refused('UNAVAILABLE', 'There is no place for another user.').mistake, context);
    return;
  }
  const mistake = isAgain ? undefined : (notServing(state) ?? makeWay(state, user, context));
  if (mistake !== undefined) {
    deny(ask, mistake, context);
    return;
  }
  const known: KnownSession = {
    ...{ entry, lamport: user.nextLamport(), held: undefined, movingSince: 0 },
  };
  user.putSession(entry.session, known);
  user.expire(context.now);
  const offline = isAgain ? [] : takeOffline(state, user, context);
  for (const message of offline) gave(known, { message, isSent: false }, context);
  tellPresence(state, user.name, context);
  const { sessionPolicy } = state.chat.options;
  // Those elsewhere have just been ended where there may be one.
  const sessions = user.sessions.size + (sessionPolicy === 'replace' ? 0 : user.elsewhere.length);
  const { session } = entry;
  context.send(replyTo, { type: 'registered', ref, user: ask.user, session, sessions, offline });
}

/** [HP-SESS-1] [HP-SESS-2] [HP-SESS-3] [HP-SESS-4] */
export function makeWay(
  state: UsersState,
  user: User,
  context: UsersTurn,
  except?: string,
): HpMistake | undefined {
  const { sessionPolicy, sessionsPerUserMax } = state.chat.options;
  const { sessions } = user;
  // A session that comes back does not stand in its own way.
  const elsewhere = user.elsewhere.filter(({ told }) => told.session !== except);
  if (sessionPolicy === 'reject' && sessions.size + elsewhere.length > 0)
    return refused('USERNAME_TAKEN', 'This user is here already.', 'payload.user').mistake;
  if (sessionPolicy === 'replace') {
    for (const known of [...sessions.values()]) replace(state, user, known, context);
    closeElsewhere(state, user, context);
    return undefined;
  }
  const tooMany = sessions.size + elsewhere.length + 1 - sessionsPerUserMax;
  if (tooMany <= 0) return undefined;
  // Clients that are away make room for one that is here; two nodes may have let one in too many.
  const away = [...sessions.values()]
    .filter(
      ({ entry, held, packed }) => entry.isDetached && (held === undefined || packed !== undefined),
    )
    .slice(0, tooMany);
  if (away.length < tooMany)
    return refused('SESSION_LIMIT', `A user has at most ${sessionsPerUserMax} sessions.`).mistake;
  for (const known of away) replace(state, user, known, context);
  return undefined;
}

/** [HP-PART-2] */
export function notServing({ isServing }: UsersState): HpMistake | undefined {
  if (isServing) return undefined;
  const text = 'This server is cut off from most of its cluster.';
  return { ...refused('UNAVAILABLE', text).mistake, retryAfter: 5 };
}

/** [HP-RES-2] But [HP-RES-13] while it may only not have been told of yet. */
export function notHere(state: UsersState, context: UsersTurn): HpMistake {
  if (!state.isJoined) return NOT_JOINED;
  return isNew(state, AGAIN_MAX_MS, context) ? NOT_AGAIN : EXPIRED;
}

/** Another keeper has died here so lately that what it knew may still be on its way. */
function isNew({ bornAt }: UsersState, forMs: number, { now }: UsersTurn): boolean {
  return bornAt !== undefined && now - bornAt < forMs * 1_000;
}

/** Whoever moved as the keeper before this one died may not have said so yet. */
export function mayComeYet(state: UsersState, context: UsersTurn): boolean {
  return isNew(state, AGAIN_MAX_MS + state.chat.options.answerTimeoutMs, context);
}

/** [HP-RES-2] [HP-RES-4] The one who shows the token is given all that the session has. */
export function move(state: UsersState, ask: Ask<'resume'>, context: UsersTurn): void {
  const known = userOf(state, ask.user)?.sessions.get(ask.session);
  if (known === undefined || !isSame(known.entry.secret, ask.secret)) {
    deny(ask, known === undefined ? notHere(state, context) : EXPIRED, context);
    return;
  }
  const kept = unpack(known);
  if (kept !== undefined) {
    known.packed = undefined;
    known.movingSince = context.now;
    known.mover = ask;
    context.send(ask.replyTo, { type: 'handedOver', ref: ask.ref, luggage: kept });
    return;
  }
  if (known.held !== undefined) {
    const text = 'The session is being resumed already.';
    deny(ask, { ...refused('UNAVAILABLE', text).mistake, retryAfter: 1 }, context);
    return;
  }
  known.held = [];
  known.movingSince = context.now;
  known.mover = ask;
  context.send(known.entry.address, { type: 'handOver', to: ask.replyTo, ref: ask.ref });
}

export function moved(
  state: UsersState,
  { user: name, entry }: Ask<'moved'>,
  context: UsersTurn,
): void {
  const known = userOf(state, name)?.sessions.get(entry.session);
  if (known === undefined) {
    const user = mayComeYet(state, context) ? madeUser(state, name) : undefined;
    if (user === undefined) context.send(entry.address, { type: 'replaced' });
    else {
      // [HP-ROOM-9] It moved while the keeper died that had let it go: the actor that it left could not say so any more.
      user.putSession(entry.session, {
        ...{ entry, lamport: user.nextLamport(), held: undefined, movingSince: 0 },
      });
      tellPresence(state, name, context);
    }
    return;
  }
  const { held } = known;
  known.entry = entry;
  known.held = undefined;
  known.mover = undefined;
  for (const notice of held ?? []) context.send(entry.address, notice);
  tellPresence(state, name, context);
}

/** [HP-RES-1] The user stays online for as long as the client may come back. */
export function detached(state: UsersState, { user, session }: Ask<'detached'>): void {
  const known = userOf(state, user)?.sessions.get(session);
  if (known !== undefined) known.entry = { ...known.entry, isDetached: true };
}

/** [HP-DM-6] What came while it was on its way to another actor waits with the rest. */
export function unregister(state: UsersState, ask: Ask<'unregister'>, context: UsersTurn): void {
  const { user: name, session, untold, replyTo } = ask;
  const sessions = userOf(state, name)?.sessions;
  const known = sessions?.get(session);
  const held = untoldIn(known?.held ?? []);
  sessions?.delete(session);
  // It was over before it heard that it is to move.
  if (known?.mover !== undefined) deny(known.mover, EXPIRED, context);
  const came = held.flatMap(({ message, isSent }) => (isSent ? [] : [message]));
  queueUntold(state, { ...ask, untold: [...untold, ...came] }, context);
  tellPresence(state, name, context);
  if (replyTo !== undefined) context.send(replyTo, { type: 'unregistered' });
}

function deny(
  { replyTo, ref }: { readonly replyTo: Address<UserReply>; readonly ref: number },
  mistake: HpMistake,
  context: UsersTurn,
): void {
  context.send(replyTo, { type: 'userRefused', ref, mistake });
}

/** Takes equally long wherever the difference is. */
export function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at += 1)
    difference |= one.charCodeAt(at) ^ (other.charCodeAt(at) || 0);
  return difference === 0;
}

export const EXPIRED = refused(
  'SESSION_EXPIRED',
  'No session of this token is kept here: log in.',
  'payload.token',
).mistake;
const NOT_JOINED: HpMistake = {
  ...refused('UNAVAILABLE', 'This server does not know yet who is on the others.').mistake,
  retryAfter: 1,
};
const NOT_AGAIN: HpMistake = {
  ...refused('UNAVAILABLE', 'A part of this server does not know yet who is here.').mistake,
  retryAfter: 1,
};
/** Those who live say at once that they are here. */
const AGAIN_MAX_MS = 1_000;
