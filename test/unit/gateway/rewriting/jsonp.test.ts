// JSON-P: which requests are meant by which, what is refused, and the exact scripts that answer them.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import type { JsonpSettings } from '../../../../src/actors/codecs/grip/routes-file.ts';
import {
  readJsonp,
  wrapHeldJsonp,
  wrapJsonp,
} from '../../../../src/actors/gateway/rewriting/jsonp.ts';
import { calledBack } from '../../../../src/actors/gateway/sockjs/sockjs-frames.ts';
import { cpuMsOf } from '../../../support/cpu.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const extended: JsonpSettings = {
  mode: 'extended',
  callbackParam: undefined,
  bodyParam: undefined,
  defaultCallback: undefined,
  defaultMethod: 'GET',
};
const basic: JsonpSettings = { ...extended, mode: 'basic', defaultMethod: 'POST' };
const withBody: JsonpSettings = { ...basic, bodyParam: 'body', defaultCallback: 'cb' };
const headers: HeaderList = [
  ['Host', 'a.example:7999'],
  ['Accept', 'text/html'],
  ['Cookie', 'c'],
];

const read = (search: string, rules = extended, method = 'GET') =>
  readJsonp({ method, path: '/p', search, headers }, rules);

function meant(search: string, rules = extended) {
  const reading = read(search, rules);
  if (reading.kind !== 'jsonp') throw new Error(reading.kind);
  const { callback, request } = reading;
  return { callback, ...request, body: textOf(request.body) };
}

