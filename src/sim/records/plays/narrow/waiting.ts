// Plays of what waits for somebody: for how long, and how much of it; of what two say by one name; and of strangers who say
// nothing. Written from spec/hp.md, "Direct messages", "Resume", "History" and "Liveness". Refuses to know what a node does about it.

import type { House } from '../house.ts';
import {
  ack,
  BYE,
  comes,
  END,
  enters,
  goes,
  has,
  hears,
  homeOf,
  line,
  play,
  type Play,
  says,
  type Step,
  waits,
} from '../play.ts';

const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);
const direct = (to: string, id: string, length = 0): string =>
  line('DIRECT_MESSAGE', { to, body: id.padEnd(length, '.') }, id);
const heardFrom = (from: string, to: string, id: string, length = 0): string =>
  `DIRECT_MESSAGE id=${id} from=${from} to=${to} body=${length > 0 ? `${id}~${length}` : id}`;
const late = (words: string): string => `${words} delayed=true`;
const letter = (house: House, by: string, to: string, id: string, status: string, length = 0) => [
  says(by, direct(to, id, length)),
  hears(by, ack(house, id, `status=${status}`)),
];
const resumes = (house: House, by: string, user: string, ...heard: readonly string[]): Step[] => [
  ...[comes(by, homeOf(house, user)), says(by, line('RESUME', { token: 'TOKEN' }))],
  hears(by, ...heard),
];
const back = (user: string, replayed: number, caps = '[]'): string =>
  `RESUME_OK user=${user} caps=${caps} status=online replayed=${replayed} rooms=[]`;
const page = (by: string, other: string, ids: readonly string[], more = false): readonly Step[] => [
  says(by, line('HISTORY', { with: other })),
  hears(by, `HISTORY_OK with=${other} messages=${ids.join(',')} more=${String(more)}`),
];
const mayWait = ({ policy }: House): boolean => policy !== 'reject';
const long = (id: string): string => `${id}~1500`;

