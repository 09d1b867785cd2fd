// Members of loosely typed values, JSON or tnetstring, read with Pushpin's leniency and Pushpin's words: a number may
// come as a text or a boolean, a text as bytes, and `null` is never the same as absent.
// Refuses to know which members a message has. grip.md, sections 1.3, 2.3, 2.4 and quirk Q16.

import { readJsonObject } from '../json-slice.ts';
import { isUtf8 } from '../utf8.ts';
import { encodeText } from '../utf8-text.ts';
import { headerLine, type HeaderList } from './header-list.ts';
import { decodeLenientBase64 } from './lenient-base64.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What a name that is missing or a value of the wrong type costs: one sentence, as Pushpin words it. */
export interface GripMistake {
  readonly message: string;
}

/** Deeper JSON is refused before it is parsed. */
const gripJsonDepthMax = 128;
const integerMax = 0x7fff_ffff;

/**
 * Reads members one after the other and remembers the first mistake; after that, what it gives is of the right type
 * but means nothing. So a reader of messages is a list of questions, in Pushpin's order, and one look at the end.
 */
export class FieldReader {
  /** The first mistake; an empty text is one too. */
  mistake: string | undefined = undefined;
  readonly #nullIsAbsent: boolean;

  /** A tnetstring's null stands for what is not there; that of JSON is a value of the wrong type. */
  constructor(nullIsAbsent = false) {
    this.#nullIsAbsent = nullIsAbsent;
  }

  fail(message: string): void {
    this.mistake ??= message;
  }

  /** The value as fields; `name` goes into the mistake. */
  object(value: unknown, name: string): Fields {
    if (isFields(value)) return value;
    this.fail(`${name} is not an object`);
    return {};
  }

  objectAt(fields: Fields, name: string, key: string): Fields | undefined {
    if (this.#isNothing(fields[key])) return undefined;
    return this.#at(fields, name, key, (value) => (isFields(value) ? value : undefined));
  }

  listAt(fields: Fields, name: string, key: string): readonly unknown[] | undefined {
    if (this.#isNothing(fields[key])) return undefined;
    return this.#at(fields, name, key, (value) => (Array.isArray(value) ? value : undefined));
  }

  textAt(fields: Fields, name: string, key: string): string | undefined {
    if (this.#isNothing(fields[key])) return undefined;
    return this.#at(fields, name, key, textOf);
  }

  /** [GRIP-ORDER-5] Ids are only compared: each of their bytes counts, though they be no text. */
  idAt(fields: Fields, name: string, key: string): string | undefined {
    const value = fields[key];
    if (value instanceof Uint8Array && !isUtf8(value))
      return Array.from(value, (byte) => String.fromCharCode(byte)).join('');
    return this.textAt(fields, name, key);
  }

  booleanAt(fields: Fields, name: string, key: string): boolean | undefined {
    return this.#at(fields, name, key, (value) => (typeof value === 'boolean' ? value : undefined));
  }

  /** From 0 up to `max`. */
  integerAt(fields: Fields, name: string, key: string, max = integerMax): number | undefined {
    const number = this.#at(fields, name, key, integerOf);
    if (number === undefined || (number >= 0 && number <= max)) return number;
    this.fail(`${name} contains '${key}' with invalid value`);
    return undefined;
  }

  /** A text as its UTF-8, or bytes as they are. */
  bytesAt(fields: Fields, name: string, key: string): Uint8Array | undefined {
    return this.#at(fields, name, key, (value) => {
      if (value instanceof Uint8Array) return value;
      const text = textOf(value);
      return text === undefined ? undefined : encodeText(text);
    });
  }

  /** A text in base64. */
  base64At(fields: Fields, name: string, key: string): Uint8Array | undefined {
    const text = this.textAt(fields, name, key);
    return text === undefined ? undefined : decodeLenientBase64(text);
  }

  required<T>(value: T | undefined, fields: Fields, name: string, key: string): T | undefined {
    if (!has(fields, key)) this.fail(`${name} does not contain '${key}'`);
    return value;
  }

  /** A list of texts; `list` names it in the mistake about an item. */
  textsAt(
    fields: Fields,
    name: string,
    key: string,
    itemMistake: string,
  ): readonly string[] | undefined {
    return this.listAt(fields, name, key)?.map((item) => {
      const text = textOf(item);
      if (text === undefined) this.fail(itemMistake);
      return text ?? '';
    });
  }

  /** Names and texts, as metadata is given. */
  metaAt(fields: Fields, name: string): Readonly<Record<string, string>> {
    const meta = this.objectAt(fields, name, 'meta') ?? {};
    return recordOf(
      Object.keys(meta).map((key) => {
        const text = textOf(meta[key]);
        if (text === undefined) this.fail(`'meta' contains '${key}' with wrong type`);
        return [key, text ?? ''] as const;
      }),
    );
  }

  /** An object, in the order of its names, or a list of pairs. Lines that HTTP could not carry are left out. */
  headersAt(fields: Fields, name: string): HeaderList {
    const value = fields['headers'];
    if (!has(fields, 'headers')) return [];
    const lines: (readonly [string, string])[] = [];
    if (Array.isArray(value)) {
      for (const item of value as readonly unknown[]) this.#pair(item, lines);
    } else if (isFields(value)) {
      for (const key of Object.keys(value).toSorted(byCodeUnits)) {
        const text = textOf(value[key]);
        if (text === undefined) this.fail(`headers contains '${key}' with wrong type`);
        lines.push([key, text ?? '']);
      }
    } else this.fail(`${name} contains 'headers' with wrong type`);
    return lines.flatMap(([key, text]) => {
      const line = headerLine(key, text);
      return line === undefined ? [] : [line];
    });
  }

  #isNothing(value: unknown): boolean {
    return value === null && this.#nullIsAbsent;
  }

