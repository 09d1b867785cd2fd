// Plays of what is seen of other nodes: who is there, which rooms there are, and what a home elsewhere does not let happen.
// Written from spec/hp.md, sections "Presence", "Rooms" and "Limits". Refuses to know what a node does about it.

import type { House } from '../house.ts';
import { goes, hears, line, type Play, says, type Step, waits } from '../play.ts';
import { AT, comings, entersAt, goesForGood, joins, tour } from './tour.ts';

const [
  [, , , , , larch = '', poplar = ''] = [],
  [, , , , cedar = '', maple = ''] = [],
  [, , box = ''] = [],
] = AT;

const asks = (by: string, type: string, payload: object, words: string): readonly Step[] => [
  says(by, line(type, payload)),
  hears(by, words),
];
const isMulti = { fits: ({ policy }: House) => policy === 'multi' };

export const viewTours: readonly Play[] = [
  tour('seen-from-elsewhere', (house) => [
    ...entersAt(house, 'a', 'looker', 0),
    ...asks(
      'a',
      'PRESENCE_SUBSCRIBE',
      { users: ['shown', 'absent-1'] },
      'PRESENCE_STATE users=[{"user":"shown","status":"offline","sessions":0},{"user":"absent-1","status":"offline","sessions":0}]',
    ),
    ...[...entersAt(house, 'b', 'shown', 1), hears('a', 'PRESENCE_EVENT user=shown status=online')],
    waits(1_100),
    ...asks('b', 'PRESENCE_SET', { status: 'busy', note: 'lunch' }, 'ACK'),
    ...[hears('a', 'PRESENCE_EVENT user=shown status=busy note=lunch'), waits(1_100)],
    ...asks('b', 'PRESENCE_SET', { status: 'busy', note: 'lunch' }, 'ACK'),
    waits(1_100),
    ...asks('b', 'PRESENCE_SET', { status: 'away' }, 'ACK'),
    ...[hears('a', 'PRESENCE_EVENT user=shown status=away'), goes('b'), waits(1_100)],
    ...asks(
      'a',
      'PRESENCE_QUERY',
      { users: ['shown'] },
      'PRESENCE_STATE users=[{"user":"shown","status":"away","sessions":1}]',
    ),
    ...[waits(2_700), hears('a', 'PRESENCE_EVENT user=shown status=offline')],
    ...asks('a', 'PRESENCE_UNSUBSCRIBE', { users: ['shown'] }, 'ACK'),
    ...[...entersAt(house, 'b', 'shown', 1, { status: 'busy' }), waits(1_100)],
    ...goesForGood('a', 'b'),
  ]),
  tour(
    'seen-of-two-sessions',
    (house) => [
      ...[...entersAt(house, 'a', 'looker-2', 0), ...entersAt(house, 'b', 'shown-2', 1)],
      ...asks(
        'a',
        'PRESENCE_SUBSCRIBE',
        { users: ['Shown-2'] },
        'PRESENCE_STATE users=[{"user":"shown-2","status":"online","sessions":1}]',
      ),
      ...entersAt(house, 'c', 'shown-2', 0, { sessions: 2, status: 'away' }),
      ...[...asks('b', 'PRESENCE_SET', { status: 'busy' }, 'ACK'), waits(200)],
      ...[hears('a', 'PRESENCE_EVENT user=shown-2 status=busy'), waits(1_100)],
      ...asks(
        'b',
        'PRESENCE_QUERY',
        { users: ['shown-2'] },
        'PRESENCE_STATE users=[{"user":"shown-2","status":"busy","sessions":2}]',
      ),
      ...[
        ...asks('c', 'PRESENCE_SET', { status: 'online' }, 'ACK'),
        hears('a', 'PRESENCE_EVENT user=shown-2 status=online'),
      ],
      ...[waits(1_100), ...goesForGood('c'), hears('a', 'PRESENCE_EVENT user=shown-2 status=busy')],
      ...[
        waits(1_100),
        ...goesForGood('b'),
        hears('a', 'PRESENCE_EVENT user=shown-2 status=offline'),
      ],
      ...goesForGood('a'),
    ],
    isMulti,
  ),
  tour('refused-by-a-home-elsewhere', (house) => {
    const room = cedar;
    return [
      ...['a', 'b', 'c', 'd'].flatMap((by, at) => entersAt(house, by, `guest-${by}`, at % 2)),
      ...joins('a', room, { user: 'guest-a', count: 1 }),
      ...joins('b', room, { user: 'guest-b', count: 2 }, 'a'),
      ...joins('c', room, { user: 'guest-c', count: 3 }, 'a', 'b'),
      ...asks('d', 'JOIN', { room }, 'ERROR ROOM_FULL payload.room'),
      // Each is answered with his own id, in turn.
      says(
        'd',
        ...['q1', 'q2'].map((id) => line('JOIN', { room }, id)),
        line('ROOM_MEMBERS', { room: `no-${room}` }, 'q3'),
      ),
      hears(
        'd',
        ...['q1', 'q2'].map(() => 'ERROR ROOM_FULL payload.room'),
        'ERROR NO_SUCH_ROOM payload.room',
      ),
      says('a', line('ROOM_MESSAGE', { room, body: '' }, 'm1'), line('HISTORY', { room }, 'q2')),
      hears('a', 'ERROR BODY_EMPTY payload.body', `HISTORY_OK room=${room} messages= more=false`),
      ...[...goesForGood('b'), ...comings(room, 'leave', 'guest-b', 2, ['a', 'c'])],
      ...joins('d', room, { user: 'guest-d', count: 3 }, 'a', 'c'),
      ...goesForGood('a', 'c', 'd').filter((step) => step.by === 'a'),
      ...comings(room, 'leave', 'guest-a', 2, ['c', 'd']),
      ...goesForGood('c'),
      ...[...comings(room, 'leave', 'guest-c', 1, ['d']), ...goesForGood('d')],
    ];
  }),
  tour(
    'rooms-of-all-nodes',
    (house) => {
      const rooms = [larch, maple, box].toSorted();
      const [first = '', second = '', third = ''] = rooms;
      const told = (some: readonly [string, number][]) =>
        JSON.stringify(some.map(([room, count]) => ({ room, count })));
      const at = (room: string): [string, number] => [room, room === first ? 2 : 1];
      return [
        waits(2_700),
        ...[
          ...entersAt(house, 'a', 'walker-a', 0),
          ...entersAt(house, 'b', 'walker-b', 1),
          ...entersAt(house, 'c', 'walker-c', 2),
        ],
        ...joins('a', first, { user: 'walker-a', count: 1 }),
        ...joins('b', second, { user: 'walker-b', count: 1 }),
        ...joins('c', third, { user: 'walker-c', count: 1 }),
        ...joins('c', first, { user: 'walker-c', count: 2 }, 'a'),
        ...['a', 'b', 'c'].flatMap((by) =>
          asks(
            by,
            'ROOM_LIST',
            {},
            `ROOM_LIST_OK rooms=${told(rooms.map(at))} more=false partial=false`,
          ),
        ),
        ...asks(
          'b',
          'ROOM_LIST',
          { limit: 2 },
          `ROOM_LIST_OK rooms=${told([at(first), at(second)])} more=true partial=false`,
        ),
        ...asks(
          'b',
          'ROOM_LIST',
          { limit: 2, after: second },
          `ROOM_LIST_OK rooms=${told([at(third)])} more=false partial=false`,
        ),
        ...asks(
          'a',
          'ROOM_LIST',
          { prefix: third.slice(0, 2) },
          `ROOM_LIST_OK rooms=${told([at(third)])} more=false partial=false`,
        ),
        ...[...goesForGood('c'), ...comings(first, 'leave', 'walker-c', 1, ['a'])],
        ...asks(
          'b',
          'ROOM_LIST',
          {},
          `ROOM_LIST_OK rooms=${told([
            [first, 1],
            [second, 1],
          ])} more=false partial=false`,
        ),
        ...goesForGood('a', 'b'),
      ];
    },
    { nodes: 3 },
  ),
  tour('counted-everywhere', (house) => {
    const room = poplar;
    const counts = (users: number, rooms: number, waiting: number, sessions: object): string =>
      `STATS_OK node=n2 shards=${house.shards} users=${users} sessions=${JSON.stringify(sessions)} rooms=${rooms} waiting=${waiting}`;
    return [
      waits(2_700),
      ...[
        ...entersAt(house, 'a', 'warden', 1),
        ...entersAt(house, 'b', 'counted-1', 0),
        ...entersAt(house, 'c', 'counted-2', 1),
      ],
      ...joins('b', room, { user: 'counted-1', count: 1 }),
      ...asks('b', 'STATS', {}, 'ERROR FORBIDDEN'),
      ...asks('a', 'STATS', {}, counts(3, 0, 0, { n1: 1, n2: 2 })),
      ...goesForGood('a', 'b', 'c'),
    ];
  }),
];