describe('requests', () => {
  test('[GRIP-JSONP-2] may be as long as a head may be', () => {
    const body = `${'x'.repeat(500_000)}é`;
    const { callback, body: heard } = meant(`?callback=cb&_body=${encodeURIComponent(body)}%25`);
    expect([callback, heard === `${body}%`]).toEqual(['cb', true]);
  });

  test.each<[string, JsonpSettings, string]>([
    ['', extended, 'GET'],
    ['?', extended, 'GET'],
    ['?a=1&_body=x', extended, 'GET'],
    ['?callback=cb', extended, 'POST'],
    ['?callback=cb', { ...extended, callbackParam: 'cb' }, 'GET'],
    ['?body=x', { ...withBody, defaultCallback: undefined }, 'GET'],
    ['?_body=x', { ...withBody, bodyParam: undefined }, 'GET'],
    ['?other=x', withBody, 'GET'],
  ])('%j are what they are', (search, rules, method) => {
    expect(read(search, rules, method)).toEqual({ kind: 'none' });
  });

  test('take on what their parameters say, and keep the rest', () => {
    const own = encodeURIComponent(JSON.stringify({ 'X-One': '1', Host: 'evil', Accept: 'evil' }));
    const search = `?a=%41+b&callback=cb&_method=PUT&_headers=${own}&_body=%7B%C3%A4+%7d&b&a=2`;
    expect(meant(search)).toEqual({
      callback: 'cb',
      method: 'PUT',
      path: '/p',
      search: '?a=%41+b&b&a=2',
      headers: [
        ['X-One', '1'],
        ['Accept', '*/*'],
        ['Host', 'a.example:7999'],
        ['Cookie', 'c'],
      ],
      body: '{ä+}',
    });
  });

  test.each<[string, JsonpSettings, object]>([
    ['?callback=cb', extended, { callback: 'cb', method: 'GET', search: '', body: '' }],
    ['?callback=cb', basic, { callback: 'cb', method: 'POST', search: '', body: '' }],
    ['?callback=a.b%5B0%5D', extended, { callback: 'a.b[0]' }],
    ['?call%62ack=cb', extended, { callback: 'cb', search: '' }],
    ['?callback=one&callback=two', extended, { callback: 'one', search: '' }],
    ['?callback=cb&x=%zz', extended, { search: '?x=%zz' }],
    ['?c=cb&callback=x', { ...extended, callbackParam: 'c' }, { search: '?callback=x' }],
    ['?callback=cb&_method=GET', basic, { method: 'GET' }],
    ['?callback=cb', { ...extended, defaultMethod: 'PATCH' }, { method: 'PATCH' }],
    ['?body=%5B%5D&_body=x', withBody, { callback: 'cb', body: '[]', search: '?_body=x' }],
    ['?body=1&callback=mine', withBody, { callback: 'mine', body: '1', search: '' }],
    ['?callback=mine', withBody, { callback: 'mine', body: '' }],
  ])('%j', (search, rules, expected) => {
    expect(meant(search, rules)).toMatchObject(expected);
  });

  test('a named body is JSON, whatever the page calls it', () => {
    const own = encodeURIComponent('{"content-type":"text/plain","X-One":"1"}');
    expect(meant(`?body=1&_headers=${own}`, withBody).headers).toEqual([
      ['X-One', '1'],
      ['Content-Type', 'application/json'],
      ['Accept', '*/*'],
      ['Host', 'a.example:7999'],
      ['Cookie', 'c'],
    ]);
  });

  test.each<[string, JsonpSettings, string]>([
    ['?callback=', extended, 'Invalid callback parameter.'],
    ['?callback', extended, 'Invalid callback parameter.'],
    ['?callback=%4', extended, 'Invalid callback parameter.'],
    ['?callback=%zz', extended, 'Invalid callback parameter.'],
    ['?callback=cb&_method=', extended, 'Invalid _method parameter.'],
    ['?callback=cb&_method=GET%20/x', extended, 'Invalid _method parameter.'],
    ['?callback=cb&_method=A%0D%0AB', extended, 'Invalid _method parameter.'],
    ['?callback=cb&_headers=', extended, 'Invalid _headers parameter.'],
    ['?callback=cb&_headers=%7B', extended, 'Invalid _headers parameter.'],
    ['?callback=cb&_headers=[]', extended, 'Invalid _headers parameter.'],
    ['?callback=cb&_headers={"a":1}', extended, 'Invalid _headers parameter.'],
    ['?callback=cb&_headers={"a b":"1"}', extended, 'Invalid _headers parameter.'],
    ['?callback=cb&_headers={"a:b":"1"}', extended, 'Invalid _headers parameter.'],
    ['?callback=cb&_body=%', extended, 'Invalid _body parameter.'],
    ['?callback=cb&_body=', extended, 'Invalid _body parameter.'],
    ['?callback=cb&body=%1', withBody, 'Invalid body parameter.'],
  ])('%j are refused', (search, rules, message) => {
    expect(read(search, rules)).toEqual({ kind: 'mistake', message });
  });

  test('cannot bring framing or lines of their own', () => {
    const own = encodeURIComponent(
      JSON.stringify({
        'Content-Length': '5',
        'transfer-encoding': 'chunked',
        Connection: 'close',
        'X-One': 'a\r\nX-Two: b',
      }),
    );
    expect(meant(`?callback=cb&_headers=${own}`).headers).toEqual([
      ['X-One', 'a X-Two: b'],
      ['Accept', '*/*'],
      ['Host', 'a.example:7999'],
      ['Cookie', 'c'],
    ]);
  });

  test('any text in the parameters arrives as it was', () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(texts, texts, (callback, body) => {
        const search = `?callback=${encodeURIComponent(callback)}&_body=${encodeURIComponent(body)}&x`;
        expect(meant(search)).toMatchObject({ callback, body, search: '?x' });
      }),
    );
  });

  test('no query makes it throw', () => {
    const piece = fc.constantFrom('callback', '_headers', '_body', '=', '&', '%', '{', 'é', '"a"');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(read(`?callback=cb&${pieces.join('')}`).kind).toBeOneOf(['jsonp', 'mistake']);
      }),
    );
  });
});

