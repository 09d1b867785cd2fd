// Meetings about a room whose home moves to another node and comes back. Written from spec/hp-peer.md, "Homes of rooms" and
// "Copies". Refuses to know how it moves.

import { enters, line, says } from '../../plays/play.ts';
import { quits } from '../copies.ts';
import { forward, forwarded } from '../letters.ts';
import {
  counts,
  gets,
  hears,
  hushes,
  leaves,
  meeting,
  type Meeting,
  meetingHouse,
  proves,
  ready,
  synced,
  tells,
} from '../meeting.ts';
import { heardIn, shownEntry } from './words.ts';

const house = { shards: 1, ...meetingHouse };

const LATER = 3_000_000_000_000_000;

const later = (seq: number, id: string): object => ({
  ...{ seq, epoch: LATER, id, timestamp: '@now', from: 'host.e', session: 'x-s1', body: id },
  node: 'hoz',
});

function kept(from: number, seq: number, entries: readonly object[]): object {
  const place = { epoch: LATER, seq };
  return { say: 'keep', from: { epoch: LATER, seq: from }, place, last: place, entries };
}

const adopted = `{"say":"adopt","place":{"epoch":"E1","seq":1},"last":{"epoch":"E1","seq":1},"former":"n1","members":[{"session":"#1","user":"guest.e","status":"online"}],"users":[],"entries":[${shownEntry(1, 'm1', 'guest.e')}],"more":false}`;

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
    tells('hoz', forward(9, 'room', 'away.a', { say: 'seat', user: 'host.f', isIn: false })),
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
];
