// Holds deliveries to the rate that an operator allows, counted by receivers: an item is delivered to all at once, and
// the next one waits until that is paid for, up to two bounds: the operator's, and one for memory. Without a rate nothing
// ever waits. Instants are microseconds.
// Refuses to know what is delivered. Obeys spec/grip.md, section "Limits".

import type { GatewayOptions } from '../gateway-options.ts';

type Limits = Pick<GatewayOptions, 'messageRate' | 'messageHwm'>;

interface Waiting<T> {
  readonly value: T;
  readonly receivers: number;
  /** What keeping it costs. */
  readonly bytes: number;
}

export interface Waits {
  readonly items: readonly { readonly receivers: number; readonly bytes: number }[];
  readonly receivers: number;
  readonly bytes: number;
  /** When the first of them may go. */
  readonly dueAt: number;
}

export class Pacer<T> {
  readonly #limits: Limits;
  readonly #waiting: Waiting<T>[] = [];
  #waitingReceivers = 0;
  #waitingBytes = 0;
  /** When the deliveries made so far are paid for. */
  #paidAt = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** What waits, and its sums as they are counted. */
  get waiting(): Waits {
    return {
      items: this.#waiting,
      receivers: this.#waitingReceivers,
      bytes: this.#waitingBytes,
      dueAt: this.#paidAt,
    };
  }

  /** True when so many deliveries may be made now; they are then counted. */
  isOpen(receivers: number, now: number): boolean {
    const { messageRate } = this.#limits;
    if (messageRate === undefined) return true;
    if (this.#waiting.length > 0 || this.#paidAt > now) return false;
    this.#spend(receivers, now, messageRate);
    return true;
  }

  /** False when too many would wait; one item may always wait, however many are to get it. */
  wait(value: T, receivers: number, byteLength: number): boolean {
    const { messageHwm = Infinity } = this.#limits;
    const bytes = byteLength + OVERHEAD_BYTES;
    const isOver =
      this.#waitingReceivers + receivers > messageHwm ||
      this.#waitingBytes + bytes > WAITING_BYTES_MAX;
    if (isOver && this.#waiting.length > 0) return false;
    this.#waiting.push({ value, receivers, bytes });
    this.#waitingReceivers += receivers;
    this.#waitingBytes += bytes;
    return true;
  }

  /** What may go now, in order. */
  take(now: number): readonly T[] {
    const { messageRate } = this.#limits;
    const out: T[] = [];
    if (messageRate === undefined) return out;
    while (this.#paidAt <= now) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingReceivers -= next.receivers;
      this.#waitingBytes -= next.bytes;
      this.#spend(next.receivers, now, messageRate);
      out.push(next.value);
    }
    return out;
  }

  /** Until the next may go; undefined when nothing waits. */
  waitMs(now: number): number | undefined {
    if (this.#waiting.length === 0) return undefined;
    return Math.max(1, Math.ceil((this.#paidAt - now) / 1_000));
  }

  #spend(receivers: number, now: number, rate: number): void {
    // A quiet quarter of a second is saved up, so that small bursts do not wait.
    const from = Math.max(this.#paidAt, now - SAVED_US);
    this.#paidAt = from + Math.ceil((receivers * 1_000_000) / rate);
  }
}

/** Of items that wait for their rate, on one shard. */
const WAITING_BYTES_MAX = 67_108_864;
/** What an item costs that says nothing. */
const OVERHEAD_BYTES = 512;
const SAVED_US = 250_000;
