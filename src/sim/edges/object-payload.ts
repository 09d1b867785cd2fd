// What the object lane passes in place of bytes: a value, and how many bytes it stands for.
// Refuses to know what the value means: the wire that made it reads it.

export class ObjectPayload {
  readonly byteLength: number;
  readonly value: object;
  /** Of the value and its size, when somebody has asked for it. */
  name: number | undefined = undefined;

  constructor(byteLength: number, value: object) {
    this.byteLength = byteLength;
    this.value = value;
  }
}

/** A frame's size: a client's carries a mask. */
export function frameBytes(payloadBytes: number, isMasked: boolean): number {
  const head = payloadBytes < 126 ? 2 : payloadBytes < 65_536 ? 4 : 10;
  return head + (isMasked ? 4 : 0) + payloadBytes;
}
