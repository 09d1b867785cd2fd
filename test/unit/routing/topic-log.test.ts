import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type HistoryLimits, TopicLog } from '../../../src/actors/routing/home/topic-log.ts';

const wide: HistoryLimits = {
  historyCountMax: 1_000,
  historyBytesMax: 1_000_000,
  historyAgeMaxMs: 1_000_000,
  dedupeIdsMax: 1_000,
};

const log = (limits: Partial<HistoryLimits> = {}) => new TopicLog('t', 'e', { ...wide, ...limits });
const at = (offset: number, epoch = 'e') => ({ epoch, offset });

function offsetsSince(of: TopicLog, offset: number, epoch = 'e'): number[] | undefined {
  const { recovered, publications } = of.recover(at(offset, epoch));
  if (!recovered) expect(publications).toEqual([]);
  return recovered ? publications.map((publication) => publication.offset) : undefined;
}

describe('order', () => {
  test('[BROKER-ORD-1] the first publication has offset 1, each further one the next', () => {
    const topic = log();
    expect(topic.position).toEqual(at(0));
    const data = new Uint8Array([1, 2]);
    expect(topic.append('id', data, 0)).toEqual({ topic: 't', ...at(1), id: 'id', data });
    expect(topic.append(undefined, data, 0).offset).toBe(2);
    expect(topic.position).toEqual(at(2));
  });

  test('[BROKER-ORD-1] goes on when everything else is forgotten', () => {
    const topic = log();
    topic.append('id', new Uint8Array(10), 0);
    topic.shrink(0);
    expect([topic.bytes, topic.historyCount, topic.isForgettable]).toEqual([0, 0, true]);
    expect(topic.offsetOf('id')).toBeUndefined();
    expect(topic.append(undefined, new Uint8Array(1), 0).offset).toBe(2);
    expect(offsetsSince(topic, 1)).toEqual([2]);
  });

  test('[BROKER-LIM-4] what is oldest is forgotten first, publication or id', () => {
    const topic = log();
    topic.append('a', new Uint8Array(100), 0);
    topic.append(undefined, new Uint8Array(100), 1);
    topic.append('b', new Uint8Array(100), 2);
    const whole = topic.bytes;
    topic.shrink(whole);
    expect([topic.bytes, topic.historyCount]).toEqual([whole, 3]);
    topic.shrink(whole - 1);
    expect([topic.historyCount, topic.offsetOf('a')]).toEqual([2, 1]);
    topic.shrink(whole - 133);
    expect([topic.historyCount, topic.offsetOf('a')]).toEqual([2, undefined]);
    topic.shrink(260);
    expect([topic.bytes, topic.historyCount, topic.offsetOf('b')]).toEqual([260, 1, 3]);
    topic.shrink(-1);
    expect([topic.bytes, topic.isForgettable]).toEqual([0, true]);
  });

  test('data in a larger block is copied, so that the block can go', () => {
    const block = new Uint8Array(1_000).fill(7);
    const { data } = log().append(undefined, block.subarray(10, 12), 0);
    expect(data).toEqual(new Uint8Array([7, 7]));
    expect((data as Uint8Array).buffer.byteLength).toBe(2);
  });
});

describe('history', () => {
  const fill = (topic: TopicLog, count: number, bytes = 1): TopicLog => {
    for (let i = 0; i < count; i += 1) topic.append(undefined, new Uint8Array(bytes), i * 1_000);
    return topic;
  };

  test('[BROKER-REC-3] keeps at most historyCountMax publications', () => {
    const topic = fill(log({ historyCountMax: 3 }), 4);
    expect(topic.historyCount).toBe(3);
    expect(offsetsSince(topic, 1)).toEqual([2, 3, 4]);
    expect(offsetsSince(topic, 0)).toBeUndefined();
    expect(fill(log({ historyCountMax: 0 }), 2).bytes).toBe(0);
  });

  test('[BROKER-REC-3] keeps at most historyBytesMax, each with its overhead', () => {
    const exact = fill(log({ historyBytesMax: 3 * 132 }), 3, 100);
    expect([exact.historyCount, exact.bytes]).toEqual([3, 3 * 132]);
    const over = fill(log({ historyBytesMax: 3 * 132 - 1 }), 3, 100);
    expect([over.historyCount, over.bytes]).toEqual([2, 2 * 132]);
    expect(fill(log({ historyBytesMax: 50 }), 1, 100).historyCount).toBe(0);
  });

  test('[BROKER-REC-3] keeps nothing longer than historyAgeMaxMs', () => {
    const topic = fill(log({ historyAgeMaxMs: 10 }), 3);
    topic.expire(10_999);
    expect(topic.historyCount).toBe(2);
    topic.expire(12_000);
    expect([topic.historyCount, topic.bytes, topic.isForgettable]).toEqual([0, 0, true]);
    expect(offsetsSince(topic, 3)).toEqual([]);
  });
});

