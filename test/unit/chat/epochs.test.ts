// Epochs: which numbers a keeper of rooms may give, and that a room gives no place before one that it is told of.

import { assert, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { epochAfter, type Epochs, epochsOf } from '../../../src/actors/chat/rooms/epochs.ts';
import type { RoomEntry } from '../../../src/actors/chat/rooms/room-messages.ts';
import { Room } from '../../../src/actors/chat/rooms/room.ts';

const INCARNATION = 1_800_000_000_000;
const LIMITS = { historyMax: 10, dedupeMs: 600_000, dedupeIdsMax: 100 };

const inCluster = (drawn: number, life = 0, incarnation = INCARNATION): Epochs =>
  epochsOf({ seam: {}, life, incarnation } as ChatContext, drawn);
const alone = (life: number): Epochs =>
  epochsOf({ seam: undefined, life, incarnation: INCARNATION } as ChatContext, 7);
const roomOf = (epochs: Epochs): Room => new Room('r', epochs.first, epochs, LIMITS, 0);
const entry = (epoch: number, seq: number): RoomEntry => ({
  ...{ epoch, seq, id: `${epoch}.${seq}`, node: 'n9', from: 'ann', session: 's', timestamp: 0 },
  ...{ body: 'x', dataText: undefined },
});
const draft = {
  id: 'new',
  timestamp: 0,
  from: 'ben',
  session: 's',
  body: 'x',
  dataText: undefined,
};

describe('[HP-HOME-12] epochs of a cluster', () => {
  test('begin with the life of the node, and stay safe integers for two centuries', () => {
    expect(inCluster(123_456).first).toBe(1_800_000_000_000_456);
    expect(inCluster(0, 0, Date.UTC(2225, 0)).first).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(inCluster(0, 1).first).toBeGreaterThan(inCluster(999, 0).first);
  });

  test('are above what is known, and nobody else gives them who has drawn another number', () => {
    const drawn = nat();
    const known = nat({ max: INCARNATION * 2_000 });
    assert(
      property(drawn, drawn, known, known, (mine, theirs, one, other) => {
        const [here, there] = [inCluster(mine), inCluster(theirs)];
        const next = epochAfter(one, here);
        expect(next).toBeGreaterThan(one);
        expect(next).toBeGreaterThanOrEqual(here.first);
        expect(next).toBeLessThanOrEqual(Math.max(one + 1_000, here.first));
        if (mine % 1_000 !== theirs % 1_000) expect(next).not.toBe(epochAfter(other, there));
      }),
    );
  });
});

describe('epochs of a node that is alone', () => {
  test('count from one', () => {
    expect(alone(0).first).toBe(1);
    expect(epochAfter(1, alone(0))).toBe(2);
  });

  test('[HP-ROOM-9] of a keeper that takes a dead one’s place are higher, however many rooms that has forgotten', () => {
    let epoch = alone(0).first;
    for (let times = 0; times < 1_000; times += 1) epoch = epochAfter(epoch, alone(0));
    expect(alone(1).first).toBeGreaterThan(epoch);
  });
});

describe('[HP-MSG-4] [HP-HOME-12] a room gives no place before one that it is told of', () => {
  const [mine, theirs] = [inCluster(1), inCluster(2, 0, INCARNATION + 60_000)];

  test('in a message that another home has placed', () => {
    const room = roomOf(mine);
    room.append(draft, 0);
    room.adopt([entry(theirs.first, 1), entry(theirs.first, 4)], 0);
    const { epoch, seq } = room.append({ ...draft, id: 'newer' }, 0);
    expect([epoch > theirs.first, epoch % 1_000, seq]).toEqual([true, 1, 5]);
  });

  test('in what its node kept', () => {
    const [room, other] = [roomOf(mine), roomOf(theirs)];
    for (const id of ['a', 'b']) other.append({ ...draft, id }, 0);
    room.takeOver(other.memory, 0);
    const { epoch, seq } = room.append(draft, 0);
    expect([epoch > theirs.first, seq]).toEqual([true, 3]);
  });

  test('and keeps its epoch where it knows a later place already', () => {
    const room = roomOf(theirs);
    room.append(draft, 0);
    room.adopt([entry(mine.first, 9)], 0);
    room.raise({ epoch: theirs.first, seq: 1 });
    expect(room.append({ ...draft, id: 'newer' }, 0)).toMatchObject({
      epoch: theirs.first,
      seq: 2,
    });
  });
});
