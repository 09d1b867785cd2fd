// What a client asks of its server, one request after the other: the next one goes out when the one before is answered,
// as the server would have it wait anyway. So what was typed keeps its order, whatever has to be said again, and what has
// no answer when a connection ends is said again with the same id on the next one.
// Refuses to know what is asked. Obeys spec/hp.md, sections "Framing" and "Room messages".

import type { ClientType } from '../actors/codecs/hp/envelope.ts';
import type { Payload } from '../actors/codecs/hp/writing.ts';

export interface Request {
  readonly id: string;
  readonly type: ClientType;
  readonly payload: Payload;
  /** It brings the client back to where it was; a person did not ask for it. */
  readonly isSettling: boolean;
  /** How often it was said. */
  attempts: number;
}

export class Asking {
  #queue: Request[] = [];
  #underWay: Request | undefined = undefined;

  get underWay(): Request | undefined {
    return this.#underWay;
  }

  /** What a person asked for and has no answer to. */
  get unanswered(): number {
    const all = this.#underWay === undefined ? this.#queue : [this.#underWay, ...this.#queue];
    return all.filter(({ isSettling }) => !isSettling).length;
  }

  get isIdle(): boolean {
    return this.#underWay === undefined && this.#queue.length === 0;
  }

  add(request: Request): void {
    this.#queue.push(request);
  }

  /** These go before everything else, and take the place of those of this kind that wait. */
  settle(requests: readonly Request[], instead: (request: Request) => boolean): void {
    const others = this.#queue.filter((one) => !(one.isSettling && instead(one)));
    this.#queue = [...requests, ...others];
  }

  /** The next one, which is under way from now on; nothing while another is. */
  begin(): Request | undefined {
    if (this.#underWay !== undefined) return undefined;
    this.#underWay = this.#queue.shift();
    if (this.#underWay !== undefined) this.#underWay.attempts += 1;
    return this.#underWay;
  }

  /** Takes away the one that is answered. */
  answered(ref: string): Request | undefined {
    const request = this.#underWay;
    if (request?.id !== ref) return undefined;
    this.#underWay = undefined;
    return request;
  }

  /** Whatever is under way is to be said again. */
  again(): void {
    if (this.#underWay !== undefined) this.#queue.unshift(this.#underWay);
    this.#underWay = undefined;
  }
}

/** Nothing that a client could do again would help. */
export const finalCodes = ['SESSION_REPLACED', 'INVALID_VERSION', 'UNSUPPORTED_VERSION'];
/** Later, it may be otherwise. */
export const passingCodes = [
  'RATE_LIMITED',
  'UNAVAILABLE',
  'TIMEOUT',
  'INTERNAL',
  'SERVER_DRAINING',
];
