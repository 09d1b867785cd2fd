// One request to an origin: sent with the client's body behind it as it comes, asked again once when the connection
// turns out to have been closed long ago, and abandoned the moment nobody wants to know any more.
// Refuses to know why it is asked. RFC 9112 §9.3.1; spec/grip.md, section "Origins".

import type { Dispatcher } from 'undici';
import type { Address } from '../../actors/runtime/actor.ts';
import type { HeaderList } from '../../actors/codecs/grip/header-list.ts';
import type {
  GatewayCommand,
  OriginEvent,
  OriginFailure,
} from '../../actors/runtime/gateway-edges.ts';
import { isHopByHop, isSendable } from '../gateway/answer-head.ts';
import { ConnectFailure } from './connector.ts';
import type { Exchange } from '../gateway/exchange.ts';
import type { Idleness, Idler } from '../gateway/idleness.ts';
import { type BodySource, OriginBody } from './origin-body.ts';
import type { Origins } from './origins.ts';
import { joined } from '../gateway/written.ts';

export type Fetch = Extract<GatewayCommand, { readonly type: 'fetch' }>;

export interface QuestionHost extends Pick<BodySource, 'deliver'> {
  readonly origins: Origins;
  readonly idleness: Idleness;
  exchangeOf(connection: number): Exchange | undefined;
  done(question: Question): void;
  count(name: string, by: number): void;
}

const noBytes = new Uint8Array(0);

export class Question implements Dispatcher.DispatchHandler, BodySource, Idler {
  activeAt = 0;
  readonly key: string;
  readonly #fetch: Fetch;
  readonly #token: string | undefined;
  readonly #host: QuestionHost;
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #wasSent = false;
  #hasAnswerBegun = false;
  #body: OriginBody | undefined = undefined;
  /** What is sent, when it can be sent again. */
  #bytes: Uint8Array | undefined = undefined;
  /** A copy of what the client sent so far; undefined when it is too long. */
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;
  #exchange: Exchange | undefined = undefined;
  #hasRetried = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #hasTimedOut = false;
  #isOver = false;

  constructor(key: string, fetch: Fetch, token: string | undefined, host: QuestionHost) {
    this.key = key;
    this.#fetch = fetch;
    this.#token = token;
    this.#host = host;
  }

  /** The body of the answer, once there is one. */
  get body(): OriginBody | undefined {
    return this.#body;
  }

  ask(): void {
    const { body, timeoutMs } = this.#fetch;
    this.#host.count('gateway.origin.requests', 1);
    this.#host.idleness.add(this);
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#timedOut(), timeoutMs);
    if (body.kind === 'bytes') {
      this.#dispatch(body.bytes);
      return;
    }
    const { connection, first } = body;
    const exchange = this.#host.exchangeOf(connection);
    if (exchange === undefined) {
      this.#fail('broken');
      return;
    }
    this.#exchange = exchange;
    if (exchange.hasBodyEnded) {
      const rest = exchange.takeWaiting();
      const whole =
        rest.byteLength === 0 ? first : joined([first, rest], first.byteLength + rest.byteLength);
      this.#keep(whole);
      this.#dispatch(whole);
    } else this.#dispatch(undefined);
  }

