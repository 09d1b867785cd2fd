// A client's own reading of server-sent events, written from WHATWG HTML ("Parsing an event stream") and apart from
// the product's encoder. Lines end in LF, as the product writes them; a CR would end one, too, and is told of.
// Refuses to know what the events mean.

import type { Arena } from '../../edges/arena.ts';

export interface StreamEvent {
  readonly name: string;
  readonly data: Uint8Array;
  /** The last id seen, set by this event or an earlier one. */
  readonly lastId: string;
  /** Its fields in order, a digit each: see `shapes`. */
  readonly shape: number;
  /** Undefined when it is no whole number. */
  readonly retry: number | undefined;
}

/** Fields by their digits: `id` and `data`, for example. */
export const shapes = { message: 0o41, subscribed: 0o4321, named: 0o42 } as const;

export class EventStream {
  lastId = '';
  #pending: Uint8Array | undefined = undefined;
  #data: Uint8Array | undefined = undefined;
  #name = 'message';
  #shape = 0;
  #places = 1;
  #isComment = false;
  #retry: number | undefined = undefined;
  readonly #arena: Arena;
  readonly #misread: (line: string) => void;

  /** Told of lines that are not written as the node writes them; joins in memory of the arena. */
  constructor(arena: Arena, misread: (line: string) => void) {
    this.#arena = arena;
    this.#misread = misread;
  }

  decode(chunk: Uint8Array, receive: (event: StreamEvent) => void, commented: () => void): void {
    const bytes = this.#pending === undefined ? chunk : this.#arena.joined([this.#pending, chunk]);
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(LF, from);
      if (end < 0) break;
      if (end === from) this.#dispatch(receive);
      else if (bytes[from] === COLON) {
        this.#comment(decoder.decode(bytes.subarray(from, end)));
        commented();
      } else this.#line(bytes, from, end);
      from = end + 1;
    }
    this.#pending = from === bytes.length ? undefined : bytes.subarray(from);
  }

  #line(bytes: Uint8Array, from: number, end: number): void {
    const colon = bytes.indexOf(COLON, from);
    const fieldEnd = colon < 0 || colon > end ? end : colon;
    let at = Math.min(fieldEnd + 1, end);
    if (bytes[at] === SPACE && at < end) at += 1;
    else this.#misread(decoder.decode(bytes.subarray(from, end)));
    const field = fieldOf(bytes, from, fieldEnd);
    this.#note(field);
    if (field === 'data') {
      const line = bytes.subarray(at, end);
      if (line.includes(CR)) this.#misread(decoder.decode(line));
      this.#data =
        this.#data === undefined ? line : this.#arena.joined([this.#data, NEW_LINE, line]);
    } else if (field === 'event') this.#name = decoder.decode(bytes.subarray(at, end));
    else if (field === 'id') this.lastId = decoder.decode(bytes.subarray(at, end));
    else if (field === 'retry') this.#retry = Number(decoder.decode(bytes.subarray(at, end)));
    else this.#misread(decoder.decode(bytes.subarray(from, end)));
  }

  /** Between events there is one comment. */
  #comment(line: string): void {
    if (line !== ': keep-alive' || this.#shape !== 0) this.#misread(line);
    this.#isComment = true;
  }

  #note(field: (typeof FIELDS)[number] | undefined): void {
    // Several lines of data are one field.
    if (field === 'data' && this.#data !== undefined) return;
    this.#shape += (field === undefined ? 7 : FIELDS.indexOf(field) + 1) * this.#places;
    this.#places *= 8;
  }

  #dispatch(receive: (event: StreamEvent) => void): void {
    const { lastId } = this;
    if (this.#data !== undefined)
      receive({
        name: this.#name,
        data: this.#data,
        lastId,
        shape: this.#shape,
        retry: this.#retry,
      });
    else if (!this.#isComment) this.#misread('an event without data');
    this.#isComment = false;
    this.#data = undefined;
    this.#name = 'message';
    this.#shape = 0;
    this.#places = 1;
    this.#retry = undefined;
  }
}

function fieldOf(
  bytes: Uint8Array,
  from: number,
  end: number,
): (typeof FIELDS)[number] | undefined {
  for (const field of FIELDS) {
    if (field.length !== end - from) continue;
    let matched = 0;
    while (matched < field.length && bytes[from + matched] === field.charCodeAt(matched))
      matched += 1;
    if (matched === field.length) return field;
  }
  return undefined;
}

const decoder = new TextDecoder();
/** In the order in which an event has them. */
const FIELDS = ['id', 'event', 'retry', 'data'] as const;
const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEW_LINE = new Uint8Array([LF]);
