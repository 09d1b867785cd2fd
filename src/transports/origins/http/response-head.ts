// The head of an HTTP/1 answer as text: read once, with names' case and repeats kept; whatever says where the body ends
// must be said once and plainly, or two readers could see two different answers.
// Refuses to know what was asked, but for its method. RFC 9112 §4, §5, §6.3; spec/grip.md, section "Origins".

import { type HeaderList, HeaderNames, isNamed } from '../../../actors/codecs/grip/header-list.ts';
import { isHopByHop, wholeNumber } from '../../gateway/answer-head.ts';
import { endOfLine, trimmed } from '../../gateway/request-head.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Without those that concern the connection only. */
  readonly headers: HeaderList;
  /** The same as they may be passed on, framing left out; undefined where they have to be written anew. */
  readonly lines: string | undefined;
  /** Undefined when it is chunked; Infinity when the connection's end is the body's. */
  readonly bodyBytes: number | undefined;
  /** How long the connection may be kept for a next request; 0: not at all. */
  readonly keptMs: number;
}

const SPACE = 0x20;
/** Some of what is hop-by-hop. */
const ofConnection = new HeaderNames([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
]);
const statusLine = /HTTP\/1\.[01] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?(?=\r\n|$)/y;
/** Where the parts of such a line stand. */
const [MINOR_AT, STATUS_AT, REASON_AT] = [7, 9, 13] as const;
const fieldLines = /(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*)*$/y;

/** Reads a head without its last two line ends; undefined when it is none, or an ambiguous one. */
export function readResponseHead(text: string, method: string): ResponseHead | undefined {
  const lineEnd = endOfLine(text, 0);
  statusLine.lastIndex = 0;
  fieldLines.lastIndex = lineEnd;
  if (!statusLine.test(text) || !fieldLines.test(text)) return undefined;
  const headers: (readonly [string, string])[] = [];
  let lines = '';
  let isPlain = true;
  /** Where the lines begin that are not in `lines` yet. */
  let unwritten = lineEnd + 2;
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
    isPlain &&= text.charCodeAt(colon + 1) === SPACE && value.length === at - colon - 2;
    if (isHopByHop(name)) {
      lines += text.slice(unwritten, from);
      unwritten = at + 2;
      if (!ofConnection.has(name)) headers.push([name, value]);
    } else headers.push([name, value]);
    switch (name.length) {
      case 10:
        if (isNamed(name, 'connection')) connection += `,${value.toLowerCase()}`;
        else if (isNamed(name, 'keep-alive')) keepAlive = value;
        break;
      case 14:
        if (!isNamed(name, 'content-length')) break;
        if (length !== undefined && length !== value) return undefined;
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
  const lengthBytes = length === undefined ? Infinity : wholeNumber(length);
  const status = wholeNumber(text.slice(STATUS_AT, STATUS_AT + 3));
  if (lengthBytes === undefined || status === undefined) return undefined;
  const hasNone = method === 'HEAD' || status === 204 || status === 304 || status < 200;
  const bodyBytes = hasNone ? 0 : coding === undefined ? lengthBytes : undefined;
  const isKept =
    bodyBytes !== Infinity &&
    (text[MINOR_AT] === '1' ? !hasToken(connection, 'close') : hasToken(connection, 'keep-alive'));
  if (unwritten < text.length) lines += `${text.slice(unwritten)}\r\n`;
  return {
    status,
    reason: text.slice(Math.min(REASON_AT, lineEnd), lineEnd),
    headers,
    lines: isPlain ? lines : undefined,
    bodyBytes,
    keptMs: isKept ? keptMsOf(keepAlive) : 0,
  };
}

/** An unused connection is kept for so long. */
export const KEPT_MS = 55_000;
/** A request must not meet the end that the origin has announced. */
const EARLIER_MS = 2_000;

function keptMsOf(keepAlive: string): number {
  if (keepAlive === '') return KEPT_MS;
  const [, seconds] = /(?:^|[,;\s])timeout\s*=\s*"?([0-9]{1,9})/i.exec(keepAlive) ?? [];
  if (seconds === undefined) return KEPT_MS;
  return Math.max(0, Math.min(KEPT_MS, Number(seconds) * 1_000 - EARLIER_MS));
}

function hasToken(list: string, wanted: string): boolean {
  return list.includes(wanted) && list.split(',').some((token) => token.trim() === wanted);
}
