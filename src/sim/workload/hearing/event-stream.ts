// A client's own reading of server-sent events, written from WHATWG HTML ("Parsing an event stream") and apart from
// the product's encoder. Lines end in LF, as the product writes them; a CR would be part of a line, and be seen.
// Refuses to know what the events mean.

import { joinTwo } from './frame-decoder.ts';

export interface StreamEvent {
  readonly name: string;
  readonly data: Uint8Array;
  /** The last id seen, set by this event or an earlier one. */
  readonly lastId: string;
}

export class EventStream {
  lastId = '';
  #pending: Uint8Array | undefined = undefined;
  #data: Uint8Array | undefined = undefined;
  #name = 'message';

  decode(chunk: Uint8Array, receive: (event: StreamEvent) => void, commented: () => void): void {
    const bytes = this.#pending === undefined ? chunk : joinTwo(this.#pending, chunk);
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(LF, from);
      if (end < 0) break;
      if (end === from) this.#dispatch(receive);
      else if (bytes[from] === COLON) commented();
      else this.#line(bytes, from, end);
      from = end + 1;
    }
    this.#pending = from === bytes.length ? undefined : bytes.slice(from);
  }

  #line(bytes: Uint8Array, from: number, end: number): void {
    const colon = bytes.indexOf(COLON, from);
    const fieldEnd = colon < 0 || colon > end ? end : colon;
    let at = Math.min(fieldEnd + 1, end);
    if (bytes[at] === SPACE && at < end) at += 1;
    const field = fieldOf(bytes, from, fieldEnd);
    if (field === 'data') {
      const line = bytes.subarray(at, end);
      this.#data = this.#data === undefined ? line : joinTwo(joinTwo(this.#data, NEW_LINE), line);
    } else if (field === 'event') this.#name = decoder.decode(bytes.subarray(at, end));
    else if (field === 'id') this.lastId = decoder.decode(bytes.subarray(at, end));
  }

  #dispatch(receive: (event: StreamEvent) => void): void {
    const { lastId } = this;
    if (this.#data !== undefined) receive({ name: this.#name, data: this.#data, lastId });
    this.#data = undefined;
    this.#name = 'message';
  }
}

function fieldOf(
  bytes: Uint8Array,
  from: number,
  end: number,
): 'data' | 'event' | 'id' | undefined {
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
const FIELDS = ['data', 'event', 'id'] as const;
const LF = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;
const NEW_LINE = new Uint8Array([LF]);
