// What waits for a user who has no session: here, and on as many other nodes as with this one are more than half, so that it
// is not lost when a minority of nodes dies. The first of those goes on with it when this node is gone.
// Refuses to know links and who is alive. Obeys spec/hp-peer.md, section "Copies".

import { userKey } from '../../../codecs/hp/names.ts';
import { successorsOf } from '../../rendezvous.ts';
import { flyingKey, tellKeeper } from './flying.ts';
import type { PeerWord } from './peer-words.ts';
import type { Kept } from '../affairs.ts';
import { keyOf, type User } from '../user.ts';
import type { Direct } from '../user-messages.ts';
import {
  type Ask,
  isFull,
  madeUser,
  userOf,
  waitingMax,
  type UsersState,
  type UsersTurn,
} from '../users-state.ts';

type Word<T extends PeerWord['say']> = Extract<PeerWord, { readonly say: T }>;

/** [HP-STORE-6] The message waits; whoever said it hears so when others have it, too. */
export function letWait(
  state: UsersState,
  user: User,
  message: Direct,
  ask: Ask<'direct'> | undefined,
  context: UsersTurn,
): void {
  const kept: Kept = { message, at: context.now, heldBy: new Set() };
  user.addOffline(kept);
  const nodes = hold(state, user, kept, context);
  if (ask === undefined) return;
  if (nodes.length === 0) {
    answerQueued(ask, context);
    return;
  }
  if (state.storing.size === 0) context.after('storing', LOOK_EVERY_MS);
  const key = storingKey(user.name, message);
  state.storing.set(key, { ask, missing: new Set(nodes), since: context.now });
}

/** Gives it to those who are to hold it and do not. */
function hold(
  state: UsersState,
  user: User,
  { message, heldBy }: Kept,
  context: UsersTurn,
): readonly string[] {
  const nodes = holdersOf(state, user.name).filter((node) => !heldBy.has(node));
  for (const node of nodes) {
    heldBy.add(node);
    tellKeeper(state, node, user.name, { say: 'hold', message }, context, message.id);
  }
  return nodes;
}

function holdersOf({ chat, nodes, size }: UsersState, user: string): readonly string[] {
  const self = chat.seam?.node;
  const count = Math.floor(size / 2);
  return self === undefined ? [] : successorsOf(nodes, userKey(user), self).slice(0, count);
}

function answerQueued({ replyTo, ref }: Ask<'direct'>, context: UsersTurn): void {
  context.send(replyTo, { type: 'directAnswered', ref, status: 'queued', isDuplicate: false });
}

/** On a node that is to hold it for another. */
export function holdFor(
  state: UsersState,
  name: string,
  node: string,
  { message }: Word<'hold'>,
  context: UsersTurn,
): void {
  const user = madeUser(state, name);
  // Each node may have so many.
  const most = waitingMax(state) * state.size;
  if (user === undefined || isFull(state) || user.held.size >= most) {
    context.count('chat.directs.notHeld');
    return;
  }
  const held = { owner: node, message, at: context.now };
  user.putHeld(`${node} ${keyOf(message)}`, held);
  sayHeld(state, user, node, message, context);
}

export function isHeld(
  state: UsersState,
  name: string,
  node: string,
  word: Word<'held'>,
  context: UsersTurn,
): void {
  const key = storingKey(name, word);
  const storing = state.storing.get(key);
  if (storing?.missing.delete(node) !== true) {
    releaseIfTaken(state, name, node, word, context);
    return;
  }
  if (storing.missing.size > 0) return;
  state.storing.delete(key);
  context.count('chat.directs.stored');
  answerQueued(storing.ask, context);
}

/** The sender does not wait for a node that does not answer. */
export function giveUpHolding(state: UsersState, context: UsersTurn): void {
  for (const [key, { ask, since }] of state.storing) {
    if (context.now - since < HOLD_MAX_MS * 1_000) break;
    state.storing.delete(key);
    answerQueued(ask, context);
  }
  if (state.storing.size > 0) context.after('storing', LOOK_EVERY_MS);
}

