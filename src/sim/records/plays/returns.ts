// Plays of those who lose their connection and come back: in whose place, what they are told again, and how long a node takes
// them for somebody who is there. Written from spec/hp.md. Refuses to know what a node does about it.

import type { House } from './house.ts';
import {
  ack,
  BYE,
  comes,
  END,
  enters,
  goes,
  heardIn,
  hears,
  homeOf,
  inRoom,
  line,
  login,
  LOOPBACK,
  named,
  play,
  type Play,
  says,
  saysIn,
  type Step,
  waits,
  welcome,
} from './play.ts';

const late = (lines: readonly string[]): readonly string[] =>
  lines.map((words) => `${words} delayed=true`);

/** An address of its own for each of one user's sessions, where a proof counts from there. */
function placeOf({ isPlain, proof }: House, number: number): string {
  return isPlain || proof === 'none' ? `10.7.1.${number}` : LOOPBACK;
}

function resumes(house: House, by: string, user: string): readonly Step[] {
  return [comes(by, homeOf(house, user)), says(by, line('RESUME', { token: 'TOKEN' }))];
}

/** And a little more, in which nobody needs to be asked whether he is there. */
function fiveSeconds(): readonly Step[] {
  const breath = [waits(2_600), ...['a', 'b', 'c'].map((by) => says(by, '\n'))];
  return [...breath, ...breath];
}

const direct = 'DIRECT_MESSAGE id=m1';
const toAbbot = [
  ['monk', 'b'],
  ['nun', 'c'],
] as const;

export const returnPlays: readonly Play[] = [
  play('empty-lines-tell-of-life', (house) => [
    ...[...enters(house, 'a', 'silent'), ...inRoom('a', 'quiet', 1)],
    ...Array.from({ length: 4 }, () => [waits(2_000), says('a', '\n')]).flat(),
    ...[waits(2_500), says('a', line('PING', { echo: 'e' })), hears('a', 'PONG echo=e')],
    // Nobody is sent away without having been asked.
    ...[waits(5_900), says('a', '\r\n'), waits(2_500), hears('a', 'PING')],
    ...[waits(100), says('a', line('PONG')), waits(2_500), hears('a', 'PING')],
    ...[hears('a', 'ERROR PING_TIMEOUT ref=null fatal', END), ...resumes(house, 'a', 'silent')],
    hears('a', 'RESUME_OK user=silent caps=[] status=online replayed=0 rooms=["quiet"]'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('the-oldest-of-the-absent-makes-way', (house) => {
    const inAs = (by: string, number: number, sessions: number): Step[] => [
      ...[comes(by, placeOf(house, number)), says(by, login(house, 'many'))],
      hears(by, welcome('many', { sessions })),
    ];
    return [
      ...[...inAs('a', 1, 1), ...inAs('b', 2, 2), ...inAs('c', 3, 3)],
      ...[comes('d', placeOf(house, 4)), says('d', login(house, 'many'))],
      hears('d', 'ERROR SESSION_LIMIT'),
      ...[goes('b'), waits(200), goes('a'), waits(200), says('d', login(house, 'many'))],
      ...[hears('d', welcome('many', { sessions: 3 })), ...resumes(house, 'b', 'many')],
      ...[hears('b', 'RESUME_OK user=many caps=[] status=online replayed=0 rooms=[]')],
      ...[...resumes(house, 'a', 'many'), hears('a', 'ERROR SESSION_EXPIRED payload.token')],
      ...['b', 'c', 'd'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
    ];
  }),
  play('acknowledged-out-of-order', (house) => [
    ...[...enters(house, 'a', 'scholar', { caps: ['ack'] }), ...enters(house, 'b', 'tutor')],
    ...[...inRoom('a', 'holes', 1), ...inRoom('b', 'holes', 2)],
    hears('a', 'ROOM_EVENT room=holes event=join user=tutor count=2'),
    ...saysIn(house, 'b', 'holes', named(4)),
    ...[hears('a', ...heardIn('holes', 'tutor', named(4))), says('a', line('ACK', { ref: 'm3' }))],
    ...[says('a', line('PING')), hears('a', 'PONG')],
    // What was acknowledged comes at no return, and what was not at each.
    ...[1, 2].flatMap(() => [
      ...[goes('a'), ...resumes(house, 'a', 'scholar')],
      hears(
        'a',
        'RESUME_OK user=scholar caps=["ack"] status=online replayed=3 rooms=["holes"]',
        ...late(heardIn('holes', 'tutor', named(2))),
        ...late(heardIn('holes', 'tutor', named(1, 4), 4)),
      ),
    ]),
    ...[says('a', line('ACK', { refs: ['m1', 'm2', 'm4'] }) + line('PING')), hears('a', 'PONG')],
    ...[goes('a'), ...resumes(house, 'a', 'scholar')],
    hears('a', 'RESUME_OK user=scholar caps=["ack"] status=online replayed=0 rooms=["holes"]'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
    hears('b', 'ROOM_EVENT room=holes event=leave user=scholar count=1'),
  ]),
  play('ids-of-two-senders', (house) => [
    ...[...enters(house, 'a', 'abbot', { caps: ['ack'] }), ...enters(house, 'b', 'monk')],
    ...enters(house, 'c', 'nun'),
    // What the one said is not acknowledged, and the other one says something else by the same name.
    ...toAbbot.flatMap(([from, by]) => [
      says(by, line('DIRECT_MESSAGE', { to: 'abbot', body: by }, 'm1')),
      hears('a', `${direct} from=${from} to=abbot body=${by}`),
    ]),
    ...[goes('a'), ...resumes(house, 'a', 'abbot')],
    hears(
      'a',
      'RESUME_OK user=abbot caps=["ack"] status=online replayed=2 rooms=[]',
      ...late(toAbbot.map(([from, body]) => `${direct} from=${from} to=abbot body=${body}`)),
    ),
    says('a', line('ACK', { ref: 'm1' })),
    ...['b', 'c'].map((by) => hears(by, ack(house, 'm1', 'status=accepted'))),
    ...['a', 'b', 'c'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
  ]),
  play('told-of-users-again', (house) => [
    ...[...enters(house, 'a', 'fan'), ...enters(house, 'b', 'star'), ...enters(house, 'c', 'rock')],
    says('a', line('PRESENCE_SUBSCRIBE', { users: ['star', 'rock'] })),
    hears(
      'a',
      'PRESENCE_STATE users=[{"user":"star","status":"online","sessions":1},{"user":"rock","status":"online","sessions":1}]',
    ),
    ...[...fiveSeconds(), says('b', line('PRESENCE_SET', { status: 'away', note: 'n' }))],
    ...[hears('b', 'ACK'), hears('a', 'PRESENCE_EVENT user=star status=away note=n')],
    // What it says now may have been on its way before it heard that.
    ...[waits(1_000), says('a', line('PING')), hears('a', 'PONG'), goes('a')],
    ...resumes(house, 'a', 'fan'),
    hears(
      'a',
      'RESUME_OK user=fan caps=[] status=online replayed=0 rooms=[]',
      'PRESENCE_EVENT user=star status=away note=n',
    ),
    ...[...fiveSeconds(), says('a', line('PING')), hears('a', 'PONG'), goes('a')],
    ...resumes(house, 'a', 'fan'),
    hears('a', 'RESUME_OK user=fan caps=[] status=online replayed=0 rooms=[]'),
    ...['a', 'b', 'c'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
  ]),
];
