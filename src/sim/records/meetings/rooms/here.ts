// Meetings about rooms that are at home here, of which others keep a copy, or sit in them. Written from spec/hp-peer.md,
// "Homes of rooms" and "Copies". Refuses to know how they are kept.

import { enters, line, says } from '../../plays/play.ts';
import { quits } from '../copies.ts';
import { forward, forwarded } from '../letters.ts';
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
  tells,
  word,
} from '../meeting.ts';
import { heardIn, REF, shownEntry } from './words.ts';

const house = { shards: 1, ...meetingHouse };

function said(n: number, room: string, body: object): MeetingStep {
  return tells('hot', forward(n, 'room', room, body));
}

function keep(
  n: number,
  room: string,
  from: number,
  place: number,
  last: number,
  entries: readonly string[],
  more = '',
): string {
  const at = (seq: number): string => `{"epoch":${seq < 0 ? 0 : '"E1"'},"seq":${Math.max(0, seq)}}`;
  return forwarded(
    n,
    'room',
    room,
    `{"say":"keep","from":${at(from)},"place":${at(place)},"last":${at(last)},"entries":[${entries.join(',')}]${more}}`,
  );
}

function answered(n: number, reply: string): string {
  return forwarded(n, 'room', 'here.c', `{"say":"answer","ref":${REF},"reply":${reply}}`);
}

const sitter = (session: string, user: string): object => ({
  ...{ session, user, status: 'online', shard: 0, connection: 7 },
});

function event(n: number, what: string, count: number, user = 'guest.c'): string {
  const words = `ROOM_EVENT_room=here.c_event=${what}_user=${user}_count=${count}`;
  return forwarded(
    n,
    'publication',
    'chat/room/here.c',
    `{"body":{"kind":"event","node":"hot","line":{"$t":"${words}"}}}`,
  );
}

