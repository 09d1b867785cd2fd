// HTTP below the requests: heads, lengths and bodies as bytes, and what the door refuses before anybody hears of it.

import assert from 'node:assert/strict';

import { bytesCases, patience } from '../case.ts';
import { fixed } from '../settings.ts';
import type { Sockets } from '../sockets.ts';

const statusOf = (head: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);

function get(sockets: Sockets, ...lines: readonly string[]): string {
  const all = ['GET /topics HTTP/1.1', ...sockets.credentials, ...lines];
  return `${all.join('\r\n')}\r\n\r\n`;
}

function post(sockets: Sockets, ...lines: readonly string[]): string {
  const all = ['POST /publish HTTP/1.1', 'Host: a', ...sockets.credentials, ...lines];
  return `${all.join('\r\n')}\r\n\r\n`;
}

export const httpBytes = bytesCases('http-bytes', [
  [
    '[WEB-HTTP-3] a head with two hosts is refused, even when they are equal, for handshakes too',
    async (_, sockets) => {
      for (const said of [
        get(sockets, 'Host: a', 'Host: b'),
        get(sockets, 'Host: a', 'host: a'),
        sockets.handshake('/', 'Host: other'),
      ])
        assert.equal(statusOf(await sockets.headAfter(said)), 400);
    },
  ],
  [
    '[WEB-HTTP-3] a head of as many fields as are allowed is read, and one more is refused',
    async (_, sockets) => {
      const own = sockets.credentials.length;
      const more = (count: number): string[] =>
        Array.from({ length: count - own - 1 }, (__, i) => `X-${i}: y`);
      const read = await sockets.headAfter(get(sockets, 'Host: a', ...more(fixed.headFields)));
      assert.equal(statusOf(read), 200);
      const refused = await sockets.headAfter(
        get(sockets, 'Host: a', ...more(fixed.headFields + 1)),
      );
      assert.equal(statusOf(refused), 431);
    },
  ],
  [
    '[WEB-HTTP-3] a head that is too long is refused, and one of 8 KiB is not',
    async (_, sockets) => {
      const line = (bytes: number): string => `X: ${'y'.repeat(bytes)}`;
      const read = await sockets.headAfter(get(sockets, 'Host: a', line(8_192)));
      assert.equal(statusOf(read), 200);
      const refused = await sockets.headAfter(get(sockets, 'Host: a', line(fixed.headBytes)));
      assert.equal(statusOf(refused), 431);
    },
  ],
  [
    '[WEB-HTTP-5] a body that is announced too long is refused before it is sent, and not asked for',
    async (target, sockets) => {
      const { bodyBytesMax } = target.settings;
      const length = `Content-Length: ${bodyBytesMax + 1}`;
      for (const lines of [[length], [length, 'Expect: 100-continue']]) {
        const socket = sockets.socket();
        socket.say(post(sockets, ...lines));
        assert.equal(statusOf(await socket.answered()), 413);
        assert.ok(!socket.text.includes('100 Continue'), 'the body was asked for');
      }
    },
  ],
  [
    '[WEB-HTTP-5] the longest body is asked for, and taken',
    async (target, sockets) => {
      const { bodyBytesMax } = target.settings;
      const topic = target.topic();
      const frame = `{"topic":"${topic}","data":""}`;
      const body = frame.replace('""', `"${'x'.repeat(bodyBytesMax - frame.length)}"`);
      const socket = sockets.socket();
      socket.say(post(sockets, `Content-Length: ${bodyBytesMax}`, 'Expect: 100-continue'));
      await socket.until('100 Continue', () => socket.text.includes('\r\n\r\n'));
      assert.match(socket.text, /^HTTP\/1\.1 100 /);
      socket.say(body);
      await socket.until('the answer', () => socket.text.includes('"offset":1'));
      assert.match(socket.text, /\r\n\r\nHTTP\/1\.1 200 /);
    },
  ],
  [
    '[BROKER-HTTP-1] a chunked body is taken, however it is cut',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = sockets.socket();
      const body = `{"topic":"${topic}","data":[1, 2]}`;
      const chunks = body
        .split('')
        .map((sign) => `1\r\n${sign}\r\n`)
        .join('');
      for (const sign of post(sockets, 'Transfer-Encoding: chunked')) socket.say(sign);
      socket.say(`${chunks}0\r\n\r\n`);
      await socket.until('the answer', () => socket.text.includes('"offset":1'));
      assert.equal(statusOf(socket.text), 200);
    },
  ],
  [
    '[BROKER-HTTP-5] the length of an answer to HEAD is that of the body it leaves out',
    async (target, sockets) => {
      const path = `/topics/${encodeURIComponent(target.topic())}`;
      const partsOf = async (method: string): Promise<{ length: number; body: string }> => {
        const socket = sockets.socket();
        const said = get(sockets, 'Host: a', 'Connection: close');
        socket.say(said.replace('GET /topics', `${method} ${path}`));
        const head = await socket.answered();
        assert.equal(statusOf(head), 200);
        await socket.ended();
        const length = Number(/\r\nContent-Length: *(\d+)\r\n/i.exec(head)?.[1]);
        return { length, body: socket.text.slice(head.length + 2) };
      };
      const got = await partsOf('GET');
      assert.equal(got.length, got.body.length);
      assert.deepEqual(await partsOf('HEAD'), { length: got.length, body: '' });
    },
  ],
  [
    '[BROKER-ISO-1] what is no HTTP is answered 400 and ended, and others are served',
    async (target, sockets) => {
      for (const said of ['nonsense\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000']) {
        const socket = sockets.socket();
        socket.say(said);
        assert.equal(statusOf(await socket.answered()), 400);
        await socket.ended();
      }
      assert.equal((await target.get('/topics')).status, 200);
    },
  ],
  [
    '[BROKER-ISO-1] a head that does not come to its end is answered 408, one that never began is dropped',
    async (_, sockets) => {
      const [silent, slow] = [sockets.socket(), sockets.socket()];
      slow.say('GET /topics HTTP/1.1\r\nHost: a\r\n');
      assert.equal(statusOf(await slow.answered()), 408);
      await silent.ended();
      assert.equal(silent.text, '');
    },
    patience,
  ],
]);
