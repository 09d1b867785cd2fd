// The understudy of transports/web.edge.ts: the same commands and events, over the simulated network.
// In the byte lane WebSocket messages are framed and read by the real codecs, from chunks cut anywhere; in the object
// lane payloads travel as they are. A turn's writes leave together, and a receipt means that the network took them.
// Refuses to know what is written. Held to the words of runtime/edges.ts by test/edges/.

import {
  encodeClose,
  encodeFrame,
  frameRules,
  type FrameEvent,
} from '../../actors/codecs/websocket-frames.ts';
import { FrameReader } from '../../actors/codecs/websocket-reader.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import {
  type ConnectionEvent,
  type ConnectionId,
  type DoorEvent,
  type Receipt,
  type WebCommand,
  writeCost,
} from '../../actors/runtime/edges.ts';
import type { Connection, Endpoint, Unit, WireHead, WireWord } from './network.ts';

export type Lane = 'byte' | 'object';

export interface WebEdgeHost {
  readonly now: number;
  deliver<M>(to: Address<M>, message: NoInfer<M>): void;
  /** The shard has something to do: a socket to read, or actors with messages. */
  wake(): void;
  /** Has `remind` called with the same number at an instant. */
  remindAt(at: number, connection: ConnectionId): void;
}

export interface WebEdgeOptions {
  readonly lane: Lane;
  readonly door: Address<DoorEvent>;
  readonly messageBytesMax: number;
  /** Receipts are gathered up to this cost; at most half a window. */
  readonly receiptBytes: number;
  /** How long a close waits for the other side's. */
  readonly closeTimeoutUs: number;
}

const state = { asked: 0, webSocket: 1, stream: 2, closing: 3, gone: 4 } as const;

/** Bytes that one connection may deliver in one turn. */
const READ_UNITS_MAX = 64;

export class WebEdge {
  readonly options: WebEdgeOptions;
  readonly host: WebEdgeHost;
  readonly #connections = new Map<ConnectionId, ServerEnd>();
  readonly #readable: ServerEnd[] = [];
  readonly #dirty: ServerEnd[] = [];
  #opened = 0;
  /** The most that any connection had been given without a receipt. */
  #outstandingMax = 0;

