// Meetings about rooms whose home is on another node. Written from spec/hp-peer.md, "Homes of rooms". Refuses to know how they
// are kept.

import { enters, line, says, waits } from '../../plays/play.ts';
import { quits } from '../copies.ts';
import { forward, forwarded } from '../letters.ts';
import {
  gets,
  hears,
  hushes,
  leaves,
  links,
  meeting,
  type Meeting,
  meetingHouse,
  type MeetingStep,
  notices,
  tells,
} from '../meeting.ts';
import { heardIn } from './words.ts';

const house = { shards: 1, ...meetingHouse };

/** As a home makes it for all who sit there. */
const typing = JSON.stringify({
  ...{ version: '1.0', type: 'TYPING', id: 't1', timestamp: 1_700_000_000, source: 'server' },
  payload: { room: 'there.b', from: 'host.a', on: true },
});

/** Where the other node gives places. */
const EPOCH = 5_000_000;

const entry = (seq: number, id: string, from: string, session = 'x-s1'): object => ({
  ...{ seq, epoch: EPOCH, id, timestamp: '@now', from, session, body: id, node: 'hom' },
});

function published(n: number, room: string, seq: number, id: string, from: string): string {
  const body = {
    kind: 'message',
    node: 'hom',
    shard: 0,
    connection: 0,
    entry: entry(seq, id, from),
  };
  return forward(n, 'publication', `chat/room/${room}`, { id: `${EPOCH}.${seq}`, body });
}

function said(n: number, room: string, body: object): MeetingStep {
  return tells('hom', forward(n, 'room', room, body));
}

function replies(n: number, room: string, reply: object): MeetingStep {
  return said(n, room, { say: 'answer', ref: '@ref', reply });
}

function asked(n: number, room: string, ask: string): MeetingStep {
  return hears('hom', forwarded(n, 'room', room, `{"say":"ask","ref":"*","ask":${ask}}`));
}

