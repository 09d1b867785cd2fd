// Connections to servers that may still be starting.

import { connect, type Socket } from 'node:net';

const READY_MS = 20_000;

/** As soon as somebody listens. */
export async function connectAtLast(port: number): Promise<Socket> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const socket = await connected(port);
    if (socket !== undefined) return socket;
    if (performance.now() > deadline) throw new Error(`nobody listens within ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}
