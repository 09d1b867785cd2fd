// The order of a channel's items, and what is known again.

import { describe, expect, test } from 'vitest';

import { itemFromValue } from '../../../../src/actors/codecs/grip/publish-item.ts';
import type { GripItem } from '../../../../src/actors/codecs/grip/publish-item.ts';
import { Sequencer } from '../../../../src/actors/gateway/channels/sequencer.ts';

const limits = { messageWaitMs: 5_000, idCacheTtlMs: 60_000 };
const second = 1_000_000;

function item(id: string | undefined, prevId?: string, more: object = {}): GripItem {
  const ids = {
    ...(id === undefined ? {} : { id }),
    ...(prevId === undefined ? {} : { 'prev-id': prevId }),
  };
  const value = {
    channel: 'a',
    formats: { 'http-stream': { content: id ?? '' } },
    ...ids,
    ...more,
  };
  const reading = itemFromValue(value, 'json');
  return reading.ok ? reading.item : expect.fail(reading.mistake.message);
}

function followed(): Sequencer {
  const sequencer = new Sequencer(limits);
  sequencer.follow('a');
  return sequencer;
}

const ids = (items: readonly GripItem[]) => items.map(({ id }) => id);
const overdue = (sequencer: Sequencer, now: number) =>
  [...sequencer.overdue(now)].flatMap(([, { items }]) => ids(items));

describe('items', () => {
  test('that come in order go out as they come', () => {
    const sequencer = followed();
    for (const [id, prevId] of [['1'], ['2', '1'], ['3'], ['4', '3']] as const)
      expect(ids(sequencer.take(item(id, prevId), 0).items)).toEqual([id]);
    expect(sequencer.lastIdOf('a')).toBe('4');
  });

  test('that come too early wait for the one before, and follow it at once', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    expect(sequencer.take(item('3', '2'), 0)).toEqual({ items: [], dropped: 0 });
    expect(sequencer.take(item('4', '3'), 0)).toEqual({ items: [], dropped: 0 });
    expect(ids(sequencer.take(item('2', '1'), 0).items)).toEqual(['2', '3', '4']);
    expect(overdue(sequencer, 100 * second)).toEqual([]);
  });

  test('wait no longer than they may', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    sequencer.take(item('3', '2'), 0);
    sequencer.take(item('5', '4'), second);
    expect(overdue(sequencer, 5 * second - 1)).toEqual([]);
    expect(overdue(sequencer, 5 * second)).toEqual(['3']);
    expect(sequencer.lastIdOf('a')).toBe('3');
    expect(overdue(sequencer, 6 * second)).toEqual(['5']);
    expect(overdue(sequencer, 99 * second)).toEqual([]);
  });

  test('that are overdue go out in order, however they came', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    for (const [id, prevId] of [
      ['6', '5'],
      ['5', '4'],
      ['4', '3'],
      ['9', '8'],
    ] as const)
      sequencer.take(item(id, prevId), 0);
    expect(overdue(sequencer, 5 * second)).toEqual(['4', '5', '6', '9']);
  });

  test('that follow each other in a circle go out all the same, once', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    for (const [id, prevId] of [
      ['x', 'y'],
      ['y', 'x'],
      ['z', 'z'],
    ] as const)
      sequencer.take(item(id, prevId), 0);
    expect(new Set(overdue(sequencer, 5 * second))).toEqual(new Set(['x', 'y', 'z']));
    expect(sequencer.lastIdOf('a')).toBe('z');
    expect(overdue(sequencer, 99 * second)).toEqual([]);
  });

  test('may go past all that', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    expect(ids(sequencer.take(item('9', '8', { 'no-seq': true }), 0).items)).toEqual(['9']);
    expect(sequencer.lastIdOf('a')).toBe('1');
  });

  test('wait a hundred at most, and one for each', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    for (let at = 0; at < 100; at += 1)
      expect(sequencer.take(item(`x${at}`, `w${at}`), 0).dropped).toBe(0);
    expect(sequencer.take(item('x', 'w'), 0)).toEqual({ items: [], dropped: 1 });
    expect(sequencer.take(item('2', '1'), 0).dropped).toBe(0);
    const other = followed();
    other.take(item('1'), 0);
    other.take(item('3', '2'), 0);
    expect(other.take(item('4', '2'), 0).dropped).toBe(1);
  });

  test('without an id leave nothing to follow', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    sequencer.take(item(undefined), 0);
    expect(sequencer.lastIdOf('a')).toBeUndefined();
    expect(ids(sequencer.take(item('9', '8'), 0).items)).toEqual(['9']);
  });

  test('of a channel that nobody follows any more are forgotten', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    sequencer.take(item('3', '2'), 0);
    sequencer.unfollow('a');
    expect(sequencer.lastIdOf('a')).toBeUndefined();
    expect(overdue(sequencer, 99 * second)).toEqual([]);
    sequencer.follow('a');
    expect(overdue(sequencer, 99 * second)).toEqual([]);
  });

  test('of a channel whose id was forgotten begin anew', () => {
    const sequencer = followed();
    sequencer.take(item('1'), 0);
    sequencer.forgetId('a');
    expect(ids(sequencer.take(item('9', '8'), 0).items)).toEqual(['9']);
  });
});

describe('ids', () => {
  test('are known again for a while, each in its channel', () => {
    const sequencer = new Sequencer(limits);
    expect(sequencer.isKnown(item('1'), 0)).toBe(false);
    expect(sequencer.isKnown(item('1'), 60 * second - 1)).toBe(true);
    expect(sequencer.isKnown(item('1', undefined, { channel: 'b' }), 0)).toBe(false);
    expect(sequencer.isKnown(item('1', undefined, { channel: 'a1' }), 0)).toBe(false);
    expect(sequencer.isKnown(item('1'), 60 * second)).toBe(false);
  });

  test('are not known where none is, or none is to be', () => {
    const sequencer = new Sequencer({ ...limits, idCacheTtlMs: 0 });
    expect([sequencer.isKnown(item('1'), 0), sequencer.isKnown(item('1'), 0)]).toEqual([
      false,
      false,
    ]);
    const other = new Sequencer(limits);
    expect([other.isKnown(item(undefined), 0), other.isKnown(item(undefined), 0)]).toEqual([
      false,
      false,
    ]);
  });

  test('are forgotten, oldest first, where they are long', () => {
    const sequencer = new Sequencer(limits);
    const long = 'x'.repeat(1_000_000);
    const known = (n: number) => sequencer.isKnown(item(`${n}${long}`), 0);
    for (let n = 100; n < 200; n += 1) expect(known(n)).toBe(false);
    expect([known(199), known(100)]).toEqual([true, false]);
  });
});
