// An origin's body behind what an open stream was told: the same frames as all that the stream is told, outside the
// credit of whoever else writes to it. Refuses to know the origin.

import type { Connection } from '../streams/connection.ts';
import type { BodySink, Pouring } from './body-sink.ts';

export class PouredStream implements BodySink {
  bytes = 0;
  isCut = false;
  pouring: Pouring | undefined = undefined;
  readonly #connection: Connection;
  readonly #closed = (): void => this.left();

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.socket.once('close', this.#closed);
  }

  write(pieces: readonly Uint8Array[], isLast: boolean): boolean {
    const connection = this.#connection;
    if (!connection.isOpen) {
      this.isCut = true;
      return true;
    }
    for (const piece of pieces) this.bytes += piece.byteLength;
    connection.pour(pieces.filter((piece) => piece.byteLength > 0));
    const { socket } = connection;
    if (isLast) socket.off('close', this.#closed);
    else if (socket.writableNeedDrain) socket.once('drain', () => this.pouring?.drained());
    return !socket.writableNeedDrain;
  }

  /** The stream goes on: its owner, who is told, decides what becomes of it. */
  broke(): void {
    this.isCut = true;
    this.#connection.socket.off('close', this.#closed);
  }

  left(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.pouring?.gone();
  }
}
