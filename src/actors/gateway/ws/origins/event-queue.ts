// What a client said and its origin has not accepted yet: offered from the front, taken away as far as the origin
// says, and offered again. An event leaves only when it was offered and accepted, so none is lost and none doubled.
// Refuses to know requests and their headers. Obeys spec/websocket-over-http.md, section "Requests".

import type { WsEvent } from '../../../codecs/grip/ws-events.ts';
import { WRITE_OVERHEAD_BYTES } from '../../../runtime/edges.ts';
import type { MessageKind } from '../../../runtime/gateway-edges.ts';

export type MessageType = 'TEXT' | 'BINARY' | 'PING' | 'PONG';

export const typeOf: Readonly<Record<MessageKind, MessageType>> = {
  text: 'TEXT',
  binary: 'BINARY',
  ping: 'PING',
  pong: 'PONG',
};
export const kindOf: Readonly<Record<MessageType, MessageKind>> = {
  TEXT: 'text',
  BINARY: 'binary',
  PING: 'ping',
  PONG: 'pong',
};

interface Waiting {
  readonly type: MessageType;
  readonly content: Uint8Array;
}

/** Content of one request, and the longest event. [WOH-REQ-1] */
export const OFFER_BYTES_MAX = 200_000;

/** `mistaken`: the origin accepted what it was not offered, or went back on its word. */
export type Acceptance = 'progress' | 'standstill' | 'mistaken';

export class EventQueue {
  readonly #eventsMax: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** How many from the front were offered last, accepted or not. */
  #offered = 0;
  #offeredBytes = 0;
  /** More waited than the offer could hold. */
  #wasFull = false;
  #closeBytes = 0;
  #isCloseOffered = false;
  #isCloseAccepted = false;
  /** Events at the front that were offered before, and their bytes. */
  #replayed = 0;
  #replayedBytes = 0;

  /** `eventsMax` of one request. */
  constructor(eventsMax: number) {
    this.#eventsMax = eventsMax;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** What it takes to keep what waits: an empty event is not nothing. */
  get cost(): number {
    return this.#waitingBytes + this.#waiting.length * WRITE_OVERHEAD_BYTES;
  }

  /** Something waits that was never offered. */
  get hasNews(): boolean {
    return this.#waiting.length > this.#replayed;
  }

  get replayedBytes(): number {
    return this.#replayedBytes;
  }

  get isCloseOffered(): boolean {
    return this.#isCloseOffered;
  }

  get isCloseAccepted(): boolean {
    return this.#isCloseAccepted;
  }

  add(type: MessageType, content: Uint8Array): void {
    this.#waiting.push({ type, content });
    this.#waitingBytes += content.byteLength;
  }

  /** [WOH-CLOSE-1] The events of the next request; a close comes behind all that waits, in a request that has room for it. */
  offer(close: WsEvent | undefined): readonly WsEvent[] {
    const events: WsEvent[] = [];
    let bytes = 0;
    for (const { type, content } of this.#waiting) {
      const isFull =
        events.length >= this.#eventsMax || bytes + content.byteLength > OFFER_BYTES_MAX;
      if (isFull) break;
      events.push({ type, content });
      bytes += content.byteLength;
    }
    this.#offered = events.length;
    this.#offeredBytes = bytes;
    this.#wasFull = events.length < this.#waiting.length;
    this.#isCloseOffered = close !== undefined && !this.#wasFull && events.length < this.#eventsMax;
    this.#closeBytes = 0;
    if (close !== undefined && this.#isCloseOffered) {
      events.push(close);
      this.#closeBytes = close.content?.byteLength ?? 0;
    }
    return events;
  }

  /** [WOH-REQ-9] The origin took so many bytes of what it was offered; all of it where it does not say. */
  accept(bytes: number | undefined): Acceptance {
    const total = this.#offeredBytes + this.#closeBytes;
    const accepted = bytes ?? total;
    if (accepted > total) return 'mistaken';
    const taken = Math.min(accepted, this.#offeredBytes);
    const gone = this.#take(taken);
    const hasProgress = gone > 0 || taken > 0;
    // More waits than fits into one request: an origin that wants to see more before it takes any gets no further.
    if (this.#wasFull && !hasProgress) return 'mistaken';
    this.#replayed = this.#offered - gone;
    this.#replayedBytes = this.#offeredBytes - taken;
    if (this.#isCloseOffered && this.#replayedBytes === 0) {
      // Nothing comes behind a close that would be worth waiting for.
      if (accepted < total) return 'mistaken';
      this.#isCloseAccepted = true;
    }
    return hasProgress || this.#isCloseAccepted ? 'progress' : 'standstill';
  }

  /** Takes bytes from the front, and the empty events that follow them; returns how many events are gone. */
  #take(bytes: number): number {
    let left = bytes;
    let gone = 0;
    while (gone < this.#offered) {
      const front = this.#waiting[gone];
      if (front === undefined || front.content.byteLength > left) break;
      left -= front.content.byteLength;
      gone += 1;
    }
    this.#waiting.splice(0, gone);
    this.#waitingBytes -= bytes;
    const [cut] = this.#waiting;
    if (left > 0 && cut !== undefined)
      this.#waiting[0] = { type: cut.type, content: cut.content.subarray(left) };
    return gone;
  }
}
