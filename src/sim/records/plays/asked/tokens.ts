// Plays of those whose token ends: as they are here, have come back over another connection, or are away. Written from
// spec/hp.md, "LOGIN". Refuses to know how tokens are judged.

import type { House } from '../house.ts';
import {
  BYE,
  comes,
  END,
  enters,
  goes,
  has,
  hears,
  homeOf,
  inRoom,
  line,
  play,
  type Play,
  says,
  type Step,
  waits,
  welcome,
} from '../play.ts';

const ENDED = 'ERROR AUTH_FAILED ref=null fatal';
const EXPIRED = 'ERROR SESSION_EXPIRED payload.token';

/** Comes in for so long. */
function entersFor(house: House, by: string, user: string, expiresInMs: number): readonly Step[] {
  const claims = { subject: user, subscribe: [], publish: [], expiresInMs };
  const token = encodeURIComponent(JSON.stringify(claims));
  return [
    comes(by, homeOf({ ...house, proof: 'token' }, user)),
    says(by, line('LOGIN', { user, auth: { method: 'token', token } })),
    hears(by, welcome(user)),
  ];
}

function resumes(house: House, by: string, user: string, heard: string): readonly Step[] {
  return [
    comes(by, homeOf({ ...house, proof: 'token' }, user)),
    ...[says(by, line('RESUME', { token: 'TOKEN' })), hears(by, heard)],
  ];
}

const joined = (room: string, user: string): string =>
  `ROOM_EVENT room=${room} event=join user=${user} count=2`;
const left = (room: string, user: string): string =>
  `ROOM_EVENT room=${room} event=leave user=${user} count=1`;
const takesTokens = ({ proof, isStrict, isSlow }: House): boolean =>
  (proof === 'token' || !isStrict) && !isSlow;

export const tokenPlays: readonly Play[] = [
  play(
    'tokens-that-end',
    (house) => [
      ...[...enters(house, 'w', 'usher'), ...inRoom('w', 'stalls', 1)],
      ...[...entersFor(house, 'a', 'holder', 1_500), ...inRoom('a', 'stalls', 2)],
      ...[hears('w', joined('stalls', 'holder')), waits(1_200), has('a'), has('w'), waits(500)],
      ...[has('a', ENDED, END), has('w', left('stalls', 'holder'))],
      ...[...resumes(house, 'a', 'holder', EXPIRED), says('w', line('BYE')), hears('w', ...BYE)],
    ],
    takesTokens,
  ),
  play(
    'tokens-that-end-elsewhere',
    (house) => [
      ...[...entersFor(house, 'a', 'traveller', 2_000), goes('a'), waits(300)],
      ...resumes(
        house,
        'a',
        'traveller',
        'RESUME_OK user=traveller caps=[] status=online replayed=0 rooms=[]',
      ),
      // Whoever has come back has it to the nearest second.
      ...[waits(850), has('a'), says('a', line('PING')), hears('a', 'PONG'), waits(1_400)],
      ...[has('a', ENDED, END), ...resumes(house, 'a', 'traveller', EXPIRED)],
    ],
    takesTokens,
  ),
  play(
    'tokens-that-end-meanwhile',
    (house) => [
      ...[...enters(house, 'w', 'caretaker'), ...inRoom('w', 'attic', 1)],
      ...[...entersFor(house, 'a', 'truant', 1_200), ...inRoom('a', 'attic', 2), goes('a')],
      ...[hears('w', joined('attic', 'truant')), waits(700), has('w'), waits(600)],
      ...[has('w', left('attic', 'truant')), ...resumes(house, 'a', 'truant', EXPIRED)],
      ...[says('w', line('BYE')), hears('w', ...BYE)],
    ],
    takesTokens,
  ),
];
