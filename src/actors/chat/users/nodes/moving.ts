// A client that comes back to another node than the one it left. Where that is there, it gives up all that the session has;
// where it is gone, the ticket proves that the session was, and it begins anew with what the client knows.
// Refuses to know messages. Obeys spec/hp.md, section "Resume", and spec/hp-peer.md, section "Sessions that move".

import { type HpMistake, refused } from '../../../codecs/hp/mistakes.ts';
import { userKey } from '../../../codecs/hp/names.ts';
import { keeperOfRoom } from '../../chat-context.ts';
import { direct } from '../directs.ts';
import { tellKeeper } from './flying.ts';
import { giveUp, pack, unpack, untoldIn } from './keeping.ts';
import { readLuggage } from './luggage.ts';
import type { PeerWord } from './peer-words.ts';
import { EXPIRED, isSame, makeWay, move, notHere, notServing } from '../registry.ts';
import type { KnownSession, RemoteSession } from '../affairs.ts';
import { Had } from '../had.ts';
import type { User } from '../user.ts';
import { takeOffline } from './waiting-room.ts';
import type { Direct, Luggage, Untold, UserReply } from '../user-messages.ts';
import {
  type Ask,
  gave,
  madeUser,
  type Moving,
  notifyOne,
  tellPresence,
  userOf,
  type UsersState,
  type UsersTurn,
} from '../users-state.ts';

type Word<T extends PeerWord['say']> = Extract<PeerWord, { readonly say: T }>;

export function isElsewhere({ chat, users }: UsersState, ask: Ask<'resume'>): boolean {
  return (
    chat.seam !== undefined && users.get(userKey(ask.user))?.sessions.has(ask.session) !== true
  );
}

/** [HP-RES-9] The session is not on this node. */
export function moveHere(state: UsersState, ask: Ask<'resume'>, context: UsersTurn): void {
  userOf(state, ask.user)?.expire(context.now);
  const isOwn = ask.session.slice(0, ask.session.lastIndexOf('-')) === state.chat.options.node;
  if (!ask.isProved) deny(ask, EXPIRED, context);
  else if (isOwn || !state.isJoined || isKnown(state, ask, context))
    lookForKnown(state, ask, context);
  else {
    // It began a moment ago, perhaps, and its node has not told of it yet.
    if (state.early.length === 0) context.after('early', LOOK_EVERY_MS);
    state.early.push({ ask, since: context.now });
  }
}

export function lookAgain(state: UsersState, context: UsersTurn): void {
  const early = state.early.splice(0);
  for (const one of early) {
    const isLate = context.now - one.since >= EARLY_MAX_MS * 1_000;
    if (isLate || isKnown(state, one.ask, context)) lookForKnown(state, one.ask, context);
    else state.early.push(one);
  }
  if (state.early.length > 0) context.after('early', LOOK_EVERY_MS);
}

function isKnown(state: UsersState, { user, session }: Ask<'resume'>, { now }: UsersTurn): boolean {
  const known = userOf(state, user);
  if (known === undefined) return false;
  const isThere = known.elsewhere.some(({ told }) => told.session === session);
  const isOurs = known.sessions.has(session) || known.lost.has(session);
  return isThere || isOurs || known.hasLeft(session, now);
}

function lookForKnown(state: UsersState, ask: Ask<'resume'>, context: UsersTurn): void {
  const user = userOf(state, ask.user);
  // [HP-RES-13] Whoever is on another node has not been told of yet.
  if (user === undefined) deny(ask, notHere(state, context), context);
  else lookFor(state, user, ask, [], context);
}

