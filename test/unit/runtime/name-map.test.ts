// A map by names does what V8's own does, whatever comes and goes, and keeps the order of coming.

import { assert, property, array, constantFrom, record, nat, oneof, constant } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameMap } from '../../../src/actors/runtime/memory/name-map.ts';

const names = Array.from({ length: 40 }, (_, at) => `name-${at}`);
const step = record({
  kind: oneof(constant('put' as const), constant('delete' as const)),
  name: constantFrom(...names),
  value: nat(),
});

describe('a map by names', () => {
  it('does what a map does', () => {
    assert(
      property(array(step, { maxLength: 300 }), nat(), (steps, seed) => {
        const model = new Map<string, { readonly value: number }>();
        const map = new NameMap<{ readonly value: number }>(seed);
        for (const { kind, name, value } of steps) {
          if (kind === 'put') {
            const held = { value };
            expect(map.put(name, held)).toBe(model.get(name));
            model.set(name, held);
          } else expect(map.delete(name)).toBe(model.delete(name));
        }
        expect(map.size).toBe(model.size);
        expect(map.values()).toEqual([...model.values()]);
        for (const name of names) expect(map.get(name)).toBe(model.get(name));
        expect(map.get('')).toBeUndefined();
      }),
    );
  });

  it('has room for those that come after many have gone', () => {
    const map = new NameMap<{ readonly at: number }>(7);
    for (let at = 0; at < 10_000; at += 1) {
      map.put(`name-${at}`, { at });
      if (at >= 10) map.delete(`name-${at - 10}`);
    }
    expect(map.values().map(({ at }) => at)).toEqual(
      Array.from({ length: 10 }, (_, at) => 9_990 + at),
    );
  });

  it('does not share what its copy holds', () => {
    const map = new NameMap<{ readonly at: number }>(7);
    map.put('one', { at: 1 });
    const copy = map.copy();
    copy.put('two', { at: 2 });
    map.delete('one');
    expect(map.values()).toEqual([]);
    expect(copy.values()).toEqual([{ at: 1 }, { at: 2 }]);
  });
});
