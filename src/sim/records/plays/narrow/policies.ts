// Plays of one user who logs in twice, and of what waits for those who are away, where little may: under each policy of sessions.
// Written from spec/hp.md, "Sessions" and "Direct messages". Refuses to know what a node does about it.

import type { House } from '../house.ts';
import {
  ack,
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
  login,
  play,
  type Play,
  says,
  type Step,
  waits,
  welcome,
} from '../play.ts';

const under =
  (...policies: readonly House['policy'][]) =>
  ({ policy }: House): boolean =>
    policies.includes(policy);

const direct = (to: string, id: string, length = 0): string =>
  line('DIRECT_MESSAGE', { to, body: id.padEnd(length, '.') }, id);
const heardFrom = (from: string, to: string, id: string): string =>
  `DIRECT_MESSAGE id=${id} from=${from} to=${to} body=${id}`;
const late = (words: string): string => `${words} delayed=true`;
const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);
const resumes = (house: House, by: string, user: string): readonly Step[] => [
  comes(by, homeOf(house, user)),
  says(by, line('RESUME', { token: 'TOKEN' })),
];
const letter = (house: House, by: string, to: string, id: string, status: string): Step[] => [
  says(by, direct(to, id)),
  hears(by, ack(house, id, `status=${status}`)),
];
const REPLACED = 'ERROR SESSION_REPLACED ref=null fatal';
const EXPIRED = 'ERROR SESSION_EXPIRED payload.token';
const online = (user: string): string =>
  `PRESENCE_STATE users=[{"user":"${user}","status":"online","sessions":1}]`;

