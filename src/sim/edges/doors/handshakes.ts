// The understudy of transports/doors/handshakes.ts: judges a handshake by the real codec before any actor hears of it, and
// writes the head that grants it. Refuses to know who may enter.

import {
  checkUpgrade,
  encodeUpgradeGrant,
  encodeUpgradeRefusal,
  negotiateDeflate,
} from '../../../actors/codecs/websocket-handshake.ts';
import type { WireWord } from '../network.ts';
import type { WireHead } from './heads.ts';

export interface Handshake {
  readonly key: string;
  readonly protocols: readonly string[];
  /** Agreed on; undefined without. */
  readonly extensions: string | undefined;
}

type Response = Extract<WireWord, { readonly word: 'response' }>;

/** What was agreed on, or the answer to what is none. */
export function judgedHandshake({
  method,
  headers,
  httpVersion = '1.1',
}: WireHead): Handshake | Response {
  const offer = checkUpgrade({ method, httpVersion, header: (name) => headers[name] });
  if (!offer.ok) return responseOf(encodeUpgradeRefusal(offer.mistake));
  const agreement = negotiateDeflate(offer.extensions);
  // [WEB-DEFLATE-1]
  const isShared = agreement?.serverMaxWindowBits === WINDOW_BITS;
  const { key, protocols } = offer;
  return { key, protocols, extensions: isShared ? agreement.answer : undefined };
}

const WINDOW_BITS = 15;

/** The head that the client is sent. */
export function grantOf(
  { key, extensions }: Handshake,
  subprotocol: string | undefined,
): Uint8Array {
  return encodeUpgradeGrant({
    key,
    ...(subprotocol === undefined ? {} : { protocol: subprotocol }),
    ...(extensions === undefined ? {} : { extensions }),
  });
}

/** What is written in bytes, as clients of the simulation are told it; throws where the bytes are no whole answer. */
function responseOf(bytes: Uint8Array): Response {
  const text = decoder.decode(bytes);
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  const [, status = ''] = /^HTTP\/1\.1 (\d{3}) [A-Z]/u.exec(line) ?? [];
  const headers = Object.fromEntries(
    fields.map((field) => {
      const [name = '', ...rest] = field.split(': ');
      return [name.toLowerCase(), rest.join(': ')];
    }),
  );
  const body = text.slice(end + 4);
  if (status === '' || Number(headers['content-length']) !== new TextEncoder().encode(body).length)
    throw new Error(`no answer to a handshake: ${text}`);
  return { word: 'response', status: Number(status), headers, body };
}

const decoder = new TextDecoder();
