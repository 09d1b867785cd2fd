// Plays of rooms whose members are at several nodes, with their home at each of them. Written from spec/hp.md, sections "Rooms",
// "Room messages" and "History", and spec/hp-peer.md, section "Homes of rooms". Refuses to know what a node does about it.

import { ack, hears, line, type Play, says, type Step } from '../play.ts';
import {
  AT,
  comings,
  entersAt,
  goesForGood,
  heard,
  joins,
  leaves,
  onPage,
  speaks,
  tour,
  type Utterance,
} from './tour.ts';

const [[fir = '', yew = '', beech = ''] = [], [ash = '', pear = ''] = [], [oak = ''] = []] = AT;

/** Three at three nodes, or two at two. */
function together(name: string, room: string, home: number, nodes: number): Play {
  const users = Array.from({ length: nodes }, (_, at) => `${name}-${at + 1}`);
  const [first = '', second = ''] = users;
  const bys = ['a', 'b', 'c'].slice(0, nodes);
  const third = bys.slice(2);
  const said = (at: number, seq: number, id = `m${seq}`): Utterance => ({
    ...{ room, home, id, seq, user: users[at] ?? '' },
  });
  const page = (by: string, more: object, ...all: readonly Utterance[]): Step[] => [
    says(by, line('HISTORY', { room, ...more })),
    hears(
      by,
      `HISTORY_OK room=${room} messages=${all.map(onPage).join(',')} more=${String('limit' in more)}`,
    ),
  ];
  return tour(
    name,
    (house) => [
      ...bys.flatMap((by, at) => [
        ...entersAt(house, by, users[at] ?? '', at),
        ...joins(by, room, { user: users[at] ?? '', count: at + 1 }, ...bys.slice(0, at)),
      ]),
      ...bys.flatMap((by, at) =>
        speaks(house, by, said(at, at + 1), ...bys.filter((one) => one !== by)),
      ),
      ...bys.flatMap((by) => page(by, {}, ...bys.map((_, at) => said(at, at + 1)))),
      ...page('b', { limit: 1 }, said(nodes - 1, nodes)),
      // The same once more, and nobody hears it.
      says('b', line('ROOM_MESSAGE', { room, body: 'm2' }, 'm2')),
      hears('b', ack(house, 'm2', 'status=stored seq=2 duplicate=true')),
      says('a', line('ROOM_MEMBERS', { room })),
      hears(
        'a',
        `ROOM_MEMBERS_OK room=${room} members=${JSON.stringify(users.map((user) => ({ user, status: 'online' })))} count=${nodes} more=false partial=false`,
      ),
      says('b', line('PRESENCE_SET', { status: 'busy' })),
      hears('b', 'ACK'),
      says('a', line('ROOM_MEMBERS', { room, limit: 1, after: first })),
      hears(
        'a',
        `ROOM_MEMBERS_OK room=${room} members=[{"user":"${second}","status":"busy"}] count=${nodes} more=${String(nodes > 2)} partial=false`,
      ),
      says('b', line('TYPING', { room, on: true })),
      ...['a', ...third].map((by) => hears(by, `TYPING room=${room} from=${second} on=true`)),
      // Joining again is no mistake.
      says('b', line('JOIN', { room, history: { limit: 1 } })),
      hears(
        'b',
        `JOIN_OK room=${room} seq=${nodes} count=${nodes} already=true`,
        heard(said(nodes - 1, nodes), true),
      ),
      ...leaves('b', room, { user: second, count: nodes - 1 }, 'a', ...third),
      says('b', line('HISTORY', { room }, 'q2'), line('ROOM_MESSAGE', { room, body: 'x' }, 'x')),
      hears('b', 'ERROR NOT_IN_ROOM payload.room', 'ERROR NOT_IN_ROOM payload.room'),
      says('b', line('LEAVE', { room }), line('TYPING', { room, on: false }, 'q4')),
      hears('b', 'ERROR NOT_IN_ROOM payload.room', 'ERROR NOT_IN_ROOM ref=q4 payload.room'),
      ...speaks(house, 'a', said(0, nodes + 1, 'alone'), ...third),
      says('b', line('JOIN', { room, history: { limit: 2 } })),
      hears(
        'b',
        `JOIN_OK room=${room} seq=${nodes + 1} count=${nodes}`,
        heard(said(nodes - 1, nodes), true),
        heard(said(0, nodes + 1, 'alone'), true),
      ),
      ...comings(room, 'join', second, nodes, ['a', ...third]),
      ...page('b', { limit: 1, before: 2 }, said(0, 1)).slice(0, 1),
      hears('b', `HISTORY_OK room=${room} messages=${onPage(said(0, 1))} more=false`),
      ...goesForGood('a'),
      ...comings(room, 'leave', first, nodes - 1, ['b', ...third]),
      ...speaks(house, 'b', said(1, nodes + 2, 'still'), ...third),
      ...goesForGood('b'),
      ...comings(room, 'leave', second, nodes - 2, third),
      ...goesForGood(...third),
    ],
    { nodes },
  );
}

export const memberTours: readonly Play[] = [
  together('two-at-the-first', fir, 0, 2),
  together('two-at-the-second', ash, 1, 2),
  together('three-at-the-first', yew, 0, 3),
  together('three-at-the-second', pear, 1, 3),
  together('three-at-the-third', oak, 2, 3),
  tour(
    'a-user-of-two-nodes',
    (house) => {
      const room = beech;
      const said = (user: string, seq: number): Utterance => ({
        ...{ room, home: 0, id: `m${seq}`, seq, user },
      });
      return [
        ...entersAt(house, 'a', 'twofold', 0),
        ...entersAt(house, 'b', 'twofold', 1, { sessions: 2 }),
        ...entersAt(house, 'c', 'onefold', 1, { caps: ['echo'] }),
        ...joins('c', room, { user: 'onefold', count: 1 }),
        ...joins('a', room, { user: 'twofold', count: 2 }, 'c'),
        // Further sessions of a user are nobody's concern.
        ...joins('b', room, { user: 'twofold', count: 2 }),
        ...speaks(house, 'a', said('twofold', 1), 'b', 'c'),
        ...speaks(house, 'b', said('twofold', 2), 'a', 'c'),
        says('c', line('ROOM_MESSAGE', { room, body: 'm3' }, 'm3')),
        hears('c', heard(said('onefold', 3)), ack(house, 'm3', 'status=stored seq=3')),
        ...['a', 'b'].map((by) => hears(by, heard(said('onefold', 3)))),
        // Said by the same user, wherever.
        says('b', line('ROOM_MESSAGE', { room, body: 'm1' }, 'm1')),
        hears('b', ack(house, 'm1', 'status=stored seq=1 duplicate=true')),
        says('b', line('PRESENCE_SET', { status: 'away' })),
        hears('b', 'ACK'),
        says('c', line('ROOM_MEMBERS', { room })),
        hears(
          'c',
          `ROOM_MEMBERS_OK room=${room} members=[{"user":"onefold","status":"online"},{"user":"twofold","status":"online"}] count=2 more=false partial=false`,
        ),
        ...leaves('a', room, { user: 'twofold', count: 2 }),
        says('c', line('ROOM_MEMBERS', { room })),
        hears(
          'c',
          `ROOM_MEMBERS_OK room=${room} members=[{"user":"onefold","status":"online"},{"user":"twofold","status":"away"}] count=2 more=false partial=false`,
        ),
        ...goesForGood('b'),
        ...comings(room, 'leave', 'twofold', 1, ['c']),
        ...goesForGood('a', 'c'),
      ];
    },
    { fits: ({ policy }) => policy === 'multi' },
  ),
];
