// One end of a simulated TCP connection, of the one who called or of the one who was called: bytes as they are, in both
// lanes, read by nobody before it has an owner. Who says no more may still listen; who closes waits for the other a while.
// Refuses to know what is spoken. Held to the words of runtime/tcp/tcp-edges.ts by test/edges/tcp/.

import type { Address } from '../../../actors/runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt } from '../../../actors/runtime/edges.ts';
import { type Connection, isWord, type Unit } from '../network.ts';
import type { ObjectPayload } from '../object-payload.ts';
import { type EndHost, EndSocket, type WebEnd } from '../web-end.ts';

interface Owner {
  readonly owner: Address<ConnectionEvent>;
  readonly receiptsTo: Address<Receipt>;
}

export class TcpEnd implements WebEnd {
  readonly id: ConnectionId;
  readonly socket: EndSocket;
  readonly isFramed = false;
  readonly #edge: EndHost;
  readonly #connection: Connection;
  readonly #isCaller: boolean;
  #owner: Owner | undefined = undefined;
  #state: 'waiting' | 'open' | 'closing' | 'gone' = 'waiting';
  /** The other side has said that it says no more. */
  #hasInputEnded = false;
  /** What was out when something was written before: of last words, which no window holds, nothing is told. */
  #outstandingBefore = 0;

  constructor(edge: EndHost, id: ConnectionId, connection: Connection, isCaller: boolean) {
    this.#edge = edge;
    this.id = id;
    this.#connection = connection;
    this.#isCaller = isCaller;
    const { up, down } = connection;
    this.socket = new EndSocket(this, edge, isCaller ? down : up, isCaller ? up : down);
  }

  /** False when the connection has broken before anybody wanted it. */
  own(owner: Owner): boolean {
    if (this.#state !== 'waiting') return false;
    this.#state = 'open';
    this.#owner = owner;
    this.socket.lookIn();
    return true;
  }

  /** Nobody wants it: it is told why, and closed. */
  dismiss(lastWords: Uint8Array): void {
    if (this.#state !== 'waiting') return;
    if (lastWords.byteLength > 0) this.socket.write(lastWords, 0);
    this.#sayEnd();
  }

  ownerOf(connection: Connection): Address<ConnectionEvent> | undefined {
    return connection === this.#connection && this.#state === 'open'
      ? this.#owner?.owner
      : undefined;
  }

  get isMissed(): boolean {
    return this.#connection.down.lost !== undefined;
  }

  get isUnowned(): boolean {
    return this.#state === 'waiting';
  }

  get receiptsTo(): Address<Receipt> | undefined {
    return this.#state === 'open' ? this.#owner?.receiptsTo : undefined;
  }

  hear(unit: Unit): void {
    if (this.#state === 'gone') return;
    if (!isWord(unit)) this.#hearBytes(unit as Uint8Array);
    else if (unit.word === 'fin') this.#inputEnded();
    else if (unit.word === 'reset') this.#vanished();
    else throw new Error(`nobody says '${unit.word}' over bare TCP`);
  }

  write(unit: Uint8Array | ObjectPayload, cost: number): void {
    if (this.#state !== 'open') {
      // Who writes does not know yet that it has ended.
      if (!this.#isCaller) this.#connection.down.lost?.push(unit as Uint8Array);
      return;
    }
    this.#edge.noteOutstanding(this.#outstandingBefore);
    this.#outstandingBefore = this.socket.spend(cost);
    this.socket.write(unit, cost);
    this.#edge.options.tap?.(this.#connection.id, this.#isCaller, unit as Uint8Array);
  }

  /** Ends it after what was said; `closed` follows when the peer has ended, too, or let its time pass. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#sayEnd();
  }

  cut(): void {
    if (this.#state !== 'gone') this.#vanished();
  }

  expire(): void {
    if (this.#state === 'closing') this.#vanished();
  }

  abandon(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#connection.reset();
    this.socket.abandon();
  }

  /** Nothing of HTTP is said here. */
  open(): void {}

  respond(): void {}

  ping(): void {}

  #hearBytes(bytes: Uint8Array): void {
    // Bytes on the network are nobody's: what an actor keeps is its own.
    if (this.#state === 'open')
      this.#tell({
        type: 'messageReceived',
        connection: this.id,
        payload: this.#edge.arena.copy(bytes),
      });
  }

  #inputEnded(): void {
    this.#hasInputEnded = true;
    this.#tell({ type: 'closeReceived', connection: this.id, code: 1_005, reason: '' });
    if (this.#state === 'closing') this.#ended();
  }

  #sayEnd(): void {
    this.#state = 'closing';
    this.socket.write({ word: 'fin' }, 0);
    if (this.#hasInputEnded) this.#ended();
    else this.socket.awaitClose();
  }

  #vanished(): void {
    this.#connection.reset();
    this.#ended();
  }

  #ended(): void {
    this.#tell({ type: 'closed', connection: this.id, code: 1_000, reason: '' });
    this.#state = 'gone';
    this.#owner = undefined;
    this.socket.leave();
  }

  #tell(event: ConnectionEvent): void {
    if (this.#owner !== undefined) this.#edge.host.deliver(this.#owner.owner, event);
  }
}
