// A writer and a reader of WebSocket frames for clients, from RFC 6455. They share no code with src/: what they hold a
// server to must not be the server's own opinion.

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

const MASK = [0x37, 0xfa, 0x21, 0x3d];

/** A client's frame: masked, whole and with no reserved bit, unless it is told otherwise. */
export function frame(
  opcode: keyof typeof opcodes | number,
  payload: string | Uint8Array = '',
  options: { readonly fin?: boolean; readonly reserved?: number; readonly masked?: boolean } = {},
): Buffer {
  const { fin = true, reserved = 0, masked = true } = options;
  const bytes = Buffer.from(payload as string);
  const number = typeof opcode === 'number' ? opcode : opcodes[opcode];
  const maskBit = masked ? 0x80 : 0;
  const size = bytes.byteLength;
  const length =
    size < 126
      ? [maskBit | size]
      : size < 65_536
        ? [maskBit | 126, size >> 8, size & 0xff]
        : [
            maskBit | 127,
            0,
            0,
            0,
            0,
            size >>> 24,
            (size >> 16) & 0xff,
            (size >> 8) & 0xff,
            size & 0xff,
          ];
  const head = Buffer.from([(fin ? 0x80 : 0) | reserved | number, ...length]);
  if (!masked) return Buffer.concat([head, bytes]);
  const hidden = Buffer.from(bytes);
  for (let at = 0; at < size; at += 1)
    hidden[at] = (bytes[at] as number) ^ (MASK[at % 4] as number);
  return Buffer.concat([head, Buffer.from(MASK), hidden]);
}

/** A client's close frame. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): Buffer {
  const text = Buffer.from(reason as string);
  return frame('close', Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]));
}

/** A text frame with a request in it. */
export function said(request: unknown): Buffer {
  return frame('text', typeof request === 'string' ? request : JSON.stringify(request));
}

export interface ServerFrame {
  readonly isLast: boolean;
  /** RSV1 to RSV3, as they stand in the first byte. */
  readonly reserved: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Whole frames out of bytes that come as they come. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The frames that are whole now; half of one waits for more. */
  read(chunk: Uint8Array): ServerFrame[] {
    const bytes =
      this.#pending.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const frames: ServerFrame[] = [];
    let at = 0;
    while (bytes.length >= at + 2) {
      const first = bytes.readUInt8(at);
      const short = bytes.readUInt8(at + 1);
      if (short > 127) throw new Error('a frame of the server is masked');
      const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
      const from = at + 2 + extra;
      if (bytes.length < from) break;
      // Of eight bytes of length the first two are nothing that a test could receive.
      const width = Math.min(extra, 6);
      const length = extra === 0 ? short : bytes.readUIntBE(from - width, width);
      if (bytes.length < from + length) break;
      frames.push({
        isLast: (first & 0x80) !== 0,
        reserved: first & 0x70,
        opcode: first & 0x0f,
        payload: bytes.subarray(from, from + length),
      });
      at = from + length;
    }
    this.#pending = bytes.subarray(at);
    return frames;
  }
}

/** A frame as a sentence, for comparing and for telling. */
export function spoken({ opcode, payload }: ServerFrame): string {
  if (opcode === opcodes.close && payload.length >= 2) {
    return `close ${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`;
  }
  const name = Object.entries(opcodes).find(([, number]) => number === opcode)?.[0] ?? opcode;
  return `${name} ${payload.toString()}`;
}
