// The head of an HTTP/1 request as text: read once, in one pass, with names' case and repeats kept; everything that
// says where the body ends or who is asked must be said once and plainly.
// Refuses to know what is asked. RFC 9112 §3, §5, §6; RFC 9110 §7.2.

import { type HeaderList, isNamed } from '../../actors/codecs/grip/header-list.ts';
import { wholeNumber } from './answer-head.ts';

export interface HttpHead {
  readonly method: string;
  readonly path: string;
  /** With its `?`; empty when there is none. */
  readonly search: string;
  /** The authority of an absolute target, or else the value of Host. */
  readonly host: string;
  readonly headers: HeaderList;
  readonly isHttp11: boolean;
  /** The client wants to go on with this connection. */
  readonly isKept: boolean;
  /** 0 without a body, undefined when it is chunked. */
  readonly bodyBytes: number | undefined;
  readonly expectsContinue: boolean;
  readonly asksForWebSocket: boolean;
}

export interface HeadMistake {
  /** Whole, as the client reads it. */
  readonly text: string;
  /** Two readers could have seen two different requests. */
  readonly isSmuggling: boolean;
}

export type HeadReading =
  | { readonly ok: true; readonly head: HttpHead }
  | { readonly ok: false; readonly mistake: HeadMistake };

const requestLine =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64} [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01](?:\r\n|$)/;
/** ` HTTP/1.1`. */
const VERSION_LENGTH = 9;
// No optional white space here, which could be matched in two ways; it is cut off afterwards.
const fieldLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;
const fieldLines = /(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*(?:\r\n|$))*$/y;
const absoluteForm = /^https?:\/\/([^/?#]*)/i;
const authority = /^(?:\[[0-9A-Fa-f:.]+\]|[!$&'()*+,;=\-._~%0-9A-Za-z\x80-\xff]*)(?::[0-9]*)?$/;

/** Reads a head without its last two line ends. */
export function readHead(text: string, headersMax: number): HeadReading {
  if (!requestLine.test(text)) return mistaken('bad request line', false);
  const firstEnd = endOfLine(text, 0);
  const methodEnd = text.indexOf(' ');
  const method = text.slice(0, methodEnd);
  const target = text.slice(methodEnd + 1, firstEnd - VERSION_LENGTH);
  const isHttp11 = text[firstEnd - 1] === '1';
  const fieldsFrom = Math.min(firstEnd + 2, text.length);
  const headers: (readonly [string, string])[] = [];
  let hostField: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let connection = '';
  let expect = '';
  let upgrade = '';
  fieldLines.lastIndex = fieldsFrom;
  // All at once; one after the other only to see what is wrong.
  const areGood = fieldLines.test(text);
  for (let at = fieldsFrom; at < text.length;) {
    const from = at;
    const lineEnd = endOfLine(text, from);
    if (!areGood && !fieldLine.test(text.slice(from, lineEnd)))
      return mistaken('bad header', isRisky(text, from));
    if (headers.length === headersMax) return mistaken('too many headers', false);
    at = lineEnd + 2;
    const colon = text.indexOf(':', from);
    const name = text.slice(from, colon);
    const value = trimmed(text, colon + 1, lineEnd);
    headers.push([name, value]);
    switch (name.length) {
      case 4:
        if (!isNamed(name, 'host')) break;
        if (hostField !== undefined) return mistaken('more than one Host', true);
        hostField = value;
        break;
      case 6:
        if (isNamed(name, 'expect')) expect = value.toLowerCase();
        break;
      case 7:
        if (isNamed(name, 'upgrade')) upgrade = value.toLowerCase();
        break;
      case 10:
        if (isNamed(name, 'connection')) connection += `,${value.toLowerCase()}`;
        break;
      case 14:
        if (!isNamed(name, 'content-length')) break;
        if (length !== undefined) return mistaken('more than one Content-Length', true);
        length = value;
        break;
      case 17:
        if (!isNamed(name, 'transfer-encoding')) break;
        if (coding !== undefined) return mistaken('more than one Transfer-Encoding', true);
        coding = value;
        break;
      default:
    }
  }
  if (length !== undefined && coding !== undefined)
    return mistaken('both Content-Length and Transfer-Encoding', true);
  const lengthBytes = length === undefined ? 0 : wholeNumber(length);
  if (lengthBytes === undefined) return mistaken('bad Content-Length', true);
  if (coding !== undefined && (!isHttp11 || coding.toLowerCase() !== 'chunked'))
    return mistaken('bad Transfer-Encoding', true);
  if (hostField === undefined && isHttp11) return mistaken('no Host', true);
  if (hostField !== undefined && !authority.test(hostField)) return mistaken('bad Host', true);
  const place = placeOf(method, target);
  if (place === undefined) return mistaken('bad target', false);
  const head: HttpHead = {
    method,
    path: place.path,
    search: place.search,
    host: place.host ?? hostField ?? '',
    headers,
    isHttp11,
    isKept: isHttp11 ? !hasToken(connection, 'close') : hasToken(connection, 'keep-alive'),
    bodyBytes: coding === undefined ? lengthBytes : undefined,
    expectsContinue: isHttp11 && expect === '100-continue',
    asksForWebSocket: upgrade === 'websocket',
  };
  return { ok: true, head };
}

interface Place {
  readonly path: string;
  readonly search: string;
  readonly host: string | undefined;
}

/** [GRIP-PROXY-4] [DIFF-2] Undefined for a target in no known form and for one that carries a password. */
function placeOf(method: string, target: string): Place | undefined {
  if (method === 'CONNECT') return { path: target, search: '', host: undefined };
  if (target.startsWith('/')) return cut(target, undefined);
  if (target === '*')
    return method === 'OPTIONS' ? { path: '*', search: '', host: undefined } : undefined;
  const [whole, host] = absoluteForm.exec(target) ?? [];
  if (whole === undefined || host === undefined || host === '' || !authority.test(host))
    return undefined;
  const local = target.slice(whole.length);
  return cut(local.startsWith('/') ? local : `/${local}`, host);
}

/** A fragment is the client's own affair, and does not belong here. */
function cut(whole: string, host: string | undefined): Place {
  const hash = whole.indexOf('#');
  const local = hash === -1 ? whole : whole.slice(0, hash);
  const mark = local.indexOf('?');
  return mark === -1
    ? { path: local, search: '', host }
    : { path: local.slice(0, mark), search: local.slice(mark), host };
}

/**
 * [GRIP-SMUG-1] A folded line, a stray line end and a name that ends in a space: each reader makes something else of
 * them.
 */
function isRisky(text: string, at: number): boolean {
  const line = text.slice(at, endOfLine(text, at));
  return /^[ \t]|[\r\n]|^[^:]*[ \t]:/.test(line);
}

export function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end === -1 ? text.length : end;
}

/** What stands between two places, without blanks around it. */
export function trimmed(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function hasToken(list: string, wanted: string): boolean {
  return list.includes(wanted) && list.split(',').some((token) => token.trim() === wanted);
}

function mistaken(what: string, isSmuggling: boolean): HeadReading {
  return { ok: false, mistake: { text: `Failed to parse request: ${what}.\n`, isSmuggling } };
}
