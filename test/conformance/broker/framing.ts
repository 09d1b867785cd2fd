// RFC 6455 as a peer that breaks it sees it, byte by byte.

import assert from 'node:assert/strict';

import { casesOf, type Row, said } from '../case.ts';
import { closeFrame, frame, opcodes, type ServerFrame } from '../raw-socket.ts';

const bytes = (...values: number[]): Buffer => Buffer.from(values);
const MASK = [0, 0, 0, 0];
const limit = 'message exceeds limit of 1048576 bytes';

const broken: readonly (readonly [title: string, said: Buffer, code: number, reason: string])[] = [
  [
    '[WS-FRAME-2] an unmasked frame',
    frame('text', 'a', { masked: false }),
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
  ['[WS-FRAME-3] a reserved opcode of data', frame(3), 1002, 'reserved opcode'],
  ['[WS-FRAME-3] a reserved opcode of control', frame(11), 1002, 'reserved opcode'],
  [
    '[WS-FRAME-5] a fragmented ping',
    frame('ping', '', { fin: false }),
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
    '[WS-FRAME-6] a continuation of nothing',
    frame('continuation', 'a'),
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
    '[WS-FRAME-7] a message that is announced as too big',
    bytes(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, ...MASK),
    1009,
    limit,
  ],
  [
    '[WS-FRAME-7] fragments that are too big together',
    Buffer.concat([
      frame('text', 'x'.repeat(1_048_576), { fin: false }),
      frame('continuation', 'x'),
    ]),
    1009,
    limit,
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
    '[WS-FRAME-8] a surrogate in UTF-8',
    frame('text', bytes(0xed, 0xa0, 0x80)),
    1007,
    'text is not UTF-8',
  ],
  ['[WS-FRAME-8] an overlong slash', frame('text', bytes(0xc0, 0xaf)), 1007, 'text is not UTF-8'],
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
  ['[WS-FRAME-9] a close of one byte', frame('close', 'a'), 1002, 'close body of one byte'],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map(
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
];

const breaks: readonly Row[] = broken.map(([title, wrong, code, reason]) => [
  `${title} ends the connection with ${code}`,
  async (target) => {
    // What comes after it must not be heard.
    const after = Buffer.concat([wrong, frame('ping', 'after')]);
    assert.deepEqual((await target.framesAfter(after)).map(spoken), [`close ${code} ${reason}`]);
  },
]);

export const framing = casesOf('framing', [
  ...breaks,
  [
    '[WS-FRAME-10] a message of 16,385 fragments ends the connection with 1008',
    async (target) => {
      const parts = Array.from({ length: 16_384 }, () => frame('continuation', '', { fin: false }));
      const frames = await target.framesAfter(
        Buffer.concat([frame('text', '', { fin: false }), ...parts]),
      );
      assert.deepEqual(frames.map(spoken), ['close 1008 message exceeds limit of 16384 fragments']);
    },
  ],
  [
    '[WS-FRAME-7] one byte over 1 MiB closes with 1009, and 1 MiB does not',
    async (target) => {
      const topic = target.topic();
      const client = await target.client();
      const filling = 1_048_576 - `{"topic":"${topic}","data":""}`.length;
      await client.subscribe(topic);
      client.send(`{"topic":"${topic}","data":"${'x'.repeat(filling)}"}`);
      assert.equal((await client.next()).length, filling + 2);
      client.send(`{"topic":"${topic}","data":"${'x'.repeat(filling + 1)}"}`);
      assert.equal((await client.closed).code, 1009);
    },
  ],
  [
    '[WS-FRAME-1] [WS-FRAME-4] [BROKER-KEEP-2] a conversation cut at every byte, with a ping amid fragments',
    async (target) => {
      const topic = target.topic();
      const socket = await target.opened();
      const text = JSON.stringify({ type: 'subscribe', topic });
      const all = Buffer.concat([
        frame('text', text.slice(0, 9), { fin: false }),
        frame('ping', 'amid'),
        frame('continuation', text.slice(9, 20), { fin: false }),
        frame('continuation', text.slice(20)),
        said({ topic, data: 'é'.repeat(200) }),
      ]);
      socket.socket.setNoDelay(true);
      const welcomes = target.greets ? 1 : 0;
      for (const byte of all) socket.say(bytes(byte));
      // What is still awaited when the close comes is not said any more.
      await socket.until('the answers', () => socket.frames.length >= welcomes + 3);
      for (const byte of closeFrame(4_000, 'done')) socket.say(bytes(byte));
      await socket.ended();
      assert.deepEqual(socket.frames.slice(welcomes).map(spoken).toSorted(), [
        'close 4000 ',
        'pong amid',
        `text "${'é'.repeat(200)}"`,
        `text {"type": "ack_subscribe", "topic": "${topic}", "message": "Successfully subscribed to ${topic}"}`,
      ]);
    },
  ],
  [
    '[BROKER-KEEP-2] a ping is answered with a pong of the same payload, up to 125 bytes of any kind',
    async (target) => {
      const socket = await target.opened();
      const payloads = [Buffer.alloc(0), bytes(0, 0xff, 0x80), Buffer.alloc(125, 0xee)];
      for (const payload of payloads) {
        const before = socket.frames.length;
        socket.say(frame('ping', payload));
        await socket.until('the pong', () => socket.frames.length > before);
        assert.deepEqual(socket.frames[before], { opcode: opcodes.pong, payload });
      }
    },
  ],
  [
    '[WS-FRAME-9] a close is answered with its own code, one without a code without',
    async (target) => {
      for (const code of [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999]) {
        const frames = await target.framesAfter(closeFrame(code, 'bye'));
        assert.deepEqual(frames.map(spoken), [`close ${code} `]);
      }
      const empty = await target.framesAfter(frame('close'));
      assert.deepEqual(empty, [{ opcode: opcodes.close, payload: Buffer.alloc(0) }]);
    },
  ],
]);

function spoken({ opcode, payload }: ServerFrame): string {
  if (opcode === opcodes.close && payload.length >= 2) {
    return `close ${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`;
  }
  const name = Object.entries(opcodes).find(([, number]) => number === opcode)?.[0] ?? opcode;
  return `${name} ${payload.toString()}`;
}
