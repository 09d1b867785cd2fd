// Headers that are kept are those that would be made anew, whatever changes between one request and the next.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import {
  type Circumstances,
  KeptHeaders,
} from '../../../../src/actors/gateway/rewriting/kept-headers.ts';

const lists: readonly HeaderList[] = [[['A', '1']], [['A', '1']], []];
const routes = [{ id: 'one' }, { id: 'two' }] as const;

/** Tells all that the headers depend on. */
function made(said: number, { route, isTrusted, isSecure, host }: Circumstances): HeaderList {
  return [['Made-Of', JSON.stringify([said, route, isTrusted, isSecure, host])]];
}

test('what is kept for a list under some circumstances is never given for others', () => {
  const asked = fc.record({
    said: fc.nat(lists.length - 1),
    route: fc.constantFrom(...routes),
    isTrusted: fc.boolean(),
    isSecure: fc.boolean(),
    host: fc.constantFrom('a', 'b', undefined),
  });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 30 }), (all) => {
      const kept = new KeptHeaders();
      for (const { said, ...now } of all) {
        const list = lists[said] ?? [];
        expect(kept.of(list, now, () => made(said, now))).toEqual(made(said, now));
      }
    }),
  );
});

test('the same again is the same list, and is made once', () => {
  const kept = new KeptHeaders();
  const now = { route: routes[0], isTrusted: false, isSecure: false, host: 'a' };
  const said: HeaderList = [['A', '1']];
  const first = kept.of(said, now, () => [['B', '2']]);
  const again = kept.of(said, now, () => {
    throw new Error('it is there');
  });
  expect(again).toBe(first);
});
