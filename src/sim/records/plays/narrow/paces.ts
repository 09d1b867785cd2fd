// Plays of how fast somebody may be, how long others are waited for, how crowds are told of, and of a node that goes.
// Written from spec/hp.md, "Limits", "Acknowledgement", "Rooms" and "Draining". Refuses to know what a node does about it.

import {
  ack,
  BYE,
  comes,
  drains,
  enters,
  goes,
  has,
  heardIn,
  hears,
  homeOf,
  inRoom,
  line,
  play,
  type Play,
  says,
  saysIn,
  type Step,
  waits,
} from '../play.ts';

const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);
const pings = (count: number): readonly string[] => Array.from({ length: count }, () => 'PONG');
const forbidden = (count: number): readonly string[] =>
  Array.from({ length: count }, () => 'ERROR FORBIDDEN');
/** A line of so many bytes. */
const longPing = (length: number): string => {
  const shortest = line('PING', { x: '' }).length;
  return line('PING', { x: 'x'.repeat(length - shortest) });
};

export const pacePlays: readonly Play[] = [
  play('faster-than-is-read', (house) => [
    ...[...enters(house, 'a', 'rapid'), says('a', longPing(19_000))],
    says('a', longPing(19_000), longPing(19_000), line('PING'), line('PING')),
    // Seventeen thousand bytes too many, of five thousand a second.
    ...[waits(2_700), has('a', ...pings(3)), waits(1_200), has('a', ...pings(2))],
    // What is long to answer counts as long; what is thrown away does not.
    ...[waits(4_500), says('a', '\n'), waits(4_500)],
    says('a', ...Array.from({ length: 12 }, () => line('STATS')), line('PING')),
    ...[waits(200), has('a', ...forbidden(10)), waits(600), has('a', ...forbidden(1))],
    ...[waits(900), has('a', ...forbidden(1)), waits(900), has('a', 'PONG')],
    ...[waits(4_500), says('a', '\n'), waits(4_500)],
    ...[says('a', `${'x'.repeat(120_000)}\n`, line('PING')), waits(100)],
    ...[has('a', 'ERROR LINE_TOO_LONG ref=null', 'PONG'), ...leave('a')],
  ]),
  play('faster-than-one-may-join', (house) => {
    const joins = (room: string): string => line('JOIN', { room });
    const TOO_FAST = 'ERROR RATE_LIMITED retry_after=1';
    return [
      ...[...enters(house, 'a', 'joiner'), ...inRoom('a', 'j1', 1)],
      ...[says('a', joins('j1') + joins('j1') + joins('j2'))],
      hears('a', 'JOIN_OK room=j1 seq=0 count=1 already=true', TOO_FAST, TOO_FAST),
      ...[waits(520), says('a', joins('j2') + joins('j2'))],
      ...[hears('a', 'JOIN_OK room=j2 seq=0 count=1', TOO_FAST), waits(1_100)],
      ...[says('a', joins('j2') + joins('j3') + joins('j1')), ...['j2'].flatMap(() => [])],
      hears(
        'a',
        'JOIN_OK room=j2 seq=0 count=1 already=true',
        'ERROR FORBIDDEN payload.room',
        TOO_FAST,
      ),
      ...leave('a'),
    ];
  }),
  play('moods-that-change', (house) => {
    const set = (status: string, note?: string): string => line('PRESENCE_SET', { status, note });
    const state = (words: string): string => `PRESENCE_STATE users=[{"user":"moods",${words}}]`;
    const asks = (words: string): readonly Step[] => [
      ...[waits(1_050), says('w', line('PRESENCE_QUERY', { users: ['moods'] }))],
      hears('w', state(words)),
    ];
    return house.policy === 'multi'
      ? [
          ...[...enters(house, 'w', 'gazer'), ...enters(house, 'a', 'moods')],
          ...[...enters(house, 'b', 'moods', { sessions: 2 }), ...inRoom('a', 'moody', 1)],
          ...[...inRoom('b', 'moody', 1), says('a', set('away', 'far')), hears('a', 'ACK')],
          ...asks('"status":"online","sessions":2'),
          ...[says('b', set('busy', 'at it')), hears('b', 'ACK')],
          ...asks('"status":"busy","note":"at_it","sessions":2'),
          ...[says('w', line('ROOM_MEMBERS', { room: 'moody' }))],
          hears(
            'w',
            'ROOM_MEMBERS_OK room=moody members=[{"user":"moods","status":"busy"}] count=1 more=false partial=false',
          ),
          ...[says('b', set('away')), hears('b', 'ACK')],
          ...asks('"status":"away","note":"far","sessions":2'),
          ...[says('a', set('online')), hears('a', 'ACK')],
          ...[...asks('"status":"online","sessions":2'), ...leave('a')],
          ...[...asks('"status":"away","sessions":1'), ...leave('b')],
          ...[...asks('"status":"offline","sessions":0'), ...leave('w')],
        ]
      : [
          ...[...enters(house, 'w', 'gazer'), ...enters(house, 'a', 'moods')],
          ...[
            says('a', set('away', 'far') + set('busy')),
            hears('a', 'ACK', 'ERROR RATE_LIMITED retry_after=1'),
          ],
          ...asks('"status":"away","note":"far","sessions":1'),
          ...[says('a', set('busy')), hears('a', 'ACK'), ...asks('"status":"busy","sessions":1')],
          ...leave('a', 'w'),
        ];
  }),
  play('nobody-takes-it-in-two-seconds', (house) => [
    ...[...enters(house, 'a', 'asker'), ...enters(house, 'b', 'idler', { caps: ['ack'] })],
    ...[says('a', line('DIRECT_MESSAGE', { to: 'idler', body: 'm1' }, 'm1'))],
    ...[hears('b', 'DIRECT_MESSAGE id=m1 from=asker to=idler body=m1'), waits(1_900), has('a')],
    ...[waits(500), has('a', ack(house, 'm1', 'status=accepted'))],
    ...[says('a', line('DIRECT_MESSAGE', { to: 'idler', body: 'm1' }, 'm1'))],
    hears('a', ack(house, 'm1', 'status=accepted duplicate=true')),
    ...[says('b', line('ACK', { ref: 'm1' })), waits(100)],
    ...[says('a', line('DIRECT_MESSAGE', { to: 'idler', body: 'm1' }, 'm1'))],
    hears('a', ack(house, 'm1', 'status=delivered duplicate=true')),
    ...[says('a', line('DIRECT_MESSAGE', { to: 'idler', body: 'm2' }, 'm2'))],
    ...[hears('b', 'DIRECT_MESSAGE id=m2 from=asker to=idler body=m2'), waits(300), has('a')],
    // Nobody is left who could take it.
    ...[
      goes('b'),
      has('a', ack(house, 'm2', 'status=accepted')),
      comes('b', homeOf(house, 'idler')),
    ],
    says('b', line('RESUME', { token: 'TOKEN' })),
    hears(
      'b',
      'RESUME_OK user=idler caps=["ack"] status=online replayed=1 rooms=[]',
      'DIRECT_MESSAGE id=m2 from=asker to=idler body=m2 delayed=true',
    ),
    ...[says('b', line('ACK', { ref: 'm2' })), ...leave('a', 'b')],
  ]),
  play('crowds', (house) => {
    const count = (number: number): string => `ROOM_EVENT room=crowd event=count count=${number}`;
    const joins = (by: string, number: number): readonly Step[] => [
      ...[...enters(house, by, `c${by}`), ...inRoom(by, 'crowd', number)],
    ];
    /** Nobody needs to be asked whether he is there. */
    const later = (ms: number): readonly Step[] => [
      ...['p', 'q', 'r', 's'].map((by) => says(by, '\n')),
      waits(ms),
    ];
    return [
      ...[...joins('p', 1), ...joins('q', 2)],
      ...[hears('p', 'ROOM_EVENT room=crowd event=join user=cq count=2'), ...joins('r', 3)],
      ...[...later(2_000), has('p'), ...joins('s', 4), ...later(2_700), has('p'), ...later(600)],
      ...['p', 'q', 'r', 's'].map((by) => has(by, count(4))),
      // Nothing has changed since.
      ...[...later(2_700), ...later(2_700), has('p'), ...leave('s'), ...later(100), has('p')],
      ...leave('r'),
      ...['p', 'q'].map((by) => hears(by, 'ROOM_EVENT room=crowd event=leave user=cr count=2')),
      ...[...later(4_600), has('p'), ...later(600), ...['p', 'q'].map((by) => has(by, count(2)))],
      ...[...leave('q'), hears('p', 'ROOM_EVENT room=crowd event=leave user=cq count=1')],
      ...leave('p'),
    ];
  }),
  play('the-node-goes-for-those-who-are-in', (house) => {
    const GOES = 'NOTICE code=SERVER_DRAINING retry_after=1 resume=false';
    return [
      ...[...enters(house, 'a', 'remaining'), ...inRoom('a', 'last', 1)],
      ...[...enters(house, 'b', 'staying'), ...inRoom('b', 'last', 2)],
      ...[hears('a', 'ROOM_EVENT room=last event=join user=staying count=2')],
      // At a moment of chance each of them has to go; hardly within the next second.
      ...[waits(1_100), drains(36_000_000), hears('a', GOES), hears('b', GOES)],
      ...[says('a', line('JOIN', { room: 'more' }) + line('JOIN', { room: 'last' }))],
      hears('a', 'ERROR UNAVAILABLE retry_after=1', 'ERROR UNAVAILABLE retry_after=1'),
      ...[
        ...saysIn(house, 'a', 'last', ['m1']),
        hears('b', ...heardIn('last', 'remaining', ['m1'])),
      ],
      ...[says('b', line('LEAVE', { room: 'last' })), hears('b', 'LEAVE_OK room=last')],
      ...[hears('a', 'ROOM_EVENT room=last event=leave user=staying count=1'), ...leave('a', 'b')],
    ];
  }),
];
