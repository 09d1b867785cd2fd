// Pieces of an answer put together: one write for what is short, one system call for what is long.
// Refuses to know what the pieces mean.

import type { Socket } from 'node:net';

export interface Written {
  readonly socket: Socket;
  write(bytes: Uint8Array | string): boolean;
}

/** Above this, copying costs more than a vector of pieces. */
const COPY_BYTES_MAX = 32 * 1_024;

/** Writes text (Latin-1) and bytes in their order; false when the socket is full. */
export function writeJoined(to: Written, pieces: readonly (string | Uint8Array)[]): boolean {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  if (size === 0) return !to.socket.writableNeedDrain;
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return to.write(only);
  if (size <= COPY_BYTES_MAX) {
    const whole = Buffer.allocUnsafe(size);
    let at = 0;
    for (const piece of pieces) {
      if (typeof piece === 'string') at += whole.write(piece, at, 'latin1');
      else {
        whole.set(piece, at);
        at += piece.byteLength;
      }
    }
    return to.write(whole);
  }
  to.socket.cork();
  let hasRoom = true;
  for (const piece of pieces) if (piece.length > 0) hasRoom = to.write(piece);
  to.socket.uncork();
  return hasRoom;
}

/** One owned array: what was read from sockets is a view of more. */
export function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
