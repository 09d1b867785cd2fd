// Plays of envelopes, field by field, and of what begins like another protocol. Written from spec/hp.md, "Framing" and "Envelope".
// Refuses to know how envelopes are read.

import type { House } from '../house.ts';
import {
  ack,
  BYE,
  comes,
  END,
  enters,
  hears,
  homeOf,
  inRoom,
  line,
  login,
  play,
  type Play,
  says,
  type Step,
} from '../play.ts';

/** A request with other fields around it; undefined leaves one out. */
function around(fields: object): string {
  const usual = { version: '1.0', type: 'PING', id: 'q1', timestamp: 1_700_000_000 };
  return `${JSON.stringify({ ...usual, source: 'client', payload: {}, ...fields })}\n`;
}

function wrong(by: string, cases: readonly (readonly [fields: object, words: string])[]): Step[] {
  return cases.flatMap(([fields, words]) => [
    says(by, around(fields)),
    hears(by, `ERROR ${words}`),
  ]);
}

const isWrong = (code: string, values: readonly unknown[], field: string) =>
  values.map((value) => [{ [field]: value }, `${code} ${field}`] as const);

const strictly: readonly (readonly [fields: object, words: string])[] = [
  [{ id: undefined }, 'MISSING_FIELD ref=null id'],
  [{ timestamp: undefined }, 'MISSING_FIELD timestamp'],
  [{ source: undefined }, 'MISSING_FIELD source'],
  [{ payload: undefined }, 'MISSING_FIELD payload'],
];

const anyway: readonly (readonly [fields: object, words: string])[] = [
  [{ version: undefined }, 'MISSING_FIELD version'],
  [{ type: undefined }, 'MISSING_FIELD ref=q1 type'],
  ...isWrong('INVALID_TYPE', ['ping', '_PING', '1PING', 'P'.repeat(49)], 'type'),
  ...isWrong('INVALID_TYPE ref=q1', ['', 5, null], 'type'),
  ...isWrong('UNKNOWN_TYPE', ['PINGS', 'P'.repeat(48), 'P_1', 'ROOM_EVENT', 'X'], 'type'),
  ...['', 'a b', '\u00c3\u00a9', 5, null].map((id) => [{ id }, 'INVALID_ID ref=null id'] as const),
  ...isWrong('INVALID_SOURCE', ['server', 'Client', '', null], 'source'),
  ...isWrong('INVALID_TIMESTAMP', [-1, 100_000_000_001, 1.5, '5', null], 'timestamp'),
  ...isWrong('INVALID_PAYLOAD', [[], 'x', 5, null], 'payload'),
  // The first that is wrong is told.
  [{ type: 'ping', id: 5 }, 'INVALID_TYPE ref=null type'],
  [{ id: 5, source: 'server' }, 'INVALID_ID ref=null id'],
  [{ source: 5, timestamp: -1 }, 'INVALID_SOURCE source'],
  [{ timestamp: -1, payload: [] }, 'INVALID_TIMESTAMP timestamp'],
  [{ type: 'PEER_HELLO', source: 'server' }, 'INVALID_SOURCE source'],
  [{ type: 'PEER_HELLO', id: undefined, source: 'client' }, 'UNKNOWN_TYPE ref=null type'],
];

const doubled = (text: string): string => around({}).replace('"payload":{}', text);
const versions = ['1', '1.', '01.0', '1.00', '1.0.0', '10000.0', 'v1.0', ''];
const begins = [
  ...['GET / HTTP/1.1', 'POST /x', 'put /', 'HEAD /', 'Options *', 'DELETE /', 'PATCH /'],
  ...['CONNECT a:1', 'TRACE /', 'host: x', 'Host:x'],
];
const HTTP = 'ERROR INVALID_JSON ref=null fatal';
const direct = (by: string, to: string, id: string): Step =>
  says(by, line('DIRECT_MESSAGE', { to, body: id }, id));

