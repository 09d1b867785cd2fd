// The opening handshake: what is taken, what is refused and how, and what is agreed on.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { bytesCases, type BytesRow } from '../case.ts';
import { said } from '../frames.ts';
import { KEY } from '../raw-socket.ts';
import { fixed } from '../settings.ts';
import type { Sockets } from '../sockets.ts';

const names = (count: number): string =>
  Array.from({ length: count }, (_, i) => `p${i}`).join(', ');
const withLine =
  (line: string) =>
  (text: string): string =>
    text.replace('\r\n\r\n', `\r\n${line}\r\n\r\n`);

const refused: readonly BytesRow[] = (
  [
    ['another version', (text) => text.replace('Version: 13', 'Version: 8'), 426],
    ['an older version', (text) => text.replace('Version: 13', 'Version: 7'), 426],
    ['no version', (text) => text.replace('Sec-WebSocket-Version: 13\r\n', ''), 426],
    ['another protocol', (text) => text.replace('Upgrade: websocket', 'Upgrade: other'), 426],
    ['a key that is too short', (text) => text.replace(KEY, 'c2hvcnQ='), 400],
    ['a key of 15 bytes', (text) => text.replace(KEY, Buffer.alloc(15).toString('base64')), 400],
    ['a key of 17 bytes', (text) => text.replace(KEY, Buffer.alloc(17).toString('base64')), 400],
    ['a key that is no Base64', (text) => text.replace(KEY, '!'.repeat(24)), 400],
    ['a key without padding', (text) => text.replace(KEY, KEY.slice(0, -2)), 400],
    ['no key', (text) => text.replace(`Sec-WebSocket-Key: ${KEY}\r\n`, ''), 400],
    ['another method', (text) => text.replace('GET', 'DELETE'), 400],
    ['no Upgrade', (text) => text.replace('Upgrade: websocket\r\n', ''), 426],
    ['no Connection', (text) => text.replace('Connection: Upgrade\r\n', ''), 400],
    ['a Connection that names no Upgrade', (text) => text.replace('n: Upgrade', 'n: close'), 400],
    ['HTTP/1.0', (text) => text.replace('HTTP/1.1', 'HTTP/1.0'), 400],
    ['33 subprotocols', withLine(`Sec-WebSocket-Protocol: ${names(fixed.offers + 1)}`), 400],
    ['33 extensions', withLine(`Sec-WebSocket-Extensions: ${names(fixed.offers + 1)}`), 400],
    ['subprotocols that are no list', withLine('Sec-WebSocket-Protocol: a b, "'), 400],
    ['extensions that are no list', withLine('Sec-WebSocket-Extensions: a; =b'), 400],
  ] satisfies [string, (text: string) => string, number][]
).map(([what, change, status]) => [
  `[WS-SHAKE-1] a handshake with ${what} is answered ${status}`,
  async (_, sockets) => {
    const socket = sockets.socket();
    socket.say(change(sockets.handshake('/')));
    const head = await socket.answered();
    assert.equal(head.split('\r\n', 1)[0]?.slice(0, 13), `HTTP/1.1 ${status} `);
    if (status === 426) assert.match(head, /\r\nSec-WebSocket-Version: 13\r\n/i);
    await socket.until('the words that say what is wrong', () => /\r\n\r\n\s*\S/.test(socket.text));
  },
]);

