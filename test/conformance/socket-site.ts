// A server somewhere on the network, ours or anyone's, of which an address is known and what its operator told. Cases
// meet it with the clients that its users have: the `ws` package and fetch.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';

import { within } from './case.ts';
import type { Answer, Asked, Closed, Door, Handshake, StreamEnd, WebSocketEnd } from './door.ts';
import { isAnswer } from './door.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { EVERYTHING, type Grant, type Site } from './target.ts';
import { sign } from './tokens.ts';

export interface Told {
  readonly settings?: Settings;
  readonly isPatient?: boolean;
  readonly token?: string | undefined;
  /** Of HS256 tokens. */
  readonly secret?: string | undefined;
  readonly origin?: string | undefined;
  readonly admin?: string | undefined;
}

/** What was found out about a server before the first case. */
export interface Found {
  readonly greets: boolean;
  readonly deflates: boolean;
}

const REACH_MS = 5_000;

/** Looks whether the server is there, and what it does by itself; rejects when no WebSocket opens. */
export async function reach(url: string, told: Told = {}): Promise<Site> {
  const site = siteAt(url, { greets: false, deflates: false }, told);
  const door = site.enter(REACH_MS) as SocketDoor;
  try {
    const { token } = site;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const met = await within(REACH_MS, door.webSocket({ headers, offersDeflate: true }));
    if (isAnswer(met)) throw new Error(refusalOf(met, token));
    // Every server has a first word to this: its welcome, or the answer.
    met.send(JSON.stringify({ type: 'topic_info', topic: `${site.run}/greeting` }));
    const first = await within(REACH_MS, met.next()).catch(() => '');
    const greets = /^\{\s*"type"\s*:\s*"info"/.test(first);
    return siteAt(url, { greets, deflates: met.deflates }, told);
  } finally {
    door.leave();
  }
}

function refusalOf({ status, body }: Answer, token: string | undefined): string {
  const way = status === 401 && token === undefined ? ' Give --token or --secret-file.' : '';
  return `the handshake was answered ${status} ${body.trim()}${way}`;
}

/** A site about which everything is known already. */
export function siteAt(url: string, found: Found, told: Told = {}): Site {
  const { settings = defaultSettings, isPatient = false, secret, origin, admin } = told;
  let count = 0;
  const makeToken =
    secret === undefined ? undefined : (grant: Grant) => tokenFor(secret, grant, settings);
  return {
    settings,
    greets: found.greets,
    run: `c${randomBytes(5).toString('hex')}`,
    isPatient,
    token: told.token ?? makeToken?.(EVERYTHING),
    makeToken,
    allowedOrigin: origin,
    sockets: { url: new URL(url), deflates: found.deflates, secret, admin },
    enter: () =>
      new SocketDoor(url, () => {
        count += 1;
        return count;
      }),
  };
}

/** A server lets a token live for `leewaySeconds` longer than it says. */
function tokenFor(
  secret: string,
  { endsInMs, ...rights }: Grant,
  { leewaySeconds }: Settings,
): string {
  if (endsInMs === undefined) return sign(secret, rights);
  return sign(secret, { ...rights, exp: (Date.now() + endsInMs) / 1_000 - leewaySeconds });
}

type DeflatingHandshake = Handshake & { readonly offersDeflate?: boolean };

class SocketDoor implements Door {
  readonly origin: string;
  readonly nextNumber: () => number;
  readonly #url: string;
  readonly #ends: SocketEnd[] = [];
  readonly #over = new AbortController();

  constructor(url: string, nextNumber: () => number) {
    this.#url = url;
    this.origin = url.replace(/^ws/, 'http');
    this.nextNumber = nextNumber;
  }

  async webSocket(handshake: DeflatingHandshake): Promise<SocketEnd | Answer> {
    const { path = '', headers = {}, subprotocols = [], answersPings = true } = handshake;
    const socket = new WebSocket(this.#url + path, [...subprotocols], {
      headers,
      autoPong: answersPings,
      perMessageDeflate: handshake.offersDeflate ?? false,
      maxPayload: 0,
    });
    const end = new SocketEnd(socket);
    this.#ends.push(end);
    if (this.#over.signal.aborted) this.leave();
    const refusal = await new Promise<IncomingMessage | undefined>((resolve, reject) => {
      socket.once('open', () => resolve(undefined));
      socket.once('unexpected-response', (_, response) => resolve(response));
      socket.once('error', reject);
    });
    socket.on('error', () => {
      // The close event tells what became of it.
    });
    if (refusal === undefined) return end;
    const chunks: Buffer[] = [];
    for await (const chunk of refusal as AsyncIterable<Buffer>) chunks.push(chunk);
    const fields = Object.entries(refusal.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
    return {
      status: refusal.statusCode ?? 0,
      headers: new Headers(fields),
      body: Buffer.concat(chunks).toString(),
    };
  }

  async request(asked: Asked): Promise<Answer> {
    return wholeAnswer(await this.#fetch(asked, this.#over.signal));
  }

  async stream(asked: Asked): Promise<StreamEnd | Answer> {
    const gone = new AbortController();
    const response = await this.#fetch(asked, AbortSignal.any([gone.signal, this.#over.signal]));
    const { status, headers, body } = response;
    if (status !== 200 || body === null) return wholeAnswer(response);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const nextBlock = async (): Promise<string | undefined> => {
      let end = text.indexOf('\n\n');
      while (end === -1) {
        // A body that ends with its connection has ended, however the connection did.
        const part = await reader.read().catch(() => undefined);
        if (part === undefined || part.done) return undefined;
        text += part.value;
        end = text.indexOf('\n\n');
      }
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      return block;
    };
    return { headers, nextBlock, vanish: () => gone.abort() };
  }

  now(): number {
    return performance.now();
  }

  async rest(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, REST_MS);
    });
  }

  leave(): void {
    this.#over.abort();
    for (const end of this.#ends.splice(0)) end.vanish();
  }

  #fetch({ path, ...asked }: Asked, signal: AbortSignal): Promise<Response> {
    const { method = 'GET', headers = {}, body } = asked;
    return fetch(this.origin + path, {
      method,
      headers,
      signal,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
    });
  }
}

