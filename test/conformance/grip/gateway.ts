// A gateway as one case meets it: the case's own path, channels and origin script; clients, publishers and listeners,
// which are gone after it. A case waits for events, never for time; where it needs to know that something did not
// happen, it makes something else happen afterwards.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import {
  type Answer,
  Connection,
  type HeaderLines,
  type Place,
  quiet,
  requestText,
  type WholeAnswer,
} from './http-client.ts';
import type { Asked, Reply, Script } from './origin.ts';
import type { GripSite } from './site.ts';
import { type Opening, SocketClient } from './web-socket.ts';
import { type ZmqKind, ZmqSocket } from './zeromq.ts';

export interface Request {
  readonly method?: string;
  /** After the case's own first segment; one that begins with `=` is the whole target, with the segment for TOKEN. */
  readonly path?: string;
  /** Names the route; see the file `routes`. */
  readonly host?: string;
  readonly headers?: HeaderLines;
  readonly body?: string | Uint8Array;
  readonly version?: 'HTTP/1.0' | 'HTTP/1.1';
  /** The connection to use instead of a new one. */
  readonly on?: Connection;
}

export type Item = Readonly<Record<string, unknown>>;

export class Gateway {
  readonly site: GripSite;
  /** Begins the path and the channels of this case, and finds its script. */
  readonly token: string = `k${randomBytes(6).toString('hex')}`;
  readonly asked: Asked[] = [];
  #script: Script = () => ({ status: 404, body: 'no script\n' });
  #isEarly = false;
  #waiting: (() => void)[] = [];
  readonly #leavers: (() => void)[] = [];
  #isOver = false;

  constructor(site: GripSite) {
    this.site = site;
    this.#play();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get channel(): string {
    return this.token;
  }

  path(rest = ''): string {
    return rest.startsWith('=')
      ? rest.slice(1).replaceAll('TOKEN', this.token)
      : `/${this.token}${rest}`;
  }

  /** What the origin answers: always the same, one after the other (the last one stays), or by script. */
  plays(script: Script | Reply | readonly Reply[], isEarly = false): void {
    this.#isEarly = isEarly;
    if (typeof script === 'function') this.#script = script;
    else {
      const replies = Array.isArray(script) ? (script as readonly Reply[]) : [script as Reply];
      this.#script = (_, nth) => replies[nth] ?? replies.at(-1);
    }
    this.#play();
  }

  #play(): void {
    this.site.origins.play(this.token, {
      script: (asked, nth) => this.#script(asked, nth),
      isEarly: this.#isEarly,
      asked: this.asked,
      tell: () => {
        for (const wake of this.#waiting.splice(0)) wake();
      },
    });
  }

  /** The nth request that the origin was asked, from 0, as soon as it is. */
  async askedAt(nth: number): Promise<Asked> {
    return this.askedFor((_, at) => at === nth);
  }

