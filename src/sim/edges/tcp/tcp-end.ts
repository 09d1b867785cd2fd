// One end of a simulated TCP connection, of the one who called or of the one who was called: bytes as they are, in both
// lanes, read by nobody before it has an owner. Who says no more may still listen; who closes waits for the other a while.
// Refuses to know what is spoken. Held to the words of runtime/tcp/tcp-edges.ts by test/edges/tcp/.

import type { Address } from '../../../actors/runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt } from '../../../actors/runtime/edges.ts';
import { type Connection, isWord, type Pipe } from '../network.ts';
import type { ObjectPayload } from '../object-payload.ts';
import type { EndHost, WebEnd } from '../server-end.ts';

interface Owner {
  readonly owner: Address<ConnectionEvent>;
  readonly receiptsTo: Address<Receipt>;
}

/** Units that one connection may deliver in one turn. */
const READ_UNITS_MAX = 64;

export class TcpEnd implements WebEnd {
  readonly id: ConnectionId;
  readonly isFramed = false;
  readonly #edge: EndHost;
  readonly #connection: Connection;
  readonly #isCaller: boolean;
  readonly #in: Pipe;
  readonly #out: Pipe;
  #owner: Owner | undefined = undefined;
  #state: 'waiting' | 'open' | 'closing' | 'gone' = 'waiting';
  /** The other side has said that it says no more. */
  #hasInputEnded = false;
  #isHeld = false;
  #isReadable = false;
  #isDirty = false;
  #outstanding = 0;
  /** What was out when something was written before: of last words, which no window holds, nothing is told. */
  #outstandingBefore = 0;
  /** Taken by the network, and not yet told. */
  #taken = 0;

  constructor(edge: EndHost, id: ConnectionId, connection: Connection, isCaller: boolean) {
    this.#edge = edge;
    this.id = id;
    this.#connection = connection;
    this.#isCaller = isCaller;
    this.#in = isCaller ? connection.down : connection.up;
    this.#out = isCaller ? connection.up : connection.down;
    this.#in.receiver = this;
    this.#out.sender = this;
  }

  /** False when the connection has broken before anybody wanted it. */
  own(owner: Owner): boolean {
    if (this.#state !== 'waiting') return false;
    this.#state = 'open';
    this.#owner = owner;
    if (this.#in.hasArrived) this.readable();
    return true;
  }

  /** Nobody wants it: it is told why, and closed. */
  dismiss(lastWords: Uint8Array): void {
    if (this.#state !== 'waiting') return;
    if (lastWords.byteLength > 0) this.#out.write(lastWords, 0);
    this.#sayEnd();
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld && this.#in.hasArrived) this.readable();
  }

  readable(): void {
    if (this.#isReadable || this.#isHeld) return;
    this.#isReadable = true;
    this.#edge.noteReadable(this);
  }

  taken(cost: number): void {
    this.#taken += cost;
    this.#touch();
  }

  read(): void {
    this.#isReadable = false;
    if (this.#isHeld || this.#state === 'waiting') return;
    for (let units = 0; units < READ_UNITS_MAX; units += 1) {
      const unit = this.#in.read();
      if (unit === undefined) break;
      if (this.#state === 'gone') continue;
      if (!isWord(unit)) this.#hear(unit as Uint8Array);
      else if (unit.word === 'fin') this.#inputEnded();
      else if (unit.word === 'reset') this.#vanished();
      else throw new Error(`nobody says '${unit.word}' over bare TCP`);
    }
    this.#in.drained();
    if (this.#in.hasArrived) this.readable();
  }

  write(unit: Uint8Array | ObjectPayload, cost: number): void {
    if (this.#state !== 'open') return;
    this.#edge.noteOutstanding(this.#outstandingBefore);
    this.#outstandingBefore = this.#outstanding;
    this.#outstanding += cost;
    this.#out.write(unit, cost);
    this.#edge.options.tap?.(this.#connection.id, this.#isCaller, unit as Uint8Array);
    this.#touch();
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
    this.#out.sender = undefined;
    this.#in.abandon();
  }

  flush(): void {
    this.#isDirty = false;
    this.#taken += this.#out.pump();
    if (this.#state !== 'open' || this.#owner === undefined) return;
    if (this.#taken < this.#edge.options.receiptBytes) return;
    const bytes = this.#taken;
    this.#taken = 0;
    this.#outstanding -= bytes;
    const { receiptsTo } = this.#owner;
    this.#edge.host.deliver(receiptsTo, { type: 'receipt', connection: this.id, bytes });
  }

  /** Nothing of HTTP is said here. */
  open(): void {}

  respond(): void {}

  ping(): void {}

  #hear(bytes: Uint8Array): void {
    // Bytes on the network are nobody's: what an actor keeps is its own.
    if (this.#state === 'open')
      this.#tell({ type: 'messageReceived', connection: this.id, payload: bytes.slice() });
  }

  #inputEnded(): void {
    this.#hasInputEnded = true;
    this.#tell({ type: 'closeReceived', connection: this.id, code: 1_005, reason: '' });
    if (this.#state === 'closing') this.#ended();
  }

  #sayEnd(): void {
    this.#state = 'closing';
    this.#out.write({ word: 'fin' }, 0);
    this.#touch();
    const { host, options } = this.#edge;
    if (this.#hasInputEnded) this.#ended();
    else host.remindAt(host.now + options.closeTimeoutUs, this.id);
    if (this.#in.hasArrived) this.readable();
  }

  #vanished(): void {
    this.#connection.reset();
    this.#ended();
  }

  #ended(): void {
    this.#tell({ type: 'closed', connection: this.id, code: 1_000, reason: '' });
    this.#state = 'gone';
    this.#owner = undefined;
    this.#in.abandon();
    this.#edge.forget(this);
  }

  #tell(event: ConnectionEvent): void {
    if (this.#owner !== undefined) this.#edge.host.deliver(this.#owner.owner, event);
  }

  #touch(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#edge.noteDirty(this);
  }
}
