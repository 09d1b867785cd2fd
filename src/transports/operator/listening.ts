// How a door of the operator's comes to its address: HTTP on one thread, and a reason where it cannot be had.
// Refuses to know what is answered there.

import type { AddressInfo, Server } from 'node:net';

export type Listening =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Port 0 lets the kernel choose. */
export function listenAt(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ ok: false, code: error.code ?? 'UNKNOWN', message: error.message });
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      // One connection that could not be accepted is the prober's to repeat.
      server.on('error', () => {});
      const { address, port: chosen } = server.address() as AddressInfo;
      resolve({ ok: true, address: addressText(address, chosen) });
    });
  });
}

/** `127.0.0.1:80` or `[::1]:80`. */
export function addressText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
