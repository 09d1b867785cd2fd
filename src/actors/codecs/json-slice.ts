// One JSON object out of bytes, and with it the untouched source text of its members: 170.50 stays 170.50.
// Strict where JSON.parse is lenient or helpless: UTF-8 must be well-formed, and the depth is counted before parsing.
// Refuses to know what the members mean; which key is the topic and which the data is the dialect's business.
// RFC 8259, RFC 3629; spec: JSON-1, JSON-2, JSON-3.

import { firstUtf8Fault } from './utf8.ts';

export interface JsonLimits {
  /** The deepest nesting allowed; a flat object has depth 1. */
  readonly depthMax: number;
}

/** An object as JSON.parse makes it: `__proto__` is a member like any other. */
export type JsonObject = { readonly [key: string]: unknown };

export interface JsonMistake {
  readonly code: 'not-utf8' | 'not-json' | 'not-object' | 'too-deep';
  /** Byte offset, where it is known. */
  readonly at: number | undefined;
  readonly hint: string;
}

/** `slice` gives a top-level member's value as a view of the source (the last of duplicates), or undefined. */
export interface JsonRead {
  readonly ok: true;
  readonly value: JsonObject;
  slice(key: string): Uint8Array | undefined;
}

export interface JsonRefused {
  readonly ok: false;
  readonly mistake: JsonMistake;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
// [ and {, like ] and }, differ by one bit: & 0xdf makes them one.
const opening = 0x5b;
const closing = 0x5d;
// ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads bytes that hold exactly one JSON object; never throws, and never parses what is too deep. */
export function readJsonObject(bytes: Uint8Array, limits: JsonLimits): JsonRead | JsonRefused {
  // [JSON-2] before anything walks the structure
  const deepAt = firstTooDeep(bytes, limits.depthMax);
  if (deepAt !== undefined)
    return refused('too-deep', deepAt, `nesting deeper than ${limits.depthMax}`);
  let text: string;
  try {
    text = decoder.decode(bytes); // [JSON-1]
  } catch {
    return refused('not-utf8', firstUtf8Fault(bytes), 'the text must be UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused('not-json', undefined, 'the text must be one JSON document');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused('not-object', skipBlanks(bytes, 0), 'the document must be an object');
  }
  return new ReadObject(bytes, value as JsonObject);
}

/** Says whether a string holds half a surrogate pair, which JSON may escape but UTF-8 cannot carry. */
export function hasLoneSurrogate(text: string): boolean {
  return /[\ud800-\udfff]/u.test(text);
}

class ReadObject implements JsonRead {
  readonly ok = true;
  readonly value: JsonObject;
  private readonly source: Uint8Array;

  constructor(source: Uint8Array, value: JsonObject) {
    this.value = value;
    this.source = source;
  }

  // [JSON-3]
  slice(key: string): Uint8Array | undefined {
    return sliceMember(this.source, key);
  }
}

/** Walks a text already proved to be an object, so every byte is where the grammar puts it. */
function sliceMember(source: Uint8Array, key: string): Uint8Array | undefined {
  let start = -1;
  let end = -1;
  let at = skipBlanks(source, skipBlanks(source, 0) + 1);
  while (source[at] === quote) {
    const keyEnd = skipString(source, at);
    const matches = isKey(source, at + 1, keyEnd - 1, key);
    const valueAt = skipBlanks(source, skipBlanks(source, keyEnd) + 1);
    at = skipValue(source, valueAt);
    if (matches) {
      start = valueAt;
      end = at;
    }
    at = skipBlanks(source, at);
    if (source[at] !== comma) break;
    at = skipBlanks(source, at + 1);
  }
  return start < 0 ? undefined : source.subarray(start, end);
}

function isKey(source: Uint8Array, from: number, to: number, key: string): boolean {
  const size = to - from;
  for (let i = 0; i < size; i += 1) {
    const byte = source[from + i] as number;
    if (byte >= 0x80 || byte === backslash)
      return JSON.parse(decoder.decode(source.subarray(from - 1, to + 1))) === key;
    if (byte !== key.charCodeAt(i)) return false;
  }
  return size === key.length;
}

function skipBlanks(source: Uint8Array, from: number): number {
  let at = from;
  while (at < source.length) {
    const byte = source[at] as number;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at += 1;
  }
  return at;
}

/** From an opening quote to behind the closing one. */
function skipString(source: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < source.length) {
    const byte = source[at] as number;
    if (byte === quote) return at + 1;
    at += byte === backslash ? 2 : 1;
  }
  return source.length;
}

/** From the first byte of a value to behind its last one. */
function skipValue(source: Uint8Array, from: number): number {
  const first = source[from] as number;
  if (first === quote) return skipString(source, from);
  if ((first & 0xdf) !== opening) return skipScalar(source, from);
  const size = source.length;
  let depth = 0;
  let inString = 0;
  for (let at = from; at < size; at += 1) {
    const byte = source[at] as number;
    if (byte === quote) inString ^= 1;
    else if (byte === backslash) at += 1;
    else if (byte >= opening && inString === 0) {
      const shape = byte & 0xdf;
      if (shape === opening) depth += 1;
      else if (shape === closing) {
        depth -= 1;
        if (depth === 0) return at + 1;
      }
    }
  }
  return size;
}

/** A number or a literal ends where a blank, a comma or the bracket around it begins. */
function skipScalar(source: Uint8Array, from: number): number {
  let at = from;
  while (at < source.length) {
    const byte = source[at] as number;
    if (byte <= 0x20 || byte === comma || (byte & 0xdf) === closing) break;
    at += 1;
  }
  return at;
}

/**
 * The offset of the first bracket that opens deeper than allowed. Up to the first error in a text this counts as
 * JSON.parse would, and behind it JSON.parse does not go.
 */
function firstTooDeep(source: Uint8Array, depthMax: number): number | undefined {
  const size = source.length;
  if (size <= depthMax) return undefined;
  // Most texts have fewer brackets than the depth allowed, whatever their order: no need to follow the strings.
  let brackets = 0;
  for (let at = 0; at < size; at += 1) {
    if (((source[at] as number) & 0xdf) === opening) brackets += 1;
  }
  if (brackets <= depthMax) return undefined;
  let depth = 0;
  let inString = 0;
  for (let at = 0; at < size; at += 1) {
    const byte = source[at] as number;
    if (byte === quote) inString ^= 1;
    else if (byte === backslash) at += 1;
    else if (byte >= opening && inString === 0) {
      const shape = byte & 0xdf;
      if (shape === opening) depth += 1;
      else if (shape === closing) depth -= 1;
      if (depth > depthMax) return at;
    }
  }
  return undefined;
}

function refused(code: JsonMistake['code'], at: number | undefined, hint: string): JsonRefused {
  return { ok: false, mistake: { code, at, hint } };
}

/** The values of a list, or the one value of a text that is no list, as views of the source text. */
export interface JsonItems {
  readonly ok: true;
  readonly isList: boolean;
  readonly count: number;
  /** None where there are more than were asked for. */
  readonly items: readonly Uint8Array[];
}

/** Reads bytes that hold one JSON document and takes a list of at most `itemsMax` apart without touching its items. */
export function readJsonItems(
  bytes: Uint8Array,
  limits: JsonLimits,
  itemsMax = Number.POSITIVE_INFINITY,
): JsonItems | JsonRefused {
  const deepAt = firstTooDeep(bytes, limits.depthMax);
  if (deepAt !== undefined)
    return refused('too-deep', deepAt, `nesting deeper than ${limits.depthMax}`);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return refused('not-json', firstUtf8Fault(bytes), 'the text must be one JSON document');
  }
  if (!Array.isArray(value)) return { ok: true, isList: false, count: 1, items: [bytes] };
  const count = value.length;
  const items: Uint8Array[] = [];
  let at = skipBlanks(bytes, skipBlanks(bytes, 0) + 1);
  // A view costs far more than the few bytes that an item may have.
  for (let left = count > itemsMax ? 0 : count; left > 0; left -= 1) {
    const end = skipValue(bytes, at);
    items.push(bytes.subarray(at, end));
    at = skipBlanks(bytes, skipBlanks(bytes, end) + 1);
  }
  return { ok: true, isList: true, count, items };
}
