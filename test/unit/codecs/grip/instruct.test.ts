import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import {
  type Instruct,
  isGripResponse,
  isJsonInstruct,
  mayStreamOn,
  parseInstruct,
} from '../../../../src/actors/codecs/grip/instruct.ts';
import { bytesOf } from '../websocket-reading.ts';
import { recorded } from './recorded.ts';

function ask(headers: HeaderList, body = '', status = 200) {
  return parseInstruct({ status, reason: 'OK', headers, body: bytesOf(body) });
}

function instruct(headers: HeaderList, body = '', status = 200): Instruct {
  const reading = ask(headers, body, status);
  return reading.ok ? reading.instruct : expect.fail(reading.mistake.message);
}

function mistake(headers: HeaderList, body = '', status = 200): string {
  const reading = ask(headers, body, status);
  return reading.ok ? 'read' : reading.mistake.message;
}

const json = (value: unknown, ...headers: HeaderList): [HeaderList, string] => [
  [['Content-Type', 'application/grip-instruct'], ...headers],
  JSON.stringify(value),
];

interface Outcome {
  readonly mistake?: string;
  readonly held?: Instruct['hold'];
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: HeaderList;
}

/** Where a recorded outcome is not to be copied. */
function isDifference(headers: HeaderList, body: string, outcome: Outcome): boolean {
  const line = JSON.stringify(headers);
  return (
    // Six filters: refused since 1.41.
    line.includes('filter=6') ||
    // What comes before an answer is none.
    (outcome.status ?? 200) < 200 ||
    // No body in JSON cost 1.36 a filter error.
    outcome.mistake === 'filter error: ' ||
    // Grip-* from JSON went to the client, and encodings were lost.
    body.includes('Grip-X')
  );
}

describe('an instruct that a real Pushpin 1.36 was given', () => {
  const rows = recorded('instructs') as [HeaderList, string, number, Outcome][];

  test.each(rows.filter(([headers, body, , outcome]) => !isDifference(headers, body, outcome)))(
    '%j %s %d',
    (headers, body, status, outcome) => {
      // Its content type says nothing to the proxy, so the answer was passed on.
      if (!isGripResponse(headers)) {
        expect(outcome.held).toBe('none');
        return;
      }
      const reading = ask(headers, body, status);
      if (outcome.mistake !== undefined) {
        expect(reading).toEqual({ ok: false, mistake: { message: outcome.mistake } });
        return;
      }
      if (!reading.ok) expect.fail(reading.mistake.message);
      const { hold, response, channels, next } = reading.instruct;
      const needsNext = hold === 'stream' && channels.some(({ prevId }) => prevId !== undefined);
      expect(needsNext && next === undefined ? 'none' : hold).toBe(outcome.held);
      if (outcome.status === undefined) return;
      expect([response.status, response.reason]).toEqual([outcome.status, outcome.reason]);
      expect(response.headers).toEqual(outcome.headers);
    },
  );
});

describe('what is for the gateway', () => {
  test.each<[HeaderList, boolean]>([
    [[['Content-Type', 'text/plain']], false],
    [[['X-Grip-Hold', 'stream']], false],
    [[['Grip-Hold', 'stream']], true],
    [[['gRIP-anything', '']], true],
    [[['Content-Type', 'application/grip-instruct']], true],
    [[['content-type', 'application/grip-instruct; charset=utf-8']], true],
    [[['Content-Type', 'application/grip-instruct ;x']], false],
    [[['Content-Type', 'application/GRIP-instruct']], false],
  ])('%j: %s', (headers, expected) => {
    expect(isGripResponse(headers)).toBe(expected);
  });

  test.each<[HeaderList, boolean]>([
    [[['Grip-Hold', 'stream']], true],
    [[['Grip-Hold', 'response']], false],
    [[['Grip-Hold', 'other']], false],
    [[['Grip-Foo', '1']], false],
    [[['Grip-Link', '</a>; rel=next']], true],
    [[['Grip-Link', '</a>; rel=gone, </b>; rel=next']], true],
    [[['Grip-Link', '</a>; rel=gone']], false],
    [
      [
        ['Grip-Hold', 'response'],
        ['Grip-Link', '</a>; rel=next'],
      ],
      false,
    ],
    [
      [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'a; filter=skip-self'],
      ],
      true,
    ],
    [
      [
        ['Grip-Hold', 'stream'],
        ['Grip-Channel', 'a, b; filter=build-id'],
      ],
      false,
    ],
    [
      [
        ['Grip-Hold', 'stream'],
        ['Content-Type', 'application/grip-instruct'],
      ],
      false,
    ],
  ])('%j may stream on: %s', (headers, expected) => {
    expect(mayStreamOn(headers)).toBe(expected);
  });
});

