import { describe, expect, test } from 'vitest';

import {
  encodeFrame,
  frameRules,
  fragmentsMaxDefault,
  messageBytesMaxDefault,
} from '../../../src/actors/codecs/websocket-frames.ts';
import type { FrameEvent, Opcode } from '../../../src/actors/codecs/websocket-frames.ts';
import { FrameReader } from '../../../src/actors/codecs/websocket-reader.ts';
import {
  bytesOf,
  client,
  hex,
  joined,
  mask,
  masked,
  message,
  ping,
  readByteByByte,
  readCut,
  readWhole,
  server,
} from './websocket-reading.ts';

const deflating = frameRules('server', { deflate: true });
const open = { fin: false } as const;

function failed(code: number): FrameEvent {
  return expect.objectContaining({ type: 'failed', code }) as FrameEvent;
}

/** Read whole and byte by byte alike, and what came before a failure is not lost. */
function expectRead(bytes: Uint8Array, events: readonly FrameEvent[], rules = server): void {
  expect(readWhole(bytes, rules)).toEqual(events);
  expect(readByteByByte(bytes, rules)).toEqual(events);
}

describe('messages', () => {
  test.each([0, 1, 125, 126, 127, 128, 65_535, 65_536])(
    '[WS-FRAME-1] %i bytes, in pieces of 997',
    (size) => {
      const text = '*'.repeat(size);
      const bytes = joined(masked('text', text), masked('binary', new Uint8Array(size).fill(0xfe)));
      const cuts = Array.from({ length: Math.floor(bytes.length / 997) }, (_, i) => (i + 1) * 997);
      const events = [message(text), message(new Uint8Array(size).fill(0xfe))];
      expect(readCut(bytes, server, cuts)).toEqual(events);
      expect(readWhole(bytes)).toEqual(events);
    },
  );

  test('[WS-FRAME-1] a stream cut once, at every place', () => {
    const bytes = joined(
      masked('text', 'hé😀'),
      masked('ping', 'p'),
      masked('text', 'a', open),
      masked('continuation', '', open),
      masked('pong', 'q'),
      masked('continuation', 'é'.repeat(100)),
      masked('binary', new Uint8Array(300).fill(0x80)),
      masked('text', ''),
      masked('close', hex('03 e8 6f 6b')),
    );
    const events = readWhole(bytes);
    expect(events).toEqual([
      message('hé😀'),
      ping('p'),
      { type: 'pong', payload: bytesOf('q') },
      message(`a${'é'.repeat(100)}`),
      message(new Uint8Array(300).fill(0x80)),
      message(''),
      { type: 'close', code: 1000, reason: 'ok' },
    ]);
    for (let cut = 0; cut <= bytes.length; cut += 1)
      expect(readCut(bytes, server, [cut])).toEqual(events);
    expect(readByteByByte(bytes)).toEqual(events);
  });

  test('[WS-FRAME-1] nothing is held between messages, and no more than came while one is incomplete', () => {
    const reader = new FrameReader(server);
    const sink = { frameReceived: () => {} };
    reader.read(masked('text', 'whole'), sink);
    expect(reader.heldBytes()).toBe(0);
    const big = masked('binary', new Uint8Array(messageBytesMaxDefault));
    reader.read(big.slice(0, 14 + 10), sink);
    expect(reader.heldBytes()).toBeLessThanOrEqual(1_024);
    reader.read(big.slice(24, 100_000), sink);
    expect(reader.heldBytes()).toBeLessThanOrEqual(200_000);
    reader.read(big.slice(100_000), sink);
    expect(reader.heldBytes()).toBe(0);
  });

  test('[WS-FRAME-1] a message that waited is alone in its buffer', () => {
    const payloads: Uint8Array[] = [];
    const sink = {
      frameReceived: (event: FrameEvent) =>
        void ('payload' in event && payloads.push(event.payload)),
    };
    const reader = new FrameReader(server);
    for (const part of [
      masked('binary', new Uint8Array(3_000), open),
      masked('continuation', new Uint8Array(5)),
      masked('binary', new Uint8Array(10), open),
      masked('continuation', new Uint8Array(5)),
    ]) {
      reader.read(part, sink);
    }
    const late = masked('binary', new Uint8Array(3_000));
    reader.read(late.slice(0, 1_500), sink);
    reader.read(late.slice(1_500), sink);
    expect(payloads.map((payload) => [payload.length, payload.buffer.byteLength])).toEqual([
      [3_005, 3_005],
      [15, 15],
      [3_000, 3_000],
    ]);
  });

  test('[WS-FRAME-1] the sink may stop the reader in the middle of a chunk', () => {
    const events: FrameEvent[] = [];
    const reader = new FrameReader(server);
    const sink = {
      frameReceived: (event: FrameEvent) => {
        events.push(event);
        reader.stop();
      },
    };
    reader.read(joined(masked('ping'), masked('ping'), masked('close')), sink);
    reader.read(masked('ping'), sink);
    expect(events).toHaveLength(1);
  });
});

