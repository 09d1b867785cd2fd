// The server's end of one simulated connection to a gateway door: a request that waits for its answer, an answer whose
// body is being carried, a stream that is held, or a WebSocket. One connection brings one request.
// Refuses to know origins; what carries their bodies here is gateway.edge.ts.

import { joined } from '../../../actors/codecs/joined.ts';
import { type Address, shardOf } from '../../../actors/runtime/actor.ts';
import type {
  ConnectionEvent,
  ConnectionId,
  Payload,
  Receipt,
} from '../../../actors/runtime/edges.ts';
import type {
  ExchangeEvent,
  FramedPayload,
  HeaderList,
  ProxyRequested,
} from '../../../actors/runtime/gateway-edges.ts';
import type { GatewayWord } from './gateway-words.ts';
import { type Connection, isWord, type Unit } from '../network.ts';
import { ObjectPayload } from '../object-payload.ts';
import { type EndHost, EndSocket, type WebEnd } from '../web-end.ts';

type State = 'asked' | 'answering' | 'stream' | 'webSocket' | 'closing' | 'gone';

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
}

/** Who an open stream or WebSocket belongs to from now on. */
export interface Owners {
  readonly owner: Address<ConnectionEvent>;
  readonly receiptsTo: Address<Receipt>;
}

export class GatewayEnd implements WebEnd {
  readonly id: ConnectionId;
  readonly socket: EndSocket;
  readonly isUnowned = false;
  readonly isFramed = false;
  readonly #edge: EndHost;
  readonly #door: Address<ProxyRequested>;
  readonly #connection: Connection;
  #state: State = 'asked';
  #asker: Address<ExchangeEvent> | undefined = undefined;
  #heardAs: ConnectionId = 0;
  #owners: Owners | undefined = undefined;
  #body: Uint8Array[] = [];
  /** Of the body: bytes that have not come yet. */
  #missingBytes = 0;
  #isBodyWhole = false;
  #hasHead = false;
  /** Called when the request's body is whole, or will never be. */
  #whenBody: ((body: Uint8Array | undefined) => void) | undefined = undefined;
  /** How much of the body its asker wants to read. */
  #wantedBytes: number | undefined = undefined;
  /** Called when nobody is there any more to whom a body could be carried. */
  #whenGone: (() => void) | undefined = undefined;
  #isHead = false;
  #verdict: { readonly code: number; readonly reason: string } | undefined = undefined;
  /** The client's own close waits for ours. */
  #isClientClosing = false;
  /** Ours waits for the client's. */
  #awaitsClose = false;

  constructor(
    edge: EndHost,
    id: ConnectionId,
    connection: Connection,
    door: Address<ProxyRequested>,
  ) {
    this.#edge = edge;
    this.id = id;
    this.#connection = connection;
    this.#door = door;
    this.socket = new EndSocket(this, edge, connection.up, connection.down);
  }

  own(asker: Address<ExchangeEvent>, heardAs: ConnectionId): void {
    this.#asker = asker;
    this.#heardAs = heardAs;
  }

  isOwnedBy(shard: number): boolean {
    return this.#asker !== undefined && shardOf(this.#asker) === shard;
  }