/** Between two askings for what takes its time. */
const REST_MS = 50;

async function wholeAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, body: await response.text() };
}

class SocketEnd implements WebSocketEnd {
  readonly #socket: WebSocket;
  readonly #messages = new Inbox<string>();
  readonly #pings = new Inbox<void>();
  readonly #closed: Promise<Closed>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('ping', () => this.#pings.put());
    socket.on('message', (payload: Buffer, isBinary) => {
      if (isBinary) this.#messages.end(new Error('a binary message came'));
      else this.#messages.put(payload.toString());
    });
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        const error = new Error('the connection closed before a message came');
        this.#messages.end(error);
        this.#pings.end(error);
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  get subprotocol(): string {
    return this.#socket.protocol;
  }

  get deflates(): boolean {
    return this.#socket.extensions.includes('permessage-deflate');
  }

  send(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  next(): Promise<string> {
    return this.#messages.take();
  }

  pinged(): Promise<void> {
    return this.#pings.take();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code = 1000, reason = ''): void {
    this.#socket.close(code, reason);
  }

  vanish(): void {
    this.#socket.terminate();
  }

  ended(): Promise<Closed> {
    return this.#closed;
  }
}

interface Waiting<T> {
  readonly resolve: (item: T) => void;
  readonly reject: (error: Error) => void;
}

/** What came, in order, for those who wait for it; after its end whoever still waits is told why. */
class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: Waiting<T>[] = [];
  #ended: Error | undefined = undefined;

  put(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting.resolve(item);
  }

  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  take(): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as T);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }
}
