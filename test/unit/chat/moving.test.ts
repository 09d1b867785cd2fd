// What a keeper of users makes of a session that is on its way from one actor to another when the shard dies to which it goes.

import { expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { usersActor } from '../../../src/actors/chat/users/users.actor.ts';
import type {
  UserNotice,
  UserReply,
  UsersMessage,
} from '../../../src/actors/chat/users/user-messages.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

const session = addressOf<UserNotice>(1, 'session');
const asker = addressOf<UserReply>(1, 'asker');
const heir = addressOf<UserReply>(0, 'heir');

test('[HP-RES-5] [HP-DM-6] it is over, and what came for it meanwhile waits for the next', () => {
  const told: UserReply[] = [];
  const system = new System({
    ...{ shard: 1, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  system.bind(asker, (reply) => told.push(reply));
  system.bind(session, () => {});
  const quiet = addressOf<never>(1, 'quiet');
  system.bind(quiet, () => {});
  const users = system.spawn(
    usersActor,
    {
      ...{ options: chatDefaults, shard: 1, shards: 2, life: 0 },
      ...{ roomsOfShard: () => quiet, usersOfShard: () => quiet },
    } as unknown as ChatContext,
    'users',
  );
  const deliver = (message: UsersMessage): void => {
    system.deliver(users, message);
    system.run(0, 1_000);
  };
  const sessions = (): number | undefined => {
    deliver({ type: 'askPresence', user: 'ann', watcher: undefined, ref: 1, replyTo: asker });
    const last = told.at(-1);
    return last?.type === 'presenceTold' ? last.presence.sessions : undefined;
  };
  const entry = {
    ...{ session: 's1', shard: 1, address: session, status: 'online' as const },
    ...{ note: undefined, secret: 'x', isDetached: true },
  };
  const asked = { user: 'ann', ref: 1 };
  deliver({ type: 'register', ...asked, replyTo: asker, entry, isAgain: false });
  const resume = { session: 's1', secret: 'x', isProved: false, caps: [], shard: 0 };
  deliver({ type: 'resume', ...asked, ...resume, replyTo: heir });
  const message = {
    ...{ id: 'm1', timestamp: 0, from: 'bob', to: 'ann', session: 's2' },
    ...{ body: 'hi', dataText: undefined },
  };
  deliver({ type: 'direct', ...asked, message, isKnown: undefined, replyTo: asker });
  expect(sessions()).toBe(1);
  deliver({ type: 'shardDown', shard: 0 });
  expect(sessions()).toBe(0);
  const next = { ...entry, session: 's3' };
  deliver({ type: 'register', ...asked, replyTo: asker, entry: next, isAgain: false });
  expect(told.at(-1)).toMatchObject({ type: 'registered', offline: [{ id: 'm1' }] });
});
