// Users who have sessions on other nodes: where they are, what is said to them there, and what became of it. Each direct
// message goes once to each node that has a session of its receiver; the keeper of the user there does the rest.
// Refuses to know links. Obeys spec/hp-peer.md, section "Direct messages".

import { isUserName } from '../../../codecs/hp/names.ts';
import type { Located } from '../../../routing/relay/relay-seam.ts';
import { direct, outcome, queueAgain } from '../directs.ts';
import { arrive, isEarlier, late, movedAway, moveThere, notMoved, sessionsLost } from './moving.ts';
import { fly, flyingKey, sendUnsent } from './flying.ts';
import { replace } from './keeping.ts';
import { holdFor, inherit, isHeld, release, releaseFor, releaseIfTaken } from './waiting-room.ts';
import { type PeerWord, readPeerWord } from './peer-words.ts';
import type { RemoteSession } from '../affairs.ts';
import type { User } from '../user.ts';
import type { Direct } from '../user-messages.ts';
import {
  type Ask,
  type Flying,
  madeUser,
  nodesOf,
  notify,
  notifyOne,
  tellPresence,
  tellPresenceOf,
  userOf,
  type UsersState,
  type UsersTurn,
} from '../users-state.ts';

export function located(state: UsersState, { node, up, down }: Located, context: UsersTurn): void {
  const changed = new Set<User>();
  for (const told of up) {
    const user = madeUser(state, told.user);
    if (user === undefined) continue;
    const isNew = user.putElsewhere(node, told);
    if (user.hasAffairs) movedAway(state, user, { node, told }, context);
    // Nobody looks at it: what is told in between is told to nobody.
    if (user.watchers.size === 0) tellPresenceOf(state, user, context);
    else changed.add(user);
    if (!isNew || !user.hasAffairs) continue;
    settlePolicy(state, user, { node, told }, context);
    if (user.offline.length > 0) flyOffline(state, user, node, context);
  }
  for (const { session, user: name } of down) {
    const user = userOf(state, name);
    if (user?.left(node, session, context.now) !== true) continue;
    changed.add(user);
    // [HP-RES-2] It had begun anew there, and is over.
    if (!state.gone.has(node)) user.lost.delete(session);
  }
  for (const user of changed) tellPresenceOf(state, user, context);
}

/** [HP-REPL-9] Who knows where everybody is has died with all it knew: what it does not tell again is not so any more. */
export function doubt({ users, lives, gone, doubted }: UsersState, context: UsersTurn): void {
  for (const user of users.values()) user.doubtElsewhere();
  for (const node of lives.keys()) if (!gone.has(node)) doubted.add(node);
  context.after('doubted', DOUBTED_MAX_MS);
}

export function dropDoubted(state: UsersState, context: UsersTurn): void {
  for (const node of state.doubted) nodeDown(state, node, context);
  state.doubted.clear();
  for (const user of state.users.values()) {
    user.dropDoubted();
    tellPresenceOf(state, user, context);
  }
}

/** [HP-PART-3] Two sides of a cluster let the same user in: the same one of the two wins wherever it is looked at. */
function settlePolicy(
  state: UsersState,
  user: User,
  other: RemoteSession,
  context: UsersTurn,
): void {
  const { sessionPolicy } = state.chat.options;
  if (sessionPolicy === 'multi') return;
  for (const known of [...user.sessions.values()]) {
    // The same session on two nodes is no second one: one of them gives it up.
    const isSame = known.entry.session === other.told.session;
    if (isSame || isEarlier(state, known, other) !== (sessionPolicy === 'replace')) continue;
    replace(state, user, known, context);
  }
}

/** [HP-DM-4] What waits here for a user who came elsewhere. */
function flyOffline(state: UsersState, user: User, node: string, context: UsersTurn): void {
  const { offline } = user;
  user.offline = [];
  for (const { message, heldBy } of offline) {
    user.mark(message, false);
    fly(state, user, message, [node], true, context, heldBy);
  }
}

