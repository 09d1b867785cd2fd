// What all ends of simulated connections have in common, whatever is said over them: units are read in turns and not while
// held, what the network has not taken is counted, and whoever waits for that is told when it has.
// Refuses to know what a unit says: that is server-end.ts, gateway/gateway-end.ts and tcp/tcp-end.ts.

import type { Address } from '../../actors/runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt } from '../../actors/runtime/edges.ts';
import type { HeaderList } from '../../actors/runtime/gateway-edges.ts';
import type { Arena } from './arena.ts';
import type { Connection, Endpoint, Pipe, Unit, WireWord } from './network.ts';
import type { ObjectPayload } from './object-payload.ts';
import type { WebEdgeHost, WebEdgeOptions } from './web.edge.ts';

/** What an end needs of the edge that it belongs to. */
export interface EndHost {
  readonly options: WebEdgeOptions;
  readonly host: WebEdgeHost;
  /** Memory for what its ends make. */
  readonly arena: Arena;
  noteReadable(socket: EndSocket): void;
  noteDirty(socket: EndSocket): void;
  noteOutstanding(bytes: number): void;
  /** Whether the same list of headers has come before: whoever says one again says it over a connection that he has. */
  isRepeated(headers: HeaderList): boolean;
  forget(end: WebEnd): void;
}

/** What the web edge needs of an end, whatever door it came through. */
export interface WebEnd {
  readonly id: ConnectionId;
  readonly socket: EndSocket;
  /** Messages are framed before they are written. */
  readonly isFramed: boolean;
  /** Nobody wants to read it yet. */
  readonly isUnowned: boolean;
  /** Who hears what the network took; undefined while nobody does. */
  readonly receiptsTo: Address<Receipt> | undefined;
  /** Who holds that connection; undefined where it is another one's, or nobody's. */
  ownerOf(connection: Connection): Address<ConnectionEvent> | undefined;
  hear(unit: Unit): void;
  write(unit: Uint8Array | ObjectPayload, cost: number): void;
  open(
    opened: number,
    owner: Address<ConnectionEvent>,
    receiptsTo: Address<Receipt>,
    word: WireWord,
  ): void;
  respond(status: number, headers: Readonly<Record<string, string>>, body: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  cut(): void;
  expire(): void;
  abandon(isTold: boolean): void;
}

/** Units that one connection may deliver in one turn. */
const READ_UNITS_MAX = 64;

/** One end's two pipes. */
export class EndSocket implements Endpoint {
  readonly #end: WebEnd;
  readonly #edge: EndHost;
  readonly #in: Pipe;
  readonly #out: Pipe;
  #heldSince: number | undefined = undefined;
  #isClosing = false;
  #isReadable = false;
  #isDirty = false;
  #outstanding = 0;
  /** Taken by the network, and not yet told. */
  #taken = 0;

  constructor(end: WebEnd, edge: EndHost, inward: Pipe, outward: Pipe) {
    this.#end = end;
    this.#edge = edge;
    this.#in = inward;
    this.#out = outward;
    inward.receiver = this;
    outward.sender = this;
  }

  /** Undefined where it is read. */
  get heldSince(): number | undefined {
    return this.#heldSince;
  }

  /** What arrives while held waits in the pipe, and the other side's window fills. */
  hold(isHeld: boolean): void {
    if (this.#isClosing) return;
    this.#heldSince = isHeld ? this.#edge.host.now : undefined;
    this.lookIn();
  }

  /** The other side has some time to answer a close, and is read for that. */
  awaitClose(): void {
    this.hold(false);
    this.#isClosing = true;
    const { host, options } = this.#edge;
    host.remindAt(host.now + options.closeTimeoutUs, this.#end.id);
  }

  /** Something may have arrived while nothing was read. */
  lookIn(): void {
    if (this.#in.hasArrived) this.readable();
  }

  readable(): void {
    if (this.#isReadable || this.#heldSince !== undefined) return;
    this.#isReadable = true;
    this.#edge.noteReadable(this);
  }

  taken(cost: number): void {
    this.#taken += cost;
    this.#touch();
  }

  read(): void {
    this.#isReadable = false;
    if (this.#heldSince !== undefined || this.#end.isUnowned) return;
    for (let units = 0; units < READ_UNITS_MAX; units += 1) {
      const unit = this.#in.read();
      if (unit === undefined) break;
      this.#end.hear(unit);
    }
    this.#in.drained();
    this.lookIn();
  }

  write(unit: Unit, cost: number): void {
    this.#out.write(unit, cost);
    this.#touch();
  }

  /** Counts what is about to be written; returns what was out before. */
  spend(cost: number): number {
    const before = this.#outstanding;
    this.#outstanding += cost;
    return before;
  }

  /** Writes of a turn leave together; receipts tell what the network took. */
  flush(): void {
    this.#isDirty = false;
    this.#taken += this.#out.pump();
    const { receiptsTo, id } = this.#end;
    if (receiptsTo === undefined || this.#taken < this.#edge.options.receiptBytes) return;
    const bytes = this.#taken;
    this.#taken = 0;
    this.#outstanding -= bytes;
    this.#edge.host.deliver(receiptsTo, { type: 'receipt', connection: id, bytes });
  }

  /** Nothing more is heard; what was written still leaves. */
  leave(): void {
    this.#in.abandon();
    this.#edge.forget(this.#end);
  }

  /** Its thread is gone. */
  abandon(): void {
    this.#out.sender = undefined;
    this.#in.abandon();
  }

  #touch(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#edge.noteDirty(this);
  }
}