  #pair(item: unknown, lines: (readonly [string, string])[]): void {
    if (!Array.isArray(item)) return this.fail('headers contains element with wrong type');
    if (item.length !== 2) return this.fail('headers contains list with wrong number of elements');
    const name = textOf(item[0]);
    const value = textOf(item[1]);
    if (name === undefined) return this.fail('header contains name element with wrong type');
    if (value === undefined) return this.fail('header contains value element with wrong type');
    lines.push([name, value]);
    return undefined;
  }

  #at<T>(
    fields: Fields,
    name: string,
    key: string,
    read: (value: unknown) => T | undefined,
  ): T | undefined {
    if (!has(fields, key)) return undefined;
    const value = read(fields[key]);
    if (value === undefined) this.fail(`${name} contains '${key}' with wrong type`);
    return value;
  }
}

/**
 * The one object in a JSON text: a byte order mark before it is passed over, and bare scalars are no JSON.
 * [GRIP-PUB-6] Line feeds and other controls may stand in its strings as they are.
 */
export function readGripJson(bytes: Uint8Array): Fields | 'not-json' | 'not-object' {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const text = hasMark ? bytes.subarray(3) : bytes;
  const limits = { depthMax: gripJsonDepthMax };
  const strict = readJsonObject(text, limits);
  // Most is proper JSON, and is read once.
  const escaped = strict.ok ? undefined : withControlsEscaped(text);
  const read = escaped === undefined ? strict : readJsonObject(escaped, limits);
  if (read.ok) return read.value;
  const { code, at } = read.mistake;
  return code === 'not-object' && text[at ?? 0] === openingBracket ? 'not-object' : 'not-json';
}

/** With controls inside of strings written as JSON wants them, as `\u000a`; undefined if there are none. */
function withControlsEscaped(text: Uint8Array): Uint8Array | undefined {
  let count = 0;
  for (const byte of text) if (byte < space) count += 1;
  if (count === 0) return undefined;
  const escaped = new Uint8Array(text.length + count * 5);
  let length = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0;
    if (byte < space && isInString) {
      escaped.set(escapes[byte] ?? noBytes, length);
      length += 6;
      continue;
    }
    escaped[length] = byte;
    length += 1;
    if (byte === quote) isInString = !isInString;
    else if (byte === backslash && isInString && at + 1 < text.length) {
      at += 1;
      escaped[length] = text[at] ?? 0;
      length += 1;
    }
  }
  return escaped.subarray(0, length);
}

export function isFields(value: unknown): value is Fields {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

export function has(fields: Fields, key: string): boolean {
  return Object.hasOwn(fields, key);
}

/**
 * A text, or the text in bytes; undefined for any other type, and for bytes that are no UTF-8.
 * [GRIP-PUB-7] Half a surrogate pair, which UTF-8 cannot carry, is a question mark.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.replace(loneSurrogates, '?');
  if (value instanceof Uint8Array && isUtf8(value)) return decoder.decode(value);
  return undefined;
}

/** Halves go up. A text that is no integer is 0, as in Pushpin; beyond 32 bits it is -1, which no member may be. */
function integerOf(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return bounded(Math.round(value));
  const text = textOf(value);
  if (text === undefined) return undefined;
  return integer.test(text) ? bounded(Number(text)) : 0;
}

/** A record that has what it was given and nothing else; of two values for a name, the last. */
export function recordOf(
  members: readonly (readonly [name: string, value: string])[],
): Readonly<Record<string, string>> {
  const record = Object.create(null) as Record<string, string>;
  for (const [name, value] of members) record[name] = value;
  return record;
}

/** Qt keeps objects in this order. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function bounded(number: number): number {
  return Math.abs(number) <= integerMax ? number + 0 : -1;
}

const openingBracket = 0x5b;
const space = 0x20;
const noBytes = new Uint8Array(0);
const escapes = Array.from({ length: space }, (_, control) =>
  encodeText(`\\u${control.toString(16).padStart(4, '0')}`),
);
const quote = 0x22;
const backslash = 0x5c;
const loneSurrogates = /[\ud800-\udfff]/gu;
const integer = /^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
