// Direct messages at the home of their receiver: known again by sender and id, given to each session, or kept until the
// user is back. The sender is told what really became of the message. Refuses to know lines.
// Obeys spec/hp.md, section "Direct messages".

import { refused } from '../../codecs/hp/mistakes.ts';
import { userKey } from '../../codecs/hp/names.ts';
import type { KnownSession, Seen } from './affairs.ts';
import { keyOf as keyOfDirect, type User } from './user.ts';
import { letWait, waitsNoMore } from './nodes/waiting-room.ts';
import { fly, tellKeeper } from './nodes/flying.ts';
import type { Direct, DirectStatus } from './user-messages.ts';
import {
  type Ask,
  isFull,
  madeUser,
  nodesOf,
  notify,
  userOf,
  waitingMax,
  type UsersState,
  type UsersTurn,
  type Waiting,
} from './users-state.ts';

export function direct(state: UsersState, ask: Ask<'direct'>, context: UsersTurn): void {
  const { message } = ask;
  const known = userOf(state, ask.user)?.seen(message);
  if (known !== undefined && !isBack(ask, known)) {
    // [HP-DM-3] Told again what it was told before; told to nobody else.
    answer(state, ask, known.status ?? 'accepted', true, context);
    return;
  }
  const user = userOf(state, ask.user);
  const hearers = [...(user?.sessions.values() ?? [])].filter((one) => !hasHad(one, message));
  const nodes = ask.node === undefined ? nodesOf(state, user) : [];
  if (user === undefined || user.sessions.size + nodes.length === 0) {
    if (ask.node !== undefined) answer(state, ask, 'noSession', false, context);
    else if (ask.isDelayed === true) waitOn(state, ask, context);
    else queue(state, ask, context);
    return;
  }
  context.count('chat.directs');
  const isAnyHere = hearers.some(({ entry, held }) => !entry.isDetached && held === undefined);
  const isWaiting = isAnyHere || nodes.length > 0;
  user.remember(message, isWaiting ? undefined : 'accepted', context.now, hearers.length > 0);
  const delayed = ask.isDelayed === true ? { isDelayed: true as const } : {};
  const notice = { type: 'directArrived', message, isSent: false, ...delayed } as const;
  notify(user, notice, context, message.session);
  if (nodes.length > 0) {
    // [HP-DM-4] What waited where it is no more waits for this, too.
    fly(state, user, message, nodes, ask.isDelayed === true, context);
    const flying = state.flying.get(keyOf(user, message));
    // Whoever has it here need not have it there.
    if (flying !== undefined) flying.isTaken = hearers.length > 0;
  }
  if (!isWaiting) {
    answer(state, ask, 'accepted', false, context);
    return;
  }
  const key = keyOf(user, message);
  const before = state.waiting.get(key);
  // [HP-DM-2] It was said here, and has come back from where it waited: there is somebody here by now who is given it.
  if (before !== undefined) giveUp(state, key, before, context);
  if (state.waiting.size === 0) context.after('waiting', WAIT_LOOK_EVERY_MS);
  state.waiting.set(key, { user, ask, since: context.now });
}

/** [HP-DM-6] It passed by here on its way to where it waited, and nobody has taken it there. */
function isBack({ isDelayed }: Ask<'direct'>, { isHere, status }: Seen): boolean {
  return isDelayed === true && !isHere && status !== 'delivered';
}

/** [HP-DM-4] [HP-DM-5] Nobody is here who could hear it. */
function queue(state: UsersState, ask: Ask<'direct'>, context: UsersTurn): void {
  const { offlineMessagesMax } = state.chat.options;
  const { message, isKnown } = ask;
  if (isKnown === false) deny(ask, 'NO_SUCH_USER', context);
  else if (offlineMessagesMax === 0) deny(ask, 'USER_OFFLINE', context);
  else {
    const user = madeUser(state, ask.user);
    if (user === undefined || user.offline.length >= offlineMessagesMax || isFull(state)) {
      deny(ask, 'QUEUE_FULL', context);
      return;
    }
    context.count('chat.directs.queued');
    user.remember(message, 'queued', context.now, true);
    letWait(state, user, message, ask, context);
  }
}

