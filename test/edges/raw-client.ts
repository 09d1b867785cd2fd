// A client that says exactly the bytes it is given, and the frames and heads it needs for that. Knows no HTTP and no
// WebSocket of its own: what a well-behaved client would never say is what it is for.

import { connect, type Socket } from 'node:net';

import { encodeFrame, type Opcode } from '../../src/actors/codecs/websocket-frames.ts';
import type { ConnectionId } from '../../src/actors/runtime/edges.ts';
import type { ProductionWeb } from './production-web.ts';
import { accept, nextUpgrade } from './web-contract.ts';

const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
export const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\n';

export class RawClient {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  hasEnded = false;
  isClosed = false;

  /** `isStubborn` never ends its side by itself. */
  constructor(world: ProductionWeb, isStubborn = false) {
    this.socket = connect({ port: world.port, host: '127.0.0.1', allowHalfOpen: isStubborn });
    this.socket.setNoDelay(true);
    world.join(this.socket);
    this.socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      world.changed();
    });
    this.socket.on('end', () => {
      this.hasEnded = true;
      world.changed();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
      world.changed();
    });
  }

  /** Everything that came. */
  get bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** As Latin-1, so that a byte is a character. */
  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** What came after the first empty line. */
  get afterHead(): Buffer {
    const { bytes } = this;
    const end = bytes.indexOf('\r\n\r\n');
    return end === -1 ? Buffer.alloc(0) : bytes.subarray(end + 4);
  }

  /** How many bytes came. */
  get size(): number {
    return this.socket.bytesRead;
  }

  say(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }
}

/** A handshake as browsers send it, with further lines. */
export function handshake(path = '/ws', ...lines: readonly string[]): string {
  const head = [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
  ];
  return `${head.join('\r\n')}\r\n\r\n`;
}

/** Opens a WebSocket whose further bytes are the test's own. */
export async function openRaw(
  world: ProductionWeb,
  ...lines: readonly string[]
): Promise<{ readonly client: RawClient; readonly connection: ConnectionId }> {
  const client = new RawClient(world);
  const before = world.asked.length;
  client.say(handshake('/ws', ...lines));
  const { connection } = await nextUpgrade(world, before);
  world.turn(accept(connection));
  await world.until('the handshake is done', () => client.text.startsWith(SWITCHED));
  return { client, connection };
}

/** A client's frame. */
export function frame(
  opcode: Opcode,
  payload: string | Uint8Array = '',
  options: { readonly fin?: boolean; readonly rsv1?: boolean } = {},
): Uint8Array {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return encodeFrame(opcode, bytes, { ...options, mask });
}

/** A client's close frame with a body as it is given. */
export function closeFrame(code: number, reason: string | Uint8Array = ''): Uint8Array {
  const text = typeof reason === 'string' ? Buffer.from(reason) : reason;
  return frame('close', Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]));
}

/** The close frame that a server sends. */
export function serverClose(code: number, reason: string): Buffer {
  const body = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
  return Buffer.concat([Buffer.from([0x88, body.byteLength]), body]);
}