describe('who masks', () => {
  test.each<Opcode>(['text', 'binary', 'ping', 'pong', 'close'])(
    '[WS-FRAME-2] an unmasked %s from a client',
    (opcode) => {
      expectRead(encodeFrame(opcode, bytesOf('')), [failed(1002)]);
    },
  );

  test('[WS-FRAME-2] a masked frame from a server', () => {
    expectRead(masked('text', 'x'), [failed(1002)], client);
  });

  test('[WS-FRAME-2] an unmasked continuation', () => {
    expectRead(joined(masked('text', 'x', open), encodeFrame('continuation', bytesOf('y'))), [
      failed(1002),
    ]);
  });
});

describe('what is reserved', () => {
  test.each([0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70])(
    '[WS-FRAME-3] reserved bits %i, on every kind of frame',
    (rsv) => {
      for (const opcode of ['text', 'binary', 'ping', 'pong', 'close'] as const) {
        const frame = masked(opcode);
        frame[0] = (frame[0] ?? 0) | rsv;
        expectRead(joined(masked('text', 'before'), frame, masked('ping')), [
          message('before'),
          failed(1002),
        ]);
        const compressible = rsv === 0x40 && (opcode === 'text' || opcode === 'binary');
        if (!compressible) expectRead(frame, [failed(1002)], deflating);
      }
    },
  );

  test('[WS-FRAME-3] RSV1 marks a compressed message where deflate was negotiated', () => {
    expectRead(
      masked('text', hex('ff fe'), { rsv1: true }),
      [{ ...message(hex('ff fe'), true), opcode: 'text' } as FrameEvent],
      deflating,
    );
    const parts = joined(
      masked('text', hex('ff'), { ...open, rsv1: true }),
      masked('continuation', hex('fe')),
    );
    expectRead(
      parts,
      [{ ...message(hex('ff fe'), true), opcode: 'text' } as FrameEvent],
      deflating,
    );
    expectRead(masked('binary', hex('00')), [message(hex('00'))], deflating);
  });

  test('[WS-FRAME-3] RSV1 on a continuation', () => {
    const parts = joined(
      masked('text', 'a', { ...open, rsv1: true }),
      masked('continuation', 'b', { rsv1: true }),
    );
    expectRead(parts, [failed(1002)], deflating);
  });

  test.each([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])('[WS-FRAME-3] opcode %i', (opcode) => {
    for (const size of [0, 1]) {
      const frame = masked('text', 'x'.repeat(size));
      frame[0] = 0x80 | opcode;
      expectRead(joined(masked('text', 'before'), frame, masked('ping')), [
        message('before'),
        failed(1002),
      ]);
    }
  });
});

describe('control frames', () => {
  test('[WS-FRAME-4] between fragments they are handled at once', () => {
    const events: FrameEvent[] = [];
    const reader = new FrameReader(server);
    const sink = { frameReceived: (event: FrameEvent) => void events.push(structuredClone(event)) };
    reader.read(masked('text', 'frag', open), sink);
    expect(events).toEqual([]);
    reader.read(joined(masked('ping', '1'), masked('pong', '2')), sink);
    expect(events).toEqual([ping('1'), { type: 'pong', payload: bytesOf('2') }]);
    reader.read(masked('continuation', 'ment'), sink);
    expect(events.at(-1)).toEqual(message('fragment'));
  });

  test('[WS-FRAME-4] a close between fragments ends the message with it', () => {
    const bytes = joined(
      masked('text', 'a', open),
      masked('close', hex('03 e8')),
      masked('continuation', 'b'),
    );
    expectRead(bytes, [{ type: 'close', code: 1000, reason: '' }]);
  });

  test('[WS-FRAME-4] ten pings, one byte at a time, each with its own payload', () => {
    const pings = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
    expectRead(
      joined(...pings.map((payload) => masked('ping', payload))),
      pings.map((payload) => ping(payload)),
    );
  });

  test.each<Opcode>(['ping', 'pong'])(
    '[WS-FRAME-5] a %s of 125 bytes is read, of 126 not',
    (opcode) => {
      const payload = new Uint8Array(125).fill(0xfe);
      expectRead(masked(opcode, payload), [{ type: opcode, payload } as FrameEvent]);
      expectRead(masked(opcode, new Uint8Array(126)), [failed(1002)]);
      expectRead(masked(opcode, new Uint8Array(65_536)).slice(0, 2), [failed(1002)]);
    },
  );

  test.each<Opcode>(['ping', 'pong', 'close'])('[WS-FRAME-5] a fragmented %s', (opcode) => {
    expectRead(joined(masked(opcode, 'a', open), masked('continuation', 'b')), [failed(1002)]);
  });

  test('[WS-FRAME-5] a close of 126 bytes', () => {
    expectRead(masked('close', joined(hex('03 e8'), bytesOf('x'.repeat(124)))), [failed(1002)]);
  });
});

