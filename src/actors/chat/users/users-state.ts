// What the keeper of users keeps, and what its parts have in common: finding a user, telling its sessions, and telling
// those who watch it. Refuses to know how it is used. Obeys spec/hp.md, section "Presence".

import { userKey } from '../../codecs/hp/names.ts';
import { type Context, secondsNow } from '../../runtime/actor.ts';
import type { NameMap } from '../../runtime/memory/name-map.ts';
import type { ChatContext } from '../chat-context.ts';
import type { Household, KnownSession } from './affairs.ts';
import { type Given, Had } from './had.ts';
import { User } from './user.ts';
import { announce } from './nodes/announcing.ts';
import type { Direct, UserNotice, UsersMessage } from './user-messages.ts';

export interface UsersState {
  readonly household: Household;
  readonly chat: ChatContext;
  readonly users: NameMap<User>;
  /** Direct messages that some session is to take, oldest first. */
  readonly waiting: Map<string, Waiting>;
  /** Their watchers are to be told, and were told something less than a second ago. */
  readonly untold: Set<User>;
  /** Those among them of whom somebody has asked meanwhile: he knows what no other watcher was told. */
  readonly asked: Set<User>;
  /** Direct messages that other nodes are to deliver, and have not answered for. */
  readonly flying: Map<string, Flying>;
  /** Sessions that are asked of other nodes, by number. */
  readonly moving: Map<number, Moving>;
  /** Asked for before this node has heard of the session, oldest first. */
  readonly early: Early[];
  /** Sessions that were sent to other nodes and kept here, with their users. */
  readonly packed: Map<string, User>;
  lastRef: number;
  /** Messages that wait, and whose senders wait to hear that others hold them, oldest first. */
  readonly storing: Map<string, Storing>;
  /** Who is there, and how many there should be. */
  nodes: readonly string[];
  size: number;
  /** Nodes that are gone, and have not come back. */
  readonly gone: Set<string>;
  /** The incarnations of nodes that there is or was a link to. */
  readonly lives: Map<string, number>;
  /** Those that no link leads to since the relay died. */
  readonly doubted: Set<string>;
  /** False on the smaller side of a cluster that is split, where the operator wants that. */
  isServing: boolean;
  /** False while it is not known here who is on other nodes. */
  isJoined: boolean;
  /** Since when this keeper is in the place of one that died; undefined for the first. Microseconds. */
  readonly bornAt: number | undefined;
}

export interface Flying {
  readonly user: User;
  readonly message: Direct;
  /** Nodes that hold it for as long as it waits. */
  readonly heldBy: Set<string>;
  /** That have not answered. */
  readonly nodes: Set<string>;
  /** Those of them to which there was no way, or on the way to which it was lost. */
  readonly unsent: Set<string>;
  readonly isDelayed: boolean;
  /** When it was sent last; microseconds. */
  sentAt: number;
  /** Somebody has it, or holds it for a session. */
  isTaken: boolean;
}

export interface Moving {
  readonly ask: Ask<'resume'>;
  /** That which is asked now, and all that were. */
  readonly node: string;
  readonly asked: readonly string[];
  readonly since: number;
}

export interface Early {
  readonly ask: Ask<'resume'>;
  readonly since: number;
}

export interface Storing {
  readonly ask: Ask<'direct'>;
  readonly missing: Set<string>;
  readonly since: number;
}

export interface Waiting {
  readonly user: User;
  readonly ask: Ask<'direct'>;
  readonly since: number;
}

export type UsersTurn = Context<UsersMessage>;
export type Ask<T extends UsersMessage['type']> = Extract<UsersMessage, { readonly type: T }>;

export function userOf(state: UsersState, name: string): User | undefined {
  return state.users.get(userKey(name));
}

/** Nodes on which the user has a session, but for those that are gone and whose sessions are shown for a while yet. */
export function nodesOf({ gone }: UsersState, user: User | undefined): readonly string[] {
  return user?.nodes.filter((node) => !gone.has(node)) ?? [];
}

/** [HP-DM-10] */
export function isFull({ chat, household }: UsersState): boolean {
  return household.waitingBytes >= Math.ceil(chat.options.offlineBytesTotalMax / chat.shards);
}

/** [HP-DM-6] How many messages may wait for one user on one node, with what sessions and other nodes have left. */
export function waitingMax({ chat, size }: UsersState): number {
  const { offlineMessagesMax, resumeMessagesMax } = chat.options;
  return offlineMessagesMax * size + resumeMessagesMax;
}

/** Made when it is new; undefined when there is no room for another one. */
export function madeUser(state: UsersState, name: string): User | undefined {
  const key = userKey(name);
  const known = state.users.get(key);
  if (known !== undefined || state.users.size >= USERS_MAX) return known;
  const user = new User(name, state.household);
  state.users.put(key, user);
  return user;
}

/** Tells a user's sessions, but for one; those that move hear it when they have arrived. */
export function notify(user: User, notice: UserNotice, context: UsersTurn, except?: string): void {
  for (const known of user.sessions.values()) {
    if (known.entry.session !== except) notifyOne(known, notice, context);
  }
}

export function notifyOne(known: KnownSession, notice: UserNotice, context: UsersTurn): void {
  // [HP-RCPT-1] A receipt comes again only to who has left a node, from there.
  const isReceipt = notice.type === 'receiptArrived' && known.movingSince > 0;
  if (notice.type === 'directArrived' || isReceipt) {
    if (known.had?.has(notice) === true) return;
    gave(known, notice, context);
  }
  if (known.held === undefined) context.send(known.entry.address, notice);
  else known.held.push(notice);
}

/** [HP-DM-2] It is not given this again. */
export function gave(known: KnownSession, given: Given, { now }: UsersTurn): void {
  known.had ??= new Had();
  known.had.add(given, now);
}

/** Watchers were told of the user a moment ago. */
export function isEarly({ toldAtMs }: User, { now }: UsersTurn): boolean {
  return now / 1_000 - toldAtMs < PRESENCE_EVERY_MS;
}

/** [HP-PRES-3] Watchers hear of a change, at most once a second of each user. */
export function tellPresence(state: UsersState, name: string, context: UsersTurn): void {
  const user = userOf(state, name);
  if (user !== undefined) tellPresenceOf(state, user, context);
}

export function tellPresenceOf(state: UsersState, user: User, context: UsersTurn): void {
  announce(state.chat, user, context);
  const { status, note } = user.presence();
  if (status !== user.toldStatus) user.changedAt(secondsNow(context));
  if (status === user.toldStatus && note === user.toldNote && !state.asked.has(user)) {
    // It came back to what the watchers know.
    state.untold.delete(user);
    return;
  }
  if (isEarly(user, context)) {
    if (state.untold.size === 0) context.after('presence', PRESENCE_LOOK_EVERY_MS);
    state.untold.add(user);
    return;
  }
  state.untold.delete(user);
  state.asked.delete(user);
  user.toldStatus = status;
  user.toldNote = note;
  user.toldAtMs = Math.ceil(context.now / 1_000);
  if (user.watchers.size === 0) return;
  const presence = user.presence();
  for (const { address } of user.watchers.values())
    context.send(address, { type: 'presenceChanged', presence });
}

const USERS_MAX = 1_000_000;
const PRESENCE_EVERY_MS = 1_000;
export const PRESENCE_LOOK_EVERY_MS = 250;
