// A client that says exactly the bytes it is given, and a writer and a reader of WebSocket frames for it. It shares no
// code with src/: what it holds a server to must not be the server's own opinion.

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export class RawSocket {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #hasEnded = false;
  #changed: () => void = () => {};

  constructor(url: URL) {
    const host = url.hostname.replaceAll(/[[\]]/g, '');
    const isSecure = url.protocol === 'wss:';
    const port = Number(url.port === '' ? (isSecure ? 443 : 80) : url.port);
    this.socket = isSecure
      ? connectTls({ host, port, servername: host })
      : connect({ host, port, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#changed();
    });
    // A reset after the close frame is an end as any other: the bytes before it are what is judged.
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.#end());
    this.socket.on('close', () => this.#end());
  }

  /** Everything that came, as Latin-1: a byte is a character. */
  get text(): string {
    return this.#received.toString('latin1');
  }

  /** The frames after the answer to the handshake. */
  get frames(): ServerFrame[] {
    const head = this.#received.indexOf('\r\n\r\n');
    return head === -1 ? [] : readFrames(this.#received.subarray(head + 4));
  }

  say(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits for what `isThere` looks for; the end of the connection before it is a failure. */
  async until(what: string, isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#hasEnded) throw new Error(`the connection ended before ${what}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async ended(): Promise<void> {
    await this.until('its end', () => this.#hasEnded);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#changed();
  }
}

/** A handshake as browsers send it, with further lines. */
export function handshake(path: string, ...lines: readonly string[]): string {
  const head = [
    `GET ${path} HTTP/1.1`,
    'Host: conformance',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...lines,
  ];
  return `${head.join('\r\n')}\r\n\r\n`;
}

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
  const hidden = bytes.map((byte, at) => byte ^ (MASK[at % 4] ?? 0));
  return Buffer.concat([head, Buffer.from(MASK), hidden]);
}

/** A client's close frame. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): Buffer {
  const text = Buffer.from(reason as string);
  return frame('close', Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]));
}

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** The whole frames of a server, in order; half of one at the end is left. */
export function readFrames(bytes: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = [];
  let at = 0;
  while (bytes.length >= at + 2) {
    const short = bytes.readUInt8(at + 1);
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (bytes.length < at + 2 + extra) break;
    const from = at + 2 + extra;
    // Of eight bytes of length the first two are nothing that a test could receive.
    const width = Math.min(extra, 6);
    const length = extra === 0 ? short : bytes.readUIntBE(from - width, width);
    if (bytes.length < from + length) break;
    frames.push({
      opcode: bytes.readUInt8(at) & 0x0f,
      payload: bytes.subarray(from, from + length),
    });
    at = from + length;
  }
  return frames;
}
