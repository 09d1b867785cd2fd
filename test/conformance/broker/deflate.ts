// Compression, where the server agrees on it.

import assert from 'node:assert/strict';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import { bytesCases, type Need } from '../case.ts';
import { frame, type ServerFrame, spoken } from '../frames.ts';
import { agreedOn } from './handshake.ts';
import { ackText } from './sentences.ts';

const deflating: Need = {
  unmet: ({ sockets }) =>
    sockets?.deflates === true ? undefined : 'needs a server that agrees on permessage-deflate',
};

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate';
const RSV1 = 0x40;
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** RFC 7692: a message is deflated without the four bytes that end a flush. */
function deflated(text: string | Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** A compressed text message in one frame. */
function saidDeflated(text: string): Buffer {
  return frame('text', deflated(text), { reserved: RSV1 });
}

function inflated({ reserved, payload }: ServerFrame): string {
  if (reserved === 0) return payload.toString();
  assert.equal(reserved, RSV1);
  return inflateRawSync(Buffer.concat([payload, TAIL]), {
    finishFlush: constants.Z_SYNC_FLUSH,
  }).toString();
}

export const deflate = bytesCases('deflate', [
  [
    '[WS-SHAKE-3] the first offer that is understood is taken, without context on either side',
    async (_, sockets) => {
      const both = /server_no_context_takeover/;
      const offers = [
        'permessage-deflate',
        'permessage-deflate; client_max_window_bits',
        'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
        'permessage-deflate; what; permessage-deflate, permessage-deflate',
        'x-other, permessage-deflate; server_max_window_bits=15',
        'permessage-deflate; client_max_window_bits=16, permessage-deflate; client_max_window_bits="12"',
      ];
      for (const offer of offers) {
        const agreed = (await agreedOn(sockets, offer)) ?? '';
        assert.match(agreed, /^permessage-deflate(?:;|$)/, `${offer} was answered ${agreed}`);
        assert.match(agreed, both);
        assert.match(agreed, /client_no_context_takeover/);
        assert.ok(!agreed.includes(','), 'more than one extension was agreed on');
      }
    },
    deflating,
  ],
  [
    '[WS-SHAKE-3] the window bits that the offer names are the ones agreed on',
    async (_, sockets) => {
      for (const bits of [8, 9, 15]) {
        const offer = `permessage-deflate; client_max_window_bits=${bits}`;
        const agreed = (await agreedOn(sockets, offer)) ?? '';
        assert.match(agreed, new RegExp(`client_max_window_bits=${bits}(?:;|$)`));
        assert.match(agreed, /server_no_context_takeover/);
      }
      const plain = (await agreedOn(sockets, 'permessage-deflate')) ?? '';
      assert.ok(
        !plain.includes('client_max_window_bits'),
        'bits are answered that were not offered',
      );
    },
    deflating,
  ],
  [
    '[WEB-DEFLATE-1] each message is compressed alone, and only a large one that becomes smaller',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened(OFFER);
      socket.say(saidDeflated(JSON.stringify({ type: 'subscribe', topic })));
      const { welcomes } = sockets;
      await socket.until('the ack', () => socket.frames.length > welcomes);
      assert.equal(inflated(socket.frames[welcomes] as ServerFrame), ackText(topic));
      const noise = Array.from({ length: 1_022 }, (_, i) =>
        String.fromCodePoint(0x4e00 + ((i * 7_919) % 20_000)),
      ).join('');
      const [small, large] = [`"${'x'.repeat(1_021)}"`, `"${'x'.repeat(1_022)}"`];
      const data = [small, large, large, JSON.stringify(noise)];
      for (const value of data) socket.say(saidDeflated(`{"topic":"${topic}","data":${value}}`));
      await socket.until('the data', () => socket.frames.length > welcomes + data.length);
      const frames = socket.frames.slice(welcomes + 1);
      // `inflated` begins anew for each: what needed the one before would not come out.
      assert.deepEqual(frames.map(inflated), data);
      assert.deepEqual(
        frames.slice(0, 3).map(({ reserved }) => reserved),
        [0, RSV1, RSV1],
      );
      const [, once, again] = frames;
      assert.deepEqual(once?.payload, again?.payload);
      assert.ok((once?.payload.length ?? 0) < 1_024, 'a compressed message is no smaller');
    },
    deflating,
  ],
  [
    '[WS-FRAME-3] [WS-FRAME-1] a compressed message may be fragmented, with RSV1 on its first frame only',
    async (target, sockets) => {
      const topic = target.topic();
      const whole = deflated(JSON.stringify({ type: 'subscribe', topic }));
      const first = frame('text', whole.subarray(0, 5), { fin: false, reserved: RSV1 });
      const last = frame('continuation', whole.subarray(5));
      const socket = await sockets.opened(OFFER);
      socket.say(Buffer.concat([first, frame('ping', 'amid'), last]));
      await socket.until('the answers', () => socket.frames.length >= sockets.welcomes + 2);
      const [pong, ack] = socket.frames.slice(sockets.welcomes);
      assert.equal(spoken(pong as ServerFrame), 'pong amid');
      assert.equal(inflated(ack as ServerFrame), ackText(topic));
      for (const wrong of [
        Buffer.concat([first, frame('continuation', whole.subarray(5), { reserved: RSV1 })]),
        frame('ping', '', { reserved: RSV1 }),
      ]) {
        const frames = await sockets.framesAfter(wrong, OFFER);
        assert.deepEqual(frames.map(spoken), ['close 1002 reserved bit set']);
      }
    },
    deflating,
  ],
  [
    '[WEB-DEFLATE-1] a message that cannot be inflated ends the connection with 1007',
    async (_, sockets) => {
      const wrong = frame('text', Buffer.from([0xff, 0xff, 0xff, 0xff]), { reserved: RSV1 });
      const frames = await sockets.framesAfter(Buffer.concat([wrong, frame('ping')]), OFFER);
      assert.deepEqual(frames.map(spoken), ['close 1007 compressed data is broken']);
    },
    deflating,
  ],
  [
    '[WS-FRAME-7] a small message that becomes too big ends the connection with 1009',
    async (target, sockets) => {
      const { messageBytesMax } = target.settings;
      const frames = await sockets.framesAfter(
        saidDeflated('x'.repeat(messageBytesMax + 1)),
        OFFER,
      );
      assert.deepEqual(frames.map(spoken), [
        `close 1009 message exceeds limit of ${messageBytesMax} bytes`,
      ]);
    },
    deflating,
  ],
  [
    '[WS-FRAME-8] a text that is not UTF-8 when it is inflated ends the connection with 1007',
    async (_, sockets) => {
      const wrong = frame('text', deflated(Buffer.from([0x22, 0xff, 0x22])), { reserved: RSV1 });
      const frames = await sockets.framesAfter(wrong, OFFER);
      assert.deepEqual(frames.map(spoken), ['close 1007 text is not UTF-8']);
    },
    deflating,
  ],
]);
