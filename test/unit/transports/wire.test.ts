// What a turn says is framed once and joined once, and forgotten when the turn ends.

import { expect, test } from 'vitest';

import { SILENCE, Wire } from '../../../src/transports/streams/wire.ts';

const encoder = new TextEncoder();
const [a, b, c] = ['a', 'b', 'c'].map((text) => encoder.encode(text)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

test('those who are told the same stand at the same sequence, and its bytes are made once', () => {
  const { wire, framed } = makeWire();
  const one = wire.goOn(wire.goOn(SILENCE, a, 33), b, 33);
  const two = wire.goOn(SILENCE, b, 33);
  const three = wire.goOn(wire.goOn(SILENCE, a, 33), b, 33);
  expect([one === three, one === two]).toEqual([false, false]);

  const [first, second] = [wire.goOn(SILENCE, c, 33), wire.goOn(SILENCE, c, 33)];
  expect(first).toBe(second);
  expect(wire.joined(first)).toBe(wire.joined(second));
  expect(wire.joined(one).toString()).toBe('<a><b>');
  expect(wire.joined(two).toString()).toBe('<b>');
  expect([wire.bytesOf(one), wire.costOf(one)]).toEqual([6, 66]);
  expect(framed.at(-1)).toBe('c');
  expect(framed.filter((text) => text === 'c')).toHaveLength(1);
});

test('one payload after another to all: every sequence is walked in step', () => {
  const { wire, framed } = makeWire();
  const said = new Map<number, number>([...Array(100).keys()].map((reader) => [reader, SILENCE]));
  for (const payload of [a, b, c]) {
    for (const [reader, sequence] of said) said.set(reader, wire.goOn(sequence, payload, 1));
  }
  expect(new Set(said.values()).size).toBe(1);
  expect(framed).toEqual(['a', 'b', 'c']);
  expect(wire.joined(said.get(0) ?? SILENCE).toString()).toBe('<a><b><c>');
});

test('raw bytes are framed by nobody and cost nothing', () => {
  const { wire, framed } = makeWire();
  const said = wire.goOn(wire.goOnRaw(SILENCE, a), b, 33);
  expect(wire.joined(said).toString()).toBe('a<b>');
  expect(wire.costOf(said)).toBe(33);
  expect(framed).toEqual(['b']);
});

test('a single frame is not copied', () => {
  const wire = new Wire((payload) => payload as Uint8Array);
  const joined = wire.joined(wire.goOn(SILENCE, a, 33));
  expect(joined.buffer).toBe(a.buffer);
});

test('the next turn begins in silence', () => {
  const { wire, framed } = makeWire();
  const before = wire.joined(wire.goOn(SILENCE, a, 33));
  wire.endTurn();
  const after = wire.joined(wire.goOn(SILENCE, a, 33));
  expect(after).not.toBe(before);
  expect(after).toEqual(before);
  expect(framed).toEqual(['a', 'a']);
});

function makeWire(): { readonly wire: Wire; readonly framed: string[] } {
  const framed: string[] = [];
  const wire = new Wire((payload) => {
    const text = new TextDecoder().decode(payload as Uint8Array);
    framed.push(text);
    return encoder.encode(`<${text}>`);
  });
  return { wire, framed };
}