describe('fragments', () => {
  test.each([
    ['two', ['frag', 'ment']],
    ['three, one empty', ['frag', '', 'ment']],
    ['only empty ones', ['', '', '']],
    ['a character cut in two', [hex('c3'), hex('a9')]],
    ['one byte each', [...bytesOf('hé😀')].map((byte) => Uint8Array.of(byte))],
  ])('[WS-FRAME-6] %s', (_, parts) => {
    const bytes = joined(
      ...parts.map((part, i) =>
        masked(i === 0 ? 'text' : 'continuation', part, { fin: i === parts.length - 1 }),
      ),
      masked('ping'),
    );
    const whole = new TextDecoder().decode(joined(...parts.map((part) => bytesOf(part))));
    expectRead(bytes, [message(whole), ping()]);
  });

  test.each([true, false])('[WS-FRAME-6] a continuation of nothing (fin %s)', (fin) => {
    expectRead(joined(masked('continuation', 'x', { fin }), masked('text', 'y')), [failed(1002)]);
    expectRead(joined(masked('text', 'a'), masked('continuation', 'x', { fin })), [
      message('a'),
      failed(1002),
    ]);
  });

  test.each<Opcode>(['text', 'binary'])(
    '[WS-FRAME-6] a new %s inside a fragmented message',
    (opcode) => {
      expectRead(joined(masked('text', 'a', open), masked(opcode, 'b')), [failed(1002)]);
      expectRead(joined(masked('text', '', open), masked(opcode, 'b', open)), [failed(1002)]);
    },
  );

  test.each([
    ['125 in two bytes', '82 fe 00 7d'],
    ['0 in two bytes', '82 fe 00 00'],
    ['65,535 in eight bytes', '82 ff 00 00 00 00 00 00 ff ff'],
    ['1 in eight bytes', '82 ff 00 00 00 00 00 00 00 01'],
  ])('[WS-FRAME-6] a length not in its shortest form: %s', (_, head) => {
    expectRead(joined(hex(head), mask, new Uint8Array(10)), [failed(1002)]);
  });

  test('[WS-FRAME-10] a message may have fragmentsMax fragments and no more', () => {
    const few = frameRules('server', { fragmentsMax: 3 });
    const three = [masked('text', 'a', open), masked('continuation', 'b', open)];
    expectRead(joined(...three, masked('continuation', 'c')), [message('abc')], few);
    expectRead(
      joined(...three, masked('continuation', '', open), masked('continuation')),
      [failed(1008)],
      few,
    );
    const again = joined(
      ...three,
      masked('continuation', 'c'),
      ...three,
      masked('continuation', 'd'),
    );
    expectRead(again, [message('abc'), message('abd')], few);
  });

  test('[WS-FRAME-10] by default 16,384', () => {
    const empty = masked('continuation', '', open);
    const reader = new FrameReader(server);
    const events: FrameEvent[] = [];
    const sink = { frameReceived: (event: FrameEvent) => void events.push(event) };
    reader.read(masked('text', '', open), sink);
    for (let i = 1; i < fragmentsMaxDefault; i += 1) reader.read(empty.slice(), sink);
    expect(events).toEqual([]);
    reader.read(masked('continuation'), sink);
    expect(events).toEqual([failed(1008)]);
  });
});

