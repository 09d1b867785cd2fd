// Heads of answers as bytes, with the names and the order that actors and origins gave them. The edge frames bodies
// itself: what others say about framing is left out, and so is every header that would forge another.
// Refuses to know bodies, and the time: an answer whose origin tells no Date has none. RFC 9112 §4, §5, §6.

import { STATUS_CODES } from 'node:http';
import { type HeaderList, HeaderNames, isNamed } from '../../actors/codecs/grip/header-list.ts';

export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** The same as lines that may be sent, hop-by-hop fields left out, where an origin wrote them so. */
  readonly lines?: string | undefined;
}

/** How the body's end is found, as a line of the head; and what becomes of the connection. */
export interface Framing {
  readonly version: 'HTTP/1.0' | 'HTTP/1.1';
  readonly line: string;
  /** `Connection: close`, or `Connection: keep-alive`; empty where the version says it. */
  readonly connection: string;
}

const tokenForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
const hopByHop = new HeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'trailer',
]);
/** What the protocol of WebSockets says in its own name. */
const acceptHeader = 'sec-websocket-accept';

/** A header that can stand in a head as it is. */
export function isSendable(name: string, value: string): boolean {
  return tokenForm.test(name) && valueForm.test(value);
}

const linesForm = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)*$/;

/** The lines of a head, but for those that concern neighbours only or are `left` out; what cannot be sent is dropped. */
export function encodeLines(
  headers: HeaderList,
  left: (name: string) => boolean,
  dropped: (count: number) => void,
): string {
  let lines = '';
  for (const [name, value] of headers)
    if (!isHopByHop(name) && !left(name)) lines += `${name}: ${value}\r\n`;
  // One look at all of them: there is hardly ever one that would forge another.
  if (linesForm.test(lines)) return lines;
  const sendable = headers.filter(([name, value]) => isSendable(name, value));
  dropped(headers.length - sendable.length);
  return encodeLines(sendable, left, dropped);
}

/** Fields of an exchange between two neighbours, which are not passed on. */
export function isHopByHop(name: string): boolean {
  return hopByHop.has(name);
}

/** The first value of Content-Length that is a number; undefined when there is none. */
export function lengthIn(headers: HeaderList): number | undefined {
  for (const [name, value] of headers) {
    const length = isNamed(name, 'content-length') ? wholeNumber(value) : undefined;
    if (length !== undefined) return length;
  }
  return undefined;
}

/** What up to fifteen digits mean, and nothing else does: such numbers are exact. */
export function wholeNumber(text: string): number | undefined {
  if (text.length === 0 || text.length > 15) return undefined;
  let number = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

/** Answers to these never have a body, whatever their headers say. */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || status < 200;
}

/** The text of a head with its empty line; `dropped` is told how many headers could not be sent. */
export function encodeHead(
  { status, reason, headers, lines }: AnswerHead,
  { version, line, connection }: Framing,
  dropped: (count: number) => void,
): string {
  const said = reason === '' ? (STATUS_CODES[status] ?? '') : reason;
  const code = `${version} ${status} ${valueForm.test(said) ? said : ''}\r\n`;
  return `${code}${lines ?? encodeLines(headers, isNone, dropped)}${line}${connection}\r\n`;
}

/** The headers of an agreed handshake beside the protocol's own; an extension among them is the owner's to obey. */
export function headersOfHandshake(headers: HeaderList): HeaderList {
  return headers.filter(
    ([name, value]) =>
      !isHopByHop(name) && name.toLowerCase() !== acceptHeader && isSendable(name, value),
  );
}

/** A whole answer of the edge's own, after which the connection ends. */
export function encodeRefusal(status: number, text: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    'latin1',
  );
}

function isNone(): boolean {
  return false;
}