describe('the header form', () => {
  test('with everything', () => {
    const headers: HeaderList = [
      ['Content-Type', 'text/event-stream'],
      ['Content-Encoding', 'gzip'],
      ['Content-Length', '5'],
      ['Connection', 'keep-alive'],
      ['Keep-Alive', 'timeout=5'],
      ['Transfer-Encoding', 'chunked'],
      ['GRIP-HOLD', 'stream'],
      ['Grip-Channel', 'a; prev-id=1; filter=skip-self; filter=build-id, b'],
      ['Grip-Channel', 'c; PREV-ID="x;,y"'],
      ['Grip-Timeout', '20'],
      ['Grip-Keep-Alive', 'event: a, b\\n\\n; format=cstring; timeout=20; mode=interval'],
      ['Grip-Set-Meta', 'User=me, x="a, b"; y=2'],
      ['Grip-Status', '202 Fine'],
      ['Grip-Link', '</next?a=1>; rel=next; timeout=30, <https://o/gone>; rel=gone'],
      ['Set-Cookie', 'a'],
      ['Set-Cookie', 'b'],
    ];
    const read = instruct(headers, 'hello', 200);
    expect({ ...read, meta: { ...read.meta } }).toEqual({
      hold: 'stream',
      channels: [
        { name: 'a', prevId: '1', filters: ['skip-self', 'build-id'] },
        { name: 'b', prevId: undefined, filters: [] },
        { name: 'c', prevId: 'x;,y', filters: [] },
      ],
      timeoutMs: 20_000,
      keepAlive: { content: bytesOf('event: a, b\n\n'), timeoutMs: 20_000, mode: 'interval' },
      meta: { User: 'me', x: 'a, b' },
      exposeHeaders: undefined,
      next: { uri: '/next?a=1', timeoutMs: 30_000 },
      gone: 'https://o/gone',
      response: {
        status: 202,
        reason: 'Fine',
        headers: [
          ['Content-Type', 'text/event-stream'],
          ['Content-Encoding', 'gzip'],
          ['Set-Cookie', 'a'],
          ['Set-Cookie', 'b'],
        ],
        body: bytesOf('hello'),
      },
    });
  });

  test('with nothing but a hold', () => {
    expect(instruct([['Grip-Hold', 'response']])).toEqual({
      hold: 'response',
      channels: [],
      timeoutMs: 55_000,
      keepAlive: undefined,
      meta: {},
      exposeHeaders: undefined,
      next: undefined,
      gone: undefined,
      response: { status: 200, reason: 'OK', headers: [], body: bytesOf('') },
    });
  });

  test('as OdinMCP sends it', () => {
    const headers: HeaderList = [
      ['Content-Type', 'text/event-stream'],
      ['Grip-Hold', 'stream'],
      ['Grip-Channel', 'session-1'],
      ['Grip-Keep-Alive', '\\n; format=cstring; timeout=10'],
      ['mcp-session-id', 'session-1'],
    ];
    expect(instruct(headers, '', 202)).toMatchObject({
      hold: 'stream',
      channels: [{ name: 'session-1' }],
      keepAlive: { content: bytesOf('\n'), timeoutMs: 10_000, mode: 'idle' },
      response: { status: 202, headers: [headers[0], headers[4]] },
    });
  });

  test.each([
    ['0', 5_000],
    ['4', 5_000],
    ['5', 5_000],
    [' +6 ', 6_000],
    ['3600', 3_600_000],
  ])('a timeout of %j is %d ms', (seconds, timeoutMs) => {
    expect(instruct([['Grip-Timeout', seconds]]).timeoutMs).toBe(timeoutMs);
  });

  test.each<[string, Partial<Instruct['keepAlive']> | undefined]>([
    ['\\n', { content: bytesOf('\\n'), timeoutMs: 55_000, mode: 'idle' }],
    ['x; timeout=0', { timeoutMs: 1_000 }],
    ['x; mode=idle; format=raw', { content: bytesOf('x'), mode: 'idle' }],
    [
      'a\\\\\\r\\n\\x00\\xfF\\qb; format=cstring',
      { content: Uint8Array.of(97, 92, 13, 10, 0, 255, 98) },
    ],
    ['aGk=; format=base64', { content: bytesOf('hi') }],
    ['\u00c3\u00a9', { content: bytesOf('é') }],
    ['', undefined],
    ['x; timeout="1', undefined],
    ['!!; format=base64', undefined],
  ])('a keep-alive of %j', (line, expected) => {
    const { keepAlive } = instruct([['Grip-Keep-Alive', line]]);
    if (expected === undefined) expect(keepAlive).toBeUndefined();
    else expect(keepAlive).toMatchObject(expected);
  });

  test.each([
    ['a; prev-id', undefined],
    ['a; prev-id=""; filter=x', undefined],
    ['a; prev-id=', ''],
    ['a; prev-id= ; filter=x', ''],
    ['a; prev-id; prev-id=1', undefined],
  ])('[GRIP-SEQ-7] the place of %j is %j', (channel, prevId) => {
    expect(instruct([['Grip-Channel', channel]], '', 200).channels).toMatchObject([
      { name: 'a', prevId },
    ]);
  });

  test('names are UTF-8, whatever the transport made of their bytes', () => {
    const channel = instruct([
      ['Grip-Channel', '\u00c3\u00a9; filter=\u00c3\u00a9; prev-id=\u00c3\u00a9'],
    ]);
    expect(channel.channels).toEqual([{ name: 'é', prevId: 'é', filters: ['é'] }]);
    expect({ ...instruct([['Grip-Set-Meta', '\u00c3\u00a9=\u00c3\u00a9']]).meta }).toEqual({
      é: 'é',
    });
  });

  test('five filters are allowed, one more is not', () => {
    const channel = (count: number): HeaderList => [
      ['Grip-Channel', `a${'; filter=x'.repeat(count)}`],
    ];
    expect(instruct(channel(5)).channels[0]?.filters).toHaveLength(5);
    expect(mistake(channel(6))).toBe("too many filters for channel 'a'");
  });

  test('of several links of a kind the last counts', () => {
    const headers: HeaderList = [
      ['Grip-Link', '</a>; rel=next; timeout=1, </b>; rel=next'],
      ['Grip-Link', '</c>; rel=gone, </d>; rel=gone; timeout=x, </e>; rel=other'],
    ];
    expect(instruct(headers)).toMatchObject({
      next: { uri: '/b', timeoutMs: 120_000 },
      gone: '/d',
    });
    expect(mistake([['Grip-Link', '</a,b>; rel=next']])).toBe('failed to parse Grip-Link value');
  });

  test.each([
    '/a',
    'a?b#c',
    '?x',
    '#x',
    '//host/a',
    'http://host:1/a',
    'a b',
    '%zz',
    '/a:b',
    'a/b:c',
  ])('a link may be %s', (uri) => {
    expect(instruct([['Grip-Link', `<${uri}>; rel=next`]]).next?.uri).toBe(uri);
  });

  test.each(['http://[', 'http://a:b/', ':x', '1:x', 'http://a:99999/'])(
    'a link may not be %s',
    (uri) => {
      expect(mistake([['Grip-Link', `<${uri}>; rel=next`]])).toBe(
        'Grip-Link contains invalid link',
      );
    },
  );

  test('exposed headers alone are left, in any case', () => {
    const read = instruct([
      ['Grip-Expose-Headers', 'X-A, x-b'],
      ['Grip-Expose-Headers', 'Connection'],
      ['x-a', '1'],
      ['X-B', '2'],
      ['X-C', '3'],
      ['Connection', 'close'],
    ]);
    expect(read.exposeHeaders).toEqual(['x-a', 'x-b', 'connection']);
    expect(read.response.headers).toEqual([
      ['x-a', '1'],
      ['X-B', '2'],
    ]);
  });

  test('a reason without words is filled in', () => {
    const answer = { status: 404, reason: '', headers: [], body: bytesOf('') };
    expect(parseInstruct(answer)).toMatchObject({
      instruct: { response: { reason: 'Not Found' } },
    });
  });
});