/** Where it came last is where it is, if those that know of it were told so. */
function lookFor(
  state: UsersState,
  user: User,
  ask: Ask<'resume'>,
  asked: readonly string[],
  context: UsersTurn,
): void {
  if (isHere(state, user, ask, context)) return;
  const [there] = user.elsewhere
    .filter(({ told, node }) => told.session === ask.session && !asked.includes(node))
    .filter(({ node }) => !state.gone.has(node))
    .toSorted((one, other) => other.told.lamport - one.told.lamport);
  if (there === undefined) {
    if (user.lost.has(ask.session)) revive(state, user, ask, context);
    else if (user.hasLeft(ask.session, context.now)) deny(ask, ON_ITS_WAY, context);
    else deny(ask, notHere(state, context), context);
    return;
  }
  const { node } = there;
  if (state.moving.size === 0) context.after('moving', LOOK_EVERY_MS);
  state.lastRef += 1;
  state.moving.set(state.lastRef, { ask, asked: [...asked, node], node, since: context.now });
  const { session, secret } = ask;
  const word = { say: 'resume', ref: state.lastRef, session, secret } as const;
  tellKeeper(state, node, user.name, word, context);
}

/** [HP-RES-9] Another connection of the same client was faster: the session is here by now, and moves on like any other. */
function isHere(state: UsersState, user: User, ask: Ask<'resume'>, context: UsersTurn): boolean {
  if (!user.sessions.has(ask.session)) return false;
  move(state, ask, context);
  return true;
}

/** At the node that has it. */
export function moveThere(
  state: UsersState,
  user: User | undefined,
  name: string,
  node: string,
  { ref, session, secret }: Word<'resume'>,
  context: UsersTurn,
): void {
  const known = user?.sessions.get(session);
  const isThere = known !== undefined && isSame(known.entry.secret, secret);
  const kept = isThere ? unpack(known) : undefined;
  if (user !== undefined && isThere && kept !== undefined) {
    known.movingSince = context.now;
    known.movingTo = node;
    sendTo(state, user, known, node, ref, kept, context);
    return;
  }
  if (!isThere || known.held !== undefined) {
    tellKeeper(state, node, name, { say: 'notMoved', ref, isBusy: isThere }, context);
    return;
  }
  known.held = [];
  known.movingSince = context.now;
  known.movingTo = node;
  context.send(known.entry.address, { type: 'handOver', to: context.self, ref });
}

/** The session's actor has given everything up. */
export function sendOver(
  state: UsersState,
  { ref, luggage }: Ask<'handedOver'>,
  context: UsersTurn,
): void {
  const user = userOf(state, luggage.user);
  const known = user?.sessions.get(luggage.session);
  if (user === undefined || known?.held === undefined) {
    // Another session has taken its place meanwhile, or it has begun anew elsewhere.
    giveUp(state, luggage, context);
    return;
  }
  // The node that asked for it has died meanwhile.
  if (known.movingTo === undefined) pack(state, user, known, luggage, context);
  else sendTo(state, user, known, known.movingTo, ref, luggage, context);
}

/** [HP-RES-12] It is kept here until that node says that it has it. */
function sendTo(
  state: UsersState,
  user: User,
  known: KnownSession,
  node: string,
  ref: number,
  luggage: Luggage,
  context: UsersTurn,
): void {
  const { session, rooms } = luggage;
  pack(state, user, known, luggage, context);
  for (const { room } of rooms)
    context.send(keeperOfRoom(state.chat, room), { type: 'memberMoved', room, session, node });
  context.count('chat.sessions.sentOver');
  log(state, 'chat.sessionSentOver', { session, node }, context);
  const had =
    known.had?.told(context.now, [...luggage.untold, ...untoldIn(known.held ?? [])]) ?? [];
  const word = { say: 'luggage', ref, luggage: { ...luggage, had } } as const;
  tellKeeper(state, node, user.name, word, context);
}

/** It has come. */
export function arrive(
  state: UsersState,
  { ref, luggage: told }: Word<'luggage'>,
  context: UsersTurn,
): void {
  const moving = state.moving.get(ref);
  state.moving.delete(ref);
  const luggage = readLuggage(told);
  if (luggage === undefined) {
    context.count('chat.peers.wrong');
    return;
  }
  if (moving?.ask.session === luggage.session) {
    enter(state, moving.ask, luggage, context);
    return;
  }
  for (const { message, isSent } of luggage.untold)
    if (!isSent) arrivedLate(state, luggage.user, message, context);
}

