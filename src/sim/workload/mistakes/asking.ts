// A client that asks what has one right answer each, in order: as WebSocket messages, as HTTP requests, or as bytes
// that break the framing. Notes what it asks and what it is told. Refuses to judge.

import { encodeFrame, type Opcode } from '../../../actors/codecs/websocket-frames.ts';
import { encodeText } from '../../../actors/codecs/utf8-text.ts';
import type { WireWord } from '../../edges/network.ts';
import type { Client } from '../client.ts';
import type { Word } from '../hearing/words.ts';
import { drawBroken } from './framing.ts';
import { brokenShake } from '../asking/handshakes.ts';
import { drawRequest, refusedShake, type Request, responseText } from './requests.ts';
import {
  drawExact,
  type Exact,
  type Expected,
  isMet,
  lineOf,
  type Mistake,
  mistakesOf,
  unfollow,
} from './texts.ts';

interface Question {
  readonly expected: Expected;
  readonly isList: boolean;
  /** Its place in the trace. */
  readonly cause: number;
}

export class Asking {
  /** It sent what is no frame, and has nothing to say until it is closed. */
  isBroken = false;
  readonly #client: Client;
  #open: Question[] = [];
  #request: Question | undefined = undefined;
  #followed = new Set<string>();
  #mayAwaitClose = false;
  #calls = 0;
  /** Those that it can make on the present connection, once it has made one. */
  #mistakes: readonly Mistake[] | undefined = undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** It was told of nothing yet, and must be closed for what it sent. */
  get isOwedClose(): boolean {
    return this.isBroken && this.#mayAwaitClose;
  }

  begin(): void {
    this.#open = [];
    this.#request = undefined;
    this.#followed = new Set();
    this.#mistakes = undefined;
    this.isBroken = false;
  }

  /** One request, in a text or a binary message. */
  ask(): void {
    const client = this.#client;
    const { chance, world, plan } = client;
    const asker = { options: world.options, own: this.#own(), isBound: plan.token !== undefined };
    this.#mistakes ??= mistakesOf(asker);
    this.#say(
      drawExact({
        ...asker,
        chance,
        mistakes: this.#mistakes,
        followed: this.#followed,
        isListing: this.#open.some(({ isList }) => isList),
      }),
    );
  }