/** [HP-STORE-6] [HP-DM-6] It has waited elsewhere, and goes on waiting here. */
function waitOn(
  state: UsersState,
  { user: name, message }: Ask<'direct'>,
  context: UsersTurn,
): void {
  const user = madeUser(state, name);
  if (user === undefined || !hasPlace(state, user)) {
    context.count('chat.directs.lost');
    return;
  }
  user.remember(message, 'queued', context.now, true);
  letWait(state, user, message, undefined, context);
}

const refusals = {
  NO_SUCH_USER: 'There is no user of this name.',
  USER_OFFLINE: 'The user is not here.',
  QUEUE_FULL: 'Too many messages wait for this user.',
} as const;

function deny(ask: Ask<'direct'>, code: keyof typeof refusals, context: UsersTurn): void {
  const { mistake } = refused(code, refusals[code], 'payload.to');
  context.send(ask.replyTo, { type: 'userRefused', ref: ask.ref, mistake });
}

/** No node has it, though one was to: it waits for the user here, or is told to who has come meanwhile. */
export function queueAgain(
  state: UsersState,
  user: User,
  message: Direct,
  context: UsersTurn,
): void {
  if (user.sessions.size > 0) {
    // [HP-DM-6] What becomes of it is known when they have taken it.
    const untold = [message];
    queueUntold(state, { type: 'unregister', user: user.name, session: '', untold }, context);
    return;
  }
  const key = keyOf(user, message);
  const waiting = state.waiting.get(key);
  state.waiting.delete(key);
  const seen = user.seen(message);
  const { offlineMessagesMax } = state.chat.options;
  if (user.offline.length >= offlineMessagesMax || isFull(state)) {
    // [HP-DM-4] [HP-DM-5] Its sender learns it, unless it was told already that somebody holds the message.
    user.forget(message);
    if (waiting === undefined) context.count('chat.directs.lost');
    else deny(waiting.ask, offlineMessagesMax === 0 ? 'USER_OFFLINE' : 'QUEUE_FULL', context);
    return;
  }
  if (seen !== undefined) seen.status = 'queued';
  user.mark(message, true);
  letWait(state, user, message, waiting?.ask, context);
}

/** What another node says of a message that went there. */
export function outcome(
  state: UsersState,
  user: User,
  message: Pick<Direct, 'from' | 'id'>,
  status: DirectStatus,
  isLast: boolean,
  context: UsersTurn,
): void {
  const seen = user.seen(message);
  if (seen !== undefined && seen.status !== 'delivered') seen.status = status;
  if (status !== 'delivered' && !isLast) return;
  const key = keyOf(user, message);
  const waiting = state.waiting.get(key);
  if (waiting === undefined) return;
  if (status !== 'delivered' && mayTake(user, waiting.ask.message)) return;
  state.waiting.delete(key);
  answer(state, waiting.ask, status, false, context);
}

/** [HP-DM-2] A client of this node may still say that it has it. */
function mayTake({ sessions }: User, { session }: Direct): boolean {
  return [...sessions.values()].some(
    ({ entry, held }) => !entry.isDetached && held === undefined && entry.session !== session,
  );
}

/** [HP-DM-2] At least one client has it. */
export function directTaken(
  state: UsersState,
  { user: name, from, id }: Ask<'directTaken'>,
  context: UsersTurn,
): void {
  const user = userOf(state, name);
  const seen = user?.seen({ from, id });
  if (user === undefined || seen === undefined) return;
  seen.status = 'delivered';
  waitsNoMore(state, user, { from, id }, context);
  const key = keyOf(user, { from, id });
  const waiting = state.waiting.get(key);
  if (waiting === undefined) return;
  state.waiting.delete(key);
  answer(state, waiting.ask, 'delivered', false, context);
}

/** [HP-DM-2] The sender does not wait for a client that is slow to say that it has it. */
export function giveUpWaiting(state: UsersState, context: UsersTurn): void {
  for (const [key, waiting] of state.waiting) {
    if (context.now - waiting.since < WAIT_MAX_MS * 1_000) break;
    giveUp(state, key, waiting, context);
  }
  if (state.waiting.size > 0) context.after('waiting', WAIT_LOOK_EVERY_MS);
}

