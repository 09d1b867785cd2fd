// The reader of origins' answers, without sockets: the same bytes cut anywhere are told the same, what two readers could
// take for two answers is a mistake, and no bytes make it throw.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { encodeLines } from '../../../src/transports/gateway/answer-head.ts';
import { readResponseHead } from '../../../src/transports/origins/http/response-head.ts';
import { ResponseReader } from '../../../src/transports/origins/http/response-reader.ts';

interface Told {
  readonly told: readonly string[];
  readonly endsWithConnection: boolean;
}

/** Everything that the reader tells, with the pieces of bodies joined; after an end it is asked for the next answer. */
function read(bytes: Uint8Array, cuts: readonly number[] = [], method = 'GET'): Told {
  const reader = new ResponseReader();
  const told: string[] = [];
  reader.expect(method);
  const sink = {
    answered: ({ status, reason, headers }: { status: number; reason: string; headers: unknown }) =>
      void told.push(`${status} ${reason} ${JSON.stringify(headers)}`),
    bodyReceived(piece: Uint8Array) {
      const text = Buffer.from(piece).toString('latin1');
      if (told.at(-1)?.startsWith('body ') === true) told[told.length - 1] += text;
      else told.push(`body ${text}`);
    },
    ended: () => void told.push('end'),
  };
  const memory = Buffer.alloc(bytes.byteLength);
  let from = 0;
  for (const cut of [...cuts, bytes.byteLength]) {
    const to = Math.max(from, Math.min(cut, bytes.byteLength));
    if (to === from) continue;
    // Each read writes over the one before.
    memory.fill(0);
    memory.set(bytes.subarray(from, to));
    if (!reader.read(memory.subarray(0, to - from), sink)) {
      told.push('mistake');
      break;
    }
    from = to;
  }
  return { told, endsWithConnection: reader.endsWithConnection };
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

const answers: readonly [title: string, said: string, told: readonly string[]][] = [
  [
    'a length',
    `${ok}Content-Length: 3\r\n\r\nabc`,
    ['200 OK [["Content-Length","3"]]', 'body abc', 'end'],
  ],
  ['no body', `${ok}content-length:0\r\n\r\n`, ['200 OK [["content-length","0"]]', 'end']],
  ['a status without a reason', 'HTTP/1.1 204\r\n\r\n', ['204  []', 'end']],
  ['a reason of several words', 'HTTP/1.0 304 Not At All\r\n\r\n', ['304 Not At All []', 'end']],
  [
    'names and values as they came',
    `${ok}X-B:  b \r\nx-b:\r\nSet-Cookie: a\t\r\nContent-Length: 0\r\n\r\n`,
    ['200 OK [["X-B","b"],["x-b",""],["Set-Cookie","a"],["Content-Length","0"]]', 'end'],
  ],
  [
    'chunks with extensions and a trailer',
    `${chunked}3\r\nabc\r\n00a ;x="y"\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\n`,
    ['200 OK []', 'body abc0123456789', 'end'],
  ],
  [
    'a length that is said twice',
    `${ok}Content-Length: 1\r\ncontent-length: 1\r\n\r\na`,
    ['200 OK [["Content-Length","1"],["content-length","1"]]', 'body a', 'end'],
  ],
  [
    'a coding that is none',
    `${ok}Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na`,
    ['200 OK [["Content-Length","1"]]', 'body a', 'end'],
  ],
  [
    '[GRIP-PROXY-13] what comes before the answer is passed over',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}Content-Length: 1\r\n\r\na`,
    ['200 OK [["Content-Length","1"]]', 'body a', 'end'],
  ],
];

const mistakes: readonly [title: string, said: string][] = [
  ['[GRIP-PROXY-13] another protocol that nobody asked for', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ['answers before the answer without end', 'HTTP/1.1 102 x\r\n\r\n'.repeat(65)],
  ['another language', 'SSH-2.0-x\r\n'],
  ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a folded line', `${ok}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
  ['a blank before the colon', `${ok}Content-Length : 0\r\n\r\n`],
  ['a line without a colon', `${ok}Content-Length\r\n\r\n`],
  ['a bare line feed in a value', `${ok}A: b\nContent-Length: 0\r\n\r\n`],
  ['a NUL in a value', `${ok}A: b\0\r\n\r\n`],
  ['two lengths', `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\na`],
  ['lines that end otherwise', 'HTTP/1.1 200 OK\nContent-Length: 1\n\na'],
  ['a list of lengths', `${ok}Content-Length: 1, 1\r\n\r\na`],
  ['a signed length', `${ok}Content-Length: +1\r\n\r\na`],
  ['a length and chunks', `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na`],
  ['two codings', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  [
    'a coding that would stay in the body',
    `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a head that is too long', `${ok}A: ${'a'.repeat(65_536)}\r\n\r\n`],
  ['a head that does not end', `${ok}A: ${'a'.repeat(65_536)}`],
  ['a chunk size that is none', `${chunked}g\r\n`],
  ['an empty chunk size', `${chunked}\r\n`],
  ['a chunk size without its carriage return', `${chunked}1\na\r\n0\r\n\r\n`],
  ['a chunk that goes on', `${chunked}1\r\nab\r\n0\r\n\r\n`],
  ['a chunk line without end', `${chunked}1;${'x'.repeat(300)}`],
  ['a trailer that is none', `${chunked}0\r\nx\r\n\r\n`],
  ['a trailer without end', `${chunked}0\r\nX: ${'y'.repeat(9_000)}\r\n\r\n`],
  ['an answer behind an answer', `${ok}Content-Length: 0\r\n\r\n${ok}Content-Length: 0\r\n\r\n`],
];

test.each(answers)('%s', (_, said, told) => {
  expect(read(latin1(said)).told).toEqual(told);
});

test.each(mistakes)('%s is a mistake', (_, said) => {
  expect(read(latin1(said)).told.at(-1)).toBe('mistake');
});

test.each([...answers.map(([title, said]) => [title, said] as const), ...mistakes])(
  '%s: cut at every byte',
  (_, said) => {
    const bytes = latin1(said);
    const whole = read(bytes);
    const step = bytes.byteLength > 1_000 ? 997 : 1;
    for (let at = 1; at < bytes.byteLength; at += step) expect(read(bytes, [at])).toEqual(whole);
    if (bytes.byteLength > 1_000) return;
    const single = Array.from({ length: bytes.byteLength }, (__, at) => at);
    expect(read(bytes, single)).toEqual(whole);
  },
);

test.each(['GET', 'HEAD'])('an answer to %s', (method) => {
  const { told } = read(latin1(`${ok}Content-Length: 3\r\n\r\n`), [], method);
  expect(told.includes('end')).toBe(method === 'HEAD');
});

test('without a length the body ends with the connection', () => {
  const { told, endsWithConnection } = read(latin1(`${ok}\r\nabc`), [20]);
  expect(told).toEqual(['200 OK []', 'body abc']);
  expect(endsWithConnection).toBe(true);
  expect(read(latin1(`${ok}Content-Length: 4\r\n\r\nabc`)).endsWithConnection).toBe(false);
  expect(read(latin1(chunked)).endsWithConnection).toBe(false);
});

test('an answer has begun with what comes before it', () => {
  const reader = new ResponseReader();
  const sink = { answered() {}, bodyReceived() {}, ended() {} };
  reader.expect('POST');
  expect(reader.isInAnswer).toBe(false);
  expect(reader.read(latin1('HTTP/1.1 103 Early Hints\r\n\r\n'), sink)).toBe(true);
  expect(reader.isInAnswer).toBe(true);
  reader.expect('POST');
  expect(reader.isInAnswer).toBe(false);
});

test('what comes while nobody has asked is a mistake', () => {
  const reader = new ResponseReader();
  const sink = { answered() {}, bodyReceived() {}, ended() {} };
  expect(reader.read(latin1(ok), sink)).toBe(false);
  const again = new ResponseReader();
  again.expect('GET');
  expect(again.read(latin1(`${ok}Content-Length: 0\r\n\r\n`), sink)).toBe(true);
  expect(again.read(latin1(ok), sink)).toBe(false);
});

test.each<[minor: string, lines: string, keptMs: number]>([
  ['1', 'Content-Length: 0', 55_000],
  ['1', 'Content-Length: 0\r\nConnection: close', 0],
  ['1', 'Content-Length: 0\r\nConnection: x, Close', 0],
  ['1', 'X: y', 0],
  ['0', 'Content-Length: 0', 0],
  ['0', 'Content-Length: 0\r\nConnection: Keep-Alive', 55_000],
  ['1', 'Content-Length: 0\r\nKeep-Alive: timeout=5', 3_000],
  ['1', 'Content-Length: 0\r\nKeep-Alive: max=9, timeout="7"', 5_000],
  ['1', 'Content-Length: 0\r\nKeep-Alive: timeout=1', 0],
  ['1', 'Content-Length: 0\r\nKeep-Alive: timeout=900', 55_000],
  ['1', 'Content-Length: 0\r\nKeep-Alive: max=9', 55_000],
])('HTTP/1.%s with %j is kept for %d ms', (minor, lines, keptMs) => {
  expect(readResponseHead(`HTTP/1.${minor} 200 OK\r\n${lines}`, 'GET')?.keptMs).toBe(keptMs);
});

const fieldName = fc.oneof(
  fc.constantFrom('Connection', 'keep-alive', 'Trailer', 'Upgrade', 'X', 'x-y', 'Set-Cookie'),
  fc.stringMatching(/^[A-Za-z0-9-]{1,20}$/),
);

test('the lines that may be passed on are those that would be written anew', () => {
  const field = fc.tuple(fieldName, fc.stringMatching(/^(?:[!-~]([ -~]{0,10}[!-~])?)?$/));
  const framings = fc.constantFrom('Content-Length: 3', 'Transfer-Encoding: chunked');
  fc.assert(
    fc.property(fc.array(field, { maxLength: 8 }), framings, fc.nat(8), (fields, framing, at) => {
      const framed = /^(?:content-length|transfer-encoding)$/i;
      const lines = fields
        .filter(([name]) => !framed.test(name))
        .map(([name, value]) => `${name}: ${value}`);
      const text = `HTTP/1.1 200 OK\r\n${lines.toSpliced(at, 0, framing).join('\r\n')}`;
      const head = readResponseHead(text, 'GET');
      expect(head?.lines).toBe(
        encodeLines(
          head?.headers ?? [],
          () => false,
          () => {},
        ),
      );
    }),
  );
});

test.each([['X:y'], ['X:  y'], ['X: y '], ['X: y\t']])('%j is written anew', (line) => {
  const head = readResponseHead(`HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 0`, 'GET');
  expect(head?.headers[0]).toEqual(['X', 'y']);
  expect(head?.lines).toBeUndefined();
});

const bytesOfHttp = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ok,
        chunked,
        '\r\n',
        '0\r\n\r\n',
        '3\r\nabc\r\n',
        'Content-Length: 3\r\n',
        ': ',
      ),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => latin1(parts.join('')));

test('whatever is said, and however it is cut, is told the same', () => {
  fc.assert(
    fc.property(bytesOfHttp, fc.array(fc.nat(200), { maxLength: 6 }), (bytes, places) => {
      const cuts = places.toSorted((one, other) => one - other);
      expect(read(bytes, cuts)).toEqual(read(bytes));
    }),
  );
});

test('whatever was answered before on the connection, an answer means what it means alone', () => {
  const answer = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST'),
    head: fc.constantFrom(
      `${ok}Content-Length: 3\r\n\r\n`,
      `${ok}Content-Length: 3\r\nX: ${'y'.repeat(1_100)}\r\n\r\n`,
      chunked,
      'HTTP/1.1 204 No Content\r\n\r\n',
      `HTTP/1.1 103 Early Hints\r\n\r\n${ok}Content-Length: 3\r\n\r\n`,
    ),
  });
  const wholeOf = (head: string, method: string): string => {
    if (method === 'HEAD' || head.includes(' 204 ')) return head;
    return head === chunked ? `${head}3\r\nabc\r\n0\r\n\r\n` : `${head}abc`;
  };
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 8 }), (all) => {
      const reader = new ResponseReader();
      for (const { method, head } of all) {
        const whole = latin1(wholeOf(head, method));
        const told: string[] = [];
        reader.expect(method);
        const isRead = reader.read(whole, {
          answered: ({ status, reason, headers }) =>
            void told.push(`${status} ${reason} ${JSON.stringify(headers)}`),
          bodyReceived: (piece) => void told.push(`body ${Buffer.from(piece).toString()}`),
          ended: () => void told.push('end'),
        });
        expect(isRead).toBe(true);
        expect(told).toEqual(read(whole, [], method).told);
      }
    }),
  );
});
