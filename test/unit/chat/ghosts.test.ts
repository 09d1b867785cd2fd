// Sessions that moved from one connection to another as their keeper died, and of which nothing is left: they do not sit in
// their rooms for ever.

import { expect, test } from 'vitest';

import { type ChatContext, shardOfUser } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import type { RoomReply, RoomsMessage } from '../../../src/actors/chat/rooms/room-messages.ts';
import { roomsActor } from '../../../src/actors/chat/rooms/rooms.actor.ts';
import { usersActor } from '../../../src/actors/chat/users/users.actor.ts';
import type { UserReply, UsersMessage } from '../../../src/actors/chat/users/user-messages.ts';
import { type Address, addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

const asker = addressOf<RoomReply | UserReply>(0, 'asker');
const shards = 2;
const names = Array.from({ length: 20 }, (_, at) => `u${at}`);
/** Two whose keeper died, and one whose keeper lives. */
const [gone = '', there = ''] = names.filter((name) => shardOfUser({ shards }, name) === 1);
const [other = ''] = names.filter((name) => shardOfUser({ shards }, name) === 0);

test('[HP-ROOM-9] who is gone without a word, with a keeper that died, has left', () => {
  const listed: (readonly string[])[] = [];
  const system = new System({
    ...{ shard: 0, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  system.bind(asker, (reply) => {
    if (reply.type === 'membersListed') listed.push(reply.members.map(({ user }) => user));
  });
  system.bind(addressOf(0, 'home'), () => {});
  const chat = {
    ...{ options: chatDefaults, shard: 0, shards, life: 0, home: addressOf(0, 'home') },
    usersOfShard: () => users,
  } as unknown as ChatContext;
  const rooms: Address<RoomsMessage> = system.spawn(roomsActor, chat, 'rooms');
  // The next one in the place of the keeper that died.
  const next = { ...chat, life: 1, shard: 1 };
  let now = 0;
  const pass = (ms: number): void => {
    now += ms * 1_000;
    system.run(now, 10_000);
  };
  const members = (): readonly string[] | undefined => {
    const ask = { room: 'r', after: undefined, limit: 9, ref: 1, replyTo: asker };
    system.deliver(rooms, { type: 'listMembers', ...ask });
    pass(0);
    return listed.at(-1);
  };
  pass(0);
  for (const user of [gone, there, other]) {
    const member = {
      session: `s-${user}`,
      user,
      status: 'online',
      shard: 0,
      connection: 1,
    } as const;
    const ask = { room: 'r', member, historyMax: 0, since: undefined, isMarked: false } as const;
    system.deliver(rooms, { type: 'join', ...ask, ref: 1, replyTo: asker });
  }
  expect(members()).toEqual([gone, there, other].toSorted());
  system.deliver(rooms, { type: 'shardDown', shard: 1 });
  pass(3_000);
  const users: Address<UsersMessage> = system.spawn(usersActor, next, 'users');
  const entry = {
    ...{ session: `s-${there}`, shard: 0, address: asker as never, status: 'online' as const },
    ...{ note: undefined, secret: 'x', isDetached: false },
  };
  const again = { user: there, entry, isAgain: true, ref: 1, replyTo: asker };
  system.deliver(users, { type: 'register', ...again });
  // It has not been there for long enough to know.
  pass(4_600);
  expect(members()).toEqual([gone, there, other].toSorted());
  pass(7_600);
  expect(members()).toEqual([there, other].toSorted());
});

test('[HP-RES-5] who dies while a room settles does not come in when it has', () => {
  const answers: RoomReply[] = [];
  const system = new System({
    ...{ shard: 1, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  const own = addressOf<RoomReply>(1, 'asker');
  const home = addressOf<unknown>(1, 'home');
  system.bind(own, (reply) => answers.push(reply));
  system.bind(home, () => {});
  const chat = {
    ...{ options: chatDefaults, shard: 1, shards, life: 1, incarnation: 1, home },
    ...{ seam: { node: 'n1', relay: home }, edges: { log: home }, usersOfShard: () => home },
  } as unknown as ChatContext;
  const rooms: Address<RoomsMessage> = system.spawn(roomsActor, chat, 'rooms');
  const nodes = { nodes: ['n1'], size: 1, down: 0, isServing: true, isJoined: true };
  system.deliver(rooms, { type: 'nodesChanged', ...nodes });
  system.run(0, 1_000);
  for (const shard of [0, 1]) {
    const member = { session: `s${shard}`, user: `u${shard}`, status: 'online', shard } as const;
    const ask = {
      room: 'r',
      historyMax: 0,
      since: undefined,
      isMarked: false,
      ref: shard,
    } as const;
    const join = {
      type: 'join',
      ...ask,
      member: { ...member, connection: 1 },
      replyTo: own,
    } as const;
    system.deliver(rooms, join);
  }
  system.deliver(rooms, { type: 'shardDown', shard: 0 });
  system.run(0, 1_000);
  system.run(1_000_000, 1_000);
  const ask = { room: 'r', after: undefined, limit: 9, ref: 1, replyTo: own };
  system.deliver(rooms, { type: 'listMembers', ...ask });
  system.run(1_000_000, 1_000);
  expect(answers.map(({ type }) => type)).toEqual(['joined', 'membersListed']);
  expect(answers.at(-1)).toMatchObject({ members: [{ user: 'u1' }] });
});
