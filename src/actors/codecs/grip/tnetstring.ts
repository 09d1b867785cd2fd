// Tnetstrings: values with their size before them and their type behind them, as ZeroMQ publishers and the command
// socket speak them. Strings are bytes here; what is text and what is not, only the reader of the value knows.
// Refuses to know what a value means. Sizes are checked before anything is read: the real Pushpin dies of a frame
// that is shorter than it says. The format: tnetstrings.info, with `^` for floats.

import { joined } from '../joined.ts';
import { isUtf8 } from '../utf8.ts';
import { encodeText } from '../utf8-text.ts';

export interface TnetstringMistake {
  readonly message: string;
  /** Byte offset. */
  readonly at: number;
}

/** A dictionary as a record without a prototype, a list as an array, a string as bytes; `rest` is where it ends. */
export type DecodedTnetstring =
  | { readonly ok: true; readonly value: unknown; readonly rest: number }
  | { readonly ok: false; readonly mistake: TnetstringMistake };

/** A flat dictionary has depth 1. */
export const tnetstringDepthMax = 32;
/** More digits than this cannot be a size that fits in memory. */
const sizeDigitsMax = 9;

const colon = 0x3a;
const zero = 0x30;

/** Reads the value that begins at the first byte; strings are views of the input. */
export function decodeTnetstring(bytes: Uint8Array): DecodedTnetstring {
  return readValue(bytes, 0, bytes.length, 0);
}

/**
 * Writes strings, bytes, integers, floats, booleans, null, lists and records; a number that is not safe as an integer
 * goes as a float. What has no form, functions say, goes as null. Cycles are the caller's to avoid.
 */
export function encodeTnetstring(value: unknown): Uint8Array {
  if (typeof value === 'string') return enclosed([encodeText(value)], ',');
  if (value instanceof Uint8Array) return enclosed([value], ',');
  if (typeof value === 'number') {
    return enclosed([encodeText(numeral(value))], Number.isSafeInteger(value) ? '#' : '^');
  }
  if (typeof value === 'boolean') return enclosed([encodeText(String(value))], '!');
  if (Array.isArray(value)) {
    return enclosed(
      value.map((item) => encodeTnetstring(item)),
      ']',
    );
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    return enclosed(
      members.flatMap(([key, member]) => [encodeTnetstring(key), encodeTnetstring(member)]),
      '}',
    );
  }
  return enclosed([], '~');
}

function readValue(bytes: Uint8Array, from: number, to: number, depth: number): DecodedTnetstring {
  let at = from;
  let size = 0;
  for (; at < to && isDigit(bytes[at]); at += 1) {
    if (at - from === sizeDigitsMax) return refused('size is too large', from);
    size = size * 10 + (bytes[at] as number) - zero;
  }
  if (at === from) return refused('no size', from);
  if (at >= to || bytes[at] !== colon) return refused('no colon behind the size', at);
  const start = at + 1;
  const end = start + size;
  if (end >= to) return refused('shorter than its size', from);
  const value = readPayload(bytes, start, end, depth);
  return value.ok ? { ...value, rest: end + 1 } : value;
}

function readPayload(
  bytes: Uint8Array,
  from: number,
  to: number,
  depth: number,
): DecodedTnetstring {
  const payload = bytes.subarray(from, to);
  switch (String.fromCharCode(bytes[to] as number)) {
    case ',':
      return read(payload);
    case '#': {
      const number = wholeNumber.test(asciiOf(payload)) ? Number(asciiOf(payload)) : NaN;
      return Number.isSafeInteger(number) ? read(number) : refused('not an integer', from);
    }
    case '^': {
      const number = decimal.test(asciiOf(payload)) ? Number(asciiOf(payload)) : NaN;
      return Number.isFinite(number) ? read(number) : refused('not a number', from);
    }
    case '!': {
      const word = asciiOf(payload);
      if (word !== 'true' && word !== 'false') return refused('not a boolean', from);
      return read(word === 'true');
    }
    case '~':
      return read(null);
    case ']':
      return depth < tnetstringDepthMax ? readList(bytes, from, to, depth + 1) : tooDeep(from);
    case '}':
      return depth < tnetstringDepthMax ? readRecord(bytes, from, to, depth + 1) : tooDeep(from);
    default:
      return refused('unknown type', to);
  }
}

function readList(bytes: Uint8Array, from: number, to: number, depth: number): DecodedTnetstring {
  const items: unknown[] = [];
  for (let at = from; at < to;) {
    const item = readValue(bytes, at, to, depth);
    if (!item.ok) return item;
    items.push(item.value);
    at = item.rest;
  }
  return read(items);
}

function readRecord(bytes: Uint8Array, from: number, to: number, depth: number): DecodedTnetstring {
  const record = Object.create(null) as Record<string, unknown>;
  for (let at = from; at < to;) {
    const key = readValue(bytes, at, to, depth);
    if (!key.ok) return key;
    if (!(key.value instanceof Uint8Array)) return refused('a key that is no string', at);
    if (!isUtf8(key.value)) return refused('a key that is not UTF-8', at);
    const member = readValue(bytes, key.rest, to, depth);
    if (!member.ok) return member;
    record[decoder.decode(key.value)] = member.value;
    at = member.rest;
  }
  return read(record);
}

function enclosed(parts: readonly Uint8Array[], type: string): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return joined([encodeText(`${size}:`), ...parts, encodeText(type)]);
}

/** Not a number and the infinities have no numeral. */
function numeral(value: number): string {
  return Number.isFinite(value) ? String(value) : '0';
}

function asciiOf(payload: Uint8Array): string {
  return payload.length > numeralBytesMax ? '' : String.fromCharCode(...payload);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte < zero + 10;
}

function read(value: unknown): DecodedTnetstring {
  return { ok: true, value, rest: 0 };
}

function tooDeep(at: number): DecodedTnetstring {
  return refused(`deeper than ${tnetstringDepthMax}`, at);
}

function refused(message: string, at: number): DecodedTnetstring {
  return { ok: false, mistake: { message: `tnetstring: ${message}`, at } };
}

/** The longest double takes 25 characters; publishers may pad. */
const numeralBytesMax = 400;
const wholeNumber = /^ *[+-]?\d+$/;
const decimal = /^ *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
