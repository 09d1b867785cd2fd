// WebSocket-over-HTTP: tells an origin what its client says as events in the bodies of requests, one request at a time,
// and reads what the origin says to the client from the answers. Its life is woh.machine.ts.
// Refuses to know the client's connection and what GRIP makes of the origin's words.
// Obeys spec/websocket-over-http.md.

import type { HeaderList } from '../../../codecs/grip/header-list.ts';
import type { Target } from '../../../codecs/grip/routes-file.ts';
import {
  closeContent,
  decodeWsEvents,
  encodeWsEvents,
  readCloseContent,
  type WsEvent,
} from '../../../codecs/grip/ws-events.ts';
import { assert } from '../../../runtime/actor.ts';
import type { MessageKind, OriginEvent } from '../../../runtime/gateway-edges.ts';
import { forward, originOf } from '../../forward.ts';
import { EventQueue, kindOf, OFFER_BYTES_MAX, typeOf } from './event-queue.ts';
import {
  type Close,
  hasRoom,
  hearWord,
  isReached,
  nextRef,
  type Origin,
  type Session,
  type Turn,
} from '../session.ts';
import {
  acceptedBytesOf,
  handshakeHeaders,
  isEvents,
  keepAliveMsOf,
  Meta,
  requestHeaders,
} from './woh-headers.ts';
import { wohLife, type WohEvent, type WohState } from './woh.machine.ts';

export class WohOrigin implements Origin {
  readonly target: Target;
  readonly #session: Session;
  readonly #queue: EventQueue;
  readonly #meta = new Meta();
  #life: WohState = wohLife.initial;
  /** The request under way, and what it tells. */
  #ref: number | undefined = undefined;
  #telling: 'open' | 'events' | 'disconnect' = 'open';
  #head: Extract<OriginEvent, { readonly type: 'originAnswered' }> | undefined = undefined;
  /** Of the request under way, or waiting for its retry. */
  #body: Uint8Array = NO_BYTES;
  #replayedBytes = 0;
  #retries = 0;
  #isRetryDue = false;
  #keepAliveMs: number | undefined = undefined;
  #isKeepAliveDue = false;
  #isRefreshDue = false;
  #close: WsEvent | undefined = undefined;
  /** The close was not offered yet, or came further when it was. */
  #mayOfferClose = false;
  #hasOriginClosed = false;

  constructor(session: Session, target: Target) {
    this.#session = session;
    this.target = target;
    this.#queue = new EventQueue(target.oneEvent ? 1 : Number.POSITIVE_INFINITY);
  }

  get life(): WohState {
    return this.#life;
  }

  get hasEnded(): boolean {
    return this.#life === 'ended';
  }

  get isPressed(): boolean {
    return this.#queue.cost >= OFFER_BYTES_MAX;
  }

  start(context: Turn): void {
    this.#request(context);
  }

