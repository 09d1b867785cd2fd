// Who may still come in: counts what is open, in all and for each network address, against two limits.
// Refuses to know what is being counted, or how the one who is turned away is told.

export interface AdmissionLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

export type Refusal = 'full' | 'full-for-address';

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #perAddress = new Map<string, number>();
  #open = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** Counts one more in, or says why not. */
  enter(address: string): Refusal | undefined {
    const here = this.#perAddress.get(address) ?? 0;
    if (this.#open >= this.#limits.connectionsMax) return 'full';
    if (here >= this.#limits.connectionsPerAddressMax) return 'full-for-address';
    this.#open += 1;
    this.#perAddress.set(address, here + 1);
    return undefined;
  }

  leave(address: string): void {
    const here = this.#perAddress.get(address);
    if (here === undefined) return;
    this.#open -= 1;
    if (here === 1) this.#perAddress.delete(address);
    else this.#perAddress.set(address, here - 1);
  }
}
