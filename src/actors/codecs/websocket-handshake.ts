// The opening of a WebSocket, server side: is this request a proper upgrade, and the head that grants or refuses it.
// Refuses to know sockets and routes, and who may enter: origin, path and credentials were judged elsewhere.
// Deflate is always answered without context takeover, so that no connection keeps a compressor.
// RFC 6455 §4.2, §9.1; RFC 7692 §5, §7; spec: WS-SHAKE-1 to WS-SHAKE-3.

import { base64, sha1 } from './sha1.ts';

/** A request as the handshake sees it. `header` takes a lower-case name and joins repeated fields with a comma. */
export interface UpgradeRequest {
  readonly method: string;
  /** '1.1', as the request line said it */
  readonly httpVersion: string;
  header(name: string): string | undefined;
}

export interface UpgradeOffer {
  readonly ok: true;
  /** As sent, for `acceptHash`. */
  readonly key: string;
  /** In the client's order of preference. */
  readonly protocols: readonly string[];
  readonly extensions: readonly ExtensionOffer[];
}

export interface UpgradeRefused {
  readonly ok: false;
  readonly mistake: UpgradeMistake;
}

export interface UpgradeMistake {
  readonly status: 400 | 426;
  readonly hint: string;
}

/** One offered extension; a parameter without a value is undefined. Order and duplicates are kept. */
export interface ExtensionOffer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

/** What was agreed on deflate; both sides start afresh with every message. `answer` is the header's value. */
export interface DeflateAgreement {
  readonly serverMaxWindowBits: number;
  readonly answer: string;
}

export interface UpgradeGrant {
  readonly key: string;
  readonly protocol?: string;
  /** The `answer` of an agreement. */
  readonly extensions?: string;
  /** Further fields, each character a byte; the caller answers for their having no newline. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** Subprotocols or extension offers of one request; more is a mistake. */
export const offersMax = 32;

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const encoder = new TextEncoder();
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Sixteen bytes make 22 characters, of which the last carries two bits and four zeros.
const keyForm = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
// One parameter or name, then what separates it from the next.
const extensionPart =
  /[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*([;,]|$)/y;
const windowBits = /^(?:[89]|1[0-5])$/;

/** [WS-SHAKE-1] Checks an upgrade request; never throws. */
export function checkUpgrade(request: UpgradeRequest): UpgradeOffer | UpgradeRefused {
  if (!hasToken(request.header('upgrade'), 'websocket'))
    return refused(426, 'this door speaks WebSocket only');
  if (request.method !== 'GET') return refused(400, 'a WebSocket opens with GET');
  if (!isAtLeast11(request.httpVersion)) return refused(400, 'a WebSocket opens with HTTP/1.1');
  if (!hasToken(request.header('connection'), 'upgrade'))
    return refused(400, 'Connection must name Upgrade');
  if (request.header('sec-websocket-version')?.trim() !== '13')
    return refused(426, 'Sec-WebSocket-Version must be 13');
  const key = request.header('sec-websocket-key')?.trim();
  if (key === undefined || !keyForm.test(key))
    return refused(400, 'Sec-WebSocket-Key must be 16 bytes in Base64');
  const protocols = readProtocols(request.header('sec-websocket-protocol'));
  if (protocols === undefined)
    return refused(400, 'Sec-WebSocket-Protocol must list different tokens');
  const extensions = readExtensions(request.header('sec-websocket-extensions'));
  if (extensions === undefined) return refused(400, 'Sec-WebSocket-Extensions is malformed');
  return { ok: true, key, protocols, extensions };
}

/** [WS-SHAKE-2] The value of Sec-WebSocket-Accept for a key. */
export function acceptHash(key: string): string {
  return base64(sha1(encoder.encode(key + magic)));
}

/** [WS-SHAKE-3] Takes the first deflate offer it understands wholly; one unknown or wrong parameter declines an offer. */
export function negotiateDeflate(offers: readonly ExtensionOffer[]): DeflateAgreement | undefined {
  for (const offer of offers) {
    if (offer.name !== 'permessage-deflate') continue;
    const agreement = agreeOn(offer);
    if (agreement !== undefined) return agreement;
  }
  return undefined;
}

/** The 101 head, ready to be written; frames may follow at once. */
export function encodeUpgradeGrant(grant: UpgradeGrant): Uint8Array {
  let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptHash(grant.key)}\r\n`;
  if (grant.protocol !== undefined) head += `Sec-WebSocket-Protocol: ${grant.protocol}\r\n`;
  if (grant.extensions !== undefined) head += `Sec-WebSocket-Extensions: ${grant.extensions}\r\n`;
  for (const [name, value] of grant.headers ?? []) head += `${name}: ${value}\r\n`;
  return Uint8Array.from(`${head}\r\n`, (character) => character.charCodeAt(0));
}

/** A whole answer that says why not; the connection is to be closed after it. */
export function encodeUpgradeRefusal(mistake: UpgradeMistake): Uint8Array {
  const body = encoder.encode(`${mistake.hint}\n`);
  const upgrade =
    mistake.status === 426
      ? 'Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n'
      : 'Connection: close\r\n';
  const head = encoder.encode(
    `HTTP/1.1 ${mistake.status} ${mistake.status === 426 ? 'Upgrade Required' : 'Bad Request'}\r\n${upgrade}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  const answer = new Uint8Array(head.length + body.length);
  answer.set(head);
  answer.set(body, head.length);
  return answer;
}

function agreeOn(offer: ExtensionOffer): DeflateAgreement | undefined {
  const seen = new Set<string>();
  let serverMaxWindowBits = 15;
  let answer = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
  for (const [name, value] of offer.parameters) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== undefined) return undefined;
        break;
      case 'server_max_window_bits':
        if (value === undefined || !windowBits.test(value)) return undefined;
        serverMaxWindowBits = Number(value);
        answer += `; ${name}=${value}`;
        break;
      case 'client_max_window_bits':
        // Without a value it only says that the client could be told one.
        if (value === undefined) break;
        if (!windowBits.test(value)) return undefined;
        answer += `; ${name}=${value}`;
        break;
      default:
        return undefined;
    }
  }
  return { serverMaxWindowBits, answer };
}

