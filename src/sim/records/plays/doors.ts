// Plays before anybody is in: who is too many, who comes too often, whose line has no end. Written from spec/hp.md, "Connections"
// and "Framing". Refuses to know what comes behind the door.

import type { House } from './house.ts';
import {
  comes,
  END,
  enters,
  goes,
  hears,
  homeOf,
  line,
  LOOPBACK,
  play,
  type Play,
  says,
  type Step,
  waits,
} from './play.ts';
import { CAPS, waysOf } from './proofs.ts';

/** Each thread counts those whom it is given. */
const ofOneThread = ({ shards }: House): boolean => shards === 1;
const FULL = 'ERROR UNAVAILABLE ref=null fatal retry_after=5';

function isHeard(by: string): readonly Step[] {
  return [says(by, line('PING', { echo: by })), hears(by, `PONG echo=${by}`)];
}

/** So many from one network, one after the other. */
function come(letters: string, from: (place: number) => string): readonly Step[] {
  return letters.split('').flatMap((by, place) => [comes(by, from(place)), ...isHeard(by)]);
}

function fromOne(name: string, from: (place: number) => string, elsewhere: string): Play {
  return play(
    name,
    () => [
      ...come('abc', from),
      ...[comes('d', from(3)), hears('d', FULL, END)],
      ...[comes('e', elsewhere), ...isHeard('e')],
      ...[...isHeard('a'), goes('b')],
      ...[comes('f', from(5)), ...isHeard('f'), comes('g', from(6)), hears('g', FULL, END)],
      ...isHeard('c'),
    ],
    ofOneThread,
  );
}

export const doorPlays: readonly Play[] = [
  fromOne('many-of-one-address', () => '10.8.1.1', '10.8.1.2'),
  fromOne(
    'many-of-one-network',
    (place) => (place % 2 === 0 ? `2001:db8:8:1::${place + 1}` : `2001:db8:8:1:${place}:2:3:4`),
    '2001:db8:8:2::1',
  ),
  fromOne(
    'many-of-a-short-network',
    (place) => (place % 2 === 0 ? `2001:db8::2:3:4:5:${place}` : `2001:db8:0:2::${place}`),
    '2001:db8::3:3:4:5:1',
  ),
  play(
    'full-of-all',
    () => [
      ...come('abcdef', (place) => `10.8.2.${place}`),
      ...[comes('g', '10.8.2.9'), hears('g', FULL, END)],
      ...[comes('h', LOOPBACK), hears('h', FULL, END)],
      ...[...isHeard('a'), ...isHeard('f'), goes('c')],
      ...[comes('i', '10.8.2.10'), ...isHeard('i'), comes('j', '10.8.2.11'), hears('j', FULL, END)],
    ],
    ofOneThread,
  ),
  play(
    'too-often',
    () => {
      const once = (by: string): Step[] => [comes(by, '10.8.3.1'), ...isHeard(by), goes(by)];
      const soon = (least: number, most: number): string =>
        `ERROR UNAVAILABLE ref=null fatal retry_after=${least}..${most}`;
      return [
        ...[...once('a'), ...once('b'), waits(1_500), ...once('c'), ...once('d')],
        ...[...once('e'), ...once('f'), comes('g', '10.8.3.1'), hears('g', soon(1, 1), END)],
        ...[comes('h', '10.8.3.2'), ...isHeard('h'), waits(900)],
        // Two of them are forgotten, and no more.
        ...[...once('i'), ...once('j'), comes('k', '10.8.3.1'), hears('k', soon(1, 2), END)],
      ];
    },
    ofOneThread,
  ),
  play(
    'too-often-from-one-network',
    () => [
      ...'abcdef'.split('').flatMap((by, place) => {
        const from = `2001:db8:9:1::${place}`;
        return [comes(by, from), ...isHeard(by), goes(by)];
      }),
      ...[
        comes('g', '2001:db8:9:1:7::1'),
        hears('g', 'ERROR UNAVAILABLE ref=null fatal retry_after=1..3', END),
      ],
      ...[comes('h', '2001:db8:9:2::1'), ...isHeard('h')],
    ],
    ofOneThread,
  ),
  play(
    'often-from-here',
    () =>
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].flatMap((by, place) => [
        comes(by, LOOPBACK),
        ...isHeard(by),
        // Five at a time are more than one address may have.
        ...(place > 3 ? [goes(by)] : []),
      ]),
    ofOneThread,
  ),
  play(
    'who-is-away-keeps-nobody-out',
    (house) => {
      const from = homeOf(house, 'away');
      return [
        ...[...enters(house, 'a', 'away'), ...enters(house, 'b', 'away', { sessions: 2 })],
        ...[...enters(house, 'c', 'away', { sessions: 3 }), goes('a'), goes('b'), goes('c')],
        ...[...come('def', () => from), says('d', line('RESUME', { token: 'none' }))],
        hears('d', 'ERROR SESSION_EXPIRED payload.token'),
      ];
    },
    (house) => ofOneThread(house) && house.isPlain,
  ),
  play('nothing-fits-before-login', () => [
    ...[comes('a', '10.8.4.1'), says('a', `${'x'.repeat(1_999)}\n`)],
    ...[hears('a', 'ERROR INVALID_JSON ref=null'), says('a', `${'x'.repeat(1_998)}\r\n`)],
    ...[hears('a', 'ERROR INVALID_JSON ref=null'), says('a', 'x'.repeat(2_000))],
    hears('a', 'ERROR LINE_TOO_LONG ref=null fatal', END),
  ]),
  play('goodbyes-of-strangers', () => [
    ...[comes('a', '10.8.5.1'), says('a', line('LOGOUT', {}, 'l1') + line('WHOAMI', {}, 'w1'))],
    hears('a', 'ERROR NOT_LOGGED_IN', 'ERROR NOT_LOGGED_IN'),
    ...[
      says('a', line('BYE', { reason: 'enough' }) + line('PING')),
      hears('a', 'BYE reason=enough', END),
    ],
  ]),
  play('nobody-comes-in', (house) => [
    ...[comes('a', '10.8.6.1'), says('a', line('HELLO'))],
    hears('a', `HELLO_OK version=1.0 caps=${CAPS} auth=${waysOf(house)}`),
    ...[waits(2_800), ...isHeard('a')],
    hears('a', 'ERROR LOGIN_TIMEOUT ref=null fatal', END),
  ]),
];
