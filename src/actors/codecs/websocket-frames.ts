// WebSocket frames: what a reader reports and by which rules, frames as bytes, and the masking of payloads.
// With a mask a frame is a client's, without one a server's; a frame made once serves every subscriber.
// Refuses to know sockets, deflate and JSON, and does not judge the order of frames: reading is in websocket-reader.ts.
// RFC 6455 §5.2, §5.3, §5.5.1, §7.4; spec: WS-FRAME-9.

import type { TakeBytes } from './utf8-text.ts';

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type Opcode = keyof typeof opcodes;

/** `mask` is four bytes and makes the frame a client's; without it the frame is a server's. */
export interface FrameOptions {
  readonly fin?: boolean;
  readonly rsv1?: boolean;
  readonly mask?: Uint8Array;
  /** Where the frame's bytes come from; undefined for memory of their own. */
  readonly take?: TakeBytes;
}

/** What the reader reports. `failed` and `close` are its last word: what follows on the wire is ignored. */
export type FrameEvent =
  | {
      readonly type: 'message';
      readonly opcode: 'text' | 'binary';
      readonly payload: Uint8Array;
      readonly compressed: boolean;
    }
  | { readonly type: 'ping'; readonly payload: Uint8Array }
  | { readonly type: 'pong'; readonly payload: Uint8Array }
  | { readonly type: 'close'; readonly code: number; readonly reason: string }
  | { readonly type: 'failed'; readonly code: FailureCode; readonly reason: string };

/** 1002 broken protocol, 1007 broken UTF-8, 1008 too many fragments, 1009 too many bytes. */
export type FailureCode = 1002 | 1007 | 1008 | 1009;

/** Who receives what a chunk held, in order, during `read`. A session may be its own sink: no closure is needed. */
export interface FrameSink {
  frameReceived(event: FrameEvent): void;
}

/** One frozen set serves all connections of a door. `role` is the reader's own: a server reads masked frames. */
export interface FrameRules {
  readonly role: 'server' | 'client';
  readonly messageBytesMax: number;
  readonly fragmentsMax: number;
  readonly deflate: boolean;
}

export const messageBytesMaxDefault = 1_048_576;
export const fragmentsMaxDefault = 16_384;

/** The rules of one role with the default limits; deflate is off unless it was negotiated. */
export function frameRules(
  role: 'server' | 'client',
  changes: Partial<Omit<FrameRules, 'role'>> = {},
): FrameRules {
  return Object.freeze({
    role,
    messageBytesMax: changes.messageBytesMax ?? messageBytesMaxDefault,
    fragmentsMax: changes.fragmentsMax ?? fragmentsMaxDefault,
    deflate: changes.deflate ?? false,
  });
}

const noBytes = new Uint8Array(0);
const noOptions: FrameOptions = {};
const reasonBytesMax = 123;
// Below this many bytes making a view costs more than it saves.
const viewBytesMin = 64;
const encoder = new TextEncoder();

/** One frame as bytes; the payload is copied and left as it is. */
export function encodeFrame(
  opcode: Opcode,
  payload: Uint8Array,
  options: FrameOptions = noOptions,
): Uint8Array {
  const { mask } = options;
  const size = payload.length;
  const extended = size < 126 ? 0 : size < 65_536 ? 2 : 8;
  const start = 2 + extended + (mask === undefined ? 0 : 4);
  const frame = options.take?.(start + size) ?? new Uint8Array(start + size);
  frame[0] =
    (options.fin === false ? 0 : 0x80) | (options.rsv1 === true ? 0x40 : 0) | opcodes[opcode];
  frame[1] = (mask === undefined ? 0 : 0x80) | (extended === 0 ? size : extended === 2 ? 126 : 127);
  if (extended === 2) {
    frame[2] = size >>> 8;
    frame[3] = size;
  } else if (extended === 8) {
    for (let back = 0, rest = size; back < 8; back += 1, rest = Math.floor(rest / 256))
      frame[9 - back] = rest;
  }
  frame.set(payload, start);
  if (mask !== undefined) {
    for (let i = 0; i < 4; i += 1) frame[start - 4 + i] = mask[i] as number;
    unmask(frame, start, frame.length, maskOf(frame, start - 4));
  }
  return frame;
}

/**
 * A close frame. The reason is cut to 123 bytes between two characters; a code that must not stand on the wire
 * (1005, 1006, …) gives a close without a body.
 */
export function encodeClose(code: number, reason = '', mask?: Uint8Array): Uint8Array {
  const options = mask === undefined ? noOptions : { mask };
  if (!isCloseCode(code)) return encodeFrame('close', noBytes, options);
  const body = new Uint8Array(2 + reasonBytesMax);
  body[0] = code >>> 8;
  body[1] = code;
  const { written } = encoder.encodeInto(reason, body.subarray(2)); // never leaves half a character
  return encodeFrame('close', body.subarray(0, 2 + written), options);
}

/** Says whether a code may stand in a close frame (RFC 6455 §7.4, with 1012 to 1014 of the IANA registry). */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (
    (code >= 3000 && code <= 4999) || (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006))
  );
}

/** Four mask bytes as one number whose lowest eight bits belong to the first byte. */
export function maskOf(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Masks or unmasks bytes[from, to) in place and says whether any result has its high bit set. Mask 0 only looks. */
export function unmask(bytes: Uint8Array, from: number, to: number, mask: number): boolean {
  let at = from;
  let high = 0;
  if (to - from >= viewBytesMin) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const last = to - 4; at <= last; at += 4) {
      const four = view.getInt32(at, true) ^ mask;
      view.setInt32(at, four, true);
      high |= four;
    }
  }
  for (let turn = 0; at < to; at += 1, turn += 8) {
    const byte = (bytes[at] as number) ^ ((mask >>> turn) & 0xff); // a shift counts modulo 32
    bytes[at] = byte;
    high |= byte;
  }
  return (high & 0x80808080) !== 0;
}

/** The mask as it stands after so many bytes of the payload. */
export function turnMask(mask: number, received: number): number {
  const bits = (received & 3) * 8;
  return (mask >>> bits) | (mask << (32 - bits));
}
