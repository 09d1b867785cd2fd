// The head of a request to an origin as bytes: names and order as actors gave them, framing as it is sent, and nothing
// that would forge another header or another request. Refuses to know who asks. RFC 9112 §3, §5, §6.

import type { GatewayCommand } from '../../../actors/runtime/gateway-edges.ts';
import { isHopByHop, isSendable } from '../../gateway/answer-head.ts';

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
  let lines = '';
  let hasHost = false;
  let bad = 0;
  for (const [name, value] of headers) {
    if (isHopByHop(name) || isUnsent(name)) continue;
    if (!isSendable(name, value)) {
      bad += 1;
      continue;
    }
    if (name.length === 4 && name.toLowerCase() === 'host') hasHost = true;
    lines += `${name}: ${value}\r\n`;
  }
  if (bad > 0) dropped(bad);
  const host = hasHost ? '' : `Host: ${origin.host}:${origin.port}\r\n`;
  const signature = token === undefined ? '' : `Grip-Sig: ${token}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${host}${lines}${signature}${framing}\r\n`;
}

/** Beside what concerns neighbours only: what was answered here, and what we could not keep. */
function isUnsent(name: string): boolean {
  if (name.length !== 2 && name.length !== 6) return false;
  const lower = name.toLowerCase();
  return lower === 'te' || lower === 'expect';
}