export const policyPlays: readonly Play[] = [
  play(
    'in-the-place-of-another',
    (house) => [
      ...[...enters(house, 'w', 'court'), ...inRoom('w', 'throne', 1)],
      ...[...enters(house, 'a', 'heir'), ...inRoom('a', 'throne', 2)],
      hears('w', 'ROOM_EVENT room=throne event=join user=heir count=2'),
      ...[says('w', line('PRESENCE_SUBSCRIBE', { users: ['heir'] })), hears('w', online('heir'))],
      ...[...enters(house, 'b', 'Heir'), hears('a', REPLACED, END), waits(150)],
      has('w', 'ROOM_EVENT room=throne event=leave user=heir count=1'),
      ...[says('b', line('WHOAMI'))],
      hears('b', 'WHOAMI_OK user=Heir status=online caps=[] rooms=[]'),
      ...[...resumes(house, 'a', 'heir'), hears('a', EXPIRED)],
      // Nothing has changed of the user, who is here.
      ...[waits(1_200), has('w'), ...letter(house, 'w', 'heir', 'm1', 'delivered')],
      ...[hears('b', heardFrom('court', 'heir', 'm1')), ...leave('b')],
      hears('w', 'PRESENCE_EVENT user=heir status=offline'),
      ...leave('w'),
    ],
    under('replace'),
  ),
  play(
    'in-the-place-of-one-who-is-away',
    (house) => [
      ...[...enters(house, 'w', 'nurse'), ...inRoom('w', 'ward', 1)],
      ...[...enters(house, 'a', 'ill', { caps: ['ack'] }), ...inRoom('a', 'ward', 2)],
      hears('w', 'ROOM_EVENT room=ward event=join user=ill count=2'),
      ...[says('w', direct('ill', 'm1')), hears('a', heardFrom('nurse', 'ill', 'm1')), goes('a')],
      ...[waits(200), has('w', ack(house, 'm1', 'status=accepted'))],
      ...letter(house, 'w', 'ill', 'm2', 'accepted'),
      // What nobody has taken is told to whoever comes, and has not waited for him.
      ...[...enters(house, 'b', 'ill', { caps: ['ack'] })],
      hears('b', ...['m1', 'm2'].map((id) => late(heardFrom('nurse', 'ill', id)))),
      hears('w', 'ROOM_EVENT room=ward event=leave user=ill count=1'),
      ...[...resumes(house, 'a', 'ill'), hears('a', EXPIRED)],
      ...[says('b', line('ACK', { ref: 'm2' })), waits(150), says('w', direct('ill', 'm2'))],
      hears('w', ack(house, 'm2', 'status=delivered duplicate=true')),
      // So is it where the session was here.
      ...[...enters(house, 'a', 'ill'), hears('b', REPLACED, END)],
      ...[hears('a', late(heardFrom('nurse', 'ill', 'm1'))), ...leave('a', 'w')],
    ],
    under('replace'),
  ),
  play(
    'taken',
    (house) => {
      const TAKEN = 'ERROR USERNAME_TAKEN payload.user';
      return [
        ...[...enters(house, 'a', 'only'), comes('b', homeOf(house, 'other'))],
        ...[says('b', login(house, 'ONLY')), hears('b', TAKEN), goes('a')],
        ...[says('b', login(house, 'only')), hears('b', TAKEN)],
        ...[says('b', login(house, 'only') + login(house, 'second'))],
        ...[hears('b', TAKEN, welcome('second')), ...resumes(house, 'a', 'only')],
        hears('a', 'RESUME_OK user=only caps=[] status=online replayed=0 rooms=[]'),
        ...[comes('c', homeOf(house, 'only')), says('c', login(house, 'only')), hears('c', TAKEN)],
        ...[
          ...leave('a'),
          waits(150),
          says('c', login(house, 'only')),
          hears('c', welcome('only')),
        ],
        // Whoever does not come back makes way in his time.
        ...[goes('c'), comes('a', homeOf(house, 'only')), waits(2_000)],
        ...[says('a', login(house, 'only')), hears('a', TAKEN), waits(800)],
        ...[says('a', login(house, 'only')), hears('a', welcome('only')), ...leave('a', 'b')],
      ];
    },
    under('reject'),
  ),
  play(
    'nothing-waits',
    (house) => [
      ...[...enters(house, 'a', 'caller'), says('a', direct('callee', 'm1'))],
      ...[hears('a', 'ERROR USER_OFFLINE payload.to'), ...enters(house, 'b', 'callee')],
      // Nobody has had it before.
      ...[says('a', direct('callee', 'm1')), hears('b', heardFrom('caller', 'callee', 'm1'))],
      ...[hears('a', ack(house, 'm1', 'status=delivered')), goes('b')],
      ...[...letter(house, 'a', 'callee', 'm2', 'accepted'), ...resumes(house, 'b', 'callee')],
      hears(
        'b',
        'RESUME_OK user=callee caps=[] status=online replayed=1 rooms=[]',
        late(heardFrom('caller', 'callee', 'm2')),
      ),
      ...[goes('b'), ...letter(house, 'a', 'callee', 'm3', 'accepted'), waits(2_600)],
      ...[says('a', direct('callee', 'm4')), hears('a', 'ERROR USER_OFFLINE payload.to')],
      ...[...enters(house, 'b', 'callee'), waits(200), has('b'), ...leave('a', 'b')],
    ],
    under('reject'),
  ),
  play(
    'a-queue-that-is-full',
    (house) => [
      ...enters(house, 'a', 'writer'),
      ...['m1', 'm2'].flatMap((id) => letter(house, 'a', 'reader', id, 'queued')),
      ...[says('a', direct('reader', 'm3')), hears('a', 'ERROR QUEUE_FULL payload.to')],
      ...[says('a', direct('Reader', 'm1'))],
      hears('a', ack(house, 'm1', 'status=queued duplicate=true')),
      ...enters(house, 'b', 'reader', { offline: 2 }),
      hears('b', ...['m1', 'm2'].map((id) => late(heardFrom('writer', 'reader', id)))),
      // What was refused was never said.
      ...[says('a', direct('reader', 'm3')), hears('b', heardFrom('writer', 'reader', 'm3'))],
      ...[hears('a', ack(house, 'm3', 'status=delivered')), waits(150)],
      ...[says('a', direct('reader', 'm1'))],
      hears('a', ack(house, 'm1', 'status=delivered duplicate=true')),
      ...[...leave('b'), ...enters(house, 'b', 'reader'), waits(150), has('b'), ...leave('a', 'b')],
    ],
    under('multi', 'replace'),
  ),
  play(
    'a-node-that-is-full',
    (house) => [
      ...[...enters(house, 'a', 'sender')],
      ...['one', 'two'].flatMap((user) => [
        says('a', direct(`absent.${user}`, user, 5_000)),
        hears('a', ack(house, user, 'status=queued')),
      ]),
      ...[says('a', direct('absent.three', 'm3')), hears('a', 'ERROR QUEUE_FULL payload.to')],
      ...[...enters(house, 'b', 'absent.one', { offline: 1 })],
      hears('b', 'DIRECT_MESSAGE id=one from=sender to=absent.one body=on~5000 delayed=true'),
      ...letter(house, 'a', 'absent.three', 'm3', 'queued'),
      ...[...enters(house, 'c', 'absent.two', { offline: 1 })],
      hears('c', 'DIRECT_MESSAGE id=two from=sender to=absent.two body=tw~5000 delayed=true'),
      ...[...leave('c'), ...enters(house, 'c', 'absent.three', { offline: 1 })],
      hears('c', late(heardFrom('sender', 'absent.three', 'm3'))),
      ...leave('a', 'b', 'c'),
    ],
    (house) => house.shards === 1 && house.policy !== 'reject',
  ),
  play(
    'too-much-for-one-who-is-away',
    (house) => [
      ...[...enters(house, 'w', 'seer'), ...inRoom('w', 'porch', 1), ...enters(house, 'b', 'pest')],
      ...[...enters(house, 'a', 'gone'), ...inRoom('a', 'porch', 2)],
      ...[hears('w', 'ROOM_EVENT room=porch event=join user=gone count=2'), goes('a')],
      ...['m1', 'm2', 'm3'].flatMap((id) => letter(house, 'b', 'gone', id, 'accepted')),
      ...[waits(150), has('w'), ...letter(house, 'b', 'gone', 'm4', 'accepted'), waits(150)],
      // Its session is over, and all of it waits.
      has('w', 'ROOM_EVENT room=porch event=leave user=gone count=1'),
      ...[...resumes(house, 'a', 'gone'), hears('a', EXPIRED)],
      ...[...enters(house, 'a', 'gone', { offline: 4 })],
      hears('a', ...['m1', 'm2', 'm3', 'm4'].map((id) => late(heardFrom('pest', 'gone', id)))),
      ...leave('a', 'b', 'w'),
    ],
    under('multi', 'replace'),
  ),
  play(
    'one-who-takes-nothing',
    (house) => [
      ...[...enters(house, 'w', 'giver'), ...enters(house, 'a', 'heap', { caps: ['ack'] })],
      ...['m1', 'm2', 'm3', 'm4', 'm5'].flatMap((id) => [
        ...[says('a', '\n'), says('w', '\n')],
        ...[says('w', direct('heap', id)), hears('a', heardFrom('giver', 'heap', id))],
        ...(id === 'm5' ? [] : [hears('w', ack(house, id, 'status=accepted'))]),
      ]),
      ...[hears('w', ack(house, 'm5', 'status=accepted')), goes('a')],
      // It goes on, and the oldest wait for the next one.
      ...resumes(house, 'a', 'heap'),
      hears(
        'a',
        'RESUME_OK user=heap caps=["ack"] status=online replayed=3 rooms=[]',
        ...['m3', 'm4', 'm5'].map((id) => late(heardFrom('giver', 'heap', id))),
      ),
      ...[says('a', line('ACK', { refs: ['m3', 'm4', 'm5'] })), ...leave('a')],
      ...enters(house, 'a', 'heap', { offline: 2 }),
      hears('a', ...['m1', 'm2'].map((id) => late(heardFrom('giver', 'heap', id)))),
      ...leave('a', 'w'),
    ],
    under('multi', 'replace'),
  ),
];
