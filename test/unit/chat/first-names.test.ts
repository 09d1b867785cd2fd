// Pages of names: whatever their order, they are those that sorting all of them would give.

import { array, assert, integer, property, string } from 'fast-check';
import { expect, test } from 'vitest';

import { firstNames } from '../../../src/actors/chat/rooms/first-names.ts';

test('[HP-ROOM-7] [HP-ROOM-8] a page is the first names after one, in their order', () => {
  const name = string({ minLength: 1, maxLength: 3 });
  assert(
    property(array(name), name, integer({ min: 1, max: 8 }), (all, after, most) => {
      const names = new Set(all);
      const sorted = [...names].toSorted((one, other) => (one < other ? -1 : 1));
      expect(firstNames(names, after, most)).toEqual(
        sorted.filter((one) => one > after).slice(0, most),
      );
      expect(firstNames(names, '', most)).toEqual(sorted.slice(0, most));
    }),
  );
});
