// WebSocket handshakes, from either reader of heads: in order, they wait for an actor's word on a socket that is not
// read meanwhile; otherwise they are answered here. Refuses to know who may enter. RFC 6455 §4.2; RFC 7692 §5.

import type { Socket } from 'node:net';
import {
  checkUpgrade,
  encodeUpgradeRefusal,
  negotiateDeflate,
  type UpgradeOffer,
} from '../../actors/codecs/websocket-handshake.ts';
import type { Handshake } from './exchange.ts';
import { stopReading } from '../sockets/held-socket.ts';
import type { HttpOptions, Reception } from './http-requests.ts';
import { type Headers, headOf } from './request-head.ts';

export interface UpgradeHead {
  readonly method: string;
  readonly httpVersion: string;
  readonly target: string;
  readonly headers: Headers;
}

/** Judges a handshake on a socket that nobody else listens to. */
export function receiveHandshake(
  request: UpgradeHead,
  socket: Socket,
  { door, deflate }: HttpOptions,
  reception: Reception,
): void {
  const { method, httpVersion, target, headers } = request;
  const offer = checkUpgrade({ method, httpVersion, header: (name) => headers[name] });
  stopReading(socket);
  if (offer.ok) {
    const asker = { type: 'upgrade', socket, handshake: handshakeOf(offer, deflate) } as const;
    const head = headOf(door, socket, method, target, headers);
    reception.upgradeRequested(asker, head, offer.protocols);
    return;
  }
  reception.count('web.websocket.refused', 1);
  socket.write(encodeUpgradeRefusal(offer.mistake));
  reception.departures.seeOff(socket);
}

/** [WEB-DEFLATE-1] A client that wants a smaller window than the shared compressor has goes without. */
function handshakeOf({ key, extensions }: UpgradeOffer, deflate: boolean): Handshake {
  const agreement = deflate ? negotiateDeflate(extensions) : undefined;
  const isShared = agreement !== undefined && agreement.serverMaxWindowBits === 15;
  return { key, extensions: isShared ? agreement.answer : undefined };
}
