// JSON-P: a GET that a page's script element made, as the request that is meant by it; and answers as the script that
// the page waits for. Refuses to know routes and holds. What becomes part of a request is checked as strictly as if it
// had come as one, for it comes from a page that nobody trusts. Pushpin's `auto_cross_origin`, with its texts.

import { headerLine, type HeaderList, headerText } from '../../codecs/grip/header-list.ts';
import type { JsonpSettings } from '../../codecs/grip/routes-file.ts';
import { encodeAround } from '../../codecs/utf8-text.ts';

export interface JsonpRequest {
  readonly method: string;
  /** With its `?`; empty when there is none. */
  readonly search: string;
  readonly headers: HeaderList;
}

export type JsonpReading<R extends JsonpRequest> =
  | { readonly kind: 'none' }
  /** The text of a 400. */
  | { readonly kind: 'mistake'; readonly message: string }
  | {
      readonly kind: 'jsonp';
      readonly callback: string;
      readonly mode: 'basic' | 'extended';
      readonly request: Omit<R, keyof JsonpRequest> & JsonpRequest & { readonly body: Uint8Array };
    };

export interface JsonpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const PERCENT = 0x25;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Set by us, or by whoever frames the rewritten request. */
const notForPages: readonly string[] = [
  'host',
  'accept',
  'connection',
  'content-length',
  'transfer-encoding',
];

/**
 * [GRIP-JSONP-1] [GRIP-JSONP-2] Reads a request of a route that does JSON-P. Members of the request that this does
 * not know are passed on.
 */
export function readJsonp<R extends JsonpRequest>(
  request: R,
  rules: JsonpSettings,
): JsonpReading<R> {
  if (request.method !== 'GET') return { kind: 'none' };
  const query = new Query(request.search);
  const callbackName = rules.callbackParam ?? 'callback';
  const isNamed = query.has(callbackName);
  const isMeant = rules.bodyParam !== undefined && query.has(rules.bodyParam);
  const callback = isNamed ? query.take(callbackName) : isMeant ? rules.defaultCallback : undefined;
  if (callback === undefined) return isNamed ? mistake('callback parameter') : { kind: 'none' };

  const method = query.has('_method') ? query.take('_method') : rules.defaultMethod;
  if (method === undefined || !token.test(method)) return mistake('_method parameter');

  const own = query.has('_headers') ? headersOf(query.take('_headers')) : [];
  if (own === undefined) return mistake('_headers parameter');

  const bodyName = rules.bodyParam ?? '_body';
  const hasBody = query.has(bodyName);
  const body = hasBody ? query.takeBytes(bodyName) : new Uint8Array(0);
  if (body === undefined)
    return mistake(rules.bodyParam === undefined ? '_body parameter' : 'body parameter');
  const isJson = hasBody && rules.bodyParam !== undefined;

  const headers: HeaderList = [
    ...(isJson ? without(own, 'content-type') : own),
    ...(isJson ? [['Content-Type', 'application/json'] as const] : []),
    ['Accept', '*/*'],
    ...without(request.headers, 'accept', 'content-length', 'transfer-encoding'),
  ];
  const rewritten = { ...request, method, search: query.search(), headers, body };
  return { kind: 'jsonp', callback, mode: rules.mode, request: rewritten };
}

/** [GRIP-JSONP-4] An answer that came from the origin, whole, as the script that the page waits for. */
export function wrapJsonp(
  callback: string,
  mode: 'basic' | 'extended',
  answer: JsonpAnswer,
): JsonpAnswer {
  // [GRIP-JSONP-7]
  if (mode === 'basic' && answer.body.byteLength === 0) return unwrappable;
  const script =
    mode === 'basic'
      ? encodeAround(`/**/${callback}(`, withoutLineEnd(answer.body), ');\n')
      : encoder.encode(
          `/**/${callback}({"code": ${answer.status}, "reason": ${jsonInScript(answer.reason)}, ` +
            `"headers": ${jsonInScript(firstValues(answer.headers))}, ` +
            `"body": ${jsonInScript(decoder.decode(answer.body))}});\n`,
        );
  const mirrored = answer.headers.filter(([name]) => name.toLowerCase() === 'cache-control');
  const headers: HeaderList = [
    ['Content-Type', 'application/javascript'],
    ['Content-Length', String(script.length)],
    ...mirrored,
  ];
  return { status: 200, reason: 'OK', headers, body: script };
}

/**
 * The answer that ends a hold, which Pushpin wraps in another way: members sorted, no blanks, headers of one name
 * merged, and its own headers stay around the script.
 */
