// Pieces of bytes as one whole. Refuses to know what they are pieces of.

/** An array of their own; `size` is that of all together. */
export function joined(pieces: readonly Uint8Array[], size = sizeOf(pieces)): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return size;
}
