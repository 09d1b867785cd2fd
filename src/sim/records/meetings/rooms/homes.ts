// Meetings about a room whose home moves to another node and comes back. Written from spec/hp-peer.md, "Homes of rooms" and
// "Copies". Refuses to know how it moves.

import { enters, line, says, waits } from '../../plays/play.ts';
import { owns, quits, up } from '../copies.ts';
import { forward, forwarded } from '../letters.ts';
import {
  acksNothing,
  counts,
  gets,
  hears,
  hushes,
  leaves,
  links,
  LOG,
  meeting,
  type Meeting,
  meetingHouse,
  type MeetingStep,
  notices,
  proves,
  ready,
  speaksAgain,
  synced,
  tells,
  word,
} from '../meeting.ts';
import { heardIn, shownEntry } from './words.ts';

const house = { shards: 1, ...meetingHouse };

const LATER = 3_000_000_000_000_000;

const later = (seq: number, id: string): object => ({
  ...{ seq, epoch: LATER, id, timestamp: '@now', from: 'host.e', session: 'x-s1', body: id },
  node: 'hoz',
});

const shownLater = (seq: number): string =>
  JSON.stringify({
    ...{ seq, epoch: 'E2', id: `x${seq}`, timestamp: 'now', from: 'host.e', session: 'x-s1' },
    ...{ body: `x${seq}`, node: 'hoz' },
  });
const SIXTH = '{"epoch":"E2","seq":6}';

function kept(from: number, seq: number, entries: readonly object[]): object {
  const place = { epoch: LATER, seq };
  return { say: 'keep', from: { epoch: LATER, seq: from }, place, last: place, entries };
}

const adopted = `{"say":"adopt","place":{"epoch":"E1","seq":1},"last":{"epoch":"E1","seq":1},"former":"n1","members":[{"session":"#1","user":"guest.e","status":"online"}],"users":[],"entries":[${shownEntry(1, 'm1', 'guest.e')}],"more":false}`;

/** So many lines to somebody there. */
function types(count: number, first: number): readonly MeetingStep[] {
  return Array.from({ length: count }, (_, at): MeetingStep[] => [
    says('a', line('TYPING', { to: 'afar.y', on: true })),
    hears(
      'hoy',
      forwarded(first + at, 'user', 'afar.y', '{"say":"typing","from":"guest.f","on":true}'),
    ),
  ]).flat();
}