export const envelopePlays: readonly Play[] = [
  play('envelopes', (house) => [
    ...[comes('a', '10.5.1.1'), ...wrong('a', anyway)],
    ...(house.isLenient ? [] : wrong('a', strictly)),
    ...[0, 100_000_000_000, 1e3].flatMap((timestamp) => [
      says('a', around({ timestamp })),
      hears('a', 'PONG'),
    ]),
    // What else stands there means nothing.
    ...[says('a', around({ version: '1.9999', x: 1, payload: { y: [1], echo: 'e' } }))],
    hears('a', 'PONG echo=e'),
    ...versions.flatMap((version, at) => [
      ...[comes('b', `10.5.2.${at}`), says('b', around({ version }))],
      hears('b', 'ERROR INVALID_VERSION version supported=["1.0"] fatal', END),
    ]),
    ...[comes('b', '10.5.2.99'), says('b', around({ version: '0.9' }))],
    hears('b', 'ERROR UNSUPPORTED_VERSION version supported=["1.0"] fatal', END),
  ]),
  play('keys-that-stand-twice', (house) => [
    ...[...enters(house, 'a', 'doubler'), says('a', doubled('"payload":{},"type":"PING"'))],
    hears('a', 'ERROR DUPLICATE_KEY ref=null type'),
    says('a', doubled(String.raw`"payload":{"echo":"x","ech\u006f":"y"}`)),
    hears('a', 'ERROR DUPLICATE_KEY ref=null payload.echo'),
    ...[says('a', doubled('"payload":{"x":{"y":1,"y":2},"echo":"x"}')), hears('a', 'PONG echo=x')],
    says('a', doubled('"payload":{"b":1,"__proto__":1,"__proto__":2}')),
    hears('a', 'ERROR DUPLICATE_KEY ref=null payload.__proto__'),
    says('a', doubled(String.raw`"payload":{"\u0007":1,"\u0007":2}`)),
    hears('a', String.raw`ERROR DUPLICATE_KEY ref=null payload.\u0007`),
    says('a', doubled(`"payload":{"${'k'.repeat(70)}":1,"${'k'.repeat(70)}":2}`)),
    hears('a', `ERROR DUPLICATE_KEY ref=null payload.${'k'.repeat(56)}\u2026`),
    says('a', doubled(String.raw`"payload":{"echo":"\u0000"}`)),
    hears('a', 'ERROR INVALID_STRING payload.echo'),
    says('a', doubled(String.raw`"payload":{"echo":"\udc00\ud800"}`)),
    hears('a', 'ERROR INVALID_STRING payload.echo'),
    says('a', doubled(String.raw`"payload":{"\ud800":1}`)),
    hears('a', 'ERROR INVALID_STRING payload'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
  ]),
  play('not-this-protocol', (house) => [
    ...begins.flatMap((text, at) => [
      comes('a', `10.5.3.${at}`),
      says('a', `\r\n \n${text}\r\n`, line('PING'), login(house, 'smuggled')),
      hears('a', HTTP, END),
    ]),
    ...[comes('a', homeOf(house, 'honest')), says('a', 'GETTING \n')],
    ...[hears('a', 'ERROR INVALID_JSON ref=null'), says('a', 'GET / HTTP/1.1\n', line('PING'))],
    hears('a', 'ERROR INVALID_JSON ref=null', 'PONG'),
    ...[says('a', '{}\n'), hears('a', 'ERROR MISSING_FIELD ref=null version')],
    // The third that is no message at all ends it.
    ...[says('a', '[]\n', line('PING')), hears('a', 'ERROR INVALID_MESSAGE ref=null fatal', END)],
  ]),
  play('in-his-own-name', (house: House) => [
    ...[...enters(house, 'a', 'himself'), ...inRoom('a', 'names', 1)],
    ...[...enters(house, 'b', 'reporter', { caps: ['ack'] }), ...inRoom('b', 'names', 2)],
    hears('a', 'ROOM_EVENT room=names event=join user=reporter count=2'),
    says(
      'a',
      line('ROOM_MESSAGE', { room: 'names', body: 'm1', from: 'x', seq: 9, delayed: true }, 'm1'),
    ),
    hears('a', ack(house, 'm1', 'status=accepted seq=1')),
    hears('b', 'ROOM_MESSAGE id=m1 room=names from=himself body=m1 seq=1'),
    says('a', line('DIRECT_MESSAGE', { to: 'reporter', body: 'd1', from: 'x', sent: true }, 'd1')),
    hears('b', 'DIRECT_MESSAGE id=d1 from=himself to=reporter body=d1'),
    ...[says('b', line('ACK', { refs: ['d1', 'm1'] }))],
    hears('a', ack(house, 'd1', 'status=delivered')),
    // Two who write to each other wait for each other.
    ...[direct('b', 'himself', 'd2'), hears('b', ack(house, 'd2', 'status=delivered'))],
    hears('a', 'DIRECT_MESSAGE id=d2 from=reporter to=himself body=d2'),
    ...[says('a', line('BYE')), hears('a', ...BYE)],
    hears('b', 'ROOM_EVENT room=names event=leave user=himself count=1'),
    ...[says('b', line('BYE')), hears('b', ...BYE)],
  ]),
  play('acknowledged-while-waiting', (house) => [
    ...[...enters(house, 'a', 'left', { caps: ['ack'] })],
    ...[...enters(house, 'b', 'right', { caps: ['ack'] }), direct('a', 'right', 'd1')],
    ...[hears('b', 'DIRECT_MESSAGE id=d1 from=left to=right body=d1'), direct('b', 'left', 'd2')],
    hears('a', 'DIRECT_MESSAGE id=d2 from=right to=left body=d2'),
    // What stands before it waits.
    ...[says('a', line('PING') + line('ACK', { ref: 'd2' }) + line('WHOAMI', {}, 'w1'))],
    ...[hears('b', ack(house, 'd2', 'status=delivered')), says('b', line('ACK', { ref: 'd1' }))],
    hears(
      'a',
      ack(house, 'd1', 'status=delivered'),
      'PONG',
      'WHOAMI_OK user=left status=online caps=["ack"] rooms=[]',
    ),
    ...['a', 'b'].flatMap((by) => [says(by, line('BYE')), hears(by, ...BYE)]),
  ]),
];
