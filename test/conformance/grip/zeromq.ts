// The least of ZMTP 3.0 (RFC 23) that a publisher, an asker and a listener need, over tcp:// and ipc:// addresses that
// the other side has bound. Written here so that the suite needs no native module, and apart from src/.

import { connect, type Socket } from 'node:net';

export type ZmqKind = 'PUSH' | 'PUB' | 'XPUB' | 'REQ' | 'SUB' | 'DEALER';
export type ZmqMessage = readonly Buffer[];

const GREETING = Buffer.concat([
  Buffer.from('ff00000000000000017f0300', 'hex'),
  Buffer.from('NULL'),
  Buffer.alloc(48),
]);

export class ZmqSocket {
  readonly #kind: ZmqKind;
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #isGreeted = false;
  #isReady = false;
  #hasEnded = false;
  #parts: Buffer[] = [];
  readonly #messages: Buffer[][] = [];
  /** Topics that the other side has asked of a publisher. */
  readonly topics = new Set<string>();
  #waiting: (() => void)[] = [];

  constructor(kind: ZmqKind, address: string) {
    this.#kind = kind;
    this.#socket = connect(placeOf(address));
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#hasEnded = true;
      this.#tell();
    });
    this.#socket.write(GREETING);
  }

  async ready(): Promise<this> {
    await this.#until(() => this.#isReady || undefined);
    return this;
  }

  send(...frames: readonly (string | Uint8Array)[]): void {
    const all = this.#kind === 'REQ' ? ['', ...frames] : frames;
    for (const [at, frame] of all.entries())
      this.#socket.write(frameOf(Buffer.from(frame as string), at + 1 < all.length ? 1 : 0));
  }

  subscribe(prefix: string): void {
    this.#socket.write(frameOf(Buffer.from(`\u0001${prefix}`), 0));
  }

  /** The next message, without the empty frame before a reply. */
  async next(): Promise<ZmqMessage> {
    const message = await this.#until(() => this.#messages.shift());
    return this.#kind === 'REQ' ? message.slice(1) : message;
  }

  /** Waits until the other side has subscribed to a topic, or no longer has. */
  async followed(topic: string, isFollowed = true): Promise<void> {
    await this.#until(() => this.topics.has(topic) === isFollowed || undefined);
  }

  leave(): void {
    this.#socket.destroy();
  }

  #hear(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#isGreeted) {
      if (this.#unread.length < 64) return;
      this.#unread = this.#unread.subarray(64);
      this.#isGreeted = true;
      this.#socket.write(readyOf(this.#kind));
    }
    for (;;) {
      const frame = readFrame(this.#unread);
      if (frame === undefined) break;
      this.#unread = this.#unread.subarray(frame.length);
      if ((frame.flags & 4) !== 0) this.#isReady = true;
      else this.#take(frame.body, (frame.flags & 1) !== 0);
    }
    this.#tell();
  }

  #take(body: Buffer, isMore: boolean): void {
    if (this.#kind === 'PUB' || this.#kind === 'XPUB') {
      const topic = body.subarray(1).toString();
      if (body[0] === 1) this.topics.add(topic);
      else this.topics.delete(topic);
      return;
    }
    this.#parts.push(Buffer.from(body));
    if (isMore) return;
    this.#messages.push(this.#parts);
    this.#parts = [];
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const seen = look();
      if (seen !== undefined) return seen;
      if (this.#hasEnded) throw new Error('the ZeroMQ connection ended');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #tell(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function placeOf(address: string): { host: string; port: number } | { path: string } {
  const [, kind, rest = ''] = /^(tcp|ipc):\/\/(.+)$/.exec(address) ?? [];
  if (kind === 'ipc') return { path: rest };
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(rest) ?? [];
  return { host, port: Number(port) };
}

function frameOf(body: Buffer, flags: number): Buffer {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

function readyOf(kind: ZmqKind): Buffer {
  const property = (name: string, value: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return Buffer.concat([
      Buffer.from([name.length]),
      Buffer.from(name),
      length,
      Buffer.from(value),
    ]);
  };
  const body = [
    Buffer.from('\u0005READY'),
    property('Socket-Type', kind),
    property('Identity', ''),
  ];
  return frameOf(Buffer.concat(body), 4);
}

function readFrame(bytes: Buffer): { flags: number; body: Buffer; length: number } | undefined {
  const [flags] = bytes;
  if (flags === undefined || bytes.length < 2) return undefined;
  const isLong = (flags & 2) !== 0;
  if (isLong && bytes.length < 9) return undefined;
  const size = isLong ? Number(bytes.readBigUInt64BE(1)) : (bytes[1] ?? 0);
  const length = (isLong ? 9 : 2) + size;
  if (bytes.length < length) return undefined;
  return { flags, body: bytes.subarray(length - size, length), length };
}
