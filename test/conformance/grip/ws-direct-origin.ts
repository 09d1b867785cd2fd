// An origin with WebSockets of its own, as a case plays it, frame by frame. Its frames are written and read here, apart
// from src/: a gateway is a client to it, and must mask.

import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';

import { frame, opcodes, type ServerFrame } from '../frames.ts';
import type { Gateway, Item } from './gateway.ts';
import type { HeaderLines } from './http-client.ts';
import type { Asked } from './origin.ts';
import type { Opening, SocketClient } from './web-socket.ts';
import { BARE, closeBody } from './ws-origin.ts';

/** The gateway's WebSocket, at the origin. */
export class DirectSocket {
  readonly asked: Asked;
  readonly #socket: Socket;
  readonly frames: ServerFrame[] = [];
  hasEnded = false;
  #unread: Buffer;
  #read = 0;
  #waiting: (() => void)[] = [];

  constructor(asked: Asked) {
    this.asked = asked;
    this.#socket = asked.socket;
    this.#unread = asked.upgradeHead ?? Buffer.alloc(0);
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#socket.on('end', () => this.#end());
    this.#socket.on('close', () => this.#end());
  }

  /** Bytes as they are. */
  say(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  accept(headers: HeaderLines = {}): void {
    const key = this.asked.header('sec-websocket-key') ?? '';
    const proof = createHash('sha1')
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const lines = Object.entries({
      ...{ Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': proof },
      ...headers,
    }).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\r\n`));
    this.say(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
  }

  send(
    opcode: keyof typeof opcodes,
    payload: string | Uint8Array = '',
    options: { readonly fin?: boolean } = {},
  ): void {
    this.say(frame(opcode, payload, { ...options, masked: false }));
  }

  text(content: string): void {
    this.send('text', content);
  }

  close(code: number, reason = ''): void {
    this.send('close', closeBody(code, reason));
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** The next frame. */
  async nextFrame(): Promise<ServerFrame> {
    await this.#until('another frame', () => this.frames.length > this.#read);
    this.#read += 1;
    return this.frames[this.#read - 1] as ServerFrame;
  }

  /** The next message or control frame: its kind and content, as Latin-1. Fragments are joined. */
  async next(): Promise<string> {
    const first = await this.nextFrame();
    const { opcode } = first;
    let { isLast, payload } = first;
    while (!isLast) {
      const more = await this.nextFrame();
      if (more.opcode !== opcodes.continuation) throw new Error('a message breaks off');
      payload = Buffer.concat([payload, more.payload]);
      isLast = more.isLast;
    }
    const name = Object.entries(opcodes).find(([, number]) => number === opcode)?.[0];
    if (opcode === opcodes.close && payload.length > 1)
      return `close ${payload.readUInt16BE(0)} ${payload.toString('latin1', 2)}`;
    return `${name} ${payload.toString('latin1')}`;
  }

  async ended(): Promise<void> {
    while (!this.hasEnded) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    this.#hear(Buffer.alloc(0));
    while (!isThere()) {
      if (this.hasEnded) throw new Error(`the origin's connection ended before ${what}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #hear(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const bytes = this.#unread;
      if (bytes.length < 2) break;
      const short = bytes.readUInt8(1) & 0x7f;
      const from = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
      if (bytes.length < from + 4) break;
      if ((bytes.readUInt8(1) & 0x80) === 0)
        throw new Error('a frame of the gateway is not masked');
      const size = from === 2 ? short : from === 4 ? bytes.readUInt16BE(2) : bytes.readUIntBE(4, 6);
      if (bytes.length < from + 4 + size) break;
      const mask = bytes.subarray(from, from + 4);
      const payload = Buffer.from(bytes.subarray(from + 4, from + 4 + size));
      for (let at = 0; at < size; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
      const first = bytes.readUInt8(0);
      this.frames.push({
        isLast: (first & 0x80) !== 0,
        reserved: first & 0x70,
        opcode: first & 0x0f,
        payload,
      });
      this.#unread = bytes.subarray(from + 4 + size);
    }
    this.#wake();
  }

  #end(): void {
    this.hasEnded = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export class DirectOrigin {
  readonly #sockets: DirectSocket[] = [];
  #waiting: (() => void)[] = [];

  constructor(gateway: Gateway) {
    gateway.plays((asked) => {
      const socket = new DirectSocket(asked);
      gateway.onLeaving(() => socket.cut());
      this.#sockets.push(socket);
      for (const wake of this.#waiting.splice(0)) wake();
      return undefined;
    });
  }

  async next(): Promise<DirectSocket> {
    for (;;) {
      const socket = this.#sockets.shift();
      if (socket !== undefined) return socket;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

export interface Direct {
  readonly origin: DirectSocket;
  readonly client: SocketClient;
}

/** A client whose direct origin has accepted it. */
export async function directOpened(
  gateway: Gateway,
  {
    host = 'direct.test',
    path = '',
    with: headers = BARE,
    ...opening
  }: Opening & {
    readonly host?: string;
    readonly path?: string;
    readonly with?: HeaderLines;
  } = {},
): Promise<Direct> {
  const origins = new DirectOrigin(gateway);
  const coming = gateway.socket(path, { host, ...opening });
  coming.catch(() => {});
  const origin = await origins.next();
  origin.accept(headers);
  return { origin, client: await coming };
}

/** An instruction as a direct origin sends it. */
export const instruction = (type: string, members: Item = {}): string =>
  `c:${JSON.stringify({ type, ...members })}`;
