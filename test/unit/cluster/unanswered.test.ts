// What a keeper of rooms has asked of a home that never answers, or was told by a node that has died in the middle of it: nobody
// waits for it any more, and nothing is kept of it.

import { expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { homeNodeOf } from '../../../src/actors/chat/rendezvous.ts';
import type { RoomReply } from '../../../src/actors/chat/rooms/room-messages.ts';
import { roomsActor } from '../../../src/actors/chat/rooms/rooms.actor.ts';
import type { RoomsState, Turn } from '../../../src/actors/chat/rooms/rooms-state.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';

const none = addressOf<RoomReply>(0, 'none');
const nodes = ['n1', 'n2'];
const all = Array.from({ length: 20 }, (_, at) => `room-${at}`);
const roomAt = (node: string): string =>
  all.find((name) => homeNodeOf(nodes, name) === node) ?? expect.fail('no such room');

function turn(now: number): Turn {
  return {
    ...{
      self: addressOf(0, 'rooms'),
      now,
      wallMs: 0,
      random: () => 1,
      send: () => {},
      stop: () => {},
    },
    ...{ spawn: () => addressOf(0, 'none'), after: () => {}, cancel: () => {}, count: () => {} },
    // Sites are grown here, too, and ask it.
    ...{ buggify: () => false },
  };
}

/** Of n1, which knows of n2. */
function keeper(): RoomsState {
  const chat = {
    ...{ options: chatDefaults, shard: 0, shards: 1, life: 0, incarnation: 1 },
    seam: { node: 'n1', relay: none, locations: none },
    ...{ edges: { log: none }, home: none },
  } as unknown as ChatContext;
  const state = roomsActor.start(chat, turn(0));
  const changed = { nodes, size: 2, down: 0, isServing: true, isJoined: true };
  roomsActor.receive(state, { type: 'nodesChanged', ...changed }, turn(0));
  return state;
}

test('[HP-HOME-2] [HP-ERR-5] what was asked and lost on its way is forgotten when its asker does not wait any more', () => {
  const state = keeper();
  const asked = { room: roomAt('n2'), after: undefined, limit: 1, replyTo: none, ref: 1 };
  roomsActor.receive(state, { type: 'listMembers', ...asked }, turn(1));
  expect(state.pending.size).toBe(1);
  roomsActor.receive(state, { type: 'timedOut', name: 'sweep' }, turn(4_000_000));
  expect(state.pending.size).toBe(1);
  roomsActor.receive(state, { type: 'timedOut', name: 'sweep' }, turn(60_000_000));
  expect(state.pending.size).toBe(0);
});

test('[HP-HOME-3] what a node was telling when it died is no part of what its next life tells', () => {
  const state = keeper();
  const room = roomAt('n1');
  const place = { epoch: 1, seq: 1 };
  const entry = { ...place, id: 'm1', timestamp: 0, from: 'ann', session: 's1', body: 'x' };
  const body = {
    ...{ say: 'adopt', place, last: place, former: '', members: [], users: [] },
    ...{ entries: [entry], more: true },
  };
  roomsActor.receive(state, { type: 'peerSaid', node: 'n2', key: room, body }, turn(1));
  expect(state.rooms.get(room)?.incoming.size).toBe(1);
  roomsActor.receive(state, { type: 'nodeDown', node: 'n2' }, turn(2));
  expect(state.rooms.get(room)?.incoming.size).toBe(0);
});