describe('answers', () => {
  const answer = {
    status: 404,
    reason: 'Not "Found"',
    headers: [
      ['X-Two', '2'],
      ['Cache-Control', 'no-store'],
      ['Content-Type', 'text/plain'],
      ['X-One', 'a'],
      ['X-One', 'b'],
      ['x-one', 'c'],
      ['Content-Length', '5'],
    ] as HeaderList,
    body: bytesOf('h"i/ä\n'),
  };
  const script = '"body": "h\\"i/ä\\n"});\n';

  test('of origins in extended mode tell all', () => {
    const wrapped = wrapJsonp('cb', 'extended', answer);
    const text =
      '/**/cb({"code": 404, "reason": "Not \\"Found\\"", "headers": {"Cache-Control":"no-store",' +
      '"Content-Length":"5","Content-Type":"text/plain","X-One":"a","X-Two":"2","x-one":"c"}, ' +
      script;
    expect(textOf(wrapped.body)).toBe(text);
    expect(wrapped).toMatchObject({
      status: 200,
      reason: 'OK',
      headers: [
        ['Content-Type', 'application/javascript'],
        ['Content-Length', String(bytesOf(text).length)],
        ['Cache-Control', 'no-store'],
      ],
    });
  });

  test.each([
    ['[1]\n', '/**/cb([1]);\n'],
    ['[1]\r\n', '/**/cb([1]);\n'],
    ['[1]\n\n', '/**/cb([1]\n);\n'],
    ['[1]\r', '/**/cb([1]\r);\n'],
    ['\n', '/**/cb();\n'],
  ])('in basic mode pass on %j', (body, text) => {
    const plain = { status: 500, reason: 'x', headers: [], body: bytesOf(body) };
    for (const wrap of [wrapJsonp, wrapHeldJsonp]) {
      const wrapped = wrap('cb', 'basic', plain);
      expect(textOf(wrapped.body)).toBe(text);
      expect(wrapped).toMatchObject({ status: 200, reason: 'OK' });
    }
  });

  test('are wrapped in no time, however many headers they have', () => {
    const many: HeaderList = Array.from({ length: 50_000 }, (_, n) => [`x-${n}`, '1']);
    const cpuMs = cpuMsOf(() => {
      const { body } = wrapJsonp('cb', 'extended', { ...answer, headers: many });
      expect(textOf(body)).toContain('"x-49999":"1"');
    });
    expect(cpuMs).toBeLessThan(1_000);
  });

  test('[GRIP-JSONP-1] [SOCKJS-15] hold no line end that a script of an old browser must not have', () => {
    const body = 'a\u2028b\u2029c';
    const whole = { status: 200, reason: 'OK', headers: [], body: bytesOf(body) };
    const scripts = [wrapJsonp, wrapHeldJsonp].map((wrap) =>
      textOf(wrap('cb', 'extended', whole).body),
    );
    for (const said of [...scripts, calledBack('cb', JSON.stringify({ body }))]) {
      expect(said).not.toMatch(/[\u2028\u2029]/);
      const heard: unknown = JSON.parse(said.slice('/**/cb('.length, -');\n'.length));
      expect(typeof heard === 'string' ? JSON.parse(heard) : heard).toMatchObject({ body });
    }
  });

  test('[GRIP-JSONP-7] without a body cannot be told in basic mode, unless they end a hold', () => {
    const empty = { status: 404, reason: 'x', headers: [], body: bytesOf('') };
    expect(wrapJsonp('cb', 'basic', empty)).toMatchObject({ status: 500 });
    expect(textOf(wrapHeldJsonp('cb', 'basic', empty).body)).toBe('/**/cb();\n');
  });

  test('that end holds are sorted, merge headers and keep their own', () => {
    const wrapped = wrapHeldJsonp('cb', 'extended', answer);
    const text =
      '/**/cb({"body":"h\\"i/ä\\n","code":404,"headers":{"Cache-Control":"no-store",' +
      '"Content-Type":"text/plain","X-One":"a, b, c","X-Two":"2"},"reason":"Not \\"Found\\""});\n';
    expect(textOf(wrapped.body)).toBe(text);
    expect(wrapped.headers).toEqual([
      ['X-Two', '2'],
      ['Cache-Control', 'no-store'],
      ['X-One', 'a'],
      ['X-One', 'b'],
      ['x-one', 'c'],
      ['Content-Type', 'application/javascript'],
      ['Content-Length', String(bytesOf(text).length)],
    ]);
  });

  test('are scripts that give the page what the origin said', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 100, max: 999 }),
        (body, status) => {
          for (const wrap of [wrapJsonp, wrapHeldJsonp]) {
            const wrapped = wrap('cb', 'extended', { ...answer, status, body: bytesOf(body) });
            const text = textOf(wrapped.body);
            expect(JSON.parse(text.slice('/**/cb('.length, -');\n'.length))).toMatchObject({
              code: status,
              body,
            });
          }
        },
      ),
    );
  });
});