describe('recovery', () => {
  const topic = log({ historyCountMax: 3 });
  for (let i = 0; i < 5; i += 1) topic.append(undefined, new Uint8Array([i]), 0);

  test.each<[string, number, string, number[] | undefined]>([
    ['from the last place there is nothing to recover', 5, 'e', []],
    ['from within what is kept', 3, 'e', [4, 5]],
    ['from the place before the oldest that is kept', 2, 'e', [3, 4, 5]],
    ['not from before that', 1, 'e', undefined],
    ['not from a place to come', 6, 'e', undefined],
    ['not from another epoch', 4, 'f', undefined],
    ['not from nowhere', 0, '', undefined],
  ])('[BROKER-REC-2] %s', (_, offset, epoch, offsets) => {
    expect(offsetsSince(topic, offset, epoch)).toEqual(offsets);
  });

  test('[BROKER-REC-4] of no more than there is room for, and then of nothing', () => {
    const cost = 2 * 33;
    expect(topic.recover(at(3), cost).publications).toHaveLength(2);
    expect(topic.recover(at(3), cost - 1)).toEqual({ recovered: false, publications: [] });
    expect(topic.recover(at(5), 0)).toEqual({ recovered: true, publications: [] });
    expect(topic.recover(at(5), -1).recovered).toBe(true);
  });
});

describe('ids', () => {
  test('[BROKER-DUP-1] that were seen have the place of their publication', () => {
    const topic = log();
    topic.append('a', new Uint8Array(1), 0);
    topic.append(undefined, new Uint8Array(1), 0);
    topic.append('b', new Uint8Array(1), 0);
    expect(['a', 'b', 'c'].map((id) => topic.offsetOf(id))).toEqual([1, 3, undefined]);
  });

  test('[BROKER-DUP-2] beyond dedupeIdsMax the oldest is new again', () => {
    const topic = log({ dedupeIdsMax: 2, historyCountMax: 0 });
    for (const id of ['a', 'b', 'c']) topic.append(id, new Uint8Array(1), 0);
    expect(['a', 'b', 'c'].map((id) => topic.offsetOf(id))).toEqual([undefined, 2, 3]);
    expect(topic.bytes).toBe(2 * 128);
    expect(topic.isForgettable).toBe(false);
  });

  test('[BROKER-DUP-2] are remembered for historyAgeMaxMs', () => {
    const topic = log({ historyAgeMaxMs: 10 });
    topic.append('a', new Uint8Array(1), 5_000);
    topic.expire(14_999);
    expect(topic.offsetOf('a')).toBe(1);
    topic.expire(15_000);
    expect(topic.offsetOf('a')).toBeUndefined();
  });
});

test('[BROKER-REC-3] whatever is published and expires, a log is what a plain list would be', () => {
  const step = fc.record({
    kind: fc.constantFrom('append' as const, 'append' as const, 'expire' as const),
    bytes: fc.nat(60),
    id: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
    waitUs: fc.nat(4_000),
  });
  const limits = fc.record({
    historyCountMax: fc.nat(6),
    historyBytesMax: fc.nat(300),
    historyAgeMaxMs: fc.integer({ min: 1, max: 12 }),
    dedupeIdsMax: fc.nat(3),
  });
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 250 }), (bounds, steps) => {
      const topic = new TopicLog('t', 'e', bounds);
      let kept: { offset: number; cost: number; at: number }[] = [];
      let seen: { id: string; offset: number; at: number }[] = [];
      let now = 0;
      let offset = 0;
      for (const one of steps) {
        now += one.waitUs;
        if (one.kind === 'append') {
          // Only an id that is not known is published.
          const id = seen.some((other) => other.id === one.id) ? undefined : one.id;
          offset += 1;
          topic.append(id, new Uint8Array(one.bytes), now);
          kept.push({ offset, cost: one.bytes + 32, at: now });
          if (id !== undefined) seen.push({ id, offset, at: now });
        } else topic.expire(now);
        const since = now - bounds.historyAgeMaxMs * 1_000;
        kept = kept.filter((entry) => entry.at > since).slice(-bounds.historyCountMax || 1e9);
        if (bounds.historyCountMax === 0) kept = [];
        while (kept.reduce((sum, entry) => sum + entry.cost, 0) > bounds.historyBytesMax)
          kept.shift();
        seen = seen.filter((entry) => entry.at > since);
        while (seen.length > bounds.dedupeIdsMax) seen.shift();
        const cost = kept.reduce((sum, entry) => sum + entry.cost, 0);
        expect(topic.bytes).toBe(cost + seen.length * 128);
        expect(topic.historyCount).toBe(kept.length);
        for (const id of ['a', 'b', 'c', 'd']) {
          expect(topic.offsetOf(id)).toBe(seen.find((entry) => entry.id === id)?.offset);
        }
        for (let from = Math.max(0, offset - 8); from <= offset + 1; from += 1) {
          const missed = kept.filter((entry) => entry.offset > from).map((entry) => entry.offset);
          const isWhole = from <= offset && missed.length === offset - from;
          expect(offsetsSince(topic, from)).toEqual(isWhole ? missed : undefined);
        }
      }
    }),
    { numRuns: 60 },
  );
});