describe('the JSON form', () => {
  test('with everything', () => {
    const value = {
      hold: {
        mode: 'stream',
        channels: [{ name: 'é', 'prev-id': '1', filters: ['a', 'b'] }, { name: 'b' }],
        timeout: '30',
        'keep-alive': { content: 'ping', timeout: 7 },
        meta: { user: 'me' },
      },
      response: {
        code: 201,
        headers: { 'X-A': 'é', Connection: 'close', 'Grip-X': '1', 'Content-Encoding': 'gzip' },
        'body-bin': 'aGk',
      },
      other: 1,
    };
    const read = instruct(...json(value, ['X-Own', '1']));
    expect({ ...read, meta: { ...read.meta } }).toEqual({
      hold: 'stream',
      channels: [
        { name: 'é', prevId: '1', filters: ['a', 'b'] },
        { name: 'b', prevId: undefined, filters: [] },
      ],
      timeoutMs: 30_000,
      keepAlive: { content: bytesOf('ping'), timeoutMs: 7_000, mode: 'interval' },
      meta: { user: 'me' },
      exposeHeaders: undefined,
      next: undefined,
      gone: undefined,
      response: {
        status: 201,
        reason: 'Created',
        headers: [
          ['Content-Encoding', 'gzip'],
          ['X-A', '\u00c3\u00a9'],
        ],
        body: bytesOf('hi'),
      },
    });
  });

  test('without a response, or a body in it, the client gets an empty one', () => {
    const [headers, body] = json({ hold: { channels: [] } }, ['X-Own', '1']);
    expect(instruct(headers, body)).toMatchObject({
      hold: 'response',
      response: { status: 200, reason: 'OK', headers: [], body: bytesOf('') },
    });
    expect(instruct(...json({ response: {} })).response.body).toEqual(bytesOf(''));
    expect(instruct(...json({}))).toMatchObject({ hold: 'none', response: { body: bytesOf('') } });
  });

  test.each<[HeaderList, string]>([
    json({ response: { code: true } }),
    json({}, ['Grip-Status', '199']),
    [[['Grip-Status', '0']], ''],
  ])('[GRIP-INSTR-4] a status before 200 is none: %j %s', (headers, body) => {
    expect(mistake(headers, body)).toMatch(/^no answer has the status \d+$/);
  });

  test('adds to the headers and overrides them', () => {
    const value = { hold: { mode: 'stream', channels: [{ name: 'b' }], meta: { x: '2' } } };
    const read = instruct(
      ...json(
        value,
        ['Grip-Hold', 'response'],
        ['Grip-Channel', 'a'],
        ['Grip-Timeout', '9'],
        ['Grip-Set-Meta', 'x=1, y=1'],
        ['Grip-Keep-Alive', 'k; timeout=3'],
        ['Grip-Link', '</n>; rel=next'],
        ['Grip-Status', '299'],
      ),
    );
    expect(read).toMatchObject({
      hold: 'stream',
      channels: [{ name: 'a' }, { name: 'b' }],
      timeoutMs: 9_000,
      meta: { x: '2', y: '1' },
      keepAlive: { content: bytesOf('k'), timeoutMs: 3_000, mode: 'idle' },
      next: { uri: '/n' },
      response: { status: 299, reason: 'Undefined Reason' },
    });
  });

  test.each<[object, object | undefined]>([
    [{ content: 'a\\n' }, { content: bytesOf('a\\n'), timeoutMs: 55_000, mode: 'interval' }],
    [{ content: 'a', mode: 'idle' }, { mode: 'idle' }],
    [
      { content: 'a', mode: 'other', format: 'other' },
      { content: bytesOf('a'), mode: 'interval' },
    ],
    [{ content: 'a\\n', format: 'cstring' }, { content: bytesOf('a\n') }],
    [{ content: 'aGk', format: 'base64' }, { content: bytesOf('hi') }],
    [{ 'content-bin': 'aGk', content: 5 }, { content: bytesOf('hi') }],
    [{ content: 'a', timeout: 0 }, { timeoutMs: 1_000 }],
    [{}, undefined],
  ])('a keep-alive of %j', (keepAlive, expected) => {
    const hold = { channels: [], 'keep-alive': keepAlive };
    const read = instruct(...json({ hold })).keepAlive;
    if (expected === undefined) expect(read).toBeUndefined();
    else expect(read).toMatchObject(expected);
  });

  test('more than five filters are cut off', () => {
    const filters = ['1', '2', '3', '4', '5', '6'];
    const hold = { channels: [{ name: 'a', filters }] };
    expect(instruct(...json({ hold })).channels[0]?.filters).toEqual(filters.slice(0, 5));
  });
});

