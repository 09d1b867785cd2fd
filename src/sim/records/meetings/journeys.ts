// Meetings about sessions that move between nodes. Written from spec/hp-peer.md, "Sessions that move", and spec/hp.md, "Resume".
// Refuses to know how.

import { comes, enters, line, says, waits } from '../plays/play.ts';
import { owns, quits, up } from './copies.ts';
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
  tells,
  word,
} from './meeting.ts';

const house = { shards: 1, ...meetingHouse };

function said(by: string, n: number, user: string, body: object): MeetingStep {
  return tells(by, forward(n, 'user', user, body));
}

/** A client that was elsewhere comes here. */
function resumes(by: string, user: string, session: string): readonly MeetingStep[] {
  const ticket = `@ticket(${user},${session},secret,)`;
  return [comes(by, `10.8.2.${user.length}`), says(by, line('RESUME', { token: ticket }))];
}

function asked(n: number, user: string, session: string): string {
  return forwarded(n, 'user', user, `{"say":"resume","ref":"*","session":"${session}"}`);
}

const REF = 1_000_001;

function luggage(user: string, session: string, more: object = {}): object {
  return {
    ...{ user, session, secret: 'secret', caps: [], status: 'online', rooms: [], watched: [] },
    ...{ untold: [], ...more },
  };
}

function text(id: string, from: string, to: string): string {
  return JSON.stringify({ id, timestamp: 'now', from, session: '#2', to, body: id });
}

/** Of another node. */
function message(id: string, from: string, to: string) {
  return { id, timestamp: '@now', from, session: 'x-s9', to, body: id };
}

const heard = (id: string, from: string, to: string, more = ''): string =>
  `DIRECT_MESSAGE id=${id} from=${from} to=${to} body=${id}${more}`;

const isBack = (user: string, replayed = 0, more = ''): string =>
  `RESUME_OK user=${user} caps=[] status=online replayed=${replayed} rooms=[]${more}`;

