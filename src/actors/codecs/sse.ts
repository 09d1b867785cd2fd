// Server-sent events as bytes: fields, comments and the blank line that sends an event off.
// Refuses to know who listens and what the data means; reading an event stream is a client's business.
// A newline in a field would forge further fields, so the encoder strips what it cannot carry (SSE-2).
// WHATWG HTML, "Server-sent events", "Parsing an event stream"; spec: SSE-1, SSE-2.

import { encodeAround, encodeText, ownMemory, type TakeBytes } from './utf8-text.ts';

export interface ServerEvent {
  readonly id?: string;
  readonly event?: string;
  /** UTF-8, not checked here. Each of CR LF, CR and LF ends a line; the reader sees LF for all three. */
  readonly data: Uint8Array;
  /** Milliseconds, a whole number from 0 up; anything else is left out. */
  readonly retry?: number;
}

const cr = 0x0d;
const lf = 0x0a;
const encoder = new TextEncoder();
const dataField = encoder.encode('data: ');

/** One event as bytes. CR, LF and NUL are stripped from id and event; empty data is sent as an empty line. */
export function encodeEvent(event: ServerEvent, take: TakeBytes = ownMemory): Uint8Array {
  let fields = '';
  if (event.id !== undefined) fields += `id: ${stripped(event.id)}\n`;
  if (event.event !== undefined) fields += `event: ${stripped(event.event)}\n`;
  if (event.retry !== undefined && isRetry(event.retry)) fields += `retry: ${event.retry}\n`;
  const { data } = event;
  // Almost all data is one line.
  if (data.indexOf(lf) < 0 && data.indexOf(cr) < 0)
    return encodeAround(`${fields}data: `, data, '\n\n', take);
  return withData(encodeText(fields, take), data, take);
}

/** A comment, one line per line of the text: keeps a stream warm and is never seen by the page. */
export function encodeComment(text: string): Uint8Array {
  return encoder.encode(`: ${text.replace(/\r\n|\r|\n/g, '\n: ')}\n\n`);
}

function withData(fields: Uint8Array, data: Uint8Array, take: TakeBytes): Uint8Array {
  const fieldBytes = fields.length;
  // Counted first, so that one exact buffer is made.
  let at = 0;
  let size = fieldBytes + 1;
  for (let more = true; more;) {
    const end = lineEnd(data, at);
    size += dataField.length + (end - at) + 1;
    more = end < data.length;
    at = afterBreak(data, end);
  }
  const bytes = take(size);
  bytes.set(fields, 0);
  let to = fieldBytes;
  at = 0;
  for (let more = true; more;) {
    const end = lineEnd(data, at);
    bytes.set(dataField, to);
    to += dataField.length;
    bytes.set(data.subarray(at, end), to);
    to += end - at;
    bytes[to] = lf;
    to += 1;
    more = end < data.length;
    at = afterBreak(data, end);
  }
  bytes[to] = lf;
  return bytes;
}

function lineEnd(data: Uint8Array, from: number): number {
  const size = data.length;
  for (let at = from; at < size; at += 1) {
    const byte = data[at] as number;
    if (byte <= cr && (byte === lf || byte === cr)) return at;
  }
  return size;
}

function afterBreak(data: Uint8Array, end: number): number {
  return end + 1 < data.length && data[end] === cr && data[end + 1] === lf ? end + 2 : end + 1;
}

function stripped(text: string): string {
  return text.replace(/[\r\n\0]/g, '');
}

function isRetry(retry: number): boolean {
  return Number.isSafeInteger(retry) && retry >= 0;
}
