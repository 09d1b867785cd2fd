// Which mark in a room's topic is a seat's own: what was said before it is in the answer, what comes behind it is new.

import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { describe, expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import { markOf, type RoomWord } from '../../../src/actors/chat/rooms/room-messages.ts';
import { delivered } from '../../../src/actors/chat/session/seats.ts';
import {
  type Pending,
  type Seat,
  type Session,
  sessionOf,
  type Turn,
} from '../../../src/actors/chat/session/session.ts';
import type { TcpOpened } from '../../../src/actors/runtime/tcp/tcp-edges.ts';

const CONNECTION = 7;
const REF = 4;
const chat = { options: chatDefaults, shard: 1 } as ChatContext;
const opened: TcpOpened = {
  ...{ type: 'tcpOpened', connection: CONNECTION, door: 'chat', remote: '192.0.2.1' },
  ...{ isLoopback: false, isSecure: false, secret: '0'.repeat(32), nonce: '0'.repeat(20) },
};
const none = {} as Turn;

function asking(): { readonly session: Session; readonly seat: Seat } {
  const session = sessionOf(chat, opened, addressOf(1, 'chat'), 0);
  session.who = {
    ...{ user: 'ann', session: 's1', secret: '', caps: ['ack'], status: 'online' },
    ...{ note: undefined, until: undefined },
  };
  session.life = 'active';
  session.pending = { ref: REF } as Pending;
  const seat: Seat = {
    ...{ room: 'r', phase: 'asking', historyMax: 0, since: undefined, words: [] },
    ...{ joined: undefined, isMarked: false, slot: undefined, place: { epoch: 0, seq: 0 } },
    ...{ unacked: new Map(), hasGap: false, hasHoles: false, open: undefined },
  };
  session.seats.set('r', seat);
  return { session, seat };
}

function mark(marked: string): Parameters<typeof delivered>[1] {
  const word: RoomWord = {
    ...{ kind: 'mark', line: new Uint8Array(0), byteLength: 0, shard: 1, connection: CONNECTION },
    ...{ entry: undefined, marked },
  };
  return { topic: 'chat/room/r', id: undefined, data: word, epoch: 'e', offset: 1 };
}

const own = { session: 's1', shard: 1, connection: CONNECTION };

describe('a mark', () => {
  test('[HP-ROOM-2] of the question under way lets the seat be told', () => {
    const { session, seat } = asking();
    expect(delivered(session, mark(markOf(own, REF)), none)).toBe(true);
    expect(seat.isMarked).toBe(true);
  });

  test.each([
    ['an earlier question of the same session', markOf(own, REF - 1)],
    ['the connection that it had before', markOf({ ...own, connection: 6 }, REF)],
    ['another shard', markOf({ ...own, shard: 0 }, REF)],
    ['another session', markOf({ ...own, session: 's2' }, REF)],
  ])('[HP-ROOM-2] [HP-RES-3] of %s does not', (_, marked) => {
    const { session, seat } = asking();
    expect(delivered(session, mark(marked), none)).toBe(false);
    expect(seat.isMarked).toBe(false);
  });
});
