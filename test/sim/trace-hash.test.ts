// The hash of a run must tell apart whatever two runs could differ in; a hash of headers would miss a clock that
// leaks into a payload.

import { describe, expect, test } from 'vitest';

import { nameBytes, TraceHash } from '../../src/sim/trace-hash.ts';

const message = {
  type: 'write',
  connections: [1, 2, 3],
  payload: Uint8Array.from({ length: 257 }, (_, index) => index),
  nested: {
    text: 'käse',
    fraction: 0.5,
    large: 2 ** 40,
    nothing: undefined,
    none: null,
    yes: true,
  },
};

function hashOf(given: unknown, at = 1_000, place = 0, address = '0/edge/web'): string {
  const hash = new TraceHash();
  hash.message(at, place, address, given);
  return hash.digest();
}

describe('the trace hash', () => {
  test('is the same for the same', () => {
    expect(hashOf(structuredClone(message))).toBe(hashOf(message));
  });

  test('changes with every single byte of a payload', () => {
    const seen = new Set([hashOf(message)]);
    for (let at = 0; at < message.payload.length; at += 1) {
      const payload = message.payload.slice();
      payload[at] = (payload[at] ?? 0) ^ 1;
      seen.add(hashOf({ ...message, payload }));
    }
    expect(seen.size).toBe(message.payload.length + 1);
  });

  test('changes with the length, also of bytes that are all the same', () => {
    const names = new Set<number>();
    for (let length = 0; length < 400; length += 1) names.add(nameBytes(new Uint8Array(length)));
    expect(names.size).toBe(400);
  });

  test.each([
    ['instant', hashOf(message, 1_001)],
    ['shard', hashOf(message, 1_000, 1)],
    ['address', hashOf(message, 1_000, 0, '1/edge/web')],
    ['number', hashOf({ ...message, connections: [1, 2, 4] })],
    ['order', hashOf({ ...message, connections: [2, 1, 3] })],
    ['count', hashOf({ ...message, connections: [1, 2] })],
    ['text', hashOf({ ...message, nested: { ...message.nested, text: 'kase' } })],
    ['fraction', hashOf({ ...message, nested: { ...message.nested, fraction: 0.25 } })],
    ['high bits', hashOf({ ...message, nested: { ...message.nested, large: 2 ** 41 } })],
    ['absence', hashOf({ ...message, nested: { ...message.nested, nothing: null } })],
    ['truth', hashOf({ ...message, nested: { ...message.nested, yes: false } })],
  ])('changes with the %s', (_, changed) => {
    expect(changed).not.toBe(hashOf(message));
  });

  test('shows what it absorbed between two places', () => {
    const hash = new TraceHash();
    const seen: { place: number; address: string }[] = [];
    hash.watch = { from: 1, to: 3, seen: seen as never };
    for (const address of ['0/a', '0/b', '0/c', '0/d']) hash.message(5, 0, address, {});
    expect(seen.map(({ place, address }) => [place, address])).toEqual([
      [1, '0/b'],
      [2, '0/c'],
    ]);
  });
});
