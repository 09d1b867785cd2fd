// Plays in which a node goes in order, dies, or is not heard any more: what those who are there are told, what is remembered, and
// where whoever was at that node goes on. Written from spec/hp.md, "Draining", "Resume" and "Notices", and spec/hp-peer.md,
// "Homes of rooms", "Copies" and "Partitions". Refuses to know what a node does about it.

import type { House } from '../house.ts';
import {
  ack,
  befalls,
  gathers,
  END,
  hears,
  line,
  type Play,
  says,
  type Step,
  waits,
} from '../play.ts';
import {
  AT,
  comings,
  entersAt,
  goesForGood,
  heard,
  joins,
  knocks,
  letter,
  onPage,
  returnsAt,
  speaks,
  tour,
  type Utterance,
  writes,
} from './tour.ts';

const willow = AT[0]?.[7] ?? '';
const [, , , , , , alder = '', hazel = ''] = AT[1] ?? [];
const [, , , bay = '', fig = '', plum = ''] = AT[2] ?? [];

const DOWN = ' reason=node_down';
const three = { nodes: 3 };

function asks(by: string, type: string, payload: object, words: string): readonly Step[] {
  return [says(by, line(type, payload)), hears(by, words)];
}

const sayer =
  (room: string) =>
  (user: string, home: number, seq: number): Utterance => ({
    room,
    home,
    id: `m${seq}`,
    seq,
    user,
  });

function page(by: string, room: string, ...all: readonly Utterance[]): readonly Step[] {
  const messages = all.map(onPage).join(',');
  return asks(by, 'HISTORY', { room }, `HISTORY_OK room=${room} messages=${messages} more=false`);
}

const clients = ({ company }: House, ...others: readonly number[]): string =>
  company?.isAdvertised === true
    ? ` servers=${JSON.stringify(others.map((at) => `n${at + 1}.chat:7502`))}`
    : '';

