// Meetings about what users say to users of other nodes, and about sessions that move between nodes. Written from
// spec/hp-peer.md, "Forwarding", "Direct messages", "Sessions that move" and "Copies". Refuses to know how.

import { enters, goes, line, says, waits } from '../plays/play.ts';
import { owns, quits, up } from './copies.ts';
import {
  acksNothing,
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
  notices,
  proves,
  speaksAgain,
  synced,
  tells,
  word,
} from './meeting.ts';

const house = { shards: 1, ...meetingHouse };

export function forward(n: number, kind: string, key: string, body: object | string): string {
  return word('FORWARD', { n, kind, own_id: false, ttl: 0, data: { key, body } });
}

function direct(by: string, to: string, id: string): MeetingStep {
  return says(by, line('DIRECT_MESSAGE', { to, body: id }, id));
}

function message(id: string, from: string, to: string, session: string, more: object = {}) {
  return { id, timestamp: '@now', from, session, to, body: id, ...more };
}

/** The same, as it is heard; the sender's session is one of the node, or has a name that a script gave it. */
function shownMessage(id: string, from: string, to: string, session: string): string {
  return JSON.stringify({ id, timestamp: 'now', from, session, to, body: id });
}

/** What is forwarded to a node, as it hears it. */
export function forwarded(
  n: number | '*',
  kind: string,
  key: string,
  body: string,
  ownId = false,
): string {
  return `FORWARD n=${n} kind=${kind} own_id=${ownId} data={"key":"${key}","body":${body}}`;
}

function flown(n: number, key: string, told: string, isDelayed = false): string {
  return forwarded(
    n,
    'user',
    key,
    `{"say":"direct","message":${told},"isDelayed":${isDelayed}}`,
    true,
  );
}

function outcome(n: number, to: string, from: string, id: string, status: string): string {
  return forward(n, 'user', to, { say: 'outcome', from, id, status });
}

function shownOutcome(n: number, to: string, from: string, id: string, status: string): string {
  return forwarded(
    n,
    'user',
    to,
    `{"say":"outcome","from":"${from}","id":"${id}","status":"${status}"}`,
  );
}

const heard = (id: string, from: string, to: string, more = ''): string =>
  `DIRECT_MESSAGE id=${id} from=${from} to=${to} body=${id}${more}`;