  say(kind: MessageKind, content: Uint8Array, context: Turn): void {
    if (this.#life !== 'open') return;
    if (content.byteLength > OFFER_BYTES_MAX) {
      // [WOH-REQ-6]
      context.count('gateway.ws.messages.too-big');
      hearWord(this.#session, { kind: 'break', ...TOO_BIG });
      return;
    }
    this.#queue.add(typeOf[kind], content);
  }

  close({ code, reason }: Close): void {
    if (this.#life !== 'open') return;
    this.#advance('closeAsked');
    this.#close = { type: 'CLOSE', content: closeContent(code, reason) };
    this.#mayOfferClose = true;
  }

  leave(): void {
    this.#advance('clientLeft');
  }

  refresh(): void {
    if (this.#life === 'open') this.#isRefreshDue = true;
  }

  pump(context: Turn): void {
    if (this.#needsRequest()) this.#request(context);
    else if (this.#keepAliveMs !== undefined && this.#isIdle() && !this.#isKeepAliveDue) {
      this.#isKeepAliveDue = true;
      context.after(KEEP_ALIVE_TIMER, this.#keepAliveMs);
    }
  }

  abandon(context: Turn): void {
    if (this.#ref !== undefined) this.#letGo(this.#ref, context);
    this.#ref = undefined;
  }

  due(timer: string, context: Turn): void {
    if (timer === RETRY_TIMER && this.#isRetryDue) {
      this.#isRetryDue = false;
      this.#post(context);
    }
    // One that fires while a request is under way was disarmed too late.
    if (timer === KEEP_ALIVE_TIMER && this.#isKeepAliveDue && this.#isIdle())
      this.#request(context);
  }

  hear(event: OriginEvent, context: Turn): void {
    if (event.ref !== this.#ref) return;
    switch (event.type) {
      case 'originAnswered':
        this.#answered(event, context);
        return;
      case 'originBody':
        this.#ref = undefined;
        if (!isEvents(this.#head)) this.#refused(event, context);
        else if (event.isBroken || !event.isWhole) this.#broken(event, context);
        else this.#took(event.body);
        return;
      case 'originFailed':
        this.#ref = undefined;
        this.#failed(event, context);
        return;
      default:
        return;
    }
  }

  #isIdle(): boolean {
    return this.#ref === undefined && !this.#isRetryDue && !this.hasEnded;
  }

  /** [WOH-REQ-1] One request at a time: what comes meanwhile waits for the next one. */
  #needsRequest(): boolean {
    if (!this.#isIdle() || this.#life === 'opening') return false;
    if (this.#life === 'leaving') return true;
    if (this.#isRefreshDue) return true;
    // The answer may say more than the client can take.
    if (!hasRoom(this.#session)) return false;
    return this.#queue.hasNews || (this.#life === 'closing' && this.#mayOfferClose);
  }

  #request(context: Turn): void {
    this.#isKeepAliveDue = false;
    context.cancel(KEEP_ALIVE_TIMER);
    this.#isRefreshDue = false;
    this.#replayedBytes = 0;
    this.#body = encodeWsEvents(this.#nextEvents());
    this.#post(context);
  }

  #nextEvents(): readonly WsEvent[] {
    if (this.#life === 'opening') {
      this.#telling = 'open';
      return [{ type: 'OPEN', content: undefined }];
    }
    if (this.#life === 'leaving') {
      this.#telling = 'disconnect';
      return [{ type: 'DISCONNECT', content: undefined }];
    }
    this.#telling = 'events';
    this.#replayedBytes = this.#queue.replayedBytes;
    const events = this.#queue.offer(this.#close);
    if (this.#queue.isCloseOffered) this.#mayOfferClose = false;
    return events;
  }

  /** [WOH-REQ-4] Each request is signed anew. */
  #post(context: Turn): void {
    assert(this.#ref === undefined, 'one request at a time');
    const { admitted, id } = this.#session;
    const { target, headers, signature } = forward(admitted, this.target);
    this.#ref = nextRef(this.#session);
    this.#head = undefined;
    context.send(admitted.gateway.edges.gateway, {
      type: 'fetch',
      ref: this.#ref,
      owner: context.self,
      origin: originOf(admitted, this.target),
      method: 'POST',
      target,
      headers: requestHeaders(headers, {
        id,
        isGrip: !admitted.route.noGrip,
        replayedBytes: this.#replayedBytes,
        meta: this.#meta.headers,
      }),
      body: { kind: 'bytes', bytes: this.#body },
      signature,
      timeoutMs: undefined,
    });
  }

  #answered(head: Extract<OriginEvent, { readonly type: 'originAnswered' }>, context: Turn): void {
    this.#head = head;
    const { gateway } = this.#session.admitted;
    const isRefusal = !isEvents(head);
    if (isRefusal && this.#life !== 'opening') {
      this.#letGo(head.ref, context);
      this.#ref = undefined;
      this.#lose();
      return;
    }
    context.send(gateway.edges.gateway, {
      type: 'collect',
      owner: context.self,
      ref: head.ref,
      bytesMax: isRefusal ? REFUSAL_BYTES_MAX : ANSWER_BYTES_MAX,
    });
  }

  /** [WOH-OPEN-7] [WOH-OPEN-8] What is no answer in events refuses the handshake, as it is; only its beginning when it is long. */
  #refused(event: Extract<OriginEvent, { readonly type: 'originBody' }>, context: Turn): void {
    const head = this.#head;
    if (!event.isWhole) this.#letGo(event.ref, context);
    if (this.#life !== 'opening') {
      this.#lose();
      return;
    }
    this.#advance('refused');
    const { status = 0, reason = '', headers = [] } = head ?? {};
    this.#session.outcome = event.isBroken
      ? { kind: 'failed', why: 'broken' }
      : { kind: 'refused', status, reason, headers, body: event.body };
  }

  /** An answer that is too long, or that broke off, says nothing that could be relied on. */
  #broken(event: Extract<OriginEvent, { readonly type: 'originBody' }>, context: Turn): void {
    if (!event.isBroken) this.#letGo(event.ref, context);
    this.#lose();
  }

  #failed(event: Extract<OriginEvent, { readonly type: 'originFailed' }>, context: Turn): void {
    const { why, wasSent } = event;
    const wasReached = isReached(why);
    if (this.#life === 'opening') {
      this.#advance('refused');
      this.#session.outcome = wasReached ? { kind: 'failed', why } : { kind: 'unreachable' };
      return;
    }
    // [WOH-RETRY-3] Nobody waits any more for a handshake whose client is gone.
    const mayRetry = this.#telling !== 'open' && why !== 'blocked' && (!wasReached || !wasSent);
    if (!mayRetry || this.#retries >= RETRIES_MAX) {
      this.#lose();
      return;
    }
    const delayMs = RETRY_AFTER_MS * 2 ** this.#retries + (context.random() % RETRY_JITTER_MS);
    this.#retries += 1;
    this.#isRetryDue = true;
    context.count('gateway.woh.retries');
    context.after(RETRY_TIMER, delayMs);
  }

  /** A whole answer in events. */
  #took(body: Uint8Array): void {
    const headers = this.#head?.headers ?? [];
    this.#retries = 0;
    this.#body = NO_BYTES;
    this.#keepAliveMs = keepAliveMsOf(headers, this.#keepAliveMs);
    const acceptance =
      this.#telling === 'events' ? this.#queue.accept(acceptedBytesOf(headers)) : 'progress';
    this.#meta.learn(headers);
    const reading = decodeWsEvents(body);
    if (this.#telling === 'disconnect') this.#advance('told');
    else if (acceptance === 'mistaken' || !reading.ok) this.#lose();
    else if (this.#life === 'leaving') this.#part(reading.events);
    else if (this.#life !== 'opening' || this.#opens(reading.events, headers)) {
      if (acceptance === 'progress') this.#mayOfferClose = this.#close !== undefined;
      this.#obey(reading.events, acceptance === 'standstill');
    }
  }

  /** [WOH-OPEN-13] The client left meanwhile. An origin that knows of the end already is not told again. */
  #part(events: readonly WsEvent[]): void {
    const isOver = events.some(({ type }) => type === 'DISCONNECT');
    const isRefused = this.#telling === 'open' && events.length > 0 && events[0]?.type !== 'OPEN';
    if (isOver || isRefused || this.#queue.isCloseAccepted) this.#advance('closed');
  }

  /** [WOH-OPEN-9] [WOH-OPEN-10] The first answer must begin with OPEN; one without events puts the handshake off until the next keep-alive. */
  #opens(events: readonly WsEvent[], headers: HeaderList): boolean {
    const [first] = events;
    if (first === undefined && this.#keepAliveMs !== undefined) return true;
    if (first?.type !== 'OPEN') {
      this.#lose();
      return false;
    }
    this.#advance('accepted');
    this.#session.outcome = { kind: 'accepted', headers: handshakeHeaders(headers) };
    return true;
  }

  #obey(events: readonly WsEvent[], isStandstill: boolean): void {
    const isFirst = this.#session.outcome?.kind === 'accepted';
    let end: 'CLOSE' | 'DISCONNECT' | undefined;
    for (const [at, { type, content = NO_BYTES }] of events.entries()) {
      if (type === 'CLOSE' || type === 'DISCONNECT') {
        end = type;
        if (type === 'CLOSE')
          hearWord(this.#session, { kind: 'close', close: readCloseContent(content) });
        break;
      }
      if (type === 'OPEN') {
        if (isFirst && at === 0) continue;
        end = 'DISCONNECT';
        break;
      }
      hearWord(this.#session, { kind: 'message', type: kindOf[type], content });
    }
    this.#judge(end, isStandstill);
  }

  /** Whether the connection has come to its end. */
  #judge(end: 'CLOSE' | 'DISCONNECT' | undefined, isStandstill: boolean): void {
    const { isCloseAccepted, isCloseOffered } = this.#queue;
    if (end === 'DISCONNECT') this.#lose();
    else if (end === 'CLOSE') {
      this.#hasOriginClosed = true;
      if (isCloseAccepted) this.#advance('closed');
    } else if (isCloseAccepted && this.#hasOriginClosed) this.#advance('closed');
    else if (isCloseAccepted && this.#session.client === 'gone') this.#advance('closed');
    else if (
      this.#keepAliveMs === undefined &&
      (isCloseAccepted || (isCloseOffered && isStandstill))
    )
      // [WOH-CLOSE-3] Without keep-alives nothing would ask the origin again: it had its one chance to answer the close.
      this.#lose();
    if (isCloseAccepted) this.#mayOfferClose = false;
  }

  /** The connection is of no use any more: the client sees it break, and the origin hears nothing of it. */
  #lose(): void {
    if (this.#life === 'opening') {
      this.#advance('refused');
      this.#session.outcome = { kind: 'failed', why: 'broken' };
      return;
    }
    this.#advance('lost');
    hearWord(this.#session, { kind: 'cut' });
  }

  #advance(event: WohEvent): void {
    this.#life = wohLife.next(this.#life, event) ?? this.#life;
  }

  #letGo(ref: number, context: Turn): void {
    const { edges } = this.#session.admitted.gateway;
    context.send(edges.gateway, { type: 'abandon', owner: context.self, ref });
  }
}

const TOO_BIG = { code: 1_009, reason: 'message too big' } as const;
/** Of an answer in events. */
export const ANSWER_BYTES_MAX = 1_000_000;
/** Of an answer that refuses the handshake. */
export const REFUSAL_BYTES_MAX = 100_000;
const RETRIES_MAX = 5;
export const RETRY_AFTER_MS = 1_000;
const RETRY_JITTER_MS = 1_000;

const RETRY_TIMER = 'woh/retry';
const KEEP_ALIVE_TIMER = 'woh/keep-alive';
const NO_BYTES = new Uint8Array(0);
