import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  checkUpgrade,
  encodeUpgradeGrant,
  encodeUpgradeRefusal,
  negotiateDeflate,
  offersMax,
} from '../../../src/actors/codecs/websocket-handshake.ts';

const proper = {
  host: 'example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
};

/** Checks the proper request with changes; undefined takes a header away. */
function check(changes: Record<string, string | undefined>, method = 'GET', httpVersion = '1.1') {
  const headers = new Map<string, string | undefined>(Object.entries({ ...proper, ...changes }));
  return checkUpgrade({ method, httpVersion, header: (name) => headers.get(name) });
}

function extensionsOf(header: string) {
  const checked = check({ 'sec-websocket-extensions': header });
  return checked.ok ? checked.extensions : checked.mistake.status;
}

function answerTo(header: string): string | undefined {
  const extensions = extensionsOf(header);
  return typeof extensions === 'number' ? `${extensions}` : negotiateDeflate(extensions)?.answer;
}

describe('the request', () => {
  test('[WS-SHAKE-1] a proper one', () => {
    expect(check({})).toEqual({
      ok: true,
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      protocols: [],
      extensions: [],
    });
  });

  test.each([
    [{ upgrade: 'WebSocket' }],
    [{ upgrade: 'h2c, websocket' }],
    [{ connection: 'keep-alive, Upgrade' }],
    [{ connection: 'upgrade,keep-alive' }],
    [{ 'sec-websocket-version': ' 13 ' }],
    [{ 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' }],
    [{ 'sec-websocket-key': ' /+/+/+/+/+/+/+/+/+/+/w== ' }],
  ])('[WS-SHAKE-1] also with %j', (changes) => {
    expect(check(changes)).toMatchObject({ ok: true });
  });

  test.each<[number, Record<string, string | undefined>]>([
    [426, { upgrade: undefined, connection: undefined }],
    [426, { upgrade: 'h2c' }],
    [426, { upgrade: 'websocket2' }],
    [400, { connection: undefined }],
    [400, { connection: 'keep-alive' }],
    [400, { connection: 'not-upgrade' }],
    [426, { 'sec-websocket-version': undefined }],
    [426, { 'sec-websocket-version': '8' }],
    [426, { 'sec-websocket-version': '13, 8' }],
    [400, { 'sec-websocket-key': undefined }],
    [400, { 'sec-websocket-key': '' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZR==' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZTE=' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25j Q==' }],
    [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==' }],
    [400, { 'sec-websocket-protocol': '' }],
    [400, { 'sec-websocket-protocol': 'a b' }],
    [400, { 'sec-websocket-protocol': 'chat, chat' }],
    [400, { 'sec-websocket-protocol': 'chat/1' }],
    [400, { 'sec-websocket-extensions': '' }],
    [400, { 'sec-websocket-extensions': 'a b' }],
    [400, { 'sec-websocket-extensions': 'a;' }],
    [400, { 'sec-websocket-extensions': 'a=1' }],
    [400, { 'sec-websocket-extensions': 'a; b=' }],
    [400, { 'sec-websocket-extensions': 'a; b="' }],
    [400, { 'sec-websocket-extensions': 'a; b=" "' }],
    [400, { 'sec-websocket-extensions': 'a; b=""' }],
  ])('[WS-SHAKE-1] %i for %j', (status, changes) => {
    expect(check(changes)).toMatchObject({ ok: false, mistake: { status } });
  });

  test('[WS-SHAKE-1] 400 for another method or an older HTTP', () => {
    expect(check({}, 'POST')).toMatchObject({ mistake: { status: 400 } });
    expect(check({}, 'get')).toMatchObject({ mistake: { status: 400 } });
    for (const version of ['1.0', '0.9', '', '1', 'x.y', '1.1 ']) {
      expect(check({}, 'GET', version)).toMatchObject({ mistake: { status: 400 } });
    }
    expect(check({}, 'GET', '2.0')).toMatchObject({ ok: true });
  });

  test('[WS-SHAKE-1] subprotocols keep their order, empty elements are passed over', () => {
    expect(check({ 'sec-websocket-protocol': 'v2.chat , superchat,, chat' })).toMatchObject({
      protocols: ['v2.chat', 'superchat', 'chat'],
    });
  });

  test('[WS-SHAKE-1] no more than offersMax of anything', () => {
    const names = Array.from({ length: offersMax }, (_, i) => `p${i}`);
    for (const header of ['sec-websocket-protocol', 'sec-websocket-extensions']) {
      expect(check({ [header]: names.join(',') })).toMatchObject({ ok: true });
      expect(check({ [header]: [...names, 'more'].join(',') })).toMatchObject({ ok: false });
    }
    const parameters = ['a', ...names].join(';');
    expect(check({ 'sec-websocket-extensions': parameters })).toMatchObject({ ok: true });
    expect(check({ 'sec-websocket-extensions': `${parameters};b` })).toMatchObject({ ok: false });
  });

  test('[WS-SHAKE-1] no header makes it throw', () => {
    const odd = fc.string({
      unit: fc.constantFrom(
        ...'ab;,= "\\\t1'.split(''),
        'permessage-deflate',
        '; client_max_window_bits',
      ),
    });
    fc.assert(
      fc.property(odd, odd, (protocol, extensions) => {
        const checked = check({
          'sec-websocket-protocol': protocol,
          'sec-websocket-extensions': extensions,
        });
        if (checked.ok) negotiateDeflate(checked.extensions);
        const rest = check({
          upgrade: protocol,
          connection: extensions,
          'sec-websocket-key': protocol,
        });
        expect(rest.ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('[WS-SHAKE-3] deflate', () => {
  const none = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

  test.each([
    ['a', [['a', []]]],
    ['a;b', [['a', [['b', undefined]]]]],
    [
      'a; b=1; c , d;e="f"',
      [
        [
          'a',
          [
            ['b', '1'],
            ['c', undefined],
          ],
        ],
        ['d', [['e', 'f']]],
      ],
    ],
    ['a;b="\\1\\5"', [['a', [['b', '15']]]]],
    [' , a ,, ', [['a', []]]],
    ['a\t;\tb\t=\t1', [['a', [['b', '1']]]]],
  ])('offers in %j', (header, offers) => {
    expect(extensionsOf(header)).toEqual(
      offers.map(([name, parameters]) => ({ name, parameters })),
    );
  });

  test.each([
    ['permessage-deflate', none],
    ['permessage-deflate; client_max_window_bits', none],
    ['permessage-deflate; client_max_window_bits=10', `${none}; client_max_window_bits=10`],
    ['permessage-deflate; client_max_window_bits="10"', `${none}; client_max_window_bits=10`],
    ['permessage-deflate; server_max_window_bits=8', `${none}; server_max_window_bits=8`],
    ['permessage-deflate; server_no_context_takeover; client_no_context_takeover', none],
    [
      'permessage-deflate; client_max_window_bits; server_max_window_bits=12',
      `${none}; server_max_window_bits=12`,
    ],
    ['x-webkit-deflate-frame, permessage-deflate', none],
    [
      'permessage-deflate; unknown, permessage-deflate; server_max_window_bits=9',
      `${none}; server_max_window_bits=9`,
    ],
  ])('%s is agreed', (header, answer) => {
    expect(answerTo(header)).toBe(answer);
  });

  test.each([
    'permessage-foo',
    'Permessage-deflate-2',
    'permessage-deflate; unknown',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_no_context_takeover=true',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=08',
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; client_max_window_bits=1a',
    'permessage-deflate; client_max_window_bits; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
  ])('%s is declined', (header) => {
    expect(answerTo(header)).toBeUndefined();
  });

  test('the windows agreed', () => {
    const extensions = extensionsOf(
      'permessage-deflate; client_max_window_bits=10; server_max_window_bits=9',
    );
    expect(
      typeof extensions === 'number' ? extensions : negotiateDeflate(extensions),
    ).toMatchObject({
      serverMaxWindowBits: 9,
    });
    expect(negotiateDeflate([{ name: 'permessage-deflate', parameters: [] }])).toMatchObject({
      serverMaxWindowBits: 15,
    });
  });
});

describe('the answer', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

  test('[WS-SHAKE-2] 101 with the accept hash', () => {
    expect(text(encodeUpgradeGrant({ key: proper['sec-websocket-key'] }))).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
    const whole = encodeUpgradeGrant({
      key: proper['sec-websocket-key'],
      protocol: 'chat',
      extensions: 'permessage-deflate',
      headers: [['Server', 'hermod']],
    });
    expect(text(whole)).toMatch(
      /\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nServer: hermod\r\n\r\n$/,
    );
  });

  test('fields are bytes, a character each, as they were read', () => {
    const head = encodeUpgradeGrant({ key: 'k', headers: [['X-Name', 'J\u00C3\u00BCrg']] });
    expect(text(head)).toContain('\r\nX-Name: Jürg\r\n');
  });

  test('[WS-SHAKE-1] 426 names the version, 400 the mistake', () => {
    expect(text(encodeUpgradeRefusal({ status: 426, hint: 'no' }))).toBe(
      'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n' +
        'Sec-WebSocket-Version: 13\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n',
    );
    expect(text(encodeUpgradeRefusal({ status: 400, hint: 'no' }))).toBe(
      'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nno\n',
    );
  });
});
