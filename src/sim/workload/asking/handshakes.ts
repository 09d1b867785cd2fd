// Handshakes as clients begin them, and what each is owed: keys with their answers, offers of extensions with what comes of
// them, and handshakes that are none. Written from RFC 6455, RFC 7692 and spec/broker.md ("WebSocket framing").
// Refuses to know who may enter.

import type { WireHead } from '../../edges/doors/heads.ts';

type Fields = Readonly<Record<string, string>>;

/** Of the client that begins its `turn`th connection. */
export function shakeOf(
  turn: number,
  subprotocols: readonly string[],
  mayDeflate: boolean,
): Fields {
  const [key] = pick(KEYS, turn);
  const [offer] = mayDeflate ? pick(OFFERS, turn) : [undefined];
  return {
    upgrade: turn % 5 === 0 ? 'WebSocket' : 'websocket',
    connection: turn % 3 === 0 ? 'keep-alive, Upgrade' : 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    ...(subprotocols.length === 0
      ? {}
      : { 'sec-websocket-protocol': subprotocols.join(turn % 2 === 0 ? ', ' : ' ,, ') }),
    ...(offer === undefined ? {} : { 'sec-websocket-extensions': offer }),
  };
}

/** Undefined for the head that such a handshake is owed; else what it should have been. */
export function correctedGrant(
  head: Uint8Array,
  turn: number,
  subprotocol: string | undefined,
  mayDeflate: boolean,
): string | undefined {
  const [, accept] = pick(KEYS, turn);
  const [, answer] = mayDeflate ? pick(OFFERS, turn) : [];
  const fields = [
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ...(answer === undefined ? [] : [`Sec-WebSocket-Extensions: ${answer}`]),
  ];
  const [line, ...told] = decoder.decode(head).split('\r\n');
  const isRight =
    line === SWITCHING &&
    told.splice(-2).join('') === '' &&
    told.toSorted().join('\n') === fields.toSorted().join('\n');
  return isRight ? undefined : [SWITCHING, ...fields, '', ''].join('\r\n');
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols';

/** [WS-SHAKE-1] Heads that are no handshake, and the status that says so. */
export function brokenShake(turn: number): { readonly head: WireHead; readonly status: number } {
  const [status, changes, more = {}] = pick(BROKEN, turn);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...shakeOf(turn, [], false), ...changes }))
    if (value !== undefined) headers[name] = value;
  return { head: { method: 'GET', path: '/ws', query: '', ...more, headers }, status };
}

type Broken = readonly [
  status: 400 | 426,
  changes: Readonly<Record<string, string | undefined>>,
  more?: Partial<WireHead>,
];

function many(count: number): string {
  return Array.from({ length: count }, (_, index) => `x-${index}`).join(', ');
}

const BROKEN: readonly Broken[] = [
  [400, {}, { method: 'POST' }],
  [400, {}, { httpVersion: '1.0' }],
  [426, { upgrade: 'h2c' }],
  [426, { 'sec-websocket-version': '8' }],
  [426, { 'sec-websocket-version': undefined }],
  [400, { connection: 'keep-alive' }],
  [400, { connection: undefined }],
  [400, { 'sec-websocket-key': undefined }],
  [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25j' }],
  [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZR==' }],
  [400, { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ=' }],
  [400, { 'sec-websocket-protocol': ' , ' }],
  [400, { 'sec-websocket-protocol': 'a b' }],
  [400, { 'sec-websocket-protocol': 'a, b, a' }],
  [400, { 'sec-websocket-protocol': many(33) }],
  [400, { 'sec-websocket-extensions': ',' }],
  [400, { 'sec-websocket-extensions': 'permessage-deflate;' }],
  [400, { 'sec-websocket-extensions': 'permessage-deflate=1' }],
  [400, { 'sec-websocket-extensions': 'a; b="c' }],
  [400, { 'sec-websocket-extensions': 'a; b="c d"' }],
  [400, { 'sec-websocket-extensions': many(33) }],
];

/** Keys, and the Base64 of the SHA-1 of each with what RFC 6455 puts behind it; the first is its own example. */
const KEYS: readonly (readonly [key: string, accept: string])[] = [
  ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
  ['U3ndf1992XNLYbVHFyVx+w==', 'B9a9hTywPWaHuCHGhYqCMoGeX6s='],
  ['psww0rLQLMaetAiaanjETg==', 'K7S2af4KduAe41bELgyYgOyeTm8='],
  ['+R+DJQUjfxnxB1vtvcsXoQ==', 'NU2By2B83Ga5HHXP7eFOP4EL3ys='],
  ['THLWeFh20mxEWq5AEB5q9A==', 'QF9WrGK60RWKy2hnMEKWfdM3gL8='],
  ['n8Upy6vJJb+XrQGTY3G9Rw==', 'WhHbZEag05Mp0bQfFkzZMxiQ+yo='],
];

const AGREED = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/** [WS-SHAKE-3] [WEB-DEFLATE-1] */
const OFFERS: readonly (readonly [offer?: string, answer?: string])[] = [
  [],
  ['permessage-deflate', AGREED],
  ['permessage-deflate; client_max_window_bits', AGREED],
  ['permessage-deflate;client_max_window_bits=12', `${AGREED}; client_max_window_bits=12`],
  [
    'permessage-deflate; server_max_window_bits=15; client_max_window_bits="9"',
    `${AGREED}; server_max_window_bits=15; client_max_window_bits=9`,
  ],
  ['permessage-deflate; server_max_window_bits=10'],
  ['permessage-deflate; server_max_window_bits'],
  ['permessage-deflate; server_max_window_bits=16'],
  ['permessage-deflate; client_max_window_bits=7, x-webkit-deflate-frame'],
  ['permessage-deflate; unknown'],
  [
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover, permessage-deflate',
    AGREED,
  ],
  ['x-first; a="b", permessage-deflate; client_no_context_takeover', AGREED],
  ['permessage-deflate; client_no_context_takeover=1, , permessage-deflate', AGREED],
  [`${many(31)}, permessage-deflate`, AGREED],
];

function pick<T>(list: readonly [T, ...T[]] | readonly T[], turn: number): T {
  return list[turn % list.length] as T;
}

const decoder = new TextDecoder();
