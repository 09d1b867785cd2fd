// Pieces of an answer put together: one write for what is short, one system call for what is long.
// Refuses to know what the pieces mean.

import type { Socket } from 'node:net';

export interface Written {
  readonly socket: Socket;
  write(bytes: Uint8Array | string): boolean;
}

/** The platform writes a text up to this from its own stack: there is nothing to allocate. */
const TEXT_BYTES_MAX = 16_384;

/** Writes text (Latin-1) and bytes in their order; false when the socket is full. */
export function writeJoined(to: Written, pieces: readonly (string | Uint8Array)[]): boolean {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  if (size === 0) return !to.socket.writableNeedDrain;
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return to.write(only);
  if (size <= TEXT_BYTES_MAX) {
    let text = '';
    for (const piece of pieces) text += typeof piece === 'string' ? piece : latin1Of(piece);
    return to.write(text);
  }
  to.socket.cork();
  let hasRoom = true;
  for (const piece of pieces) if (piece.length > 0) hasRoom = to.write(piece);
  to.socket.uncork();
  return hasRoom;
}

function latin1Of(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return '';
  if (Buffer.isBuffer(bytes)) return bytes.toString('latin1');
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
