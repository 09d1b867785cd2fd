// Header lines in the order and case in which they came, and the values inside them: elements between commas, and
// parameters behind semicolons. Refuses to know what any header means.
// A value is a byte string, one character per byte, as HTTP/1.1 carries it: `headerText` and `headerLine` cross over
// to real text and back. The syntax is Pushpin's own, laxer than RFC 9110: a first value ends at the first semicolon.

import { isUtf8 } from '../utf8.ts';
import { encodeText } from '../utf8-text.ts';

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface HeaderElement {
  readonly value: string;
  /** Names in lower case, in the order of the text; a name may come twice. */
  readonly params: readonly HeaderParam[];
}

/** `isNothing`: without `=`, or with empty quotes, where a value behind `=` may be empty and still be one. */
type HeaderParam = readonly [name: string, value: string, isNothing?: true];

/** The value of the first line of that name, in any case. */
export function firstHeader(headers: HeaderList, name: string): string | undefined {
  for (const header of headers) if (isSameName(header[0], name)) return header[1];
  return undefined;
}

/** The values of all lines of that name, in any case, each as a whole. */
export function allHeaders(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (const [other, value] of headers) if (isSameName(other, name)) values.push(value);
  return values;
}

/** Names of headers that are looked for again and again. */
export class HeaderNames {
  /** In lower case, by their length. */
  readonly #byLength: (string[] | undefined)[] = [];

  constructor(names: readonly string[]) {
    for (const name of names) (this.#byLength[name.length] ??= []).push(name.toLowerCase());
  }

  /** In any case. */
  has(name: string): boolean {
    const lowers = this.#byLength[name.length];
    if (lowers === undefined) return false;
    for (const lower of lowers) if (isNamed(name, lower)) return true;
    return false;
  }
}

/** All lines but those named, in any case; a predicate sees names in lower case. */
export function withoutHeaders(
  headers: HeaderList,
  names: HeaderNames | readonly string[] | ((lower: string) => boolean),
): HeaderList {
  if (typeof names === 'function') return headers.filter(([name]) => !names(name.toLowerCase()));
  const left = names instanceof HeaderNames ? names : new HeaderNames(names);
  for (const [name] of headers)
    if (left.has(name)) return headers.filter(([other]) => !left.has(other));
  return headers;
}

/** Names are the same in any case; most are told apart by their length. */
export function isNamed(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false;
  return name === lower || (beginsLike(name, lower) && name.toLowerCase() === lower);
}

/** Both in any case. */
function isSameName(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  return one === other || (beginsLike(one, other) && one.toLowerCase() === other.toLowerCase());
}

/** The first letters are the same but for their case; others may be taken for the same. */
function beginsLike(name: string, other: string): boolean {
  return ((name.charCodeAt(0) ^ other.charCodeAt(0)) & ~0x20) === 0;
}

/** The name begins with a word in lower case, in any case. */
export function isNamedLike(name: string, lower: string): boolean {
  return beginsLike(name, lower) && name.toLowerCase().startsWith(lower);
}

/** The lines with one of that name only: it takes the place of the first such line, or comes last. */
export function withHeader(headers: HeaderList, name: string, value: string): HeaderList {
  const at = headers.findIndex(([other]) => isSameName(other, name));
  if (at < 0) return [...headers, [name, value]];
  return [...headers.slice(0, at), [name, value], ...withoutHeaders(headers.slice(at + 1), [name])];
}

/**
 * What stands between commas outside of double quotes, trimmed. An empty text has no element, and a comma at the end
 * begins none; a quote that is never closed takes the rest in.
 */
export function splitElements(value: string): string[] {
  const elements: string[] = [];
  for (let at = 0; at < value.length;) {
    const end = commaAfter(value, at);
    elements.push(trimmed(value.slice(at, end)));
    at = end + 1;
  }
  return elements;
}

/** One element taken apart; undefined if a quoted parameter is not closed. */
export function parseElement(element: string): HeaderElement | undefined {
  const end = indexOrEnd(element, ';', 0);
  const params = parseParams(element, end + 1);
  return params && { value: trimmed(element.slice(0, end)), params };
}

/**
 * `name=value` pairs between semicolons, from an offset on. Quoted values know `\` as an escape; what stands between
 * a closing quote and the next semicolon is passed over. Undefined if a quote is not closed.
 */
export function parseParams(text: string, from: number): readonly HeaderParam[] | undefined {
  const params: HeaderParam[] = [];
  let equals = -1;
  for (let at = from; at < text.length;) {
    const end = indexOrEnd(text, ';', at);
    if (equals < at) equals = indexOrEnd(text, '=', at);
    if (equals >= end) {
      params.push([trimmed(text.slice(at, end)).toLowerCase(), '', true]);
      at = end + 1;
      continue;
    }
    const name = trimmed(text.slice(at, equals)).toLowerCase();
    if (text[equals + 1] === '"') {
      const quoted = unquote(text, equals + 2);
      if (quoted === undefined) return undefined;
      params.push(quoted.value === '' ? [name, '', true] : [name, quoted.value]);
      at = indexOrEnd(text, ';', quoted.end) + 1;
    } else {
      params.push([name, trimmed(text.slice(equals + 1, end))]);
      at = end + 1;
    }
  }
  return params;
}

/** The first parameter of that name (in lower case). */
export function paramOf(element: HeaderElement, name: string): string | undefined {
  return element.params.find(([other]) => other === name)?.[1];
}

/** The bytes of a value; what is no byte string is taken as text. */
export function headerBytes(value: string): Uint8Array {
  const bytes = new Uint8Array(value.length);
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code > 0xff) return encodeText(value);
    bytes[at] = code;
  }
  return bytes;
}

/** The text in a value: its bytes as UTF-8, or the value as it is where they are none. */
export function headerText(value: string): string {
  if (!beyondAscii.test(value)) return value;
  const bytes = headerBytes(value);
  return isUtf8(bytes) ? decoder.decode(bytes) : value;
}

/**
 * A header line from texts that came in JSON or tnetstring; undefined if the name is no token. Line breaks and NUL in
 * the value become spaces, or a publisher could write header lines, and answers, of its own.
 */
export function headerLine(
  name: string,
  value: string,
): readonly [name: string, value: string] | undefined {
  if (!token.test(name)) return undefined;
  return [name, headerValue(value)];
}

/** A text as the byte string of one header value or reason. */
export function headerValue(text: string): string {
  const line = text.replace(/[\r\n\0]+/g, ' ');
  if (!beyondAscii.test(line)) return line;
  return Array.from(encodeText(line), (byte) => String.fromCharCode(byte)).join('');
}

function commaAfter(value: string, from: number): number {
  let inQuotes = false;
  for (let at = from; at < value.length; at += 1) {
    const mark = value[at];
    if (mark === '"') inQuotes = !inQuotes;
    else if (mark === '\\' && inQuotes) at += 1;
    else if (mark === ',' && !inQuotes) return at;
  }
  return value.length;
}

function unquote(text: string, from: number): { value: string; end: number } | undefined {
  let value = '';
  for (let at = from; at < text.length; at += 1) {
    const mark = text[at];
    if (mark === '"') return { value, end: at + 1 };
    if (mark === '\\') at += 1;
    value += text[at] ?? '';
  }
  return undefined;
}

function indexOrEnd(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

/**
 * The blanks of the C locale only: a byte A0 may be half of a character. Not by an expression, which would look at a
 * long run of blanks inside of a text once for each of them.
 */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const beyondAscii = /[^\0-\x7f]/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
