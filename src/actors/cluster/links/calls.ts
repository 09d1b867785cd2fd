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
  /** When a node told of it last. */
  toldAt: number;
  nextAt: number;
  /** Calls in a row that came to nothing. */
  failures: number;
  /** Links in a row that did not last, though the node lived on. */
  flaps: number;
  isCalling: boolean;
  /** It was called at least once. */
  isTried: boolean;
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
/** [HP-PEER-7] A link that stood for so long was a good one. */
const STEADY_MS = 30_000;
const FLAPS_MAX = 3;
const LOST_WAIT_MAX_MS = 2_000;
/** What other nodes tell is believed, and is bounded all the same. */
const TARGETS_MAX = 4_096;

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
      known.toldAt = now;
      return;
    }
    const [, six, plain, port = ''] = addressForm.exec(address) ?? [];
    const host = six ?? plain;
    if (host === undefined || Number(port) > 65_535 || this.#targets.size >= TARGETS_MAX) return;
    this.#targets.set(address, {
      ...{ address, host, port: Number(port), node, failures: 0, flaps: 0 },
      ...{ toldAt: now, nextAt: now },
      ...{ isGiven: node === undefined, isSelf: false, isCalling: false, isTried: false },
    });
  }

  /** Every address was called, and what came of it is known. */
  isSettled(isLinked: (node: string) => boolean): boolean {
    return [...this.#targets.values()].every(({ isSelf, isTried, isCalling, node }) => {
      const isReached = isSelf || (node !== undefined && isLinked(node));
      return isReached || (isTried && !isCalling);
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
      target.isTried = true;
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
    for (const target of this.#targets.values()) {
      if (target.node !== node) continue;
      target.isCalling = false;
      target.isTried = true;
      target.failures = 0;
    }
  }

  /** The link with the node is gone. [HP-PEER-7] One that breaks again and again is called for less and less often. */
  lost(node: string, livedMs: number, now: number, chance: number): void {
    for (const target of this.#targets.values()) {
      if (target.node !== node) continue;
      target.isCalling = false;
      target.flaps = livedMs >= STEADY_MS ? 0 : target.flaps + 1;
      const waitMs = target.flaps <= FLAPS_MAX ? SOON_MS : this.#waitMs(target.flaps, chance);
      // Not so late that the node is taken for dead because nobody called it.
      target.nextAt = now + Math.min(waitMs, LOST_WAIT_MAX_MS) * 1_000;
    }
  }

  /** It was no link that broke: the node was gone, or is another one. */
  begunAnew(node: string): void {
    for (const target of this.#targets.values()) if (target.node === node) target.flaps = 0;
  }

  /** [HP-PEER-7] The call came to nothing, or what came of it is over: with full jitter, to the double each time. */
  ended(address: string, now: number, chance: number): void {
    const target = this.#targets.get(address);
    if (target === undefined) return;
    target.isCalling = false;
    target.failures += 1;
    target.nextAt = now + this.#waitMs(target.failures, chance) * 1_000;
  }

  /** [HP-JOIN-1] Somebody is there, and has heard nothing but an old number: it is as if nobody had called. */
  untried(address: string): void {
    const target = this.#targets.get(address);
    if (target !== undefined) target.isTried = false;
  }

  /** The call has done its work, or was not needed. */
  over(address: string): void {
    const target = this.#targets.get(address);
    if (target !== undefined) target.isCalling = false;
  }

  /** The node was here a moment ago: whether it still is shows in a call or two. */
  soonAgain(node: string, now: number): void {
    for (const target of this.#targets.values())
      if (target.node === node) target.nextAt = now + SOON_AGAIN_MS * 1_000;
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

  /** [HP-MEMBER-10] Nor is what nobody has told of since, but where a member is known to be. */
  forgetUntold(since: number, isMember: (node: string, address: string) => boolean): void {
    for (const [address, { node, toldAt, isGiven }] of this.#targets)
      if (!isGiven && toldAt < since && (node === undefined || !isMember(node, address)))
        this.#targets.delete(address);
  }

  #waitMs(times: number, chance: number): number {
    const { dialMinMs, dialMaxMs } = this.#times;
    const most = Math.min(dialMaxMs, dialMinMs * 2 ** Math.min(times - 1, 10));
    const least = Math.floor(dialMinMs / 2);
    return least + (chance % Math.max(1, most - least + 1));
  }
}