export const homeMeetings: readonly Meeting[] = [
  meeting('a-home-moves', [
    ...enters(house, 'a', 'guest.e'),
    says('a', line('JOIN', { room: 'away.a' })),
    hears('a', 'JOIN_OK room=away.a seq=0 count=1'),
    says('a', line('ROOM_MESSAGE', { room: 'away.a', body: 'm1' }, 'm1')),
    hears('a', 'ACK status=accepted seq=1'),
    ...proves('hoz', { node: 'hoz' }),
    gets(
      'hoz',
      'SERVER_WELCOME members=[] heartbeat_ms=1000 clients=n1.chat:7502',
      'INTEREST whole=ended data={"add":["chat/room/away.a"],"remove":[]}',
      'PRESENCE_SYNC_REQUEST node=hoz incarnation=10 have=0',
    ),
    tells('hoz', ...ready(), ...synced('hoz')),
    hears('hoz', forwarded(1, 'room', 'away.a', adopted)),
    // Until it has answered it is asked nothing; nor is one that is not the home.
    says('a', line('ROOM_MESSAGE', { room: 'away.a', body: 'm2' }, 'm2')),
    hushes('hoz', 500),
    tells('hoz', forward(1, 'room', 'away.a', { say: 'moved', ref: 0 })),
    hears('hoz', forwarded(2, 'room', 'away.a', adopted)),
    tells(
      'hoz',
      forward(2, 'room', 'away.a', { say: 'missed', entries: [later(2, 'x2')], more: true }),
    ),
    hushes('a', 100),
    tells(
      'hoz',
      forward(3, 'room', 'away.a', { say: 'missed', entries: [later(3, 'x3')], more: false }),
    ),
    hears(
      'a',
      heardIn('away.a', 'x2', 'host.e', 2, ' delayed=true'),
      heardIn('away.a', 'x3', 'host.e', 3, ' delayed=true'),
    ),
    hears(
      'hoz',
      forwarded(
        3,
        'room',
        'away.a',
        '{"say":"ask","ref":"*","ask":{"type":"say","room":"away.a","session":"#1","id":"m2","timestamp":"now","body":"m2","ref":"*"}}',
      ),
    ),
    tells(
      'hoz',
      forward(4, 'room', 'away.a', {
        say: 'answer',
        ref: '@ref',
        reply: { type: 'said', seq: 4, epoch: LATER, isDuplicate: false, isStored: false },
      }),
    ),
    hears('a', 'ACK status=accepted seq=4'),
    // A copy is kept here.
    tells('hoz', forward(5, 'room', 'away.a', kept(9, 9, []))),
    hears('hoz', forwarded(4, 'room', 'away.a', '{"say":"behind"}')),
    tells(
      'hoz',
      forward(6, 'room', 'away.a', {
        ...kept(0, 5, [later(2, 'x2'), later(3, 'x3'), later(5, 'x5')]),
        from: { epoch: 0, seq: 0 },
        users: ['host.e', 'guest.e'],
      }),
    ),
    hears('hoz', forwarded(5, 'room', 'away.a', '{"say":"kept","place":{"epoch":"E2","seq":5}}')),
    tells('hoz', forward(7, 'room', 'away.a', { say: 'seat', user: 'host.f', isIn: true })),
    tells('hoz', forward(8, 'room', 'away.a', kept(5, 6, [later(6, 'x6')]))),
    hears('hoz', forwarded(6, 'room', 'away.a', '{"say":"kept","place":{"epoch":"E2","seq":6}}')),
    // It has lost what is known here.
    tells(
      'hoz',
      forward(9, 'room', 'away.a', { ...kept(6, 6, []), last: { epoch: LATER, seq: 3 } }),
    ),
    hears(
      'hoz',
      forwarded(
        7,
        'room',
        'away.a',
        `{"say":"adopt","place":${SIXTH},"last":${SIXTH},"former":"","members":[],"users":[],"entries":[${[shownEntry(1, 'm1', 'guest.e'), ...[2, 3, 5, 6].map(shownLater)].join(',')}],"more":false}`,
      ),
      forwarded(8, 'room', 'away.a', `{"say":"kept","place":${SIXTH}}`),
    ),
    tells('hoz', forward(10, 'room', 'away.a', { say: 'seat', user: 'host.f', isIn: false })),
    hushes('a', 100),
    // The home goes, and comes here.
    ...leaves('hoz'),
    says('a', line('ROOM_MESSAGE', { room: 'away.a', body: 'm3' }, 'm3')),
    hushes('a', 450),
    gets(
      'a',
      heardIn('away.a', 'x5', 'host.e', 5, ' delayed=true'),
      heardIn('away.a', 'x6', 'host.e', 6, ' delayed=true'),
      'ACK status=accepted seq=7',
    ),
    // Whoever was there, and is not seen any more, has left.
    hushes('a', 2_300),
    hears('a', 'ROOM_EVENT room=away.a event=leave user=host.e reason=node_down count=1'),
    counts('chat.rooms.moved=1'),
    says('a', line('HISTORY', { room: 'away.a' })),
    hears('a', 'HISTORY_OK room=away.a messages=m1,x2,x3,x5,x6,m3 more=false'),
    ...quits('a'),
  ]),
  meeting('too-much-waits', [
    ...enters(house, 'a', 'guest.f'),
    ...links('hoy', { node: 'hoy' }),
    tells('hoy', owns('hoy', 0, [up('s1', 'afar.y')])),
    ...[
      says('a', line('JOIN', { room: 'full.a' })),
      hears('a', 'JOIN_OK room=full.a seq=0 count=1'),
    ],
    gets(
      'hoy',
      'INTEREST whole=no data={"add":["chat/room/full.a"],"remove":[]}',
      forwarded(
        1,
        'room',
        'full.a',
        '{"say":"keep","from":{"epoch":0,"seq":0},"place":{"epoch":"E1","seq":0},"last":{"epoch":"E1","seq":0},"entries":[],"users":["guest.f"]}',
      ),
    ),
    // Nine tenths of twenty are too many, until half of that has gone.
    ...[waits(100), acksNothing('hoy'), ...types(17, 2), counts('cluster.pressed=0')],
    ...[...types(1, 19), notices(LOG, 'warn cluster.pressed node=hoy waiting=18'), waits(50)],
    says('a', line('ROOM_MESSAGE', { room: 'full.a', body: 'm1' }, 'm1')),
    hears('a', 'ERROR UNAVAILABLE retry_after=1'),
    ...[counts('cluster.pressed=1', 'chat.messages.heldOff=1')],
    ...[tells('hoy', word('FORWARD_ACK', { n: '@n-10' })), waits(50), counts('cluster.pressed=1')],
    tells('hoy', word('FORWARD_ACK', { n: '@n-9' })),
    notices(LOG, 'warn cluster.eased node=hoy waiting=9'),
    waits(50),
    says('a', line('ROOM_MESSAGE', { room: 'full.a', body: 'm1' }, 'm1')),
    hears(
      'hoy',
      forwarded(
        20,
        'room',
        'full.a',
        `{"say":"keep","from":{"epoch":"E1","seq":0},"place":{"epoch":"E1","seq":1},"last":{"epoch":"E1","seq":1},"entries":[${shownEntry(1, 'm1', 'guest.f')}]}`,
      ),
    ),
    ...[speaksAgain('hoy'), tells('hoy', word('FORWARD_ACK', { n: '@n' }))],
    tells('hoy', forward(1, 'room', 'full.a', { say: 'kept', place: { epoch: '@E1', seq: 1 } })),
    hears('a', 'ACK status=stored seq=1'),
    ...quits('a'),
    gets(
      'hoy',
      forwarded(21, 'room', 'full.a', '{"say":"seat","user":"guest.f","isIn":false}'),
      'INTEREST whole=no data={"add":[],"remove":["chat/room/full.a"]}',
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]',
    ),
    ...leaves('hoy'),
  ]),
];