const taken: readonly BytesRow[] = (
  [
    ['names in any case', (text) => text.replace(/^[\w-]+:/gm, (name) => name.toUpperCase())],
    [
      'values in any case',
      (text) => text.replace('websocket', 'WebSocket').replace('n: Up', 'n: uP'),
    ],
    [
      'a Connection that names more',
      (text) => text.replace('n: Upgrade', 'n: keep-alive, Upgrade'),
    ],
    ['blanks around values', (text) => text.replace(/: (.*)\r\n/g, ':\t $1 \t\r\n')],
    [
      'several lines for one list',
      (text) =>
        text.replace(
          '\r\n\r\n',
          '\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n\r\n',
        ),
    ],
    [
      '32 subprotocols',
      (text) =>
        text.replace('\r\n\r\n', `\r\nSec-WebSocket-Protocol: ${names(fixed.offers)}\r\n\r\n`),
    ],
    [
      '32 extensions',
      (text) =>
        text.replace('\r\n\r\n', `\r\nSec-WebSocket-Extensions: ${names(fixed.offers)}\r\n\r\n`),
    ],
    [
      'no Origin, no Accept and an unknown line',
      (text) => text.replace('\r\n\r\n', '\r\nX-Unknown: y\r\n\r\n'),
    ],
  ] satisfies [string, (text: string) => string][]
).map(([what, change]) => [
  `[WS-SHAKE-1] [WS-SHAKE-2] a handshake with ${what} is taken`,
  async (_, sockets) => {
    const head = await sockets.headAfter(change(sockets.handshake('/')));
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.equal(valueOf(head, 'Sec-WebSocket-Accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  },
]);

export const handshakes = bytesCases('handshake', [
  ...refused,
  ...taken,
  [
    '[WS-SHAKE-2] the answer proves that the key was read',
    async (_, sockets) => {
      for (const bytes of [
        Buffer.alloc(16),
        Buffer.alloc(16, 0xff),
        Buffer.from('sixteen bytes...'),
      ]) {
        const key = bytes.toString('base64');
        const head = await sockets.headAfter(sockets.handshake('/').replace(KEY, key));
        assert.match(head, /^HTTP\/1\.1 101 /);
        assert.match(head, /\r\nUpgrade: websocket\r\n/i);
        assert.match(head, /\r\nConnection: *Upgrade\r\n/i);
        const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
        assert.equal(valueOf(head, 'Sec-WebSocket-Accept'), proof.digest('base64'));
      }
    },
  ],
  [
    '[WS-FRAME-1] a handshake that comes byte by byte, and frames that come with it, are all read',
    async (target, sockets) => {
      const topic = target.topic();
      const text = JSON.stringify({ type: 'topic_info', topic });
      const slow = sockets.socket();
      for (const sign of sockets.handshake('/')) slow.say(sign);
      assert.match(await slow.answered(), /^HTTP\/1\.1 101 /);
      const eager = sockets.socket();
      eager.say(Buffer.concat([Buffer.from(sockets.handshake('/'), 'latin1'), said(text)]));
      await eager.until('the answer', () => eager.frames.length > sockets.welcomes);
      assert.match(String(eager.frames[sockets.welcomes]?.payload), /^\{"type":"topic_info"/);
    },
  ],
  [
    '[BROKER-AUTH-1] a subprotocol that is no token is not chosen',
    async (_, sockets) => {
      const offers = ['chat', 'graphql-ws, mqtt', 'Bearer.x', 'bearer'];
      for (const offer of offers) {
        const head = await sockets.headAfter(
          sockets.handshake('/', `Sec-WebSocket-Protocol: ${offer}`),
        );
        assert.match(head, /^HTTP\/1\.1 101 /);
        assert.equal(valueOf(head, 'Sec-WebSocket-Protocol'), undefined);
      }
    },
  ],
  [
    '[WS-SHAKE-3] an offer that is not understood wholly is passed over',
    async (_, sockets) => {
      for (const offer of [
        'permessage-deflate; what_is_this',
        'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
        'permessage-deflate; server_no_context_takeover=1',
        'permessage-deflate; client_max_window_bits=16',
        'permessage-deflate; client_max_window_bits=7',
        'permessage-deflate; client_max_window_bits=08',
        'permessage-deflate; server_max_window_bits',
        'x-webkit-deflate-frame',
        'x-other',
      ])
        assert.equal(await agreedOn(sockets, offer), undefined, `${offer} was taken`);
      // A door may have no deflate; one that has it keeps nothing from message to message.
      const agreed = await agreedOn(sockets, 'permessage-deflate');
      assert.equal(agreed !== undefined, sockets.facts.deflates);
      if (agreed === undefined) return;
      assert.match(agreed, /server_no_context_takeover/);
      assert.match(agreed, /client_no_context_takeover/);
    },
  ],
  [
    '[WEB-DEFLATE-1] a window of less than 15 bits for the server is not agreed on',
    async (_, sockets) => {
      for (const bits of [8, 10, 14]) {
        const offer = `permessage-deflate; server_max_window_bits=${bits}`;
        assert.equal(await agreedOn(sockets, offer), undefined);
      }
    },
  ],
]);

/** The extensions that the server answers an offer with; undefined when there are none. */
export async function agreedOn(sockets: Sockets, offer: string): Promise<string | undefined> {
  const head = await sockets.headAfter(
    sockets.handshake('/', `Sec-WebSocket-Extensions: ${offer}`),
  );
  assert.match(head, /^HTTP\/1\.1 101 /);
  return valueOf(head, 'Sec-WebSocket-Extensions');
}

/** A field's value in a head. */
export function valueOf(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *(.*?) *\\r\\n`, 'i').exec(head)?.[1];
}
