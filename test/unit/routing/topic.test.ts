import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { homeOf } from '../../../src/actors/routing/topic.ts';

const topics = Array.from({ length: 20_000 }, (_, index) => `broker/sensor:${index}`);

describe('[SHARD-1] the home of a topic', () => {
  test.each([2, 3, 5, 8])('is spread evenly over %i shards', (shards) => {
    const counts = Array.from({ length: shards }, () => 0);
    for (const topic of topics) {
      const home = homeOf(topic, shards);
      counts[home] = (counts[home] ?? 0) + 1;
    }
    const fair = topics.length / shards;
    for (const count of counts) expect(Math.abs(count - fair)).toBeLessThan(fair * 0.06);
  });

  test.each([1, 2, 4, 7])('moves only to the new shard when %i shards get one more', (shards) => {
    let moved = 0;
    for (const topic of topics) {
      const before = homeOf(topic, shards);
      const after = homeOf(topic, shards + 1);
      if (after === before) continue;
      expect(after).toBe(shards);
      moved += 1;
    }
    const fair = topics.length / (shards + 1);
    expect(Math.abs(moved - fair)).toBeLessThan(fair * 0.06);
  });

  test('is the first shard for every channel of the gateway', () => {
    for (const channel of ['grip/a', 'grip/b', 'grip/']) expect(homeOf(channel, 8)).toBe(0);
  });

  test('is a shard that there is, and the same whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 64 }),
        (topic, shards) => {
          const home = homeOf(topic, shards);
          expect(home >= 0 && home < shards && Number.isInteger(home)).toBe(true);
          expect(homeOf(topic, shards)).toBe(home);
        },
      ),
    );
  });

  test('is the only shard where there is one', () => {
    expect(homeOf('broker/any', 1)).toBe(0);
  });
});
