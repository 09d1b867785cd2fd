// A WebSocket client for black-box tests, on the `ws` package: what came in is queued, and waited for in order.

import { WebSocket } from 'ws';

const DEADLINE_MS = 10_000;

export class WsClient {
  readonly socket: WebSocket;
  readonly #frames: string[] = [];
  readonly #waiting: ((frame: string | undefined) => void)[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (payload: Buffer) => {
      const text = payload.toString();
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(text);
      else waiting(text);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        for (const waiting of this.#waiting.splice(0)) waiting(undefined);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Opens; frames that come with the handshake's answer are not lost. */
  static async open(
    url: string,
    options: WebSocket.ClientOptions & { protocols?: string[] } = {},
  ): Promise<WsClient> {
    const client = new WsClient(new WebSocket(url, options.protocols ?? [], options));
    await new Promise<void>((resolve, reject) => {
      client.socket.once('open', () => resolve());
      client.socket.once('error', reject);
    });
    client.socket.on('error', () => {
      // The close event tells what became of it.
    });
    return client;
  }

  send(message: unknown): void {
    this.socket.send(
      typeof message === 'string' || message instanceof Uint8Array
        ? message
        : JSON.stringify(message),
    );
  }

  /** The next frame's text. */
  next(): Promise<string> {
    const queued = this.#frames.shift();
    if (queued !== undefined) return Promise.resolve(queued);
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error('no frame came in time')), DEADLINE_MS);
      this.#waiting.push((frame) => {
        clearTimeout(deadline);
        if (frame === undefined) reject(new Error('the connection closed before a frame came'));
        else resolve(frame);
      });
    });
  }

  async nextJson(): Promise<unknown> {
    return JSON.parse(await this.next());
  }

  /**
   * Everything that was published to `topic` before: asks its home twice, because what comes while the first answer
   * is awaited is written behind it.
   */
  async drain(topic: string): Promise<string[]> {
    const frames: string[] = [];
    for (let answers = 0; answers < 2; answers += 1) {
      this.send({ type: 'topic_info', topic });
      let frame = await this.next();
      while (!frame.startsWith('{"type":"topic_info"')) {
        frames.push(frame);
        frame = await this.next();
      }
    }
    return frames;
  }

  async subscribe(topic: string, options: object = {}): Promise<Record<string, unknown>> {
    this.send({ type: 'subscribe', topic, ...options });
    return (await this.nextJson()) as Record<string, unknown>;
  }

  /** Publishes with an ack, so that it is known to have its place. */
  async publish(
    topic: string,
    data: unknown,
    options: object = {},
  ): Promise<Record<string, unknown>> {
    this.send({ topic, data, ack: true, ...options });
    return (await this.nextJson()) as Record<string, unknown>;
  }

  close(): Promise<unknown> {
    this.socket.close();
    return this.closed;
  }
}