  constructor(options: WebEdgeOptions, host: WebEdgeHost) {
    this.options = options;
    this.host = host;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get hasReadable(): boolean {
    return this.#readable.length > 0;
  }

  get hasDirty(): boolean {
    return this.#dirty.length > 0;
  }

  /** The highest count of unreceipted bytes since last asked. */
  takeOutstandingMax(): number {
    const most = this.#outstandingMax;
    this.#outstandingMax = 0;
    return most;
  }

  /** A client's connection reached this shard. */
  accept(connection: Connection, remote: string): void {
    this.#opened += 1;
    const end = new ServerEnd(this, this.#opened, connection, remote);
    connection.up.receiver = end;
    connection.down.sender = end;
    this.#connections.set(end.id, end);
  }

  /** Reads what has arrived, one connection after the other. */
  read(): void {
    const count = this.#readable.length;
    for (let i = 0; i < count; i += 1) this.#readable[i]?.read();
    this.#readable.splice(0, count);
  }

  /** Sends off what the turn wrote, and gives receipts. */
  flush(): void {
    for (const end of this.#dirty) end.flush();
    this.#dirty.length = 0;
  }

  obey(command: WebCommand): void {
    switch (command.type) {
      case 'write':
        this.#write(command.connections, command.payload);
        return;
      case 'close':
        this.#connections.get(command.connection)?.close(command.code, command.reason);
        return;
      case 'respond':
        this.#connections.get(command.connection)?.respond(command.status, command.body);
        return;
      case 'accept':
      case 'stream': {
        const end = this.#connections.get(command.connection);
        const { owner, receiptsTo, connection } = command;
        // Whoever asked left while auth was looking: the new owner hears it at once.
        if (end === undefined) {
          const code = command.type === 'accept' ? 1006 : 1000;
          this.host.deliver(owner, { type: 'closed', connection, code, reason: '' });
        } else if (command.type === 'accept')
          end.open(state.webSocket, owner, receiptsTo, { word: 'accepted' });
        else {
          const contentType = command.headers['content-type'] ?? '';
          end.open(state.stream, owner, receiptsTo, { word: 'stream', contentType });
        }
        return;
      }
      case 'ping':
        this.#connections.get(command.connection)?.ping();
        return;
      case 'hold':
        this.#connections.get(command.connection)?.hold(command.isHeld);
        return;
      default:
        command satisfies never;
    }
  }

  /** The instant came that the host was asked to remember. */
  remind(connection: ConnectionId): void {
    this.#connections.get(connection)?.expire();
  }

  /** The thread died: sockets are reset, or told 1012 by a shard that could still say so. */
  abandon(isTold: boolean): void {
    for (const end of this.#connections.values()) end.abandon(isTold);
    this.#connections.clear();
  }

  noteReadable(end: ServerEnd): void {
    this.#readable.push(end);
    this.host.wake();
  }

  noteDirty(end: ServerEnd): void {
    this.#dirty.push(end);
    this.host.wake();
  }

  noteOutstanding(bytes: number): void {
    if (bytes > this.#outstandingMax) this.#outstandingMax = bytes;
  }

  forget(end: ServerEnd): void {
    this.#connections.delete(end.id);
  }

  /** Framed once, the same bytes for all. */
  #write(connections: readonly ConnectionId[], payload: Uint8Array): void {
    const cost = writeCost(payload);
    let framed: Uint8Array | undefined;
    for (const connection of connections) {
      const end = this.#connections.get(connection);
      if (end === undefined) continue;
      if (end.isFramed) end.write((framed ??= encodeFrame('text', payload)), cost);
      else end.write(payload, cost);
    }
  }
}

/** The server's end of one connection. */
class ServerEnd implements Endpoint {
  readonly id: ConnectionId;
  readonly #edge: WebEdge;
  readonly #connection: Connection;
  readonly #remote: string;
  #state: number = state.asked;
  #owner: Address<ConnectionEvent> | undefined = undefined;
  #receiptsTo: Address<Receipt> | undefined = undefined;
  #reader: FrameReader | undefined = undefined;
  #isHeld = false;
  #isReadable = false;
  #isDirty = false;
  #outstanding = 0;
  /** Taken by the network, and not yet told. */
  #taken = 0;

  constructor(edge: WebEdge, id: ConnectionId, connection: Connection, remote: string) {
    this.#edge = edge;
    this.id = id;
    this.#connection = connection;
    this.#remote = remote;
  }

  get isFramed(): boolean {
    return this.#reader !== undefined;
  }

  /** What arrives while held waits in the pipe, and the client's window fills. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld && this.#connection.up.hasArrived) this.readable();
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
    if (this.#isHeld) return;
    const { up } = this.#connection;
    for (let units = 0; units < READ_UNITS_MAX; units += 1) {
      const unit = up.read();
      if (unit === undefined) break;
      if (this.#state === state.gone) continue;
      if (unit instanceof Uint8Array) this.#hearBytes(unit);
      else this.#hearWord(unit);
    }
    up.drained();
    if (up.hasArrived) this.readable();
  }

  write(bytes: Uint8Array, cost: number): void {
    if (this.#state !== state.webSocket && this.#state !== state.stream) return;
    this.#outstanding += cost;
    this.#edge.noteOutstanding(this.#outstanding);
    this.#say(bytes, cost);
  }

  open(
    opened: number,
    owner: Address<ConnectionEvent>,
    receiptsTo: Address<Receipt>,
    word: WireWord,
  ): void {
    if (this.#state !== state.asked) return;
    this.#state = opened;
    this.#owner = owner;
    this.#receiptsTo = receiptsTo;
    const { lane, messageBytesMax } = this.#edge.options;
    if (opened === state.webSocket && lane === 'byte')
      this.#reader = new FrameReader(frameRules('server', { messageBytesMax }));
    this.#say(word, 0);
  }

  respond(status: number, body: string): void {
    if (this.#state !== state.asked) return;
    this.#say({ word: 'response', status, body }, 0);
    this.#leave();
  }

  ping(): void {
    if (this.#state !== state.webSocket) return;
    this.#say(this.isFramed ? PING : PING_WORD, 0);
  }

  close(code: number, reason: string): void {
    if (this.#state === state.stream) {
      this.#tellClosed(1000, '');
      this.#leave();
    } else if (this.#state === state.webSocket) {
      this.#state = state.closing;
      this.#sayClose(code, reason);
      this.#edge.host.remindAt(this.#edge.host.now + this.#edge.options.closeTimeoutUs, this.id);
    }
  }

  /** The other side's close did not come in time. */
  expire(): void {
    if (this.#state !== state.closing) return;
    this.#tellClosed(1006, '');
    this.#destroy();
  }

  abandon(isTold: boolean): void {
    if (this.#state === state.gone) return;
    if (isTold && this.#state === state.webSocket) {
      this.#sayClose(1012, 'service restart');
      this.#connection.down.write({ word: 'fin' }, 0);
      this.#connection.down.pump();
    } else this.#connection.reset();
    this.#state = state.gone;
    this.#connection.down.sender = undefined;
    this.#connection.up.abandon();
  }

  /** Writes of a turn leave together; receipts tell what the network took. */
  flush(): void {
    this.#isDirty = false;
    this.#taken += this.#connection.down.pump();
    if (this.#state !== state.webSocket && this.#state !== state.stream) return;
    if (this.#taken < this.#edge.options.receiptBytes || this.#receiptsTo === undefined) return;
    const bytes = this.#taken;
    this.#taken = 0;
    this.#outstanding -= bytes;
    this.#edge.host.deliver(this.#receiptsTo, { type: 'receipt', connection: this.id, bytes });
  }

  /** The reader's findings, in order. */
  frameReceived(event: FrameEvent): void {
    switch (event.type) {
      case 'message':
        this.#tell({ type: 'messageReceived', connection: this.id, payload: event.payload });
        return;
      case 'ping':
        if (this.#state === state.webSocket) this.#say(encodeFrame('pong', event.payload), 0);
        return;
      case 'pong':
        this.#tell({ type: 'pongReceived', connection: this.id });
        return;
      case 'close':
        this.#heardClose(event.code, event.reason);
        return;
      case 'failed':
        this.#failed(event.code, event.reason);
        return;
      default:
        event satisfies never;
    }
  }

  #hearBytes(bytes: Uint8Array): void {
    this.#reader?.read(bytes, this);
    if (this.#reader !== undefined || this.#state !== state.webSocket) return;
    if (bytes.length > this.#edge.options.messageBytesMax) this.#failed(1009, 'message too big');
    else this.#tell({ type: 'messageReceived', connection: this.id, payload: bytes });
  }

  #hearWord(unit: WireWord): void {
    const { host, options } = this.#edge;
    switch (unit.word) {
      case 'upgrade': {
        const head = this.#headOf(unit.head);
        host.deliver(options.door, {
          type: 'upgradeRequested',
          connection: this.id,
          subprotocols: [],
          ...head,
        });
        return;
      }
      case 'request': {
        const head = this.#headOf(unit.head);
        host.deliver(options.door, {
          type: 'requestReceived',
          connection: this.id,
          body: unit.body,
          ...head,
        });
        return;
      }
      case 'ping':
        if (this.#state === state.webSocket) this.#say({ word: 'pong' }, 0);
        return;
      case 'pong':
        this.#tell({ type: 'pongReceived', connection: this.id });
        return;
      case 'close':
        this.#heardClose(unit.code, unit.reason);
        return;
      case 'broken':
        this.#failed(unit.code, 'broken');
        return;
      case 'fin':
      case 'reset':
        this.#vanished();
        return;
      case 'accepted':
      case 'response':
      case 'stream':
        throw new Error(`a client does not say '${unit.word}'`);
      default:
        unit satisfies never;
    }
  }

  #headOf({ method, path, query, headers }: WireHead) {
    return { door: 'broker', method, path, query, headers, remote: this.#remote };
  }

  #heardClose(code: number, reason: string): void {
    if (this.#state === state.webSocket) this.#sayClose(code, '');
    this.#tellClosed(code, reason);
    this.#leave();
  }

  #failed(code: number, reason: string): void {
    if (this.#state === state.webSocket) this.#sayClose(code, reason);
    this.#tellClosed(code, reason);
    this.#leave();
  }

  /** End of stream without a close frame, or a reset. */
  #vanished(): void {
    this.#tellClosed(this.#state === state.stream ? 1000 : 1006, '');
    this.#destroy();
  }

  #tell(event: ConnectionEvent): void {
    if (this.#state !== state.webSocket || this.#owner === undefined) return;
    this.#edge.host.deliver(this.#owner, event);
  }

  #tellClosed(code: number, reason: string): void {
    if (this.#owner === undefined) return;
    this.#edge.host.deliver(this.#owner, { type: 'closed', connection: this.id, code, reason });
    this.#owner = undefined;
  }

  #sayClose(code: number, reason: string): void {
    this.#say(this.isFramed ? encodeClose(code, reason) : { word: 'close', code, reason }, 0);
  }

  #say(unit: Unit, cost: number): void {
    this.#connection.down.write(unit, cost);
    this.#touch();
  }

  #touch(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#edge.noteDirty(this);
  }

  /** Ends after what was written; nothing more is heard. */
  #leave(): void {
    this.#say({ word: 'fin' }, 0);
    this.#forget();
  }

  #destroy(): void {
    this.#connection.reset();
    this.#forget();
  }

  #forget(): void {
    this.#state = state.gone;
    this.#reader?.stop();
    this.#connection.up.abandon();
    this.#edge.forget(this);
  }
}

const PING = encodeFrame('ping', new Uint8Array(0));
const PING_WORD: WireWord = { word: 'ping' };
