// Reads whole streams for the tests of this folder: the chunks are copies, since the reader unmasks in place,
// and so are the payloads that come back.

import { encodeFrame, frameRules } from '../../../src/actors/codecs/websocket-frames.ts';
import type {
  FrameEvent,
  FrameOptions,
  FrameRules,
  Opcode,
} from '../../../src/actors/codecs/websocket-frames.ts';
import { FrameReader } from '../../../src/actors/codecs/websocket-reader.ts';

export const server = frameRules('server');
export const client = frameRules('client');
export const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** Feeds a stream in pieces that end at the cuts, and gives what the reader reported. */
export function readCut(
  bytes: Uint8Array,
  rules: FrameRules,
  cuts: readonly number[],
): FrameEvent[] {
  const events: FrameEvent[] = [];
  const reader = new FrameReader(rules);
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    const chunk = new Uint8Array(bytes.subarray(from, to)); // the slice of a Buffer would be no copy
    reader.read(chunk, { frameReceived: (event) => events.push(kept(event)) });
    chunk.fill(0xaa); // what the reader keeps must not be in here
    from = to;
  }
  return events;
}

export function readWhole(bytes: Uint8Array, rules: FrameRules = server): FrameEvent[] {
  return readCut(bytes, rules, []);
}

export function readByteByByte(bytes: Uint8Array, rules: FrameRules = server): FrameEvent[] {
  return readCut(bytes, rules, Array.from(bytes.keys()));
}

/** A client's frame, as a server reads it. */
export function masked(
  opcode: Opcode,
  payload: Uint8Array | string = '',
  options: FrameOptions = {},
): Uint8Array {
  return encodeFrame(opcode, bytesOf(payload), { mask, ...options });
}

export function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

/** '48 65 6c' to bytes. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.split(/\s+/).filter(Boolean), (byte) => Number.parseInt(byte, 16));
}

export function message(payload: Uint8Array | string, compressed = false): FrameEvent {
  const opcode = typeof payload === 'string' ? 'text' : 'binary';
  return { type: 'message', opcode, payload: bytesOf(payload), compressed };
}

export function ping(payload: Uint8Array | string = ''): FrameEvent {
  return { type: 'ping', payload: bytesOf(payload) };
}

function kept(event: FrameEvent): FrameEvent {
  return 'payload' in event ? { ...event, payload: Uint8Array.from(event.payload) } : event;
}
