// Plays of what stands in payloads, and is missing there or of another form. Written from spec/hp.md, "Messages" and "Names".
// Refuses to know how payloads are read.

import {
  BYE,
  comes,
  enters,
  hears,
  homeOf,
  inRoom,
  line,
  play,
  type Play,
  says,
  type Step,
} from '../play.ts';

type Case = readonly [type: string, payload: object, words: string];

function wrong(by: string, cases: readonly Case[]): readonly Step[] {
  return cases.flatMap(([type, payload, words]) => [
    says(by, line(type, payload)),
    hears(by, `ERROR ${words}`),
  ]);
}

const MISSING = 'MISSING_FIELD payload.';
const OTHER = 'INVALID_PAYLOAD payload.';
const long = (length: number): string => 'x'.repeat(length);
const auth = (method: unknown, more: object = {}): object => ({
  user: 'known',
  auth: { method, ...more },
});

const atTheDoor: readonly Case[] = [
  ['HELLO', { caps: 'ack' }, `${OTHER}caps`],
  ['HELLO', { caps: [5] }, `${OTHER}caps`],
  ['HELLO', { versions: [1] }, `${OTHER}versions`],
  ['HELLO', { versions: Array.from({ length: 17 }, () => '1.0') }, `${OTHER}versions`],
  ['HELLO', { agent: long(129) }, `${OTHER}agent`],
  ['HELLO', { agent: null }, `${OTHER}agent`],
  ['LOGIN', {}, `${MISSING}user`],
  ['LOGIN', { user: 5 }, `${OTHER}user`],
  ['LOGIN', { user: '' }, `${OTHER}user`],
  ['LOGIN', { user: '-known' }, `${OTHER}user`],
  ['LOGIN', { user: 'kno wn' }, `${OTHER}user`],
  ['LOGIN', { user: 'known@broker' }, `${OTHER}user`],
  ['LOGIN', { user: null }, `${OTHER}user`],
  ['LOGIN', { user: 'known', auth: 'none' }, `${OTHER}auth`],
  ['LOGIN', { user: 'known', auth: [] }, `${OTHER}auth`],
  ['LOGIN', { user: 'known', auth: {} }, `${MISSING}auth.method`],
  ['LOGIN', auth(5), `${OTHER}auth.method`],
  ['LOGIN', auth('password'), `${MISSING}auth.password`],
  ['LOGIN', auth('password', { password: 5 }), `${OTHER}auth.password`],
  ['LOGIN', auth('password', { password: long(1_025) }), `${OTHER}auth.password`],
  ['LOGIN', auth('token'), `${MISSING}auth.token`],
  ['LOGIN', { user: 'known', caps: 'ack' }, `${OTHER}caps`],
  ['LOGIN', { user: 'known', device: long(65) }, `${OTHER}device`],
  ['LOGIN', { user: 'known', status: 'offline' }, `${OTHER}status`],
  ['RESUME', {}, `${MISSING}token`],
  ['RESUME', { token: 5 }, `${OTHER}token`],
  ['RESUME', { token: long(513) }, `${OTHER}token`],
  ['RESUME', { token: long(512) }, 'SESSION_EXPIRED payload.token'],
  ['RESUME', { token: 'x', rooms: 5 }, `${OTHER}rooms`],
  ['PING', { echo: 5 }, `${OTHER}echo`],
  ['BYE', { reason: long(129) }, `${OTHER}reason`],
];

const ofRooms: readonly Case[] = [
  ['JOIN', { room: 5 }, 'INVALID_ROOM payload.room'],
  ['JOIN', { room: '' }, 'INVALID_ROOM payload.room'],
  ['JOIN', { room: '.x' }, 'INVALID_ROOM payload.room'],
  ['JOIN', { room: 'r', history: 5 }, `${OTHER}history`],
  ['JOIN', { room: 'r', history: { limit: 101 } }, `${OTHER}history.limit`],
  ['JOIN', { room: 'r', history: { limit: -1 } }, `${OTHER}history.limit`],
  ['JOIN', { room: 'r', history: { limit: '5' } }, `${OTHER}history.limit`],
  ['LEAVE', {}, `${MISSING}room`],
  ['LEAVE', { room: 'forms' }, 'NOT_IN_ROOM payload.room'],
  ['ROOM_LIST', { limit: 0 }, `${OTHER}limit`],
  ['ROOM_LIST', { limit: 101 }, `${OTHER}limit`],
  ['ROOM_LIST', { after: 'X' }, `${OTHER}after`],
  ['ROOM_LIST', { prefix: long(65) }, `${OTHER}prefix`],
  ['ROOM_MEMBERS', {}, `${MISSING}room`],
  ['ROOM_MEMBERS', { room: 'forms', after: 'a b' }, `${OTHER}after`],
  ['ROOM_MEMBERS', { room: 'forms', limit: 101 }, `${OTHER}limit`],
  ['ROOM_MESSAGE', { body: 'x' }, `${MISSING}room`],
  ['ROOM_MESSAGE', { room: 'forms' }, `${MISSING}body`],
  ['ROOM_MESSAGE', { room: 'forms', body: 5 }, `${OTHER}body`],
  ['ROOM_MESSAGE', { room: 'forms', body: null }, `${OTHER}body`],
  ['ROOM_MESSAGE', { room: 'forms', body: 'x' }, 'NOT_IN_ROOM payload.room'],
  ['HISTORY', {}, `${MISSING}room`],
  ['HISTORY', { room: 'forms', with: 'x' }, `${OTHER}with`],
  ['HISTORY', { room: 'forms' }, 'NOT_IN_ROOM payload.room'],
  ['HISTORY', { with: 'x y' }, `${OTHER}with`],
  ['HISTORY', { with: 'x', after: -1 }, `${OTHER}after`],
  ['HISTORY', { with: 'x', before: '1' }, `${OTHER}before`],
  ['HISTORY', { with: 'x', limit: 0 }, `${OTHER}limit`],
  ['TYPING', {}, `${MISSING.replace(' ', ' ref=q1 ')}room`],
  ['TYPING', { room: 'forms' }, `${MISSING.replace(' ', ' ref=q1 ')}on`],
  ['TYPING', { room: 'forms', on: 1 }, `${OTHER.replace(' ', ' ref=q1 ')}on`],
  ['TYPING', { room: 'forms', to: 'x', on: true }, `${OTHER.replace(' ', ' ref=q1 ')}to`],
  ['TYPING', { room: 'forms', on: true }, 'NOT_IN_ROOM ref=q1 payload.room'],
];

