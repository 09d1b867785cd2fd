import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { encodeComment, encodeEvent } from '../../../src/actors/codecs/sse.ts';
import type { ServerEvent } from '../../../src/actors/codecs/sse.ts';
import { bytesOf, hex } from './websocket-reading.ts';

const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const event = (data: string, rest: Omit<ServerEvent, 'data'> = {}) =>
  text(encodeEvent({ data: bytesOf(data), ...rest }));

/** How a page reads a stream, after the HTML standard: the events it dispatches. */
function dispatched(stream: string): { id: string; event: string; data: string }[] {
  const events: { id: string; event: string; data: string }[] = [];
  let id = '';
  let name = '';
  let data: string | undefined;
  for (const line of stream.split(/\r\n|\r|\n/)) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line) ?? [];
    if (line === '') {
      if (data !== undefined) events.push({ id, event: name === '' ? 'message' : name, data });
      name = '';
      data = undefined;
    } else if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (field === 'event') name = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
  return events;
}

describe('[SSE-1] events', () => {
  test.each<[string, string, Omit<ServerEvent, 'data'>]>([
    ['hello', 'data: hello\n\n', {}],
    ['', 'data: \n\n', {}],
    [' two spaces', 'data:  two spaces\n\n', {}],
    ['{"a":1}', 'id: 42\nevent: update\ndata: {"a":1}\n\n', { id: '42', event: 'update' }],
    ['x', 'id: \ndata: x\n\n', { id: '' }],
    ['x', 'retry: 3000\ndata: x\n\n', { retry: 3000 }],
    ['x', 'retry: 0\ndata: x\n\n', { retry: 0 }],
    ['x', 'data: x\n\n', { retry: -1 }],
    ['x', 'data: x\n\n', { retry: 1.5 }],
    ['x', 'data: x\n\n', { retry: Number.NaN }],
    ['x', 'data: x\n\n', { retry: 1e21 }],
    ['hé😀', 'id: é\ndata: hé😀\n\n', { id: 'é' }],
    ['a\nb', 'data: a\ndata: b\n\n', {}],
    ['a\rb', 'data: a\ndata: b\n\n', {}],
    ['a\r\nb', 'data: a\ndata: b\n\n', {}],
    ['a\n\rb', 'data: a\ndata: \ndata: b\n\n', {}],
    ['a\n', 'data: a\ndata: \n\n', {}],
    ['\n', 'data: \ndata: \n\n', {}],
    ['\r\n', 'data: \ndata: \n\n', {}],
    ['a\r', 'data: a\ndata: \n\n', {}],
    ['a\n\nb', 'data: a\ndata: \ndata: b\n\n', {}],
  ])('%j is %j', (data, bytes, rest) => {
    expect(event(data, rest)).toBe(bytes);
  });

  test('data that is not UTF-8 passes as it is', () => {
    expect(encodeEvent({ data: hex('ff 0a fe') })).toEqual(
      hex('64 61 74 61 3a 20 ff 0a 64 61 74 61 3a 20 fe 0a 0a'),
    );
  });

  test.each([
    ['', ': \n\n'],
    ['keep-alive', ': keep-alive\n\n'],
    ['a\nb\r\nc\rd', ': a\n: b\n: c\n: d\n\n'],
    ['x\n\ndata: forged', ': x\n: \n: data: forged\n\n'],
  ])('a comment %j is %j, and no page sees it', (comment, bytes) => {
    expect(text(encodeComment(comment))).toBe(bytes);
    expect(dispatched(text(encodeComment(comment)))).toEqual([]);
  });

  test('a page gets back what was sent, with LF for every newline', () => {
    const texts = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\n', '\r', '\r\n', ':', ' '),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(texts, (data) => {
        const whole = text(bytesOf(data));
        expect(dispatched(event(data, { id: '7' }) + event('next'))).toEqual([
          { id: '7', event: 'message', data: whole.replace(/\r\n|\r/g, '\n') },
          { id: '7', event: 'message', data: 'next' },
        ]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('[SSE-2] nothing forges a field', () => {
  test.each(['1\ndata: forged', '1\rdata: forged', '1\r\n\r\ndata: forged', '1\0data: forged'])(
    '%j as id or event',
    (forged) => {
      const stripped = '1data: forged';
      expect(dispatched(event('true', { id: forged, event: forged }))).toEqual([
        { id: stripped, event: stripped, data: 'true' },
      ]);
    },
  );

  test('any id, event and comment give one event with the data sent', () => {
    const odd = fc.string({
      unit: fc.constantFrom('\n', '\r', '\0', 'data: x', ':', ' ', 'a', 'é'),
    });
    fc.assert(
      fc.property(odd, odd, odd, (id, name, comment) => {
        const stream = text(encodeComment(comment)) + event('true', { id, event: name });
        const clean = (field: string) => field.replace(/[\r\n\0]/g, '');
        expect(dispatched(stream)).toEqual([
          { id: clean(id), event: clean(name) || 'message', data: 'true' },
        ]);
      }),
      { numRuns: 500 },
    );
  });
});
