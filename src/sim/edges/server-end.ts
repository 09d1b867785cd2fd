// The server's end of one simulated connection: a request that waits for its answer, a WebSocket, or an event stream.
// Refuses to know who else is connected; what is common to all connections of a shard is web.edge.ts.

import { utf8Length } from '../../actors/codecs/utf8-text.ts';
import {
  encodeClose,
  encodeFrame,
  type FrameEvent,
  frameRules,
} from '../../actors/codecs/websocket-frames.ts';
import { FrameReader } from '../../actors/codecs/websocket-reader.ts';
import type { Address } from '../../actors/runtime/actor.ts';
import type { ConnectionEvent, ConnectionId, Receipt } from '../../actors/runtime/edges.ts';
import { grantOf, type Handshake, judgedHandshake } from './doors/handshakes.ts';
import { type Connection, isWord, type Unit, type WireWord } from './network.ts';
import type { WireHead } from './doors/heads.ts';
import { ObjectPayload } from './object-payload.ts';
import { type EndHost, EndSocket, type WebEnd } from './web-end.ts';

export const states = { asked: 0, webSocket: 1, stream: 2, closing: 3, gone: 4 } as const;

/** The server's end of one connection. */
export class ServerEnd implements WebEnd {
  readonly id: ConnectionId;
  readonly socket: EndSocket;
  readonly isUnowned = false;
  readonly #edge: EndHost;
  readonly #connection: Connection;
  #state: number = states.asked;
  #owner: Address<ConnectionEvent> | undefined = undefined;
  #receiptsTo: Address<Receipt> | undefined = undefined;
  #reader: FrameReader | undefined = undefined;
  /** What a WebSocket was asked for with. */
  #handshake: Handshake | undefined = undefined;
  /** The answer to HEAD has no body. */
  #isHead = false;
  /** Why an actor closed it; undefined before. */
  #verdict: { readonly code: number; readonly reason: string } | undefined = undefined;

  constructor(edge: EndHost, id: ConnectionId, connection: Connection) {
    this.#edge = edge;
    this.id = id;
    this.#connection = connection;
    this.socket = new EndSocket(this, edge, connection.up, connection.down);
  }

  /** Who holds that connection; undefined where it is another one's, or nobody's yet. */
  ownerOf(connection: Connection): Address<ConnectionEvent> | undefined {
    return connection === this.#connection ? this.#owner : undefined;
  }

  get isFramed(): boolean {
    return this.#reader !== undefined;
  }

  get receiptsTo(): Address<Receipt> | undefined {
    return this.#isOpen ? this.#receiptsTo : undefined;
  }

