// What a room remembers: everything in its order, nothing twice, and no message in the place of another.

import { describe, expect, test } from 'vitest';

import type { RoomEntry } from '../../../src/actors/chat/rooms/room-messages.ts';
import { RoomMemory } from '../../../src/actors/chat/rooms/room-memory.ts';

const entry = (epoch: number, seq: number, id: string, node = 'n1', from = 'ann'): RoomEntry => ({
  ...{ epoch, seq, id, node, from, session: `${node}-1`, timestamp: 0, body: id },
  dataText: undefined,
});

const LIMITS = { historyMax: 10, dedupeMs: 600_000 };
const idsOf = (memory: RoomMemory): readonly string[] => memory.all.map(({ id }) => id);

describe('a room’s memory', () => {
  test('[HP-HOME-4] keeps what two homes have said in the order of their places', () => {
    const memory = new RoomMemory(LIMITS);
    for (const one of [entry(1, 2, 'b'), entry(2, 1, 'd'), entry(1, 3, 'c'), entry(1, 1, 'a')])
      expect(memory.add(one)).toBe(true);
    memory.add(entry(1, 3, 'c2', 'n2'));
    expect(idsOf(memory)).toEqual(['a', 'b', 'c', 'c2', 'd']);
  });

  test('[HP-HOME-4] nothing comes twice', () => {
    const memory = new RoomMemory(LIMITS);
    expect([memory.add(entry(1, 1, 'a')), memory.add(entry(1, 1, 'a'))]).toEqual([true, false]);
    expect(idsOf(memory)).toEqual(['a']);
  });

  test('[HP-STORE-1] a home that begins anew with the same places takes nothing from what was stored', () => {
    const memory = new RoomMemory(LIMITS);
    for (const one of [entry(1, 1, 'old1'), entry(1, 2, 'old2')]) memory.add(one);
    expect(memory.add(entry(1, 1, 'new1'))).toBe(true);
    expect(memory.add(entry(1, 2, 'old2', 'n1', 'ben'))).toBe(true);
    expect(memory.all).toHaveLength(4);
    expect(idsOf(memory)).toEqual(['new1', 'old1', 'old2', 'old2']);
  });

  test('[HP-MSG-5] [HP-HOME-4] what two homes have given a place each is one message, but not for ever', () => {
    const memory = new RoomMemory(LIMITS);
    expect(memory.add(entry(1, 7, 'a'))).toBe(true);
    expect(memory.add(entry(2, 7, 'a', 'n2'))).toBe(false);
    expect(memory.add({ ...entry(3, 8, 'a', 'n3', 'ANN'), timestamp: 600 })).toBe(false);
    expect(memory.add({ ...entry(4, 9, 'a'), timestamp: 1_201 })).toBe(true);
    expect(memory.all.map(({ seq }) => seq)).toEqual([8, 9]);
  });

  test('[HP-MSG-5] [HP-HOME-13] what one home has given two places was said twice, whatever its id and timestamp', () => {
    const memory = new RoomMemory(LIMITS);
    memory.hasAudience({ epoch: 1, seq: 0 });
    expect(memory.tell(entry(1, 1, 'a'))).toBe(true);
    for (const seq of [2, 3]) expect(memory.keep(entry(1, seq, 'a'))).toBe(true);
    for (const seq of [1, 2, 3]) expect(memory.add(entry(1, seq, 'a'))).toBe(false);
    expect(memory.tell(entry(1, 3, 'a'))).toBe(true);
    expect(memory.takeUntold().map(({ seq }) => seq)).toEqual([2]);
    expect(memory.all.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test('[HP-HOME-13] of two places of one message the later one is kept, and told', () => {
    const memory = new RoomMemory({ ...LIMITS, historyMax: 2 });
    memory.hasAudience({ epoch: 1, seq: 0 });
    memory.keep(entry(1, 1, 'a'));
    memory.keep(entry(2, 7, 'b', 'n2'));
    expect([memory.keep(entry(2, 8, 'a', 'n2')), memory.keep(entry(1, 1, 'a'))]).toEqual([
      false,
      false,
    ]);
    expect(memory.all.map(({ epoch, seq }) => [epoch, seq])).toEqual([
      [2, 7],
      [2, 8],
    ]);
    expect(memory.takeUntold().map(({ seq }) => seq)).toEqual([7, 8]);
  });

  test('what is older than all that it may remember does not come in again', () => {
    const memory = new RoomMemory({ ...LIMITS, historyMax: 2 });
    for (const seq of [2, 3, 4]) memory.add(entry(1, seq, `m${seq}`));
    expect(memory.add(entry(1, 1, 'm1'))).toBe(false);
    expect(memory.tell(entry(1, 1, 'm1'))).toBe(false);
    expect(idsOf(memory)).toEqual(['m3', 'm4']);
  });

  describe('[HP-HOME-13] what is told to those who are here', () => {
    test('is everything that is new, once, wherever it stands', () => {
      const memory = new RoomMemory(LIMITS);
      memory.hasAudience({ epoch: 1, seq: 1 });
      expect(memory.tell(entry(2, 5, 'there', 'n2'))).toBe(true);
      expect(memory.tell(entry(1, 2, 'here'))).toBe(true);
      expect(memory.tell(entry(1, 2, 'here'))).toBe(false);
      expect(memory.takeUntold()).toEqual([]);
    });

    test('is what was kept, when it is said or when it is taken, in its order', () => {
      const memory = new RoomMemory(LIMITS);
      memory.hasAudience({ epoch: 1, seq: 0 });
      for (const seq of [3, 1, 2]) expect(memory.keep(entry(1, seq, `m${seq}`))).toBe(true);
      expect(memory.tell(entry(1, 2, 'm2'))).toBe(true);
      expect(memory.keep(entry(1, 2, 'm2'))).toBe(false);
      expect(memory.takeUntold().map(({ id }) => id)).toEqual(['m1', 'm3']);
      expect(memory.takeUntold()).toEqual([]);
    });

    test('is not what was said before the first of them came, nor what was told to who came back', () => {
      const memory = new RoomMemory(LIMITS);
      memory.keep(entry(1, 1, 'nobody'));
      memory.hasAudience({ epoch: 1, seq: 3 });
      memory.hasAudience({ epoch: 1, seq: 9 });
      for (const seq of [2, 4, 5]) memory.keep(entry(1, seq, `m${seq}`));
      expect(memory.tell(entry(1, 3, 'm3'))).toBe(false);
      memory.wasTold({ epoch: 1, seq: 4 });
      expect(memory.takeUntold().map(({ id }) => id)).toEqual(['m5']);
      memory.keep(entry(1, 6, 'm6'));
      memory.hasNoAudience();
      expect(memory.takeUntold()).toEqual([]);
    });

    test('is what its home says next, and of another home only behind what that has said before', () => {
      const memory = new RoomMemory(LIMITS);
      memory.hasAudience({ epoch: 1, seq: 1 });
      expect([2, 3].map((seq) => memory.isNext(entry(1, seq, `m${seq}`)))).toEqual([true, false]);
      memory.tell(entry(1, 2, 'm2'));
      memory.keep(entry(2, 7, 'o7', 'n2'));
      expect(memory.isNext(entry(1, 3, 'm3'))).toBe(true);
      expect([7, 8, 9].map((seq) => memory.isNext(entry(2, seq, `o${seq}`, 'n2')))).toEqual([
        false,
        false,
        false,
      ]);
      memory.takeUntold();
      expect(memory.isNext(entry(2, 8, 'o8', 'n2'))).toBe(true);
      expect(memory.isNext(entry(2, 8, 'o8', 'n3'))).toBe(false);
    });

    test('goes with the memory to another one of the room', () => {
      const [here, next] = [new RoomMemory(LIMITS), new RoomMemory(LIMITS)];
      here.hasAudience({ epoch: 1, seq: 0 });
      here.tell(entry(1, 1, 'told'));
      here.keep(entry(1, 2, 'kept'));
      next.takeOver(here);
      expect(idsOf(next)).toEqual(['told', 'kept']);
      expect(next.takeUntold().map(({ id }) => id)).toEqual(['kept']);
      expect([next.keep(entry(1, 3, 'new')), next.takeUntold()[0]?.id]).toEqual([true, 'new']);
    });
  });
});
