// Sockets whose last word is spoken: ended on our side, read to nowhere until the peer ends too, destroyed when it
// does not. Closing at once instead would reset the connection and could take our last words with it.
// Refuses to know why they leave.

import type { Socket } from 'node:net';
import type { Deadline, Deadlines } from './deadlines.ts';
import { hold, type Holder, listenTo } from './held-socket.ts';

/** The time a peer has to close its side. */
export const GRACE_MS = 2_000;

export class Departures implements Holder {
  readonly #leaving: Deadline<Socket>;
  readonly #forget: (socket: Socket) => void;

  constructor(deadlines: Deadlines, forget: (socket: Socket) => void) {
    this.#leaving = deadlines.line(GRACE_MS, (socket: Socket) => socket.destroy());
    this.#forget = forget;
  }

  get size(): number {
    return this.#leaving.size;
  }

  /** Ends a socket that is listened to, after what was written to it. */
  seeOff(socket: Socket): void {
    if (socket.destroyed) return;
    hold(socket, this);
    this.#leaving.add(socket);
    socket.end();
    // A socket that is not read would never hear its peer's end.
    if (socket.isPaused()) listenTo(socket);
  }

  destroyAll(): void {
    for (const socket of this.#leaving.items) socket.destroy();
  }

  socketReceived(): void {}

  socketClosed(socket: Socket): void {
    this.#leaving.delete(socket);
    this.#forget(socket);
  }
}