export function notMoved(
  state: UsersState,
  { ref, isBusy }: Word<'notMoved'>,
  context: UsersTurn,
): void {
  const moving = state.moving.get(ref);
  state.moving.delete(ref);
  const user = userOf(state, moving?.ask.user ?? '');
  if (moving === undefined || user === undefined) return;
  if (isBusy) deny(moving.ask, ON_ITS_WAY, context);
  else lookFor(state, user, moving.ask, moving.asked, context);
}

/** [HP-RES-10] Its node is gone, and everything with it that the client does not know itself. */
function revive(state: UsersState, user: User, ask: Ask<'resume'>, context: UsersTurn): void {
  if (isHere(state, user, ask, context)) return;
  if (isOver(state, user, ask)) {
    deny(ask, EXPIRED, context);
    return;
  }
  const mistake = notServing(state) ?? makeWay(state, user, context, ask.session);
  if (mistake !== undefined) {
    deny(ask, mistake, context);
    return;
  }
  const { session, secret, caps, until } = ask;
  const offline = takeOffline(state, user, context);
  const untold = offline.map((message) => ({ message, isSent: false }));
  user.lost.delete(session);
  context.count('chat.sessions.revived');
  log(state, 'chat.sessionRevived', { session }, context);
  enter(
    state,
    ask,
    {
      // As it was signed: others may spell its user in another way.
      ...{ user: ask.user, session, secret, caps, status: 'online', note: undefined, until },
      ...{ rooms: [], watched: [], untold, isAnew: true },
    },
    context,
  );
}

/** [HP-SESS-3] Whoever has logged in since has ended it, though its node could not be told. */
function isOver({ chat }: UsersState, user: User, { session }: Ask<'resume'>): boolean {
  const others = user.elsewhere.filter(({ told }) => told.session !== session);
  const isAlone = user.sessions.size + others.length === 0;
  return chat.options.sessionPolicy === 'replace' && !isAlone;
}

/** From now on it is this node's. */
function enter(
  state: UsersState,
  { replyTo, ref, shard }: Ask<'resume'>,
  luggage: Luggage,
  context: UsersTurn,
): void {
  const { user: name, session, secret, status, note, had = [] } = luggage;
  const user = madeUser(state, name);
  if (user === undefined) return;
  const entry = {
    ...{ session, shard, address: replyTo as never, status, note, secret, isDetached: false },
  };
  const known: KnownSession = {
    ...{ entry, lamport: user.nextLamport(), held: [], movingSince: context.now },
  };
  user.putSession(session, known);
  known.had = new Had();
  known.had.learn(had, context.now);
  for (const untold of luggage.untold) gave(known, untold, context);
  context.send(replyTo, { type: 'handedOver', ref, luggage });
  tellPresence(state, user.name, context);
}

/** By the numbers of their logins; of two with the same number, by the names of their nodes. */
export function isEarlier(
  { chat }: UsersState,
  { lamport }: KnownSession,
  { told, node }: RemoteSession,
): boolean {
  return lamport === told.lamport ? (chat.seam?.node ?? '') < node : lamport < told.lamport;
}

/** Another node has told everybody that the session is there. */
export function movedAway(
  state: UsersState,
  user: User,
  there: RemoteSession,
  context: UsersTurn,
): void {
  const { told, node } = there;
  const { session } = told;
  const known = user.sessions.get(session);
  if (known === undefined || !isEarlier(state, known, there)) return;
  user.sessions.delete(session);
  for (const notice of known.held ?? []) {
    if (notice.type === 'directArrived') sayLate(state, node, user.name, session, notice, context);
    // [HP-RCPT-1]
    if (notice.type !== 'receiptArrived') continue;
    const { id, ref, by, state: read } = notice;
    const word = { say: 'receipt', id, ref, by, state: read, session } as const;
    tellKeeper(state, node, user.name, word, context);
  }
  // It was taken for lost.
  if (known.movingTo !== node && known.packed === undefined)
    context.send(known.entry.address, { type: 'replaced', goesOn: true });
}

