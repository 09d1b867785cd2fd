// Plays of those who write to one, who are told again what they may not have, and who come back or do not. Written from
// spec/hp.md. Refuses to know what a node does about it.

import {
  ack,
  BYE,
  comes,
  END,
  enters,
  goes,
  hears,
  heardIn,
  homeOf,
  inRoom,
  lends,
  line,
  named,
  play,
  type Play,
  says,
  saysIn,
  waits,
} from './play.ts';

export const letterPlays: readonly Play[] = [
  play('letters-that-wait', (house) => [
    ...enters(house, 'a', 'sender'),
    says('a', ...named(3).map((id) => line('DIRECT_MESSAGE', { to: 'sleeper', body: id }, id))),
    hears(
      'a',
      ack(house, 'm1', 'status=queued'),
      ack(house, 'm2', 'status=queued'),
      'ERROR QUEUE_FULL payload.to',
    ),
    ...[...enters(house, 'b', 'Sleeper', { offline: 2 })],
    hears(
      'b',
      ...named(2).map(
        (id) => `DIRECT_MESSAGE id=${id} from=sender to=sleeper body=${id} delayed=true`,
      ),
    ),
    ...[waits(60), says('a', line('DIRECT_MESSAGE', { to: 'sleeper', body: 'm2' }, 'm2'))],
    hears('a', ack(house, 'm2', 'status=delivered duplicate=true')),
    ...enters(house, 'c', 'sleeper', { sessions: 2 }),
    ...[says('b', line('BYE')), hears('b', ...BYE), says('c', line('LOGOUT')), hears('c', ...BYE)],
    ...[waits(60), says('a', line('PRESENCE_QUERY', { users: ['sleeper'] }))],
    hears('a', 'PRESENCE_STATE users=[{"user":"sleeper","status":"offline","sessions":0}]'),
  ]),
  play('beside-and-to-oneself', (house) => [
    ...[...enters(house, 'a', 'twin'), ...enters(house, 'b', 'twin', { sessions: 2 })],
    ...[
      ...enters(house, 'c', 'friend'),
      says('a', line('DIRECT_MESSAGE', { to: 'Friend', body: 'm1' }, 'm1')),
    ],
    ...[
      hears('c', 'DIRECT_MESSAGE id=m1 from=twin to=Friend body=m1'),
      hears('a', ack(house, 'm1', 'status=delivered')),
    ],
    hears('b', 'DIRECT_MESSAGE id=m1 from=twin to=Friend body=m1 sent=true'),
    ...[says('a', line('DIRECT_MESSAGE', { to: 'twin', body: 'm2' }, 'm2'))],
    ...[
      hears('b', 'DIRECT_MESSAGE id=m2 from=twin to=twin body=m2'),
      hears('a', ack(house, 'm2', 'status=delivered')),
    ],
    ...[says('c', line('DIRECT_MESSAGE', { to: 'friend', body: 'm3' }, 'm3'))],
    ...[
      hears('c', ack(house, 'm3', 'status=accepted')),
      says('c', line('HISTORY', { with: 'friend' })),
    ],
    hears('c', 'HISTORY_OK with=friend messages=m3 more=false'),
  ]),
  play('told-again', (house) => [
    ...[...enters(house, 'a', 'keeper', { caps: ['ack'] }), ...enters(house, 'b', 'teller')],
    ...[...inRoom('a', 'again', 1), ...inRoom('b', 'again', 2)],
    hears('a', 'ROOM_EVENT room=again event=join user=teller count=2'),
    ...[
      ...saysIn(house, 'b', 'again', named(3)),
      hears('a', ...heardIn('again', 'teller', named(3))),
    ],
    ...[
      says('a', line('ACK', { ref: 'm1' })),
      says('a', line('PING')),
      hears('a', 'PONG'),
      goes('a'),
    ],
    ...saysIn(house, 'b', 'again', ['m4'], 4),
    ...[comes('a', homeOf(house, 'keeper')), says('a', line('RESUME', { token: 'TOKEN' }))],
    hears(
      'a',
      'RESUME_OK user=keeper caps=["ack"] status=online replayed=3 rooms=["again"]',
      ...heardIn('again', 'teller', named(3, 2), 2).map((words) => `${words} delayed=true`),
    ),
    ...[says('a', line('ACK', { refs: ['m2', 'm3', 'm4'] }) + line('PING')), hears('a', 'PONG')],
    ...[comes('c', homeOf(house, 'keeper')), comes('d', homeOf(house, 'keeper')), goes('d')],
    ...[
      goes('a'),
      comes('a', homeOf(house, 'keeper')),
      says('a', line('RESUME', { token: 'TOKEN', rooms: { again: 2 } })),
    ],
    hears(
      'a',
      'RESUME_OK user=keeper caps=["ack"] status=online replayed=2 rooms=["again"]',
      ...heardIn('again', 'teller', named(2, 3), 3).map((words) => `${words} delayed=true`),
    ),
    ...[says('b', line('BYE')), hears('b', ...BYE)],
    ...[
      hears('a', 'ROOM_EVENT room=again event=leave user=teller count=1'),
      says('a', line('BYE')),
      hears('a', ...BYE),
    ],
  ]),
  play('nobody-comes-back', (house) => [
    ...[
      ...enters(house, 'a', 'lost'),
      ...inRoom('a', 'lost', 1),
      ...enters(house, 'b', 'waiter'),
      ...inRoom('b', 'lost', 2),
    ],
    ...[hears('a', 'ROOM_EVENT room=lost event=join user=waiter count=2'), goes('a'), waits(2_000)],
    ...[says('b', line('PRESENCE_QUERY', { users: ['lost'] }))],
    hears('b', 'PRESENCE_STATE users=[{"user":"lost","status":"online","sessions":1}]'),
    ...[waits(600), hears('b', 'ROOM_EVENT room=lost event=leave user=lost count=1')],
    ...[comes('a', homeOf(house, 'lost')), says('a', line('RESUME', { token: 'TOKEN' }))],
    hears('a', 'ERROR SESSION_EXPIRED payload.token'),
    ...[says('b', line('PRESENCE_QUERY', { users: ['lost'] }))],
    hears('b', 'PRESENCE_STATE users=[{"user":"lost","status":"offline","sessions":0}]'),
  ]),
  play('on-two-connections', (house) => [
    ...[...enters(house, 'a', 'mover'), ...inRoom('a', 'two', 1), ...enters(house, 'b', 'seer')],
    ...[...inRoom('b', 'two', 2), hears('a', 'ROOM_EVENT room=two event=join user=seer count=2')],
    ...[says('b', line('PRESENCE_SUBSCRIBE', { users: ['mover'] }))],
    hears('b', 'PRESENCE_STATE users=[{"user":"mover","status":"online","sessions":1}]'),
    ...[...saysIn(house, 'b', 'two', ['m1']), hears('a', ...heardIn('two', 'seer', ['m1']))],
    ...[
      comes('c', homeOf(house, 'mover')),
      lends('a', 'c'),
      says('c', line('RESUME', { token: 'TOKEN' })),
    ],
    hears('c', 'RESUME_OK user=mover caps=[] status=online replayed=0 rooms=["two"]'),
    ...[hears('a', 'BYE code=SESSION_RESUMED', END), ...saysIn(house, 'b', 'two', ['m2'], 2)],
    ...[hears('c', ...heardIn('two', 'seer', ['m2'], 2)), ...saysIn(house, 'c', 'two', ['n1'], 3)],
    ...[hears('b', ...heardIn('two', 'mover', ['n1'], 3)), waits(1_200)],
    ...[says('c', line('LEAVE', { room: 'two' })), hears('c', 'LEAVE_OK room=two')],
    ...[
      hears('b', 'ROOM_EVENT room=two event=leave user=mover count=1'),
      ...saysIn(house, 'b', 'two', ['m3'], 4),
    ],
    ...[
      says('c', line('LEAVE', { room: 'two' }) + line('ROOM_MESSAGE', { room: 'two', body: 'x' })),
    ],
    hears('c', 'ERROR NOT_IN_ROOM payload.room', 'ERROR NOT_IN_ROOM payload.room'),
    ...[
      says('c', line('BYE')),
      hears('c', ...BYE),
      hears('b', 'PRESENCE_EVENT user=mover status=offline'),
    ],
  ]),
  play('who-comes-late', (house) => [
    ...[
      ...enters(house, 'a', 'early'),
      ...inRoom('a', 'late', 1),
      ...saysIn(house, 'a', 'late', named(4)),
    ],
    ...[
      ...enters(house, 'b', 'tardy'),
      says('b', line('JOIN', { room: 'late', history: { limit: 2 } })),
    ],
    hears(
      'b',
      'JOIN_OK room=late seq=4 count=2',
      ...heardIn('late', 'early', named(2, 3), 3).map((words) => `${words} delayed=true`),
    ),
    ...[
      hears('a', 'ROOM_EVENT room=late event=join user=tardy count=2'),
      ...saysIn(house, 'a', 'late', ['m5'], 5),
    ],
    ...[
      hears('b', ...heardIn('late', 'early', ['m5'], 5)),
      says('b', line('JOIN', { room: 'late' })),
    ],
    hears('b', 'JOIN_OK room=late seq=5 count=2 already=true'),
    ...[says('a', line('ROOM_MESSAGE', { room: 'late', body: 'm2' }, 'm2'))],
    hears('a', ack(house, 'm2', 'status=accepted seq=2 duplicate=true')),
    ...[says('b', line('PRESENCE_SUBSCRIBE', { users: ['x', 'y', 'z'] }))],
    hears('b', 'ERROR INVALID_PAYLOAD payload.users'),
    ...[
      says(
        'b',
        line('PRESENCE_SET', { status: 'busy', note: 'n' }) +
          line('PRESENCE_SET', { status: 'away' }),
      ),
    ],
    hears('b', 'ACK', 'ERROR RATE_LIMITED retry_after=0.5..1'),
    ...[
      says('b', line('WHOAMI')),
      hears('b', 'WHOAMI_OK user=tardy status=busy note=n caps=[] rooms=["late"]'),
    ],
    ...[says('a', line('ROOM_MEMBERS', { room: 'late', limit: 1 }))],
    hears(
      'a',
      'ROOM_MEMBERS_OK room=late members=[{"user":"early","status":"online"}] count=2 more=true partial=false',
    ),
    ...[says('a', line('ROOM_MEMBERS', { room: 'late', after: 'early' }))],
    hears(
      'a',
      'ROOM_MEMBERS_OK room=late members=[{"user":"tardy","status":"busy"}] count=2 more=false partial=false',
    ),
    ...[
      says(
        'a',
        line('ROOM_MESSAGE', { room: 'late', body: '' }) +
          line('ROOM_MESSAGE', { room: 'late', body: 'x'.repeat(16_385) }),
      ),
    ],
    hears('a', 'ERROR BODY_EMPTY payload.body', 'ERROR BODY_TOO_LONG payload.body'),
    ...[
      says('a', line('BYE')),
      hears('a', ...BYE),
      hears('b', 'ROOM_EVENT room=late event=leave user=early count=1'),
    ],
    ...[says('b', line('BYE')), hears('b', ...BYE)],
  ]),
];
