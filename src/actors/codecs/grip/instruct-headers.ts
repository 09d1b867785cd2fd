// The header form of an instruct: each `Grip-*` header of an origin's answer, one function each.
// Refuses to know the JSON form, and defaults that belong to both. grip.md, sections 1.2 and 1.4.

import type { FieldReader } from './fields.ts';
import {
  allHeaders,
  firstHeader,
  type HeaderElement,
  type HeaderList,
  headerBytes,
  headerText,
  paramOf,
  parseElement,
  parseParams,
  splitElements,
  withoutHeaders,
} from './header-list.ts';
import type { Instruct, InstructChannel, KeepAlive, OriginAnswer } from './instruct.ts';
import { decodeLenientBase64 } from './lenient-base64.ts';

export const filtersPerChannelMax = 5;
export const keepAliveTimeoutSecondsDefault = 55;
const nextTimeoutSecondsDefault = 120;

export interface KeepAliveDraft {
  readonly content: Uint8Array;
  readonly timeoutSeconds: number;
  readonly mode: KeepAlive['mode'];
}

/** What headers and JSON have said so far, before defaults and bounds. */
export interface InstructDraft {
  readonly hold: Instruct['hold'];
  readonly channels: readonly InstructChannel[];
  readonly timeoutSeconds: number | undefined;
  readonly keepAlive: KeepAliveDraft | undefined;
  readonly meta: readonly (readonly [name: string, value: string])[];
  readonly exposeHeaders: readonly string[] | undefined;
  readonly next: Instruct['next'];
  readonly gone: string | undefined;
  /** An empty reason is to be filled in. */
  readonly response: Instruct['response'];
}

/** What the headers say, and what is left of them and the body for the client. */
export function readInstructHeaders(reader: FieldReader, answer: OriginAnswer): InstructDraft {
  const { headers } = answer;
  const hold = readHold(reader, firstHeader(headers, 'grip-hold'));
  const channels = elementsOf(headers, 'grip-channel').map((element) =>
    readChannel(reader, element),
  );
  const timeout = firstHeader(headers, 'grip-timeout');
  const timeoutSeconds =
    timeout === undefined
      ? undefined
      : readSeconds(
          reader,
          timeout,
          'failed to parse Grip-Timeout',
          'Grip-Timeout has invalid value',
        );
  const exposed = elementsIn(headers, 'grip-expose-headers').map((name) => name.toLowerCase());
  const exposeHeaders = exposed.length === 0 ? undefined : exposed;
  const keepAlive = readKeepAlive(reader, firstHeader(headers, 'grip-keep-alive'));
  const meta = readMeta(reader, headers);
  const status = readStatus(reader, answer);
  const links = readLinks(reader, headers);
  const kept = withoutUnsendable(headers).filter(
    ([name]) => exposeHeaders?.includes(name.toLowerCase()) ?? true,
  );
  return {
    hold,
    channels,
    timeoutSeconds,
    keepAlive,
    meta,
    exposeHeaders,
    ...links,
    response: { ...status, headers: kept, body: answer.body },
  };
}

function readHold(reader: FieldReader, hold: string | undefined): Instruct['hold'] {
  if (hold === undefined) return 'none';
  if (hold === 'response' || hold === 'stream') return hold;
  reader.fail("Grip-Hold must be set to either 'response' or 'stream'");
  return 'none';
}

function readChannel(reader: FieldReader, element: HeaderElement): InstructChannel {
  const name = headerText(element.value);
  // [GRIP-SEQ-7]
  const [, prevId, isNothing] = element.params.find(([param]) => param === 'prev-id') ?? [];
  const filters = filtersOf(element);
  if (filters.length > filtersPerChannelMax) {
    reader.fail(`too many filters for channel '${name}'`);
  }
  const isPlace = prevId !== undefined && isNothing !== true;
  return { name, prevId: isPlace ? headerText(prevId) : undefined, filters };
}

export function filtersOf(channel: HeaderElement): readonly string[] {
  return channel.params.filter(([name]) => name === 'filter').map(([, value]) => headerText(value));
}

/** Not split at commas: the content may have some. Only the first line counts, and an unclosed quote spoils it. */
function readKeepAlive(reader: FieldReader, line: string | undefined): KeepAliveDraft | undefined {
  const element = line === undefined || line === '' ? undefined : parseElement(line);
  if (element === undefined) return undefined;
  if (element.value === '') reader.fail('Grip-Keep-Alive cannot be empty');
  const mode = paramOf(element, 'mode') ?? '';
  if (!['', 'idle', 'interval'].includes(mode)) {
    reader.fail(`no such Grip-Keep-Alive mode '${headerText(mode)}'`);
  }
  const timeout = paramOf(element, 'timeout');
  const timeoutSeconds =
    timeout === undefined
      ? keepAliveTimeoutSecondsDefault
      : readSeconds(
          reader,
          timeout,
          'failed to parse Grip-Keep-Alive timeout value',
          'Grip-Keep-Alive timeout has invalid value',
        );
  const format = paramOf(element, 'format') ?? '';
  const content = decodeContent(element.value, format);
  if (content === 'no-such-format') {
    reader.fail(`no such Grip-Keep-Alive format '${headerText(format)}'`);
  } else if (content === 'broken') {
    reader.fail('failed to parse Grip-Keep-Alive cstring format');
  }
  return {
    content: typeof content === 'string' ? noBytes : content,
    timeoutSeconds,
    mode: mode === 'interval' ? 'interval' : 'idle',
  };
}

