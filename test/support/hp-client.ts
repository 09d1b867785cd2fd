// A chat client on a stage: says messages and lines, and keeps what it heard as messages.

import type { TcpOpened } from '../../src/actors/runtime/tcp/tcp-edges.ts';
import type { WebClient } from './staged-web.ts';

/** Where clients come in: a stage, or one node of a cluster. */
export interface ClientStage {
  tcp(shard: number, peer: Partial<TcpOpened>): WebClient;
  until(condition: () => boolean): unknown;
  settle(): void;
}

export interface HpLine {
  readonly version: string;
  readonly type: string;
  readonly id: string;
  readonly timestamp: number;
  readonly source: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export class HpClient {
  readonly wire: WebClient;
  /** From LOGIN_OK. */
  token = '';
  readonly #lines: HpLine[] = [];
  #said = 0;

  constructor(stage: ClientStage, shard = 0, peer: Partial<TcpOpened> = {}) {
    this.wire = stage.tcp(shard, peer);
    stage.until(() => this.wire.owner !== undefined || this.wire.closed !== undefined);
  }

  /** A client that has logged in, and has taken the answer. */
  static in(stage: ClientStage, user: string, shard = 0, payload: object = {}): HpClient {
    const client = new HpClient(stage, shard);
    client.ask('LOGIN', { user, ...payload });
    stage.settle();
    const answer = client.next();
    if (answer?.type !== 'LOGIN_OK') throw new Error(`${user}: ${JSON.stringify(answer)}`);
    client.token = (answer.payload['resume'] as { token: string }).token;
    return client;
  }

  get isClosed(): boolean {
    return this.wire.closed !== undefined;
  }

  /** Says bytes as they are. */
  raw(text: string | Uint8Array): void {
    this.wire.say(text);
  }

  /** Says a message; the id is returned. */
  ask(type: string, payload: object = {}, id?: string): string {
    this.#said += 1;
    const own = id ?? `q${this.#said}`;
    this.raw(line(type, own, payload));
    return own;
  }

  next(): HpLine | undefined {
    this.#hear();
    return this.#lines.shift();
  }

  /** Everything that came since. */
  take(): HpLine[] {
    this.#hear();
    return this.#lines.splice(0);
  }

  /** Types and what matters of their payloads. */
  told(): string[] {
    return this.take().map(({ type, payload }) => {
      const words = ['code', 'status', 'event', 'user', 'from', 'body', 'seq']
        .map((key) => payload[key])
        .filter((word) => typeof word === 'string' || typeof word === 'number');
      return [type, ...words].join(' ');
    });
  }

  #hear(): void {
    const text = this.wire.take().join('');
    if (text === '') return;
    if (!text.endsWith('\n')) throw new Error(`half a line: ${text}`);
    for (const one of text.slice(0, -1).split('\n')) this.#lines.push(JSON.parse(one) as HpLine);
  }
}

export function line(type: string, id: string, payload: object = {}): string {
  const envelope = { version: '1.0', type, id, timestamp: 1_700_000_000, source: 'client' };
  return `${JSON.stringify({ ...envelope, payload })}\n`;
}
