// What is said to the keepers of the same user on other nodes, and which direct messages are on their way there.
// Refuses to know what becomes of them. Obeys spec/hp-peer.md, section "Direct messages".

import { userKey } from '../../../codecs/hp/names.ts';
import type { PeerWord } from './peer-words.ts';
import type { User } from '../user.ts';
import type { Direct } from '../user-messages.ts';
import type { UsersState, UsersTurn } from '../users-state.ts';

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
  state.flying.set(flyingKey(user.name, message), {
    ...{ user, message, heldBy, nodes: new Set(nodes), isTaken: false },
  });
  for (const node of nodes)
    tellKeeper(state, node, user.name, { say: 'direct', message, isDelayed }, context, message.id);
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
