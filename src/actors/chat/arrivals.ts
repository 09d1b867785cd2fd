// How many connections one network address has opened of late: a window that slides, so that no two of them end up beside
// each other. What is older than the window is forgotten, and with it addresses from which nobody comes any more.
// Refuses to know connections. Obeys spec/hp.md, section "Connections".

import { networkOf } from '../runtime/admission.ts';
import { Row } from '../runtime/memory/row.ts';

export interface ArrivalLimits {
  readonly arrivalsPerAddressMax: number;
  readonly arrivalsWindowMs: number;
}

export class Arrivals {
  readonly #max: number;
  readonly #windowUs: number;
  readonly #instants = new Map<string, number[]>();
  /** Who came last stands last. */
  readonly #order = new Row<string>();

  constructor({ arrivalsPerAddressMax, arrivalsWindowMs }: ArrivalLimits) {
    this.#max = arrivalsPerAddressMax;
    this.#windowUs = arrivalsWindowMs * 1_000;
  }

  /** Addresses that are remembered. */
  get addresses(): number {
    return this.#instants.size;
  }

  /** Counts one more, or gives the microseconds until it may come; `now` in microseconds. */
  enter(remote: string, now: number): number {
    this.#forget(now);
    const address = networkOf(remote);
    const since = now - this.#windowUs;
    const recent = (this.#instants.get(address) ?? []).filter((at) => at > since);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= this.#max) return oldest - since;
    this.#order.delete(address);
    this.#order.add(address);
    this.#instants.set(address, [...recent, now]);
    return 0;
  }

  #forget(now: number): void {
    for (let { first } = this.#order; first !== undefined; { first } = this.#order) {
      const last = this.#instants.get(first)?.at(-1) ?? 0;
      if (last > now - this.#windowUs && this.#instants.size <= ADDRESSES_MAX) return;
      this.#order.delete(first);
      this.#instants.delete(first);
    }
  }
}

/** With more, who came first is let in anew. */
const ADDRESSES_MAX = 100_000;
