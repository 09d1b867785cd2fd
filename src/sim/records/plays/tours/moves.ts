// Plays of those who are at one node and then at another: with their session, with a second one, or in place of a first one.
// Written from spec/hp.md, sections "Sessions" and "Resume". Refuses to know what a node does about it.

import {
  ack,
  comes,
  END,
  goes,
  hears,
  line,
  login,
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
  welcomeAt,
  writes,
} from './tour.ts';

const [[, , , aspen = '', holly = ''] = [], [, , rowan = '', birch = ''] = [], [, elm = ''] = []] =
  AT;

function moves(name: string, room: string, home: number, nodes: number): Play {
  const said = (user: string, seq: number): Utterance => ({
    ...{ room, home, id: `m${seq}`, seq, user: `${name}-${user}` },
  });
  const [own, other] = [`${name}-a`, `${name}-b`];
  const away = nodes - 1;
  return tour(
    name,
    (house) => [
      ...[...entersAt(house, 'a', own, 0), ...entersAt(house, 'b', other, 1)],
      ...joins('b', room, { user: other, count: 1 }),
      ...joins('a', room, { user: own, count: 2 }, 'b'),
      ...[...speaks(house, 'b', said('b', 1), 'a'), goes('a'), ...speaks(house, 'b', said('b', 2))],
      ...writes(house, 'b', own, 'l1', 'accepted'),
      ...returnsAt(
        house,
        'a',
        own,
        away,
        { rooms: [room] },
        letter(other, own, 'l1', ' delayed=true'),
        heard(said('b', 2), true),
      ),
      ...[...speaks(house, 'b', said('b', 3), 'a'), ...speaks(house, 'a', said('a', 4), 'b')],
      // The same as before, said elsewhere.
      says('a', line('ROOM_MESSAGE', { room, body: 'm4' }, 'm4')),
      hears('a', ack(house, 'm4', 'status=stored seq=4 duplicate=true')),
      ...[...writes(house, 'b', own, 'l2', 'delivered'), hears('a', letter(other, own, 'l2'))],
      says('a', line('WHOAMI')),
      hears('a', `WHOAMI_OK user=${own} node=n${away + 1} status=online caps=[] rooms=["${room}"]`),
      // From there it is taken while it is still open.
      ...[comes('c', '10.8.0.1', false, 0), ...lent('a', 'c')],
      hears(
        'c',
        `RESUME_OK user=${own} node=n1 caps=[] status=online replayed=0 rooms=["${room}"]`,
      ),
      hears('a', 'BYE code=SESSION_RESUMED', END),
      ...speaks(house, 'b', said('b', 5), 'c'),
      says('b', line('ROOM_MEMBERS', { room })),
      hears(
        'b',
        `ROOM_MEMBERS_OK room=${room} members=[{"user":"${own}","status":"online"},{"user":"${other}","status":"online"}] count=2 more=false partial=false`,
      ),
      ...[
        says('c', line('HISTORY', { room })),
        hears(
          'c',
          `HISTORY_OK room=${room} messages=${[1, 2, 3, 4, 5].map((seq) => onPage(said(seq === 4 ? 'a' : 'b', seq))).join(',')} more=false`,
        ),
      ],
      ...[...goesForGood('c'), ...comings(room, 'leave', own, 1, ['b']), ...goesForGood('b')],
      // What is over is over everywhere.
      ...[
        waits(1_100),
        knocks(house, 'd', own, 1),
        ...lent('c', 'd'),
        hears('d', 'ERROR SESSION_EXPIRED payload.token'),
      ],
    ],
    { nodes },
  );
}

function lent(by: string, to: string): readonly Step[] {
  return [{ does: 'lends', by, to }, says(to, line('RESUME', { token: 'TOKEN' }))];
}

