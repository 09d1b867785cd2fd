// A client's body on its way to an origin: as it comes and as fast as the origin takes it, with a copy of a short one,
// so that it can be sent again and come back with the answer.
// Refuses to know the rest of the request. RFC 9112 §6, §7.

import { joined } from '../../../actors/codecs/joined.ts';
import type { RequestBody } from '../../../actors/runtime/gateway-edges.ts';
import type { BodyTaker, Exchange } from '../../gateway/exchange.ts';
import { writeJoined } from '../../gateway/written.ts';
import { Gathered } from '../gathered.ts';
import type { OriginConnection } from './origin-connection.ts';

export type ClientBody = Extract<RequestBody, { readonly kind: 'client' }>;

export interface SentBodyHost {
  moved(): void;
  /** The client left before its body was whole. */
  bodyBroke(): void;
}

const LAST_CHUNK = '0\r\n\r\n';

export class SentBody implements BodyTaker {
  /** Undefined: in chunks. */
  readonly length: number | undefined;
  readonly #of: ClientBody;
  readonly #exchange: Exchange;
  readonly #host: SentBodyHost;
  #connection: OriginConnection | undefined = undefined;
  #isPouring = false;
  #isWhole = false;
  /** All that came so far; undefined when it is too long. */
  #kept: Gathered | undefined = new Gathered();

  constructor(of: ClientBody, exchange: Exchange, host: SentBodyHost) {
    this.#of = of;
    this.#exchange = exchange;
    this.#host = host;
    const here = of.first.byteLength + exchange.waitingBytes;
    this.length = exchange.hasBodyEnded ? here : exchange.head.bodyBytes;
  }

  /** Nothing of it is lost yet. */
  get canBeSent(): boolean {
    return this.#kept !== undefined || !this.#isPouring;
  }

  /** The whole body, when it was short enough. */
  get copy(): Uint8Array | undefined {
    return this.#isWhole && this.#kept !== undefined
      ? joined(this.#kept.pieces, this.#kept.byteLength)
      : undefined;
  }

  /** Writes the head, what is here of the body, and the rest as it comes. */
  sendBehind(head: string, connection: OriginConnection): void {
    this.#connection = connection;
    const { socket } = connection;
    connection.hearOut();
    socket.cork();
    connection.write(head);
    if (this.#isPouring) this.#sendAgain();
    else {
      this.#isPouring = true;
      if (this.#of.first.byteLength > 0) this.bodyReceived(this.#of.first);
      this.#exchange.pourBody(this);
    }
    socket.uncork();
  }

  /** Its connection is gone: what comes waits for another one. */
  lost(): void {
    this.#connection = undefined;
  }

  drained(): void {
    this.#exchange.goOn();
  }

  bodyReceived(bytes: Uint8Array): boolean {
    this.#host.moved();
    this.#keep(bytes);
    const connection = this.#connection;
    if (connection === undefined) return false;
    this.#write(bytes, connection);
    if (!connection.socket.writableNeedDrain) return true;
    connection.awaitDrain();
    return false;
  }

  bodyEnded(): void {
    this.#isWhole = true;
    if (this.#connection !== undefined) this.#end(this.#connection);
  }

  bodyBroke(): void {
    this.#host.bodyBroke();
  }

  #sendAgain(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    for (const bytes of this.#kept?.pieces ?? []) this.#write(bytes, connection);
    if (this.#isWhole) this.#end(connection);
    else this.#exchange.goOn();
  }

  #write(bytes: Uint8Array, connection: OriginConnection): void {
    if (this.length !== undefined) connection.write(bytes);
    else writeJoined(connection, [`${bytes.byteLength.toString(16)}\r\n`, bytes, '\r\n']);
  }

  #end(connection: OriginConnection): void {
    if (this.length === undefined) connection.write(LAST_CHUNK);
    connection.sent();
  }

  #keep(bytes: Uint8Array): void {
    if (this.#kept === undefined) return;
    const { byteLength } = this.#kept;
    if (byteLength + bytes.byteLength > this.#of.keepBytesMax) this.#kept = undefined;
    else this.#kept.add(bytes);
  }
}
