// One open connection, WebSocket or event stream: a bare socket and this record, nothing else per connection.
// Gathers what a turn says to it and writes it once; counts what the kernel took and gives receipts for it; ends.
// Refuses to know HTTP and what payloads mean; frames are read in websocket.ts. Obeys ADR 0007 and 0009.

import type { Socket } from 'node:net';
import { encodeClose, encodeFrame, type FrameRules } from '../../actors/codecs/websocket-frames.ts';
import { FrameReader } from '../../actors/codecs/websocket-reader.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type Payload,
  type Receipt,
  WINDOW_BYTES,
} from '../../actors/runtime/edges.ts';
import { hold, type Holder } from '../sockets/held-socket.ts';
import { SILENCE, type Wire } from './wire.ts';

/** What connections need of the edge they live in. */
export interface ConnectionHost {
  /** Something is to be written when the turn ends. */
  willWrite(connection: Connection): void;
  wrote(bytes: number): void;
  /** Bytes of a client were read and dealt with. */
  took(socket: Socket, bytes: number): void;
  deliver<M>(to: Address<M>, message: M): void;
  count(name: string, by: number): void;
  /** A close was sent; the peer has some time to answer it. */
  awaitClose(connection: Connection): void;
  /** The connection is history; its socket, if it still lives, is to be seen off. */
  ended(connection: Connection): void;
}

/** What the connections of one door that speak alike have in common. */
export interface Kind {
  readonly wire: Wire;
  /** Undefined for streams, which only speak. */
  readonly rules: FrameRules | undefined;
  readonly listener: Listener | undefined;
  /** Undefined where the end of the connection is the end of what was said. */
  readonly ending: Ending | undefined;
  /** Ends those over which nothing passes; undefined where silence is in order. */
  readonly idleness?: Idleness | undefined;
  /** Its owner says goodbye by itself when the node goes. */
  readonly leavesAlone?: boolean;
}

export interface Idleness {
  add(connection: Connection): void;
  delete(connection: Connection): void;
}

/** A stream whose end is part of what it says, so that its socket outlives it. */
export interface Ending {
  readonly lastWords: Uint8Array;
  /** Gets the socket, which may be gone already. */
  takeOver(socket: Socket): void;
}

/** Hears what clients say. */
export interface Listener {
  listen(connection: Connection, chunk: Buffer): void;
}

/** Where a connection's messages go. */
export interface Owner {
  readonly owner: Address<ConnectionEvent>;
  readonly receiptsTo: Address<Receipt>;
}

/** A receipt is due for every half window, so that a writer with a whole one never waits for a round trip. */
const RECEIPT_BYTES = WINDOW_BYTES / 2;
/** More than this is not kept until the end of the turn. */
const TURN_BYTES_MAX = 64 * 1_024;
/** With more than this unsent, of pongs only the latest is kept. */
const PONG_BACKLOG_BYTES_MAX = 64 * 1_024;

export class Connection implements Holder {
  readonly id: ConnectionId;
  readonly socket: Socket;
  /** Undefined for event streams. */
  readonly reader: FrameReader | undefined;
  readonly owner: Address<ConnectionEvent>;
  /** For the door's idleness. */
  activeAt = 0;
  idlePlace = -1;
  #bytesPassed = 0;
  readonly #receiptsTo: Address<Receipt>;
  readonly #kind: Kind;
  readonly #wire: Wire;
  readonly #host: ConnectionHost;
  #isOpen = true;
  /** What this turn says to it. */
  #said = SILENCE;
  /** Handed to the socket and not receipted, by `writeCost`. */
  #unreceipted = 0;
  #latestPong: Uint8Array | undefined = undefined;
  /** Why the edge closes it; undefined before. */
  #isOverdue = false;
  #verdict: { readonly code: number; readonly reason: string } | undefined = undefined;
  #hasPeerClosed = false;
  #isOver = false;

  constructor(
    id: ConnectionId,
    socket: Socket,
    kind: Kind,
    { owner, receiptsTo }: Owner,
    host: ConnectionHost,
  ) {
    this.id = id;
    this.socket = socket;
    this.reader = kind.rules === undefined ? undefined : new FrameReader(kind.rules);
    this.owner = owner;
    this.#receiptsTo = receiptsTo;
    this.#kind = kind;
    this.#wire = kind.wire;
    this.#host = host;
    hold(socket, this);
    kind.idleness?.add(this);
  }

  get ending(): Ending | undefined {
    return this.#kind.ending;
  }

