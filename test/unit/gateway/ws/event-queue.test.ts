import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { closeContent } from '../../../../src/actors/codecs/grip/ws-events.ts';
import {
  EventQueue,
  type MessageType,
  OFFER_BYTES_MAX,
} from '../../../../src/actors/gateway/ws/origins/event-queue.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CLOSE = { type: 'CLOSE', content: closeContent(1_000, 'x') } as const;
const ALL = Number.POSITIVE_INFINITY;

const queueOf = (texts: readonly string[], eventsMax = ALL) => {
  const queue = new EventQueue(eventsMax);
  for (const text of texts) queue.add('TEXT', encoder.encode(text));
  return queue;
};
const offered = (queue: EventQueue, close?: typeof CLOSE) =>
  queue
    .offer(close)
    .map(({ type, content }) => (type === 'CLOSE' ? type : decoder.decode(content)));

describe('an offer', () => {
  test.each<[string, string[], number | undefined, string, string[], number]>([
    ['all', ['ab', 'c'], undefined, 'progress', [], 0],
    ['as many as offered', ['ab', 'c'], 3, 'progress', [], 0],
    ['half a message', ['ab', 'c'], 1, 'progress', ['b', 'c'], 2],
    ['a message and a half', ['ab', 'cd'], 3, 'progress', ['d'], 1],
    ['nothing', ['ab'], 0, 'standstill', ['ab'], 2],
    ['nothing of an empty message', ['', 'ab'], 0, 'progress', ['ab'], 2],
    ['a message and the empty one behind it', ['ab', '', 'c'], 2, 'progress', ['c'], 1],
    ['nothing of nothing', [], 0, 'standstill', [], 0],
    ['more than offered', ['ab'], 3, 'mistaken', ['ab'], 2],
  ])('of which the origin takes %s', (_, texts, bytes, acceptance, rest, replayed) => {
    const queue = queueOf(texts);
    offered(queue);
    expect(queue.accept(bytes)).toBe(acceptance);
    if (acceptance === 'mistaken') return;
    expect(queue.hasNews).toBe(false);
    expect(queue.replayedBytes).toBe(replayed);
    expect(queue.waitingBytes).toBe(replayed);
    queue.add('TEXT', encoder.encode('new'));
    expect(queue.hasNews).toBe(true);
    expect(offered(queue)).toEqual([...rest, 'new']);
  });

  test('[WOH-REQ-1] holds 200,000 bytes', () => {
    const half = 'x'.repeat(OFFER_BYTES_MAX / 2);
    expect(offered(queueOf([half, half, 'y']))).toEqual([half, half]);
    expect(offered(queueOf([half, half.slice(1), 'ab', '']))).toHaveLength(2);
    expect(offered(queueOf([half, half.slice(1), 'a', '', 'b']))).toHaveLength(4);
  });

  test('that holds not all must be taken in part', () => {
    const queue = queueOf(['a', 'b'], 1);
    expect(offered(queue)).toEqual(['a']);
    expect(queue.accept(0)).toBe('mistaken');
  });

  test('has the close at its end, if it holds all and has room', () => {
    expect(offered(queueOf(['a']), CLOSE)).toEqual(['a', 'CLOSE']);
    expect(offered(queueOf([]), CLOSE)).toEqual(['CLOSE']);
    const one = queueOf(['a', 'b'], 1);
    expect(offered(one, CLOSE)).toEqual(['a']);
    one.accept(undefined);
    expect(offered(one, CLOSE)).toEqual(['b']);
    expect(one.isCloseOffered).toBe(false);
    one.accept(undefined);
    expect(offered(one, CLOSE)).toEqual(['CLOSE']);
    expect(one.isCloseOffered).toBe(true);
  });

  test.each([
    [undefined, 'progress', true],
    [5, 'progress', true],
    [2, 'mistaken', false],
    [4, 'mistaken', false],
    [1, 'progress', false],
    [0, 'standstill', false],
    [6, 'mistaken', false],
  ])('of two bytes and a close of three, %s taken', (bytes, acceptance, isCloseAccepted) => {
    const queue = queueOf(['ab']);
    offered(queue, CLOSE);
    expect(queue.accept(bytes)).toBe(acceptance);
    expect(queue.isCloseAccepted).toBe(isCloseAccepted);
  });
});

test('whatever origins take, every byte arrives once, in order, under its type, and nothing unoffered is taken', () => {
  const step = fc.oneof(
    fc.record({
      type: fc.constantFrom<MessageType>('TEXT', 'BINARY', 'PING', 'PONG'),
      text: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 }),
    }),
    fc.record({ share: fc.integer({ min: 0, max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step), fc.constantFrom(1, 2, ALL), (steps, eventsMax) => {
      const queue = new EventQueue(eventsMax);
      let said = '';
      let taken = '';
      for (const now of steps) {
        if ('text' in now) {
          queue.add(now.type, encoder.encode(now.text));
          said += Array.from(now.text, (letter) => `${now.type} ${letter},`).join('');
          continue;
        }
        const events = queue.offer(undefined);
        expect(events.length).toBeLessThanOrEqual(eventsMax);
        const letters = events.flatMap(({ type, content }) =>
          Array.from(decoder.decode(content), (letter) => `${type} ${letter},`),
        );
        const bytes = Math.floor((letters.length * now.share) / 4);
        expect(said.startsWith(taken + letters.join(''))).toBe(true);
        if (queue.accept(bytes) === 'mistaken') return;
        taken += letters.slice(0, bytes).join('');
      }
      expect(said.startsWith(taken)).toBe(true);
      expect(queue.waitingBytes).toBe(
        (said.match(/,/g)?.length ?? 0) - (taken.match(/,/g)?.length ?? 0),
      );
    }),
  );
});
