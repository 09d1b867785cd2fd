// Whom this node calls, and when next: every address that it was given or told of, until somebody there is linked; less
// and less often where nobody answers. Refuses to know connections and who is alive.
// Obeys spec/hp-peer.md, section "Links".

export interface CallTimes {
  readonly dialMinMs: number;
  readonly dialMaxMs: number;
}

interface Target {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** Who answered there last, or is said to be there. */
  node: string | undefined;
  nextAt: number;
  failures: number;
  isCalling: boolean;
  /** An operator named it: it is called for ever. */
  readonly isGiven: boolean;
  isSelf: boolean;
}

export interface Call {
  readonly ref: number;
  readonly host: string;
  readonly port: number;
}

const addressForm = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/;
const SOON_MS = 300;
const SOON_AGAIN_MS = 1_000;

export class Calls {
  readonly #times: CallTimes;
  readonly #targets = new Map<string, Target>();
  /** Calls that were not answered, by their refs. */
  readonly #open = new Map<number, string>();
  #lastRef = 0;

  constructor(times: CallTimes) {
    this.#times = times;
  }

  /** Nothing happens when the address is no `host:port`, or known. */
  add(address: string, now: number, node?: string): void {
    const known = this.#targets.get(address);
    if (known !== undefined) {
      known.node ??= node;
      return;
    }
    const [, six, plain, port = ''] = addressForm.exec(address) ?? [];
    const host = six ?? plain;
    if (host === undefined || Number(port) > 65_535) return;
    this.#targets.set(address, {
      ...{ address, host, port: Number(port), node, nextAt: now, failures: 0, isCalling: false },
      ...{ isGiven: node === undefined, isSelf: false },
    });
  }

  /** Calls that are to be made now. */
  due(now: number, isLinked: (node: string) => boolean): readonly Call[] {
    const calls: Call[] = [];
    for (const target of this.#targets.values()) {
      const { node, isCalling, isSelf, nextAt } = target;
      if (isCalling || isSelf || nextAt > now) continue;
      if (node !== undefined && isLinked(node)) continue;
      target.isCalling = true;
      this.#lastRef += 1;
      this.#open.set(this.#lastRef, target.address);
      calls.push({ ref: this.#lastRef, host: target.host, port: target.port });
    }
    return calls;
  }

  /** The address of a call that was answered; undefined for one that nobody waits for. */
  answered(ref: number): string | undefined {
    const address = this.#open.get(ref);
    this.#open.delete(ref);
    return address;
  }

  named(address: string, node: string): void {
    const target = this.#targets.get(address);
    if (target !== undefined) target.node = node;
  }

  nodeOf(address: string): string | undefined {
    return this.#targets.get(address)?.node;
  }

  /** A link with the node stands. */
  reached(node: string, address: string, now: number): void {
    if (address !== '') this.add(address, now, node);
    for (const target of this.#targets.values()) if (target.node === node) target.failures = 0;
  }

  /** [HP-PEER-7] The call came to nothing, or what came of it is over: with full jitter, to the double each time. */
  ended(address: string, now: number, chance: number): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.isCalling = false;
    target.failures += 1;
    const { dialMinMs, dialMaxMs } = this.#times;
    const most = Math.min(dialMaxMs, dialMinMs * 2 ** Math.min(target.failures, 10));
    target.nextAt = now + (dialMinMs / 2 + (chance % most)) * 1_000;
  }

  /** The node was here a moment ago: whether it still is shows in a call or two. */
  soon(node: string, now: number): void {
    for (const target of this.#targets.values()) {
      if (target.node !== node) continue;
      target.nextAt = now + (target.failures === 0 ? SOON_MS : SOON_AGAIN_MS) * 1_000;
    }
  }

  /** [HP-PEER-6] It leads to this node itself. */
  isSelf(address: string): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.isCalling = false;
    target.isSelf = true;
  }

  /** What nobody but the node itself has told is not called any more. */
  forget(node: string): void {
    for (const [address, target] of this.#targets)
      if (target.node === node && !target.isGiven) this.#targets.delete(address);
  }
}
