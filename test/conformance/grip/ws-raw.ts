// A WebSocket client of bytes, for frames that the `ws` package would not send.

import { RawSocket } from '../raw-socket.ts';
import type { Gateway } from './gateway.ts';
import { type HeaderLines, requestText } from './http-client.ts';
import { BARE, event, HttpOrigin, type Turn } from './ws-origin.ts';

export const HANDSHAKE: HeaderLines = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** A connection that has said a handshake. */
export function rawSocket(
  gateway: Gateway,
  {
    host = 'woh.test',
    path = '',
    method = 'GET',
    headers = HANDSHAKE,
  }: {
    readonly host?: string;
    readonly path?: string;
    readonly method?: string;
    readonly headers?: HeaderLines;
  } = {},
): RawSocket {
  const { target } = gateway.site;
  const raw = new RawSocket(new URL(`ws://${target.host}:${target.port}/`));
  gateway.onLeaving(() => raw.socket.destroy());
  raw.say(requestText(method, gateway.path(path), { Host: host, ...headers }));
  return raw;
}

/** A client of bytes whose origin, asked over HTTP, has accepted it. */
export async function rawOpened(
  gateway: Gateway,
  events: readonly Uint8Array[] = [],
): Promise<{ readonly raw: RawSocket; readonly origin: HttpOrigin; readonly opening: Turn }> {
  const origin = new HttpOrigin(gateway);
  const raw = rawSocket(gateway);
  const opening = await origin.next();
  opening.answers([event('OPEN'), ...events], BARE);
  await raw.answered();
  return { raw, origin, opening };
}