  /** Who answers what came over the connection, or keeps it open. */
  ownerOf(connection: Connection): Address<ConnectionEvent> | undefined {
    if (connection !== this.#connection) return undefined;
    return this.#owners?.owner ?? (this.#asker as Address<ConnectionEvent> | undefined);
  }

  /** Has the whole body, now or later; undefined when the client goes before. */
  readBody(then: (body: Uint8Array | undefined) => void): void {
    this.#whenBody = then;
    this.#tellBody();
  }

  /** Tells the asker the beginning of the body, when so much is here or all of it. */
  readUpTo(bytesMax: number): void {
    this.#wantedBytes = bytesMax;
    this.#tellRead();
  }

  /** It takes bodies behind what it was told. */
  get isStream(): boolean {
    return this.#state === 'stream';
  }

  whenGone(then: (() => void) | undefined): void {
    this.#whenGone = then;
  }

  /** Begins an answer whose body follows; false when one has begun before. */
  begin({ status, reason, headers }: Head): boolean {
    if (this.#state !== 'asked') return false;
    this.#state = 'answering';
    this.#say({ say: 'head', status, reason, headers });
    return true;
  }

  /** More of the answer's body. */
  carry(bytes: Uint8Array): void {
    if (this.#state !== 'answering' && this.#state !== 'stream') return;
    if (!this.#isHead && bytes.byteLength > 0) this.socket.write(bytes, 0);
  }

  /** The answer has come to its end. */
  finish(): void {
    if (this.#state !== 'answering') return;
    this.#say({ say: 'end' });
    this.#leave();
  }

  /** The answer that has begun stays open from now on. */
  keepOpen({ owner, receiptsTo }: Owners): void {
    if (this.#state !== 'answering') return;
    this.#state = 'stream';
    this.#owners = { owner, receiptsTo };
  }

  upgrade(owners: Owners, headers: HeaderList): void {
    if (this.#state !== 'asked') return;
    this.#state = 'webSocket';
    this.#owners = owners;
    this.#say({ say: 'upgraded', headers });
  }

  get receiptsTo(): Address<Receipt> | undefined {
    const isOpen = this.#state === 'webSocket' || this.#state === 'stream';
    return isOpen ? this.#owners?.receiptsTo : undefined;
  }

  write(payload: Payload, cost: number): void {
    if (this.#state !== 'webSocket' && this.#state !== 'stream') return;
    this.#edge.noteOutstanding(this.socket.spend(cost));
    if (this.#state === 'stream') this.socket.write(payload as Uint8Array, cost);
    else if (payload instanceof Uint8Array)
      this.#say({ say: 'frame', kind: 'text', bytes: payload }, cost);
    else {
      const { frame: kind, bytes } = payload as FramedPayload;
      this.#say({ say: 'frame', kind, bytes }, cost);
    }
  }

  /** Requests of gateway doors are answered through the gateway's edge. */
  respond(): void {}

  open(): void {}

  ping(): void {
    if (this.#state === 'webSocket')
      this.#say({ say: 'frame', kind: 'ping', bytes: new Uint8Array(0) });
  }

  close(code: number, reason: string): void {
    if (this.#state === 'stream') {
      this.#say({ say: 'end' });
      this.socket.write({ word: 'fin' }, 0);
    } else if (this.#state === 'webSocket') this.#say({ say: 'close', code, reason });
    else return;
    this.#verdict = { code, reason };
    if (this.#isClientClosing) {
      this.#tellClosed(code, reason);
      this.#leave();
      return;
    }
    this.#awaitsClose = this.#state === 'webSocket';
    this.#state = 'closing';
    this.socket.awaitClose();
  }

  cut(): void {
    if (this.#state !== 'gone') this.#vanished();
  }

  expire(): void {
    if (this.#state === 'closing') this.#vanished();
  }

  abandon(): void {
    if (this.#state === 'gone') return;
    this.#connection.reset();
    this.#state = 'gone';
    this.#whenBody = undefined;
    this.socket.abandon();
  }

  hear(unit: Unit): void {
    if (this.#state === 'gone') return;
    if (unit instanceof ObjectPayload) throw new Error('a gateway door is spoken to in bytes');
    if (!isWord(unit)) {
      this.#body.push(unit.slice());
      this.#missingBytes -= unit.byteLength;
      if (this.#missingBytes === 0) this.#bodyEnded();
      else this.#tellRead();
      return;
    }
    if (unit.word === 'fin' || unit.word === 'reset') {
      // A client that is gone without having answered a close has vanished, whatever was said to it.
      if (this.#awaitsClose) this.#verdict = undefined;
      this.#vanished();
    } else if (unit.word === 'gateway') this.#hearWord(unit.said);
  }

  #hearWord(said: GatewayWord): void {
    const connection = this.id;
    switch (said.say) {
      case 'request':
        this.#requested(said);
        return;
      case 'end':
        // Its length had told so.
        return;
      case 'frame':
        this.#heardFrame(said.kind, said.bytes);
        return;
      case 'close': {
        if (this.#state === 'closing') {
          this.#verdict = undefined;
          this.#tellClosed(said.code, said.reason);
          this.#leave();
          return;
        }
        this.#isClientClosing = true;
        const { code, reason } = said;
        this.#tell({ type: 'closeReceived', connection, code, reason });
        return;
      }
      default:
        throw new Error(`a client does not say '${said.say}'`);
    }
  }

  #requested(said: Extract<GatewayWord, { readonly say: 'request' }>): void {
    if (this.#hasHead) throw new Error('one connection brings one request');
    this.#hasHead = true;
    const { say: _, ...head } = said;
    this.#isHead = head.method === 'HEAD';
    this.#missingBytes = head.bodyBytes;
    this.#isBodyWhole = head.bodyBytes === 0;
    this.#edge.host.deliver(this.#door, {
      type: 'proxyRequested',
      connection: this.id,
      door: 'gateway',
      isSecure: false,
      remote: this.#connection.met.remote,
      isRepeated: this.#edge.isRepeated(head.headers),
      ...head,
    });
  }

  #heardFrame(
    kind: Extract<GatewayWord, { readonly say: 'frame' }>['kind'],
    bytes: Uint8Array,
  ): void {
    const connection = this.id;
    if (this.#isClientClosing) return;
    if (kind === 'ping') this.#tell({ type: 'pingReceived', connection, payload: bytes });
    else if (kind === 'pong') this.#tell({ type: 'pongReceived', connection, payload: bytes });
    else {
      const isBinary = kind === 'binary';
      this.#tell({ type: 'messageReceived', connection, payload: bytes, isBinary });
    }
  }

  #tellBody(): void {
    if (this.#whenBody === undefined || !this.#isBodyWhole) return;
    const then = this.#whenBody;
    this.#whenBody = undefined;
    then(joined(this.#body));
  }

  #bodyEnded(): void {
    this.#isBodyWhole = true;
    this.#tellRead();
    this.#tellBody();
  }

  #tellRead(): void {
    const wanted = this.#wantedBytes;
    if (wanted === undefined || this.#asker === undefined) return;
    const all = joined(this.#body);
    if (!this.#isBodyWhole && all.byteLength < Math.max(1, wanted)) return;
    this.#wantedBytes = undefined;
    const isWhole = this.#isBodyWhole && all.byteLength <= wanted;
    const body = all.slice(0, wanted);
    this.#body = [all.slice(wanted)];
    const connection = this.#heardAs;
    this.#edge.host.deliver(this.#asker, { type: 'bodyRead', connection, body, isWhole });
  }

  #tell(event: ConnectionEvent): void {
    if (this.#state !== 'webSocket' || this.#owners === undefined) return;
    this.#edge.host.deliver(this.#owners.owner, event);
  }

  /** End of stream, a reset, or ours: whoever waits for the client is told. */
  #vanished(): void {
    const isHttp = this.#owners === undefined;
    const code = this.#state === 'stream' ? 1000 : 1006;
    const then = this.#whenBody;
    this.#whenBody = undefined;
    then?.(undefined);
    if (isHttp && this.#asker !== undefined)
      this.#edge.host.deliver(this.#asker, { type: 'clientGone', connection: this.#heardAs });
    this.#tellClosed(code, '');
    this.#connection.reset();
    this.#forget();
    const gone = this.#whenGone;
    this.#whenGone = undefined;
    gone?.();
  }

  #tellClosed(code: number, reason: string): void {
    const { owner } = this.#owners ?? {};
    if (owner === undefined) return;
    const verdict = this.#verdict ?? { code, reason };
    this.#edge.host.deliver(owner, { type: 'closed', connection: this.id, ...verdict });
    this.#owners = undefined;
    this.#asker = undefined;
  }

  #say(said: GatewayWord, cost = 0): void {
    this.socket.write({ word: 'gateway', said }, cost);
  }

  #leave(): void {
    this.socket.write({ word: 'fin' }, 0);
    this.#forget();
  }

  #forget(): void {
    this.#state = 'gone';
    this.socket.leave();
  }
}
