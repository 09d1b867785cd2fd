// What a keeper of users makes of it when the shard dies that had told it who is on other nodes: what is told again stays, and
// what is not told again was so once.

import { expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { usersActor } from '../../../src/actors/chat/users/users.actor.ts';
import type { UserReply, UsersMessage } from '../../../src/actors/chat/users/user-messages.ts';
import type { Located } from '../../../src/actors/routing/relay/relay-seam.ts';
import { type Address, addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

const asker = addressOf<UserReply>(1, 'asker');

test('[HP-REPL-9] a session elsewhere that nobody tells of any more is gone, and one that is told of never was', () => {
  const counts: number[] = [];
  const system = new System({
    ...{ shard: 1, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  system.bind(asker, (reply) => {
    if (reply.type === 'presenceTold') counts.push(reply.presence.sessions);
  });
  const users: Address<UsersMessage> = system.spawn(
    usersActor,
    { options: chatDefaults, shard: 1, shards: 2 } as ChatContext,
    'users',
  );
  let now = 0;
  const pass = (ms: number): void => {
    now += ms * 1_000;
    system.run(now, 1_000);
  };
  const located = (...sessions: string[]): void => {
    const up = sessions.map((session) => ({
      ...{ session, user: 'ann', status: 'online' as const, note: undefined },
      ...{ lamport: 1, since: 0 },
    }));
    const notice: Located = { type: 'located', node: 'n2', up, down: [] };
    system.deliver(users, notice);
  };
  const sessions = (): number | undefined => {
    const ask = { user: 'ann', watcher: undefined, ref: 1, replyTo: asker };
    system.deliver(users, { type: 'askPresence', ...ask });
    pass(0);
    return counts.at(-1);
  };
  pass(0);
  located('s1', 's2');
  expect(sessions()).toBe(2);
  system.deliver(users, { type: 'shardDown', shard: 0 });
  pass(100);
  expect(sessions()).toBe(2);
  located('s2');
  pass(14_000);
  expect(sessions()).toBe(2);
  pass(1_000);
  expect(sessions()).toBe(1);
  pass(60_000);
  expect(sessions()).toBe(1);
});