// Empty elements of both lists are passed over, as RFC 9110 §5.6.1 asks; a header of nothing else is malformed.

function readProtocols(header: string | undefined): readonly string[] | undefined {
  if (header === undefined) return [];
  const protocols = new Set<string>();
  for (const element of header.split(',')) {
    const name = element.trim();
    if (name === '') continue;
    if (!token.test(name) || protocols.has(name) || protocols.size === offersMax) return undefined;
    protocols.add(name);
  }
  return protocols.size === 0 ? undefined : [...protocols];
}

function readExtensions(header: string | undefined): readonly ExtensionOffer[] | undefined {
  if (header === undefined) return [];
  const offers: ExtensionOffer[] = [];
  const part = new RegExp(extensionPart); // its own position, so that nothing is shared between calls
  let parameters: [string, string | undefined][] | undefined;
  while (part.lastIndex < header.length) {
    if (parameters === undefined) {
      part.lastIndex = firstElement(header, part.lastIndex);
      if (part.lastIndex === header.length) break;
    }
    const found = part.exec(header);
    if (found === null) return undefined;
    const name = found[1] as string;
    const value = found[2] ?? found[3]?.replace(/\\(.)/g, '$1');
    if (parameters === undefined) {
      if (value !== undefined || offers.length === offersMax) return undefined;
      parameters = [];
      offers.push({ name, parameters });
    } else {
      if (value !== undefined && !token.test(value)) return undefined;
      if (parameters.length === offersMax) return undefined;
      parameters.push([name, value]);
    }
    if (found[4] === ',') parameters = undefined;
    else if (found[4] === ';' && part.lastIndex === header.length) return undefined;
  }
  return offers.length === 0 ? undefined : offers;
}

function firstElement(header: string, from: number): number {
  let at = from;
  while (at < header.length && ' \t,'.includes(header.charAt(at))) at += 1;
  return at;
}

function hasToken(header: string | undefined, wanted: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((element) => element.trim().toLowerCase() === wanted);
}

function isAtLeast11(httpVersion: string): boolean {
  const found = /^([0-9])\.([0-9])$/.exec(httpVersion);
  return found !== null && (Number(found[1]) > 1 || (found[1] === '1' && Number(found[2]) >= 1));
}

function refused(status: UpgradeMistake['status'], hint: string): UpgradeRefused {
  return { ok: false, mistake: { status, hint } };
}
