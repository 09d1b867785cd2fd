// The head of a request to an origin as bytes: names and order as actors gave them, framing as it is sent, and nothing
// that would forge another header or another request. Refuses to know who asks. RFC 9112 §3, §5, §6.

import type { GatewayCommand } from '../../../actors/runtime/gateway-edges.ts';
import { type HeaderList, isNamed } from '../../../actors/codecs/grip/header-list.ts';
import { encodeLines } from '../../gateway/answer-head.ts';

type Fetch = Extract<GatewayCommand, { readonly type: 'fetch' }>;

const methodForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const targetForm = /^[\x21-\x7e\x80-\xff]+$/;
/** Requests of other methods have a length even when they have no body. */
const withoutBody = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/** [DIFF-133] Asked twice, these do what they do when they are asked once: RFC 9110 §9.2.2. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** A request that may be sent again when nobody knows whether it was read. */
export function isRepeatable(method: string): boolean {
  return repeatable.has(method);
}

/** A request line can be made of these. */
export function isAskable(method: string, target: string): boolean {
  return methodForm.test(method) && targetForm.test(target);
}

/** The line that says where the body ends; undefined bytes are chunks. */
export function framingOf(method: string, bodyBytes: number | undefined): string {
  if (bodyBytes === undefined) return 'Transfer-Encoding: chunked\r\n';
  return bodyBytes > 0 || !withoutBody.has(method) ? `Content-Length: ${bodyBytes}\r\n` : '';
}

/** The lines of lists that come again, until these are gone. */
export type KeptLines = WeakMap<HeaderList, string>;

/** The text of a head with its empty line; `dropped` is told how many headers could not be sent. */
export function encodeRequestHead(
  fetch: Fetch,
  framing: string,
  token: string | undefined,
  kept: KeptLines,
  dropped: (count: number) => void,
): string {
  const { method, target } = fetch;
  const signature = token === undefined ? '' : `Grip-Sig: ${token}\r\n`;
  const lines = linesOf(fetch, kept, dropped);
  return `${method} ${target} HTTP/1.1\r\n${lines}${signature}${framing}\r\n`;
}

function linesOf(
  { origin, headers, areHeadersKept = false }: Fetch,
  kept: KeptLines,
  dropped: (count: number) => void,
): string {
  const known = areHeadersKept ? kept.get(headers) : undefined;
  if (known !== undefined) return known;
  let isWhole = true;
  const lines = encodeLines(headers, isUnsent, (count) => {
    isWhole = false;
    dropped(count);
  });
  if (!headers.some(([name]) => isNamed(name, 'host')))
    return `Host: ${origin.host}:${origin.port}\r\n${lines}`;
  // What was dropped is to be counted each time.
  if (areHeadersKept && isWhole) kept.set(headers, lines);
  return lines;
}

/** Beside what concerns neighbours only: what was answered here, and what we could not keep. */
function isUnsent(name: string): boolean {
  return isNamed(name, 'te') || isNamed(name, 'expect');
}
