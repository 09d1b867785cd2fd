// A session whose client has gone while it came in waits for its keeper to let it go; the keeper's thread may die meanwhile.

import { expect, test } from 'vitest';

import { hpSession } from '../../../src/actors/chat/hp-session.actor.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';

test('[HP-RES-5] whoever is about to stop is not registered again with a new keeper', () => {
  const sent: unknown[] = [];
  let stops = 0;
  const who = { user: 'ann', session: 's1', secret: 'x', caps: [], status: 'online' };
  const chat = { shard: 1, shards: 1, usersOfShard: () => addressOf(0, 'users'), edges: {} };
  const session = {
    ...{ chat, who, life: 'closed', isStopping: true, partsFrom: 0 },
    ...{ seats: new Map(), watched: new Map(), lines: [], isPaused: false },
  };
  const context = {
    self: addressOf(1, 'session'),
    ...{ now: 0, wallMs: 0, after: () => {}, cancel: () => {}, count: () => {} },
    send: (_: unknown, message: unknown) => void sent.push(message),
    stop: () => {
      stops += 1;
    },
  };
  hpSession.receive(session as never, { type: 'shardDown', shard: 0 } as never, context as never);
  expect(stops).toBe(1);
  expect(sent).not.toContainEqual(expect.objectContaining({ type: 'register' }));
});

test('[HP-RES-4] whoever is replaced while he moves is closed when the router has let him go', () => {
  const sent: unknown[] = [];
  const session = {
    ...{ chat: { edges: {} }, connection: 7, who: undefined, life: 'closed' },
    ...{
      seats: new Map(),
      lines: [],
      isPaused: false,
      heir: { to: addressOf(1, 'users'), ref: 5 },
    },
  };
  const context = {
    self: addressOf(1, 'session'),
    ...{ now: 0, wallMs: 0, after: () => {}, cancel: () => {}, count: () => {}, stop: () => {} },
    send: (_: unknown, message: unknown) => void sent.push(message),
  };
  const left = { type: 'streamLeft', connection: 7, places: [] };
  hpSession.receive(session as never, left as never, context as never);
  expect(sent).toEqual([expect.objectContaining({ type: 'close', connection: 7 })]);
});
