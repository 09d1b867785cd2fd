// The reader of the control door: every request whole, byte by byte, and cut in two at every place. The texts were
// read off Pushpin 1.36.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ControlReading,
  RequestReader,
} from '../../../src/transports/control/request-reader.ts';

const limits = { headBytesMax: 200, bodyBytesMax: 50 };
const refused = (text: string, status = 400): object => ({ kind: 'refused', status, text });
const request = (method: string, target: string, body = '', accept?: string): object => ({
  kind: 'request',
  request: { method, target, accept, body: new Uint8Array(Buffer.from(body)) },
});
const lengthRequired = refused('Request requires Content-Length.', 411);
const badLength = refused('Bad Content-Length.');
const noHead = refused('Failed to parse request header.');

const table: readonly (readonly [text: string, expected: object])[] = [
  ['GET / HTTP/1.1\r\n\r\n', request('GET', '/')],
  ['GET / HTTP/1.0\n\n', request('GET', '/')],
  ['GET / HTTP/1.1\r\nno colon\r\n: x\r\n\r\n', request('GET', '/')],
  [
    'HEAD /a?b HTTP/1.1\r\nAccept: text/plain\r\naccept:application/json \r\n\r\n',
    request('HEAD', '/a?b', '', 'text/plain,application/json'),
  ],
  ['GET / HTTP/1.1\r\nAccept:\r\n\r\n', request('GET', '/', '', '')],
  ['POST /p HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd', request('POST', '/p', 'abcd')],
  ['POST /p HTTP/1.1\r\nContent-Length: 0\r\n\r\n', request('POST', '/p')],
  [
    'POST /p HTTP/1.1\r\ncontent-length:4\r\nContent-Length: 4\r\n\r\na\nb\n',
    request('POST', '/p', 'a\nb\n'),
  ],
  [
    'POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nab',
    request('POST', '/p', 'ab'),
  ],
  ['GET /p HTTP/1.1\r\nContent-Length: 2\r\n\r\nab', request('GET', '/p', 'ab')],
  [
    `POST /p HTTP/1.1\r\nContent-Length: 50\r\n\r\n${'x'.repeat(50)}`,
    request('POST', '/p', 'x'.repeat(50)),
  ],
  ['POST /p HTTP/1.1\r\nContent-Length: 51\r\n\r\n', refused('Request body too large.')],
  ['POST /p HTTP/1.1\r\n\r\n', lengthRequired],
  ['BREW / HTTP/1.1\r\n\r\n', lengthRequired],
  ['POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', lengthRequired],
  ['GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', lengthRequired],
  ['POST /p HTTP/1.1\r\nContent-Length: x\r\n\r\n', badLength],
  ['POST /p HTTP/1.1\r\nContent-Length: -1\r\n\r\n', badLength],
  ['POST /p HTTP/1.1\r\nContent-Length: 1e1\r\n\r\n', badLength],
  ['POST /p HTTP/1.1\r\nContent-Length:\r\n\r\n', badLength],
  ['POST /p HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', badLength],
  ['GET\r\n\r\n', noHead],
  ['GET /\r\n\r\n', noHead],
  ['GET / HTTP/2.0\r\n\r\n', noHead],
  ['G\x00T / HTTP/1.1\r\n\r\n', noHead],
  ['\r\nGET / HTTP/1.1\r\n\r\n', noHead],
  [`GET / HTTP/1.1\r\nA: ${'a'.repeat(177)}\r\n\r\n`, request('GET', '/')],
  [`GET / HTTP/1.1\r\nA: ${'a'.repeat(178)}\r\n\r\n`, refused('Request header too large.')],
  ['a'.repeat(200), refused('Request header too large.')],
];

/** The first reading that is one. */
function read(chunks: readonly Uint8Array[]): ControlReading {
  const reader = new RequestReader(limits);
  for (const chunk of chunks) {
    const reading = reader.push(chunk);
    if (reading.kind !== 'more') return reading;
  }
  return { kind: 'more' };
}

test.each(table)('%j', (text, expected) => {
  const bytes = Buffer.from(text, 'latin1');
  expect(read([bytes])).toEqual(expected);
  expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  for (let at = 1; at < bytes.length; at += 1) {
    expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected);
  }
});

test.each([
  'GET / HTTP/1.1\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab',
  'a'.repeat(199),
])('more is awaited behind %j', (text) => {
  expect(read([Buffer.from(text)])).toEqual({ kind: 'more' });
});

test('a body longer than announced is refused, and what follows a request without one is not', () => {
  const head = 'POST /p HTTP/1.1\r\nContent-Length: 2\r\n\r\n';
  const exceeded = refused('Request body exceeded Content-Length.');
  expect(read([Buffer.from(`${head}abc`)])).toEqual(exceeded);
  expect(read([Buffer.from(`${head}a`), Buffer.from('bc')])).toEqual(exceeded);
  expect(read([Buffer.from('GET / HTTP/1.1\r\n\r\nx')])).toEqual(request('GET', '/'));
});

test('the reader says once that the client waits to be told to go on', () => {
  const reader = new RequestReader(limits);
  reader.push(Buffer.from('POST /p HTTP/1.0\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n'));
  expect(reader.takeContinue()).toBe(false);
  expect(reader.push(Buffer.from('\r\n'))).toEqual({ kind: 'more' });
  expect([reader.takeContinue(), reader.takeContinue(), reader.version]).toEqual([
    true,
    false,
    '1.0',
  ]);
  const without = new RequestReader(limits);
  without.push(Buffer.from('GET /p HTTP/1.1\r\nExpect: 100-continue\r\n\r\n'));
  expect(without.takeContinue()).toBe(false);
});

test('no bytes make it throw', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'POST /p HTTP/1.1\r\n',
      'Content-Length: ',
      '3',
      '\r\n',
      '\n\n',
      '\r\n\r\n',
      ':',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const whole = read([Buffer.from(pieces.join(''))]);
      const parts = read(pieces.map((text) => Buffer.from(text)));
      // Only what stands behind the announced body may be seen in one way and not in the other.
      if (whole.kind !== 'refused' || !whole.text.includes('exceeded'))
        expect(parts).toEqual(whole);
    }),
  );
});
