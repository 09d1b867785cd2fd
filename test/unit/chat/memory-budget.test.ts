// What all rooms of a keeper remember together: never more than it may cost, and the room spoken in longest ago forgets first.

import { array, assert, constantFrom, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MemoryBudget } from '../../../src/actors/chat/memory-budget.ts';
import { Room } from '../../../src/actors/chat/rooms/room.ts';
import { RoomMemory } from '../../../src/actors/chat/rooms/room-memory.ts';
import type { RoomEntry } from '../../../src/actors/chat/rooms/room-messages.ts';

const LIMITS = { historyMax: 4, dedupeMs: 600_000, dedupeIdsMax: 100 };
/** What an entry with so long a body costs. */
const cost = (units: number): number => 512 + 2 * units;

const entry = (seq: number, units = 0): RoomEntry => ({
  ...{ epoch: 1, seq, id: `m${seq}`, node: 'n1', from: 'ann', session: 's', timestamp: 0 },
  ...{ body: 'x'.repeat(units), dataText: undefined },
});

describe('[HP-HIST-4] rooms together remember no more than it may cost', () => {
  test('the room that was spoken in longest ago forgets its older half first, and then the rest', () => {
    const budget = new MemoryBudget(cost(0) * 6);
    const [old, late] = [new RoomMemory(LIMITS, budget), new RoomMemory(LIMITS, budget)];
    for (let seq = 1; seq <= 4; seq += 1) old.add(entry(seq));
    for (let seq = 1; seq <= 2; seq += 1) late.add(entry(seq));
    expect([old.all.length, late.all.length]).toEqual([4, 2]);
    late.add(entry(3));
    expect([old.all.map(({ seq }) => seq), late.all.length]).toEqual([[3, 4], 3]);
    late.add(entry(4));
    old.add(entry(5));
    expect([old.all.map(({ seq }) => seq), late.all.map(({ seq }) => seq)]).toEqual([
      [3, 4, 5],
      [3, 4],
    ]);
  });

  test('a message that costs more than all of it is forgotten at once', () => {
    const budget = new MemoryBudget(cost(10));
    const memory = new RoomMemory(LIMITS, budget);
    expect(memory.add(entry(1, 11))).toBe(true);
    expect([memory.all, budget.bytes]).toEqual([[], 0]);
  });

  test('[HP-HOME-13] of a message with two places the one that is kept counts', () => {
    const budget = new MemoryBudget(cost(0) * 6);
    const memory = new RoomMemory(LIMITS, budget);
    for (const [epoch, units] of [
      [1, 3],
      [2, 9],
      [3, 1],
    ] as const) {
      memory.add({ ...entry(1, units), epoch });
      expect([memory.all.length, budget.bytes]).toEqual([1, cost(units)]);
    }
    memory.end();
    expect(budget.bytes).toBe(0);
  });

  test('what is forgotten may be said again, and is new', () => {
    const memory = new RoomMemory(LIMITS, new MemoryBudget(cost(0)));
    expect([1, 2, 1].map((seq) => memory.add(entry(seq)))).toEqual([true, true, true]);
  });

  test('[HP-RES-8] who comes back to a room that has forgotten hears of the gap', () => {
    const epochs = { first: 1, step: 1, own: 0 };
    const room = new Room('r', 1, epochs, LIMITS, 0, { budget: new MemoryBudget(cost(1) * 2) });
    const said = { from: 'ann', session: 's', timestamp: 0, dataText: undefined };
    for (const id of ['a', 'b', 'c']) room.append({ ...said, id, body: 'x' }, 0);
    expect(room.after({ epoch: 1, seq: 1 })).toMatchObject({
      hasGap: true,
      entries: [{ id: 'c' }],
    });
    expect(room.after({ epoch: 1, seq: 2 })).toMatchObject({
      hasGap: false,
      entries: [{ id: 'c' }],
    });
  });

  test('whatever is said, moved and forgotten, it is counted as it is', () => {
    const deed = record({
      does: constantFrom('add', 'add', 'add', 'end', 'takeOver'),
      room: nat(3),
      other: nat(3),
      seq: nat(30),
      units: nat(400),
    });
    assert(
      property(array(deed, { maxLength: 60 }), (deeds) => {
        const budget = new MemoryBudget(6_000);
        const memories = Array.from({ length: 4 }, () => new RoomMemory(LIMITS, budget));
        // `all` shows the last of what is kept: the whole is asked for by forgetting it.
        for (const { does, room, other, seq, units } of deeds) {
          const [one, two] = [memories[room], memories[other]];
          if (one === undefined || two === undefined) continue;
          if (does === 'add') one.add(entry(seq, units));
          else if (does === 'end') one.end();
          else if (one !== two) one.takeOver(two);
          expect(budget.bytes).toBeLessThanOrEqual(6_000);
          const shown = memories.flatMap(({ all }) => all.map(({ body }) => cost(body.length)));
          expect(budget.bytes).toBeGreaterThanOrEqual(shown.reduce((sum, bytes) => sum + bytes, 0));
        }
        for (const memory of memories) memory.end();
        expect(budget.bytes).toBe(0);
      }),
    );
  });
});