/** [HP-DM-2] Nor for one that has gone, when nobody else can say so. */
export function giveUpGone(state: UsersState, name: string, context: UsersTurn): void {
  const user = userOf(state, name);
  const isHere = ({ entry }: KnownSession): boolean => !entry.isDetached;
  if (user === undefined || nodesOf(state, user).length > 0) return;
  if ([...user.sessions.values()].some(isHere)) return;
  // Not all that waits for anybody: many may go at the same time.
  for (const seen of user.seenKeys) {
    const key = `${userKey(user.name)} ${seen}`;
    const waiting = state.waiting.get(key);
    if (waiting !== undefined) giveUp(state, key, waiting, context);
  }
}

function giveUp(state: UsersState, key: string, { user, ask }: Waiting, context: UsersTurn): void {
  state.waiting.delete(key);
  const seen = user.seen(ask.message);
  if (seen !== undefined) seen.status ??= 'accepted';
  answer(state, ask, 'accepted', false, context);
}

/** [HP-DM-6] What came for a session that is over, and nobody has, waits for the user's next one. */
export function queueUntold(state: UsersState, ask: Ask<'unregister'>, context: UsersTurn): void {
  const user = userOf(state, ask.user);
  if (user === undefined) return;
  for (const message of ask.untold) {
    const seen = user.seen(message);
    if (seen?.status === 'delivered') continue;
    if (user.sessions.size > 0) {
      // Whoever was here when it came has it; who has come since has not.
      if ([...user.sessions.values()].some((one) => hasHad(one, message))) continue;
      if (seen === undefined) user.remember(message, 'accepted', context.now, true);
      user.mark(message, true);
      notify(user, { type: 'directArrived', message, isSent: false, isDelayed: true }, context);
      continue;
    }
    const nodes = nodesOf(state, user);
    if (nodes.length > 0) {
      user.mark(message, false);
      fly(state, user, message, nodes, true, context);
      continue;
    }
    if (user.kept(message) !== undefined) continue;
    if (!hasPlace(state, user)) {
      context.count('chat.directs.lost');
      continue;
    }
    user.mark(message, true);
    letWait(state, user, message, undefined, context);
  }
}

/** Whoever has said it needs not hear it. */
function hasHad({ entry, had }: KnownSession, message: Direct): boolean {
  return entry.session === message.session || had?.has({ message, isSent: false }) === true;
}

/** [HP-DM-6] As many as a session may have kept, and other nodes, find a place beside those that wait already. */
function hasPlace(state: UsersState, { offline }: User): boolean {
  if (isFull(state)) return false;
  return state.chat.options.offlineMessagesMax > 0 && offline.length <= waitingMax(state);
}

/** [HP-RES-6] They wait for the user's next session, though the one that did not take them is there. */
export function notTaken(
  state: UsersState,
  { user: name, messages }: Ask<'notTaken'>,
  context: UsersTurn,
): void {
  const user = userOf(state, name);
  for (const message of messages) {
    if (user === undefined || user.seen(message)?.status === 'delivered') continue;
    if (user.kept(message) !== undefined) continue;
    if (user.offline.length >= state.chat.options.offlineMessagesMax || isFull(state))
      context.count('chat.directs.lost');
    else letWait(state, user, message, undefined, context);
  }
}

function answer(
  state: UsersState,
  { replyTo, ref, node, user, message }: Ask<'direct'>,
  status: DirectStatus | 'noSession',
  isDuplicate: boolean,
  context: UsersTurn,
): void {
  if (node !== undefined) {
    const { from, id } = message;
    tellKeeper(state, node, user, { say: 'outcome', from, id, status }, context);
    return;
  }
  // Only nodes say of each other that nobody is there.
  if (status === 'noSession') return;
  context.send(replyTo, { type: 'directAnswered', ref, status, isDuplicate });
}

function keyOf(user: User, { from, id }: { readonly from: string; readonly id: string }): string {
  return `${userKey(user.name)} ${keyOfDirect({ from, id })}`;
}

const WAIT_MAX_MS = 2_000;
const WAIT_LOOK_EVERY_MS = 250;
