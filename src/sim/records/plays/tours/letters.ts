// Plays of direct messages, receipts and signs between users at several nodes, some of whom are away. Written from spec/hp.md,
// sections "Direct messages", "Receipts and typing" and "Acknowledgement". Refuses to know what a node does about it.

import type { House } from '../house.ts';
import { ack, goes, hears, line, type Play, says, type Step, waits } from '../play.ts';
import { entersAt, goesForGood, letter, returnsAt, tour, writes } from './tour.ts';

const isMulti = { fits: ({ policy }: House) => policy === 'multi' };

function pageWith(by: string, user: string, ...all: readonly string[]): readonly Step[] {
  return [
    says(by, line('HISTORY', { with: user })),
    hears(by, `HISTORY_OK with=${user} messages=${all.join(',')} more=false`),
  ];
}

export const letterTours: readonly Play[] = [
  tour('letters-to-another-node', (house) => [
    ...[...entersAt(house, 'a', 'writer-1', 0), ...entersAt(house, 'b', 'reader-1', 1)],
    ...[
      ...writes(house, 'a', 'reader-1', 'l1', 'delivered'),
      hears('b', letter('writer-1', 'reader-1', 'l1')),
    ],
    // As its sender spells it.
    ...writes(house, 'b', 'Writer-1', 'l2', 'delivered'),
    hears('a', letter('reader-1', 'Writer-1', 'l2')),
    ...writes(house, 'a', 'reader-1', 'l1', 'delivered duplicate=true'),
    ...pageWith('a', 'reader-1', '1:l1:writer-1:here:l1', '2:l2:reader-1:here:l2'),
    ...pageWith('b', 'writer-1', '1:l1:writer-1:here:l1', '2:l2:reader-1:here:l2'),
    says('b', line('RECEIPT', { ref: 'l1', to: 'writer-1', state: 'read' })),
    ...[hears('b', 'ACK'), hears('a', 'RECEIPT ref=l1 by=reader-1 state=read')],
    ...[
      says('a', line('TYPING', { to: 'reader-1', on: true })),
      hears('b', 'TYPING from=writer-1 on=true'),
    ],
    ...[
      says('a', line('TYPING', { to: 'reader-1', on: false })),
      hears('b', 'TYPING from=writer-1 on=false'),
    ],
    ...goesForGood('a', 'b'),
  ]),
  tour(
    'letters-of-two-sessions',
    (house) => [
      ...[...entersAt(house, 'a', 'writer-2', 0), ...entersAt(house, 'b', 'reader-2', 1)],
      ...entersAt(house, 'c', 'writer-2', 1, { sessions: 2 }),
      ...entersAt(house, 'd', 'reader-2', 0, { sessions: 2 }),
      ...writes(house, 'a', 'reader-2', 'l1', 'delivered'),
      ...['b', 'd'].map((by) => hears(by, letter('writer-2', 'reader-2', 'l1'))),
      hears('c', letter('writer-2', 'reader-2', 'l1', ' sent=true')),
      ...writes(house, 'c', 'reader-2', 'l2', 'delivered'),
      ...['b', 'd'].map((by) => hears(by, letter('writer-2', 'reader-2', 'l2'))),
      hears('a', letter('writer-2', 'reader-2', 'l2', ' sent=true')),
      // To oneself.
      ...writes(house, 'a', 'writer-2', 'l3', 'delivered'),
      hears('c', letter('writer-2', 'writer-2', 'l3')),
      says('d', line('RECEIPT', { ref: 'l1', to: 'writer-2', state: 'delivered' })),
      ...[
        hears('d', 'ACK'),
        ...['a', 'c'].map((by) => hears(by, 'RECEIPT ref=l1 by=reader-2 state=delivered')),
      ],
      says('b', line('TYPING', { to: 'writer-2', on: true })),
      ...['a', 'c'].map((by) => hears(by, 'TYPING from=reader-2 on=true')),
      ...goesForGood('a', 'b', 'c', 'd'),
    ],
    isMulti,
  ),
  tour('waiting-at-another-node', (house) => [
    ...[
      ...entersAt(house, 'b', 'reader-3', 1),
      ...goesForGood('b'),
      ...entersAt(house, 'a', 'writer-3', 0),
    ],
    ...writes(house, 'a', 'reader-3', 'l1', 'queued'),
    ...writes(house, 'a', 'reader-3', 'l2', 'queued'),
    ...[
      says('a', line('DIRECT_MESSAGE', { to: 'reader-3', body: 'l3' }, 'l3')),
      hears('a', 'ERROR QUEUE_FULL payload.to'),
    ],
    ...writes(house, 'a', 'reader-3', 'l2', 'queued duplicate=true'),
    // Where it waited elsewhere, it is not counted.
    ...entersAt(house, 'b', 'reader-3', 1, {}),
    hears('b', ...['l1', 'l2'].map((id) => letter('writer-3', 'reader-3', id, ' delayed=true'))),
    ...writes(house, 'a', 'reader-3', 'l4', 'delivered'),
    hears('b', letter('writer-3', 'reader-3', 'l4')),
    ...goesForGood('b'),
    ...entersAt(house, 'b', 'reader-3', 0, {}),
    ...goesForGood('b', 'a'),
  ]),
  tour('letters-for-one-who-lost-his-connection', (house) => [
    ...[...entersAt(house, 'b', 'reader-4', 1), ...entersAt(house, 'a', 'writer-4', 0), goes('b')],
    ...writes(house, 'a', 'reader-4', 'l1', 'accepted'),
    ...returnsAt(
      house,
      'b',
      'reader-4',
      1,
      {},
      letter('writer-4', 'reader-4', 'l1', ' delayed=true'),
    ),
    ...[goes('b'), ...writes(house, 'a', 'reader-4', 'l2', 'accepted')],
    // Nobody comes back for it: it waits where the session was.
    ...[waits(2_700), ...writes(house, 'a', 'reader-4', 'l3', 'queued')],
    ...entersAt(
      house,
      'b',
      'reader-4',
      0,
      { offline: 1 },
      letter('writer-4', 'reader-4', 'l3', ' delayed=true'),
      letter('writer-4', 'reader-4', 'l2', ' delayed=true'),
    ),
    ...goesForGood('a', 'b'),
  ]),
  tour('acknowledged-by-hand-at-another-node', (house) => [
    ...[
      ...entersAt(house, 'b', 'reader-5', 1, { caps: ['ack'] }),
      ...entersAt(house, 'a', 'writer-5', 0),
    ],
    ...[
      says('a', line('DIRECT_MESSAGE', { to: 'reader-5', body: 'l1' }, 'l1')),
      hears('b', letter('writer-5', 'reader-5', 'l1')),
    ],
    ...[says('b', line('ACK', { ref: 'l1' })), hears('a', ack(house, 'l1', 'status=delivered'))],
    ...[
      says('a', line('DIRECT_MESSAGE', { to: 'reader-5', body: 'l2' }, 'l2')),
      hears('b', letter('writer-5', 'reader-5', 'l2')),
    ],
    ...[waits(2_500), hears('a', ack(house, 'l2', 'status=accepted')), goes('b')],
    ...returnsAt(
      house,
      'b',
      'reader-5',
      0,
      { caps: ['ack'] },
      letter('writer-5', 'reader-5', 'l2', ' delayed=true'),
    ),
    ...[
      says('b', line('ACK', { ref: 'l2' })),
      ...writes(house, 'a', 'reader-5', 'l2', 'delivered duplicate=true'),
    ],
    ...goesForGood('a', 'b'),
  ]),
];
