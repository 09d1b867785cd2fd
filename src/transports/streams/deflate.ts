// permessage-deflate without context takeover: every message is compressed alone, so one compressed frame serves all
// subscribers, and no connection keeps a compressor.
// Refuses to know frames' order and who agreed on what. RFC 7692 §7.2; ADR 0009.

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { encodeFrame } from '../../actors/codecs/websocket-frames.ts';

/** Below this a payload costs more to compress than it saves. */
const DEFLATE_BYTES_MIN = 1_024;
/** What a sync flush ends in and a message leaves out. */
const TAIL = new Uint8Array([0x00, 0x00, 0xff, 0xff]);

/** A text frame, compressed where that pays. */
export function encodeDeflated(payload: Uint8Array): Uint8Array {
  if (payload.byteLength < DEFLATE_BYTES_MIN) return encodeFrame('text', payload);
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  const body = deflated.subarray(0, deflated.byteLength - TAIL.byteLength);
  if (body.byteLength >= payload.byteLength) return encodeFrame('text', payload);
  return encodeFrame('text', body, { rsv1: true });
}

export type Inflated =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly code: 1007 | 1009; readonly reason: string };

/** A message's own bytes; one that would grow beyond `bytesMax` stops there. */
export function inflate(body: Uint8Array, bytesMax: number): Inflated {
  const whole = new Uint8Array(body.byteLength + TAIL.byteLength);
  whole.set(body);
  whole.set(TAIL, body.byteLength);
  try {
    const inflated = inflateRawSync(whole, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: bytesMax,
    });
    return { ok: true, payload: new Uint8Array(inflated) };
  } catch (error) {
    const isTooBig = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return isTooBig
      ? { ok: false, code: 1009, reason: `message exceeds limit of ${bytesMax} bytes` }
      : { ok: false, code: 1007, reason: 'compressed data is broken' };
  }
}
