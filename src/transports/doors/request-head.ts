// The parts of a request as actors see them, and the strict reader of the one plain request that the front answers
// without node:http: a whole `GET` in the first bytes of a connection, with nothing unusual about it.
// What it does not know it refuses to judge: node:http reads it then. RFC 9112 §3, §5; RFC 9110 §5.

import type { Socket } from 'node:net';
import type { RequestHead } from '../../actors/runtime/edges.ts';

export type Headers = Readonly<Record<string, string>>;

/** A head that leaves no doubt. */
export interface PlainGet {
  readonly target: string;
  readonly headers: Headers;
}

const requestLine = /^GET (\/[\x21-\x7e]*) HTTP\/1\.1$/;
const fieldLine =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)[ \t]*$/;
/** Fields that announce a body, an expectation or another protocol. */
const unusual = new Set([
  'content-length',
  'transfer-encoding',
  'expect',
  'te',
  'trailer',
  'http2-settings',
]);

/** Reads a chunk that is one plain `GET` head and nothing else; undefined for everything else. */
export function readPlainGet(
  chunk: Buffer,
  bytesMax: number,
  headersMax: number,
): PlainGet | undefined {
  if (chunk.byteLength > bytesMax || chunk[0] !== 0x47) return undefined;
  const text = chunk.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end === -1 || end + 4 !== text.length) return undefined;
  const [first = '', ...fields] = text.slice(0, end).split('\r\n');
  const target = requestLine.exec(first)?.[1];
  if (target === undefined || fields.length > headersMax) return undefined;
  const headers: Record<string, string> = { __proto__: null } as never;
  for (const field of fields) {
    const [, mixedCase, value] = fieldLine.exec(field) ?? [];
    if (mixedCase === undefined || value === undefined) return undefined;
    const name = mixedCase.toLowerCase();
    if (unusual.has(name) || (name === 'host' && headers['host'] !== undefined)) return undefined;
    addHeader(headers, name, value);
  }
  return headers['host'] !== undefined && isConnectionPlain(headers)
    ? { target, headers }
    : undefined;
}

/** The connection is to be kept or closed after this request, or to become a WebSocket. */
function isConnectionPlain({
  connection = '',
  upgrade,
}: {
  connection?: string;
  upgrade?: string;
}): boolean {
  const wish = connection.toLowerCase();
  if (upgrade === undefined) return wish === '' || wish === 'keep-alive' || wish === 'close';
  if (upgrade.toLowerCase() !== 'websocket') return false;
  return wish === 'upgrade' || wish === 'keep-alive, upgrade';
}

/** Says whether a plain request offers to become a WebSocket. */
export function asksForWebSocket({ headers }: PlainGet): boolean {
  return headers['upgrade'] !== undefined;
}

/** Says whether a plain request asks for an event stream. */
export function asksForEventStream({ target, headers }: PlainGet): boolean {
  const { accept = '' } = headers as { accept?: string };
  return accept.includes('text/event-stream') || splitTarget(target).path.endsWith('/sse');
}

/** Headers by lower-case name; repeated ones are joined by a comma and a space. */
export function readHeaders(raw: readonly string[]): Headers {
  const headers: Record<string, string> = { __proto__: null } as never;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    addHeader(headers, (raw[at] as string).toLowerCase(), raw[at + 1] as string);
  }
  return headers;
}

/** What actors learn of a request, beside its headers. */
export function headOf(
  door: string,
  socket: Socket,
  method: string,
  target: string,
  headers: Headers,
): RequestHead {
  return { door, method, ...splitTarget(target), headers, remote: remoteOf(socket) };
}

/** Path and query of a target in origin, absolute or asterisk form. */
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target);
  const local = origin === null ? target : target.slice(origin[0].length);
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark === -1 ? '' : local.slice(mark + 1) };
}

/** The peer's address, an IPv4 address in its own form even on a socket of both families. */
export function remoteOf({ remoteAddress = '' }: Socket): string {
  return remoteAddress.startsWith('::ffff:') && remoteAddress.includes('.')
    ? remoteAddress.slice('::ffff:'.length)
    : remoteAddress;
}

function addHeader(headers: Record<string, string>, name: string, value: string): void {
  const earlier = headers[name];
  headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
}
