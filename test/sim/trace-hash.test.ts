// The hash of a run must tell apart whatever two runs could differ in; a hash of headers would miss a clock that
// leaks into a payload.

import { describe, expect, test } from 'vitest';

import { ObjectPayload } from '../../src/sim/edges/object-payload.ts';
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

  test('names long bytes to their end, wherever they begin', () => {
    const bytes = new Uint8Array(200_003);
    const name = nameBytes(bytes, 1, 150_002);
    expect(nameBytes(bytes.subarray(3, 150_004))).toBe(name);
    for (const at of [65_535, 65_536, 65_537, 131_072, 150_000, 150_001]) {
      const other = bytes.slice();
      other[at] = 1;
      expect(nameBytes(other, 1, 150_002)).not.toBe(name);
    }
    bytes[150_002] = 1;
    expect(nameBytes(bytes, 1, 150_002)).toBe(name);
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

describe('each field of the messages that come most often', () => {
  const data = Uint8Array.from([1, 2, 3]);
  const publication = { topic: 'broker/a', epoch: 'e', offset: 1, id: 'i', data };
  const payload = new ObjectPayload(3, { type: 'info' });
  const samples: Readonly<Record<string, unknown>>[] = [
    { type: 'write', connections: [1, 2], payload: data },
    { type: 'write', connections: [1, 2], payload },
    { type: 'delivered', publication },
    { type: 'reply', connection: 1, slot: 2, payload: data },
    { type: 'reply', connection: 1, slot: undefined, payload, publication },
    { type: 'messageReceived', connection: 1, payload: data },
    { type: 'receipt', connection: 1, bytes: 5 },
  ];

  test.each(samples.map((sample, index) => [index, sample] as const))(
    'and one that it should not have, sample %i',
    (_, sample) => {
      const more = { ...sample, at: 1_000 };
      expect(hashOf(more)).not.toBe(hashOf(sample));
      expect(hashOf({ ...more, at: 1_001 })).not.toBe(hashOf(more));
    },
  );

  test.each(samples.map((sample, index) => [index, sample] as const))('sample %i', (_, sample) => {
    const before = hashOf(sample);
    for (const other of changesOf(sample)) expect(hashOf(other)).not.toBe(before);
  });

  /** The same message with one thing changed, once for each thing in it. */
  function* changesOf(value: unknown): Generator {
    if (typeof value === 'number') yield value + 1;
    else if (typeof value === 'string') yield `${value}x`;
    else if (value === undefined) yield 7;
    else if (value instanceof Uint8Array)
      for (const at of value.keys())
        yield value.map((byte, place) => (place === at ? byte ^ 1 : byte));
    else if (value instanceof ObjectPayload) {
      yield new ObjectPayload(value.byteLength + 1, value.value);
      for (const inner of changesOf(value.value))
        yield new ObjectPayload(value.byteLength, inner as object);
    } else if (Array.isArray(value)) {
      yield value.slice(1);
      for (const [at, item] of value.entries())
        for (const inner of changesOf(item)) yield value.with(at, inner);
    } else {
      for (const [key, field] of Object.entries(value as object))
        for (const inner of changesOf(field)) yield { ...(value as object), [key]: inner };
    }
  }
});
