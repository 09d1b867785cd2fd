// A client that says exactly the bytes it is given, and reads lines. Knows the envelope and nothing else of HP.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';

export interface HpLine {
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** [HP-HOME-8] A home that is new may wait three seconds before it answers. */
const ANSWER_MS = 5_000;

export class HpSocket {
  readonly socket: Socket;
  /** Every line as it came. */
  readonly texts: string[] = [];
  readonly #lines: HpLine[] = [];
  #rest = '';
  #hasEnded = false;
  #changed: () => void = () => {};
  #asked = 0;

  constructor(host: string, port: number) {
    this.socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => this.#hear(text));
    // A reset is an end as any other: the bytes before it are what is judged.
    this.socket.on('error', () => {});
    for (const end of ['end', 'close'] as const)
      this.socket.on(end, () => {
        this.#hasEnded = true;
        this.#changed();
      });
  }

  /** Bytes as they are. */
  raw(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** A message in the strict envelope; its id is returned. */
  say(type: string, payload: object = {}, id?: string): string {
    this.#asked += 1;
    const own = id ?? `c${this.#asked}`;
    this.raw(message(type, own, payload));
    return own;
  }

  /** The next line; heartbeats are passed over, and what the server says of its own state. */
  async next(withinMs = ANSWER_MS): Promise<HpLine> {
    const line = await this.peek(withinMs);
    assert.ok(
      line !== undefined,
      `no line within ${withinMs} ms${this.#hasEnded ? ': it ended' : ''}`,
    );
    this.#lines.shift();
    return line;
  }

  async peek(withinMs: number): Promise<HpLine | undefined> {
    await this.#until(() => this.#lines.length > 0, withinMs);
    return this.#lines[0];
  }

  /** Says a message and gives its answer, which must be the next line. */
  async ask(type: string, payload: object = {}, id?: string): Promise<HpLine> {
    const own = this.say(type, payload, id);
    const line = await this.next();
    assert.equal(line.payload['ref'], own, `${line.type} answers ${String(line.payload['ref'])}`);
    return line;
  }

  /** The next line must be an error of this code. */
  async refused(code: string): Promise<HpLine['payload']> {
    const { type, payload } = await this.next();
    assert.deepEqual([type, payload['code']], ['ERROR', code]);
    return payload;
  }

  /** Nothing is heard for a moment: what was said before is answered, so a ping shows it without waiting. */
  async hearsNothing(): Promise<void> {
    const own = this.say('PING');
    const line = await this.next();
    assert.deepEqual([line.type, line.payload['ref']], ['PONG', own]);
  }

  async ended(withinMs = 3_000): Promise<void> {
    await this.#until(() => this.#hasEnded, withinMs);
    assert.ok(this.#hasEnded, `it did not end within ${withinMs} ms`);
  }

  finish(): void {
    this.socket.end();
  }

  /** As a cable that is pulled and put in again: the server is told by a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      this.texts.push(line);
      const value = read(line);
      if (value.type !== 'PING' && value.type !== 'NOTICE') this.#lines.push(value);
    }
    this.#changed();
  }

  async #until(isThere: () => boolean, withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (!isThere() && !(this.#hasEnded && this.#rest === '') && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, until - performance.now()));
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** What is no message has a type that no case waits for. */
function read(line: string): HpLine {
  try {
    const value = JSON.parse(line) as Partial<HpLine>;
    if (value.payload !== undefined) return value as HpLine;
  } catch {
    // Judged by whoever reads it.
  }
  return { type: 'no message', id: '', timestamp: 0, payload: {} };
}

export function message(
  type: string,
  id: string,
  payload: object = {},
  others: object = {},
): string {
  const envelope = { version: '1.0', type, id, timestamp: 1_700_000_000, source: 'client' };
  return `${JSON.stringify({ ...envelope, payload, ...others })}\n`;
}
