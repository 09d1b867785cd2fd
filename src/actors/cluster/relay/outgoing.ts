// What is on its way to one node: numbered, in order, kept until the other side has it, and sent again over the next
// link. Refuses to know links and what is carried. Obeys spec/hp-peer.md, section "Forwarding".

import type { PeerMessageOf } from '../../codecs/hp-peer/peer-messages.ts';

export type Forward = PeerMessageOf<'FORWARD'>;

export interface OutgoingLimits {
  readonly forwardsMax: number;
  readonly forwardBytesMax: number;
}

interface Waiting {
  readonly forward: Forward;
  readonly bytes: number;
}

export class Outgoing {
  readonly #limits: OutgoingLimits;
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** The number of the last one that was added. */
  #last = 0;
  /** Everything up to this was sent over the link that stands. */
  #sent = 0;
  /** The other side has said over this link what it has. */
  #isOpen = false;

  constructor(limits: OutgoingLimits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** As they are, and not as they were counted. */
  get bytesThere(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** [HP-RELAY-13] How much waits, where 1 is the most that should. */
  get load(): number {
    const { forwardsMax, forwardBytesMax } = this.#limits;
    const bytes = this.#bytes / (forwardBytesMax * BYTES_PART);
    return Math.max(bytes, this.#waiting.length / (forwardsMax * COUNT_PART));
  }

  /** All or none: false when too much waits. `bytes` of each. [HP-RELAY-5] */
  add(forwards: readonly Omit<Forward, 'type' | 'n'>[], bytes: number): boolean {
    const { forwardsMax, forwardBytesMax } = this.#limits;
    if (this.#waiting.length + forwards.length > forwardsMax) return false;
    if (this.#bytes + forwards.length * bytes > forwardBytesMax) return false;
    for (const forward of forwards) {
      this.#last += 1;
      this.#waiting.push({ forward: { type: 'FORWARD', n: this.#last, ...forward }, bytes });
      this.#bytes += bytes;
    }
    return true;
  }

  /** [HP-RELAY-4] Another life of the node: it is told everything from number 1 on. */
  begin(): void {
    this.clear();
    this.#last = 0;
    this.#sent = 0;
  }

  /** A new link: nothing is sent before the other side has said what came over the last one. */
  relinked(): void {
    this.#isOpen = false;
  }

  /** [HP-RELAY-4] */
  acknowledged(n: number): void {
    const count = this.#waiting.findIndex(({ forward }) => forward.n > n);
    const gone = this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
    for (const { bytes } of gone) this.#bytes -= bytes;
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#sent = (this.#waiting[0]?.forward.n ?? this.#last + 1) - 1;
  }

  /** What is to be said over the link now. */
  take(): readonly Forward[] {
    if (!this.#isOpen || this.#sent === this.#last) return [];
    const first = this.#waiting[0]?.forward.n ?? this.#last + 1;
    const unsent = this.#waiting.slice(Math.max(0, this.#sent + 1 - first));
    this.#sent = this.#last;
    return unsent.map(({ forward }) => forward);
  }

  /** The node is gone: what it has not acknowledged is given up. */
  clear(): number {
    const { length } = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#isOpen = false;
    return length;
  }
}

const BYTES_PART = 0.5;
const COUNT_PART = 0.9;
