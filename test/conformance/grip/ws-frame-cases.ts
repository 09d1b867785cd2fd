// Frames of clients that break the framing, and what the origin then hears.

import assert from 'node:assert/strict';

import { closeFrame, frame } from '../frames.ts';
import type { RawSocket } from '../raw-socket.ts';
import { type GripRow, gripCases } from './case.ts';
import { DirectOrigin, directOpened } from './ws-direct-origin.ts';
import { opened } from './ws-origin.ts';
import { rawOpened, rawSocket } from './ws-raw.ts';

/** Bytes that end the connection; the origin hears that the client vanished. */
const breaks = (
  rule: string,
  title: string,
  bytes: readonly Uint8Array[],
  code: number,
): GripRow[] => [
  [
    `[WOH-FRAME-1] [WOH-FRAME-4] ${title} ends the connection, and the origin is told of it`,
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway);
      for (const each of bytes) raw.say(each);
      await origin.expects('DISCONNECT\r\n');
      await raw.ended();
    },
  ],
  [
    `[WOH-FRAME-1] [DIFF-103] ${title} is answered with ${code}, as ${rule} says`,
    async (gateway) => {
      const { raw } = await rawOpened(gateway);
      for (const each of bytes) raw.say(each);
      await closedWith(raw, code);
    },
    { seconds: 5 },
  ],
];

/** What Pushpin passes on. */
const forbidden = (title: string, bytes: Uint8Array, code: number): GripRow => [
  `[WOH-FRAME-2] [DIFF-104] ${title} closes with ${code}`,
  async (gateway) => {
    const { raw, origin } = await rawOpened(gateway);
    raw.say(bytes);
    await closedWith(raw, code);
    await origin.expects('DISCONNECT\r\n');
  },
  { seconds: 5 },
];

async function closedWith(raw: RawSocket, code: number): Promise<void> {
  await raw.until('a close frame', () => raw.frames.length > 0);
  assert.equal(raw.frames[0]?.opcode, 8);
  assert.equal(raw.frames[0]?.payload.readUInt16BE(0), code);
  await raw.ended();
}

export const webSocketFrameCases = gripCases('ws-frames', [
  ...breaks('WS-FRAME-3', 'a reserved bit', [frame('text', 'x', { reserved: 0x40 })], 1_002),
  ...breaks('WS-FRAME-3', 'a reserved opcode', [frame(3, 'x')], 1_002),
  ...breaks('WS-FRAME-3', 'a reserved control opcode', [frame(11, 'x')], 1_002),
  ...breaks('WS-FRAME-5', 'a ping of 126 bytes', [frame('ping', 'x'.repeat(126))], 1_002),
  ...breaks('WS-FRAME-5', 'a fragmented ping', [frame('ping', 'x', { fin: false })], 1_002),
  ...breaks('WS-FRAME-6', 'a continuation of nothing', [frame('continuation', 'x')], 1_002),
  ...breaks(
    'WS-FRAME-6',
    'a new message inside a fragmented one',
    [frame('text', 'a', { fin: false }), frame('text', 'b')],
    1_002,
  ),
  ...breaks(
    'WS-FRAME-9',
    'a close reason that is no UTF-8',
    [closeFrame(1_000, Uint8Array.of(0xff))],
    1_007,
  ),
  forbidden('a frame without a mask', frame('text', 'un', { masked: false }), 1_002),
  forbidden('text that is no UTF-8', frame('text', Uint8Array.of(0xff, 0xfe)), 1_007),
  forbidden(
    'a length that is not in its shortest form',
    Uint8Array.of(0x81, 0xfe, 0, 1, 0, 0, 0, 0, 0x61),
    1_002,
  ),
  [
    '[WOH-FRAME-2] [DIFF-104] close codes that must not be sent, and half a code, close with 1002',
    async (gateway) => {
      for (const bytes of [closeFrame(999), closeFrame(1_005), frame('close', 'x')]) {
        const { raw, origin } = await rawOpened(gateway);
        raw.say(bytes);
        await closedWith(raw, 1_002);
        (await origin.expects('DISCONNECT\r\n')).answers();
      }
    },
    { seconds: 5 },
  ],
  [
    '[WOH-FRAME-3] [DIFF-105] a ping between fragments is passed on at once, and the message goes on',
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway);
      raw.say(frame('text', 'a', { fin: false }));
      raw.say(frame('ping', 'p'));
      (await origin.expects('PING 1\r\np\r\n')).answers();
      raw.say(frame('continuation', 'b'));
      (await origin.expects('TEXT 2\r\nab\r\n')).answers();
    },
    { seconds: 5 },
  ],
  [
    '[WOH-FRAME-3] [DIFF-105] so it is to a direct origin',
    async (gateway) => {
      const origins = new DirectOrigin(gateway);
      const raw = rawSocket(gateway, { host: 'direct.test' });
      const origin = await origins.next();
      origin.accept();
      await raw.answered();
      raw.say(frame('text', 'a', { fin: false }));
      raw.say(frame('ping', 'p'));
      raw.say(frame('continuation', 'b'));
      const seen: string[] = [];
      let message = '';
      while (seen.length < 2) {
        const { opcode, payload, isLast } = await origin.nextFrame();
        if (opcode === 9) seen.push(`ping ${payload.toString()}`);
        else message += payload.toString();
        if (opcode !== 9 && isLast) seen.push(`text ${message}`);
      }
      assert.deepEqual(seen.toSorted(), ['ping p', 'text ab']);
    },
    { seconds: 5 },
  ],
  [
    '[WOH-FRAME-3] [DIFF-105] and from a direct origin',
    async (gateway) => {
      const { client, origin } = await directOpened(gateway);
      origin.send('text', 'a', { fin: false });
      origin.send('ping', 'p');
      origin.send('continuation', 'b');
      const heard = [await client.next(), await client.next()];
      const spoken = heard.map((each) => ('data' in each ? `${each.kind} ${each.data}` : 'close'));
      assert.deepEqual(spoken.toSorted(), ['ping p', 'text ab']);
    },
    { seconds: 5 },
  ],
  [
    '[WOH-FRAME-1] bytes may come one by one',
    async (gateway) => {
      const { raw, origin } = await rawOpened(gateway);
      raw.socket.setNoDelay(true);
      for (const byte of frame('text', 'slow'))
        await new Promise<void>((resolve) =>
          raw.socket.write(Uint8Array.of(byte), () => resolve()),
        );
      (await origin.expects('TEXT 4\r\nslow\r\n')).answers();
    },
  ],
  [
    '[WOH-FRAME-4] a broken client harms nobody else',
    async (gateway) => {
      const good = await opened(gateway);
      const raw = rawSocket(gateway);
      const opening = await good.origin.expects('OPEN\r\n');
      opening.answers('OPEN\r\n');
      await raw.answered();
      raw.say(frame(3, 'x'));
      await good.origin.expects('DISCONNECT\r\n');
      good.client.socket.send('on');
      (await good.origin.expects('TEXT 2\r\non\r\n')).answers('TEXT 5\r\nstill\r\n');
      assert.equal(await good.client.nextText(), 'still');
    },
  ],
]);