  get #isOpen(): boolean {
    return this.#state === states.webSocket || this.#state === states.stream;
  }

  hear(unit: Unit): void {
    if (this.#state === states.gone) return;
    if (isWord(unit)) this.#hearWord(unit);
    else this.#hearPayload(unit);
  }

  write(unit: Uint8Array | ObjectPayload, cost: number): void {
    if (!this.#isOpen) return;
    this.#edge.noteOutstanding(this.socket.spend(cost));
    // Bytes of the object lane take a frame's bytes, too, on their way.
    const isBare = this.#state === states.webSocket && !this.isFramed;
    this.socket.write(isBare && unit instanceof Uint8Array ? objectOf(unit) : unit, cost);
  }

  open(
    opened: number,
    owner: Address<ConnectionEvent>,
    receiptsTo: Address<Receipt>,
    word: WireWord,
  ): void {
    if (this.#state !== states.asked) return;
    this.#state = opened;
    this.#owner = owner;
    this.#receiptsTo = receiptsTo;
    const { lane, messageBytesMax } = this.#edge.options;
    const deflate = this.#handshake?.extensions !== undefined;
    const { up, down } = this.#connection;
    up.isFramed = opened === states.webSocket;
    down.isFramed = up.isFramed;
    if (opened === states.webSocket && lane === 'byte')
      this.#reader = new FrameReader(frameRules('server', { messageBytesMax, deflate }));
    this.#say(word.word === 'accepted' ? this.#granted(word) : word);
  }

  respond(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    if (this.#state !== states.asked) return;
    const sized = { ...headers, 'content-length': String(utf8Length(body)) };
    this.#say({ word: 'response', status, headers: sized, body: this.#isHead ? '' : body });
    this.#leave();
  }

  ping(): void {
    if (this.#state !== states.webSocket) return;
    this.#say(this.isFramed ? PING : PING_WORD);
  }

  /** Ends it after what was said; `closed` follows when the peer has agreed, vanished or let its time pass. */
  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    if (this.#state === states.stream) this.#say({ word: 'fin' });
    else this.#sayClose(code, reason);
    this.#state = states.closing;
    this.#verdict = { code, reason };
    this.socket.awaitClose();
  }

  /** Ends it without a word. */
  cut(): void {
    if (this.#state !== states.gone) this.#vanished();
  }

  /** The other side's close did not come in time. */
  expire(): void {
    if (this.#state !== states.closing) return;
    this.#tellClosed(1006, '');
    this.#destroy();
  }

  abandon(isTold: boolean): void {
    if (this.#state === states.gone) return;
    if (isTold && this.#state === states.webSocket) {
      this.#sayClose(1012, 'service restart');
      this.#connection.down.write({ word: 'fin' }, 0);
      this.#connection.down.pump();
    } else this.#connection.reset();
    this.#state = states.gone;
    this.socket.abandon();
  }

  /** The reader's findings, in order. */
  frameReceived(event: FrameEvent): void {
    switch (event.type) {
      case 'message':
        this.#tell({ type: 'messageReceived', connection: this.id, payload: event.payload });
        return;
      case 'ping':
        if (this.#state === states.webSocket) this.#say(encodeFrame('pong', event.payload));
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

  #granted(word: Extract<WireWord, { readonly word: 'accepted' }>): WireWord {
    const handshake = this.#handshake;
    if (handshake === undefined) throw new Error('nobody has asked for a WebSocket');
    return { ...word, head: grantOf(handshake, word.subprotocol) };
  }

  #hearPayload(payload: Uint8Array | ObjectPayload): void {
    if (this.#reader !== undefined && payload instanceof Uint8Array) {
      this.#reader.read(payload, this);
      return;
    }
    if (this.#state !== states.webSocket) return;
    if (payload.byteLength > this.#edge.options.messageBytesMax)
      this.#failed(1009, `message exceeds limit of ${this.#edge.options.messageBytesMax} bytes`);
    else this.#tell({ type: 'messageReceived', connection: this.id, payload });
  }

  #hearWord(unit: WireWord): void {
    const { host, options } = this.#edge;
    switch (unit.word) {
      case 'upgrade': {
        const judged = judgedHandshake(unit.head);
        if ('word' in judged) {
          this.#say(judged);
          this.#leave();
          return;
        }
        this.#handshake = judged;
        host.deliver(options.door, {
          type: 'upgradeRequested',
          connection: this.id,
          subprotocols: judged.protocols,
          ...this.#headOf(unit.head),
        });
        return;
      }
      case 'request': {
        this.#isHead = unit.head.method === 'HEAD';
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
        if (this.#state === states.webSocket) this.#say({ word: 'pong' });
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
      case 'gateway':
        throw new Error(`a client does not say '${unit.word}'`);
      default:
        unit satisfies never;
    }
  }

  #headOf({ method, path, query, headers }: WireHead) {
    return { door: 'broker', method, path, query, headers, remote: this.#connection.met.remote };
  }

  #heardClose(code: number, reason: string): void {
    this.#verdict = undefined;
    if (this.#state === states.webSocket) this.#sayClose(code, '');
    this.#tellClosed(code, reason);
    this.#leave();
  }

  #failed(code: number, reason: string): void {
    if (this.#state === states.webSocket) this.#sayClose(code, reason);
    this.#tellClosed(code, reason);
    this.#leave();
  }

  /** End of stream without a close frame, or a reset. */
  #vanished(): void {
    this.#tellClosed(this.#state === states.stream ? 1000 : 1006, '');
    this.#destroy();
  }

  #tell(event: ConnectionEvent): void {
    if (this.#state !== states.webSocket || this.#owner === undefined) return;
    this.#edge.host.deliver(this.#owner, event);
  }

  #tellClosed(code: number, reason: string): void {
    if (this.#owner === undefined) return;
    const verdict = this.#verdict ?? { code, reason };
    this.#edge.host.deliver(this.#owner, { type: 'closed', connection: this.id, ...verdict });
    this.#owner = undefined;
  }

  #sayClose(code: number, reason: string): void {
    this.#say(this.isFramed ? encodeClose(code, reason) : { word: 'close', code, reason });
  }

  #say(word: Unit): void {
    this.socket.write(word, 0);
  }

  /** Ends after what was written; nothing more is heard. */
  #leave(): void {
    this.#say({ word: 'fin' });
    this.#forget();
  }

  #destroy(): void {
    this.#connection.reset();
    this.#forget();
  }

  #forget(): void {
    this.#state = states.gone;
    this.#reader?.stop();
    this.socket.leave();
  }
}

function objectOf(bytes: Uint8Array): ObjectPayload {
  return new ObjectPayload(bytes.length, bytes);
}

const PING = encodeFrame('ping', new Uint8Array(0));
const PING_WORD: WireWord = { word: 'ping' };
