// One line to one JSON object, by the I-JSON profile (RFC 7493) and the limits of HP: strict where JSON.parse is
// lenient (UTF-8, doubled keys) or helpless (depth). What is opaque keeps its source text, so that 1e400 stays 1e400.
// Refuses to know which messages there are. Obeys spec/hp.md, section "JSON".

import { refused, type Refused } from './mistakes.ts';

/** As JSON.parse makes it: `__proto__` is a member like any other. */
export type JsonObject = { readonly [key: string]: unknown };

export interface StrictJson {
  readonly ok: true;
  readonly value: JsonObject;
  /** The source text of `payload.data`, where there is one. */
  readonly dataText: string | undefined;
  /** Without escapes no text can have NUL or half a surrogate pair in it: the line is UTF-8. */
  readonly hasEscapes: boolean;
}

/** [HP-JSON-7] The envelope counts as 1. */
export const DEPTH_MAX = 32;

// ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it: [HP-JSON-2].
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const TOO_DEEP = refused('TOO_DEEP', `The line nests deeper than ${DEPTH_MAX}.`);

/** Reads one line; mistakes are those of the line, in the order of the specification. */
export function readStrictJson(line: Uint8Array): StrictJson | Refused {
  let text: string;
  try {
    text = decoder.decode(line);
  } catch {
    return refused('INVALID_UTF8', 'The line is not UTF-8.'); // [HP-JSON-1]
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (isTooDeep(line)) return TOO_DEEP;
    return refused('INVALID_JSON', NOT_JSON); // [HP-JSON-3]
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (isTooDeep(line)) return TOO_DEEP;
    return refused('INVALID_MESSAGE', 'A message is a JSON object.'); // [HP-JSON-4]
  }
  const { keys, payloadKeys, dataText, isDeep } = survey(line, text);
  if (isDeep) return TOO_DEEP;
  const object = value as JsonObject;
  const doubled =
    doubledKey(object, keys) ?? doubledKey(object['payload'], payloadKeys, 'payload.');
  if (doubled !== undefined) return refused('DUPLICATE_KEY', 'A key may stand only once.', doubled); // [HP-JSON-5]
  const hasEscapes = text.includes('\\');
  return { ok: true, value: object, dataText, hasEscapes };
}

const NOT_JSON =
  'The line is not one JSON value. A message is an object in one line, with keys and texts in double quotes.';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
// [ and {, like ] and }, differ by one bit: & 0xdf makes them one.
const OPENING = 0x5b;
const CLOSING = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;

/** JSON.parse goes down into nothing; whatever walks its value would, and looks at this before. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if ((byte & 0xdf) === OPENING) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if ((byte & 0xdf) === CLOSING) depth -= 1;
  }
  return false;
}

/** The place of the closing quote, or the end. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at;
  }
  return bytes.length;
}

interface Survey {
  /** As they stand in the envelope, and at the top of the payload. */
  readonly keys: string[];
  readonly payloadKeys: string[];
  dataText: string | undefined;
  isDeep: boolean;
}

