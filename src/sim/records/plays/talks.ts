// Plays of those who are in: who says too much or nothing that can be read, what a page holds, what is told again, what waits, and
// how a session ends. Written from spec/hp.md. Refuses to know what a node does about it.

import type { House } from './house.ts';
import {
  ack,
  BYE,
  heardIn,
  inRoom,
  named,
  saysIn,
  comes,
  drains,
  END,
  enters,
  fails,
  gathers,
  goes,
  hears,
  homeOf,
  line,
  play,
  type Play,
  says,
  type Step,
  waits,
} from './play.ts';

const TOO_FAST = 'ERROR RATE_LIMITED retry_after=0.1..2';
const isSlow = (house: House): boolean => house.isSlow;
const isAny = (): boolean => true;

/** By eighteen ids. */
const letters = 'a b c d e f g h i j k l m n o p q r'.split(' ');

const long = (id: string): string => `${id.padEnd(2, '.').slice(0, 2)}~16000`;
const longs = (from: number, to: number): string =>
  named(to - from + 1, from)
    .map(long)
    .join(',');

/** Bodies of 16,000: six of them are less than a page, and seven are more. */
function pages(of: object, words: string): readonly Step[] {
  const page = (more: object, from: number, to: number, isMore: boolean): Step[] => [
    says('a', line('HISTORY', { ...of, limit: 100, ...more })),
    hears('a', `HISTORY_OK ${words} messages=${longs(from, to)} more=${String(isMore)}`),
  ];
  return [
    ...[
      ...page({}, 3, 8, true),
      ...page({ before: 3 }, 1, 2, false),
      ...page({ after: 0 }, 1, 6, true),
    ],
    ...[
      ...page({ after: 6 }, 7, 8, false),
      ...page({ before: 8 }, 2, 7, true),
      ...page({ after: 1 }, 2, 7, true),
    ],
    ...[...page({ limit: 2 }, 7, 8, true), ...page({ limit: 2, after: 5 }, 6, 7, true)],
    ...page({ limit: 2, after: 6 }, 7, 8, false),
    ...page({ limit: 6 }, 3, 8, true),
  ];
}

