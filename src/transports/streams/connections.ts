// The open connections of one shard: finds them by number, walks them for each write, and lets each say in one write
// what a turn had for it. Refuses to know how connections began and who decides what they hear. Obeys ADR 0007 and 0009.

import type { Socket } from 'node:net';
import { encodeFrame, frameRules } from '../../actors/codecs/websocket-frames.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import { type ConnectionId, type Payload, writeCost } from '../../actors/runtime/edges.ts';
import type { Deadline, Deadlines } from '../sockets/deadlines.ts';
import { type Departures, GRACE_MS } from '../sockets/departures.ts';
import type { Intake } from '../sockets/intake.ts';
import { Connection, type ConnectionHost, type Kind, type Owner } from './connection.ts';
import { encodeDeflated } from './deflate.ts';
import { hearsMessages, WebSocketListener } from './websocket.ts';
import { Wire } from './wire.ts';

export interface ConnectionsOptions {
  readonly deliver: <M>(to: Address<M>, message: M) => void;
  readonly schedule: () => void;
  readonly count: (counter: string, by: number) => void;
  readonly deadlines: Deadlines;
  readonly departures: Departures;
  readonly intake: Intake;
}

/** How the connections of one door may speak. */
export interface Kinds {
  readonly stream: Kind;
  readonly plain: Kind;
  readonly deflated: Kind;
}

const PING = encodeFrame('ping', new Uint8Array(0));

export class Connections implements ConnectionHost {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<ConnectionId, Connection>();
  /** A close was sent to them and not answered yet. */
  readonly #closing: Deadline<Connection>;
  readonly #wires: Wire[] = [];
  // In production every payload of a web door is bytes.
  readonly #rawWire = this.wire((payload) => payload as Uint8Array);
  readonly #plainWire = this.wire((payload) => encodeFrame('text', payload as Uint8Array));
  readonly #deflatedWire = this.wire((payload) => encodeDeflated(payload as Uint8Array));
  /** To be written when the turn ends. */
  #talking: Connection[] = [];
  /** Those of the last writes, by their place in the list; forgotten when any of them may be gone. */
  readonly #met: Connection[] = [];
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#closing = options.deadlines.line(GRACE_MS, (connection: Connection) =>
      connection.cutOff(),
    );
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: ConnectionId): boolean {
    return this.#open.has(id);
  }

  get(id: ConnectionId): Connection | undefined {
    return this.#open.get(id);
  }

  /** Another way to frame payloads; each lives as long as the shard. */
  wire(encode: (payload: Payload) => Uint8Array): Wire {
    const wire = new Wire(encode);
    this.#wires.push(wire);
    return wire;
  }

  kindsFor(messageBytesMax: number): Kinds {
    const listener = new WebSocketListener(this, hearsMessages(this), messageBytesMax);
    const kindOf = (wire: Wire, deflate: boolean): Kind => ({
      wire,
      rules: frameRules('server', { messageBytesMax, deflate }),
      listener,
      ending: undefined,
    });
    return {
      stream: { wire: this.#rawWire, rules: undefined, listener: undefined, ending: undefined },
      plain: kindOf(this.#plainWire, false),
      deflated: kindOf(this.#deflatedWire, true),
    };
  }

  /** Begins a connection on a bare socket; its head leaves with the first words of the turn. */
  open(id: ConnectionId, socket: Socket, kind: Kind, head: Uint8Array, owner: Owner): void {
    const connection = new Connection(id, socket, kind, owner, this);
    this.#open.set(id, connection);
    this.#options.count('web.connections.opened', 1);
    if (head.byteLength > 0) connection.sayRaw(head);
  }

  /** The hot path. A burst writes to the same connections again and again: whom it met last is asked first. */
  write(connections: readonly ConnectionId[], payload: Payload): void {
    const cost = writeCost(payload);
    const met = this.#met;
    for (let at = 0; at < connections.length; at += 1) {
      const id = connections[at] as ConnectionId;
      let connection = met[at];
      if (connection === undefined || connection.id !== id) {
        connection = this.#open.get(id);
        if (connection === undefined) continue;
        met[at] = connection;
      }
      connection.say(payload, cost);
    }
  }

  ping(id: ConnectionId): void {
    this.#open.get(id)?.ping(PING);
  }

  /** Whoever is being closed is read, or its answer would never be heard. */
  hold(id: ConnectionId, isHeld: boolean): void {
    const connection = this.#open.get(id);
    if (connection?.isOpen === true) this.#options.intake.hold(connection.socket, isHeld);
  }

  cut(id: ConnectionId): void {
    this.#open.get(id)?.cut();
  }

  close(id: ConnectionId, code: number, reason: string): void {
    this.#open.get(id)?.close(code, reason);
  }

  /** Closes up to so many of those that are not closing yet, oldest first; those that leave alone when it is late. */
  closeSome(most: number, code: number, reason: string, isLate: boolean): void {
    let left = most;
    for (const connection of this.#open.values()) {
      if (left === 0) return;
      if (!connection.isOpen || (connection.leavesAlone && !isLate)) continue;
      connection.close(code, reason);
      left -= 1;
    }
  }

  destroyAll(): void {
    for (const { socket } of this.#open.values()) socket.destroy();
  }

  /** The end of a turn: all that it said leaves, one write for each connection. */
  flush(): void {
    const talking = this.#talking;
    if (talking.length > 0) {
      this.#talking = [];
      for (const connection of talking) connection.flush();
      for (const wire of this.#wires) wire.endTurn();
    }
    if (this.#bytesOut > 0) this.#options.count('web.bytes.out', this.#bytesOut);
    if (this.#bytesIn > 0) this.#options.count('web.bytes.in', this.#bytesIn);
    this.#bytesOut = 0;
    this.#bytesIn = 0;
  }

  willWrite(connection: Connection): void {
    this.#talking.push(connection);
  }

  wrote(bytes: number): void {
    this.#bytesOut += bytes;
  }

  took(socket: Socket, bytes: number): void {
    this.#bytesIn += bytes;
    this.#options.intake.took(socket, bytes);
  }

  deliver<M>(to: Address<M>, message: M): void {
    this.#options.deliver(to, message);
    this.#options.schedule();
  }

  count(name: string, by: number): void {
    this.#options.count(name, by);
  }

  awaitClose(connection: Connection): void {
    this.#options.intake.hold(connection.socket, false);
    this.#closing.add(connection);
  }

  ended(connection: Connection): void {
    const { id, socket, ending } = connection;
    this.#open.delete(id);
    this.#met.length = 0;
    this.#closing.delete(connection);
    this.#options.intake.forget(socket);
    this.#options.count('web.connections.closed', 1);
    if (ending === undefined) this.#options.departures.seeOff(socket);
    else ending.takeOver(socket);
  }
}