  get leavesAlone(): boolean {
    return this.#kind.leavesAlone === true;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The hot path: puts a payload behind what this turn already says. */
  say(payload: Payload, cost: number): void {
    if (this.#isOpen) this.#goOn(this.#wire.goOn(this.#said, payload, cost));
  }

  ping(frame: Uint8Array): void {
    if (this.reader !== undefined) this.sayRaw(frame);
  }

  /** Payloads of the edge's own, outside the credit: at once, because what is said in a turn is kept until its end. */
  pour(payloads: readonly Payload[]): void {
    if (!this.#isOpen) return;
    this.flush();
    this.socket.cork();
    for (const payload of payloads) {
      const bytes = this.#wire.encode(payload);
      this.#host.wrote(bytes.byteLength);
      this.socket.write(bytes);
    }
    this.socket.uncork();
  }

  /** Bytes of the edge's own, outside the credit: heads and control frames. */
  sayRaw(bytes: Uint8Array): void {
    if (this.#isOpen) this.#goOn(this.#wire.goOnRaw(this.#said, bytes));
  }

  /** Answers a ping; of many that a slow reader sends only the latest is answered. */
  pong(payload: Uint8Array): void {
    const frame = encodeFrame('pong', payload);
    if (this.socket.writableLength <= PONG_BACKLOG_BYTES_MAX) {
      this.sayRaw(frame);
      return;
    }
    if (this.#latestPong === undefined) this.socket.once('drain', () => this.#sayLatestPong());
    else this.#host.count('web.websocket.pongsDropped', 1);
    this.#latestPong = frame;
  }

  /** Hands what was said to the socket, in one write. */
  flush(): void {
    const said = this.#said;
    if (said === SILENCE) return;
    this.#said = SILENCE;
    const wire = this.#wire;
    this.#host.wrote(wire.bytesOf(said));
    this.#unreceipted += wire.costOf(said);
    // Every half window one write tells when the kernel took it and all before it; the others need no callback.
    if (this.#unreceipted < RECEIPT_BYTES) this.socket.write(wire.joined(said));
    else this.#writeForReceipt(wire.joined(said));
  }

  /** Ends it after what was said; `closed` follows when the peer has agreed, vanished or let its time pass. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#isOpen = false;
    this.#verdict = { code, reason };
    const { ending } = this.#kind;
    if (ending !== undefined) this.socket.write(ending.lastWords);
    else if (this.reader === undefined) this.socket.end();
    else this.socket.write(encodeClose(code, reason));
    if (ending !== undefined || this.#hasPeerClosed) this.#end(code, reason);
    else this.#host.awaitClose(this);
  }

  /** Ends it without a close; what was said goes first, the head of a handshake above all. */
  cut(): void {
    this.flush();
    this.#isOpen = false;
    this.#host.awaitClose(this);
    this.socket.destroySoon();
  }

  /** The peer's close came and waits for the owner's. */
  peerClosed(): void {
    this.#hasPeerClosed = true;
  }

  /** The peer broke the protocol: tells it how, and is done with it. */
  fail(code: number, reason: string): void {
    this.#host.count('web.websocket.protocolErrors', 1);
    this.#sayClose(code, reason);
    this.#end(code, reason);
  }

  /** The peer's close came: answers it, unless it is itself an answer, which is what the owner hears then. */
  closeReceived(code: number, reason: string): void {
    this.#sayClose(code, '');
    this.#verdict = undefined;
    this.#end(code, reason);
  }

  socketReceived(chunk: Buffer): void {
    // What a client says on an event stream has no meaning.
    this.#kind.listener?.listen(this, chunk);
    this.#host.took(this.socket, chunk.byteLength);
  }

  /** Asked now and then, so that writing stays as cheap as it is. */
  hasSpoken(): boolean {
    const { bytesRead, bytesWritten } = this.socket;
    const bytes = bytesRead + bytesWritten;
    if (bytes === this.#bytesPassed) return false;
    this.#bytesPassed = bytes;
    return true;
  }

  /** [GRIP-CLIENT-8] */
  idledOut(): void {
    this.#host.count('web.connections.idle', 1);
    this.socket.destroy();
  }

  /** The peer did not answer the close in its time. */
  cutOff(): void {
    this.#isOverdue = true;
    this.socket.destroy();
  }

  socketClosed(): void {
    // A peer that is gone without having answered a close has vanished, whatever was said to it.
    if (this.reader !== undefined && !this.#isOverdue) this.#verdict = undefined;
    this.#end(this.reader === undefined ? 1000 : 1006, '');
  }

  #goOn(said: number): void {
    if (this.#said === SILENCE) this.#host.willWrite(this);
    this.#said = said;
    if (this.#wire.bytesOf(said) > TURN_BYTES_MAX) this.flush();
  }

  #writeForReceipt(joined: Buffer): void {
    const bytes = this.#unreceipted;
    this.#unreceipted = 0;
    this.socket.write(joined, (error) => {
      if (error === null || error === undefined) this.#receipt(bytes);
    });
  }

  #receipt(bytes: number): void {
    if (this.#isOpen)
      this.#host.deliver(this.#receiptsTo, { type: 'receipt', connection: this.id, bytes });
  }

  #sayLatestPong(): void {
    const frame = this.#latestPong;
    this.#latestPong = undefined;
    if (frame === undefined) return;
    this.sayRaw(frame);
    this.flush();
  }

  #sayClose(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.flush();
    this.socket.write(encodeClose(code, reason));
  }

  /** The only place where an owner learns of the end. */
  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOpen = false;
    this.#isOver = true;
    this.#kind.idleness?.delete(this);
    this.reader?.stop();
    const verdict = this.#verdict ?? { code, reason };
    this.#host.ended(this);
    this.#host.deliver(this.owner, { type: 'closed', connection: this.id, ...verdict });
  }
}
