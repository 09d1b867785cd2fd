// The head of an HTTP/1 answer as text: read once, with names' case and repeats kept; whatever says where the body ends
// must be said once and plainly, or two readers could see two different answers.
// Refuses to know what was asked, but for its method. RFC 9112 §4, §5, §6.3; spec/grip.md, section "Origins".

import type { HeaderList } from '../../../actors/codecs/grip/header-list.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  /** Undefined when it is chunked; Infinity when the connection's end is the body's. */
  readonly bodyBytes: number | undefined;
  /** How long the connection may be kept for a next request; 0: not at all. */
  readonly keptMs: number;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const fieldLines = /(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*$/y;
const digits = /^[0-9]{1,15}$/;

/** Reads a head without its last two line ends; undefined when it is none, or an ambiguous one. */
export function readResponseHead(text: string, method: string): ResponseHead | undefined {
  const lineEnd = endOfLine(text, 0);
  const [, minor, code, reason = ''] = statusLine.exec(text.slice(0, lineEnd)) ?? [];
  fieldLines.lastIndex = lineEnd;
  if (code === undefined || !fieldLines.test(text)) return undefined;
  const headers: (readonly [string, string])[] = [];
  let length: string | undefined;
  let coding: string | undefined;
  let connection = '';
  let keepAlive = '';
  for (let at = lineEnd; at < text.length;) {
    const from = at + 2;
    at = endOfLine(text, from);
    const colon = text.indexOf(':', from);
    const name = text.slice(from, colon);
    const value = trimmed(text, colon + 1, at);
    headers.push([name, value]);
    switch (name.length) {
      case 10:
        if (isNamed(name, 'connection')) connection += `,${value.toLowerCase()}`;
        else if (isNamed(name, 'keep-alive')) keepAlive = value;
        break;
      case 14:
        if (!isNamed(name, 'content-length')) break;
        if (length !== undefined) return undefined;
        length = value;
        break;
      case 17:
        if (!isNamed(name, 'transfer-encoding')) break;
        if (coding !== undefined) return undefined;
        coding = value.toLowerCase();
        break;
      default:
    }
  }
  if (coding === 'identity') coding = undefined;
  if (coding !== undefined && (length !== undefined || coding !== 'chunked')) return undefined;
  if (length !== undefined && !digits.test(length)) return undefined;
  const status = Number(code);
  const hasNone = method === 'HEAD' || status === 204 || status === 304 || status < 200;
  const bodyBytes = hasNone ? 0 : coding === undefined ? Number(length ?? Infinity) : undefined;
  const isKept =
    bodyBytes !== Infinity &&
    (minor === '1' ? !hasToken(connection, 'close') : hasToken(connection, 'keep-alive'));
  return { status, reason, headers, bodyBytes, keptMs: isKept ? keptMsOf(keepAlive) : 0 };
}

/** An unused connection is kept for so long. */
export const KEPT_MS = 55_000;
/** A request must not meet the end that the origin has announced. */
const EARLIER_MS = 1_000;

function keptMsOf(keepAlive: string): number {
  if (keepAlive === '') return KEPT_MS;
  const [, seconds] = /(?:^|[,;\s])timeout\s*=\s*"?([0-9]{1,9})/i.exec(keepAlive) ?? [];
  if (seconds === undefined) return KEPT_MS;
  return Math.max(0, Math.min(KEPT_MS, Number(seconds) * 1_000 - EARLIER_MS));
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end === -1 ? text.length : end;
}

function isNamed(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

function trimmed(text: string, start: number, end: number): string {
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
  if (list === '') return false;
  return list.split(',').some((token) => token.trim() === wanted);
}