  /** Nobody wants to know any more. */
  abandon(): void {
    if (this.#isOver) return;
    this.#leave();
    if (this.#body === undefined) this.abort();
    else this.#body.abandon();
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    this.#controller?.abort(new Error('abandoned'));
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

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#wasSent = true;
    if (this.#isOver) this.abort();
  }

  onResponseStarted(): void {
    this.#hasAnswerBegun = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    // What comes before the answer is for neighbours only.
    if (status < 200 || this.#isOver) return;
    this.#touch();
    const { owner, ref } = this.#fetch;
    const host = this.#host;
    this.#body = new OriginBody(this.#fetch, this);
    host.count('gateway.origin.answers', 1);
    const headers = headersOf(controller.rawHeaders);
    const requestBody = this.#copy();
    host.deliver(owner, { type: 'originAnswered', ref, status, reason, headers, requestBody });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#touch();
    const { buffer, byteOffset, byteLength } = chunk;
    // Actors know Uint8Array.
    this.#body?.received(new Uint8Array(buffer, byteOffset, byteLength));
  }

  onResponseEnd(): void {
    this.#clearTimer();
    this.#body?.ended();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#controller = undefined;
    if (this.#isOver) return;
    if (this.#body !== undefined) {
      this.#host.count('gateway.origin.truncated', 1);
      this.#clearTimer();
      this.#body.broken();
    } else if (this.#mayRetry(error)) {
      this.#hasRetried = true;
      this.#host.count('gateway.origin.retries', 1);
      this.#dispatch(this.#bytes);
    } else this.#fail(this.#whyOf(error));
  }

  #dispatch(bytes: Uint8Array | undefined): void {
    const { origin, method, target, body } = this.#fetch;
    this.#bytes = bytes;
    this.#wasSent = false;
    const headers = this.#headers();
    const exchange = this.#exchange;
    let sent: Dispatcher.DispatchOptions['body'] = null;
    if (bytes !== undefined)
      sent =
        bytes.byteLength === 0
          ? null
          : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    else if (exchange !== undefined && body.kind === 'client') {
      const length = exchange.head.bodyBytes;
      if (length !== undefined) headers.push('Content-Length', String(length));
      sent = exchange.streamBody(body.first, (piece) => this.#keep(piece));
    }
    const options = {
      path: target,
      method,
      headers,
      body: sent,
      ...(origin.isSecure ? { servername: origin.serverName || origin.host } : {}),
    };
    try {
      this.#host.origins.poolOf(origin).dispatch(options, this);
    } catch {
      this.#fail('broken');
    }
  }

  #headers(): string[] {
    const headers: string[] = [];
    let dropped = 0;
    for (const [name, value] of this.#fetch.headers) {
      if (isHopByHop(name) || isUnsent(name)) continue;
      if (isSendable(name, value)) headers.push(name, value);
      else dropped += 1;
    }
    if (dropped > 0) this.#host.count('gateway.headers.dropped', dropped);
    if (this.#token !== undefined) headers.push('Grip-Sig', this.#token);
    return headers;
  }

  #touch(): void {
    this.activeAt = this.#host.idleness.tick;
  }

  #keep(bytes: Uint8Array): void {
    this.#touch();
    const { body } = this.#fetch;
    if (this.#kept === undefined || body.kind === 'bytes') return;
    this.#keptBytes += bytes.byteLength;
    if (this.#keptBytes > body.keepBytesMax) this.#kept = undefined;
    else if (bytes.byteLength > 0) this.#kept.push(bytes);
  }

  /** The client's body, when it is whole and short enough. */
  #copy(): Uint8Array | undefined {
    const { body } = this.#fetch;
    if (body.kind === 'bytes') return body.bytes;
    if (this.#kept === undefined || this.#exchange?.hasBodyEnded !== true) return undefined;
    const [only = noBytes] = this.#kept;
    return this.#kept.length < 2 ? only : joined(this.#kept, this.#keptBytes);
  }

  /** Once, on a connection that had been of use, before anything was answered. */
  #mayRetry(error: Error): boolean {
    if (this.#hasRetried || this.#hasAnswerBegun || !this.#wasSent || this.#hasTimedOut)
      return false;
    if (!this.#host.origins.isStale(error)) return false;
    this.#bytes ??= this.#copy();
    return this.#bytes !== undefined;
  }

  #whyOf(error: Error): OriginFailure {
    if (this.#hasTimedOut) return 'timeout';
    return error instanceof ConnectFailure ? error.why : 'broken';
  }

  #timedOut(): void {
    if (this.#isOver) return;
    this.#hasTimedOut = true;
    this.#clearTimer();
    if (this.#body === undefined) this.#fail('timeout');
    // What was told so far stays; the rest is known to be missing.
    else this.#body.broken();
    this.abort();
  }

  #fail(why: OriginFailure): void {
    if (this.#isOver) return;
    const { owner, ref } = this.#fetch;
    const wasSent = this.#wasSent;
    this.#leave();
    this.#host.count(`gateway.origin.failures.${why}`, 1);
    this.#host.deliver(owner, { type: 'originFailed', ref, why, wasSent });
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #leave(): void {
    this.#isOver = true;
    this.#clearTimer();
    this.#host.idleness.delete(this);
    this.#host.done(this);
  }
}

/** Beside what concerns neighbours only: what was answered here, and what we could not keep. */
function isUnsent(name: string): boolean {
  if (name.length !== 2 && name.length !== 6) return false;
  const lower = name.toLowerCase();
  return lower === 'te' || lower === 'expect';
}

type RawHeaders = Dispatcher.DispatchController['rawHeaders'];

/** Names and values as they came, in their order. */
export function headersOf(raw: RawHeaders | readonly (string | Buffer)[]): HeaderList {
  const headers: (readonly [string, string])[] = [];
  if (!Array.isArray(raw)) return headers;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    headers.push([textOf(raw[at] as string | Buffer), textOf(raw[at + 1] as string | Buffer)]);
  }
  return headers;
}

function textOf(text: string | Buffer): string {
  return typeof text === 'string' ? text : text.toString('latin1');
}