export const letterMeetings: readonly Meeting[] = [
  meeting('letters-to-others', [
    ...enters(house, 'a', 'writer.a'),
    ...links('let', { node: 'let' }),
    tells('let', owns('let', 0, [up('s1', 'afar.g')])),
    // What becomes of it is said there.
    ...[
      direct('a', 'afar.g', 'm1'),
      hears('let', flown(1, 'afar.g', shownMessage('m1', 'writer.a', 'afar.g', '#1'))),
    ],
    ...[hushes('a', 100), tells('let', outcome(1, 'afar.g', 'writer.a', 'm1', 'delivered'))],
    ...[hears('a', 'ACK status=delivered'), notices('let', 'FORWARD_ACK n=1')],
    ...[
      direct('a', 'afar.g', 'm2'),
      hears('let', flown(2, 'afar.g', shownMessage('m2', 'writer.a', 'afar.g', '#1'))),
    ],
    ...[
      tells('let', outcome(2, 'afar.g', 'writer.a', 'm2', 'accepted')),
      hears('a', 'ACK status=accepted'),
    ],
    // The same again is the same.
    ...[direct('a', 'afar.g', 'm1'), hears('a', 'ACK status=delivered duplicate=true')],
    // Nobody is there any more: it waits, and is held there.
    ...[
      direct('a', 'afar.g', 'm3'),
      hears('let', flown(3, 'afar.g', shownMessage('m3', 'writer.a', 'afar.g', '#1'))),
    ],
    tells('let', owns('let', 1, [{ op: 'down', session: 's1' }])),
    tells('let', outcome(3, 'afar.g', 'writer.a', 'm3', 'noSession')),
    hears(
      'let',
      forwarded(
        4,
        'user',
        'afar.g',
        `{"say":"hold","message":${shownMessage('m3', 'writer.a', 'afar.g', '#1')}}`,
        true,
      ),
    ),
    ...[
      hushes('a', 200),
      tells('let', forward(4, 'user', 'afar.g', { say: 'held', from: 'writer.a', id: 'm3' })),
    ],
    hears('a', 'ACK status=queued'),
    ...[direct('a', 'afar.g', 'm4')],
    hears(
      'let',
      forwarded(
        5,
        'user',
        'afar.g',
        `{"say":"hold","message":${shownMessage('m4', 'writer.a', 'afar.g', '#1')}}`,
        true,
      ),
    ),
    // Whoever waits for a word of it waits until it is held there.
    ...[
      hushes('a', 300),
      tells('let', forward(5, 'user', 'afar.g', { say: 'held', from: 'writer.a', id: 'm4' })),
    ],
    hears('a', 'ACK status=queued'),
    counts('chat.directs.stored=2'),
    // Back: all that waited comes, and is held no more when it is taken.
    tells('let', owns('let', 2, [up('s2', 'afar.g', { lamport: 9 })])),
    hears(
      'let',
      flown(6, 'afar.g', shownMessage('m3', 'writer.a', 'afar.g', '#1'), true),
      flown(7, 'afar.g', shownMessage('m4', 'writer.a', 'afar.g', '#1'), true),
    ),
    tells('let', outcome(6, 'afar.g', 'writer.a', 'm3', 'delivered')),
    hears('let', forwarded(8, 'user', 'afar.g', '{"say":"release","from":"writer.a","id":"m3"}')),
    tells('let', outcome(7, 'afar.g', 'writer.a', 'm4', 'accepted')),
    hears('let', forwarded(9, 'user', 'afar.g', '{"say":"release","from":"writer.a","id":"m4"}')),
    ...[...quits('a'), ...leaves('let')],
  ]),
  meeting('letters-from-others', [
    ...enters(house, 'a', 'reader.a'),
    ...links('fro', { node: 'fro' }),
    tells('fro', owns('fro', 0, [up('s1', 'afar.h'), up('s9', 'reader.a', { lamport: 2 })])),
    waits(20),
    tells(
      'fro',
      forward(1, 'user', 'reader.a', {
        say: 'direct',
        message: message('m1', 'afar.h', 'reader.a', 's1'),
        isDelayed: false,
      }),
    ),
    hears('a', heard('m1', 'afar.h', 'reader.a')),
    hears('fro', shownOutcome(1, 'reader.a', 'afar.h', 'm1', 'delivered')),
    notices('fro', 'FORWARD_ACK n=1'),
    // Once, however often it comes; the answer is the same.
    tells(
      'fro',
      forward(2, 'user', 'reader.a', {
        say: 'direct',
        message: message('m1', 'afar.h', 'reader.a', 's1'),
        isDelayed: true,
      }),
    ),
    ...[hears('fro', shownOutcome(2, 'reader.a', 'afar.h', 'm1', 'delivered')), hushes('a', 100)],
    // A number that was heard already is not heard again.
    tells(
      'fro',
      forward(2, 'user', 'reader.a', {
        say: 'direct',
        message: message('m2', 'afar.h', 'reader.a', 's1'),
        isDelayed: false,
      }),
    ),
    ...[hushes('a', 100), counts('cluster.forwards.duplicate=1')],
    tells(
      'fro',
      forward(3, 'user', 'reader.a', {
        say: 'direct',
        message: message('m2', 'afar.h', 'reader.a', 's1'),
        isDelayed: true,
      }),
    ),
    hears('a', heard('m2', 'afar.h', 'reader.a', ' delayed=true')),
    hears('fro', shownOutcome(3, 'reader.a', 'afar.h', 'm2', 'delivered')),
    tells(
      'fro',
      forward(4, 'user', 'nobody.a', {
        say: 'direct',
        message: message('m3', 'afar.h', 'nobody.a', 's1'),
        isDelayed: false,
      }),
    ),
    hears('fro', shownOutcome(4, 'nobody.a', 'afar.h', 'm3', 'noSession')),
    // What his other session has sent, read, and is about to say.
    tells(
      'fro',
      forward(5, 'user', 'reader.a', {
        say: 'carbon',
        message: message('m4', 'reader.a', 'afar.h', 's9'),
      }),
    ),
    hears('a', heard('m4', 'reader.a', 'afar.h', ' sent=true')),
    tells(
      'fro',
      forward(6, 'user', 'reader.a', {
        say: 'carbon',
        message: message('m4', 'reader.a', 'afar.h', 's9'),
      }),
    ),
    tells(
      'fro',
      forward(7, 'user', 'reader.a', {
        say: 'receipt',
        id: 'r1',
        ref: 'm4',
        by: 'afar.h',
        state: 'read',
      }),
    ),
    hears('a', 'RECEIPT ref=m4 by=afar.h state=read'),
    tells('fro', forward(8, 'user', 'reader.a', { say: 'typing', from: 'afar.h', on: true })),
    hears('a', 'TYPING from=afar.h on=true'),
    // And what is none of these.
    ...[
      { say: 'direct', message: message('m 5', 'afar.h', 'reader.a', 's1') },
      { say: 'typing', from: 'afar.h' },
      {},
    ].map((body, at) => tells('fro', forward(9 + at, 'user', 'reader.a', body))),
    tells(
      'fro',
      forward(12, 'user', 'reader.a', {
        say: 'direct',
        message: message('m6', 'afar h', 'reader.a', 's1'),
        isDelayed: false,
      }),
    ),
    tells(
      'fro',
      forward(13, 'user', 'reader.a', {
        say: 'direct',
        message: message('m6', 'afar.h', 'reader.a', 's1', { dataText: '{"a":' }),
        isDelayed: false,
      }),
    ),
    ...[hushes('a', 100), counts('chat.peers.wrong=5')],
    tells(
      'fro',
      forward(14, 'user', 'reader.a', {
        say: 'direct',
        message: message('m6', 'afar.h', 'reader.a', 's1', { dataText: '{"a":1.50}' }),
        isDelayed: false,
      }),
    ),
    hears('a', heard('m6', 'afar.h', 'reader.a', ' data={"a":1.50}')),
    hears('fro', shownOutcome(5, 'reader.a', 'afar.h', 'm6', 'delivered')),
    // What its user says goes to its other sessions.
    ...[
      says('a', line('TYPING', { to: 'afar.h', on: true })),
      hears('fro', forwarded(6, 'user', 'afar.h', '{"say":"typing","from":"reader.a","on":true}')),
    ],
    ...[
      says('a', line('RECEIPT', { ref: 'm1', to: 'afar.h', state: 'read' }, 'r2')),
      hears('a', 'ACK'),
    ],
    hears(
      'fro',
      forwarded(
        7,
        'user',
        'afar.h',
        '{"say":"receipt","id":"r2","ref":"m1","by":"reader.a","state":"read"}',
      ),
    ),
    direct('a', 'afar.h', 'm7'),
    hears('fro', flown(8, 'afar.h', shownMessage('m7', 'reader.a', 'afar.h', '#1'))),
    tells('fro', outcome(15, 'afar.h', 'reader.a', 'm7', 'delivered')),
    hears('a', 'ACK status=delivered'),
    hears(
      'fro',
      forwarded(
        9,
        'user',
        'reader.a',
        `{"say":"carbon","message":${shownMessage('m7', 'reader.a', 'afar.h', '#1')}}`,
      ),
    ),
    tells('fro', forward(16, 'user', 'reader.a', { say: 'close', session: '@#1' })),
    hears('a', 'ERROR SESSION_REPLACED ref=null fatal', 'end'),
    hears('fro', 'PRESENCE_DELTA node=n1 incarnation=own ops=[{"op":"down","session":"#1"}]'),
    ...leaves('fro'),
  ]),
  meeting('what-is-not-acknowledged', [
    ...enters(house, 'a', 'writer.b'),
    ...links('ack', { node: 'ack' }),
    tells('ack', owns('ack', 0, [up('s1', 'afar.i')])),
    ...[waits(20), acksNothing('ack')],
    ...[1, 2, 3].flatMap((n) => [
      says('a', line('TYPING', { to: 'afar.i', on: n % 2 === 1 })),
      hears(
        'ack',
        forwarded(n, 'user', 'afar.i', `{"say":"typing","from":"writer.b","on":${n % 2 === 1}}`),
      ),
    ]),
    tells('ack', word('FORWARD_ACK', { n: 1 })),
    ...[goes('ack'), ...proves('ack2', { node: 'ack' })],
    gets(
      'ack2',
      'SERVER_WELCOME members=["ack/10//suspect"] heartbeat_ms=1000 clients=n1.chat:7502',
      'INTEREST whole=ended data={"add":[],"remove":[]}',
      'PRESENCE_SYNC_REQUEST node=ack incarnation=10 have=1',
    ),
    // Nothing is sent before it has said what it has.
    hushes('ack2', 200),
    tells(
      'ack2',
      word('SERVER_READY', { members: [], heartbeat_ms: 1_000 }),
      ...synced('ack', 10, 1),
    ),
    ...[hushes('ack2', 200), tells('ack2', word('FORWARD_ACK', { n: 2 }))],
    hears('ack2', forwarded(3, 'user', 'afar.i', '{"say":"typing","from":"writer.b","on":true}')),
    says('a', line('TYPING', { to: 'afar.i', on: true })),
    hears('ack2', forwarded(4, 'user', 'afar.i', '{"say":"typing","from":"writer.b","on":true}')),
    // Twenty may wait.
    acksNothing('ack2'),
    ...Array.from({ length: 22 }, () => says('a', line('TYPING', { to: 'afar.i', on: true }))),
    waits(50),
    counts('cluster.forwards.dropped=2'),
    speaksAgain('ack2'),
    hears(
      'ack2',
      ...Array.from({ length: 20 }, (_, at) =>
        forwarded(5 + at, 'user', 'afar.i', '{"say":"typing","from":"writer.b","on":true}'),
      ),
    ),
    ...[...quits('a'), ...leaves('ack2')],
  ]),
];
