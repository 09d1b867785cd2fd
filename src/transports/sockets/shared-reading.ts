// Accepted sockets that read into one block of memory instead of allocating 64 KiB for each read and giving most of it
// back. What came is copied out at once, so whoever gets it may keep it. Where the platform does not let a socket's handle
// be taken over, sockets stay as they came. Refuses to know who listens. Obeys ADR 0026.

import { Socket, type SocketConstructorOpts } from 'node:net';
import { report } from './held-socket.ts';

/** What one read can bring. */
const BLOCK_BYTES = 64 * 1_024;
const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);

const onread = {
  buffer: block,
  callback(this: Socket, size: number): boolean {
    report(this, Buffer.from(block.subarray(0, size)));
    return true;
  },
};

/** The same connection in a socket that reads so; it must have been accepted without being read from. */
export function readingShared(accepted: Socket, options: SocketConstructorOpts): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (handle === undefined || handle === null) return accepted;
  const server: unknown = Reflect.get(accepted, '_server');
  Object.assign(accepted, { _handle: null, _server: null });
  const shared = new Socket({ ...options, handle, onread } as unknown as SocketConstructorOpts);
  // The server counts those that are open, and ends when the last of them does.
  Object.assign(shared, { server, _server: server });
  return shared;
}
