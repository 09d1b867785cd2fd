// One request to an origin: sent with the client's body behind it as it comes, asked again once when the connection
// turns out to have been closed long ago, and abandoned the moment nobody wants to know any more.
// Nothing of the client's body is taken before there is a connection, because another origin may have to be asked; but so
// much of it is waited for before that an origin which answers at once finds a short one whole.
// Refuses to know why it is asked. RFC 9112 §9.3.1; spec/grip.md, section "Origins".

import type { Address } from '../../actors/runtime/actor.ts';
import type {
  GatewayCommand,
  OriginEvent,
  OriginFailure,
} from '../../actors/runtime/gateway-edges.ts';
import type { Exchange } from '../gateway/exchange.ts';
import { type Idleness, type Idler, NOWHERE } from '../gateway/idleness.ts';
import { writeJoined } from '../gateway/written.ts';
import { ConnectFailure } from './connector.ts';
import type { ConnectionUser, OriginConnection } from './http/origin-connection.ts';
import {
  encodeRequestHead,
  framingOf,
  isAskable,
  isRepeatable,
  type KeptLines,
} from './http/request-lines.ts';
import type { ResponseHead } from './http/response-head.ts';
import { type ClientBody, SentBody, type SentBodyHost } from './http/sent-body.ts';
import { type BodySource, OriginBody } from './origin-body.ts';
import type { OriginSocket } from './origin-socket.ts';
import type { ConnectionSeeker, Origins } from './origins.ts';

export type Fetch = Extract<GatewayCommand, { readonly type: 'fetch' }>;

/** Of a body that streams from then on. */
const GATHERED_BYTES_MAX = 10_000;

export interface QuestionHost extends Pick<BodySource, 'deliver'> {
  readonly origins: Origins;
  readonly idleness: Idleness;
  readonly keptLines: KeptLines;
  exchangeOf(connection: number): Exchange | undefined;
  done(question: Question): void;
  count(name: string, by: number): void;
}

export class Question implements ConnectionSeeker, ConnectionUser, SentBodyHost, BodySource, Idler {
  activeAt = 0;
  idlePlace = NOWHERE;
  readonly owner: Address<OriginEvent>;
  readonly ref: number;
  /** Another question of the same owner. */
  next: Question | OriginSocket | undefined = undefined;
  readonly #fetch: Fetch;
  readonly #token: string | undefined;
  readonly #host: QuestionHost;
  #connection: OriginConnection | undefined = undefined;
  #wasSent = false;
  /** What a client sends along. */
  #sent: SentBody | undefined = undefined;
  #body: OriginBody | undefined = undefined;
  #hasRetried = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isOver = false;

  constructor(fetch: Fetch, token: string | undefined, host: QuestionHost) {
    this.owner = fetch.owner;
    this.ref = fetch.ref;
    this.#fetch = fetch;
    this.#token = token;
    this.#host = host;
  }

  /** The body of the answer, once there is one. */
  get body(): OriginBody | undefined {
    return this.#body;
  }

