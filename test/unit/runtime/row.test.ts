import { array, assert, boolean, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { Row } from '../../../src/actors/runtime/memory/row.ts';

test('a row gives what a list would, whatever comes and goes', () => {
  const step = record({ isAdded: boolean(), thing: nat(9) });
  assert(
    property(array(step, { maxLength: 60 }), (steps) => {
      const row = new Row<number>();
      let list: number[] = [];
      for (const { isAdded, thing } of steps) {
        if (!isAdded) list = list.filter((one) => one !== thing);
        else if (!list.includes(thing)) list.push(thing);
        if (isAdded) row.add(thing);
        else row.delete(thing);
        expect(row.first).toBe(list[0]);
      }
      const rest: number[] = [];
      for (let first = row.first; first !== undefined; first = row.first) {
        rest.push(first);
        row.delete(first);
      }
      expect(rest).toEqual(list);
    }),
  );
});
