// Plays of those who read nothing of what they are told. Written from spec/hp.md, "Limits". Refuses to know what a node does about
// it.

import type { House } from '../house.ts';
import {
  BYE,
  comes,
  END,
  gathers,
  enters,
  hears,
  hearsAtLast,
  homeOf,
  has,
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

/** Nobody needs to be asked whether he is there. */
function later(ms: number): readonly Step[] {
  return [says('a', '\n'), says('b', '\n'), waits(ms)];
}

function blind(house: House, room: string, by: string, other: string): readonly Step[] {
  return [
    ...[...enters(house, 'b', other), ...inRoom('b', room, 1)],
    ...[comes('a', homeOf(house, by), true), ...enters(house, 'a', by).slice(1, 2), waits(100)],
    ...[
      says('a', line('JOIN', { room })),
      hears('b', `ROOM_EVENT room=${room} event=join user=${by} count=2`),
    ],
  ];
}

const left = (room: string, user: string): string =>
  `ROOM_EVENT room=${room} event=leave user=${user} count=1`;

function isOver(house: House, by: string): readonly Step[] {
  return [
    hearsAtLast('a', 'ERROR SLOW_CONSUMER ref=null fatal', END),
    ...[comes('a', homeOf(house, by)), says('a', line('RESUME', { token: 'TOKEN' }))],
    ...[
      hears('a', 'ERROR SESSION_EXPIRED payload.token'),
      says('b', line('BYE')),
      hears('b', ...BYE),
    ],
  ];
}

/** It is a megabyte. */
const isSeldom = ({ isLenient, isSlow }: House): boolean => isLenient && !isSlow;

export const readerPlays: readonly Play[] = [
  play(
    'more-than-fits-his-queue',
    (house) => [
      ...[...blind(house, 'flood', 'dam', 'river'), ...enters(house, 'w', 'gauge')],
      ...[says('w', line('PRESENCE_SUBSCRIBE', { users: ['dam'] }))],
      hears('w', 'PRESENCE_STATE users=[{"user":"dam","status":"online","sessions":1}]'),
      ...[...saysIn(house, 'b', 'flood', named(46), 1, 16_000), waits(1_100), has('w'), has('b')],
      ...named(24, 47).map((id) =>
        says('b', line('ROOM_MESSAGE', { room: 'flood', body: id.padEnd(16_000, '.') }, id)),
      ),
      ...[waits(200), gathers('b'), has('w', 'PRESENCE_EVENT user=dam status=offline')],
      ...[...isOver(house, 'dam'), says('w', line('BYE')), hears('w', ...BYE)],
    ],
    isSeldom,
  ),
  play('nothing-is-read-for-long', (house) => [
    ...[
      ...blind(house, 'pond', 'mill', 'brook'),
      ...saysIn(house, 'b', 'pond', named(20), 1, 16_000),
    ],
    ...[...later(3_500), ...later(3_500), has('b'), ...later(3_500)],
    ...[has('b', left('pond', 'mill')), ...isOver(house, 'mill')],
  ]),
];
