// Random streams: what one side encodes the other reads, whatever the cuts; what `ws` encodes we read, what we encode
// `ws` reads; and no garbage makes the reader throw.

import * as fc from 'fast-check';
import * as ws from 'ws';
import { describe, expect, test } from 'vitest';

import {
  encodeClose,
  encodeFrame,
  frameRules,
} from '../../../src/actors/codecs/websocket-frames.ts';
import type { FrameEvent, FrameRules } from '../../../src/actors/codecs/websocket-frames.ts';
import {
  bytesOf,
  client,
  joined,
  readByteByByte,
  readCut,
  readWhole,
  server,
} from './websocket-reading.ts';

const masks = fc.uint8Array({ minLength: 4, maxLength: 4 });
const payloads = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 140, size: 'max' }) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 65_530, max: 65_540 })
      .map((size) => new Uint8Array(size).fill(0xe9)),
  },
);
const texts = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => bytesOf(text));
const controls = fc.record({
  type: fc.constantFrom('ping' as const, 'pong' as const),
  payload: fc.uint8Array({ maxLength: 125 }),
});

/** A message as fragments, and what stands between them. */
const messages = fc.record({
  type: fc.constant('message' as const),
  body: fc.oneof(
    fc.record({ opcode: fc.constant('text' as const), payload: texts }),
    fc.record({ opcode: fc.constant('binary' as const), payload: payloads }),
  ),
  cuts: fc.array(fc.nat(150), { maxLength: 4 }),
  between: fc.array(controls, { maxLength: 2 }),
});

interface Stream {
  readonly bytes: Uint8Array;
  readonly events: readonly FrameEvent[];
}

function streams(role: 'server' | 'client'): fc.Arbitrary<Stream> {
  return fc
    .record({
      parts: fc.array(fc.oneof(messages, controls), { maxLength: 6 }),
      keys: fc.array(masks, { minLength: 60, maxLength: 60 }),
    })
    .map(({ parts, keys }) => {
      let turn = 0;
      const options = (fin: boolean) =>
        role === 'server'
          ? { fin, mask: keys[turn++ % keys.length] ?? new Uint8Array(4) }
          : { fin };
      const frames: Uint8Array[] = [];
      const events: FrameEvent[] = [];
      for (const part of parts) {
        if (part.type !== 'message') {
          frames.push(encodeFrame(part.type, part.payload, options(true)));
          events.push(part);
          continue;
        }
        const { opcode, payload } = part.body;
        let from = 0;
        const ends = [
          ...part.cuts.filter((cut) => cut < payload.length).toSorted((a, b) => a - b),
          payload.length,
        ];
        ends.forEach((to, i) => {
          const last = i === ends.length - 1;
          frames.push(
            encodeFrame(
              i === 0 ? opcode : 'continuation',
              payload.subarray(from, to),
              options(last),
            ),
          );
          from = to;
          if (last) return;
          for (const control of part.between) {
            frames.push(encodeFrame(control.type, control.payload, options(true)));
            events.push(control);
          }
        });
        events.push({ type: 'message', opcode, payload, compressed: false });
      }
      return { bytes: Buffer.concat(frames), events };
    });
}