/** A byte string in one of the formats of keep-alive contents. */
function decodeContent(value: string, format: string): Uint8Array | 'no-such-format' | 'broken' {
  switch (format) {
    case '':
    case 'raw':
      return headerBytes(value);
    case 'base64':
      return decodeLenientBase64(value);
    case 'cstring': {
      const text = unescape(value);
      // What leaves nothing cannot be told from a failure in Pushpin, and would keep nothing alive.
      return text === undefined || text === '' ? 'broken' : headerBytes(text);
    }
    default:
      return 'no-such-format';
  }
}

/**
 * [GRIP-KEEP-3] `\\`, `\r`, `\n` and `\xHH`; other escapes vanish with their letter. Undefined for one that is cut
 * off.
 */
export function unescape(value: string): string | undefined {
  let text = '';
  for (let at = 0; at < value.length; at += 1) {
    const mark = value[at] as string;
    if (mark !== '\\') {
      text += mark;
      continue;
    }
    at += 1;
    const letter = value[at];
    if (letter === undefined) return undefined;
    if (letter === 'x') {
      const digits = value.slice(at + 1, at + 3);
      if (!/^[0-9a-f]{2}$/i.test(digits)) return undefined;
      text += String.fromCharCode(parseInt(digits, 16));
      at += 2;
    } else text += escapes[letter] ?? '';
  }
  return text;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\', r: '\r', n: '\n' };

/** Of each element only the first pair counts; an unclosed quote makes it no pair. */
function readMeta(reader: FieldReader, headers: HeaderList): (readonly [string, string])[] {
  return elementsIn(headers, 'grip-set-meta').flatMap((element) => {
    const params = parseNamedParams(element);
    if (params === undefined) return [];
    const first = params[0];
    if (first === undefined) {
      reader.fail('Grip-Set-Meta cannot be empty');
      return [];
    }
    return [[headerText(first[0]), headerText(first[1])] as const];
  });
}

/** As parseParams, but with the first name in its own case: it is the origin's, not the protocol's. */
function parseNamedParams(element: string): HeaderElement['params'] | undefined {
  const params = parseParams(element, 0);
  const first = params?.[0];
  if (params === undefined || first === undefined) return params;
  const name = /^[^=;]*/.exec(element)?.[0] ?? '';
  return [[name.trim(), first[1]]];
}

function readStatus(reader: FieldReader, answer: OriginAnswer): { status: number; reason: string } {
  const line = firstHeader(answer.headers, 'grip-status') ?? '';
  if (line === '') return { status: answer.status, reason: answer.reason };
  const space = line.indexOf(' ');
  const digits = space < 0 ? line : line.slice(0, space);
  const status = wholeNumber.test(digits) ? Number(digits) : -1;
  if (status < 0 || status > 999) reader.fail('Grip-Status contains invalid status code');
  return { status, reason: space < 0 ? '' : line.slice(space + 1) };
}

/** [GRIP-NEXT-3] The last link of each kind counts. A link without a parameter is none. */
function readLinks(
  reader: FieldReader,
  headers: HeaderList,
): { next: Instruct['next']; gone: string | undefined } {
  let next: Instruct['next'];
  let gone: string | undefined;
  for (const element of elementsOf(headers, 'grip-link')) {
    const rel = paramOf(element, 'rel');
    if (rel !== 'next' && rel !== 'gone') continue;
    const uri = readUri(reader, element.value);
    if (rel === 'gone') {
      gone = uri;
      continue;
    }
    const timeout = paramOf(element, 'timeout');
    const timeoutSeconds =
      timeout === undefined
        ? nextTimeoutSecondsDefault
        : readSeconds(
            reader,
            timeout,
            'failed to parse Grip-Link timeout value',
            'Grip-Link timeout has invalid value',
          );
    next = { uri, timeoutMs: timeoutSeconds * 1000 };
  }
  return { next, gone };
}

export function hasNextLink(headers: HeaderList): boolean {
  return elementsOf(headers, 'grip-link').some((link) => paramOf(link, 'rel') === 'next');
}

function readUri(reader: FieldReader, value: string): string {
  if (!/^<.+>$/s.test(value)) {
    reader.fail('failed to parse Grip-Link value');
    return '';
  }
  const uri = headerText(value.slice(1, -1));
  // A colon before any slash ends a scheme, and nothing else may stand there.
  const isMisread = /^[^/?#]*:/.test(uri) && !/^[a-z][a-z0-9+.-]*:/i.test(uri);
  if (isMisread || !URL.canParse(uri, 'http://origin/')) {
    reader.fail('Grip-Link contains invalid link');
  }
  return uri;
}

function readSeconds(
  reader: FieldReader,
  value: string,
  notANumber: string,
  outOfRange: string,
): number {
  const seconds = wholeNumber.test(value) ? Number(value) : NaN;
  if (!(Math.abs(seconds) <= secondsMax)) reader.fail(notANumber);
  else if (seconds < 0) reader.fail(outOfRange);
  return seconds;
}

/** Encodings stay: the body is handed on as it came. */
export function withoutUnsendable(headers: HeaderList): HeaderList {
  return withoutHeaders(headers, (name) => isGripName(name) || hopHeaders.includes(name));
}

function elementsIn(headers: HeaderList, name: string): string[] {
  return allHeaders(headers, name).flatMap((value) => splitElements(value));
}

/** Elements that can be taken apart; Pushpin passes over the others in silence. */
export function elementsOf(headers: HeaderList, name: string): HeaderElement[] {
  return elementsIn(headers, name).flatMap((element) => parseElement(element) ?? []);
}

function isGripName(lower: string): boolean {
  return lower.startsWith('grip-');
}

const hopHeaders = ['connection', 'keep-alive', 'transfer-encoding', 'content-length'];
const wholeNumber = /^[ \t]*[+-]?\d+[ \t]*$/;
const secondsMax = 0x7fff_ffff;
const noBytes = new Uint8Array(0);
