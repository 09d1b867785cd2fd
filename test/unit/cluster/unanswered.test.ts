// What a keeper of rooms has asked of a home that never answers: nobody waits for it any more, and nothing is kept of it.

import { expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import type { RoomReply } from '../../../src/actors/chat/rooms/room-messages.ts';
import { roomsActor } from '../../../src/actors/chat/rooms/rooms.actor.ts';
import type { Turn } from '../../../src/actors/chat/rooms/rooms-state.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';

test('[HP-HOME-2] [HP-ERR-5] what was asked and lost on its way is forgotten when its asker does not wait any more', () => {
  const at = (now: number): Turn => ({
    ...{ self: addressOf(0, 'rooms'), now, random: () => 1, send: () => {}, stop: () => {} },
    ...{ spawn: () => addressOf(0, 'none'), after: () => {}, cancel: () => {}, count: () => {} },
  });
  const none = addressOf<RoomReply>(0, 'none');
  const chat = {
    ...{ options: chatDefaults, shard: 0, shards: 1, wallAtZeroMs: 0, life: 0, incarnation: 1 },
    seam: { node: 'n1', relay: none, locations: none },
    ...{ edges: { log: none }, home: none },
  } as unknown as ChatContext;
  const state = roomsActor.start(chat, at(0));
  const nodes = ['n1', 'n2'];
  const changed = { nodes, size: 2, down: 0, isServing: true, isJoined: true };
  roomsActor.receive(state, { type: 'nodesChanged', ...changed }, at(0));
  const room = ['a', 'b', 'c', 'd', 'e'].find((name) => homeNodeOf(nodes, name) === 'n2') ?? '';
  const asked = { room, after: undefined, limit: 1, replyTo: none, ref: 1 };
  roomsActor.receive(state, { type: 'listMembers', ...asked }, at(1));
  expect(state.pending.size).toBe(1);
  roomsActor.receive(state, { type: 'timedOut', name: 'sweep' }, at(4_000_000));
  expect(state.pending.size).toBe(1);
  roomsActor.receive(state, { type: 'timedOut', name: 'sweep' }, at(60_000_000));
  expect(state.pending.size).toBe(0);
});
