// The judge of what people heard in a room is shown each lie that it must find, and one truth.

import { expect, test } from 'vitest';
import { type Heard, judge, type Page, type Story } from '../support/talk-verdict.ts';

const heard = (id: string, seq: number, epoch = 1, from = 'alice'): Heard => {
  return { from, id, epoch, seq, isDelayed: false };
};
const three = [heard('1', 1), heard('2', 2), heard('3', 1, 2)];
const alice: Story = {
  user: 'alice',
  acked: ['1', '2', '3'].map((id) => ({ id, status: 'stored' })),
  heard: [],
};
const bob: Story = { user: 'bob', acked: [], heard: three };
const page: Page = { node: 'n1', messages: three };

test('the truth is no mistake', () => {
  expect(judge([alice, bob], [page, { ...page, node: 'n2' }])).toEqual([]);
});

test.each<[string, readonly Story[], readonly Page[], RegExp]>([
  [
    'what was stored is lost',
    [alice, bob],
    [{ node: 'n1', messages: three.slice(1) }],
    /n1 has lost alice 1/,
  ],
  [
    'heard twice',
    [alice, { ...bob, heard: [...three, heard('3', 2, 2)] }],
    [page],
    /bob heard alice 3 twice/,
  ],
  [
    'out of order',
    [alice, { ...bob, heard: three.toReversed() }],
    [page],
    /bob heard alice 2 \(1:2\) behind 2:1/,
  ],
  [
    'told late, and out of order',
    [
      alice,
      {
        ...bob,
        heard: [three[2], three[1], three[0]].map((one) => ({
          ...one,
          isDelayed: true,
        })) as Heard[],
      },
    ],
    [page],
    /bob heard alice 1 \(1:1\) behind 1:2/,
  ],
  [
    'not heard by all',
    [alice, bob, { ...bob, user: 'carol', heard: three.slice(1) }],
    [page],
    /carol never heard alice 1, which was stored/,
  ],
  [
    'at another place',
    [alice, bob, { ...bob, user: 'carol', heard: [heard('1', 7)] }],
    [page],
    /carol heard alice 1 at 1:7, not at 1:1/,
  ],
  [
    'remembered twice',
    [alice, bob],
    [{ node: 'n1', messages: [...three, heard('1', 9, 9)] }],
    /n1 heard alice 1 twice/,
  ],
  [
    'remembered otherwise',
    [alice, bob],
    [page, { node: 'n2', messages: [heard('2', 2), heard('1', 1), heard('3', 1, 2)] }],
    /n2 remembers otherwise than n1/,
  ],
])('it finds: %s', (_, stories, pages, sentence) => {
  expect(judge(stories, pages).join('\n')).toMatch(sentence);
});

test('what two homes have said at once may come late', () => {
  const late = [heard('3', 1, 2), { ...heard('1', 1), isDelayed: true }];
  const more = [...late, { ...heard('2', 2), isDelayed: true }, heard('4', 2, 2)];
  expect(judge([alice, { ...bob, heard: more }], [page])).toEqual([]);
});

test('what was only accepted may be lost', () => {
  const accepted = { ...alice, acked: [{ id: '9', status: 'accepted' }] };
  expect(judge([accepted, bob], [page])).toEqual([]);
});
