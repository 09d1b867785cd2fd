// One slot on each socket for whoever answers for it now, and three listeners that all sockets share.
// The holder changes (door, exchange, connection, departure), the listeners stay: an open connection costs no closure.
// Refuses to know what holders do with the bytes.

import type { Socket } from 'node:net';

export interface Holder {
  socketReceived(chunk: Buffer, socket: Socket): void;
  /** The socket is gone; said once. */
  socketClosed(socket: Socket): void;
}

const heldBy = Symbol('heldBy');

type HeldSocket = Socket & { [heldBy]?: Holder | undefined };

/** Makes `holder` answer for the socket from now on; bytes flow to it after `listenTo`. */
export function hold(socket: HeldSocket, holder: Holder): void {
  socket[heldBy] = holder;
}

/** Says whether somebody here answers for the socket already. */
export function isHeld(socket: HeldSocket): boolean {
  return socket[heldBy] !== undefined;
}

/** Reports the socket's bytes and its end to its holder from now on. */
export function listenTo(socket: Socket): void {
  watch(socket);
  const listeners: readonly unknown[] = socket.listeners('data');
  if (!listeners.includes(received)) socket.on('data', received);
  socket.resume();
}

/** Leaves the bytes in the socket's buffer and in the kernel until somebody listens again; reports the end only. */
export function stopReading(socket: Socket): void {
  watch(socket);
  socket.removeListener('data', received);
  socket.pause();
}

/** Leaves the socket to somebody else's listeners. */
export function release(socket: HeldSocket): void {
  socket.removeListener('data', received);
  socket.removeListener('error', ignored);
  socket.removeListener('close', closed);
  // Not deleted: an object that loses a property grows by a kilobyte.
  socket[heldBy] = undefined;
}

/**
 * Takes a socket away from node:http in the middle of its life: its parser gets nothing more. Its other listeners
 * stay, because they free the parser when the socket closes.
 */
export function takeFromHttp(socket: Socket, holder: Holder): void {
  const parsing = socket.listeners('data');
  hold(socket, holder);
  // A listener for bytes makes node:http give the handle back to the stream.
  listenTo(socket);
  for (const listener of parsing) socket.removeListener('data', listener as () => void);
}

function watch(socket: Socket): void {
  if (socket.listeners('close').includes(closed)) return;
  socket.on('error', ignored);
  socket.on('close', closed);
}

/** Tells the holder of bytes that did not come as the socket's event. */
export function report(socket: HeldSocket, chunk: Buffer): void {
  socket[heldBy]?.socketReceived(chunk, socket);
}

function received(this: HeldSocket, chunk: Buffer): void {
  this[heldBy]?.socketReceived(chunk, this);
}

function closed(this: HeldSocket): void {
  this[heldBy]?.socketClosed(this);
}

/** Weather: 'close' follows every error, and says all that matters. */
function ignored(): void {}
