// What a room remembers: everything in its order, nothing twice, and no message in the place of another.

import { describe, expect, test } from 'vitest';

import type { RoomEntry } from '../../../src/actors/chat/rooms/room-messages.ts';
import { RoomMemory } from '../../../src/actors/chat/rooms/room-memory.ts';

const entry = (epoch: number, seq: number, id: string, node = 'n1', from = 'ann'): RoomEntry => ({
  ...{ epoch, seq, id, node, from, session: `${node}-1`, timestamp: 0, body: id },
  dataText: undefined,
});

const idsOf = (memory: RoomMemory): readonly string[] => memory.all.map(({ id }) => id);

describe('a room’s memory', () => {
  test('[HP-HOME-4] keeps what two homes have said in the order of their places', () => {
    const memory = new RoomMemory(10);
    for (const one of [entry(1, 2, 'b'), entry(2, 1, 'd'), entry(1, 3, 'c'), entry(1, 1, 'a')])
      expect(memory.add(one)).toBe(true);
    memory.add(entry(1, 3, 'c2', 'n2'));
    expect(idsOf(memory)).toEqual(['a', 'b', 'c', 'c2', 'd']);
  });

  test('[HP-HOME-4] nothing comes twice', () => {
    const memory = new RoomMemory(10);
    expect([memory.add(entry(1, 1, 'a')), memory.add(entry(1, 1, 'a'))]).toEqual([true, false]);
    expect(idsOf(memory)).toEqual(['a']);
  });

  test('[HP-STORE-1] a home that begins anew with the same places takes nothing from what was stored', () => {
    const memory = new RoomMemory(10);
    for (const one of [entry(1, 1, 'old1'), entry(1, 2, 'old2')]) memory.add(one);
    expect(memory.add(entry(1, 1, 'new1'))).toBe(true);
    expect(memory.add(entry(1, 2, 'old2', 'n1', 'ben'))).toBe(true);
    expect(memory.all).toHaveLength(4);
    expect(idsOf(memory)).toEqual(['new1', 'old1', 'old2', 'old2']);
  });
});