export const talkPlays: readonly Play[] = [
  play(
    'too-fast-for-long',
    (house) => {
      const room = (id: string): string => line('ROOM_MESSAGE', { room: 'fast', body: id }, id);
      const said = (from: number, count: number): string => named(count, from).map(room).join('');
      const taken = (from: number): readonly string[] =>
        named(4, from).map((id, at) => ack(house, id, `status=accepted seq=${from + at}`));
      const refused = (count: number): readonly string[] =>
        Array.from({ length: count }, () => TOO_FAST);
      return [
        ...[...enters(house, 'a', 'hasty'), ...inRoom('a', 'fast', 1)],
        ...[
          says('a', said(1, 4)),
          hears('a', ...taken(1)),
          says('a', said(11, 15)),
          hears('a', ...refused(15)),
        ],
        ...[waits(2_600), says('a', said(5, 4)), hears('a', ...taken(5))],
        // Four of fifteen are made up for.
        ...[
          says('a', said(31, 8)),
          hears('a', ...refused(8)),
          says('a', line('PING')),
          hears('a', 'PONG'),
        ],
        ...[says('a', said(41, 2)), hears('a', TOO_FAST.replace('retry', 'fatal retry'), END)],
        ...[comes('a', homeOf(house, 'hasty')), says('a', line('RESUME', { token: 'TOKEN' }))],
        hears('a', 'ERROR SESSION_EXPIRED payload.token'),
      ];
    },
    isSlow,
  ),
  play(
    'signs-that-are-too-many',
    (house) => [
      ...[...enters(house, 'a', 'typist'), ...inRoom('a', 'signs', 1)],
      ...[...enters(house, 'b', 'reader'), ...inRoom('b', 'signs', 2)],
      hears('a', 'ROOM_EVENT room=signs event=join user=reader count=2'),
      says('a', ...Array.from({ length: 7 }, () => line('TYPING', { room: 'signs', on: true }))),
      ...[
        waits(60),
        hears('b', ...Array.from({ length: 4 }, () => 'TYPING room=signs from=typist on=true')),
      ],
      // They are counted by themselves.
      ...[
        ...saysIn(house, 'a', 'signs', ['m1']),
        hears('b', ...heardIn('signs', 'typist', ['m1'])),
      ],
      ...[says('a', line('BYE')), hears('a', ...BYE)],
      hears('b', 'ROOM_EVENT room=signs event=leave user=typist count=1'),
    ],
    isSlow,
  ),
  play(
    'a-bug-strikes',
    (house) => [
      ...[...enters(house, 'a', 'struck'), ...inRoom('a', 'bugs', 1)],
      ...[...enters(house, 'b', 'spared'), ...inRoom('b', 'bugs', 2)],
      hears('a', 'ROOM_EVENT room=bugs event=join user=spared count=2'),
      says('b', line('PRESENCE_SUBSCRIBE', { users: ['struck'] })),
      hears('b', 'PRESENCE_STATE users=[{"user":"struck","status":"online","sessions":1}]'),
      ...[fails('a'), hears('a', 'ERROR INTERNAL ref=null fatal', END)],
      ...[waits(1_100), hears('b', 'ROOM_EVENT room=bugs event=leave user=struck count=1')],
      hears('b', 'PRESENCE_EVENT user=struck status=offline'),
      ...[comes('a', homeOf(house, 'struck')), says('a', line('RESUME', { token: 'TOKEN' }))],
      hears('a', 'ERROR SESSION_EXPIRED payload.token'),
      ...[...saysIn(house, 'b', 'bugs', ['m1']), says('b', line('ROOM_MEMBERS', { room: 'bugs' }))],
      hears(
        'b',
        'ROOM_MEMBERS_OK room=bugs members=[{"user":"spared","status":"online"}] count=1 more=false partial=false',
      ),
      ...[says('b', line('BYE')), hears('b', ...BYE)],
    ],
    isAny,
  ),
  play('a-bug-strikes-strangers', () => [
    ...[comes('a', '10.6.1.1'), says('a', line('PING')), hears('a', 'PONG'), fails('a')],
    hears('a', 'ERROR INTERNAL ref=null fatal', END),
  ]),
  play('lines-without-end', (house) => [
    ...[
      ...enters(house, 'a', 'endless'),
      says('a', `${'x'.repeat(8 * 20_000 - 1)}\n${line('PING')}`),
    ],
    ...[
      hears('a', 'ERROR LINE_TOO_LONG ref=null', 'PONG'),
      says('a', `${'x'.repeat(19_999)}\n${'x'.repeat(19_998)}\r\n`),
    ],
    hears('a', 'ERROR INVALID_JSON ref=null', 'ERROR INVALID_JSON ref=null'),
    ...[says('a', 'x'.repeat(20_000)), hears('a', 'ERROR LINE_TOO_LONG ref=null')],
    ...[says('a', 'x'.repeat(8 * 20_000 - 20_000)), waits(50), says('a', 'x')],
    hears('a', 'ERROR LINE_TOO_LONG ref=null fatal', END),
  ]),
  play('nonsense', (house) => [
    ...enters(house, 'a', 'senseless'),
    says(
      'a',
      ...Array.from({ length: 9 }, () => '}\n'),
      line('PING'),
      line('LEAVE', { room: 'x' }),
      '[]\n',
    ),
    hears('a', ...Array.from({ length: 9 }, () => 'ERROR INVALID_JSON ref=null'), 'PONG'),
    hears('a', 'ERROR NOT_IN_ROOM payload.room', 'ERROR INVALID_MESSAGE ref=null fatal', END),
    ...[comes('a', homeOf(house, 'senseless')), says('a', line('RESUME', { token: 'TOKEN' }))],
    hears('a', 'ERROR SESSION_EXPIRED payload.token'),
  ]),
  play(
    'typed-by-hand',
    (house) => [
      ...[...enters(house, 'a', 'person'), ...inRoom('a', 'hand', 1)],
      ...[...enters(house, 'b', 'listener'), ...inRoom('b', 'hand', 2)],
      hears('a', 'ROOM_EVENT room=hand event=join user=listener count=2'),
      says('a', line('ROOM_MESSAGE', { room: 'hand', body: 'x' }, '')),
      hears('a', 'ACK ref=made id=made status=accepted seq=1'),
      hears('b', 'ROOM_MESSAGE id=made room=hand from=person body=x seq=1'),
      ...[says('a', '{"version":"1.0","type":"WHOAMI"}\n')],
      hears('a', 'WHOAMI_OK ref=made user=person status=online caps=[] rooms=["hand"]'),
      ...[says('a', '{"type":"PING"}\n'), hears('a', 'ERROR MISSING_FIELD ref=null version')],
    ],
    (house) => house.isLenient && !house.isSlow,
  ),
  play(
    'not-by-hand',
    (house) => [
      ...[...enters(house, 'a', 'strict'), says('a', line('WHOAMI', {}, ''))],
      hears('a', 'ERROR MISSING_FIELD ref=null id'),
    ],
    (house) => !house.isLenient,
  ),
  play(
    'no-place-for-a-room',
    (house) => [
      // Those who played before are over, and so are their rooms.
      waits(2_700),
      ...['a', 'b', 'c', 'd'].flatMap((by) => [
        ...[...enters(house, by, `r${by}`), ...inRoom(by, `${by}1`, 1), ...inRoom(by, `${by}2`, 1)],
      ]),
      ...[says('a', line('JOIN', { room: 'a3' })), hears('a', 'ERROR FORBIDDEN payload.room')],
      ...[...enters(house, 'e', 're'), says('e', line('JOIN', { room: 'e1' }))],
      ...[hears('e', 'ERROR UNAVAILABLE'), ...inRoom('e', 'a1', 2)],
      hears('a', 'ROOM_EVENT room=a1 event=join user=re count=2'),
      ...[
        says('b', line('LEAVE', { room: 'b1' })),
        hears('b', 'LEAVE_OK room=b1'),
        ...inRoom('e', 'e1', 1),
      ],
      ...[says('b', line('JOIN', { room: 'b1' })), hears('b', 'ERROR UNAVAILABLE')],
      ...[says('e', line('BYE')), hears('e', ...BYE)],
      hears('a', 'ROOM_EVENT room=a1 event=leave user=re count=1'),
      ...['a', 'b', 'c', 'd'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
    ],
    (house) => house.shards === 1 && !house.isSlow,
  ),
  play('pages-of-long-words', (house) => [
    ...[...enters(house, 'a', 'pager'), ...inRoom('a', 'long', 1)],
    ...saysIn(house, 'a', 'long', named(8), 1, 16_000),
    ...pages({ room: 'long' }, 'room=long'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('pages-of-long-letters', (house) => [
    ...[...enters(house, 'a', 'writer'), ...enters(house, 'b', 'receiver')],
    ...named(8).flatMap((id): Step[] => [
      says('a', line('DIRECT_MESSAGE', { to: 'receiver', body: id.padEnd(16_000, '.') }, id)),
      hears('b', `DIRECT_MESSAGE id=${id} from=writer to=receiver body=${long(id)}`),
      hears('a', ack(house, id, 'status=delivered')),
    ]),
    ...pages({ with: 'receiver' }, 'with=receiver'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('what-was-not-written', (house) => [
    ...[...enters(house, 'b', 'speaker'), ...inRoom('b', 'unread', 1)],
    ...[
      comes('a', homeOf(house, 'blind')),
      ...enters(house, 'a', 'blind').slice(1),
      ...inRoom('a', 'unread', 2),
    ],
    ...[hears('b', 'ROOM_EVENT room=unread event=join user=blind count=2'), goes('a')],
    ...[
      comes('a', homeOf(house, 'blind'), true),
      says('a', line('RESUME', { token: 'TOKEN' })),
      waits(100),
    ],
    // More than a node writes to somebody who takes nothing.
    ...saysIn(house, 'b', 'unread', letters, 1, 16_000),
    ...[waits(200), goes('a'), comes('a', homeOf(house, 'blind'))],
    ...[
      says('a', line('RESUME', { token: 'TOKEN' })),
      gathers('a', ...letters.map((id) => `${id}.~16000`)),
    ],
    ...[says('a', line('BYE')), hears('a', ...BYE)],
    hears('b', 'ROOM_EVENT room=unread event=leave user=blind count=1'),
  ]),
  play(
    'the-node-goes',
    (house) => [
      ...[...enters(house, 'a', 'guest'), comes('b', '10.6.9.1'), comes('c', '10.6.9.2')],
      ...[says('b', line('PING')), hears('b', 'PONG'), drains(5_500)],
      hears('b', `BYE ${GOES} resume=false`, END),
      hears('a', `NOTICE ${GOES} resume=false`, `BYE ${GOES}`, END),
      ...[hears('c', `BYE ${GOES} resume=false`, END), comes('d', '10.6.9.3')],
      hears('d', 'ERROR SERVER_DRAINING ref=null fatal retry_after=5', END),
      ...[
        comes('a', homeOf(house, 'guest')),
        hears('a', 'ERROR SERVER_DRAINING ref=null fatal retry_after=5', END),
      ],
    ],
    isAny,
  ),
];

const GOES = 'code=SERVER_DRAINING retry_after=1';