describe.each<['server' | 'client', FrameRules]>([
  ['server', server],
  ['client', client],
])('the reader of a %s', (role, rules) => {
  test('[WS-FRAME-1] reads what was encoded, whatever the cuts', () => {
    fc.assert(
      fc.property(
        streams(role),
        fc.array(fc.nat(70_000)),
        fc.array(fc.nat(40)),
        ({ bytes, events }, far, near) => {
          const cuts = [...far, ...near].filter((cut) => cut <= bytes.length);
          const plain = events.map((event) => ({ ...event }));
          expect(readCut(bytes, rules, cuts)).toEqual(plain);
          if (bytes.length < 2_000) expect(readByteByByte(bytes, rules)).toEqual(plain);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('[WS-FRAME-1] never throws on garbage, and reads it the same whatever the cuts', () => {
    const anyRules = frameRules(role, { messageBytesMax: 200, fragmentsMax: 3, deflate: true });
    const heads = fc.tuple(
      fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0x41, 0x83, 0x09),
      fc
        .constantFrom(0, 1, 2, 5, 125, 126, 127)
        .map((length) => length | (role === 'server' ? 0x80 : 0)),
    );
    const pieces = fc.oneof(
      heads.map((head) => Uint8Array.from(head)),
      fc.uint8Array({ maxLength: 12 }),
      fc.constant(new Uint8Array(4)),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.array(fc.nat(100)), (parts, cuts) => {
        const bytes = joined(...parts);
        const events = readWhole(bytes, anyRules);
        expect(
          readCut(
            bytes,
            anyRules,
            cuts.filter((cut) => cut <= bytes.length),
          ),
        ).toEqual(events);
        expect(readByteByByte(bytes, anyRules)).toEqual(events);
        expect(events.findIndex(({ type }) => type === 'failed' || type === 'close')).toBeOneOf([
          -1,
          events.length - 1,
        ]);
      }),
      { numRuns: 2_000 },
    );
  });
});

interface Receiver {
  readonly writable: boolean;
  on(event: string, listener: (...values: never[]) => void): void;
  write(chunk: Uint8Array, done: () => void): boolean;
}
const { Receiver, Sender } = ws as unknown as {
  readonly Receiver: new (options: object) => Receiver;
  readonly Sender: { frame(data: Buffer, options: object): Buffer[] };
};

/** What `ws` makes of the same chunks; a failure carries the code with which it would close. */
async function readWithWs(
  bytes: Uint8Array,
  rules: FrameRules,
  cuts: readonly number[],
): Promise<object[]> {
  const events: object[] = [];
  const receiver = new Receiver({
    isServer: rules.role === 'server',
    maxPayload: rules.messageBytesMax,
  });
  receiver.on('message', (payload: Buffer, isBinary: boolean) =>
    events.push({
      type: 'message',
      opcode: isBinary ? 'binary' : 'text',
      payload: Uint8Array.from(payload),
      compressed: false,
    }),
  );
  receiver.on('ping', (payload: Buffer) =>
    events.push({ type: 'ping', payload: Uint8Array.from(payload) }),
  );
  receiver.on('pong', (payload: Buffer) =>
    events.push({ type: 'pong', payload: Uint8Array.from(payload) }),
  );
  receiver.on('conclude', (code: number, reason: Buffer) =>
    events.push({ type: 'close', code, reason: reason.toString() }),
  );
  receiver.on('error', (error: object) => {
    const [status] = Object.getOwnPropertySymbols(error);
    events.push({ type: 'failed', code: (error as Record<symbol, unknown>)[status as symbol] });
  });
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    if (!receiver.writable) break; // it ended with a close or a failure
    await new Promise<void>((done) => receiver.write(Buffer.from(bytes.subarray(from, to)), done));
    from = to;
  }
  return events;
}

describe('beside the ws package', () => {
  test('[WS-FRAME-1] valid streams read alike', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(server, client),
        fc.infiniteStream(fc.nat(300)),
        async (rules, cutStream) => {
          const [stream] = fc.sample(streams(rules.role), {
            numRuns: 1,
            seed: cutStream.next().value ?? 0,
          });
          if (stream === undefined) return;
          const end = encodeClose(
            1001,
            'é',
            rules.role === 'server' ? new Uint8Array(4).fill(9) : undefined,
          );
          const bytes = Buffer.concat([stream.bytes, end]);
          const cuts = Array.from({ length: 5 }, () => cutStream.next().value ?? 0).filter(
            (cut) => cut < bytes.length,
          );
          const ours = readCut(bytes, rules, cuts);
          expect(ours).toEqual(await readWithWs(bytes, rules, cuts));
          expect(ours).toHaveLength(stream.events.length + 1);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('[WS-FRAME-1] frames are the bytes that ws would send', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 8, 9, 10),
        payloads,
        fc.option(masks),
        fc.boolean(),
        (opcode, payload, mask, fin) => {
          const names = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' } as const;
          const theirs = Sender.frame(Buffer.from(payload), {
            fin,
            rsv1: false,
            opcode,
            mask: mask !== null,
            readOnly: false,
            ...(mask === null
              ? {}
              : { generateMask: (into: Buffer) => into.set(mask), maskBuffer: Buffer.alloc(4) }),
          });
          const ours = encodeFrame(names[opcode], payload, mask === null ? { fin } : { fin, mask });
          expect(Buffer.compare(ours, Buffer.concat(theirs))).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('[WS-FRAME-6] frames in any order fail alike', async () => {
    const frames = fc.record({
      first: fc.oneof(
        {
          weight: 5,
          arbitrary: fc.constantFrom(0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x89, 0x8a, 0x88),
        },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
      ),
      payload: fc.oneof(
        fc.string({ maxLength: 8 }).map((text) => bytesOf(text)),
        fc.constant(new Uint8Array(130).fill(0x41)),
        fc.constant(Uint8Array.of(0x0c, 0x01)),
      ),
      mask: fc.option(masks, { freq: 12 }),
    });
    const rules = frameRules('server', { messageBytesMax: 250 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(frames, { maxLength: 8 }),
        fc.array(fc.nat(80)),
        async (parts, cuts) => {
          const bytes = joined(
            ...parts.map(({ first, payload, mask }) => {
              const frame = encodeFrame('binary', payload, mask === null ? {} : { mask });
              frame[0] = first;
              return frame;
            }),
          );
          const within = cuts.filter((cut) => cut < bytes.length);
          const ours = readCut(bytes, rules, within).map((event) =>
            event.type === 'failed' ? { type: event.type, code: event.code } : event,
          );
          expect(ours).toEqual(await readWithWs(bytes, rules, within));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
