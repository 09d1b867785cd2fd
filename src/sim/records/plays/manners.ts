// Plays of what people ask a node for, of what it passes on for them, and of letters beyond ASCII. Written from spec/hp.md.
// Refuses to know what a node does about it.

import {
  ack,
  BYE,
  comes,
  END,
  enters,
  goes,
  hears,
  heardIn,
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
  welcome,
} from './play.ts';
import { CAPS, waysOf } from './proofs.ts';

const direct = (to: string, id: string): string => line('DIRECT_MESSAGE', { to, body: id }, id);
const heardFrom = (from: string, to: string, id: string): string =>
  `DIRECT_MESSAGE id=${id} from=${from} to=${to} body=${id}`;
const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);

/** What people say has a character for each byte. */
function utf8(text: string): string {
  return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join('');
}

const encoder = new TextEncoder();

export const mannerPlays: readonly Play[] = [
  play('caps-of-both', (house) => [
    ...[comes('a', homeOf(house, 'able')), says('a', line('HELLO', { caps: ['echo', 'tele'] }))],
    hears('a', `HELLO_OK version=1.0 caps=${CAPS} auth=${waysOf(house)}`),
    ...[says('a', line('HELLO')), hears('a', 'ERROR FORBIDDEN type')],
    says('a', login(house, 'able', { caps: ['ack'] })),
    ...[hears('a', welcome('able', { caps: ['ack', 'echo'] })), ...inRoom('a', 'able', 1)],
    says('a', line('ROOM_MESSAGE', { room: 'able', body: 'm1' }, 'm1')),
    hears('a', ack(house, 'm1', 'status=accepted seq=1'), ...heardIn('able', 'able', ['m1'])),
    ...[goes('a'), comes('a', homeOf(house, 'able'))],
    says('a', line('RESUME', { token: 'TOKEN' })),
    hears(
      'a',
      'RESUME_OK user=able caps=["ack","echo"] status=online replayed=1 rooms=["able"]',
      ...heardIn('able', 'able', ['m1']).map((words) => `${words} delayed=true`),
    ),
    ...[says('a', line('ACK', { ref: 'm1' })), ...leave('a')],
  ]),
  play('of-another-version', (house) => [
    ...[comes('a', '10.8.7.1'), says('a', line('PING').replace('"1.0"', '"1.7"'))],
    ...[hears('a', 'PONG'), says('a', line('PING').replace('"1.0"', '"2.0"'))],
    hears('a', 'ERROR UNSUPPORTED_VERSION version supported=["1.0"] fatal', END),
    ...[comes('a', '10.8.7.2'), says('a', line('HELLO', { versions: ['2.0', '3.1'] }))],
    hears('a', 'ERROR UNSUPPORTED_VERSION payload.versions supported=["1.0"] fatal', END),
    ...[...enters(house, 'b', 'modern'), says('b', line('PING').replace('"1.0"', '1'))],
    hears('b', 'ERROR INVALID_VERSION version supported=["1.0"] fatal', END),
    ...[comes('b', homeOf(house, 'modern')), says('b', line('RESUME', { token: 'TOKEN' }))],
    hears('b', 'ERROR SESSION_EXPIRED payload.token'),
  ]),
  play('watched-no-more', (house) => [
    ...[...enters(house, 'a', 'watcher'), ...enters(house, 'b', 'watched')],
    says('a', line('PRESENCE_SUBSCRIBE', { users: ['watched', 'Nobody'] })),
    hears(
      'a',
      'PRESENCE_STATE users=[{"user":"watched","status":"online","sessions":1},{"user":"Nobody","status":"offline","sessions":0}]',
    ),
    ...[says('b', line('PRESENCE_SET', { status: 'busy' })), hears('b', 'ACK')],
    hears('a', 'PRESENCE_EVENT user=watched status=busy'),
    ...[says('a', line('PRESENCE_UNSUBSCRIBE', { users: ['WATCHED'] })), hears('a', 'ACK')],
    ...[waits(1_100), says('b', line('PRESENCE_SET', { status: 'away' })), hears('b', 'ACK')],
    ...[
      waits(1_200),
      ...enters(house, 'c', 'Nobody'),
      hears('a', 'PRESENCE_EVENT user=Nobody status=online'),
    ],
    ...[says('a', line('PRESENCE_QUERY', { users: ['Watched'] }))],
    hears('a', 'PRESENCE_STATE users=[{"user":"watched","status":"away","sessions":1}]'),
    ...leave('a', 'b', 'c'),
  ]),
  play('nobody-takes-it', (house) => [
    ...[...enters(house, 'a', 'patient'), ...enters(house, 'b', 'hesitant', { caps: ['ack'] })],
    ...[says('a', direct('hesitant', 'm1')), hears('b', heardFrom('patient', 'hesitant', 'm1'))],
    // Before it is known that nobody takes it, it has been too long.
    hears('a', 'ERROR TIMEOUT'),
    ...[says('a', direct('hesitant', 'm2')), hears('b', heardFrom('patient', 'hesitant', 'm2'))],
    ...[says('b', line('ACK', { ref: 'm2' })), hears('a', ack(house, 'm2', 'status=delivered'))],
    // What was not taken waits for the next session.
    ...[...leave('b'), ...enters(house, 'b', 'hesitant', { offline: 1 })],
    hears('b', `${heardFrom('patient', 'hesitant', 'm1')} delayed=true`),
    ...leave('a', 'b'),
  ]),
  play('said-once-beside', (house) => [
    ...[...enters(house, 'a', 'double'), ...enters(house, 'b', 'double', { sessions: 2 })],
    ...[...enters(house, 'c', 'single'), says('a', direct('single', 'm1'))],
    ...[
      hears('c', heardFrom('double', 'single', 'm1')),
      hears('a', ack(house, 'm1', 'status=delivered')),
    ],
    hears('b', `${heardFrom('double', 'single', 'm1')} sent=true`),
    ...[
      says('b', direct('Single', 'm1')),
      hears('b', ack(house, 'm1', 'status=delivered duplicate=true')),
    ],
    ...[says('c', line('RECEIPT', { ref: 'm1', to: 'Double', state: 'read' })), hears('c', 'ACK')],
    ...['a', 'b'].map((by) => hears(by, 'RECEIPT ref=m1 by=single state=read')),
    ...[says('c', line('TYPING', { to: 'double', on: true })), waits(60)],
    ...['a', 'b'].map((by) => hears(by, 'TYPING from=single on=true')),
    ...[says('c', line('TYPING', { to: 'Double', on: false })), waits(60)],
    ...['a', 'b'].map((by) => hears(by, 'TYPING from=single on=false')),
    ...['a', 'b', 'c'].flatMap((by) => [says(by, line('PING')), hears(by, 'PONG')]),
    ...leave('a', 'b', 'c'),
  ]),
  play(
    'full-rooms-and-lists',
    (house) => [
      // Those who played before are over, and so are their rooms.
      waits(2_700),
      ...['p1', 'p2', 'p3'].flatMap((user, at) => [
        ...[...enters(house, user, user), ...inRoom(user, 'full', at + 1)],
        ...['p1', 'p2']
          .slice(0, at)
          .map((by) => hears(by, `ROOM_EVENT room=full event=join user=${user} count=${at + 1}`)),
      ]),
      ...[...enters(house, 'd', 'p4'), says('d', line('JOIN', { room: 'full' }))],
      ...[hears('d', 'ERROR ROOM_FULL payload.room'), ...inRoom('d', 'fresh', 1)],
      ...[
        says('d', line('ROOM_LIST')),
        hears(
          'd',
          'ROOM_LIST_OK rooms=[{"room":"fresh","count":1},{"room":"full","count":3}] more=false partial=false',
        ),
      ],
      ...[
        says('d', line('ROOM_LIST', { limit: 1 })),
        hears('d', 'ROOM_LIST_OK rooms=[{"room":"fresh","count":1}] more=true partial=false'),
      ],
      ...[
        says('d', line('ROOM_LIST', { after: 'fresh', prefix: 'f' })),
        hears('d', 'ROOM_LIST_OK rooms=[{"room":"full","count":3}] more=false partial=false'),
      ],
      ...[
        says('d', line('ROOM_MEMBERS', { room: 'none' })),
        hears('d', 'ERROR NO_SUCH_ROOM payload.room'),
      ],
      ...[
        says('d', line('HISTORY', { room: 'full' })),
        hears('d', 'ERROR NOT_IN_ROOM payload.room'),
      ],
      ...[says('p1', line('LEAVE', { room: 'full' })), hears('p1', 'LEAVE_OK room=full')],
      ...['p2', 'p3'].map((by) => hears(by, 'ROOM_EVENT room=full event=leave user=p1 count=2')),
      ...[...saysIn(house, 'p2', 'full', ['m1']), hears('p3', ...heardIn('full', 'p2', ['m1']))],
      ...[...inRoom('d', 'full', 3, 1)],
      ...['p2', 'p3'].map((by) => hears(by, 'ROOM_EVENT room=full event=join user=p4 count=3')),
      ...[...leave('p1', 'd')],
      ...['p2', 'p3'].map((by) => hears(by, 'ROOM_EVENT room=full event=leave user=p4 count=2')),
      ...[
        ...leave('p2'),
        hears('p3', 'ROOM_EVENT room=full event=leave user=p2 count=1'),
        ...leave('p3'),
      ],
    ],
    (house) => !house.isSlow,
  ),
  play('asked-in-between', (house) => [
    ...[...enters(house, 'a', 'prompt'), ...enters(house, 'c', 'belated')],
    ...[
      ...enters(house, 'b', 'moody'),
      says('a', line('PRESENCE_SUBSCRIBE', { users: ['moody'] })),
    ],
    hears('a', 'PRESENCE_STATE users=[{"user":"moody","status":"online","sessions":1}]'),
    ...[waits(1_200), says('b', line('PRESENCE_SET', { status: 'busy' })), hears('b', 'ACK')],
    ...[hears('a', 'PRESENCE_EVENT user=moody status=busy'), comes('d', homeOf(house, 'moody'))],
    ...[says('d', login(house, 'moody')), hears('d', welcome('moody', { sessions: 2 }))],
    says('c', line('PRESENCE_SUBSCRIBE', { users: ['moody'] })),
    hears('c', 'PRESENCE_STATE users=[{"user":"moody","status":"online","sessions":2}]'),
    // He is again what the one heard last, and not what the other did.
    ...[
      says('d', line('BYE')),
      hears('d', ...BYE),
      hears('c', 'PRESENCE_EVENT user=moody status=busy'),
    ],
    ...[waits(1_200), says('b', line('BYE')), hears('b', ...BYE)],
    ...['a', 'c'].map((by) => hears(by, 'PRESENCE_EVENT user=moody status=offline')),
    ...['a', 'c'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
  ]),
  play('letters-of-many-bytes', (house) => {
    const said = (body: string, id: string): string =>
      utf8(line('ROOM_MESSAGE', { room: 'wide', body }, id));
    const heard = (body: string, seq: number): string =>
      `ROOM_MESSAGE id=m${seq} room=wide from=wide body=${body} seq=${seq}`;
    const [two, four] = ['\u00e9', '\u{1f600}'];
    return [
      ...[...enters(house, 'a', 'wide'), ...enters(house, 'b', 'broad')],
      ...[...inRoom('a', 'wide', 1), ...inRoom('b', 'wide', 2)],
      hears('a', 'ROOM_EVENT room=wide event=join user=broad count=2'),
      ...[
        `${four}${two}x${four}${four}`,
        two.repeat(8_192),
        four.repeat(4_096),
        `x${two.repeat(8_191)}x`,
      ].flatMap((body, at) => [
        says('a', said(body, `m${at + 1}`)),
        hears('a', ack(house, `m${at + 1}`, `status=accepted seq=${at + 1}`)),
        hears('b', heard(body.length > 24 ? `${body.slice(0, 2)}~${body.length}` : body, at + 1)),
      ]),
      // They are counted as bytes.
      ...[two.repeat(8_193), `x${two.repeat(8_192)}`, `x${four.repeat(4_096)}`].flatMap((body) => [
        says('a', said(body, 'm9')),
        hears('a', 'ERROR BODY_TOO_LONG payload.body'),
      ]),
      ...[says('a', line('BYE')), hears('a', ...BYE)],
      hears('b', 'ROOM_EVENT room=wide event=leave user=wide count=1'),
    ];
  }),
];