export const waitingPlays: readonly Play[] = [
  play(
    'letters-that-are-too-old',
    (house) => [
      ...[...enters(house, 'a', 'poet'), ...letter(house, 'a', 'muse', 'm1', 'queued')],
      ...[waits(4_500), ...letter(house, 'a', 'muse', 'm2', 'queued'), waits(3_000)],
      ...[
        ...enters(house, 'b', 'muse', { offline: 1 }),
        hears('b', late(heardFrom('poet', 'muse', 'm2'))),
      ],
      ...leave('a', 'b'),
    ],
    mayWait,
  ),
  play(
    'letters-that-are-too-long',
    (house) => [
      ...[...enters(house, 'a', 'novelist'), ...enters(house, 'b', 'publisher'), goes('b')],
      ...letter(house, 'a', 'publisher', 'm1', 'accepted', 3_000),
      ...letter(house, 'a', 'publisher', 'm2', 'accepted', 3_000),
      // Six thousand bytes may wait for him, and not one more.
      ...[
        ...resumes(
          house,
          'b',
          'publisher',
          back('publisher', 2),
          ...['m1', 'm2'].map((id) => late(heardFrom('novelist', 'publisher', id, 3_000))),
        ),
        goes('b'),
      ],
      ...letter(house, 'a', 'publisher', 'm3', 'accepted', 3_000),
      ...letter(house, 'a', 'publisher', 'm4', 'accepted', 3_001),
      ...[waits(200), ...resumes(house, 'b', 'publisher', 'ERROR SESSION_EXPIRED payload.token')],
      ...enters(house, 'b', 'publisher', { offline: 2 }),
      hears(
        'b',
        late(heardFrom('novelist', 'publisher', 'm3', 3_000)),
        late(heardFrom('novelist', 'publisher', 'm4', 3_001)),
      ),
      ...leave('a', 'b'),
    ],
    mayWait,
  ),
  play(
    'pages-of-two-that-are-forgotten',
    (house) => [
      ...[...enters(house, 'a', 'former'), ...enters(house, 'b', 'latter')],
      ...['m1', 'm2', 'm3'].flatMap((id) => [
        ...[
          says('a', direct('latter', id, 1_500)),
          hears('b', heardFrom('former', 'latter', id, 1_500)),
        ],
        ...[hears('a', ack(house, id, 'status=delivered')), waits(100)],
      ]),
      // The older half of him who was told longer ago.
      ...[
        ...page('b', 'former', ['m3'].map(long)),
        ...page('a', 'latter', ['m1', 'm2', 'm3'].map(long)),
      ],
      ...leave('a', 'b'),
    ],
    ({ shards }) => shards === 1,
  ),
  play('one-name-for-two', (house) => [
    ...[...enters(house, 'a', 'castor'), ...enters(house, 'b', 'pollux')],
    ...enters(house, 'c', 'leda', { caps: ['ack'] }),
    ...['a', 'b'].flatMap((by) => [
      says(by, direct('leda', 'm1')),
      hears('c', heardFrom(by === 'a' ? 'castor' : 'pollux', 'leda', 'm1')),
    ]),
    ...[goes('c'), ...['a', 'b'].map((by) => hears(by, ack(house, 'm1', 'status=accepted')))],
    ...resumes(
      house,
      'c',
      'leda',
      back('leda', 2, '["ack"]'),
      ...['castor', 'pollux'].map((from) => late(heardFrom(from, 'leda', 'm1'))),
    ),
    // Who takes one of a name takes all of it.
    ...[says('c', line('ACK', { ref: 'm1' })), waits(100), goes('c')],
    ...[...resumes(house, 'c', 'leda', back('leda', 0, '["ack"]'))],
    ...['a', 'b'].flatMap((by) => [
      says(by, direct('leda', 'm1')),
      hears(by, ack(house, 'm1', 'status=delivered duplicate=true')),
    ]),
    ...leave('a', 'b', 'c'),
  ]),
  play(
    'sent-beside-while-away',
    (house) => [
      ...[...enters(house, 'a', 'jekyll', { caps: ['ack'] }), ...enters(house, 'c', 'utterson')],
      ...[...enters(house, 'b', 'jekyll', { caps: ['ack'], sessions: 2 }), goes('b')],
      ...[says('a', direct('utterson', 'm1')), hears('c', heardFrom('jekyll', 'utterson', 'm1'))],
      ...[
        hears('a', ack(house, 'm1', 'status=delivered')),
        ...letter(house, 'a', 'Jekyll', 'm2', 'accepted'),
      ],
      ...[
        waits(150),
        ...resumes(
          house,
          'b',
          'jekyll',
          back('jekyll', 2, '["ack"]'),
          `${late(heardFrom('jekyll', 'utterson', 'm1'))} sent=true`,
          late(heardFrom('jekyll', 'Jekyll', 'm2')),
        ),
      ],
      // What somebody has said himself waits for nobody.
      ...[goes('b'), says('a', direct('utterson', 'm3'))],
      hears('c', heardFrom('jekyll', 'utterson', 'm3')),
      ...[hears('a', ack(house, 'm3', 'status=delivered')), ...leave('a'), waits(2_900)],
      ...[...enters(house, 'a', 'jekyll', { offline: 1 })],
      hears('a', late(heardFrom('jekyll', 'Jekyll', 'm2'))),
      ...[waits(150), has('a'), ...leave('a', 'c')],
    ],
    ({ policy }) => policy === 'multi',
  ),
  play('strangers-who-say-nothing', (house) => [
    ...[comes('a', homeOf(house, 'mute')), waits(5_700), has('a'), hears('a', 'PING')],
    ...[waits(2_500), has('a'), hears('a', 'ERROR PING_TIMEOUT ref=null fatal', END)],
    ...[
      comes('a', homeOf(house, 'mute')),
      waits(5_700),
      says('a', line('PING')),
      hears('a', 'PONG'),
    ],
    ...[waits(5_500), says('a', line('PONG')), waits(300), has('a')],
    hears('a', 'ERROR LOGIN_TIMEOUT ref=null fatal', END),
  ]),
];
