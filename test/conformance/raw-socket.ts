// A client that says exactly the bytes it is given, and keeps what it hears.

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { FrameReader, type ServerFrame } from './frames.ts';

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

export class RawSocket {
  readonly socket: Socket;
  /** The frames after the answer to the handshake. */
  readonly frames: ServerFrame[] = [];
  readonly #reader = new FrameReader();
  readonly #chunks: Buffer[] = [];
  #headLength = -1;
  #isOpen = false;
  #hasEnded = false;
  #broken: Error | undefined = undefined;
  #changed: () => void = () => {};

  constructor(url: URL, isSecure = url.protocol === 'wss:') {
    const place = placeOf(url);
    this.socket = isSecure ? connectTls(place) : connect({ ...place, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    // A reset after the close frame is an end as any other: the bytes before it are what is judged.
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.#end());
    this.socket.on('close', () => this.#end());
  }

  /** Everything that came, as Latin-1: a byte is a character. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** What came up to the first empty line, without it; undefined before that. */
  get head(): string | undefined {
    return this.#headLength === -1 ? undefined : this.text.slice(0, this.#headLength);
  }

  say(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Waits for what `isThere` looks for; the end of the connection before it is a failure. */
  async until(what: string, isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#hasEnded) throw new Error(`the connection ended before ${what}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** The head of the answer to whatever was said. */
  async answered(): Promise<string> {
    await this.until('an answer', () => this.#headLength !== -1);
    return `${this.head}\r\n`;
  }

  async ended(): Promise<void> {
    await this.until('its end', () => this.#hasEnded);
  }

  #hear(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#isOpen) this.#read(chunk);
    else if (this.#headLength === -1) {
      const all = Buffer.concat(this.#chunks);
      this.#headLength = all.indexOf('\r\n\r\n');
      this.#isOpen = this.head?.startsWith('HTTP/1.1 101 ') === true;
      if (this.#isOpen) this.#read(all.subarray(this.#headLength + 4));
    }
    this.#changed();
  }

  #read(chunk: Buffer): void {
    try {
      this.frames.push(...this.#reader.read(chunk));
    } catch (error) {
      this.#broken = error as Error;
    }
  }

  #end(): void {
    this.#hasEnded = true;
    this.#changed();
  }
}

/** Where a URL leads, for sockets; a server is called by its name only when it has one. */
export function placeOf({ hostname, port, protocol }: URL): {
  host: string;
  port: number;
  servername?: string;
} {
  const usual = protocol === 'wss:' ? 443 : 80;
  const host = hostname.replaceAll(/[[\]]/g, '');
  const place = { host, port: port === '' ? usual : Number(port) };
  return isIP(host) === 0 ? { ...place, servername: host } : place;
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