export function wrapHeldJsonp(
  callback: string,
  mode: 'basic' | 'extended',
  answer: JsonpAnswer,
): JsonpAnswer {
  const own = without(answer.headers, 'content-length');
  const value = {
    body: decoder.decode(answer.body),
    code: answer.status,
    headers: mergedValues(own),
    reason: answer.reason,
  };
  const script =
    mode === 'basic'
      ? encodeAround(`/**/${callback}(`, withoutLineEnd(answer.body), ');\n')
      : encoder.encode(`/**/${callback}(${jsonInScript(value)});\n`);
  const headers: HeaderList = [
    ...without(own, 'content-type'),
    ['Content-Type', 'application/javascript'],
    ['Content-Length', String(script.length)],
  ];
  return { status: 200, reason: 'OK', headers, body: script };
}

/** JSON that is a script, too: before ECMAScript 2019 two line ends of Unicode ended a text's line. */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

const unwrappable: JsonpAnswer = {
  status: 500,
  reason: 'Internal Server Error',
  headers: [['Content-Type', 'text/plain']],
  body: encoder.encode('Upstream response could not be JSON-P encoded.\n'),
};

/** Query items as they came; what is taken is gone from the rest. */
class Query {
  private items: readonly { readonly name: string; readonly value: string; readonly raw: string }[];

  constructor(search: string) {
    const text = search.startsWith('?') ? search.slice(1) : search;
    const raws = text === '' ? [] : text.split('&');
    this.items = raws.map((raw) => {
      const equals = raw.indexOf('=');
      const name = percentDecoded(equals < 0 ? raw : raw.slice(0, equals));
      const value = equals < 0 ? '' : raw.slice(equals + 1);
      return { raw, value, name: name === undefined ? raw : decoder.decode(name) };
    });
  }

  has(name: string): boolean {
    return this.items.some((item) => item.name === name);
  }

  /** The first of that name; undefined if it is empty or badly encoded. An empty `_body=` is refused by Pushpin too. */
  takeBytes(name: string): Uint8Array | undefined {
    const value = this.items.find((item) => item.name === name)?.value ?? '';
    this.items = this.items.filter((item) => item.name !== name);
    return value === '' ? undefined : percentDecoded(value);
  }

  take(name: string): string | undefined {
    const bytes = this.takeBytes(name);
    return bytes === undefined ? undefined : decoder.decode(bytes);
  }

  search(): string {
    return this.items.length === 0 ? '' : `?${this.items.map(({ raw }) => raw).join('&')}`;
  }
}

/** A plus sign stays one. */
function percentDecoded(text: string): Uint8Array | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const said = encoder.encode(text);
  let length = 0;
  for (let at = 0; at < said.length; at += 1) {
    const isCode = said[at] === PERCENT;
    // What is meant is never longer than how it was said.
    said[length] = isCode
      ? Number.parseInt(decoder.decode(said.subarray(at + 1, at + 3)), 16)
      : (said[at] ?? 0);
    length += 1;
    if (isCode) at += 2;
  }
  return said.subarray(0, length);
}

/** undefined for what is no object of texts, or holds a name that no header has. */
function headersOf(text: string | undefined): HeaderList | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const headers: (readonly [string, string])[] = [];
  for (const [name, content] of Object.entries(value)) {
    if (typeof content !== 'string') return undefined;
    const line = headerLine(name, content);
    if (line === undefined) return undefined;
    if (!notForPages.includes(name.toLowerCase())) headers.push(line);
  }
  return headers;
}

/** Sorted by name; of several with exactly the same name the first. */
function firstValues(headers: HeaderList): Readonly<Record<string, string>> {
  const values = new Map<string, string>();
  for (const [name, value] of headers) if (!values.has(name)) values.set(name, headerText(value));
  return sorted([...values]);
}

/** Sorted by name; of several with the same name, in any case, all, in the writing of the first. */
function mergedValues(headers: HeaderList): Readonly<Record<string, string>> {
  const values = new Map<string, { readonly name: string; readonly all: string[] }>();
  for (const [name, value] of headers) {
    const known = values.get(name.toLowerCase());
    if (known === undefined) values.set(name.toLowerCase(), { name, all: [headerText(value)] });
    else known.all.push(headerText(value));
  }
  return sorted([...values.values()].map(({ name, all }) => [name, all.join(', ')]));
}

function sorted(entries: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function without(headers: HeaderList, ...lowers: readonly string[]): HeaderList {
  return headers.filter(([name]) => !lowers.includes(name.toLowerCase()));
}

function withoutLineEnd(body: Uint8Array): Uint8Array {
  if (body.at(-1) !== 0x0a) return body;
  return body.subarray(0, body.at(-2) === 0x0d ? -2 : -1);
}

function mistake(what: string): { readonly kind: 'mistake'; readonly message: string } {
  return { kind: 'mistake', message: `Invalid ${what}.` };
}