function sayLate(
  state: UsersState,
  node: string,
  user: string,
  session: string,
  { message, isSent, isDelayed }: Untold & Pick<Word<'late'>, 'isDelayed'>,
  context: UsersTurn,
): void {
  const word = { say: 'late', session, message, isSent, isDelayed } as const;
  tellKeeper(state, node, user, word, context, message.id);
}

/** For that session alone: the others have it from whoever sent it. */
export function late(
  state: UsersState,
  name: string,
  from: string,
  word: Word<'late'>,
  context: UsersTurn,
): void {
  const { session, message, isSent, isDelayed } = word;
  const user = userOf(state, name);
  const known = user?.sessions.get(session);
  if (known !== undefined) {
    if (known.had?.has({ message, isSent }) === true) return;
    // [HP-DM-8] What the user has sent is in its history already, and waits for nobody.
    if (!isSent && user?.seen(message) === undefined)
      user?.remember(message, 'accepted', context.now, true);
    if (!isSent) user?.mark(message, true);
    const delayed = isDelayed === true ? { isDelayed } : {};
    notifyOne(known, { type: 'directArrived', message, isSent, ...delayed }, context);
    return;
  }
  const there = user?.elsewhere.find(({ told, node }) => told.session === session && node !== from);
  if (there !== undefined) sayLate(state, there.node, name, session, word, context);
  else if (!isSent) arrivedLate(state, name, message, context);
}

/** Nobody knows of the session: it is for whatever sessions the user has now. */
function arrivedLate(state: UsersState, user: string, message: Direct, context: UsersTurn): void {
  const around = { isKnown: undefined, ref: 0, replyTo: context.self as never } as const;
  direct(state, { type: 'direct', user, message, isDelayed: true, ...around }, context);
}

/** [HP-RES-10] What the node had is gone with it. */
export function sessionsLost(state: UsersState, node: string, context: UsersTurn): void {
  for (const user of state.users.values()) user.lose(node, context.now);
  for (const [ref, moving] of [...state.moving])
    if (moving.node === node) goWithout(state, ref, moving, context);
}

/** A node that does not answer is not waited for. */
export function giveUpMoving(state: UsersState, context: UsersTurn): void {
  for (const [ref, moving] of [...state.moving]) {
    if (context.now - moving.since < MOVE_MAX_MS * 1_000) break;
    goWithout(state, ref, moving, context);
  }
  if (state.moving.size > 0) context.after('moving', LOOK_EVERY_MS);
}

function goWithout(state: UsersState, ref: number, { ask }: Moving, context: UsersTurn): void {
  state.moving.delete(ref);
  const user = userOf(state, ask.user);
  if (user === undefined) deny(ask, EXPIRED, context);
  else revive(state, user, ask, context);
}

function log(
  { chat }: UsersState,
  event: string,
  fields: Readonly<Record<string, string>>,
  context: UsersTurn,
): void {
  context.send(chat.edges.log, { type: 'log', level: 'debug', event, fields });
}

function deny({ replyTo, ref }: Ask<'resume'>, mistake: HpMistake, context: UsersTurn): void {
  const reply: UserReply = { type: 'userRefused', ref, mistake };
  context.send(replyTo, reply);
}

const ON_ITS_WAY: HpMistake = {
  ...refused('UNAVAILABLE', 'The session is on its way from one node to another.').mistake,
  retryAfter: 1,
};
const MOVE_MAX_MS = 750;
/** Longer than changes of sessions take from node to node. */
const EARLY_MAX_MS = 500;
const LOOK_EVERY_MS = 50;
