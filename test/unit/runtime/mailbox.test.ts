import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { Mailbox } from '../../../src/actors/runtime/mailbox.ts';

test('[RUN-1] a mailbox takes as many messages as it may, and not one more', () => {
  const mailbox = new Mailbox<number>(5);
  expect([1, 2, 3, 4, 5, 6].map((message) => mailbox.push(message))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
  expect(mailbox.size).toBe(5);
  expect(mailbox.shift()).toBe(1);
  expect(mailbox.push(7)).toBe(true);
  expect([...Array(6)].map(() => mailbox.shift())).toEqual([2, 3, 4, 5, 7, undefined]);
});

test('a mailbox that was cleared is empty and can be used again', () => {
  const mailbox = new Mailbox<string>(3);
  mailbox.push('a');
  mailbox.push('b');
  mailbox.clear();
  expect([mailbox.size, mailbox.shift()]).toEqual([0, undefined]);
  mailbox.push('c');
  expect(mailbox.shift()).toBe('c');
});

test('whatever is pushed and shifted, a mailbox is a bounded queue', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constant('push' as const) },
    { weight: 4, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constantFrom('drain' as const, 'fill' as const) },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.array(step, { maxLength: 200 }),
      (max, steps) => {
        const mailbox = new Mailbox<number>(max);
        const model: number[] = [];
        let next = 0;
        const push = (): void => {
          expect(mailbox.push(next)).toBe(model.length < max);
          if (model.length < max) model.push(next);
          next += 1;
        };
        const shift = (): void => {
          expect(mailbox.shift()).toBe(model.shift());
        };
        for (const what of steps) {
          if (what === 'push') push();
          else if (what === 'shift') shift();
          else if (what === 'fill') for (let i = 0; i < 20; i += 1) push();
          else while (model.length > 0) shift();
          expect(mailbox.size).toBe(model.length);
        }
      },
    ),
  );
});