/** Walks a line that is known to be one JSON object, and looks at the keys of its two upper levels. */
function survey(line: Uint8Array, text: string): Survey {
  const found: Survey = { keys: [], payloadKeys: [], dataText: undefined, isDeep: false };
  let depth = 0;
  let isKeyNext = false;
  let isInPayload = false;
  let key = '';
  let payloadKey = '';
  let dataAt = -1;
  for (let at = 0; at < line.length; at += 1) {
    switch (line[at]) {
      case QUOTE: {
        const end = endOfString(line, at);
        if (isKeyNext) {
          isKeyNext = false;
          const name = keyOf(source(at, end + 1));
          (depth === 1 ? found.keys : found.payloadKeys).push(name);
          if (depth === 1) key = name;
          else payloadKey = name;
        }
        at = end;
        break;
      }
      case OPENING:
      case OPENING_BRACE:
        depth += 1;
        if (depth === 2) isInPayload = key === 'payload' && line[at] === OPENING_BRACE;
        isKeyNext = depth === 1 || (depth === 2 && isInPayload);
        if (isKeyNext) break;
        // Whatever is in here is nobody's key.
        at = endOfNested(line, at, DEPTH_MAX - depth + 1);
        found.isDeep ||= at < 0;
        if (found.isDeep) return found;
        depth -= 1;
        break;
      case COLON:
        if (depth === 2 && isInPayload && payloadKey === 'data') dataAt = at + 1;
        break;
      case COMMA:
        isKeyNext = true;
        dataAt = endData(depth, at);
        break;
      case CLOSING:
      case CLOSING_BRACE:
        dataAt = endData(depth, at);
        depth -= 1;
        break;
      default:
    }
  }
  return found;

  function endData(depthHere: number, at: number): number {
    if (depthHere !== 2 || dataAt < 0) return dataAt;
    // A CR can only stand between values: a reader for whom it ends a line would read what stands behind it as one.
    found.dataText = source(dataAt, at).replaceAll('\r', ' ').trim();
    return -1;
  }

  /** A byte is a character as long as all are ASCII. */
  function source(from: number, to: number): string {
    return text.length === line.length
      ? text.slice(from, to)
      : decoder.decode(line.subarray(from, to));
  }
}

/** Of a key that stands twice JSON.parse keeps one: only where there are fewer than stand there it is looked for. */
function doubledKey(value: unknown, keys: readonly string[], place = ''): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (keys.length === Object.keys(value).length) return undefined;
  const seen = new Set<string>();
  const doubled = keys.find((key) => seen.size === seen.add(key).size);
  return doubled === undefined ? undefined : place + doubled;
}

/** The place of the bracket that closes what opens here; -1 when it nests deeper than that. */
function endOfNested(bytes: Uint8Array, from: number, depthMax: number): number {
  let depth = 0;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if ((byte & 0xdf) === OPENING) {
      depth += 1;
      if (depth > depthMax) return -1;
    } else if ((byte & 0xdf) === CLOSING) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return bytes.length;
}

/** Keys are compared by what they mean: an escaped letter is that letter. */
function keyOf(source: string): string {
  return source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1);
}

/**
 * [HP-JSON-6] [HP-JSON-8] [HP-JSON-9] Strings and numbers of a payload: no lone surrogates anywhere; outside of the opaque
 * `data` no NUL, and whole numbers only.
 */
export function checkValues(payload: JsonObject, hasEscapes = true): Refused | undefined {
  if (!hasEscapes && isOfWholeNumbers(payload)) return undefined;
  for (const [key, value] of Object.entries(payload)) {
    const place = `payload.${key}`;
    if (!isText(key, false)) return refused('INVALID_STRING', NO_KEY, 'payload');
    const mistake = checkValue(value, place, key === 'data');
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

/** Nothing but the numbers of it can be wrong; whoever finds one wrong looks for its place. */
function isOfWholeNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    for (const inner of value) if (!isOfWholeNumbers(inner)) return false;
    return true;
  }
  // What JSON.parse makes inherits nothing that could be enumerated.
  for (const key in value) if (!isOfWholeNumbers((value as JsonObject)[key])) return false;
  return true;
}

function checkValue(value: unknown, place: string, isOpaque: boolean): Refused | undefined {
  if (typeof value === 'string') {
    if (!isWellFormed(value))
      return refused('INVALID_STRING', 'The text has half a surrogate pair.', place);
    if (!isOpaque && value.includes('\0'))
      return refused('INVALID_STRING', 'The text has a NUL in it.', place);
    return undefined;
  }
  if (typeof value === 'number') {
    return isOpaque || Number.isSafeInteger(value)
      ? undefined
      : refused('INVALID_NUMBER', 'Numbers are whole, and at most 2^53 - 1.', place);
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (!isText(key, isOpaque)) return refused('INVALID_STRING', NO_KEY, place);
    const mistake = checkValue(inner, isOpaque ? place : `${place}.${key}`, isOpaque);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

const NO_KEY = 'A key is not well-formed text.';

function isText(text: string, isOpaque: boolean): boolean {
  return isWellFormed(text) && (isOpaque || !text.includes('\0'));
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
