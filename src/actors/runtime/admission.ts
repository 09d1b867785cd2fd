// Who may still come in: counts what is open, in all and for each network address, against two limits.
// Refuses to know what is being counted, or how the one who is turned away is told.

export interface AdmissionLimits {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
}

export type Refusal = 'full' | 'full-for-address';

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #perNetwork = new Map<string, number>();
  #open = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** Counts one more in, or says why not. */
  enter(address: string): Refusal | undefined {
    const network = networkOf(address);
    const here = this.#perNetwork.get(network) ?? 0;
    if (this.#open >= this.#limits.connectionsMax) return 'full';
    if (here >= this.#limits.connectionsPerAddressMax) return 'full-for-address';
    this.#open += 1;
    this.#perNetwork.set(network, here + 1);
    return undefined;
  }

  leave(address: string): void {
    const network = networkOf(address);
    const here = this.#perNetwork.get(network);
    if (here === undefined) return;
    this.#open -= 1;
    if (here === 1) this.#perNetwork.delete(network);
    else this.#perNetwork.set(network, here - 1);
  }
}

/** [BROKER-DOOR-2] [HP-CONN-2] The first half of an address of IPv6: whoever has one may have all that begin like it. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [first = '', last] = address.split('::');
  const groups = first === '' ? [] : first.split(':');
  const after = last === undefined || last === '' ? 0 : last.split(':').length;
  if (last !== undefined) while (groups.length + after < 8) groups.push('0');
  return [...groups, ...(last ?? '').split(':')].slice(0, 4).join(':');
}