  /** One HTTP request. */
  call(): void {
    const client = this.#client;
    if (client.connection !== undefined) return;
    const { chance, world } = client;
    const drawn = drawRequest({ chance, options: world.options, own: this.#own() });
    this.#calls += 1;
    const request = this.#calls % SHAKES_EVERY === 0 ? this.#shake() : drawn;
    const { method, path, query, body, expected, headers, httpVersion = '1.1' } = request;
    const isHandshake = headers['upgrade'] !== undefined;
    const head = { method, path, query, headers, httpVersion };
    client.exchange(isHandshake ? { word: 'upgrade', head } : { word: 'request', head, body });
    if (client.connection === undefined) return;
    const cause = this.#note('http', `${method} ${path} ${decoder.decode(body)}`, expected);
    this.#request = { expected, isList: false, cause };
  }

  /** [WS-SHAKE-1] */
  #shake(): Request {
    const { head, status } = brokenShake(this.#client.plan.client + this.#calls);
    return { ...head, body: NO_BYTES, expected: refusedShake(status) };
  }

  /** Bytes that are no frame; what follows them is not heard. */
  breakOff(): void {
    const client = this.#client;
    const { chance, world } = client;
    this.isBroken = true;
    this.#mayAwaitClose = true;
    if (world.lane === 'object') {
      const code = chance.pick([1002, 1007, 1009] as const);
      world.trace.add({
        ...client.at(),
        kind: 'brokenSent',
        what: 'broken bytes',
        code,
        reason: undefined,
      });
      client.sayRaw({ word: 'broken', code });
      return;
    }
    const { what, bytes, code, reason } = drawBroken(chance, world.options);
    this.#mayAwaitClose = code !== undefined;
    world.trace.add({ ...client.at(), kind: 'brokenSent', what, code, reason });
    client.sayRaw(bytes);
  }

  /** Gives up what it follows, or may be following: others are to count what is followed. */
  rest(): void {
    const client = this.#client;
    if (this.isOwedClose) return;
    if (this.isBroken) client.leave(false);
    else if (client.isOpen) for (const topic of this.#followed) this.#say(unfollow(topic));
    this.#followed.clear();
  }

  /** Waits for its close, if there must be one. */
  linger(): void {
    if (!this.#mayAwaitClose && this.#client.chance.chance(1, 4)) this.#client.leave(false);
  }

  hear(word: Word): void {
    const line = lineOf(word);
    const question = this.#open.shift();
    if (question === undefined) this.#client.unexpected(`${line} where nothing was asked`);
    else this.#answered('ws', question, line);
  }

  /** True when it was waiting for this. */
  hearResponse(response: Extract<WireWord, { readonly word: 'response' }>): boolean {
    const question = this.#request;
    if (question === undefined) return false;
    this.#request = undefined;
    this.#answered('http', question, responseText(response));
    return true;
  }

  #say({ text, expected }: Exact): void {
    const client = this.#client;
    const { chance, world } = client;
    const isList = text === LIST;
    this.#open.push({ expected, isList, cause: this.#note('ws', text, expected) });
    const bytes = typeof text === 'string' ? encodeText(text) : text;
    const isBinary = typeof text !== 'string' || chance.chance(1, 8);
    if (world.lane === 'object') client.say(bytes);
    else if (client.plan.link.cutPercent > 0 && chance.chance(1, 4))
      this.#sayInParts(bytes, isBinary);
    else if (isBinary) client.sayRaw(this.#framed('binary', bytes));
    else client.say(bytes);
  }

  /** Where chunks are cut, messages are, too; whoever has something to say between the parts may say it. */
  #sayInParts(bytes: Uint8Array, isBinary: boolean): void {
    const client = this.#client;
    const first = client.chance.below(bytes.length + 1);
    const second = first + client.chance.below(bytes.length - first + 1);
    client.sayRaw(this.#framed(isBinary ? 'binary' : 'text', bytes.subarray(0, first), false));
    if (client.chance.chance(1, 2)) client.sayRaw(this.#framed('pong', NO_BYTES));
    client.sayRaw(this.#framed('continuation', bytes.subarray(first, second), false));
    client.sayRaw(this.#framed('continuation', bytes.subarray(second)));
  }

  #framed(opcode: Opcode, bytes: Uint8Array, fin = true): Uint8Array {
    return encodeFrame(opcode, bytes, { fin, mask: this.#client.masks.next() });
  }

  /** Topics that no other connection knows: an old one of this client may still be counted. */
  #own(): string {
    const { client, connection } = this.#client.at();
    return `own/${client}/${Math.abs(connection)}`;
  }

  #note(door: 'ws' | 'http', text: string | Uint8Array, expected: Expected): number {
    const readable = typeof text === 'string' ? text : decoder.decode(text);
    return this.#client.world.trace.add({
      kind: 'asked',
      door,
      text: readable.length > TEXT_MAX ? `${readable.slice(0, TEXT_MAX)}…` : readable,
      expected: String(expected),
      ...this.#client.at(),
    });
  }

  #answered(door: 'ws' | 'http', { expected, cause }: Question, heard: string): void {
    this.#client.world.trace.add(
      {
        ...this.#client.at(),
        kind: 'answered',
        door,
        expected: String(expected),
        heard,
        isRight: isMet(expected, heard),
      },
      cause,
    );
  }
}

const decoder = new TextDecoder();
const LIST = '{"type":"list_topics"}';
const TEXT_MAX = 200;
/** Of a client's calls over HTTP. */
const SHAKES_EVERY = 4;
const NO_BYTES = new Uint8Array(0);
