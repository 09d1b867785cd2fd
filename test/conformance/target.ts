// A server as one case meets it. What the case opens is gone after it, and the topics it names are its own.

import assert from 'node:assert/strict';

import { Client } from './client.ts';
import {
  type Answer,
  type Asked,
  type Door,
  type Handshake,
  isAnswer,
  type StreamEnd,
} from './door.ts';
import type { Settings } from './settings.ts';
import type { SocketFacts } from './sockets.ts';

/** What a token lets its bearer do, and for how long. */
export interface Grant {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  readonly endsInMs?: number;
}

/** A server that is to be tried, and what is known about it. */
export interface Site {
  readonly settings: Settings;
  /** Whether a new WebSocket is told `info` first. */
  readonly greets: boolean;
  /** Begins every topic of this run, so that runs do not meet on a shared server. */
  readonly run: string;
  readonly isPatient: boolean;
  /** Shown with everything that is asked, where a token is needed. */
  readonly token: string | undefined;
  readonly makeToken: ((grant: Grant) => string) | undefined;
  /** An origin on the server's list of pages. */
  readonly allowedOrigin: string | undefined;
  /** Undefined where there are none. */
  readonly sockets: SocketFacts | undefined;
  /** A way in for one case, which gives up waiting after `deadlineMs`. */
  enter(deadlineMs: number): Door;
}

export const EVERYTHING: Grant = { subscribe: ['*'], publish: ['*'] };

export class Target {
  readonly site: Site;
  readonly settings: Settings;
  readonly greets: boolean;
  readonly door: Door;
  #isOver = false;

  constructor(site: Site, deadlineMs: number) {
    this.site = site;
    this.settings = site.settings;
    this.greets = site.greets;
    this.door = site.enter(deadlineMs);
  }

  /** Whether the case is over, in time or not. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A topic that nobody else uses. */
  topic(): string {
    return `${this.site.run}/${this.door.nextNumber()}`;
  }

  topics(count: number): string[] {
    return Array.from({ length: count }, () => this.topic());
  }

  /** A topic that nobody else uses, and that looks like a number. */
  numericTopic(): string {
    const run = Number.parseInt(this.site.run.slice(1), 16) % 1_000_000;
    return String(run * 1_000 + this.door.nextNumber());
  }

  /** A WebSocket that has read its welcome, if there is one. */
  async client(handshake: Handshake = {}): Promise<Client> {
    const client = await this.newcomer(handshake);
    if (this.greets) await client.next();
    return client;
  }

  async clients<const N extends number>(count: N): Promise<Tuple<N>> {
    const clients = Array.from({ length: count }, () => this.client());
    return (await Promise.all(clients)) as unknown as Tuple<N>;
  }

  /** A WebSocket that has read nothing. */
  async newcomer(handshake: Handshake = {}): Promise<Client> {
    const met = await this.door.webSocket(this.#credited(handshake));
    if (isAnswer(met)) assert.fail(`the handshake was answered ${met.status} ${met.body}`);
    return new Client(met);
  }

  /** What a handshake is answered that is not to succeed; shows no token of its own accord. */
  async refusal(handshake: Handshake): Promise<Answer> {
    const met = await this.door.webSocket(handshake);
    if (!isAnswer(met)) assert.fail('the handshake was taken');
    return met;
  }

  request(asked: Asked): Promise<Answer> {
    return this.door.request(this.#credited(asked));
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request({ path, headers });
  }

  publish(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const text = isRaw ? body : JSON.stringify(body);
    return this.request({ method: 'POST', path: '/publish', body: text, headers });
  }

  async stream(query: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
    const asked = this.#credited({ path: `/sse?${query}`, headers });
    const met = await this.door.stream(asked);
    if (isAnswer(met)) assert.fail(`the stream was answered ${met.status} ${met.body}`);
    return new Stream(met);
  }

  /** Asks again and again until it is so; every asking is a round trip, and the case's deadline ends it. */
  async eventually(isSo: () => Promise<boolean>): Promise<void> {
    for (let asked = 1; !this.#isOver; asked += 1) {
      if (await isSo()) return;
      if (asked > QUICK_ASKINGS) await this.door.rest();
    }
  }

  leave(): void {
    this.#isOver = true;
    this.door.leave();
  }

  #credited<T extends { readonly headers?: Readonly<Record<string, string>> }>(asked: T): T {
    const { token } = this.site;
    if (token === undefined) return asked;
    return { ...asked, headers: { authorization: `Bearer ${token}`, ...asked.headers } };
  }
}

/** An event stream, event by event. */
export class Stream {
  readonly end: StreamEnd;
  readonly headers: Headers;

  constructor(end: StreamEnd) {
    this.end = end;
    this.headers = end.headers;
  }

  /** The next event without its empty line; comments are passed over. */
  async next(): Promise<string> {
    for (;;) {
      const block = await this.end.nextBlock();
      if (block === undefined) throw new Error('the stream ended before an event came');
      if (!block.startsWith(':')) return block;
    }
  }

  /** Reads to the end of the body; gives what came. */
  async rest(): Promise<string[]> {
    const blocks: string[] = [];
    for (;;) {
      const block = await this.end.nextBlock();
      if (block === undefined) return blocks;
      blocks.push(block);
    }
  }
}

/** The value of a field of an event, the first where there are several; empty when there is none. */
export function fieldOf(event: string, name: string): string {
  const head = `${name}: `;
  const line = event.split('\n').find((each) => each.startsWith(head));
  return line?.slice(head.length) ?? '';
}

type Tuple<N extends number, T extends readonly Client[] = readonly []> = T['length'] extends N
  ? T
  : Tuple<N, readonly [...T, Client]>;

const QUICK_ASKINGS = 100;
