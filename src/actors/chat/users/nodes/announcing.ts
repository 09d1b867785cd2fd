// What other nodes are told of a user's sessions here: that they came, changed or went, and nothing else.
// Refuses to know how they are told. Obeys spec/hp-peer.md, section "Owners and copies".

import { secondsNow } from '../../../runtime/actor.ts';
import type { LocatedSession } from '../../../routing/relay/relay-seam.ts';
import type { ChatContext } from '../../chat-context.ts';
import type { User } from '../user.ts';
import type { UsersTurn } from '../users-state.ts';

/** Tells whatever was not told yet. [HP-REPL-1] */
export function announce(chat: ChatContext, user: User, context: UsersTurn): void {
  const { seam, shard } = chat;
  if (seam === undefined || (user.sessions.size === 0 && user.announced.size === 0)) return;
  for (const { entry, lamport } of user.sessions.values()) {
    const { session, status, note } = entry;
    const word = `${status} ${note ?? ''}`;
    const known = user.announced.get(session);
    if (known === word) continue;
    user.putAnnounced(session, word);
    const since = Math.max(0, secondsNow(context));
    const told: LocatedSession = { session, user: user.name, status, note, lamport, since };
    context.send(seam.locations, { type: 'announce', shard, session: told });
  }
  for (const session of user.announced.keys()) {
    if (user.sessions.has(session)) continue;
    user.announced.delete(session);
    context.send(seam.locations, { type: 'withdraw', session, reason: undefined });
  }
}

/** The place where sessions are known forgot everything. */
export function announceAgain(chat: ChatContext, users: Iterable<User>, context: UsersTurn): void {
  for (const user of users) {
    user.announced.clear();
    announce(chat, user, context);
  }
}