export function peerSaid(
  state: UsersState,
  { node, key: name, body }: Ask<'peerSaid'>,
  context: UsersTurn,
): void {
  const word = isUserName(name) ? readPeerWord(body) : undefined;
  if (word === undefined) {
    context.count('chat.peers.wrong');
    return;
  }
  const user = userOf(state, name);
  switch (word.say) {
    case 'direct': {
      const { message, isDelayed } = word;
      const delayed = isDelayed ? { isDelayed: true as const } : {};
      const ask = { user: name, message, isKnown: undefined, node, ...delayed };
      direct(state, { type: 'direct', ...ask, ref: 0, replyTo: context.self as never }, context);
      return;
    }
    case 'outcome':
      landed(state, name, node, word, context);
      return;
    case 'carbon': {
      const { message } = word;
      const notice = { type: 'directArrived', message, isSent: true } as const;
      // [HP-DM-8] The session that has sent it may have left this node a moment ago.
      if (user?.keepOnce(message, context.now) === true)
        notify(user, notice, context, message.session);
      return;
    }
    case 'receipt': {
      const { id, ref, by, state: read, session } = word;
      const notice = { type: 'receiptArrived', id, ref, by, state: read } as const;
      const known = user?.sessions.get(session ?? '');
      if (session === undefined && user !== undefined) notify(user, notice, context);
      else if (known !== undefined) notifyOne(known, notice, context);
      return;
    }
    case 'typing': {
      const { from, on } = word;
      if (user !== undefined) notify(user, { type: 'typingArrived', from, on }, context);
      return;
    }
    case 'close': {
      const known = user?.sessions.get(word.session);
      if (user === undefined || known === undefined) return;
      replace(state, user, known, context);
      tellPresence(state, name, context);
      return;
    }
    case 'late':
      late(state, name, node, word, context);
      return;
    case 'hold':
      holdFor(state, name, node, word, context);
      return;
    case 'held':
      isHeld(state, name, node, word, context);
      return;
    case 'release':
      releaseFor(user, node, word);
      return;
    case 'waits':
      // [HP-STORE-8] What was not lost needs nothing; what the user has had meanwhile is held for nobody.
      if (user?.seen(word.message) === undefined) takeUp(state, name, word.message, context);
      releaseIfTaken(state, name, node, word.message, context);
      return;
    case 'resume':
      moveThere(state, user, name, node, word, context);
      return;
    case 'luggage':
      arrive(state, word, context);
      return;
    case 'notMoved':
      notMoved(state, word, context);
      return;
    default:
      word satisfies never;
  }
}

/** What became of a message on another node. */
function landed(
  state: UsersState,
  name: string,
  node: string,
  { from, id, status }: Extract<PeerWord, { readonly say: 'outcome' }>,
  context: UsersTurn,
): void {
  const key = flyingKey(name, { from, id });
  const flying = state.flying.get(key);
  if (flying?.nodes.delete(node) !== true) return;
  const isLast = flying.nodes.size === 0;
  flying.isTaken ||= status !== 'noSession';
  // Who says last that nobody is there speaks for none of those that have it.
  if (status !== 'noSession') outcome(state, flying.user, { from, id }, status, isLast, context);
  else if (isLast && flying.isTaken)
    outcome(state, flying.user, { from, id }, 'accepted', isLast, context);
  if (!isLast) return;
  state.flying.delete(key);
  if (flying.isTaken) release(state, flying.user, flying, context);
  else goOn(state, flying, node, context);
}

/** Nobody was there any more: it goes where the user is now, or waits. */
function goOn(state: UsersState, flying: Flying, except: string, context: UsersTurn): void {
  const { user, message, heldBy } = flying;
  const isTaken = user.seen(message)?.status === 'delivered';
  const nodes = nodesOf(state, user).filter((node) => node !== except);
  if (!isTaken && nodes.length > 0) {
    fly(state, user, message, nodes, true, context, heldBy);
    return;
  }
  // [HP-STORE-6] Where it waits, it is given anew to those who are to hold it.
  release(state, user, flying, context);
  if (!isTaken) queueAgain(state, user, message, context);
}

/** [HP-REPL-9] What was on its way to a node that died waits for the user, unless somebody has it. */
export function nodeDown(state: UsersState, node: string, context: UsersTurn): void {
  state.gone.add(node);
  sessionsLost(state, node, context);
  inherit(state, node, (user, message) => takeUp(state, user, message, context), context);
  landNowhere(state, node, context);
}

/** Goes on with what waited where it has been lost. */
function takeUp(state: UsersState, user: string, message: Direct, context: UsersTurn): void {
  const around = { isKnown: undefined, ref: 0, replyTo: context.self as never } as const;
  direct(state, { type: 'direct', user, message, isDelayed: true, ...around }, context);
}

function landNowhere(state: UsersState, node: string, context: UsersTurn): void {
  for (const [key, flying] of [...state.flying]) {
    if (!flying.nodes.delete(node) || flying.nodes.size > 0) continue;
    state.flying.delete(key);
    if (flying.isTaken) release(state, flying.user, flying, context);
    else goOn(state, flying, node, context);
  }
}

/** [HP-RELAY-14] There is a way to some nodes again. */
export function flyAgain(state: UsersState, context: UsersTurn): void {
  for (const node of sendUnsent(state, context)) landNowhere(state, node, context);
}

/** Nodes that live are linked again by then, and those that do not are down. */
const DOUBTED_MAX_MS = 15_000;
