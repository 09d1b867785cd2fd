// Plays about what may be written in a line, and what is passed on as it was written. Written from spec/hp.md, "JSON",
// "Envelope" and "Messages". Refuses to know how lines are read.

import {
  ack,
  BYE,
  comes,
  enters,
  fails,
  hears,
  inRoom,
  line,
  login,
  play,
  type Play,
  says,
  type Step,
  waits,
  welcome,
} from './play.ts';
import { CAPS, waysOf } from './proofs.ts';

/** A request whose payload is written by hand. */
function raw(type: string, payload: string, id = 'q1'): string {
  return line(type, {}, id).replace('"payload":{}', `"payload":${payload}`);
}

function wrong(by: string, said: string, words: string): readonly Step[] {
  return [says(by, said), hears(by, `ERROR ${words}`)];
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
/** Many, and none in another. */
const siblings = `[${Array.from({ length: 40 }, () => '[]').join(',')}]`;
/** Two UTF-16 units, and one character. */
const FACE = String.raw`\ud83d\ude00`;

export const wordPlays: readonly Play[] = [
  play('passed-on-as-written', (house) => {
    const written = [
      ['{"a":170.50,"b":1e400,"c":-0.0}', '{"a":170.50,"b":1e400,"c":-0.0}'],
      [String.raw`["\u0000","${FACE}"]`, String.raw`["\u0000","${FACE}"]`],
      ['{"__proto__":1,"a":1,"a":2}', '{"__proto__":1,"a":1,"a":2}'],
      ['[1,\r2]', '[1,_2]'],
      [nested(30), nested(30)],
      [siblings, siblings],
    ] as const;
    return [
      ...[...enters(house, 'a', 'scribe'), ...inRoom('a', 'raw', 1)],
      ...[...enters(house, 'b', 'copyist'), ...inRoom('b', 'raw', 2)],
      hears('a', 'ROOM_EVENT room=raw event=join user=copyist count=2'),
      ...written.flatMap(([data, heard], at): Step[] => [
        says('a', raw('ROOM_MESSAGE', `{"room":"raw","body":"x","data":${data}}`, `m${at}`)),
        hears('a', ack(house, `m${at}`, `status=accepted seq=${at + 1}`)),
        hears(
          'b',
          `ROOM_MESSAGE id=m${at} room=raw from=scribe body=x data=${heard} seq=${at + 1}`,
        ),
      ]),
      ...wrong(
        'a',
        raw('ROOM_MESSAGE', String.raw`{"room":"raw","body":"x","data":{"a":["\ud800"]}}`),
        'INVALID_STRING payload.data',
      ),
      ...wrong(
        'a',
        raw('ROOM_MESSAGE', `{"room":"raw","body":"x","data":${nested(31)}}`),
        'TOO_DEEP ref=null',
      ),
      ...[says('b', line('BYE')), hears('b', ...BYE)],
      hears('a', 'ROOM_EVENT room=raw event=leave user=copyist count=1'),
    ];
  }),
  play('numbers', (house) => [
    ...[...enters(house, 'a', 'counter'), ...inRoom('a', 'sums', 1)],
    ...wrong('a', raw('HISTORY', '{"room":"sums","limit":1.5}'), 'INVALID_NUMBER payload.limit'),
    ...wrong('a', raw('PING', '{"x":9007199254740993}'), 'INVALID_NUMBER payload.x'),
    ...wrong('a', raw('PING', '{"x":{"y":[0.5]}}'), 'INVALID_NUMBER payload.x.y.0'),
    ...wrong('a', raw('PING', '{"x":[[1,0.5]]}'), 'INVALID_NUMBER payload.x.0.1'),
    ...wrong('a', raw('HISTORY', '{"room":"sums","limit":0}'), 'INVALID_PAYLOAD payload.limit'),
    ...[
      says('a', raw('HISTORY', '{"room":"sums","limit":1e2}')),
      hears('a', 'HISTORY_OK room=sums messages= more=false'),
    ],
    ...[says('a', raw('PING', '{"x":-9007199254740991,"y":1.0}')), hears('a', 'PONG')],
  ]),
  play('lines-of-no-kind', (house) => [
    ...enters(house, 'a', 'babbler'),
    ...wrong('a', '\xc0\xaf\n', 'INVALID_UTF8 ref=null'),
    ...wrong('a', `${nested(33)}\n`, 'TOO_DEEP ref=null'),
    ...wrong('a', `${nested(32)}\n`, 'INVALID_MESSAGE ref=null'),
    ...wrong('a', '5\n', 'INVALID_MESSAGE ref=null'),
    ...wrong('a', '\xef\xbb\xbf{}\n', 'INVALID_JSON ref=null'),
    ...wrong('a', '{"version":"1\t0"}\n', 'INVALID_JSON ref=null'),
    ...wrong('a', '{} {}\n', 'INVALID_JSON ref=null'),
    ...[says('a', line('PING', { echo: '[[[[[{{{{{' })), hears('a', 'PONG echo=[[[[[{{{{{')],
  ]),
  play('lines-of-no-depth', (house) => [
    ...enters(house, 'a', 'spelunker'),
    ...wrong('a', `${siblings}\n`, 'INVALID_MESSAGE ref=null'),
    ...wrong('a', `{"a":1,"b":[2,3],"c":${nested(32)}} x\n`, 'TOO_DEEP ref=null'),
    ...wrong('a', String.raw`{"a":"\"${'['.repeat(40)}",}` + '\n', 'INVALID_JSON ref=null'),
    ...wrong('a', `{"a":${siblings},}\n`, 'INVALID_JSON ref=null'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('as-long-as-may-be', (house) => [
    ...enters(house, 'a', 'as.long.as.may.be').slice(0, 1),
    ...[says('a', login(house, 'u'.repeat(32))), hears('a', welcome('uu~32'))],
    ...[
      says('a', raw('PING', `{"echo":"${FACE.repeat(64)}"}`)),
      hears('a', 'PONG echo=\ud83d\ude00~128'),
    ],
    ...wrong('a', raw('PING', `{"echo":"${FACE.repeat(65)}"}`), 'INVALID_PAYLOAD payload.echo'),
    ...[says('a', line('PING', {}, 'i'.repeat(64))), hears('a', 'PONG')],
    ...wrong('a', line('PING', {}, 'i'.repeat(65)), 'INVALID_ID ref=null id'),
    ...wrong('a', line('JOIN', { room: 'r'.repeat(65) }), 'INVALID_ROOM payload.room'),
    ...wrong('a', line('JOIN', { room: 'General' }), 'INVALID_ROOM payload.room'),
    ...wrong('a', line('JOIN'), 'MISSING_FIELD payload.room'),
    ...wrong('a', line('JOIN', { room: null }), 'INVALID_ROOM payload.room'),
    ...inRoom('a', 'r'.repeat(64), 1).slice(0, 1),
    hears('a', 'JOIN_OK room=rr~64 seq=0 count=1'),
    ...wrong(
      'a',
      line('DIRECT_MESSAGE', { to: 'u'.repeat(33), body: 'x' }),
      'INVALID_PAYLOAD payload.to',
    ),
    ...wrong(
      'a',
      line('PRESENCE_SET', { status: 'away', note: 'n'.repeat(129) }),
      'INVALID_PAYLOAD payload.note',
    ),
    ...wrong(
      'a',
      line('PRESENCE_SET', { status: 'away', note: null }),
      'INVALID_PAYLOAD payload.note',
    ),
    ...[
      says('a', line('PRESENCE_SET', { status: 'away', note: 'n'.repeat(128) })),
      hears('a', 'ACK'),
    ],
    ...wrong('a', line('HISTORY', { with: 'x', limit: 101 }), 'INVALID_PAYLOAD payload.limit'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('figures', (house) => [
    // Those who played before are over.
    waits(2_700),
    ...[
      ...enters(house, 'a', 'Warden'),
      ...enters(house, 'b', 'member'),
      ...inRoom('b', 'figures', 1),
    ],
    ...[...enters(house, 'c', 'member', { sessions: 2 }), ...inRoom('c', 'sums.too', 1)],
    ...[says('a', line('DIRECT_MESSAGE', { to: 'nobody.here', body: 'x' }, 'm1'))],
    hears('a', ack(house, 'm1', 'status=queued')),
    ...[
      says('a', line('STATS')),
      hears('a', `STATS_OK shards=${house.shards} users=2 sessions={"n1":3} rooms=2 waiting=1..7`),
    ],
    ...[says('a', line('ROOM_LIST', { limit: 1 }))],
    hears('a', 'ROOM_LIST_OK rooms=[{"room":"figures","count":1}] more=true partial=false'),
    ...[says('a', line('ROOM_LIST', { after: 'figures' }))],
    hears('a', 'ROOM_LIST_OK rooms=[{"room":"sums.too","count":1}] more=false partial=false'),
    ...[says('a', line('ROOM_LIST', { prefix: 'sums' }))],
    hears('a', 'ROOM_LIST_OK rooms=[{"room":"sums.too","count":1}] more=false partial=false'),
    ...[says('b', line('STATS')), hears('b', 'ERROR FORBIDDEN')],
    ...['a', 'b', 'c'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
  ]),
  play('a-bug-strikes-who-comes-in', (house) => [
    ...[
      ...enters(house, 'b', 'onlooker'),
      comes('a', '10.6.2.1'),
      says('a', line('HELLO')),
      waits(20),
    ],
    ...[fails('a'), waits(60), says('b', line('PING')), hears('b', 'PONG')],
    hears(
      'a',
      `HELLO_OK version=1.0 caps=${CAPS} auth=${waysOf(house)}`,
      'ERROR INTERNAL ref=null fatal',
      'end',
    ),
  ]),
];
