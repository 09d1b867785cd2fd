// A WebSocket on a connection of its own: says its words one after the other, and tells in the end all that it heard.
// Refuses to know what should be heard.

import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { MessageKind } from '../../../actors/runtime/gateway-edges.ts';
import type { GatewayWord } from '../../edges/gateway/gateway-words.ts';
import { type Connection, type Endpoint, isWord } from '../../edges/network.ts';
import { ObjectPayload } from '../../edges/object-payload.ts';
import type { Errand } from '../../records/errands/errand.ts';
import { bodyWords, headerWords, headWords } from '../../records/scenes/sounds.ts';
import { secondsBetween } from './errand-origin.ts';

export interface ConversationHost {
  /** Told once. */
  heard(answer: string): void;
  later(delayMs: number, act: () => void): void;
  /** Microseconds. */
  now(): number;
}

export class Conversation implements Endpoint {
  readonly #connection: Connection;
  readonly #errand: Extract<Errand, { readonly to: 'socket' }>;
  readonly #host: ConversationHost;
  readonly #sounds: string[] = [];
  #soundedAt: number;
  /** Words whose time came before it was let in. */
  readonly #early: string[] = [];
  /** Of a refusal. */
  #head: string | undefined = undefined;
  #text = '';
  #isOpen = false;
  #isDeaf: boolean;
  #hasClosed = false;
  #isOver = false;

  constructor(
    connection: Connection,
    errand: Extract<Errand, { readonly to: 'socket' }>,
    host: ConversationHost,
  ) {
    this.#connection = connection;
    this.#errand = errand;
    this.#host = host;
    this.#soundedAt = host.now();
    this.#isDeaf = errand.deafMs !== undefined;
    connection.meet(this);
  }

  begin(): void {
    const { host, path, search, words: all } = this.#errand;
    const headers = [['Host', host] as const, ...(this.#errand.headers ?? [])];
    const line = { method: 'GET', path, search, host, headers, bodyBytes: 0, isWebSocket: true };
    this.#connection.say({ word: 'gateway', said: { say: 'request', ...line } });
    if (this.#isDeaf)
      this.#host.later(this.#errand.deafMs ?? 0, () => {
        this.#isDeaf = false;
        this.readable();
      });
    let atMs = this.#errand.isHasty === true ? HASTY_WORD_MS : FIRST_WORD_MS;
    for (const words of all) {
      const [, seconds] = /^wait (\d+)$/.exec(words) ?? [];
      if (seconds === undefined) this.#host.later(atMs, () => this.#say(words));
      atMs += seconds === undefined ? WORD_EVERY_MS : Number(seconds) * 1_000;
    }
    // What is published comes one after the other, and the network may be slow.
    const publishedMs = (this.#errand.items.length + 3) * ITEM_EVERY_MS;
    const wordsMs = atMs - FIRST_WORD_MS + 3 * WORD_EVERY_MS;
    this.#host.later(Math.max(LASTS_MS, wordsMs, publishedMs), () => {
      if (!this.#isOver) this.#connection.reset();
      this.#over();
    });
  }

  taken(): void {}

  readable(): void {
    if (this.#isDeaf) return;
    const { down } = this.#connection;
    for (let unit = down.read(); unit !== undefined; unit = down.read()) {
      if (unit instanceof ObjectPayload) throw new Error('a page does not hear values');
      if (!isWord(unit)) this.#text += new TextDecoder().decode(unit);
      else if (unit.word === 'gateway') this.#hear(unit.said);
      else {
        if (unit.word === 'reset') this.#sound('cut');
        this.#over();
        return;
      }
    }
    down.drained();
  }

  #hear(said: GatewayWord): void {
    switch (said.say) {
      case 'upgraded':
        this.#isOpen = true;
        this.#sound(['upgraded', ...headerWords(said.headers)].join(' | '));
        for (const words of this.#early) this.#say(words);
        return;
      case 'head':
        this.#head = headWords(said.status, said.reason, said.headers);
        return;
      case 'end':
        this.#sound(`${this.#head ?? ''} || ${bodyWords(this.#text)}`);
        return;
      case 'frame':
        this.#sound(`${said.kind} ${bodyWords(new TextDecoder().decode(said.bytes))}`.trim());
        return;
      case 'close':
        this.#sound(`close ${said.code} ${said.reason}`.trim());
        if (this.#errand.isMute === true) return;
        if (!this.#hasClosed) this.#connection.say({ word: 'gateway', said });
        this.#hasClosed = true;
        return;
      default:
        this.#sound(said.say);
    }
  }

  #sound(words: string): void {
    const now = this.#host.now();
    const seconds = secondsBetween(this.#soundedAt, now);
    this.#sounds.push(this.#errand.isTimed === true ? `${seconds} ${words}`.trim() : words);
    this.#soundedAt = now;
  }

  #say(words: string): void {
    if (this.#hasClosed || this.#isOver) return;
    if (words === 'cut') {
      this.#connection.reset();
      this.#over();
      return;
    }
    if (words === 'none') return;
    if (!this.#isOpen) {
      if (this.#errand.isHasty !== true) this.#early.push(words);
      return;
    }
    const [kind = '', first = '', ...rest] = words.split(' ');
    if (kind === 'close') {
      this.#hasClosed = true;
      const close = { code: Number(first), reason: rest.join(' ') };
      this.#connection.say({ word: 'gateway', said: { say: 'close', ...close } });
      return;
    }
    const [, text = '', times = '1'] =
      /^(.*?)(?:\*(\d+))?$/s.exec([first, ...rest].join(' ')) ?? [];
    const bytes = encodeText(text.repeat(Number(times)));
    const frame = { kind: kind as MessageKind, bytes };
    this.#connection.say({ word: 'gateway', said: { say: 'frame', ...frame } });
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connection.leave();
    this.#host.heard(this.#sounds.join(' / '));
  }
}

const FIRST_WORD_MS = 100;
/** What it asked for has come, though the network was slow, and is not answered yet. */
const HASTY_WORD_MS = 250;
const WORD_EVERY_MS = 200;
const LASTS_MS = 1_500;
/** As in errander.ts. */
const ITEM_EVERY_MS = 250;
