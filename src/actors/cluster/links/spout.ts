// What one link still has to write: in order, but for heartbeats, which go before everything that waits. As much is
// handed to the network as its window takes. Refuses to know what it writes. Obeys spec/hp-peer.md, section "Links".

import { joined } from '../../codecs/joined.ts';
import type { Address, Context } from '../../runtime/actor.ts';
import {
  type ConnectionId,
  type WebCommand,
  WINDOW_BYTES,
  writeCost,
} from '../../runtime/edges.ts';

/** Lines are joined into pieces of about so many bytes. */
const PIECE_BYTES = 65_536;

export class Spout {
  readonly #connection: ConnectionId;
  readonly #web: Address<WebCommand>;
  readonly #queueBytesMax: number;
  #urgent: Uint8Array[] = [];
  #lines: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Handed over and not yet taken by the network. */
  #openBytes = 0;

  constructor(connection: ConnectionId, web: Address<WebCommand>, queueBytesMax: number) {
    this.#connection = connection;
    this.#web = web;
    this.#queueBytesMax = queueBytesMax;
  }

  /** False when too much waits already. [HP-BEAT-2] */
  say<M>(line: Uint8Array, isUrgent: boolean, context: Context<M>): boolean {
    if (this.#waitingBytes + line.byteLength > this.#queueBytesMax) return false;
    (isUrgent ? this.#urgent : this.#lines).push(line);
    this.#waitingBytes += line.byteLength;
    this.#pour(context);
    return true;
  }

  receipt<M>(bytes: number, context: Context<M>): void {
    this.#openBytes -= bytes;
    this.#pour(context);
  }

  #pour<M>(context: Context<M>): void {
    while (this.#urgent.length + this.#lines.length > 0 && this.#openBytes < WINDOW_BYTES / 2) {
      const piece = this.#piece();
      this.#openBytes += writeCost(piece);
      this.#waitingBytes -= piece.byteLength;
      const connections = [this.#connection];
      context.send(this.#web, { type: 'write', connections, payload: piece });
    }
  }

  #piece(): Uint8Array {
    const taken = this.#urgent.splice(0);
    let bytes = taken.reduce((sum, { byteLength }) => sum + byteLength, 0);
    let count = 0;
    for (const { byteLength } of this.#lines) {
      if (bytes > 0 && bytes + byteLength > PIECE_BYTES) break;
      bytes += byteLength;
      count += 1;
    }
    taken.push(...this.#lines.splice(0, count));
    const [first] = taken;
    if (first !== undefined && taken.length === 1) return first;
    return joined(taken, bytes);
  }
}
