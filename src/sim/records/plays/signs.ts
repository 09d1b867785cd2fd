// Plays of what is seen of others while they are there, and of letters beyond ASCII. Written from spec/hp.md. Refuses to know what a
// node does about it.

import {
  ack,
  BYE,
  comes,
  enters,
  hears,
  homeOf,
  inRoom,
  line,
  login,
  play,
  type Play,
  says,
  waits,
  welcome,
} from './play.ts';

/** What people say has a character for each byte. */
function utf8(text: string): string {
  return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join('');
}

const encoder = new TextEncoder();

export const signPlays: readonly Play[] = [
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
