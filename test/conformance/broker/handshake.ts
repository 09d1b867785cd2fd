// The opening handshake: what is taken, what is refused and how, and what is agreed on.

import assert from 'node:assert/strict';

import { casesOf, type Row, type Target } from '../case.ts';
import { handshake, KEY } from '../raw-socket.ts';

const good = handshake('/');
const many = Array.from({ length: 33 }, (_, i) => `p${i}`).join(', ');

const refused: readonly Row[] = (
  [
    ['another version', good.replace('Version: 13', 'Version: 8'), 426],
    ['no version', good.replace('Sec-WebSocket-Version: 13\r\n', ''), 426],
    ['another protocol', good.replace('Upgrade: websocket', 'Upgrade: other'), 426],
    ['a key that is too short', good.replace(KEY, 'c2hvcnQ='), 400],
    ['a key that is no Base64', good.replace(KEY, '!'.repeat(24)), 400],
    ['no key', good.replace(`Sec-WebSocket-Key: ${KEY}\r\n`, ''), 400],
    ['another method', good.replace('GET', 'DELETE'), 400],
    ['33 subprotocols', handshake('/', `Sec-WebSocket-Protocol: ${many}`), 400],
    ['subprotocols that are no list', handshake('/', 'Sec-WebSocket-Protocol: a b, "'), 400],
    ['extensions that are no list', handshake('/', 'Sec-WebSocket-Extensions: a; =b'), 400],
  ] as const
).map(([what, said, status]) => [
  `[WS-SHAKE-1] a handshake with ${what} is answered ${status}`,
  async (target) => {
    const head = await headAfter(target, said);
    assert.equal(head.split('\r\n', 1)[0]?.slice(0, 13), `HTTP/1.1 ${status} `);
    // Without `Upgrade: websocket` it is a plain request to a door that may serve plain requests, too.
    if (said.includes('Upgrade: websocket') && status === 426)
      assert.match(head, /\r\nSec-WebSocket-Version: 13\r\n/i);
  },
]);

export const handshakes = casesOf('handshake', [
  ...refused,
  [
    '[WS-SHAKE-2] the answer proves that the key was read',
    async (target) => {
      const head = await headAfter(target, good);
      assert.match(head, /^HTTP\/1\.1 101 /);
      assert.match(head, /\r\nUpgrade: websocket\r\n/i);
      const proof = /\r\nSec-WebSocket-Accept: *(.*?) *\r\n/i.exec(head)?.[1];
      assert.equal(proof, 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    },
  ],
  [
    '[WS-SHAKE-3] an offer that is not understood wholly is passed over',
    async (target) => {
      for (const offer of [
        'permessage-deflate; what_is_this',
        'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
        'permessage-deflate; client_max_window_bits=16',
        'x-other',
      ]) {
        const head = await headAfter(target, handshake('/', `Sec-WebSocket-Extensions: ${offer}`));
        assert.match(head, /^HTTP\/1\.1 101 /);
        assert.doesNotMatch(head, /Sec-WebSocket-Extensions/i);
      }
      const plain = await headAfter(
        target,
        handshake('/', 'Sec-WebSocket-Extensions: permessage-deflate'),
      );
      // A door may have no deflate; one that has it keeps nothing from message to message.
      const agreed = /Sec-WebSocket-Extensions: (.*)\r\n/i.exec(plain)?.[1];
      if (agreed !== undefined) {
        assert.match(agreed, /server_no_context_takeover/);
        assert.match(agreed, /client_no_context_takeover/);
      }
    },
  ],
  [
    '[WEB-DEFLATE-1] a window of less than 15 bits for the server is not agreed on',
    async (target) => {
      const offer = 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10';
      assert.doesNotMatch(await headAfter(target, handshake('/', offer)), /permessage-deflate/i);
    },
  ],
]);

async function headAfter(target: Target, said: string): Promise<string> {
  const socket = target.socket();
  socket.say(said);
  await socket.until('an answer', () => socket.text.includes('\r\n\r\n'));
  return socket.text.slice(0, socket.text.indexOf('\r\n\r\n') + 2);
}