  /** The first request that the origin was asked that is so. */
  async askedFor(isIt: (asked: Asked, nth: number) => boolean): Promise<Asked> {
    for (;;) {
      const found = this.asked.find(isIt);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** A bare connection to the gateway. */
  connection(place: Place = this.site.target): Connection {
    const connection = new Connection(place);
    this.onLeaving(() => connection.leave());
    return connection;
  }

  /** Sends a request; the answer may still be under way. */
  send({
    method = 'GET',
    path = '',
    host = 'plain.test',
    headers = {},
    body,
    version = 'HTTP/1.1',
    on = this.connection(),
  }: Request = {}): Answer {
    const names = Object.keys(headers).map((name) => name.toLowerCase());
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    const isSized = names.includes('content-length') || names.includes('transfer-encoding');
    const lines: HeaderLines = {
      ...(names.includes('host') ? {} : { Host: host }),
      ...headers,
      ...(body === undefined || isSized ? {} : { 'Content-Length': String(length) }),
    };
    const answer = on.answer(method);
    on.say(requestText(method, this.path(path), lines, version));
    if (body !== undefined) on.say(typeof body === 'string' ? Buffer.from(body) : body);
    return answer;
  }

  /** Sends a request and waits for the whole answer. */
  ask(request: Request = {}): Promise<WholeAnswer> {
    return this.send(request).whole();
  }

  /** Bytes as they are, and the answer to them. */
  raw(bytes: string | Uint8Array, method = 'GET'): { connection: Connection; answer: Answer } {
    const connection = this.connection();
    const answer = connection.answer(method);
    connection.say(bytes);
    return { connection, answer };
  }

  /** Asks the control server. */
  async control(
    method: string,
    path: string,
    headers: HeaderLines = {},
    body?: string | Uint8Array,
  ): Promise<WholeAnswer> {
    const on = this.connection(this.site.control);
    const answer = this.send({
      ...{ method, path: `=${path}`, host: 'control', headers, on },
      ...(body === undefined ? {} : { body }),
    });
    const whole = await answer.whole();
    on.leave();
    return whole;
  }

  /** Publishes items, and fails unless they are taken. */
  async publish(...items: readonly Item[]): Promise<void> {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await this.control('POST', '/publish', headers, JSON.stringify({ items }));
    assert.equal(`${answer.status} ${answer.body}`, '200 Published\n');
  }

  /** What a publication is answered that is not to be taken. */
  async refused(...items: readonly unknown[]): Promise<string> {
    const answer = await this.control('POST', '/publish', {}, JSON.stringify({ items }));
    assert.equal(answer.status, 400);
    assert.equal(answer.header('content-type'), 'text/plain');
    return answer.body;
  }

  /** Publishes again and again until `work` is done: who waits may not have subscribed yet. */
  async publishUntil<T>(work: Promise<T>, item: Item | ((nth: number) => Item)): Promise<T> {
    const state = { isDone: false };
    const done = work.finally(() => {
      state.isDone = true;
    });
    done.catch(() => {});
    for (let nth = 0; !state.isDone && !this.#isOver; nth += 1) {
      await this.publish(typeof item === 'function' ? item(nth) : item);
      await Promise.race([done.catch(() => {}), resting(REST_MS)]);
    }
    return done;
  }

  /** Asks again and again until it is so; the case's deadline ends it. */
  async eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!this.#isOver && !(await isSo())) await resting(REST_MS);
  }

  socket(
    path = '',
    { host = 'woh.test', ...opening }: Opening & { readonly host?: string } = {},
  ): Promise<SocketClient> {
    const { target } = this.site;
    const headers = { Host: host, ...opening.headers };
    const url = `ws://${target.host}:${target.port}${this.path(path)}`;
    const client = SocketClient.open(url, { ...opening, headers });
    return quiet(
      client.then((open) => {
        this.onLeaving(() => open.leave());
        return open;
      }),
    );
  }

  async zeromq(kind: ZmqKind, address: string | undefined): Promise<ZmqSocket> {
    assert.ok(address !== undefined, 'the case forgot to say what it needs');
    const socket = new ZmqSocket(kind, address);
    this.onLeaving(() => socket.leave());
    return socket.ready();
  }

  onLeaving(leave: () => void): void {
    if (this.#isOver) leave();
    else this.#leavers.push(leave);
  }

  leave(): void {
    this.#isOver = true;
    this.site.origins.forget(this.token);
    for (const leave of this.#leavers.splice(0)) leave();
  }
}

const REST_MS = 100;

function resting(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The formats of an item. */
export const stream = (content: string, more: Item = {}): Item => ({
  formats: { 'http-stream': { content, ...more } },
});
export const poll = (body: string, more: Item = {}): Item => ({
  formats: { 'http-response': { body, ...more } },
});
export const message = (content: string, more: Item = {}): Item => ({
  formats: { 'ws-message': { content, ...more } },
});

/** Instructions as headers. */
export const holdStream = (channel: string, headers: HeaderLines = {}): HeaderLines => ({
  'Content-Type': 'text/plain',
  'Grip-Hold': 'stream',
  'Grip-Channel': channel,
  ...headers,
});
export const holdResponse = (channel: string, headers: HeaderLines = {}): HeaderLines => ({
  'Content-Type': 'text/plain',
  'Grip-Hold': 'response',
  'Grip-Channel': channel,
  ...headers,
});
