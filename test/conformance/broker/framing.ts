// RFC 6455 as a peer that keeps it, and one that breaks it, sees it: byte by byte.

import assert from 'node:assert/strict';

import { bytesCases, type BytesRow, patienceWith } from '../case.ts';
import { closeFrame, frame, opcodes, said, spoken } from '../frames.ts';
import { fixed } from '../settings.ts';
import { ackText } from './sentences.ts';

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const MASK = [0, 0, 0, 0];

const broken: readonly (readonly [title: string, said: Buffer, code: number, reason: string])[] = [
  [
    '[WS-FRAME-2] an unmasked frame',
    frame('text', 'a', { masked: false }),
    1002,
    'unmasked frame from a client',
  ],
  [
    '[WS-FRAME-2] an unmasked ping',
    frame('ping', '', { masked: false }),
    1002,
    'unmasked frame from a client',
  ],
  [
    '[WS-FRAME-3] RSV1 where no deflate was agreed on',
    frame('text', 'a', { reserved: 0x40 }),
    1002,
    'reserved bit set',
  ],
  ['[WS-FRAME-3] RSV2', frame('text', 'a', { reserved: 0x20 }), 1002, 'reserved bit set'],
  ['[WS-FRAME-3] RSV3', frame('text', 'a', { reserved: 0x10 }), 1002, 'reserved bit set'],
  ['[WS-FRAME-3] RSV2 on a ping', frame('ping', '', { reserved: 0x20 }), 1002, 'reserved bit set'],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode) =>
      [
        `[WS-FRAME-3] the reserved opcode ${opcode}`,
        frame(opcode),
        1002,
        'reserved opcode',
      ] as const,
  ),
  [
    '[WS-FRAME-5] a fragmented ping',
    frame('ping', '', { fin: false }),
    1002,
    'fragmented control frame',
  ],
  [
    '[WS-FRAME-5] a fragmented pong',
    frame('pong', '', { fin: false }),
    1002,
    'fragmented control frame',
  ],
  [
    '[WS-FRAME-5] a fragmented close',
    frame('close', '', { fin: false }),
    1002,
    'fragmented control frame',
  ],
  [
    '[WS-FRAME-5] a ping of 126 bytes',
    frame('ping', 'x'.repeat(126)),
    1002,
    'control frame longer than 125 bytes',
  ],
  [
    '[WS-FRAME-5] a pong of 126 bytes',
    frame('pong', 'x'.repeat(126)),
    1002,
    'control frame longer than 125 bytes',
  ],
  [
    '[WS-FRAME-5] a close of 126 bytes',
    closeFrame(1000, 'x'.repeat(124)),
    1002,
    'control frame longer than 125 bytes',
  ],
  [
    '[WS-FRAME-6] a continuation of nothing',
    frame('continuation', 'a'),
    1002,
    'continuation of nothing',
  ],
  [
    '[WS-FRAME-6] a continuation after a whole message',
    Buffer.concat([
      frame('text', '', { fin: false }),
      frame('continuation'),
      frame('continuation'),
    ]),
    1002,
    'continuation of nothing',
  ],
  [
    '[WS-FRAME-6] a message inside another',
    Buffer.concat([frame('text', 'a', { fin: false }), frame('text', 'b')]),
    1002,
    'new message inside a fragmented one',
  ],
  [
    '[WS-FRAME-6] a binary message inside a text',
    Buffer.concat([frame('text', 'a', { fin: false }), frame('binary', 'b')]),
    1002,
    'new message inside a fragmented one',
  ],
  [
    '[WS-FRAME-6] two bytes of length where one is enough',
    bytes(0x81, 0xfe, 0, 125, ...MASK),
    1002,
    'length not in its shortest form',
  ],
  [
    '[WS-FRAME-6] eight bytes of length where two are enough',
    bytes(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...MASK),
    1002,
    'length not in its shortest form',
  ],
  [
    '[WS-FRAME-6] eight bytes of length where one is enough',
    bytes(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, ...MASK),
    1002,
    'length not in its shortest form',
  ],
  [
    '[WS-FRAME-8] text that is not UTF-8',
    frame('text', bytes(0x22, 0xff, 0x22)),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] half a character at the end of a message',
    frame('text', bytes(0x61, 0xc3)),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] half a character at the end of the fragments',
    Buffer.concat([frame('text', bytes(0xf0, 0x9f), { fin: false }), frame('continuation')]),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] a character that goes on wrongly in the next fragment',
    Buffer.concat([
      frame('text', bytes(0xf0, 0x9f), { fin: false }),
      frame('continuation', bytes(0x41), { fin: false }),
    ]),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] a surrogate in UTF-8',
    frame('text', bytes(0xed, 0xa0, 0x80)),
    1007,
    'text is not UTF-8',
  ],
  ['[WS-FRAME-8] an overlong slash', frame('text', bytes(0xc0, 0xaf)), 1007, 'text is not UTF-8'],
  [
    '[WS-FRAME-8] an overlong character of three bytes',
    frame('text', bytes(0xe0, 0x9f, 0xbf)),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] beyond the last character',
    frame('text', bytes(0xf4, 0x90, 0x80, 0x80)),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] the first bad byte of a message that is not whole',
    frame('text', bytes(0xff), { fin: false }),
    1007,
    'text is not UTF-8',
  ],
  [
    '[WS-FRAME-8] the first bad byte of a frame that is not whole',
    frame('text', bytes(0x61, 0xff, 0x61, 0x61)).subarray(0, 8),
    1007,
    'text is not UTF-8',
  ],
  ['[WS-FRAME-9] a close of one byte', frame('close', 'a'), 1002, 'close body of one byte'],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1999, 2000, 2999, 5000, 65_535].map(
    (code) =>
      [
        `[WS-FRAME-9] a close with ${code}, which is no code`,
        closeFrame(code),
        1002,
        'invalid close code',
      ] as const,
  ),
  [
    '[WS-FRAME-9] a close whose reason is not UTF-8',
    closeFrame(1000, bytes(0xff)),
    1007,
    'close reason is not UTF-8',
  ],
  [
    '[WS-FRAME-3] a reserved bit comes before a missing mask',
    frame(3, 'a', { reserved: 0x20, masked: false }),
    1002,
    'reserved bit set',
  ],
  [
    '[WS-FRAME-2] a missing mask comes before a reserved opcode',
    frame(3, 'a', { masked: false }),
    1002,
    'unmasked frame from a client',
  ],
  [
    '[WS-FRAME-5] a control frame’s own rules come before the form of its length',
    bytes(0x09, 0xfe, 0, 1, ...MASK),
    1002,
    'fragmented control frame',
  ],
  [
    '[WS-FRAME-6] the order of messages comes before the form of a length',
    bytes(0x80, 0xfe, 0, 1, ...MASK),
    1002,
    'continuation of nothing',
  ],
];

