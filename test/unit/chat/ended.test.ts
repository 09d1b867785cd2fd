// What still comes for a session that has ended: it goes back to the keeper of its user, and waits there.

import { expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { end } from '../../../src/actors/chat/session/leaving.ts';
import { directArrived } from '../../../src/actors/chat/session/resuming.ts';
import { sessionOf, type Turn } from '../../../src/actors/chat/session/session.ts';
import type { Luggage, UsersMessage } from '../../../src/actors/chat/users/user-messages.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import type { TcpOpened } from '../../../src/actors/runtime/tcp/tcp-edges.ts';

const users = addressOf<UsersMessage>(0, 'users');
const none = addressOf<never>(0, 'none');
const opened: TcpOpened = {
  ...{ type: 'tcpOpened', connection: 7, door: 'chat', remote: '192.0.2.1' },
  ...{ isLoopback: false, isSecure: false, secret: '0'.repeat(32), nonce: '0'.repeat(20) },
};
const who = {
  ...{ user: 'ann', session: 's1', secret: 'x', caps: [], status: 'online' as const },
  ...{ note: undefined, until: undefined },
};
const luggage: Luggage = { ...who, rooms: [], watched: [], untold: [] };
const message = {
  ...{ id: 'm1', timestamp: 0, from: 'bob', to: 'ann', session: 's9' },
  ...{ body: 'hi', dataText: undefined },
};

test('[HP-DM-6] also when it ended before its client was told that it is back', () => {
  const chat = {
    ...{ options: chatDefaults, shard: 0, shards: 1, edges: { log: none } },
    ...{ usersOfShard: () => users, roomsOfShard: () => none },
  } as unknown as ChatContext;
  const sent: UsersMessage[] = [];
  const turn: Turn = {
    ...{ self: addressOf(0, 'session'), now: 0, wallMs: 0, random: () => 1, stop: () => {} },
    ...{ spawn: () => addressOf(0, 'none'), after: () => {}, cancel: () => {}, count: () => {} },
    send: (to, word) => {
      if ((to as string) === users) sent.push(word as UsersMessage);
    },
  };
  const session = sessionOf(chat, opened, addressOf(0, 'door'), 0);
  Object.assign(session, { who, luggage, life: 'active' });
  end(session, 'refused', turn);
  sent.length = 0;
  directArrived(session, { type: 'directArrived', message, isSent: false }, turn);
  expect(sent).toMatchObject([{ type: 'unregister', user: 'ann', untold: [{ id: 'm1' }] }]);
});
