import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type GripItem,
  itemFromValue,
  itemFromZmq,
  itemsFromControlBody,
  itemsFromList,
} from '../../../../src/actors/codecs/grip/publish-item.ts';
import { encodeTnetstring } from '../../../../src/actors/codecs/grip/tnetstring.ts';
import { bytesOf, hex, joined } from '../websocket-reading.ts';
import { recorded } from './recorded.ts';

function item(value: unknown, from: 'json' | 'tnetstring' = 'json', channel?: string): GripItem {
  const read = itemFromValue(value, from, channel);
  return read.ok ? read.item : expect.fail(read.mistake.message);
}

function mistake(value: unknown, from: 'json' | 'tnetstring' = 'json'): string | undefined {
  const read = itemFromValue(value, from);
  return read.ok ? undefined : read.mistake.message;
}

function answer(body: string | Uint8Array): string {
  const read = itemsFromControlBody(bytesOf(body));
  return read.ok ? 'Published\n' : `${read.mistake.message}\n`;
}

const zmq = (...parts: (string | Uint8Array)[]) => {
  const read = itemFromZmq(joined(...parts.map((part) => bytesOf(part))));
  return read.ok ? read.item : read.mistake.message;
};

const stream = (content: unknown) => ({ channel: 'a', formats: { 'http-stream': { content } } });

describe('the body of a publish request', () => {
  test.each(recorded('publishes') as [string, string][])('%s', (body, expected) => {
    // `refresh` came after 1.36.
    const isLater = body.includes('refresh');
    expect(answer(body)).toBe(isLater ? 'Published\n' : expected);
  });

  test('must be UTF-8 JSON, and not too deep', () => {
    expect(answer(hex('7b 22 ff 22 3a 31 7d'))).toBe('Body is not valid JSON.\n');
    expect(answer(`{"items":${'['.repeat(200)}${']'.repeat(200)}}`)).toBe(
      'Body is not valid JSON.\n',
    );
    expect(answer('\ufeff{"items":[]}')).toBe('Published\n');
  });

  test.each([
    ['\ud800y', '?y'],
    ['x\udc00', 'x?'],
    ['\udc00\ud800', '??'],
    ['\ud83d\ude00', '\ud83d\ude00'],
  ])('[GRIP-PUB-7] half a surrogate pair is a question mark: %j', (text, expected) => {
    const cut = { ...stream(text), channel: text, id: text, meta: { k: text } };
    const read = itemsFromControlBody(bytesOf(JSON.stringify({ items: [cut] })));
    expect(read).toMatchObject({
      ok: true,
      items: [
        {
          channel: expected,
          id: expected,
          meta: { k: expected },
          stream: { content: bytesOf(expected) },
        },
      ],
    });
  });

  test.each([
    ['a\nb', 'a\nb'],
    ['\t', '\t'],
    ['\\"\r\n\\\\', '"\r\n\\'],
    ['é\0\x1f', 'é\0\x1f'],
  ])('[GRIP-PUB-6] controls may stand in strings as they are: %j', (written, expected) => {
    const json = `{"items":[\n\t{"channel":"a","formats":{"http-stream":{"content":"${written}"}}}]}`;
    expect(itemsFromControlBody(bytesOf(json))).toMatchObject({
      ok: true,
      items: [{ channel: 'a', stream: { content: bytesOf(expected) } }],
    });
  });

  test('[GRIP-PUB-6] and nowhere else', () => {
    expect(answer('{"items"\x01:[]}')).toBe('Body is not valid JSON.\n');
    expect(answer('{"items":["\n]}')).toBe('Body is not valid JSON.\n');
    expect(answer('["\n"]')).toBe('Invalid format.\n');
  });

  test('one bad item spoils all, and the first mistake is told', () => {
    const items = [stream('x'), { channel: 5 }, 1];
    expect(answer(JSON.stringify({ items }))).toBe(
      "Invalid format: publish item object contains 'channel' with wrong type\n",
    );
    expect(itemsFromList([stream('x'), stream('y')], 'json')).toMatchObject({
      ok: true,
      items: [{ channel: 'a' }, { channel: 'a' }],
    });
  });
});

