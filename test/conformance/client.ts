// A WebSocket client of a case: requests and their answers over whatever end it was given. Reads every server's JSON,
// and promises nothing about it.

import type { Closed, WebSocketEnd } from './door.ts';

export type Json = Record<string, unknown>;

export class Client {
  readonly end: WebSocketEnd;

  constructor(end: WebSocketEnd) {
    this.end = end;
  }

  /** A text or bytes as they are, anything else as JSON. */
  send(message: unknown): void {
    const isRaw = typeof message === 'string' || message instanceof Uint8Array;
    this.end.send(isRaw ? message : JSON.stringify(message));
  }

  next(): Promise<string> {
    return this.end.next();
  }

  async nextJson(): Promise<Json> {
    const text = await this.next();
    try {
      return JSON.parse(text) as Json;
    } catch {
      throw new Error(`expected JSON, got ${text}`);
    }
  }

  /** Sends, and reads one message as JSON. */
  ask(message: unknown): Promise<Json> {
    this.send(message);
    return this.nextJson();
  }

  subscribe(topic: string, options: object = {}): Promise<Json> {
    return this.ask({ type: 'subscribe', topic, ...options });
  }

  unsubscribe(topic: string): Promise<Json> {
    return this.ask({ type: 'unsubscribe', topic });
  }

  /** Publishes with an ack, so that it is known to have its place. */
  publish(topic: string, data: unknown, options: object = {}): Promise<Json> {
    return this.ask({ topic, data, ack: true, ...options });
  }

  info(topic: string): Promise<Json> {
    return this.ask({ type: 'topic_info', topic });
  }

  /**
   * Everything that was published to `topic` before: asks its home twice, because what comes while the first answer
   * is awaited is written behind it.
   */
  async drain(topic: string): Promise<string[]> {
    const texts: string[] = [];
    for (let answers = 0; answers < 2; answers += 1) {
      this.send({ type: 'topic_info', topic });
      let text = await this.next();
      while (!text.startsWith('{"type":"topic_info"')) {
        texts.push(text);
        text = await this.next();
      }
    }
    return texts;
  }

  close(code?: number, reason?: string): Promise<Closed> {
    this.end.close(code, reason);
    return this.end.ended();
  }
}
