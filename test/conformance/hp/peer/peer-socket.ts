// One connection to or from a node, as another node has it: says exactly the bytes it is given, and reads lines. Knows the
// envelope and nothing of what may come when; written apart from src/.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';

export interface PeerLine {
  readonly version: string;
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
  readonly source: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** When it came, by performance.now(). */
  readonly at: number;
}

type Is = (line: PeerLine) => boolean;

export class PeerSocket {
  readonly socket: Socket;
  /** Every line as it came. */
  readonly texts: string[] = [];
  /** Lines that nobody has asked for yet. */
  readonly lines: PeerLine[] = [];
  /** Hears each line as it comes. */
  attend: (line: PeerLine) => void = () => {};
  #rest = '';
  #said = 0;
  #hasEnded = false;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#hear(text));
    // A reset is an end as any other: the bytes before it are what is judged.
    socket.on('error', () => {});
    for (const end of ['end', 'close'] as const)
      socket.on(end, () => {
        this.#hasEnded = true;
        this.#wake();
      });
  }

  static call(host: string, port: number): PeerSocket {
    return new PeerSocket(connect({ host, port, allowHalfOpen: true }));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  raw(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  say(type: string, payload: object = {}, others: object = {}): void {
    this.#said += 1;
    this.raw(peerLine(type, payload, { id: `p${this.#said}`, ...others }));
  }

  /** The first line that nobody has asked for, whatever it is. */
  async first(withinMs = 3_000): Promise<PeerLine> {
    await this.#until(() => this.lines.length > 0, withinMs);
    const line = this.lines.shift();
    assert.ok(
      line !== undefined,
      `no line within ${withinMs} ms${this.#hasEnded ? ': it ended' : ''}`,
    );
    return line;
  }

  /** The first line of this type that is so; those before it stay. */
  async next(type: string, is: Is = () => true, withinMs = 3_000): Promise<PeerLine> {
    const find = (): number => this.lines.findIndex((line) => line.type === type && is(line));
    await this.#until(() => find() >= 0, withinMs);
    const at = find();
    const [line] = at < 0 ? [] : this.lines.splice(at, 1);
    assert.ok(
      line !== undefined,
      `no such ${type} within ${withinMs} ms${this.#hasEnded ? `: it ended, ${this.#lastWords()}` : ''}`,
    );
    return line;
  }

  /** The next error has this code, and is the last that is said. */
  async refused(code: string, withinMs = 3_000): Promise<PeerLine['payload']> {
    const { payload } = await this.next('ERROR', () => true, withinMs);
    assert.equal(payload['code'], code);
    assert.equal(payload['fatal'], true);
    await this.ended();
    assert.ok(this.#lastWords().includes('"type":"ERROR"'), 'something was said after the error');
    return payload;
  }

  async ended(withinMs = 3_000): Promise<void> {
    await this.#until(() => this.#hasEnded, withinMs);
    assert.ok(this.#hasEnded, `it did not end within ${withinMs} ms`);
  }

  #lastWords(): string {
    return this.texts.at(-1) ?? 'nothing';
  }

  #hear(text: string): void {
    const at = performance.now();
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      this.texts.push(line);
      const value = read(line, at);
      this.lines.push(value);
      this.attend(value);
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #until(isThere: () => boolean, withinMs: number): Promise<void> {
    const until = performance.now() + withinMs;
    while (!isThere() && !this.#hasEnded && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.max(1, until - performance.now()));
        this.#waiting.add(wake);
      });
    }
  }
}

/** What is no message has a type that no case waits for. */
function read(line: string, at: number): PeerLine {
  const nothing = { version: '', type: 'no message', id: '', timestamp: 0, source: '' };
  try {
    const value = JSON.parse(line) as Partial<PeerLine>;
    if (typeof value.payload === 'object') return { ...nothing, payload: {}, ...value, at };
  } catch {
    // Judged by whoever reads it.
  }
  return { ...nothing, payload: {}, at };
}

export function peerLine(type: string, payload: object = {}, others: object = {}): string {
  const timestamp = Math.floor(Date.now() / 1_000);
  const envelope = { version: '1.0', type, id: 'p', timestamp, source: 'server' };
  return `${JSON.stringify({ ...envelope, ...others, payload })}\n`;
}
