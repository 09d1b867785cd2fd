// Plays of what is remembered where little may be, and for how long: ids of messages, empty rooms, what was said in a room.
// Written from spec/hp.md, "Rooms", "Resume" and "History". Refuses to know what a node does about it.

import type { House } from '../house.ts';
import {
  ack,
  BYE,
  comes,
  enters,
  goes,
  heardIn,
  hears,
  homeOf,
  inRoom,
  line,
  named,
  play,
  type Play,
  says,
  saysIn,
  type Step,
  waits,
} from '../play.ts';

const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);
const late = (lines: readonly string[]): readonly string[] =>
  lines.map((words) => `${words} delayed=true`);
const again = (house: House, by: string, room: string, id: string, words: string): Step[] => [
  says(by, line('ROOM_MESSAGE', { room, body: id }, id)),
  hears(by, ack(house, id, `status=accepted ${words}`)),
];
const outOf = (by: string, room: string): readonly Step[] => [
  says(by, line('LEAVE', { room })),
  hears(by, `LEAVE_OK room=${room}`),
];
const page = (by: string, room: string, ids: readonly string[], more = false): readonly Step[] => [
  says(by, line('HISTORY', { room, limit: 100 })),
  hears(by, `HISTORY_OK room=${room} messages=${ids.join(',')} more=${String(more)}`),
];
function resumed(
  house: House,
  by: string,
  user: string,
  rooms: object | undefined,
  ...heard: readonly string[]
): readonly Step[] {
  return [
    ...[goes(by), comes(by, homeOf(house, user))],
    ...[says(by, line('RESUME', { token: 'TOKEN', rooms })), hears(by, ...heard)],
  ];
}
const back = (user: string, replayed: number, more: string, caps = '[]'): string =>
  `RESUME_OK user=${user} caps=${caps} status=online replayed=${replayed} ${more}`;

