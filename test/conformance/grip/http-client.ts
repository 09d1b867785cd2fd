// An HTTP client that says exactly what it is given, one connection after the other or several requests on one, and
// hears answers piece by piece. Knows nothing of GRIP.

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { AnswerReader, type Head, valuesIn } from './http-answer.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
  /** TLS, with any certificate, asking for this name. */
  readonly serverName?: string;
}

export type HeaderLines = Readonly<Record<string, string | readonly string[]>>;

/** Several tasks may wait for something to change. */
class Change {
  #waiting: (() => void)[] = [];

  tell(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const seen = look();
      if (seen !== undefined) return seen;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

export class Connection {
  readonly socket: Socket;
  readonly #answers: Answer[] = [];
  readonly #change = new Change();
  #unread: Buffer = Buffer.alloc(0);
  #hasEnded = false;

  constructor({ host, port, serverName }: Place) {
    this.socket =
      serverName === undefined
        ? connect({ host, port, noDelay: true })
        : connectTls({ host, port, servername: serverName, rejectUnauthorized: false });
    this.socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.socket.on('error', () => this.#end());
    this.socket.on('end', () => this.#end());
    this.socket.on('close', () => this.#end());
  }

  say(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The answer that comes next on this connection; `method` says whether it may have a body. */
  answer(method = 'GET'): Answer {
    const answer = new Answer(new AnswerReader(method), this.#change);
    this.#answers.push(answer);
    this.#hear(Buffer.alloc(0));
    if (this.#hasEnded) this.#end();
    return answer;
  }

  /** Bytes that belong to no answer. */
  get unread(): Buffer {
    return this.#unread;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async ended(): Promise<void> {
    await this.#change.until(() => this.#hasEnded || undefined);
  }

  leave(): void {
    this.socket.destroy();
  }

  #hear(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length > 0) {
      const answer = this.#answers.find(({ reader }) => !reader.isWhole && !reader.isBroken);
      if (answer === undefined) break;
      const bytes = this.#unread;
      this.#unread = Buffer.alloc(0);
      try {
        this.#unread = answer.reader.read(bytes);
      } catch (error) {
        answer.failure = error as Error;
        break;
      }
    }
    this.#change.tell();
  }

  #end(): void {
    this.#hasEnded = true;
    for (const { reader } of this.#answers) reader.end();
    this.#change.tell();
  }
}

export interface WholeAnswer extends Head {
  readonly body: string;
  readonly bytes: Buffer;
  readonly chunks: readonly number[];
  header(name: string): string | undefined;
  all(name: string): string[];
}

/** An answer while it arrives. */
export class Answer {
  readonly reader: AnswerReader;
  failure: Error | undefined = undefined;
  readonly #change: Change;

  constructor(reader: AnswerReader, change: Change) {
    this.reader = reader;
    this.#change = change;
  }

  /** What has come of the body, as Latin-1. */
  get text(): string {
    return this.reader.body.toString('latin1');
  }

  get isOver(): boolean {
    return this.reader.isWhole || this.reader.isBroken || this.failure !== undefined;
  }

  head(): Promise<WholeAnswer> {
    const isThere = (): boolean => this.reader.head !== undefined;
    return quiet(this.#until('its head', isThere).then(() => this.#sofar()));
  }

  /** Waits until the body is at least so; gives the body so far. */
  until(wanted: string | ((body: string) => boolean)): Promise<string> {
    const isThere =
      typeof wanted === 'string' ? () => this.text.includes(wanted) : () => wanted(this.text);
    const what = `its body had ${String(wanted)}; it was ${this.#brief()}`;
    return quiet(this.#until(what, isThere).then(() => this.text));
  }

  /** The whole answer; one that breaks off is a failure. */
  whole(): Promise<WholeAnswer> {
    const isThere = (): boolean => this.reader.isWhole;
    return quiet(this.#until('its whole', isThere).then(() => this.#sofar()));
  }

  /** Waits for the end of the connection in the middle of the answer. */
  async broken(): Promise<void> {
    await this.#change.until(() => this.isOver || undefined);
    if (this.failure !== undefined) throw this.failure;
    if (!this.reader.isBroken) throw new Error('the answer ended as if it were whole');
  }

  /** Waits for whatever end. */
  async over(): Promise<void> {
    await this.#change.until(() => this.isOver || undefined);
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    await this.#change.until(() => {
      if (isThere()) return true;
      if (this.failure !== undefined) throw this.failure;
      if (this.reader.isBroken) throw new Error(`the connection ended before ${what}`);
      if (this.reader.isWhole) throw new Error(`the answer ended before ${what}`);
      return undefined;
    });
  }

  #brief(): string {
    return JSON.stringify(this.text.slice(-120));
  }

  #sofar(): WholeAnswer {
    const { head, body, chunks } = this.reader;
    if (head === undefined) throw new Error('there is no head');
    return {
      ...head,
      body: body.toString('utf8'),
      bytes: body,
      chunks,
      header: (name) => valuesIn(head, name)[0],
      all: (name) => valuesIn(head, name),
    };
  }
}

/** A case that has failed elsewhere no longer waits for this, and nobody else need hear of it. */
export function quiet<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** The bytes of a request; a header of several values has a line for each. */
export function requestText(
  method: string,
  target: string,
  headers: HeaderLines,
  version = 'HTTP/1.1',
): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}: ${each}`),
  );
  return [`${method} ${target} ${version}`, ...lines, '', ''].join('\r\n');
}
