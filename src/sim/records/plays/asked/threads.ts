// Plays of a thread that dies: of those who sit on another one, and of what was at home on it. Written from spec/hp.md, "Rooms"
// and "Resume". Refuses to know what a node does about it.

import { shardOfRoom, shardOfUser } from '../../../../actors/chat/chat-context.ts';
import type { House } from '../house.ts';
import {
  ack,
  BYE,
  comes,
  END,
  enters,
  gathers,
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
  threadDies,
  waits,
} from '../play.ts';

/** The first of such names whose home is this thread. */
function at(thread: number, house: House, name: string, homeOfName = shardOfUser): string {
  for (let number = 1; number < 1_000; number += 1)
    if (homeOfName(house, `${name}${number}`) === thread) return `${name}${number}`;
  return name;
}

/** Where he sits. */
function seated(house: House, by: string, user: string, thread: number): readonly Step[] {
  return [comes(by, homeOf(house, user), false, NODE, thread), ...enters(house, by, user).slice(1)];
}

const resumes = (house: House, by: string, user: string, ...heard: readonly string[]): Step[] => [
  ...[
    comes(by, homeOf(house, user), false, NODE, STAYS),
    says(by, line('RESUME', { token: 'TOKEN' })),
  ],
  hears(by, ...heard),
];
const leave = (...all: readonly string[]): readonly Step[] =>
  all.flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]);
const is = (user: string, status: string, sessions: number): string =>
  `{"user":"${user}","status":"${status}","sessions":${sessions}}`;
const hasMany = ({ shards, isSlow }: House): boolean => shards > 1 && !isSlow;
const [NODE, STAYS, DIES] = [0, 0, 1];

export const threadPlays: readonly Play[] = [
  play(
    'their-homes-die',
    (house) => {
      const [able, baker] = [at(DIES, house, 'able.'), at(DIES, house, 'baker.')];
      const charlie = at(DIES, house, 'charlie.');
      const room = at(DIES, house, 'hall.', shardOfRoom);
      return [
        ...[...seated(house, 'a', able, STAYS), ...seated(house, 'b', baker, STAYS)],
        ...[...inRoom('a', room, 1), ...inRoom('b', room, 2)],
        hears('a', `ROOM_EVENT room=${room} event=join user=${baker} count=2`),
        ...[says('b', line('PRESENCE_SUBSCRIBE', { users: [able] }))],
        hears('b', `PRESENCE_STATE users=[${is(able, 'online', 1)}]`),
        ...[...saysIn(house, 'a', room, ['m1']), hears('b', ...heardIn(room, able, ['m1']))],
        ...[...seated(house, 'c', charlie, STAYS), ...inRoom('c', room, 3, 1), goes('c')],
        ...[
          ...['a', 'b'].map((by) =>
            hears(by, `ROOM_EVENT room=${room} event=join user=${charlie} count=3`),
          ),
        ],
        ...[threadDies(DIES), waits(700)],
        // The home that is new is told who sits there, and tells of some of them as if they came.
        ...[waits(1_000), gathers('a'), gathers('b')],
        // They sit there as before, and nobody knows what was said.
        ...[says('b', line('ROOM_MEMBERS', { room }))],
        hears(
          'b',
          `ROOM_MEMBERS_OK room=${room} members=[{"user":"${able}","status":"online"},{"user":"${baker}","status":"online"},{"user":"${charlie}","status":"online"}] count=3 more=false partial=false`,
        ),
        ...[says('b', line('HISTORY', { room }))],
        hears('b', `HISTORY_OK room=${room} messages= more=false`),
        ...[...saysIn(house, 'a', room, ['m2'], 2), hears('b', ...heardIn(room, able, ['m2'], 2))],
        // So does who was away as it died.
        ...resumes(
          house,
          'c',
          charlie,
          `RESUME_OK user=${charlie} caps=[] status=online replayed=1 rooms=["${room}"] gaps=["${room}"]`,
          ...heardIn(room, able, ['m2'], 2).map((words) => `${words} delayed=true`),
        ),
        ...[
          ...leave('c'),
          ...['a', 'b'].map((by) =>
            hears(by, `ROOM_EVENT room=${room} event=leave user=${charlie} count=2`),
          ),
        ],
        // Whoever watches is told as before.
        ...[says('a', line('PRESENCE_SET', { status: 'busy' })), hears('a', 'ACK')],
        hears('b', `PRESENCE_EVENT user=${able} status=busy`),
        ...[says('b', line('DIRECT_MESSAGE', { to: able, body: 'd1' }, 'd1'))],
        hears('a', `DIRECT_MESSAGE id=d1 from=${baker} to=${able} body=d1`),
        ...[hears('b', ack(house, 'd1', 'status=delivered')), goes('a')],
        ...[...saysIn(house, 'b', room, ['m3'], 3)],
        ...resumes(
          house,
          'a',
          able,
          `RESUME_OK user=${able} caps=[] status=busy replayed=1 rooms=["${room}"]`,
          ...heardIn(room, baker, ['m3'], 3).map((words) => `${words} delayed=true`),
        ),
        ...[...leave('a'), hears('b', `ROOM_EVENT room=${room} event=leave user=${able} count=1`)],
        ...[waits(1_100), has('b', `PRESENCE_EVENT user=${able} status=offline`), ...leave('b')],
      ];
    },
    hasMany,
  ),
  play(
    'those-who-sit-there-die',
    (house) => {
      const [here, there] = [at(STAYS, house, 'here.'), at(STAYS, house, 'there.')];
      const beside = at(DIES, house, 'beside.');
      const room = at(STAYS, house, 'hut.', shardOfRoom);
      const gone = `ROOM_EVENT room=${room} event=leave user=${there} reason=node_down count=1`;
      return [
        ...[...seated(house, 'a', here, STAYS), ...inRoom('a', room, 1)],
        ...[...seated(house, 'b', there, DIES), ...inRoom('b', room, 2)],
        hears('a', `ROOM_EVENT room=${room} event=join user=${there} count=2`),
        ...[...saysIn(house, 'b', room, ['m1']), hears('a', ...heardIn(room, there, ['m1']))],
        ...[...seated(house, 'c', beside, DIES), waits(100)],
        ...[says('a', line('PRESENCE_QUERY', { users: [there, beside] }))],
        hears('a', `PRESENCE_STATE users=[${is(there, 'online', 1)},${is(beside, 'online', 1)}]`),
        ...[
          threadDies(DIES),
          ...['b', 'c'].map((by) => hears(by, END)),
          waits(400),
          has('a', gone),
        ],
        ...[...saysIn(house, 'a', room, ['m2'], 2), says('a', line('HISTORY', { room }))],
        hears('a', `HISTORY_OK room=${room} messages=m1,m2 more=false`),
        ...[waits(1_100), says('a', line('PRESENCE_QUERY', { users: [there, beside] }))],
        hears('a', `PRESENCE_STATE users=[${is(there, 'offline', 0)},${is(beside, 'offline', 0)}]`),
        ...resumes(house, 'b', there, 'ERROR SESSION_EXPIRED payload.token'),
        ...resumes(house, 'c', beside, 'ERROR SESSION_EXPIRED payload.token'),
        ...[...seated(house, 'b', there, DIES), ...inRoom('b', room, 2, 2)],
        hears('a', `ROOM_EVENT room=${room} event=join user=${there} count=2`),
        ...[...leave('b'), hears('a', `ROOM_EVENT room=${room} event=leave user=${there} count=1`)],
        ...leave('a'),
      ];
    },
    hasMany,
  ),
];