export const moveTours: readonly Play[] = [
  moves('to-the-second', aspen, 0, 2),
  moves('to-home', rowan, 1, 2),
  moves('to-the-third', elm, 2, 3),
  tour('watching-on-the-move', (house) => [
    ...[...entersAt(house, 'a', 'seer', 0), ...entersAt(house, 'b', 'seen', 1)],
    says('a', line('PRESENCE_SUBSCRIBE', { users: ['seen'] })),
    hears('a', 'PRESENCE_STATE users=[{"user":"seen","status":"online","sessions":1}]'),
    ...[
      says('a', line('PRESENCE_SET', { status: 'busy', note: 'n' })),
      hears('a', 'ACK'),
      goes('a'),
    ],
    ...[says('b', line('PRESENCE_SET', { status: 'away' })), hears('b', 'ACK'), waits(200)],
    ...returnsAt(house, 'a', 'seer', 1, { status: 'busy' }, 'PRESENCE_EVENT user=seen status=away'),
    ...[waits(200), says('b', line('PRESENCE_QUERY', { users: ['seer'] }))],
    hears('b', 'PRESENCE_STATE users=[{"user":"seer","status":"busy","note":"n","sessions":1}]'),
    ...[waits(1_100), says('b', line('PRESENCE_SET', { status: 'online' })), hears('b', 'ACK')],
    ...[hears('a', 'PRESENCE_EVENT user=seen status=online'), waits(1_100), ...goesForGood('b')],
    ...[hears('a', 'PRESENCE_EVENT user=seen status=offline'), ...goesForGood('a')],
  ]),
  tour('unacknowledged-on-the-move', (house) => {
    const room = birch;
    const said = (seq: number): Utterance => ({ room, home: 1, id: `m${seq}`, seq, user: 'owed' });
    const caps = ['ack', 'echo'];
    return [
      ...[...entersAt(house, 'a', 'owing', 0, { caps }), ...entersAt(house, 'b', 'owed', 1)],
      ...[
        ...joins('a', room, { user: 'owing', count: 1 }),
        ...joins('b', room, { user: 'owed', count: 2 }, 'a'),
      ],
      ...[1, 2, 3].flatMap((seq) => speaks(house, 'b', said(seq), 'a')),
      ...[says('a', line('ACK', { ref: 'm2' }) + line('PING')), hears('a', 'PONG'), goes('a')],
      ...returnsAt(
        house,
        'a',
        'owing',
        1,
        { caps, rooms: [room] },
        heard(said(1), true),
        heard(said(3), true),
      ),
      ...[
        says('a', line('ACK', { refs: ['m1', 'm3'] }) + line('PING')),
        hears('a', 'PONG'),
        goes('a'),
      ],
      ...returnsAt(house, 'a', 'owing', 0, { caps, rooms: [room] }),
      // Whoever says where he is is told what comes behind that.
      ...[
        goes('a'),
        knocks(house, 'a', 'owing', 1),
        says('a', line('RESUME', { token: 'TOKEN', rooms: { [room]: 1 } })),
      ],
      hears(
        'a',
        `RESUME_OK user=owing node=n2 caps=["ack","echo"] status=online replayed=2 rooms=["${room}"]`,
        heard(said(2), true),
        heard(said(3), true),
      ),
      ...[...goesForGood('a'), ...comings(room, 'leave', 'owing', 1, ['b']), ...goesForGood('b')],
    ];
  }),
  tour(
    'one-session-or-none',
    (house) => [
      ...[
        ...entersAt(house, 'a', 'only', 0),
        knocks(house, 'b', 'only', 1),
        says('b', login(house, 'Only')),
      ],
      hears('b', 'ERROR USERNAME_TAKEN payload.user'),
      ...[
        goes('a'),
        says('b', login(house, 'only')),
        hears('b', 'ERROR USERNAME_TAKEN payload.user'),
      ],
      ...[
        ...returnsAt(house, 'a', 'only', 1),
        says('b', login(house, 'only')),
        hears('b', 'ERROR USERNAME_TAKEN payload.user'),
      ],
      ...[...goesForGood('a'), says('b', login(house, 'Only')), hears('b', welcomeAt(1, 'Only'))],
      ...goesForGood('b'),
    ],
    { fits: ({ policy }) => policy === 'reject' },
  ),
  tour(
    'one-session-after-the-other',
    (house) => {
      const room = holly;
      const said = (user: string, seq: number): Utterance => ({
        room,
        home: 0,
        id: `m${seq}`,
        seq,
        user,
      });
      return [
        ...[
          ...entersAt(house, 'c', 'witness', 0),
          ...joins('c', room, { user: 'witness', count: 1 }),
        ],
        ...[
          ...entersAt(house, 'a', 'latest', 0),
          ...joins('a', room, { user: 'latest', count: 2 }, 'c'),
        ],
        ...[
          knocks(house, 'b', 'latest', 1),
          says('b', login(house, 'latest')),
          hears('b', welcomeAt(1, 'latest')),
        ],
        hears('a', 'ERROR SESSION_REPLACED ref=null fatal', END),
        ...comings(room, 'leave', 'latest', 1, ['c']),
        ...[knocks(house, 'a', 'latest', 0), says('a', line('RESUME', { token: 'TOKEN' }))],
        hears('a', 'ERROR SESSION_EXPIRED payload.token'),
        ...[
          ...joins('b', room, { user: 'latest', count: 2 }, 'c'),
          ...speaks(house, 'b', said('latest', 1), 'c'),
        ],
        // One who is away makes place, too, and what waits for him is heard.
        ...[goes('b'), ...writes(house, 'c', 'latest', 'l1', 'accepted')],
        ...[says('a', login(house, 'latest')), hears('a', welcomeAt(0, 'latest'))],
        hears('a', letter('witness', 'latest', 'l1', ' delayed=true')),
        ...[...comings(room, 'leave', 'latest', 1, ['c']), ...goesForGood('a', 'c')],
      ];
    },
    { fits: ({ policy }) => policy === 'replace' },
  ),
  tour(
    'as-many-as-may-be',
    (house) => [
      ...entersAt(house, 'a', 'several', 0),
      ...entersAt(house, 'b', 'several', 1, { sessions: 2 }),
      ...entersAt(house, 'c', 'several', 1, { sessions: 3 }),
      ...[
        knocks(house, 'd', 'several2', 0),
        says('d', login(house, 'several')),
        hears('d', 'ERROR SESSION_LIMIT'),
      ],
      ...[
        goes('a'),
        says('d', login(house, 'several')),
        hears('d', welcomeAt(0, 'several', { sessions: 3 })),
      ],
      ...[knocks(house, 'a', 'several', 0), says('a', line('RESUME', { token: 'TOKEN' }))],
      ...[hears('a', 'ERROR SESSION_EXPIRED payload.token'), says('a', login(house, 'several'))],
      ...[
        hears('a', 'ERROR SESSION_LIMIT'),
        ...goesForGood('b'),
        says('a', login(house, 'several')),
      ],
      ...[hears('a', welcomeAt(0, 'several', { sessions: 3 })), ...goesForGood('a', 'c', 'd')],
    ],
    { fits: ({ policy }) => policy === 'multi' },
  ),
];
