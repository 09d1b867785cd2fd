// A WebSocket client of the `ws` package whose messages are taken one by one. Refuses to know what they say.

import { WebSocket } from 'ws';

const PATIENCE_MS = 15_000;

export class Socket {
  readonly socket: WebSocket;
  /** The code with which it ended. */
  readonly closed: Promise<number>;
  readonly #messages: string[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code) => resolve(code));
    });
    socket.on('message', (data: Buffer, isBinary) => {
      this.#messages.push(data.toString(isBinary ? 'latin1' : 'utf8'));
      this.#wake();
    });
  }

  static open(url: string, host?: string): Promise<Socket> {
    const headers = host === undefined ? {} : { Host: host };
    const socket = new WebSocket(url, { headers });
    const opened = new Socket(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(opened));
      socket.on('error', reject);
    });
  }

  say(text: string): void {
    this.socket.send(text);
  }

  /** The next message; one byte is one letter of binary ones. */
  async next(): Promise<string> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`no message within ${PATIENCE_MS} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async nextBut(unwanted: string): Promise<string> {
    for (;;) {
      const message = await this.next();
      if (message !== unwanted) return message;
    }
  }
}