export const memoryPlays: readonly Play[] = [
  play('ids-that-are-forgotten', (house) => [
    ...[...enters(house, 'a', 'parrot'), ...inRoom('a', 'cage', 1)],
    ...[...enters(house, 'b', 'keeper'), ...inRoom('b', 'cage', 2)],
    ...[hears('a', 'ROOM_EVENT room=cage event=join user=keeper count=2')],
    ...[
      ...saysIn(house, 'a', 'cage', named(4)),
      hears('b', ...heardIn('cage', 'parrot', named(4))),
    ],
    ...['m1', 'm4'].flatMap((id) => again(house, 'a', 'cage', id, `seq=${id[1]} duplicate=true`)),
    // Whoever goes and comes back is who he was; another one is not.
    ...[...outOf('a', 'cage'), hears('b', 'ROOM_EVENT room=cage event=leave user=parrot count=1')],
    ...[...inRoom('a', 'cage', 2, 4)],
    hears('b', 'ROOM_EVENT room=cage event=join user=parrot count=2'),
    ...again(house, 'a', 'cage', 'm1', 'seq=1 duplicate=true'),
    ...[
      ...saysIn(house, 'b', 'cage', ['m1'], 5),
      hears('a', ...heardIn('cage', 'keeper', ['m1'], 5)),
    ],
    // Of five ids the oldest is too many.
    ...again(house, 'a', 'cage', 'm2', 'seq=2 duplicate=true'),
    ...[
      ...again(house, 'a', 'cage', 'm1', 'seq=6'),
      hears('b', ...heardIn('cage', 'parrot', ['m1'], 6)),
    ],
    ...[waits(1_200), ...again(house, 'a', 'cage', 'm1', 'seq=6 duplicate=true')],
    ...[waits(3_600), ...again(house, 'a', 'cage', 'm1', 'seq=7')],
    ...[hears('b', ...heardIn('cage', 'parrot', ['m1'], 7)), ...leave('b')],
    ...[hears('a', 'ROOM_EVENT room=cage event=leave user=keeper count=1'), ...leave('a')],
  ]),
  play('rooms-that-are-forgotten', (house) => [
    ...[
      ...enters(house, 'a', 'brief'),
      ...inRoom('a', 'inn', 1),
      ...saysIn(house, 'a', 'inn', ['m1']),
    ],
    ...[...outOf('a', 'inn'), waits(700), ...inRoom('a', 'inn', 1, 1), ...page('a', 'inn', ['m1'])],
    // It is not left to itself while somebody is in it.
    ...[waits(3_300), ...saysIn(house, 'a', 'inn', ['m2'], 2), ...page('a', 'inn', ['m1', 'm2'])],
    ...[...outOf('a', 'inn'), waits(500), says('a', line('ROOM_MEMBERS', { room: 'inn' }))],
    hears('a', 'ROOM_MEMBERS_OK room=inn members=[] count=0 more=false partial=false'),
    ...[waits(2_700), says('a', line('ROOM_MEMBERS', { room: 'inn' }))],
    ...[hears('a', 'ERROR NO_SUCH_ROOM payload.room'), ...inRoom('a', 'inn', 1)],
    ...[...page('a', 'inn', []), ...saysIn(house, 'a', 'inn', ['m1']), ...leave('a')],
  ]),
  play(
    'rooms-that-remember-less',
    (house) => [
      // Those who played before are over, and their rooms forgotten.
      ...[
        waits(3_200),
        ...enters(house, 'a', 'elder'),
        ...inRoom('a', 'old', 1),
        ...inRoom('a', 'new', 1),
      ],
      ...saysIn(house, 'a', 'old', named(6), 1, 500),
      ...saysIn(house, 'a', 'new', named(7, 11), 1, 500),
      ...[...page('a', 'old', named(6).map(long)), ...page('a', 'new', named(7, 11).map(long))],
      ...[
        ...saysIn(house, 'a', 'new', ['m18'], 8, 500),
        ...page('a', 'old', named(3, 4).map(long)),
      ],
      ...page('a', 'new', named(8, 11).map(long)),
      // Whoever lacks what is forgotten hears so.
      ...resumed(house, 'a', 'elder', { old: 3, new: 8 }, back('elder', 0, 'rooms=["old","new"]')),
      // The room forgets that was spoken in longest ago.
      ...[
        ...saysIn(house, 'a', 'new', ['m19'], 9, 500),
        ...saysIn(house, 'a', 'old', named(2, 7), 7, 500),
      ],
      ...[...page('a', 'old', named(5, 4).map(long)), ...page('a', 'new', named(4, 16).map(long))],
      ...leave('a'),
    ],
    ({ shards }) => shards === 1,
  ),
  play('more-than-is-remembered', (house) => {
    const all = (count: number): string => back('absentee', count, 'rooms=["much"] gaps=["much"]');
    const some = late(heardIn('much', 'talker', named(8, 5), 5));
    const whole = (count: number): string => back('absentee', count, 'rooms=["much"]');
    return [
      ...[...enters(house, 'a', 'absentee'), ...inRoom('a', 'much', 1)],
      ...[...enters(house, 'b', 'talker'), ...inRoom('b', 'much', 2)],
      ...[hears('a', 'ROOM_EVENT room=much event=join user=talker count=2'), goes('a')],
      ...saysIn(house, 'b', 'much', named(12)),
      ...resumed(house, 'a', 'absentee', undefined, all(8), ...some),
      // Nobody knows whether he has heard that; but who says where he stands does.
      ...resumed(house, 'a', 'absentee', undefined, all(0)),
      ...resumed(house, 'a', 'absentee', { much: 3 }, all(8), ...some),
      ...resumed(house, 'a', 'absentee', undefined, all(0)),
      // What he has said before he was told tells nothing.
      ...[goes('a'), comes('a', homeOf(house, 'absentee'))],
      ...[says('a', line('RESUME', { token: 'TOKEN' }) + line('PING')), hears('a', all(0), 'PONG')],
      ...resumed(house, 'a', 'absentee', undefined, all(0)),
      ...[says('a', line('PING')), hears('a', 'PONG')],
      ...resumed(house, 'a', 'absentee', undefined, whole(0)),
      ...resumed(house, 'a', 'absentee', { much: 4 }, whole(8), ...some),
      ...resumed(house, 'a', 'absentee', { much: 11 }, whole(1), ...some.slice(-1)),
      // He may say that he has heard what was never said.
      ...resumed(house, 'a', 'absentee', { much: 99 }, whole(0)),
      ...[
        ...saysIn(house, 'b', 'much', ['m13'], 13),
        hears('a', ...heardIn('much', 'talker', ['m13'], 13)),
      ],
      ...[...page('a', 'much', named(8, 6)), ...leave('b')],
      ...[hears('a', 'ROOM_EVENT room=much event=leave user=talker count=1'), ...leave('a')],
    ];
  }),
  play('places-of-some-epoch', (house) => {
    const rooms = 'rooms=["age"]';
    const wrong = (places: unknown, field: string): Step[] => [
      says('c', line('RESUME', { token: 'x', rooms: places })),
      hears('c', `ERROR ${field}`),
    ];
    return [
      ...[...enters(house, 'a', 'ancient'), ...inRoom('a', 'age', 1)],
      ...[...enters(house, 'b', 'modern'), ...inRoom('b', 'age', 2)],
      ...[hears('a', 'ROOM_EVENT room=age event=join user=modern count=2')],
      ...[
        ...saysIn(house, 'b', 'age', named(3)),
        hears('a', ...heardIn('age', 'modern', named(3))),
      ],
      ...resumed(
        house,
        'a',
        'ancient',
        { age: { epoch: 'EPOCH', seq: 1 } },
        back('ancient', 2, rooms),
        ...late(heardIn('age', 'modern', named(2, 2), 2)),
      ),
      ...resumed(
        house,
        'a',
        'ancient',
        { age: { epoch: 'EPOCH', seq: 3 } },
        back('ancient', 0, rooms),
      ),
      ...[comes('c', homeOf(house, 'nobody'))],
      ...wrong({ age: -1 }, 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ age: { epoch: 0, seq: 1 } }, 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ age: { epoch: 1, seq: -1 } }, 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ age: { seq: 1 } }, 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ age: '1' }, 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ age: null }, 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ Age: 1 }, 'INVALID_ROOM payload.rooms'),
      ...wrong(['age'], 'INVALID_PAYLOAD payload.rooms'),
      ...wrong({ age: 0 }, 'SESSION_EXPIRED payload.token'),
      ...wrong({ age: { epoch: 1, seq: 0 } }, 'SESSION_EXPIRED payload.token'),
      ...leave('a'),
      ...[hears('b', 'ROOM_EVENT room=age event=leave user=ancient count=1'), ...leave('b')],
    ];
  }),
  play('what-stands-in-pages', (house) => {
    const asks = (more: object, ids: readonly string[], isMore: boolean): Step[] => [
      says('a', line('HISTORY', { room: 'book', ...more })),
      hears('a', `HISTORY_OK room=book messages=${ids.join(',')} more=${String(isMore)}`),
    ];
    return [
      ...[...enters(house, 'a', 'archivist'), ...inRoom('a', 'book', 1), ...asks({}, [], false)],
      ...[...saysIn(house, 'a', 'book', named(5)), ...asks({}, named(5), false)],
      ...[...asks({ limit: 5 }, named(5), false), ...asks({ limit: 4 }, named(4, 2), true)],
      ...[
        ...asks({ after: 0, limit: 5 }, named(5), false),
        ...asks({ after: 0, limit: 4 }, named(4), true),
      ],
      ...[
        ...asks({ after: 5 }, [], false),
        ...asks({ after: 4 }, ['m5'], false),
        ...asks({ before: 1 }, [], false),
      ],
      ...[...asks({ before: 2 }, ['m1'], false), ...asks({ before: 9, limit: 1 }, ['m5'], true)],
      ...[
        ...asks({ after: 1, before: 5 }, named(3, 2), false),
        ...asks({ after: 1, before: 5, limit: 2 }, named(2, 2), true),
      ],
      ...[...asks({ after: 3, before: 4 }, [], false), ...asks({ before: 0 }, [], false)],
      ...[...saysIn(house, 'a', 'book', named(5, 6), 6), ...asks({ after: 0 }, named(8, 3), false)],
      ...[...asks({ before: 5 }, named(2, 3), false), ...leave('a')],
    ];
  }),
  play('what-stands-in-pages-of-two', (house) => {
    const tells = (by: string, to: string, hearer: string, id: string): Step[] => [
      says(by, line('DIRECT_MESSAGE', { to, body: id }, id)),
      hears(
        hearer,
        `DIRECT_MESSAGE id=${id} from=${by === 'a' ? 'lover' : 'beloved'} to=${to} body=${id}`,
      ),
      hears(by, ack(house, id, 'status=delivered')),
      waits(100),
    ];
    const asks = (by: string, more: object, ids: readonly string[], isMore: boolean): Step[] => {
      const other = by === 'a' ? 'Beloved' : 'lover';
      return [
        says(by, line('HISTORY', { with: other, ...more })),
        hears(by, `HISTORY_OK with=${other} messages=${ids.join(',')} more=${String(isMore)}`),
      ];
    };
    return [
      ...[
        ...enters(house, 'a', 'lover'),
        ...enters(house, 'b', 'beloved'),
        ...enters(house, 'c', 'rival'),
      ],
      ...[...tells('a', 'beloved', 'b', 'm1'), ...tells('b', 'lover', 'a', 'm2')],
      ...[
        ...tells('a', 'Beloved', 'b', 'm3'),
        ...asks('a', {}, named(3), false),
        ...asks('b', {}, named(3), false),
      ],
      ...[says('c', line('DIRECT_MESSAGE', { to: 'lover', body: 'x1' }, 'x1'))],
      hears('a', 'DIRECT_MESSAGE id=x1 from=rival to=lover body=x1'),
      ...[hears('c', ack(house, 'x1', 'status=delivered')), ...tells('a', 'beloved', 'b', 'm4')],
      ...[...asks('a', {}, named(4), false), ...asks('a', { limit: 2 }, named(2, 3), true)],
      ...[
        ...asks('b', { after: 0, limit: 2 }, named(2), true),
        ...asks('b', { before: 4, limit: 9 }, named(3), false),
      ],
      ...[
        says('c', line('HISTORY', { with: 'beloved' })),
        hears('c', 'HISTORY_OK with=beloved messages= more=false'),
      ],
      ...[
        says('c', line('HISTORY', { with: 'lover' })),
        hears('c', 'HISTORY_OK with=lover messages=x1 more=false'),
      ],
      ...leave('a', 'b', 'c'),
    ];
  }),
];

const long = (id: string): string => `${id.padEnd(2, '.').slice(0, 2)}~500`;
