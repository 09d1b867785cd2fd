// Meetings about messages that wait for a user, and are held by another node meanwhile; and about bodies that come in parts.
// Written from spec/hp-peer.md, "Copies" and "Forwarding". Refuses to know where they are held.

import { comes, enters, goes, homeOf, login, says, waits, welcome } from '../plays/play.ts';
import { quits } from './copies.ts';
import { forward, forwarded } from './letters.ts';
import {
  counts,
  gets,
  hears,
  hushes,
  leaves,
  links,
  meeting,
  type Meeting,
  meetingHouse,
  type MeetingStep,
  proves,
  ready,
  synced,
  tells,
  word,
} from './meeting.ts';

const house = { shards: 1, ...meetingHouse };

function message(id: string, to: string): object {
  return { id, timestamp: '@now', from: 'afar.k', session: 'x-s1', to, body: id };
}

function said(by: string, n: number, user: string, body: object): MeetingStep {
  return tells(by, forward(n, 'user', user, body));
}

const held = (n: number, id: string): string =>
  forwarded(n, 'user', 'absent.q', `{"say":"held","from":"afar.k","id":"${id}"}`);

const released = (n: number): string =>
  forwarded(n, 'user', 'keeper.q', '{"say":"release","from":"afar.k","id":"m1"}');

const heard = (id: string, to: string): string =>
  `DIRECT_MESSAGE id=${id} from=afar.k to=${to} body=${id} delayed=true`;

/** What parts make together. */
const typing = JSON.stringify({ say: 'typing', from: 'afar.k', on: true });

function part(n: number, at: number, to: number): string {
  const one = { part: typing.slice(at, to), at, more: to < typing.length };
  return forward(n, 'user', 'reader.q', one);
}

export const holdingMeetings: readonly Meeting[] = [
  meeting('held-for-others', [
    ...links('hol', { node: 'hol' }),
    ...[
      said('hol', 1, 'absent.q', { say: 'hold', message: message('m1', 'absent.q') }),
      hears('hol', held(1, 'm1')),
    ],
    ...[
      said('hol', 2, 'absent.q', { say: 'hold', message: message('m2', 'absent.q') }),
      hears('hol', held(2, 'm2')),
    ],
    ...[
      said('hol', 3, 'absent.q', { say: 'hold', message: message('m3', 'absent.q') }),
      hears('hol', held(3, 'm3')),
    ],
    said('hol', 4, 'absent.q', { say: 'release', from: 'afar.k', id: 'm1' }),
    hushes('hol', 100),
    // Said again on each new link: it may have been taken for dead.
    ...[goes('hol'), ...proves('hol2', { node: 'hol' })],
    gets(
      'hol2',
      'SERVER_WELCOME members=["hol/10//suspect"] heartbeat_ms=1000 clients=n1.chat:7502',
      'INTEREST whole=ended data={"add":[],"remove":[]}',
      'PRESENCE_SYNC_REQUEST node=hol incarnation=10 have=0',
    ),
    tells(
      'hol2',
      ...ready().slice(0, 1),
      ...synced('hol'),
      word('FORWARD_ACK', { n: 3 }),
      ...ready().slice(2),
    ),
    hears('hol2', held(4, 'm2'), held(5, 'm3')),
    // It goes, and what waited there waits here.
    ...leaves('hol2'),
    waits(50),
    ...[comes('a', homeOf(house, 'absent.q')), says('a', login(house, 'absent.q'))],
    hears(
      'a',
      welcome('absent.q', { offline: 2 }),
      heard('m2', 'absent.q'),
      heard('m3', 'absent.q'),
    ),
    ...quits('a'),
  ]),
  meeting('what-was-lost-elsewhere', [
    ...enters(house, 'a', 'keeper.q'),
    ...links('wai', { node: 'wai' }),
    said('wai', 1, 'keeper.q', { say: 'waits', message: message('m1', 'keeper.q') }),
    hears('a', heard('m1', 'keeper.q')),
    hears('wai', released(1)),
    // He has had it: nobody needs to hold it any more.
    said('wai', 2, 'keeper.q', { say: 'waits', message: message('m1', 'keeper.q') }),
    ...[hears('wai', released(2)), hushes('a', 100), ...quits('a')],
    hears('wai', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]'),
    ...leaves('wai'),
  ]),
  meeting('in-parts', [
    ...enters(house, 'a', 'reader.q'),
    ...links('par', { node: 'par' }),
    tells('par', part(1, 0, 10), part(2, 10, 90)),
    hears('a', 'TYPING from=afar.k on=true'),
    // One is missing, and what follows is whole again.
    tells('par', part(3, 0, 10), part(4, 11, 90)),
    ...[hushes('a', 100), counts('cluster.forwards.broken=1')],
    tells('par', part(5, 0, 10), part(6, 0, 20), part(7, 20, 90)),
    hears('a', 'TYPING from=afar.k on=true'),
    ...[
      ...quits('a'),
      hears('par', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]'),
    ],
    ...leaves('par'),
  ]),
];
