// What a conformance case is and what it meets: a target somewhere on the network, ours or anyone's, of which nothing
// is known but its address. Knows no test runner: a case fails by throwing, and node:assert says why.

import assert, { AssertionError } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { WsClient } from '../support/ws-client.ts';
import { frame, handshake, RawSocket } from './raw-socket.ts';

const REACH_MS = 5_000;

export interface Case {
  /** The requirements that it shows, in the order of the title. */
  readonly ids: readonly string[];
  readonly title: string;
  readonly group: string;
  run(target: Target): Promise<void>;
}

/** A title begins with the requirements in brackets. */
export type Row = readonly [title: string, run: (target: Target) => Promise<void>];

/** The cases of one group. */
export function casesOf(group: string, rows: readonly Row[]): Case[] {
  return rows.map(([title, run]) => {
    const ids = [...title.matchAll(/\[([A-Z0-9]+(?:-[A-Z0-9]+)+)\]/g)].flatMap(
      ([, id]) => id ?? [],
    );
    assert.ok(ids.length > 0, `a case without a requirement: ${title}`);
    return { ids, title, group, run };
  });
}

/** What was found out about the server before the first case. */
export interface Site {
  readonly url: string;
  /** Whether a new WebSocket is told `info` first. */
  readonly greets: boolean;
  /** Begins every topic of this run, so that runs do not meet on a shared server. */
  readonly run: string;
}

/** Looks whether the server is there, and whether it greets; rejects when no WebSocket opens. */
export async function reach(url: string): Promise<Site> {
  const run = `c${randomBytes(5).toString('hex')}`;
  const client = await WsClient.open(url, { handshakeTimeout: REACH_MS });
  try {
    // Every server has a first word to this: its welcome, or the answer.
    client.send({ type: 'topic_info', topic: `${run}/greeting` });
    const first = await within(REACH_MS, client.next()).catch(() => '');
    return { url, run, greets: /^\{\s*"type"\s*:\s*"info"/.test(first) };
  } finally {
    client.socket.terminate();
  }
}

/** A server as one case meets it: what the case opens is gone after it. */
export class Target {
  readonly url: string;
  /** The same door for HTTP. */
  readonly base: string;
  readonly greets: boolean;
  readonly #run: string;
  readonly #clients: WsClient[] = [];
  readonly #sockets: RawSocket[] = [];
  readonly #over = new AbortController();

  constructor(site: Site) {
    this.url = site.url;
    this.base = site.url.replace(/^ws/, 'http');
    this.greets = site.greets;
    this.#run = site.run;
  }

  /** Whether the case is over, in time or not. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** A topic that nobody else uses. */
  topic(): string {
    topics += 1;
    return `${this.#run}/${topics}`;
  }

  /** A WebSocket that has read its welcome, if there is one. */
  async client(): Promise<WsClient> {
    const client = await this.newcomer();
    if (this.greets) await client.next();
    return client;
  }

  clients(count: number): Promise<WsClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.client()));
  }

  /** A WebSocket that has read nothing. */
  async newcomer(path = ''): Promise<WsClient> {
    const client = await WsClient.open(this.url + path, { perMessageDeflate: false });
    this.#clients.push(client);
    if (this.isOver) this.release();
    return client;
  }

  /** A bare connection. */
  socket(): RawSocket {
    const socket = new RawSocket(new URL(this.url));
    this.#sockets.push(socket);
    if (this.isOver) this.release();
    return socket;
  }

  /** A connection after its handshake and welcome, whose further bytes are the case's own. */
  async opened(...lines: readonly string[]): Promise<RawSocket> {
    const socket = this.socket();
    socket.say(handshake('/', ...lines));
    await socket.until('the handshake was answered', () => socket.text.includes('\r\n\r\n'));
    assert.match(socket.text, /^HTTP\/1\.1 101 /);
    if (this.greets) await socket.until('the welcome', () => socket.frames.length > 0);
    return socket;
  }

  /** What a connection says after `bytes`, without the welcome, up to its end. */
  async framesAfter(bytes: Uint8Array): Promise<{ opcode: number; payload: Buffer }[]> {
    const socket = await this.opened();
    socket.say(bytes);
    await socket.ended();
    return socket.frames.slice(this.greets ? 1 : 0);
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.base + path, { ...init, signal: this.#over.signal });
  }

  publish(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.request('/publish', { method: 'POST', body: text, headers });
  }

  /** Asks again and again until it is so; every asking is a round trip, and the case's deadline ends it. */
  async eventually(isSo: () => Promise<boolean>): Promise<void> {
    while (!this.isOver) {
      if (await isSo()) return;
    }
  }

  release(): void {
    this.#over.abort();
    for (const client of this.#clients.splice(0)) client.socket.terminate();
    for (const { socket } of this.#sockets.splice(0)) socket.destroy();
  }
}

let topics = 0;

/** Runs a case and cleans up behind it; rejects with what failed, or when the deadline passed. */
export async function runCase(one: Case, site: Site, deadlineMs: number): Promise<void> {
  const target = new Target(site);
  try {
    await within(deadlineMs, one.run(target));
  } finally {
    target.release();
  }
}

/** What went wrong, as one line. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AssertionError && error.generatedMessage && error.operator !== '==') {
    return `expected ${brief(error.expected)}, got ${brief(error.actual)}`;
  }
  const cause =
    error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const text = error instanceof Error ? error.message + cause : String(error);
  return text.split('\n', 1)[0] ?? text;
}

/** A request whose answer is one JSON object. */
export async function ask(client: WsClient, request: unknown): Promise<Record<string, unknown>> {
  client.send(request);
  return (await client.nextJson()) as Record<string, unknown>;
}

/** A text frame with a request in it. */
export function said(request: unknown): Buffer {
  return frame('text', JSON.stringify(request));
}

function brief(value: unknown): string {
  const text = inspect(value, { breakLength: Infinity, maxStringLength: 120, maxArrayLength: 8 });
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
