// What is said to the keepers of the same user on other nodes, and which direct messages are on their way there.
// Refuses to know what becomes of them. Obeys spec/hp-peer.md, section "Direct messages".

import { userKey } from '../../../codecs/hp/names.ts';
import type { PeerWord } from './peer-words.ts';
import type { User } from '../user.ts';
import type { Direct } from '../user-messages.ts';
import type { Flying, UsersState, UsersTurn } from '../users-state.ts';

/** [HP-RELAY-8] Once to each node. */
export function fly(
  state: UsersState,
  user: User,
  message: Direct,
  nodes: readonly string[],
  isDelayed: boolean,
  context: UsersTurn,
  heldBy: ReadonlySet<string> = new Set(),
): void {
  const key = flyingKey(user.name, message);
  const before = state.flying.get(key)?.heldBy ?? [];
  const flying: Flying = {
    ...{ user, message, nodes: new Set(nodes), unsent: new Set(nodes), isDelayed },
    ...{ heldBy: new Set([...before, ...heldBy]), sentAt: context.now, isTaken: false },
  };
  state.flying.set(key, flying);
  send(state, flying, context);
}

/** Where there is a way: a relay that has just begun knows none yet. */
function send(state: UsersState, flying: Flying, context: UsersTurn): void {
  const { user, message, unsent, isDelayed } = flying;
  for (const node of [...unsent]) {
    if (!state.isJoined && !state.nodes.includes(node)) continue;
    unsent.delete(node);
    tellKeeper(state, node, user.name, { say: 'direct', message, isDelayed }, context, message.id);
  }
}

/** [HP-RELAY-14] The relay died with all that it had: what was not answered for is sent again when there is a way. */
export function relayLost(state: UsersState): void {
  state.isJoined = false;
  state.nodes = [];
  for (const { nodes, unsent } of state.flying.values()) for (const node of nodes) unsent.add(node);
  for (const user of state.users.values()) for (const { heldBy } of user.offline) heldBy.clear();
}

/** [HP-RELAY-8] What nobody has answered for may have found no room on its way, or the answer. Who has it knows it again. */
export function sendAgain(state: UsersState, context: UsersTurn): void {
  for (const flying of state.flying.values()) {
    if (context.now - flying.sentAt < AGAIN_AFTER_MS * 1_000) continue;
    flying.sentAt = context.now;
    for (const node of flying.nodes) flying.unsent.add(node);
    send(state, flying, context);
  }
}

/** The nodes that are not there, though all that are have been found. */
export function sendUnsent(state: UsersState, context: UsersTurn): readonly string[] {
  const absent = new Set<string>();
  for (const flying of state.flying.values()) {
    for (const node of flying.unsent) if (!state.nodes.includes(node)) absent.add(node);
    send(state, flying, context);
  }
  return state.isJoined ? [...absent] : [];
}

/** To the keeper of the same user on another node. */
export function tellKeeper(
  { chat }: UsersState,
  node: string,
  user: string,
  body: PeerWord,
  context: UsersTurn,
  id?: string,
): void {
  if (chat.seam === undefined) return;
  context.send(chat.seam.relay, { type: 'forward', node, kind: 'user', key: user, id, body });
}

export function tellKeepers(
  state: UsersState,
  user: User,
  body: PeerWord,
  context: UsersTurn,
): void {
  for (const node of user.nodes) tellKeeper(state, node, user.name, body, context);
}

export function closeElsewhere(state: UsersState, user: User, context: UsersTurn): void {
  for (const { node, told } of user.elsewhere)
    tellKeeper(state, node, user.name, { say: 'close', session: told.session }, context);
}

export function flyingKey(
  user: string,
  { from, id }: { readonly from: string; readonly id: string },
): string {
  return `${userKey(user)} ${userKey(from)} ${id}`;
}

const AGAIN_AFTER_MS = 20_000;