const ofUsers: readonly Case[] = [
  ['DIRECT_MESSAGE', { body: 'x' }, `${MISSING}to`],
  ['DIRECT_MESSAGE', { to: 'x' }, `${MISSING}body`],
  ['DIRECT_MESSAGE', { to: 'x', body: '' }, 'BODY_EMPTY payload.body'],
  ['DIRECT_MESSAGE', { to: 'x', body: long(16_385) }, 'BODY_TOO_LONG payload.body'],
  ['DIRECT_MESSAGE', { to: ['x'], body: 'x' }, `${OTHER}to`],
  ['ACK', {}, `${MISSING.replace(' ', ' ref=q1 ')}ref`],
  ['ACK', { ref: 'a b' }, `${OTHER.replace(' ', ' ref=q1 ')}ref`],
  ['ACK', { refs: ['a b'] }, `${OTHER.replace(' ', ' ref=q1 ')}refs`],
  [
    'ACK',
    { refs: Array.from({ length: 101 }, () => 'a') },
    `${OTHER.replace(' ', ' ref=q1 ')}refs`,
  ],
  ['RECEIPT', { to: 'x', state: 'read' }, `${MISSING}ref`],
  ['RECEIPT', { ref: 'a b', to: 'x', state: 'read' }, `${OTHER}ref`],
  ['RECEIPT', { ref: 'm1', state: 'read' }, `${MISSING}to`],
  ['RECEIPT', { ref: 'm1', to: 'x' }, `${MISSING}state`],
  ['RECEIPT', { ref: 'm1', to: 'x', state: 'seen' }, `${OTHER}state`],
  ['PRESENCE_SET', {}, `${MISSING}status`],
  ['PRESENCE_SET', { status: 'offline' }, `${OTHER}status`],
  ['PRESENCE_SUBSCRIBE', {}, `${MISSING}users`],
  ['PRESENCE_UNSUBSCRIBE', { users: 'x' }, `${OTHER}users`],
  ['PRESENCE_QUERY', { users: ['x', 'y z'] }, `${OTHER}users`],
  ['PRESENCE_QUERY', { users: Array.from({ length: 101 }, () => 'x') }, `${OTHER}users`],
];

export const formPlays: readonly Play[] = [
  play('forms-at-the-door', (house) => [
    ...[comes('a', homeOf(house, 'known')), ...wrong('a', atTheDoor)],
    // None of them was a login that failed.
    ...[says('a', line('PING', { echo: long(64) })), hears('a', 'PONG echo=xx~64')],
    ...[says('a', line('BYE', { reason: long(128) })), hears('a', 'BYE reason=xx~128', 'end')],
  ]),
  play('forms-of-rooms', (house) => [
    ...[...enters(house, 'a', 'formal'), ...wrong('a', ofRooms), ...inRoom('a', 'forms.too', 1)],
    ...[says('a', line('ROOM_LIST', { prefix: long(64) }))],
    hears('a', 'ROOM_LIST_OK rooms=[] more=false partial=false'),
    ...[says('a', line('ROOM_MEMBERS', { room: 'forms.too', after: 'Formal' }))],
    hears('a', 'ROOM_MEMBERS_OK room=forms.too members=[] count=1 more=false partial=false'),
    ...[says('a', line('JOIN', { room: 'forms.too', history: { limit: 100 } }))],
    hears('a', 'JOIN_OK room=forms.too seq=0 count=1 already=true'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('forms-of-users', (house) => [
    ...[...enters(house, 'a', 'proper'), ...wrong('a', ofUsers)],
    ...[says('a', line('PRESENCE_QUERY', { users: [] })), hears('a', 'PRESENCE_STATE users=[]')],
    // Names that differ only in the case of letters are one user.
    ...[says('a', line('PRESENCE_QUERY', { users: ['nobody.a', 'Proper', 'PROPER', 'nobody.b'] }))],
    hears(
      'a',
      'PRESENCE_STATE users=[{"user":"nobody.a","status":"offline","sessions":0},{"user":"proper","status":"online","sessions":1},{"user":"nobody.b","status":"offline","sessions":0}]',
    ),
    ...[says('a', line('RECEIPT', { ref: 'm1', to: 'nobody.a', state: 'delivered' }))],
    ...[hears('a', 'ACK'), says('a', line('TYPING', { to: 'nobody.a', on: false }))],
    ...[says('a', line('ACK', { ref: 'i'.repeat(64) }) + line('ACK', { refs: [] }))],
    ...[says('a', line('ACK', { refs: ['never'] }) + line('PING')), hears('a', 'PONG')],
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
];
