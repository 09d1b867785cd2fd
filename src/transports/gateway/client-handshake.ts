// WebSocket handshakes as clients of the gateway make them: what makes one valid here, and what is agreed between two
// neighbours. Refuses to know subprotocols, which the origin chooses. RFC 6455 §4.2; RFC 7692 §7; spec/grip.md.

import { checkUpgrade, negotiateDeflate } from '../../actors/codecs/websocket-handshake.ts';
import type { HttpHead } from './request-head.ts';

/** `Connection: Upgrade` is not asked for: proxies lose it. */
export function isHandshake(head: HttpHead): boolean {
  if (head.method !== 'GET' || !head.isHttp11 || head.bodyBytes !== 0) return false;
  return valueOf(head, 'sec-websocket-version') === '13' && keyOf(head) !== '';
}

export function keyOf(head: HttpHead): string {
  return valueOf(head, 'sec-websocket-key') ?? '';
}

/** The value of `Sec-WebSocket-Extensions`; undefined when nothing was agreed on. */
export function agreeOnDeflate(head: HttpHead): string | undefined {
  const offer = checkUpgrade({
    method: 'GET',
    httpVersion: '1.1',
    header: (name) => {
      if (name === 'connection') return 'upgrade';
      return name === 'sec-websocket-protocol' ? undefined : valueOf(head, name);
    },
  });
  if (!offer.ok) return undefined;
  const agreement = negotiateDeflate(offer.extensions);
  // A client that wants a smaller window than the shared compressor has goes without.
  return agreement?.serverMaxWindowBits === 15 ? agreement.answer : undefined;
}

/** Repeated fields are joined by a comma. */
function valueOf({ headers }: HttpHead, wanted: string): string | undefined {
  let found: string | undefined;
  for (const [name, value] of headers) {
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}
