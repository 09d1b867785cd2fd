// The head of a request to an origin as bytes: names and order as actors gave them, framing as it is sent, and nothing
// that would forge another header or another request. Refuses to know who asks. RFC 9112 §3, §5, §6.

import type { GatewayCommand } from '../../../actors/runtime/gateway-edges.ts';
import { isNamed } from '../../../actors/codecs/grip/header-list.ts';
import { encodeLines } from '../../gateway/answer-head.ts';

type Fetch = Extract<GatewayCommand, { readonly type: 'fetch' }>;

const methodForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const targetForm = /^[\x21-\x7e\x80-\xff]+$/;
/** Their requests have a length even when they have no body. */
const withBody = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

/** A request line can be made of these. */
export function isAskable(method: string, target: string): boolean {
  return methodForm.test(method) && targetForm.test(target);
}

/** The line that says where the body ends; undefined bytes are chunks. */
export function framingOf(method: string, bodyBytes: number | undefined): string {
  if (bodyBytes === undefined) return 'Transfer-Encoding: chunked\r\n';
  return bodyBytes > 0 || withBody.has(method) ? `Content-Length: ${bodyBytes}\r\n` : '';
}

/** The text of a head with its empty line; `dropped` is told how many headers could not be sent. */
export function encodeRequestHead(
  { origin, method, target, headers }: Fetch,
  framing: string,
  token: string | undefined,
  dropped: (count: number) => void,
): string {
  const lines = encodeLines(headers, isUnsent, dropped);
  const hasHost = headers.some(([name]) => isNamed(name, 'host'));
  const host = hasHost ? '' : `Host: ${origin.host}:${origin.port}\r\n`;
  const signature = token === undefined ? '' : `Grip-Sig: ${token}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${host}${lines}${signature}${framing}\r\n`;
}

/** Beside what concerns neighbours only: what was answered here, and what we could not keep. */
function isUnsent(name: string): boolean {
  return isNamed(name, 'te') || isNamed(name, 'expect');
}