const breaks: readonly BytesRow[] = broken.map(([title, wrong, code, reason]) => [
  `${title} ends the connection with ${code}`,
  async (_, sockets) => {
    // What comes after it must not be heard.
    const after = Buffer.concat([wrong, frame('ping', 'after')]);
    assert.deepEqual((await sockets.framesAfter(after)).map(spoken), [`close ${code} ${reason}`]);
  },
]);

export const framing = bytesCases('framing', [
  ...breaks,
  [
    '[WS-FRAME-10] a message of one fragment too many ends the connection with 1008',
    async (_, sockets) => {
      const part = frame('continuation', '', { fin: false });
      const parts = Array.from({ length: fixed.fragments }, () => part);
      const frames = await sockets.framesAfter(
        Buffer.concat([frame('text', '', { fin: false }), ...parts]),
      );
      assert.deepEqual(frames.map(spoken), [
        `close 1008 message exceeds limit of ${fixed.fragments} fragments`,
      ]);
    },
  ],
  [
    '[WS-FRAME-10] a message of as many fragments as are allowed is read',
    async (target, sockets) => {
      const topic = target.topic();
      const text = JSON.stringify({ type: 'subscribe', topic });
      const socket = await sockets.opened();
      const part = frame('continuation', '', { fin: false });
      const parts = Array.from({ length: fixed.fragments - 2 }, () => part);
      const [first, last] = [frame('text', text, { fin: false }), frame('continuation')];
      socket.say(Buffer.concat([first, ...parts, last]));
      await socket.until('the answer', () => socket.frames.length > sockets.welcomes);
      assert.equal(String(socket.frames[sockets.welcomes]?.payload), ackText(topic));
    },
  ],
  [
    '[WS-FRAME-7] the largest message is read, and one byte more closes with 1009',
    async (target) => {
      const { messageBytesMax } = target.settings;
      const topic = target.topic();
      const client = await target.client();
      const filling = messageBytesMax - `{"topic":"${topic}","data":""}`.length;
      await client.subscribe(topic);
      client.send(`{"topic":"${topic}","data":"${'x'.repeat(filling)}"}`);
      assert.equal((await client.next()).length, filling + 2);
      client.send(`{"topic":"${topic}","data":"${'x'.repeat(filling + 1)}"}`);
      const reason = `message exceeds limit of ${messageBytesMax} bytes`;
      assert.deepEqual(await client.end.ended(), { code: 1009, reason });
    },
  ],
  [
    '[WS-FRAME-7] a message that is announced as too big is refused at its head, and so are fragments together',
    async (target, sockets) => {
      const { messageBytesMax } = target.settings;
      const announced = Buffer.alloc(14);
      announced.set([0x82, 0xff]);
      announced.writeUInt32BE(messageBytesMax + 1, 6);
      const last = bytes(0x80, 0x81, ...MASK);
      const half = frame('text', 'x'.repeat(messageBytesMax), { fin: false });
      const refusal = `close 1009 message exceeds limit of ${messageBytesMax} bytes`;
      const most = bytes(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...MASK);
      for (const wrong of [announced, most, Buffer.concat([half, last])])
        assert.deepEqual((await sockets.framesAfter(wrong)).map(spoken), [refusal]);
    },
  ],
  [
    '[WS-FRAME-1] [WS-FRAME-4] [BROKER-KEEP-2] a conversation cut at every byte, with a ping amid fragments',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened();
      const text = JSON.stringify({ type: 'subscribe', topic });
      const all = Buffer.concat([
        frame('text', text.slice(0, 9), { fin: false }),
        frame('ping', 'amid'),
        frame('continuation', text.slice(9, 20), { fin: false }),
        frame('continuation', text.slice(20)),
        said({ topic, data: 'é'.repeat(200) }),
      ]);
      socket.socket.setNoDelay(true);
      const { welcomes } = sockets;
      for (const byte of all) socket.say(bytes(byte));
      // What is still awaited when the close comes is not said any more.
      await socket.until('the answers', () => socket.frames.length >= welcomes + 3);
      for (const byte of closeFrame(4_000, 'done')) socket.say(bytes(byte));
      await socket.ended();
      assert.deepEqual(socket.frames.slice(welcomes).map(spoken).toSorted(), [
        'close 4000 ',
        'pong amid',
        `text "${'é'.repeat(200)}"`,
        `text ${ackText(topic)}`,
      ]);
    },
  ],
  [
    '[WS-FRAME-1] many frames in one piece are read one by one, of every form of length',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened();
      const head = `{"topic":"${topic}","data":""}`.length;
      const sizes = [head + 2, 125, 126, 127, 65_535, 65_536];
      const messages = sizes.map((size) =>
        said(`{"topic":"${topic}","data":"${'x'.repeat(size - head)}"}`),
      );
      socket.say(Buffer.concat([said({ type: 'subscribe', topic }), ...messages, frame('pong')]));
      const { welcomes } = sockets;
      await socket.until('the data', () => socket.frames.length > welcomes + sizes.length);
      const lengths = socket.frames.slice(welcomes + 1).map(({ payload }) => payload.length);
      assert.deepEqual(
        lengths,
        sizes.map((size) => size - head + 2),
      );
    },
  ],
  [
    '[WS-FRAME-4] a control frame amid a message is answered before the message is whole',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened();
      const text = JSON.stringify({ type: 'subscribe', topic });
      const { welcomes } = sockets;
      socket.say(
        Buffer.concat([frame('text', text.slice(0, 5), { fin: false }), frame('ping', 'now')]),
      );
      await socket.until('the pong', () => socket.frames.length > welcomes);
      assert.equal(socket.frames.slice(welcomes).map(spoken).join(), 'pong now');
      socket.say(Buffer.concat([frame('pong', 'unasked'), frame('continuation', text.slice(5))]));
      await socket.until('the ack', () => socket.frames.length > welcomes + 1);
      assert.equal(
        socket.frames
          .slice(welcomes + 1)
          .map(spoken)
          .join(),
        `text ${ackText(topic)}`,
      );
    },
  ],
  [
    '[WS-FRAME-4] [WS-FRAME-9] a close amid a message is answered, and the message never was',
    async (target, sockets) => {
      const topic = target.topic();
      const publish = JSON.stringify({ topic, data: 1 });
      const frames = await sockets.framesAfter(
        Buffer.concat([
          frame('text', publish, { fin: false }),
          closeFrame(1001),
          frame('continuation'),
        ]),
      );
      assert.deepEqual(frames.map(spoken), ['close 1001 ']);
      const client = await target.client();
      assert.partialDeepStrictEqual(await client.info(topic), { offset: null });
    },
  ],
  [
    '[WS-FRAME-8] a character may be cut between fragments, and binary messages may be anything',
    async (target, sockets) => {
      const topic = target.topic();
      const all = Buffer.from(JSON.stringify({ type: 'subscribe', topic: `${topic}é😀` }));
      const socket = await sockets.opened();
      const { welcomes } = sockets;
      const parts = [...all].map((byte, at) =>
        frame(at === 0 ? 'text' : 'continuation', bytes(byte), { fin: at === all.length - 1 }),
      );
      socket.say(
        Buffer.concat([...parts, frame('binary', bytes(0xff)), frame('ping', bytes(0xff))]),
      );
      await socket.until('the answers', () => socket.frames.length >= welcomes + 3);
      const spokenFrames = socket.frames.slice(welcomes).map(spoken);
      assert.ok(spokenFrames.includes(`text ${ackText(`${topic}é😀`)}`));
    },
  ],
  [
    '[BROKER-WS-2] every message of the server is one whole, unmasked text frame without reserved bits',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened();
      const rounds: [requests: object[], frames: number][] = [
        [
          [
            { type: 'subscribe', topic, envelope: true },
            { topic, data: 'x'.repeat(100_000), ack: true },
          ],
          3,
        ],
        [
          [
            { type: 'list_topics' },
            { type: 'topic_info', topic },
            { type: 'unsubscribe', topic },
            {},
          ],
          4,
        ],
      ];
      for (const [requests, frames] of rounds) {
        const before = socket.frames.length;
        socket.say(Buffer.concat(requests.map((each) => frame('binary', JSON.stringify(each)))));
        await socket.until('the answers', () => socket.frames.length >= before + frames);
      }
      for (const { isLast, reserved, opcode } of socket.frames)
        assert.deepEqual(
          { isLast, reserved, opcode },
          { isLast: true, reserved: 0, opcode: opcodes.text },
        );
    },
  ],
  [
    '[BROKER-KEEP-2] a ping is answered with a pong of the same payload, up to 125 bytes of any kind',
    async (_, sockets) => {
      const socket = await sockets.opened();
      const payloads = [Buffer.alloc(0), bytes(0, 0xff, 0x80), Buffer.alloc(125, 0xee)];
      for (const payload of payloads) {
        const before = socket.frames.length;
        socket.say(frame('ping', payload));
        await socket.until('the pong', () => socket.frames.length > before);
        const { isLast = false, opcode, payload: answered } = socket.frames[before] ?? {};
        assert.deepEqual({ isLast, opcode }, { isLast: true, opcode: opcodes.pong });
        assert.deepEqual(answered, payload);
      }
    },
  ],
  [
    '[BROKER-KEEP-1] any pong counts, whatever is in it, and one that nobody asked for does no harm',
    async (target, sockets) => {
      const topic = target.topic();
      const socket = await sockets.opened();
      socket.say(Buffer.concat([frame('pong', 'unasked'), frame('pong')]));
      for (let pings = 1; pings <= 2; pings += 1) {
        const isPing = ({ opcode }: { opcode: number }): boolean => opcode === opcodes.ping;
        await socket.until('a ping', () => socket.frames.filter(isPing).length >= pings);
        socket.say(frame('pong', 'something else'));
      }
      socket.say(said({ type: 'subscribe', topic }));
      const ack = `text ${ackText(topic)}`;
      await socket.until('the ack', () => socket.frames.map(spoken).includes(ack));
    },
    patienceWith('pingEveryMs', 2_000),
    patienceWith('pongTimeoutMs', 2_000),
  ],
  [
    '[WS-FRAME-9] a close is answered with its own code, one without a code without',
    async (_, sockets) => {
      const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
      for (const code of [...codes, 3000, 3999, 4000, 4999]) {
        const frames = await sockets.framesAfter(closeFrame(code, 'bye'));
        assert.deepEqual(frames.map(spoken), [`close ${code} `]);
      }
      const empty = await sockets.framesAfter(frame('close'));
      assert.deepEqual(empty.map(spoken), ['close ']);
      const longest = await sockets.framesAfter(closeFrame(1000, 'é'.repeat(61)));
      assert.deepEqual(longest.map(spoken), ['close 1000 ']);
    },
  ],
  [
    '[BROKER-SESS-1] what a client says after its close, or after it broke the framing, is not done',
    async (target, sockets) => {
      const topics = target.topics(2);
      const ends = [closeFrame(1000), frame('text', 'a', { masked: false })];
      for (const [at, end] of ends.entries()) {
        const topic = topics[at];
        const late = said({ topic, data: 'late' });
        const frames = await sockets.framesAfter(
          Buffer.concat([
            said({ topic, data: 'in time' }),
            end,
            late,
            said({ type: 'list_topics' }),
          ]),
        );
        assert.deepEqual(
          frames.map(({ opcode }) => opcode),
          [opcodes.close],
        );
      }
      const client = await target.client();
      for (const topic of topics)
        assert.partialDeepStrictEqual(await client.info(topic ?? ''), { offset: 1 });
    },
  ],
  [
    '[BROKER-SUB-4] [BROKER-SESS-1] a session that broke the framing leaves no subscription behind',
    async (target, sockets) => {
      const topic = target.topic();
      const [watcher] = await target.clients(1);
      const socket = await sockets.opened();
      socket.say(said({ type: 'subscribe', topic }));
      await socket.until('the ack', () => socket.frames.length > sockets.welcomes);
      assert.partialDeepStrictEqual(await watcher.info(topic), { subscribers: 1 });
      socket.say(frame(3));
      await target.eventually(async () => (await watcher.info(topic))['subscribers'] === 0);
    },
  ],
  [
    '[BROKER-ISO-1] clients that break the framing, or vanish amid a frame, harm nobody else',
    async (target, sockets) => {
      const topic = target.topic();
      const healthy = await target.client();
      await healthy.subscribe(topic);
      await sockets.framesAfter(frame('text', 'hi', { masked: false }));
      await sockets.framesAfter(frame('text', bytes(0xff)));
      const half = await sockets.opened();
      half.say(said({ topic, data: 'half' }).subarray(0, 12));
      half.socket.destroy();
      healthy.send({ topic, data: 'still here' });
      assert.deepEqual(await healthy.drain(topic), ['"still here"']);
    },
  ],
]);
