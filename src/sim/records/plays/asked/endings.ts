// Plays of those who say no more, who look around, and whom others see do so. Written from spec/hp.md, "Framing", "Room messages",
// "Receipts and typing" and "Presence". Refuses to know what a node does about it.

import {
  ack,
  BYE,
  comes,
  END,
  ends,
  enters,
  goes,
  has,
  heardIn,
  hears,
  homeOf,
  inRoom,
  line,
  login,
  play,
  type Play,
  says,
  saysIn,
  type Step,
  waits,
} from '../play.ts';
import { CAPS, waysOf } from '../proofs.ts';

const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);

export const endingPlays: readonly Play[] = [
  play('no-more-is-said', (house) => [
    ...[comes('a', '10.5.4.1'), says('a', line('HELLO') + line('PING').trimEnd()), ends('a')],
    hears('a', `HELLO_OK version=1.0 caps=${CAPS} auth=${waysOf(house)}`, END),
    ...[...enters(house, 'a', 'terse'), ...inRoom('a', 'hush', 1)],
    ...[...enters(house, 'b', 'chatty'), ...inRoom('b', 'hush', 2)],
    hears('a', 'ROOM_EVENT room=hush event=join user=chatty count=2'),
    says('a', line('ROOM_MESSAGE', { room: 'hush', body: 'm1' }, 'm1') + line('BYE').trimEnd()),
    ...[ends('a'), hears('a', ack(house, 'm1', 'status=accepted seq=1'), END)],
    ...[hears('b', ...heardIn('hush', 'terse', ['m1'])), ...saysIn(house, 'b', 'hush', ['m2'], 2)],
    // The session waits as after any lost connection.
    ...[comes('a', homeOf(house, 'terse')), says('a', line('RESUME', { token: 'TOKEN' }))],
    hears(
      'a',
      'RESUME_OK user=terse caps=[] status=online replayed=1 rooms=["hush"]',
      ...heardIn('hush', 'chatty', ['m2'], 2).map((words) => `${words} delayed=true`),
    ),
    ...[...leave('a'), hears('b', 'ROOM_EVENT room=hush event=leave user=terse count=1')],
    ...leave('b'),
  ]),
  play('several-of-one-in-a-room', (house) => [
    ...[...enters(house, 'w', 'lodger'), ...inRoom('w', 'flat', 1)],
    ...[...enters(house, 'a', 'guest.one'), ...inRoom('a', 'flat', 2)],
    hears('w', 'ROOM_EVENT room=flat event=join user=guest.one count=2'),
    // Further sessions of one user are nobody's news.
    ...[...enters(house, 'b', 'Guest.One', { sessions: 2 }), ...inRoom('b', 'flat', 2)],
    ...[
      ...saysIn(house, 'a', 'flat', ['m1']),
      ...['b', 'w'].map((by) => hears(by, ...heardIn('flat', 'guest.one', ['m1']))),
    ],
    ...[says('b', line('TYPING', { room: 'flat', on: true })), waits(100)],
    ...[has('b'), ...['a', 'w'].map((by) => has(by, 'TYPING room=flat from=Guest.One on=true'))],
    ...[...leave('a'), waits(200), has('w'), has('b'), goes('b'), waits(200), has('w')],
    ...[comes('b', homeOf(house, 'guest.one')), says('b', line('RESUME', { token: 'TOKEN' }))],
    hears('b', 'RESUME_OK user=Guest.One caps=[] status=online replayed=0 rooms=["flat"]'),
    ...[says('b', line('LEAVE', { room: 'flat' })), hears('b', 'LEAVE_OK room=flat'), waits(100)],
    ...[has('w', 'ROOM_EVENT room=flat event=leave user=Guest.One count=1'), has('b')],
    ...leave('b', 'w'),
  ]),
  play('comes-in-busy', (house) => [
    ...[
      ...enters(house, 'w', 'porter'),
      says('w', line('PRESENCE_SUBSCRIBE', { users: ['guest.two'] })),
    ],
    hears('w', 'PRESENCE_STATE users=[{"user":"guest.two","status":"offline","sessions":0}]'),
    ...[comes('a', homeOf(house, 'guest.two'))],
    ...[
      says(
        'a',
        login(house, 'guest.two', { status: 'busy', caps: ['tele', 'echo', 'ack'], device: 'd' }),
      ),
    ],
    hears(
      'a',
      'LOGIN_OK user=guest.two caps=["ack","echo"] status=busy offline_count=0 sessions=1',
    ),
    hears('w', 'PRESENCE_EVENT user=guest.two status=busy'),
    ...[says('a', line('WHOAMI'))],
    hears('a', 'WHOAMI_OK user=guest.two status=busy caps=["ack","echo"] rooms=[]'),
    ...[...inRoom('a', 'zeta', 1), ...inRoom('a', 'alpha', 1)],
    ...[says('w', line('ROOM_MEMBERS', { room: 'zeta' }))],
    hears(
      'w',
      'ROOM_MEMBERS_OK room=zeta members=[{"user":"guest.two","status":"busy"}] count=1 more=false partial=false',
    ),
    ...[
      says('a', line('PRESENCE_SET', { status: 'away', note: 'gone' })),
      hears('a', 'ACK'),
      waits(100),
    ],
    ...[says('w', line('ROOM_MEMBERS', { room: 'alpha' }))],
    hears(
      'w',
      'ROOM_MEMBERS_OK room=alpha members=[{"user":"guest.two","status":"away"}] count=1 more=false partial=false',
    ),
    hears('w', 'PRESENCE_EVENT user=guest.two status=away note=gone'),
    // Whoever comes back is what he was.
    ...[
      goes('a'),
      comes('a', homeOf(house, 'guest.two')),
      says('a', line('RESUME', { token: 'TOKEN' })),
    ],
    hears(
      'a',
      'RESUME_OK user=guest.two caps=["ack","echo"] status=away replayed=0 rooms=["zeta","alpha"]',
    ),
    ...[says('a', line('WHOAMI'))],
    hears(
      'a',
      'WHOAMI_OK user=guest.two status=away note=gone caps=["ack","echo"] rooms=["zeta","alpha"]',
    ),
    ...[
      waits(1_000),
      has('w'),
      ...leave('a'),
      hears('w', 'PRESENCE_EVENT user=guest.two status=offline'),
    ],
    ...leave('w'),
  ]),
];
