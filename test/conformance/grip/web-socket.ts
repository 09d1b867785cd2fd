// A WebSocket client for cases: messages, pings, pongs and the end, in the order in which they came. Through the `ws`
// package, which is strict about what a server may send.

import { type RawData, WebSocket } from 'ws';

import type { HeaderLines } from './http-client.ts';

export type Heard =
  | { readonly kind: 'text' | 'binary' | 'ping' | 'pong'; readonly data: string }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

export interface Opening {
  readonly headers?: HeaderLines;
  readonly protocols?: readonly string[];
  readonly isDeflating?: boolean;
  readonly answersPings?: boolean;
}

/** What a handshake that is not taken is answered. */
export class Refused extends Error {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;

  constructor(
    status: number,
    reason: string,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: string,
  ) {
    super(`the handshake was answered ${status} ${body}`);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
    this.body = body;
  }
}

export class SocketClient {
  readonly socket: WebSocket;
  /** The head of the 101. */
  headers: Readonly<Record<string, string | string[] | undefined>> = {};
  readonly heard: Heard[] = [];
  #read = 0;
  #waiting: (() => void)[] = [];

  private constructor(
    url: string,
    { headers = {}, protocols = [], isDeflating = false, answersPings = false }: Opening,
  ) {
    this.socket = new WebSocket(url, [...protocols], {
      headers: headers as Record<string, string>,
      perMessageDeflate: isDeflating,
      autoPong: answersPings,
      rejectUnauthorized: false,
    });
    this.socket.on('upgrade', (response) => {
      this.headers = response.headers;
    });
    const text = (data: RawData): string => bufferOf(data).toString('latin1');
    this.socket.on('message', (data, isBinary) => {
      this.#hear(
        isBinary
          ? { kind: 'binary', data: text(data) }
          : { kind: 'text', data: bufferOf(data).toString('utf8') },
      );
    });
    this.socket.on('ping', (data) => this.#hear({ kind: 'ping', data: text(data) }));
    this.socket.on('pong', (data) => this.#hear({ kind: 'pong', data: text(data) }));
    this.socket.on('close', (code, reason) => {
      this.#hear({ kind: 'close', code, reason: reason.toString() });
    });
    this.socket.on('error', () => {});
  }

  /** Rejects with `Refused` where the answer is not 101. */
  static async open(url: string, opening: Opening = {}): Promise<SocketClient> {
    const client = new SocketClient(url, opening);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
      client.socket.once('unexpected-response', (_, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0, statusMessage = '', headers } = response;
          const body = Buffer.concat(chunks).toString();
          reject(new Refused(statusCode, statusMessage, headers, body));
        });
      });
    });
    return client;
  }

  /** The next thing that came. A connection that is cut is a close with 1006. */
  async next(): Promise<Heard> {
    for (;;) {
      const heard = this.heard[this.#read];
      if (heard !== undefined) {
        this.#read += 1;
        return heard;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The next message, which must be text. */
  async nextText(): Promise<string> {
    const heard = await this.next();
    if (heard.kind !== 'text') throw new Error(`heard ${JSON.stringify(heard)} instead of text`);
    return heard.data;
  }

  /** Passes over everything up to the close. */
  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    for (;;) {
      const heard = await this.next();
      if (heard.kind === 'close') return heard;
    }
  }

  leave(): void {
    this.socket.terminate();
  }

  #hear(heard: Heard): void {
    this.heard.push(heard);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function bufferOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
