// The reader of requests, without sockets: the same bytes cut anywhere are the same events, and no bytes make it throw.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { type ReaderEvent, RequestReader } from '../../../src/transports/gateway/request-reader.ts';

const limits = { headBytesMax: 1_000, headersMax: 20 };

/** Everything that the reader tells, with the pieces of bodies joined. */
function read(bytes: Uint8Array, cuts: readonly number[] = []): readonly string[] {
  const reader = new RequestReader(limits);
  const told: string[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.byteLength]) {
    const to = Math.max(from, Math.min(cut, bytes.byteLength));
    // A copy for each, as sockets give them.
    reader.push(Buffer.from(bytes.subarray(from, to)));
    from = to;
    for (let event = reader.next(); event !== undefined; event = reader.next()) tell(told, event);
  }
  return told;
}

function tell(told: string[], event: ReaderEvent): void {
  switch (event.type) {
    case 'head':
      told.push(JSON.stringify(event.head));
      return;
    case 'body': {
      const text = event.bytes.toString('latin1');
      if (told.at(-1)?.startsWith('body ') === true) told[told.length - 1] += text;
      else told.push(`body ${text}`);
      return;
    }
    case 'end':
      told.push('end');
      return;
    case 'mistake':
      told.push(event.mistake.text);
      return;
    default:
      event satisfies never;
  }
}

const head = 'POST /a HTTP/1.1\r\nHost: a\r\n';
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
const next = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const streams: readonly [title: string, said: string, last: string][] = [
  ['a request without a body', next, '{'],
  ['two of them', next + next, '{'],
  ['a sized body', `${head}Content-Length: 3\r\n\r\nabc${next}`, '{'],
  ['chunks', `${chunked}3\r\nabc\r\n00a;x="y"\r\n0123456789\r\n0\r\n\r\n${next}`, '{'],
  ['chunks with a trailer', `${chunked}1\r\na\r\n0\r\nX: y\r\nZ:\r\n\r\n`, 'end'],
  ['empty lines before a request', `\r\n\r\n${next}`, '{'],
  ['too many empty lines', '\r\n'.repeat(6), 'Failed to parse request: empty lines'],
  ['a chunk size that is none', `${chunked}g\r\n`, 'Failed to parse request: bad chunk size'],
  ['an empty chunk size', `${chunked}\r\n`, 'Failed to parse request: bad chunk size'],
  ['a signed chunk size', `${chunked}+1\r\na\r\n`, 'Failed to parse request: bad chunk size'],
  ['a chunk size in 0x', `${chunked}0x1\r\na\r\n`, 'Failed to parse request: bad chunk size'],
  [
    'a chunk size beyond all numbers',
    `${chunked}${'f'.repeat(14)}\r\n`,
    'Failed to parse request: bad chunk size',
  ],
  [
    'a space before a chunk size',
    `${chunked} 1\r\na\r\n`,
    'Failed to parse request: bad chunk size',
  ],
  [
    'a chunk size with a bare line feed',
    `${chunked}1\na\r\n`,
    'Failed to parse request: bad chunk',
  ],
  [
    'a chunk that is longer than it says',
    `${chunked}1\r\nab\r\n`,
    'Failed to parse request: bad chunk',
  ],
  [
    'a chunk that ends in a bare line feed',
    `${chunked}1\r\na\n`,
    'Failed to parse request: bad chunk',
  ],
  [
    'a chunk extension without end',
    `${chunked}1;${'x'.repeat(300)}`,
    'Failed to parse request: bad chunk',
  ],
  [
    'a control character in an extension',
    `${chunked}1;\x01\r\n`,
    'Failed to parse request: bad chunk size',
  ],
  ['a trailer that is none', `${chunked}0\r\nX\r\n\r\n`, 'Failed to parse request: bad trailer'],
  [
    'a trailer that smuggles',
    `${chunked}0\r\nX : y\r\n\r\n`,
    'Failed to parse request: bad trailer',
  ],
  [
    'a trailer without bounds',
    `${chunked}0\r\n${'X: y\r\n'.repeat(2_000)}`,
    'Failed to parse request: bad chunk',
  ],
  ['bare line feeds', 'GET / HTTP/1.1\nHost: a\n\n', 'Failed to parse request: bare line feed'],
];

test.each(streams)('%s reads the same, whole and byte by byte', (_, said, last) => {
  const bytes = Buffer.from(said, 'latin1');
  const whole = read(bytes);
  expect(whole.at(-1)?.startsWith(last)).toBe(true);
  const bytewise = read(bytes, [...bytes.keys()]);
  expect(bytewise).toEqual(whole);
});

test('cut anywhere, in any way, it is the same', () => {
  const stream = fc.constantFrom(...streams.map(([, said]) => said));
  const cuts = fc.array(fc.nat(600), { maxLength: 6 }).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(stream, cuts, (said, places) => {
      const bytes = Buffer.from(said, 'latin1');
      expect(read(bytes, places)).toEqual(read(bytes));
    }),
  );
});

test('no bytes make it throw, and after a mistake it says nothing more', () => {
  const word = fc.constantFrom(
    '\r\n',
    '\n',
    ':',
    ' ',
    'GET / HTTP/1.1',
    'Host: a',
    '0',
    'Transfer-Encoding: chunked',
    'Content-Length: 1',
    'x',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const told = read(Buffer.from(words.join(''), 'latin1'));
      const mistake = told.findIndex((sentence) => sentence.startsWith('Failed'));
      expect(mistake === -1 || mistake === told.length - 1).toBe(true);
    }),
  );
});

test('a head beyond its limit is refused before its end came, and one of the limit is not', () => {
  const open = 'GET / HTTP/1.1\r\nHost: a\r\nX: ';
  const fitting = `${open}${'y'.repeat(1_000 - open.length - 4)}\r\n\r\n`;
  expect(read(Buffer.from(fitting)).length).toBe(1);
  expect(read(Buffer.from(`${open}${'y'.repeat(1_000)}`))).toEqual([
    'Request header size exceeded limit of 1000 bytes.\n',
  ]);
  expect(read(Buffer.from(fitting.replace('X: ', 'X: y')))).toEqual([
    'Request header size exceeded limit of 1000 bytes.\n',
  ]);
});

test('what was not taken is handed over', () => {
  const reader = new RequestReader(limits);
  reader.push(Buffer.from(`${next}frames`));
  expect(reader.next()?.type).toBe('head');
  expect(reader.takeRest().toString()).toBe('frames');
  expect(reader.waiting).toBe(0);
});

test('whatever came before on the connection, a request means what it means alone', () => {
  const request = fc.constantFrom(
    next,
    next.replace('/', '/b'),
    `${head}Content-Length: 3\r\n\r\nabc`,
    `${head}Content-Length: 3\r\n\r\nxyz`,
    `${chunked}1\r\na\r\n0\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(600)}\r\n\r\n`,
  );
  fc.assert(
    fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
      const alone = requests.flatMap((one) => read(Buffer.from(one)));
      expect(read(Buffer.from(requests.join('')))).toEqual(alone);
    }),
  );
});
