// The simulated network keeps the one promise of TCP: inside an open connection no byte is lost, repeated or
// reordered, however the chunks are cut, joined, delayed and held.

import { describe, expect, test } from 'vitest';

import { Prng } from '../../src/actors/runtime/prng.ts';
import { type LinkPlan, newLink } from '../../src/sim/edges/link.ts';
import { Connection, type Pipe, type Unit } from '../../src/sim/edges/network.ts';

const calm: LinkPlan = {
  latencyUs: 100,
  jitterUs: 0,
  windowBytes: 65_536,
  cutPercent: 0,
  joinPercent: 0,
};

/** A connection, its clock, and what has been read and taken. */
function connect(changes: Partial<LinkPlan> = {}, seed = 1) {
  const link = newLink({ ...calm, ...changes }, new Prng(seed, 'link'));
  const due: { at: number; pipe: Pipe }[] = [];
  const clock = {
    now: 0,
    arriveAt: (at: number, pipe: Pipe) => {
      due.push({ at, pipe });
    },
  };
  const connection = new Connection(1, link, clock);
  const units: Unit[] = [];
  const taken: number[] = [];
  const { down } = connection;
  down.sender = { readable: () => {}, taken: (cost) => taken.push(cost) };
  down.receiver = {
    taken: () => {},
    readable: () => {
      for (let unit = down.read(); unit !== undefined; unit = down.read()) units.push(unit);
      down.drained();
    },
  };
  const pass = (untilUs: number): void => {
    for (;;) {
      due.sort((one, other) => one.at - other.at);
      const [next] = due;
      if (next === undefined || next.at > untilUs) break;
      due.shift();
      clock.now = next.at;
      next.pipe.arrive();
    }
    clock.now = untilUs;
  };
  return { link, connection, down, units, taken, pass, clock };
}

function bytesOf(units: readonly Unit[]): number[] {
  return units.flatMap((unit) => (unit instanceof Uint8Array ? [...unit] : []));
}

describe('a pipe', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('cuts and joins, and loses nothing (seed %i)', (seed) => {
    const { down, units, pass } = connect(
      { cutPercent: 60, joinPercent: 40, jitterUs: 5_000, windowBytes: 900 },
      seed,
    );
    const chance = new Prng(seed, 'bytes');
    const sent: number[] = [];
    for (let at = 0; at < 300; at += 1) {
      const bytes = Uint8Array.from({ length: 1 + chance.below(40) }, () => chance.below(256));
      sent.push(...bytes);
      down.write(bytes, bytes.length);
      if (chance.chance(1, 2)) down.pump();
      pass(at * 1_000);
    }
    down.pump();
    pass(10_000_000);
    expect(bytesOf(units)).toEqual(sent);
    expect(units.length).not.toBe(300);
  });

  test('takes no more than its window until the reader has read', () => {
    const { down, taken, pass } = connect({ windowBytes: 1_000 });
    down.isReaderPaused = true;
    for (let i = 0; i < 10; i += 1) down.write(new Uint8Array(300), 300);
    expect(down.pump()).toBe(1_200);
    pass(1_000_000);
    expect(taken).toEqual([]);
    expect(down.read()).toHaveLength(300);
    down.drained();
    expect(taken).toEqual([300]);
  });

  test('holds what is stalled, and lets it go in order', () => {
    const { link, connection, down, units, pass } = connect();
    down.write(new Uint8Array([1]), 1);
    down.pump();
    link.isStalledDown = true;
    down.write(new Uint8Array([2]), 1);
    down.pump();
    pass(1_000_000);
    expect(units).toEqual([]);
    link.isStalledDown = false;
    connection.down.resume();
    pass(2_000_000);
    expect(bytesOf(units)).toEqual([1, 2]);
  });

  test('a reset loses the end of what was on its way, never the middle, and says so', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { connection, down, units, pass } = connect({ jitterUs: 1_000 }, seed);
      for (let byte = 0; byte < 10; byte += 1) down.write(new Uint8Array([byte]), 1);
      down.pump();
      connection.reset();
      down.write(new Uint8Array([99]), 1);
      down.pump();
      pass(1_000_000);
      const bytes = bytesOf(units);
      expect(bytes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].slice(0, bytes.length));
      expect(units.at(-1)).toEqual({ word: 'reset' });
      expect(units).toHaveLength(bytes.length + 1);
    }
  });

  test('keeps what was written and nobody reads, in its order, where somebody asks for it', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const { connection, down, units, pass } = connect({ jitterUs: 1_000 }, seed);
      down.lost = [];
      for (let byte = 0; byte < 10; byte += 1) down.write(new Uint8Array([byte]), 1);
      down.pump();
      if (seed % 2 === 0) connection.reset();
      pass(seed * 20);
      connection.leave();
      for (let byte = 10; byte < 13; byte += 1) down.write(new Uint8Array([byte]), 1);
      down.pump();
      connection.reset();
      pass(1_000_000);
      const all = [...bytesOf(units), ...bytesOf(down.lost)];
      expect(all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }
  });

  test('a cut connection tells nobody', () => {
    const { connection, down, units, pass } = connect();
    connection.isCut = true;
    down.write(new Uint8Array([1]), 1);
    down.pump();
    connection.reset();
    pass(60_000_000);
    expect(units).toEqual([]);
  });
});