test('no answer makes it throw', () => {
  const names = fc.constantFrom(
    ...['Hold', 'Channel', 'Timeout', 'Keep-Alive', 'Set-Meta', 'Status', 'Link', 'Expose-Headers'],
  );
  const texts = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'a1;,="\\<>/: '.split('')) }),
    fc.constantFrom('stream', 'response', '</a>; rel=next', 'a; format=cstring', '404 x'),
    fc.string({ unit: 'binary' }),
  );
  const headers = fc.array(
    fc.tuple(
      names.map((name) => `Grip-${name}`),
      texts,
    ),
    { maxLength: 4 },
  );
  const bodies = fc.oneof(
    fc.uint8Array(),
    fc
      .dictionary(fc.constantFrom('hold', 'response', 'x'), fc.jsonValue())
      .map((value) => bytesOf(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(headers, bodies, fc.boolean(), (lines, body, isJson) => {
      const all: HeaderList = isJson
        ? [...lines, ['Content-Type', 'application/grip-instruct']]
        : lines;
      const reading = parseInstruct({ status: 200, reason: '', headers: all, body });
      if (reading.ok) {
        expect(reading.instruct.timeoutMs).toBeGreaterThanOrEqual(5_000);
        expect(reading.instruct.response.headers).toEqual([]);
      } else expect(reading.mistake.message).toBeTypeOf('string');
      expect(isJsonInstruct(all)).toBe(isJson);
      mayStreamOn(all);
    }),
    { numRuns: 2_000 },
  );
});