  ask(): void {
    const { timeoutMs, method, target, body } = this.#fetch;
    this.#host.count('gateway.origin.requests', 1);
    this.#host.idleness.add(this);
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#timedOut(), timeoutMs);
    if (!isAskable(method, target)) this.#fail('broken');
    else if (body.kind === 'client') this.#gather(body);
    else this.#seek();
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    if (this.#isOver) return;
    this.#leave();
    if (this.#body === undefined) this.abort();
    else this.#body.abandon();
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  abort(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.destroy();
  }

  deliver(to: Address<OriginEvent>, message: OriginEvent): void {
    this.#host.deliver(to, message);
  }

  done(): void {
    this.#leave();
  }

  idledOut(): void {
    this.#timedOut();
  }

  found(connection: OriginConnection): void {
    const { body } = this.#fetch;
    if (!this.#isOver && body.kind === 'client') this.#sent ??= this.#sentBody(body);
    const canBeSent = body.kind === 'bytes' || this.#sent?.canBeSent === true;
    if (this.#isOver || !canBeSent) {
      connection.giveBack();
      this.#fail('broken');
      return;
    }
    this.#connection = connection;
    this.#wasSent = true;
    connection.lend(this, this.#fetch.method);
    if (body.kind === 'bytes') {
      if (body.bytes.byteLength > 0) connection.hearOut();
      writeJoined(connection, [this.#head(body.bytes.byteLength), body.bytes]);
      connection.sent();
    } else this.#sent?.sendBehind(this.#head(this.#sent.length), connection);
  }

  notFound(error: Error): void {
    this.#fail(error instanceof ConnectFailure ? error.why : 'broken');
  }

  answered(head: ResponseHead): void {
    this.moved();
    const { status, reason, headers } = head;
    const { owner, ref, body } = this.#fetch;
    this.#body = new OriginBody(this.#fetch, this, head);
    this.#host.count('gateway.origin.answers', 1);
    const requestBody = body.kind === 'bytes' ? body.bytes : this.#sent?.copy;
    this.deliver(owner, { type: 'originAnswered', ref, status, reason, headers, requestBody });
  }

  bodyReceived(bytes: Uint8Array): void {
    this.moved();
    this.#body?.received(bytes);
  }

  ended(): void {
    this.#connection = undefined;
    this.#clearTimer();
    this.#body?.ended();
  }

  drained(): void {
    this.#sent?.drained();
  }

  broke(isStale: boolean): void {
    this.#connection = undefined;
    this.#sent?.lost();
    if (this.#isOver) return;
    if (this.#body !== undefined) this.#truncated();
    else if (isStale && this.#mayAskAgain()) {
      this.#hasRetried = true;
      this.#host.count('gateway.origin.retries', 1);
      this.#host.origins.seek(this.#fetch.origin, this, 'fresh');
    } else this.#fail('broken');
  }

  moved(): void {
    this.activeAt = this.#host.idleness.tick;
  }

  bodyBroke(): void {
    if (this.#isOver) return;
    this.abort();
    this.#clearTimer();
    if (this.#body === undefined) this.#fail('broken');
    else this.#body.broken();
  }

  /** [GRIP-PROXY-5] [GRIP-INSTR-7] An origin that answers at once may hold, and then a short body has to be whole. */
  #gather({ connection, first }: ClientBody): void {
    const exchange = this.#host.exchangeOf(connection);
    if (exchange === undefined) this.#fail('broken');
    else {
      exchange.gatherBody(GATHERED_BYTES_MAX - first.byteLength, () => {
        if (!this.#isOver) this.#seek();
      });
    }
  }

  /** [GRIP-PROXY-9] */
  #mayAskAgain(): boolean {
    const { method } = this.#fetch;
    return !this.#hasRetried && isRepeatable(method) && this.#sent?.canBeSent !== false;
  }

  #seek(): void {
    const { origin, method } = this.#fetch;
    this.#host.origins.seek(origin, this, isRepeatable(method) ? 'any' : 'recent');
  }

  #sentBody(body: ClientBody): SentBody | undefined {
    const exchange = this.#host.exchangeOf(body.connection);
    return exchange && new SentBody(body, exchange, this);
  }

  #head(bodyBytes: number | undefined): string {
    const framing = framingOf(this.#fetch.method, bodyBytes);
    const { keptLines } = this.#host;
    return encodeRequestHead(this.#fetch, framing, this.#token, keptLines, (count) =>
      this.#host.count('gateway.headers.dropped', count),
    );
  }

  /** What was told so far stays; the rest is known to be missing. */
  #truncated(): void {
    this.#host.count('gateway.origin.truncated', 1);
    this.#clearTimer();
    this.#body?.broken();
  }

  #timedOut(): void {
    if (this.#isOver) return;
    this.#clearTimer();
    if (this.#body === undefined) this.#fail('timeout');
    else this.#truncated();
    this.abort();
  }

  #fail(why: OriginFailure): void {
    if (this.#isOver) return;
    const { owner, ref } = this.#fetch;
    const wasSent = this.#wasSent;
    this.#leave();
    this.#host.count(`gateway.origin.failures.${why}`, 1);
    this.deliver(owner, { type: 'originFailed', ref, why, wasSent });
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #leave(): void {
    this.#isOver = true;
    this.#clearTimer();
    this.#host.idleness.delete(this);
    this.#host.done(this);
  }
}
