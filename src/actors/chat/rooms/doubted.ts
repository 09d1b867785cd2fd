// Members who may be gone without a word: the keeper of their users has died, and with it what it knew of sessions that were on
// their way from one connection to another, and of which nothing may be left. The next keeper is asked, when it knows.
// Refuses to know where sessions are. Obeys spec/hp.md, [HP-ROOM-9].

import { shardOfUser } from '../chat-context.ts';
import type { Member } from './room-messages.ts';
import type { RoomsState, Turn } from './rooms-state.ts';

export function doubt(state: RoomsState, shard: number, context: Turn): void {
  state.doubted.add(shard);
  // [HP-ERR-5] Whoever moved as the keeper died says by then where it is, or never.
  context.after('doubted', state.chat.options.answerTimeoutMs + SURE_AFTER_MS);
}

export function askForDoubted(state: RoomsState, context: Turn): void {
  const { chat, doubted, rooms, guests } = state;
  for (const shard of doubted) {
    const isOf = ({ user, node }: Member): boolean =>
      node === undefined && shardOfUser(chat, user) === shard;
    const members = new Map<string, Pick<Member, 'user' | 'session'>>();
    for (const { sessions } of rooms.values())
      for (const { user, session } of sessions.filter(isOf))
        members.set(session, { user, session });
    for (const { members: here } of guests.values())
      for (const { user, session } of [...here.values()].filter(isOf))
        members.set(session, { user, session });
    const asked = { members: [...members.values()], replyTo: context.self };
    if (members.size > 0) context.send(chat.usersOfShard(shard), { type: 'areHere', ...asked });
  }
  doubted.clear();
}

const SURE_AFTER_MS = 2_500;