describe('an item from JSON', () => {
  test('with everything', () => {
    const read = item({
      channel: 'a',
      id: '2',
      'prev-id': '1',
      'no-seq': true,
      size: '12',
      meta: { sender: 'me', __proto__x: 'y' },
      formats: {
        'http-response': {
          code: '201',
          reason: 'Made',
          headers: { B: '2', A: '1' },
          body: 'é',
          'content-filters': ['build-id'],
        },
        'http-stream': { 'content-bin': 'aGk', content: 'ignored' },
        'ws-message': { content: 'hi', type: 'binary' },
        other: 1,
      },
    });
    expect(read).toMatchObject({
      channel: 'a',
      id: '2',
      prevId: '1',
      noSeq: true,
      size: 12,
      response: {
        action: 'send',
        status: 201,
        reason: 'Made',
        headers: [
          ['A', '1'],
          ['B', '2'],
        ],
        body: bytesOf('é'),
        bodyPatch: undefined,
        contentFilters: ['build-id'],
      },
      stream: { action: 'send', content: bytesOf('hi'), contentFilters: undefined },
      ws: { action: 'send', kind: 'binary', content: bytesOf('hi'), code: undefined, reason: '' },
    });
    expect({ ...read.meta }).toEqual({ sender: 'me', __proto__x: 'y' });
  });

  test('with next to nothing', () => {
    expect(item({ channel: '', 'http-stream': { content: '' } })).toEqual({
      channel: '',
      id: undefined,
      prevId: undefined,
      noSeq: false,
      size: undefined,
      meta: {},
      response: undefined,
      stream: { action: 'send', content: bytesOf(''), contentFilters: undefined },
      ws: undefined,
      byteLength: 0,
    });
  });

  test('of a frame channel takes that one, unless it is empty', () => {
    expect(item(stream('x'), 'json', 'b').channel).toBe('b');
    expect(item(stream('x'), 'json', '').channel).toBe('a');
    expect(item({ channel: 5, 'http-stream': { content: 'x' } }, 'json', 'b').channel).toBe('b');
  });

  const response = (format: object) => item({ channel: 'a', 'http-response': format }).response;
  const ws = (format: object) => item({ channel: 'a', 'ws-message': format }).ws;

  test.each([
    [{ body: '' }, 200, 'OK'],
    [{ body: '', code: 404 }, 404, 'Not Found'],
    [{ body: '', code: 403.5 }, 404, 'Not Found'],
    [{ body: '', code: ' 404 ' }, 404, 'Not Found'],
    [{ body: '', code: '404.6' }, 0, 'Undefined Reason'],
    [{ body: '', code: 'abc' }, 0, 'Undefined Reason'],
    [{ body: '', code: true }, 1, 'Undefined Reason'],
    [{ body: '', code: 404, reason: '' }, 404, 'Not Found'],
    [{ body: '', reason: 'a\r\nb' }, 200, 'a b'],
  ])('%j has status %d %s', (format, status, reason) => {
    expect(response(format)).toMatchObject({ status, reason });
  });

  test.each([
    ['aGVs!bG8', 'hello'],
    ['aGVsbG8=', 'hello'],
    ['aGVsbG8=aGVs', 'hello\x1a\x19['],
    ['aGVsbG_-', 'hell'],
    ['a', ''],
    ['aG', 'h'],
    ['!!', ''],
  ])('base64 %s is %j', (text, expected) => {
    expect(response({ 'body-bin': text, body: 'ignored' })?.body).toEqual(bytesOf(expected));
  });

  test('a patch counts where no body is', () => {
    const patch = [{ op: 'add', path: '/a', value: 1 }];
    expect(response({ 'body-patch': patch })).toMatchObject({ body: undefined, bodyPatch: patch });
    expect(response({ 'body-patch': patch, body: 'x' })).toMatchObject({ bodyPatch: undefined });
  });

  test('headers keep their repeats, and cannot be used for forging', () => {
    const headers = [
      ['X-A', 'a\r\nX-B: b'],
      ['bad name', 'x'],
      ['X-A', '2'],
      ['X-É', 'x'],
      ['X-C', 'é'],
      ['Grip-Expose-Headers', 'X-Gone, X-Away'],
      ['grip-hold', 'x'],
    ];
    expect(response({ body: '', headers })).toMatchObject({
      headers: [
        ['X-A', 'a X-B: b'],
        ['X-A', '2'],
        ['X-C', '\u00c3\u00a9'],
      ],
      hiddenHeaders: ['x-gone', 'x-away'],
    });
  });

  test.each([
    [{ content: 'x' }, 'text', 'x'],
    [{ 'content-bin': 'eA' }, 'binary', 'x'],
    [{ 'content-bin': 'eA', content: 'y' }, 'binary', 'x'],
    [{ 'content-bin': 'eA', type: 'text' }, 'text', 'x'],
    [{ content: 'x', type: 'binary' }, 'binary', 'x'],
    [{ type: 'ping' }, 'ping', ''],
    [{ type: 'pong', content: 'x' }, 'pong', 'x'],
  ])('a message %j is %s %j', (format, kind, content) => {
    expect(ws(format)).toMatchObject({ action: 'send', kind, content: bytesOf(content) });
  });

  test('actions need no content and read none', () => {
    expect(response({ action: 'hint', body: 5 })).toMatchObject({ action: 'hint' });
    expect(ws({ action: 'refresh' })).toMatchObject({ action: 'refresh' });
    expect(ws({ action: 'close' })).toMatchObject({ code: undefined, reason: '' });
    expect(ws({ action: 'close', code: 4000, reason: 'bye' })).toMatchObject({
      action: 'close',
      code: 4000,
      reason: 'bye',
    });
    expect(item({ channel: 'a', 'http-stream': { action: 'close' } }).stream).toMatchObject({
      action: 'close',
      content: bytesOf(''),
    });
  });

  test('its weight is that of contents, headers and names', () => {
    const weigh = (format: object) => item({ channel: 'abc', formats: format }).byteLength;
    expect(weigh({ 'http-stream': { content: 'x'.repeat(1_000) } })).toBe(1_003);
    expect(weigh({ 'http-response': { body: 'é', headers: { X: 'abc' } } })).toBe(3 + 2 + 4);
    const patch = [{ op: 'add', path: '/a', value: 'x'.repeat(500) }];
    expect(weigh({ 'http-response': { 'body-patch': patch } })).toBeGreaterThan(500);
  });
});