export const mishapTours: readonly Play[] = [
  tour(
    'a-node-goes',
    (house) => {
      const room = alder;
      const said = sayer(room);
      return [
        ...[...entersAt(house, 'a', 'host', 0), ...joins('a', room, { user: 'host', count: 1 })],
        ...[
          ...entersAt(house, 'b', 'mover', 1),
          ...joins('b', room, { user: 'mover', count: 2 }, 'a'),
        ],
        ...speaks(house, 'b', said('mover', 1, 1), 'a'),
        befalls('drainNode', [1], 2_500),
        hears('b', `NOTICE code=SERVER_DRAINING retry_after=1${clients(house, 0, 2)} resume=true`),
        // At a moment of chance within half of the time.
        waits(1_100),
        hears('b', 'BYE code=SERVER_DRAINING retry_after=1', END),
        ...speaks(house, 'a', said('host', 0, 2)),
        ...speaks(house, 'a', said('host', 0, 3)),
        ...writes(house, 'a', 'mover', 'l1', 'accepted'),
        ...returnsAt(
          house,
          'b',
          'mover',
          2,
          { rooms: [room] },
          letter('host', 'mover', 'l1', ' delayed=true'),
          heard(said('host', 0, 2), true),
          heard(said('host', 0, 3), true),
        ),
        ...speaks(house, 'b', said('mover', 0, 4), 'a'),
        waits(7_000),
        ...speaks(house, 'b', said('mover', 1, 5), 'a'),
        ...page(
          'a',
          room,
          said('mover', 1, 1),
          said('host', 0, 2),
          said('host', 0, 3),
          said('mover', 0, 4),
          said('mover', 1, 5),
        ),
        ...[...goesForGood('b'), ...comings(room, 'leave', 'mover', 1, ['a']), ...goesForGood('a')],
      ];
    },
    three,
  ),
  tour(
    'a-home-dies',
    (house) => {
      const room = bay;
      const said = sayer(room);
      return [
        ...[
          ...entersAt(house, 'a', 'left-1', 0),
          ...joins('a', room, { user: 'left-1', count: 1 }),
        ],
        ...[
          ...entersAt(house, 'b', 'left-2', 1),
          ...joins('b', room, { user: 'left-2', count: 2 }, 'a'),
        ],
        ...[
          ...entersAt(house, 'c', 'lost-1', 2),
          ...joins('c', room, { user: 'lost-1', count: 3 }, 'a', 'b'),
        ],
        ...speaks(house, 'c', said('lost-1', 2, 1), 'a', 'b'),
        ...speaks(house, 'a', said('left-1', 2, 2), 'b', 'c'),
        ...asks(
          'a',
          'PRESENCE_SUBSCRIBE',
          { users: ['lost-1'] },
          'PRESENCE_STATE users=[{"user":"lost-1","status":"online","sessions":1}]',
        ),
        ...[befalls('killProcess', [2], 14_000), hears('c', END), waits(7_000)],
        hears(
          'a',
          'PRESENCE_EVENT user=lost-1 status=offline',
          `ROOM_EVENT room=${room} event=leave user=lost-1 reason=node_down count=2`,
        ),
        hears('b', `ROOM_EVENT room=${room} event=leave user=lost-1 reason=node_down count=2`),
        ...speaks(house, 'b', said('left-2', 0, 3), 'a'),
        ...page('a', room, said('lost-1', 2, 1), said('left-1', 2, 2), said('left-2', 0, 3)),
        ...asks(
          'b',
          'ROOM_MEMBERS',
          { room },
          `ROOM_MEMBERS_OK room=${room} members=[{"user":"left-1","status":"online"},{"user":"left-2","status":"online"}] count=2 more=false partial=true`,
        ),
        ...writes(house, 'a', 'lost-1', 'l1', 'queued'),
        ...entersAt(house, 'c', 'lost-1', 1, {}, letter('left-1', 'lost-1', 'l1', ' delayed=true')),
        ...[hears('a', 'PRESENCE_EVENT user=lost-1 status=online'), waits(9_000)],
        // It is there again, and its rooms are.
        ...speaks(house, 'a', said('left-1', 2, 4), 'b'),
        ...entersAt(house, 'd', 'lost-2', 2),
        says('d', line('JOIN', { room, history: { limit: 2 } })),
        hears(
          'd',
          `JOIN_OK room=${room} seq=4 count=3`,
          heard(said('left-2', 0, 3), true),
          heard(said('left-1', 2, 4), true),
        ),
        ...[
          ...comings(room, 'join', 'lost-2', 3, ['a', 'b']),
          ...goesForGood('d', 'c'),
          ...comings(room, 'leave', 'lost-2', 2, ['a', 'b']),
        ],
        ...[hears('a', 'PRESENCE_EVENT user=lost-1 status=offline'), ...goesForGood('a')],
        ...[...comings(room, 'leave', 'left-1', 1, ['b']), ...goesForGood('b')],
      ];
    },
    three,
  ),
  tour(
    'with-nothing-left',
    (house) => {
      const room = willow;
      const said = sayer(room);
      return [
        ...[...entersAt(house, 'a', 'near', 0), ...joins('a', room, { user: 'near', count: 1 })],
        ...entersAt(house, 'c', 'struck-down', 2),
        ...joins('c', room, { user: 'struck-down', count: 2 }, 'a'),
        ...speaks(house, 'c', said('struck-down', 0, 1), 'a'),
        ...writes(house, 'c', 'sleeper', 'l1', 'queued'),
        ...[befalls('killProcess', [2], 14_000), hears('c', END), waits(3_500)],
        ...comings(room, 'leave', 'struck-down', 1, ['a'], DOWN),
        ...speaks(house, 'a', said('near', 0, 2)),
        // What was queued there is held elsewhere.
        ...entersAt(
          house,
          'd',
          'sleeper',
          0,
          { offline: 1 },
          letter('struck-down', 'sleeper', 'l1', ' delayed=true'),
        ),
        // His session begins anew, with what he knows himself.
        knocks(house, 'c', 'struck-down', 1),
        says('c', line('RESUME', { token: 'TOKEN', rooms: { [room]: 1 } })),
        hears(
          'c',
          `RESUME_OK user=struck-down node=n2 caps=[] status=online replayed=1 rooms=["${room}"] anew=true`,
          heard(said('near', 0, 2), true),
        ),
        ...comings(room, 'join', 'struck-down', 2, ['a']),
        ...speaks(house, 'c', said('struck-down', 0, 3), 'a'),
        ...[waits(12_000), ...speaks(house, 'c', said('struck-down', 0, 4), 'a')],
        ...goesForGood('c', 'd'),
        ...[...comings(room, 'leave', 'struck-down', 1, ['a']), ...goesForGood('a')],
      ];
    },
    three,
  ),
  tour(
    'cut-off',
    (house) => {
      const room = fig;
      const said = sayer(room);
      return [
        ...[
          ...entersAt(house, 'a', 'side-1', 0),
          ...joins('a', room, { user: 'side-1', count: 1 }),
        ],
        ...entersAt(house, 'c', 'side-3', 2),
        ...joins('c', room, { user: 'side-3', count: 2 }, 'a'),
        ...speaks(house, 'c', said('side-3', 2, 1), 'a'),
        ...[...entersAt(house, 'o', 'onlooker-1', 0), ...entersAt(house, 'w', 'onlooker-3', 2)],
        ...[befalls('cutOff', [2], 20_000), waits(13_000)],
        ...[hears('o', 'NOTICE code=PARTITION'), gathers('w')],
        ...[gathers('a'), gathers('c')],
        ...(['a', 'c'] as const).flatMap((by) =>
          asks(
            by,
            'ROOM_MEMBERS',
            { room },
            `ROOM_MEMBERS_OK room=${room} members=[{"user":"side-${by === 'a' ? 1 : 3}","status":"online"}] count=1 more=false partial=true`,
          ),
        ),
        // Both sides go on.
        ...speaks(house, 'a', { ...said('side-1', 1, 2), id: 'larger' }),
        says('c', line('ROOM_MESSAGE', { room, body: 'smaller' }, 'smaller')),
        hears('c', ack(house, 'smaller', 'status=accepted seq=2')),
        ...[waits(12_000), gathers('a', 'smaller'), gathers('c', 'larger')],
        ...[hears('o', 'NOTICE code=PARTITION_HEALED'), gathers('w')],
        ...asks(
          'a',
          'ROOM_MEMBERS',
          { room },
          `ROOM_MEMBERS_OK room=${room} members=[{"user":"side-1","status":"online"},{"user":"side-3","status":"online"}] count=2 more=false partial=false`,
        ),
        ...['a', 'c'].flatMap((by) =>
          page(
            by,
            room,
            said('side-3', 2, 1),
            { ...said('side-3', 2, 2), id: 'smaller' },
            { ...said('side-1', 1, 2), id: 'larger' },
          ),
        ),
        ...speaks(house, 'a', said('side-1', 2, 3), 'c'),
        ...goesForGood('a'),
        ...[...comings(room, 'leave', 'side-1', 1, ['c']), ...goesForGood('c', 'o', 'w')],
      ];
    },
    three,
  ),
  tour(
    'one-link-broken',
    (house) => {
      const room = plum;
      const said = sayer(room);
      return [
        ...entersAt(house, 'w', 'warden', 0),
        ...[
          ...entersAt(house, 'a', 'there-1', 0),
          ...joins('a', room, { user: 'there-1', count: 1 }),
        ],
        ...entersAt(house, 'c', 'there-3', 2),
        ...joins('c', room, { user: 'there-3', count: 2 }, 'a'),
        ...[befalls('shutWay', [0, 2], 14_000), waits(9_000)],
        // A third node carries what they say to each other; nobody else needs to know.
        hears('w', 'NOTICE code=PARTITION'),
        ...speaks(house, 'a', said('there-1', 2, 1), 'c'),
        ...speaks(house, 'c', said('there-3', 2, 2), 'a'),
        ...writes(house, 'a', 'there-3', 'l1', 'delivered'),
        ...[hears('c', letter('there-1', 'there-3', 'l1')), waits(9_000)],
        hears('w', 'NOTICE code=PARTITION_HEALED'),
        ...speaks(house, 'a', said('there-1', 2, 3), 'c'),
        ...goesForGood('a'),
        ...[...comings(room, 'leave', 'there-1', 1, ['c']), ...goesForGood('c', 'w')],
      ];
    },
    { nodes: 3, fits: ({ company }) => company?.isNew === true },
  ),
  tour('soon-back', (house) => {
    const room = hazel;
    const said = sayer(room);
    return [
      ...[...entersAt(house, 'a', 'stayed', 0), ...joins('a', room, { user: 'stayed', count: 1 })],
      ...entersAt(house, 'b', 'restarted', 1),
      ...joins('b', room, { user: 'restarted', count: 2 }, 'a'),
      ...speaks(house, 'b', said('restarted', 1, 1), 'a'),
      ...[befalls('killProcess', [1], 300), hears('b', END), waits(6_000)],
      ...comings(room, 'leave', 'restarted', 1, ['a'], DOWN),
      ...page('a', room, said('restarted', 1, 1)),
      ...speaks(house, 'a', said('stayed', 1, 2)),
      ...entersAt(house, 'b', 'restarted', 1),
      ...joins('b', room, { user: 'restarted', count: 2, seq: 2 }, 'a'),
      ...[...goesForGood('b'), ...comings(room, 'leave', 'restarted', 1, ['a'])],
      ...goesForGood('a'),
    ];
  }),
];