export const elsewhereMeetings: readonly Meeting[] = [
  meeting('a-room-elsewhere', [
    ...enters(house, 'a', 'guest.a'),
    ...links('hom', { node: 'hom' }),
    says('a', line('JOIN', { room: 'there.b' })),
    gets(
      'hom',
      'INTEREST whole=no data={"add":["chat/room/there.b"],"remove":[]}',
      forwarded(
        1,
        'room',
        'there.b',
        '{"say":"ask","ref":"*","ask":{"type":"join","room":"there.b","member":{"session":"#1","user":"guest.a","status":"online"},"historyMax":0,"ref":"*","place":{"epoch":0,"seq":0}}}',
      ),
    ),
    replies(1, 'there.b', {
      type: 'joined',
      seq: 5,
      epoch: EPOCH,
      count: 2,
      entries: [],
      hasGap: false,
    }),
    hears('a', 'JOIN_OK room=there.b seq=5 count=2'),
    tells('hom', published(2, 'there.b', 6, 'm6', 'host.a')),
    hears('a', heardIn('there.b', 'm6', 'host.a', 6)),
    // What comes behind a hole waits for what is missing.
    tells('hom', published(3, 'there.b', 8, 'm8', 'host.a')),
    notices(
      'hom',
      forwarded(
        '*',
        'room',
        'there.b',
        '{"say":"seated","count":1,"digest":"*","place":{"epoch":"E1","seq":6}}',
      ),
    ),
    hushes('a', 100),
    said(4, 'there.b', {
      say: 'missed',
      entries: [entry(7, 'm7', 'host.a'), entry(8, 'm8', 'host.a')],
      more: false,
    }),
    hears(
      'a',
      heardIn('there.b', 'm7', 'host.a', 7, ' delayed=true'),
      heardIn('there.b', 'm8', 'host.a', 8, ' delayed=true'),
    ),
    tells('hom', published(5, 'there.b', 8, 'm8', 'host.a')),
    hushes('a', 100),
    // Asked again of the one that is the home, by the same id.
    says('a', line('ROOM_MESSAGE', { room: 'there.b', body: 'm1' }, 'm1')),
    asked(
      2,
      'there.b',
      '{"type":"say","room":"there.b","session":"#1","id":"m1","timestamp":"now","body":"m1","ref":"*"}',
    ),
    said(6, 'there.b', { say: 'moved', ref: '@ref' }),
    hushes('hom', 150),
    asked(
      3,
      'there.b',
      '{"type":"say","room":"there.b","session":"#1","id":"m1","timestamp":"now","body":"m1","ref":"*"}',
    ),
    replies(7, 'there.b', {
      type: 'said',
      seq: 9,
      epoch: EPOCH,
      isDuplicate: false,
      isStored: true,
    }),
    hears('a', 'ACK status=stored seq=9'),
    tells(
      'hom',
      forward(8, 'publication', 'chat/room/there.b', {
        id: 'p9',
        body: { kind: 'typing', node: 'hom', shard: 0, connection: 0, line: { $t: `${typing}\n` } },
      }),
    ),
    hears('a', 'TYPING room=there.b from=host.a on=true'),
    says('a', line('ROOM_MEMBERS', { room: 'there.b' })),
    asked(4, 'there.b', '{"type":"listMembers","room":"there.b","limit":100,"ref":"*"}'),
    replies(9, 'there.b', {
      type: 'membersListed',
      members: [{ user: 'host.a', status: 'away' }],
      count: 2,
      more: true,
    }),
    hears(
      'a',
      'ROOM_MEMBERS_OK room=there.b members=[{"user":"host.a","status":"away"}] count=2 more=true partial=false',
    ),
    says('a', line('HISTORY', { room: 'there.b', limit: 5 })),
    asked(
      5,
      'there.b',
      '{"type":"readHistory","room":"there.b","session":"#1","limit":5,"ref":"*"}',
    ),
    replies(10, 'there.b', {
      type: 'historyRead',
      entries: [entry(6, 'm6', 'host.a')],
      more: true,
    }),
    hears('a', 'HISTORY_OK room=there.b messages=m6 more=true'),
    waits(1_100),
    says('a', line('PRESENCE_SET', { status: 'away' })),
    gets(
      'hom',
      forwarded(
        6,
        'room',
        'there.b',
        '{"say":"ask","ref":"*","ask":{"type":"setStatus","room":"there.b","session":"#1","status":"away"}}',
      ),
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"up","session":"#1","user":"guest.a","status":"away","since":"now"}]',
    ),
    hears('a', 'ACK'),
    says('a', line('TYPING', { room: 'there.b', on: true })),
    asked(7, 'there.b', '{"type":"typing","room":"there.b","session":"#1","on":true}'),
    // What it refuses is refused, and what it does not answer nobody knows of.
    says('a', line('ROOM_MESSAGE', { room: 'there.b', body: 'm2' }, 'm2')),
    asked(
      8,
      'there.b',
      '{"type":"say","room":"there.b","session":"#1","id":"m2","timestamp":"now","body":"m2","ref":"*"}',
    ),
    replies(11, 'there.b', {
      type: 'roomRefused',
      mistake: { code: 'UNAVAILABLE', message: 'Not now.', retryAfter: 2 },
    }),
    hears('a', 'ERROR UNAVAILABLE retry_after=2'),
    says('a', line('ROOM_MESSAGE', { room: 'there.b', body: 'm3' }, 'm3')),
    asked(
      9,
      'there.b',
      '{"type":"say","room":"there.b","session":"#1","id":"m3","timestamp":"now","body":"m3","ref":"*"}',
    ),
    hushes('a', 2_900),
    hears('a', 'ERROR TIMEOUT'),
    said(12, 'there.b', { say: 'whoSits' }),
    hears(
      'hom',
      forwarded(
        10,
        'room',
        'there.b',
        '{"say":"sitting","place":{"epoch":"E1","seq":8},"members":[{"session":"#1","user":"guest.a","status":"away"}]}',
      ),
    ),
    // Of all rooms each node tells its own.
    says('a', line('ROOM_LIST', { prefix: 'ther', limit: 3 })),
    hears(
      'hom',
      forwarded(11, 'room', 'all', '{"say":"list","ref":"*","prefix":"ther","limit":3}'),
    ),
    said(13, 'all', {
      say: 'listed',
      ref: '@ref',
      rooms: [
        ['there.b', 2],
        ['there.c', 5],
      ],
      more: false,
    }),
    hears(
      'a',
      'ROOM_LIST_OK rooms=[{"room":"there.b","count":2},{"room":"there.c","count":5}] more=false partial=false',
    ),
    says('a', line('ROOM_LIST', {})),
    hears('hom', forwarded(12, 'room', 'all', '{"say":"list","ref":"*","prefix":"","limit":100}')),
    hushes('a', 1_900),
    hears('a', 'ROOM_LIST_OK rooms=[] more=false partial=true'),
    says('a', line('LEAVE', { room: 'there.b' })),
    gets(
      'hom',
      forwarded(
        13,
        'room',
        'there.b',
        '{"say":"ask","ref":"*","ask":{"type":"leave","room":"there.b","session":"#1","ref":"*"}}',
      ),
      'INTEREST whole=no data={"add":[],"remove":["chat/room/there.b"]}',
    ),
    replies(14, 'there.b', { type: 'leftRoom' }),
    hears('a', 'LEAVE_OK room=there.b'),
    ...quits('a'),
    hears('hom', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]'),
    ...leaves('hom'),
  ]),
];
