// Who may slow publishers down, judged by the pace at which the network takes its bytes.

import { beforeEach, describe, expect, test } from 'vitest';
import { Pacing } from '../../../src/actors/routing/pacing.ts';

const FULL = 1_000_000;
const LOOK_US = 200_000;

describe('a reader that is behind', () => {
  let told: [string, boolean][];
  let pacing: Pacing<{ outbox: { queuedBytes: number; queueBytesMax: number } }>;
  const reader = (queuedBytes: number) => ({ outbox: { queuedBytes, queueBytesMax: FULL } });

  beforeEach(() => {
    told = [];
    pacing = new Pacing((topic, isLagging) => told.push([topic, isLagging]));
  });

  test('[BROKER-PACE-1] paces its topic from a quarter of its queue until it is down to a sixteenth', () => {
    const one = reader(FULL / 4);
    pacing.waited(one, 't', 0);
    expect(told).toEqual([]);
    one.outbox.queuedBytes += 1;
    pacing.waited(one, 't', 0);
    pacing.waited(one, 't', 0);
    expect(told).toEqual([['t', true]]);
    one.outbox.queuedBytes = FULL / 16 + 1;
    pacing.took(one, 1);
    expect(told).toHaveLength(1);
    one.outbox.queuedBytes = FULL / 16;
    pacing.took(one, 1);
    expect(told).toEqual([
      ['t', true],
      ['t', false],
    ]);
    expect(pacing.isIdle).toBe(true);
  });

  test('[BROKER-PACE-1] is one of several: the last one to catch up, leave or fall out lets go', () => {
    const [one, two, three] = [reader(FULL), reader(FULL), reader(FULL)];
    for (const each of [one, two, three]) pacing.waited(each, 't', 0);
    pacing.took(one, 128 * 1_024);
    one.outbox.queuedBytes = 0;
    pacing.took(one, 1);
    pacing.forget(two);
    expect(told).toEqual([['t', true]]);
    pacing.look(LOOK_US);
    expect(told).toEqual([
      ['t', true],
      ['t', false],
    ]);
  });

  test('[BROKER-PACE-2] paces on while it takes 128 KiB between two looks, and no longer', () => {
    const [steady, stalled] = [reader(FULL), reader(FULL)];
    pacing.waited(steady, 'a', 0);
    pacing.waited(stalled, 'b', 0);
    pacing.took(steady, 128 * 1_024);
    pacing.took(stalled, 128 * 1_024 - 1);
    pacing.look(LOOK_US);
    expect(told.slice(2)).toEqual([['b', false]]);
    pacing.waited(stalled, 'b', 0);
    expect(told).toHaveLength(3);
    stalled.outbox.queuedBytes = 0;
    pacing.took(stalled, 1);
    stalled.outbox.queuedBytes = FULL;
    pacing.waited(stalled, 'b', 0);
    expect(told.at(-1)).toEqual(['b', true]);
  });

  test('[BROKER-PACE-2] has its time from when it fell behind, whenever somebody looks', () => {
    const late = reader(FULL);
    pacing.waited(late, 't', LOOK_US / 2);
    pacing.look(LOOK_US);
    expect(told).toEqual([['t', true]]);
    pacing.look(LOOK_US * 2);
    expect(told.at(-1)).toEqual(['t', false]);
  });
});
