// A WebSocket that a simulated gateway edge has to an origin, on the gateway's side: what the origin says reaches its
// owner unless it is held, closes wait for each other for a while, and what piles up is told.
// Refuses to know what is said, and what an origin makes of it. The understudy of transports/origins/origin-socket.ts.

import type { Address } from '../../../actors/runtime/actor.ts';
import { WRITE_OVERHEAD_BYTES } from '../../../actors/runtime/edges.ts';
import type {
  HeaderList,
  MessageKind,
  OriginEvent,
} from '../../../actors/runtime/gateway-edges.ts';

/** What is heard of a WebSocket to an origin, each in its time; after a close of 1006 nothing more. */
export interface SocketHearing {
  upgraded(headers: HeaderList): void;
  said(kind: MessageKind, payload: Uint8Array): void;
  /** Its own close (1005 without a code), or (1006) its end without one. */
  closed(code: number, reason: string): void;
  /** So much of what was said has left, by `costOf`. */
  left(cost: number): void;
}

/** The way to an origin that was asked for a WebSocket. */
export interface OriginLine {
  say(kind: MessageKind, payload: Uint8Array): void;
  /** 1005 closes without a code. */
  close(code: number, reason: string): void;
  /** Ends it without a word, whatever became of it. */
  cut(): void;
}

export interface SocketHost {
  readonly owner: Address<OriginEvent>;
  readonly ref: number;
  deliver(event: OriginEvent): void;
  later(delayUs: number, act: () => void): void;
  mark(name: string): void;
  /** Nothing more will be heard or said. */
  over(how: 'closed' | 'abandoned'): void;
}

/** What a message costs while it waits to leave. */
export function costOf(payload: Uint8Array): number {
  return payload.byteLength + WRITE_OVERHEAD_BYTES;
}

export class OriginSocket implements SocketHearing {
  line: OriginLine | undefined = undefined;
  readonly #host: SocketHost;
  #isOpen = false;
  #isOver = false;
  #isHeld = false;
  /** What came while it was held. */
  #waiting: (() => void)[] = [];
  #hasClosed = false;
  /** The origin has said its close. */
  #wasClosed = false;
  #waitingCost = 0;
  #isPressed = false;

  constructor(host: SocketHost) {
    this.#host = host;
  }

  upgraded(headers: HeaderList): void {
    if (this.#isOver) return;
    this.#isOpen = true;
    this.#tell({ type: 'originUpgraded', ref: this.#host.ref, headers });
  }

  said(kind: MessageKind, payload: Uint8Array): void {
    this.#inTurn(() => this.#tell({ type: 'originMessage', ref: this.#host.ref, kind, payload }));
  }

  closed(code: number, reason: string): void {
    this.#inTurn(() => this.#wasClosedWith(code, reason));
  }

  left(cost: number): void {
    this.#waitingCost -= cost;
    if (this.#waitingCost === 0) this.#press(false);
  }

  say(kind: MessageKind, payload: Uint8Array): void {
    if (!this.#isOpen || this.#hasClosed || this.#isOver) return;
    this.#waitingCost += costOf(payload);
    this.line?.say(kind, payload);
    if (this.#waitingCost > PRESSED_COST) this.#press(true);
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return;
    if (!this.#isOpen || code === WITHOUT_CLOSE) {
      this.leave();
      this.#host.over('abandoned');
      return;
    }
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.line?.close(code, reason);
    if (this.#wasClosed) this.#over();
    else this.#host.later(GRACE_US, () => this.#givenUp());
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    while (!this.#isHeld) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** Nothing more is said or told. */
  leave(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.line?.cut();
  }

  #inTurn(act: () => void): void {
    if (this.#isHeld) {
      this.#host.mark('origin held');
      this.#waiting.push(act);
    } else act();
  }

  #wasClosedWith(code: number, reason: string): void {
    if (this.#isOver) return;
    const { ref } = this.#host;
    if (!this.#wasClosed) this.#tell({ type: 'originClosed', ref, code, reason });
    if (!this.#hasClosed && code !== WITHOUT_CLOSE) this.#host.mark('origin closed');
    this.#wasClosed = true;
    if (code === WITHOUT_CLOSE || this.#hasClosed) this.#over();
  }

  /** The origin does not answer its close. */
  #givenUp(): void {
    if (this.#isOver) return;
    this.line?.cut();
    this.#wasClosedWith(WITHOUT_CLOSE, '');
  }

  #press(isPressed: boolean): void {
    if (this.#isPressed === isPressed || this.#isOver) return;
    this.#isPressed = isPressed;
    this.#host.mark('origin pressed');
    this.#tell({ type: 'originPressed', ref: this.#host.ref, isPressed });
  }

  #tell(event: OriginEvent): void {
    if (!this.#isOver) this.#host.deliver(event);
  }

  #over(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#host.over('closed');
  }
}

const WITHOUT_CLOSE = 1_006;
/** Much less than in production: simulated clients say little. */
const PRESSED_COST = 1_024;
const GRACE_US = 2_000_000;