describe('size', () => {
  const ten = frameRules('server', { messageBytesMax: 10 });

  test('[WS-FRAME-7] exactly the limit is read, one byte more is refused before it is received', () => {
    expectRead(masked('binary', new Uint8Array(10)), [message(new Uint8Array(10))], ten);
    expectRead(masked('binary', new Uint8Array(11)).slice(0, 6), [failed(1009)], ten);
  });

  test('[WS-FRAME-7] the limit holds for all fragments together', () => {
    const six = masked('binary', new Uint8Array(6), open);
    expectRead(
      joined(six, masked('continuation', new Uint8Array(4))),
      [message(new Uint8Array(10))],
      ten,
    );
    expectRead(
      joined(six, masked('ping'), masked('continuation', new Uint8Array(5)).slice(0, 6)),
      [ping(), failed(1009)],
      ten,
    );
  });

  test('[WS-FRAME-7] by default 1,048,576 bytes', () => {
    const text = 'x'.repeat(messageBytesMaxDefault);
    expect(readWhole(masked('text', text))).toEqual([message(text)]);
    expect(readWhole(masked('text', `${text}x`))).toEqual([failed(1009)]);
  });

  test.each([
    '00 00 00 01 00 00 00 00',
    '00 20 00 00 00 00 00 00',
    '7f ff ff ff ff ff ff ff',
    '80 00 00 00 00 00 00 00',
    'ff ff ff ff ff ff ff ff',
  ])('[WS-FRAME-7] a length of %s', (length) => {
    expectRead(joined(hex('82 ff'), hex(length), mask), [failed(1009)]);
  });

  test('[WS-FRAME-7] one MiB in fragments of 64 bytes, or one byte at a time', () => {
    const payload = Uint8Array.from({ length: messageBytesMaxDefault }, (_, i) => (i * 31) & 0xff);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < payload.length; at += 64) {
      parts.push(
        masked(at === 0 ? 'binary' : 'continuation', payload.subarray(at, at + 64), {
          fin: at + 64 === payload.length,
        }),
      );
    }
    const [event] = readWhole(Buffer.concat(parts));
    expect(Buffer.compare((event as { payload: Uint8Array }).payload, payload)).toBe(0);
    const [slow] = readByteByByte(masked('binary', payload));
    expect(Buffer.compare((slow as { payload: Uint8Array }).payload, payload)).toBe(0);
  });
});

describe('text', () => {
  test.each([
    ['Autobahn 6.3.1', 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64'],
    ['a lone continuation byte', '80'],
    ['overlong', 'c0 af'],
    ['beyond U+10FFFF', 'f4 90 80 80'],
    ['cut short', 'ce ba e1 bd'],
    ['far behind', `${'41 '.repeat(200)} ff`],
  ])('[WS-FRAME-8] %s', (_, text) => {
    expectRead(masked('text', hex(text)), [failed(1007)]);
    const bytes = hex(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parts = joined(
        masked('text', bytes.slice(0, cut), open),
        masked('continuation', bytes.slice(cut)),
      );
      expectRead(parts, [failed(1007)]);
    }
    expectRead(masked('binary', bytes), [message(bytes)]);
  });

  test('[WS-FRAME-8] a broken byte is told as soon as it is here', () => {
    expectRead(masked('text', hex('41 ff'), open), [failed(1007)]);
    expectRead(masked('text', hex(`41 ff ${'41 '.repeat(50)}`)).slice(0, 8), [failed(1007)]);
    expectRead(masked('text', hex('f4 90'), open), [failed(1007)]);
  });

  test('[WS-FRAME-8] U+FFFF, U+0000 and a byte order mark are text', () => {
    expectRead(masked('text', '\uffff\0\ufeff'), [message('\uffff\0\ufeff')]);
  });
});

describe('closing', () => {
  function close(code: number, reason: Uint8Array | string = ''): Uint8Array {
    return masked('close', joined(Uint8Array.of(code >>> 8, code & 0xff), bytesOf(reason)));
  }

  test('[WS-FRAME-9] without a body it reads as 1005', () => {
    expectRead(masked('close'), [{ type: 'close', code: 1005, reason: '' }]);
  });

  test('[WS-FRAME-9] a body of one byte', () => {
    expectRead(masked('close', 'a'), [failed(1002)]);
    expectRead(masked('close', hex('0c')), [failed(1002)]); // would be 3072 with a zero behind it
  });

  test.each([
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ])('[WS-FRAME-9] code %i', (code) => {
    expectRead(close(code, 'because'), [{ type: 'close', code, reason: 'because' }]);
  });

  test.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])(
    '[WS-FRAME-9] not code %i',
    (code) => {
      expectRead(close(code), [failed(1002)]);
      expectRead(close(code, 'because'), [failed(1002)]);
    },
  );

  test('[WS-FRAME-9] a reason of 123 bytes, and one that is not UTF-8', () => {
    const reason = 'é'.repeat(61);
    expectRead(close(1000, reason), [{ type: 'close', code: 1000, reason }]);
    expectRead(close(1000, hex('ce ba ed a0 80')), [failed(1007)]);
  });

  test('[WS-FRAME-9] what follows a close is ignored', () => {
    const bytes = joined(close(1000), masked('text', 'late'), close(1001), hex('ff ff ff'));
    expectRead(bytes, [{ type: 'close', code: 1000, reason: '' }]);
  });

  test('[WS-FRAME-9] a failure is told once, and what follows is ignored', () => {
    expectRead(joined(hex('f0 80'), masked('text', 'late'), hex('f0 80')), [failed(1002)]);
  });
});