/** The user is back, and has it. */
export function release(
  state: UsersState,
  user: User,
  {
    message,
    heldBy,
  }: { readonly message: Pick<Direct, 'from' | 'id'>; readonly heldBy: Iterable<string> },
  context: UsersTurn,
): void {
  const { from, id } = message;
  for (const node of heldBy)
    tellKeeper(state, node, user.name, { say: 'release', from, id }, context);
}

export function releaseFor(user: User | undefined, node: string, word: Word<'release'>): void {
  user?.dropHeld(`${node} ${keyOf(word)}`);
}

/** Everything that waits for the user here, which waits no more. */
export function takeOffline(state: UsersState, user: User, context: UsersTurn): readonly Direct[] {
  const { offline } = user;
  user.offline = [];
  for (const kept of offline) release(state, user, kept, context);
  return offline.map(({ message }) => message);
}

/** [HP-DM-6] One session had left it, and another one has taken it since. */
export function waitsNoMore(
  state: UsersState,
  user: User,
  message: Pick<Direct, 'from' | 'id'>,
  context: UsersTurn,
): void {
  const kept = user.kept(message);
  if (kept === undefined) return;
  user.offline = user.offline.filter((one) => one !== kept);
  release(state, user, kept, context);
}

/** [HP-STORE-6] The next of those who hold it goes on with what a node had that is gone. */
export function inherit(
  state: UsersState,
  node: string,
  deliver: (user: string, message: Direct) => void,
  context: UsersTurn,
): void {
  const left = state.nodes.filter((one) => one !== node);
  for (const user of state.users.values()) {
    for (const { heldBy } of user.offline) heldBy.delete(node);
    for (const [key, { owner, message, at }] of user.held) {
      if (owner !== node) continue;
      user.dropHeld(key);
      const [next = ''] = successorsOf(left, userKey(user.name), '');
      if (next === state.chat.seam?.node) deliver(user.name, message);
      else {
        user.putHeld(`${next} ${keyOf(message)}`, { owner: next, message, at });
        // It may not have been given it, and is to know who else has it.
        tellKeeper(state, next, user.name, { say: 'waits', message }, context, message.id);
      }
    }
  }
}

/** [HP-STORE-8] What waits there is told again, and what was held there is to be held again. */
export function keeperLost(state: UsersState, node: string, context: UsersTurn): void {
  for (const user of state.users.values()) {
    for (const { owner, message } of user.held.values())
      if (owner === node)
        tellKeeper(state, node, user.name, { say: 'waits', message }, context, message.id);
    for (const kept of user.offline) if (kept.heldBy.delete(node)) hold(state, user, kept, context);
  }
}

/** Another node holds it for this one: in vain, where it waits no more. */
export function releaseIfTaken(
  state: UsersState,
  name: string,
  node: string,
  message: Pick<Direct, 'from' | 'id'>,
  context: UsersTurn,
): void {
  const user = userOf(state, name);
  if (user?.seen(message) === undefined) return;
  const kept = user.kept(message) ?? state.flying.get(flyingKey(name, message));
  if (kept === undefined) release(state, user, { message, heldBy: [node] }, context);
  else kept.heldBy.add(node);
}

/** [HP-STORE-6] The other node may have taken this one for dead, and have released what it could not tell. */
export function sayAllHeld(state: UsersState, node: string, context: UsersTurn): void {
  for (const user of state.users.values())
    for (const { owner, message } of user.held.values())
      if (owner === node) sayHeld(state, user, node, message, context);
}

function sayHeld(
  state: UsersState,
  { name }: User,
  node: string,
  { from, id }: Direct,
  context: UsersTurn,
): void {
  tellKeeper(state, node, name, { say: 'held', from, id }, context);
}

/** Others are to hold it now. */
export function holdAgain(state: UsersState, context: UsersTurn): void {
  for (const user of state.users.values())
    for (const kept of user.offline) hold(state, user, kept, context);
}

function storingKey(user: string, message: Pick<Direct, 'from' | 'id'>): string {
  return `${userKey(user)} ${keyOf(message)}`;
}

const HOLD_MAX_MS = 2_000;
const LOOK_EVERY_MS = 250;