describe('an item from a tnetstring', () => {
  test('has bytes where JSON has texts', () => {
    const binary = Uint8Array.of(0xff, 0x00);
    const value = {
      channel: bytesOf('é'),
      id: null,
      meta: { k: bytesOf('v') },
      formats: {
        'http-response': { body: binary, 'body-bin': bytesOf('aGk') },
        'http-stream': { content: binary, 'content-bin': bytesOf('aGk') },
        'ws-message': { 'content-bin': binary },
      },
    };
    expect(item(value, 'tnetstring')).toMatchObject({
      channel: 'é',
      id: undefined,
      response: { body: binary },
      stream: { content: binary },
      ws: { kind: 'binary', content: binary },
    });
  });

  test('[GRIP-ORDER-5] has ids of any bytes, which are told apart', () => {
    const format = { 'http-stream': { content: bytesOf('x') } };
    const idOf = (...bytes: number[]) =>
      item({ channel: bytesOf('a'), id: Uint8Array.from(bytes), ...format }, 'tnetstring').id;
    expect(idOf(0xc3, 0xa9)).toBe('é');
    expect(idOf(0xff, 1)).toBe('\u00ff\u0001');
    expect(new Set([idOf(0xff), idOf(0xfe), idOf(0xff, 0xff)]).size).toBe(3);
    const long = new Uint8Array(300_000).fill(0xff);
    expect(idOf(...[])).toBe('');
    expect(item({ channel: bytesOf('a'), id: long, ...format }, 'tnetstring').id).toHaveLength(
      300_000,
    );
  });

  test.each([
    [{ channel: Uint8Array.of(0xff) }, "publish item object contains 'channel' with wrong type"],
    [{ channel: bytesOf('a'), 'http-stream': {} }, "'http-stream' does not contain 'content'"],
    [
      { channel: bytesOf('a'), 'http-response': {} },
      "'http-response' does not contain 'body' or 'body-patch'",
    ],
    [
      { channel: bytesOf('a'), 'http-stream': { 'content-bin': bytesOf('eA') } },
      "'http-stream' does not contain 'content'",
    ],
    [[], 'publish item object is not an object'],
    [bytesOf('a'), 'publish item object is not an object'],
  ])('%j: %s', (value, expected) => {
    expect(mistake(value, 'tnetstring')).toBe(expected);
  });
});

describe('a ZeroMQ frame', () => {
  const value = { channel: 'a', 'http-stream': { content: 'x' } };

  test('is JSON, or a tnetstring with or without its letter', () => {
    const expected = { channel: 'a', stream: { content: bytesOf('x') } };
    expect(zmq('J', JSON.stringify(value))).toMatchObject(expected);
    expect(zmq('T', encodeTnetstring(value))).toMatchObject(expected);
    expect(zmq(encodeTnetstring(value))).toMatchObject(expected);
    expect(zmq('J', '\ufeff', JSON.stringify(value))).toMatchObject(expected);
  });

  test.each([
    ['', 'empty frame'],
    ['J', 'frame is not valid JSON'],
    ['J5', 'frame is not valid JSON'],
    ['J[]', 'publish item object is not an object'],
    ['J{}', "publish item object does not contain 'channel'"],
    ['T5:abc', 'tnetstring: shorter than its size'],
    ['T', 'tnetstring: no size'],
    ['{"channel":"a"}', 'tnetstring: no size'],
    ['T0:}', "publish item object does not contain 'channel'"],
    ['0:]', 'publish item object is not an object'],
  ])('%j: %s', (frame, expected) => {
    expect(zmq(frame)).toBe(expected);
  });

  test('cut anywhere is a mistake', () => {
    const frame = joined(bytesOf('T'), encodeTnetstring(value));
    for (let size = 0; size < frame.length; size += 1) {
      expect(zmq(frame.subarray(0, size))).toBeTypeOf('string');
    }
  });
});

test('no value makes it throw', () => {
  const names = ['channel', 'id', 'formats', 'http-response', 'http-stream', 'ws-message', 'meta'];
  const keys = fc.constantFrom(
    ...names,
    'content',
    'body',
    'body-bin',
    'code',
    'headers',
    'action',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>('a', '', 'send', 'close', null, 1, -1, 1e300, NaN, true, '\ud800'),
      fc.uint8Array({ maxLength: 3 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 6 }),
    ),
  }));
  const sources = fc.constantFrom('json' as const, 'tnetstring' as const);
  fc.assert(
    fc.property(value, sources, (loose, from) => {
      const read = itemFromValue({ channel: 'a', formats: loose }, from);
      if (read.ok) expect(read.item.byteLength).toBeGreaterThan(0);
      else expect(read.mistake.message).toBeTypeOf('string');
      itemFromValue(loose, from);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void itemFromZmq(bytes)));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void itemsFromControlBody(bytes)));
});