export const journeyMeetings: readonly Meeting[] = [
  meeting('a-session-goes', [
    ...enters(house, 'a', 'roamer.a'),
    ...enters(house, 'b', 'friend.a'),
    ...links('goi', { node: 'goi' }),
    tells('goi', word('PRESENCE_SYNC_REQUEST', { node: 'n1', incarnation: '@own', have: 0 })),
    hears(
      'goi',
      'PRESENCE_SYNC node=n1 incarnation=own chunk=0 chunks=1 sessions={"session":["#1","#2"],"user":["roamer.a","friend.a"],"status":["online","online"],"since":["now","now"]}',
      'SYNC_DONE node=n1 incarnation=own',
    ),
    // Whoever does not know its secret, or asks for none that is here, is given nothing.
    said('goi', 1, 'roamer.a', { say: 'resume', ref: REF, session: '@#1', secret: 'wrong' }),
    hears(
      'goi',
      forwarded(1, 'user', 'roamer.a', `{"say":"notMoved","ref":${REF},"isBusy":false}`),
    ),
    said('goi', 2, 'roamer.a', { say: 'resume', ref: REF, session: '@#2', secret: '@secret:a' }),
    hears(
      'goi',
      forwarded(2, 'user', 'roamer.a', `{"say":"notMoved","ref":${REF},"isBusy":false}`),
    ),
    said('goi', 3, 'roamer.a', { say: 'resume', ref: REF, session: '@#1', secret: '@secret:a' }),
    hears('a', 'BYE code=SESSION_RESUMED', 'end'),
    hears(
      'goi',
      forwarded(
        3,
        'user',
        'roamer.a',
        `{"say":"luggage","ref":${REF},"luggage":{"user":"roamer.a","session":"#1","caps":[],"status":"online","rooms":[],"watched":[],"untold":[],"unacked":0,"had":[]}}`,
      ),
    ),
    // On its way it is here, and what comes for it waits.
    says('b', line('PRESENCE_QUERY', { users: ['roamer.a'] })),
    hears('b', 'PRESENCE_STATE users=[{"user":"roamer.a","status":"online","sessions":1}]'),
    says('b', line('DIRECT_MESSAGE', { to: 'roamer.a', body: 'm1' }, 'm1')),
    hears('b', 'ACK status=accepted'),
    said('goi', 4, 'roamer.a', {
      say: 'resume',
      ref: REF + 1,
      session: '@#1',
      secret: '@secret:a',
    }),
    hears(
      'goi',
      forwarded(4, 'user', 'roamer.a', `{"say":"notMoved","ref":${REF + 1},"isBusy":true}`),
    ),
    // A lower number is an older word of it.
    tells('goi', owns('goi', 0, [up('@#1', 'roamer.a', { lamport: 0 })])),
    hushes('goi', 200),
    tells('goi', owns('goi', 1, [up('@#1', 'roamer.a', { lamport: 1_000_000 })])),
    gets(
      'goi',
      forwarded(
        5,
        'user',
        'roamer.a',
        `{"say":"late","session":"#1","message":${text('m1', 'friend.a', 'roamer.a')},"isSent":false}`,
        true,
      ),
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]',
    ),
    says('b', line('PRESENCE_QUERY', { users: ['roamer.a'] })),
    hears('b', 'PRESENCE_STATE users=[{"user":"roamer.a","status":"online","sessions":1}]'),
    counts('chat.sessions.sentOver=1'),
    ...quits('b'),
    hears('goi', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#2"}]'),
    ...leaves('goi'),
  ]),
  meeting('a-session-comes', [
    ...links('com', { node: 'com' }),
    tells('com', owns('com', 0, [up('com-s1', 'roamer.b', { lamport: 50 })])),
    waits(30),
    ...resumes('c', 'roamer.b', 'com-s1'),
    hears('com', asked(1, 'roamer.b', 'com-s1')),
    said('com', 1, 'roamer.b', { say: 'notMoved', ref: '@ref', isBusy: true }),
    hears('c', 'ERROR UNAVAILABLE retry_after=1'),
    says('c', line('RESUME', { token: '@ticket(roamer.b,com-s1,secret,)' })),
    hears('com', asked(2, 'roamer.b', 'com-s1')),
    said('com', 2, 'roamer.b', {
      ...{ say: 'luggage', ref: '@ref' },
      luggage: luggage('roamer.b', 'com-s1', {
        status: 'busy',
        note: 'n',
        untold: [{ message: message('m1', 'afar.j', 'roamer.b'), isSent: false }],
        had: [{ message: 'afar.j m0', ageMs: 10 }],
      }),
    }),
    hears(
      'c',
      isBack('roamer.b', 1).replace('online', 'busy'),
      heard('m1', 'afar.j', 'roamer.b', ' delayed=true'),
    ),
    hears(
      'com',
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"up","session":"com-s1","user":"roamer.b","status":"busy","note":"n","since":"now"}]',
    ),
    tells('com', owns('com', 1, [{ op: 'down', session: 'com-s1' }])),
    // What came for it there follows, but for what it has had.
    said('com', 3, 'roamer.b', {
      say: 'late',
      session: 'com-s1',
      message: message('m2', 'afar.j', 'roamer.b'),
      isSent: false,
    }),
    hears('c', heard('m2', 'afar.j', 'roamer.b')),
    said('com', 4, 'roamer.b', {
      say: 'late',
      session: 'com-s1',
      message: message('m0', 'afar.j', 'roamer.b'),
      isSent: false,
    }),
    hushes('c', 100),
    said('com', 5, 'roamer.b', {
      say: 'receipt',
      id: 'r1',
      ref: 'x1',
      by: 'afar.j',
      state: 'read',
      session: 'com-s1',
    }),
    hears('c', 'RECEIPT ref=x1 by=afar.j state=read'),
    ...quits('c'),
    hears('com', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"com-s1"}]'),
    // Who does not answer is taken for gone.
    tells('com', owns('com', 2, [up('com-s2', 'roamer.c', { lamport: 50 })])),
    waits(30),
    ...resumes('d', 'roamer.c', 'com-s2'),
    hears('com', asked(3, 'roamer.c', 'com-s2')),
    hushes('d', 700),
    hears('d', isBack('roamer.c', 0, ' anew=true')),
    counts('chat.sessions.revived=1'),
    hears(
      'com',
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"up","session":"com-s2","user":"roamer.c","status":"online","since":"now"}]',
    ),
    tells('com', owns('com', 3, [{ op: 'down', session: 'com-s2' }])),
    ...quits('d'),
    hears('com', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"com-s2"}]'),
    // It is not there any more; and of one that nobody has told of word is waited for.
    tells('com', owns('com', 4, [up('com-s3', 'roamer.d', { lamport: 50 })])),
    waits(30),
    ...resumes('e', 'roamer.d', 'com-s3'),
    hears('com', asked(4, 'roamer.d', 'com-s3')),
    said('com', 6, 'roamer.d', { say: 'notMoved', ref: '@ref', isBusy: false }),
    hears('e', 'ERROR SESSION_EXPIRED payload.token'),
    says('e', line('RESUME', { token: '@ticket(roamer.e,com-s4,secret,)' })),
    hushes('e', 450),
    hears('e', 'ERROR SESSION_EXPIRED payload.token'),
    says('e', line('RESUME', { token: '@ticket(roamer.e,com-s5,secret,)' })),
    waits(300),
    tells('com', owns('com', 5, [up('com-s5', 'roamer.e', { lamport: 50 })])),
    hears('com', asked(5, 'roamer.e', 'com-s5')),
    said('com', 7, 'roamer.e', {
      say: 'luggage',
      ref: '@ref',
      luggage: luggage('roamer.e', 'com-s5'),
    }),
    hears('e', isBack('roamer.e')),
    hears(
      'com',
      'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"up","session":"com-s5","user":"roamer.e","status":"online","since":"now"}]',
    ),
    tells(
      'com',
      owns('com', 6, [
        { op: 'down', session: 'com-s5' },
        { op: 'down', session: 'com-s3' },
      ]),
    ),
    ...quits('e'),
    hears('com', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"com-s5"}]'),
    // Nobody but a node of the cluster can have made a ticket.
    comes('f', '10.8.3.1'),
    says('f', line('RESUME', { token: 'roamer.f~com-s6~secret~~AAAA' })),
    hears('f', 'ERROR SESSION_EXPIRED payload.token'),
    ...leaves('com'),
  ]),
];