export const hereMeetings: readonly Meeting[] = [
  meeting('a-room-here', [
    ...enters(house, 'a', 'guest.b'),
    ...links('hot', { node: 'hot' }),
    says('a', line('JOIN', { room: 'here.c' })),
    hears('a', 'JOIN_OK room=here.c seq=0 count=1'),
    gets(
      'hot',
      'INTEREST whole=no data={"add":["chat/room/here.c"],"remove":[]}',
      keep(1, 'here.c', -1, 0, 0, [], ',"users":["guest.b"]'),
    ),
    // Nobody waits long for a copy; and whoever has one is told what is new.
    says('a', line('ROOM_MESSAGE', { room: 'here.c', body: 'm1' }, 'm1')),
    hears('hot', keep(2, 'here.c', 0, 1, 1, [shownEntry(1, 'm1', 'guest.b')])),
    hushes('a', 1_000),
    said(1, 'here.c', { say: 'kept', place: { epoch: '@E1', seq: 1 } }),
    hears('a', 'ACK status=stored seq=1'),
    says('a', line('ROOM_MESSAGE', { room: 'here.c', body: 'm2' }, 'm2')),
    hears('hot', keep(3, 'here.c', 1, 2, 2, [shownEntry(2, 'm2', 'guest.b')])),
    // Not all of it.
    said(2, 'here.c', { say: 'kept', place: { epoch: '@E1', seq: 1 } }),
    hears('a', 'ACK status=accepted seq=2'),
    said(3, 'here.c', { say: 'behind' }),
    hears(
      'hot',
      keep(
        4,
        'here.c',
        -1,
        2,
        2,
        [shownEntry(1, 'm1', 'guest.b'), shownEntry(2, 'm2', 'guest.b')],
        ',"users":["guest.b"]',
      ),
    ),
    counts('chat.copies.behind=1', 'chat.messages.stored=1'),
    // Somebody of the other node comes in, and follows.
    tells(
      'hot',
      word('INTEREST', { whole: 'no', data: { add: ['chat/room/here.c'], remove: [] } }),
    ),
    said(4, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: {
        type: 'join',
        room: 'here.c',
        member: { session: 'hot-s1', user: 'guest.c', status: 'online', shard: 0, connection: 7 },
        historyMax: 1,
        place: { epoch: 0, seq: 0 },
      },
    }),
    hears('a', 'ROOM_EVENT room=here.c event=join user=guest.c count=2'),
    gets(
      'hot',
      event(5, 'join', 2),
      forwarded(6, 'room', 'here.c', '{"say":"seat","user":"guest.c","isIn":true}'),
      answered(
        7,
        `{"type":"joined","ref":${REF},"room":"here.c","seq":2,"epoch":"E1","count":2,"entries":[${shownEntry(2, 'm2', 'guest.b')}],"hasGap":false}`,
      ),
    ),
    said(5, 'here.c', { say: 'kept', place: { epoch: '@E1', seq: 2 } }),
    said(6, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: {
        type: 'say',
        room: 'here.c',
        session: 'hot-s1',
        shard: 0,
        connection: 7,
        id: 'm3',
        timestamp: '@now',
        body: 'm3',
      },
    }),
    hears('a', heardIn('here.c', 'm3', 'guest.c', 3)),
    gets(
      'hot',
      forwarded(
        8,
        'publication',
        'chat/room/here.c',
        `{"id":"E:3:n1","body":{"kind":"message","node":"hot","entry":${shownEntry(3, 'm3', 'guest.c', 'hot-s1')}}}`,
        true,
      ),
      keep(9, 'here.c', 2, 3, 3, [shownEntry(3, 'm3', 'guest.c', 'hot-s1')]),
    ),
    said(7, 'here.c', { say: 'kept', place: { epoch: '@E1', seq: 3 } }),
    hears(
      'hot',
      answered(
        10,
        `{"type":"said","ref":${REF},"epoch":"E1","seq":3,"isDuplicate":false,"isStored":true}`,
      ),
    ),
    // The same again; and from one who is not there.
    said(8, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: {
        type: 'say',
        room: 'here.c',
        session: 'hot-s1',
        shard: 0,
        connection: 7,
        id: 'm3',
        timestamp: '@now',
        body: 'm3',
      },
    }),
    hears(
      'hot',
      answered(
        11,
        `{"type":"said","ref":${REF},"epoch":"E1","seq":3,"isDuplicate":true,"isStored":true}`,
      ),
    ),
    said(9, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: {
        type: 'say',
        room: 'here.c',
        session: 'hot-s2',
        shard: 0,
        connection: 7,
        id: 'm4',
        timestamp: '@now',
        body: 'm4',
      },
    }),
    hears(
      'hot',
      forwarded(12, 'room', 'here.c', '{"say":"whoSits"}'),
      forwarded(13, 'room', 'here.c', `{"say":"moved","ref":${REF}}`),
    ),
    said(10, 'here.c', {
      say: 'sitting',
      place: { epoch: '@E1', seq: 3 },
      members: [sitter('hot-s1', 'guest.c'), sitter('hot-s2', 'guest.d')],
    }),
    hears('a', 'ROOM_EVENT room=here.c event=join user=guest.d count=3'),
    gets(
      'hot',
      event(14, 'join', 3, 'guest.d'),
      forwarded(15, 'room', 'here.c', '{"say":"seat","user":"guest.d","isIn":true}'),
    ),
    said(11, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: { type: 'typing', room: 'here.c', session: 'hot-s2', shard: 0, connection: 8, on: true },
    }),
    hears('a', 'TYPING room=here.c from=guest.d on=true'),
    hears(
      'hot',
      forwarded(
        16,
        'publication',
        'chat/room/here.c',
        '{"body":{"kind":"typing","node":"hot","line":{"$t":"TYPING_room=here.c_from=guest.d_on=true"}}}',
      ),
    ),
    said(12, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: { type: 'listMembers', room: 'here.c', limit: 2 },
    }),
    hears(
      'hot',
      answered(
        17,
        `{"type":"membersListed","ref":${REF},"members":[{"user":"guest.b","status":"online"},{"user":"guest.c","status":"online"}],"count":3,"more":true,"isPartial":false}`,
      ),
    ),
    said(13, 'here.c', {
      say: 'ask',
      ref: REF,
      ask: { type: 'readHistory', room: 'here.c', session: 'hot-s1', before: 3, limit: 1 },
    }),
    hears(
      'hot',
      answered(
        18,
        `{"type":"historyRead","ref":${REF},"entries":[${shownEntry(2, 'm2', 'guest.b')}],"more":true}`,
      ),
    ),
    said(14, 'all', { say: 'list', ref: REF, prefix: 'here', limit: 9 }),
    hears(
      'hot',
      forwarded(
        19,
        'room',
        'all',
        `{"say":"listed","ref":${REF},"rooms":[["here.c",3]],"more":false}`,
      ),
    ),
    // Of a room that is not at home here.
    said(15, 'here.a', {
      say: 'ask',
      ref: REF,
      ask: { type: 'listMembers', room: 'here.a', limit: 2 },
    }),
    hears('hot', forwarded(20, 'room', 'here.a', `{"say":"moved","ref":${REF}}`)),
    // Its follower is gone: nothing more is told of it; and those who sit there are not who was said.
    tells(
      'hot',
      word('INTEREST', { whole: 'no', data: { add: [], remove: ['chat/room/here.c'] } }),
    ),
    said(16, 'here.c', { say: 'seated', count: 1, digest: 1, place: { epoch: '@E1', seq: 2 } }),
    hears(
      'hot',
      forwarded(
        21,
        'room',
        'here.c',
        `{"say":"missed","entries":[${shownEntry(3, 'm3', 'guest.c', 'hot-s1')}],"more":false}`,
      ),
      forwarded(22, 'room', 'here.c', '{"say":"whoSits"}'),
    ),
    said(17, 'here.c', { say: 'sitting', place: { epoch: '@E1', seq: 3 }, members: [] }),
    gets(
      'a',
      'ROOM_EVENT room=here.c event=leave user=guest.c count=2',
      'ROOM_EVENT room=here.c event=leave user=guest.d count=1',
    ),
    gets(
      'hot',
      forwarded(23, 'room', 'here.c', '{"say":"seat","user":"guest.c","isIn":false}'),
      forwarded(24, 'room', 'here.c', '{"say":"seat","user":"guest.d","isIn":false}'),
    ),
    ...quits('a'),
    gets(
      'hot',
      forwarded(25, 'room', 'here.c', '{"say":"seat","user":"guest.b","isIn":false}'),
      'INTEREST whole=no data={"add":[],"remove":["chat/room/here.c"]}',
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]',
    ),
    ...leaves('hot'),
  ]),
];
