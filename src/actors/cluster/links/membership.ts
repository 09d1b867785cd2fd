// Who is in the cluster and how they are, as one node sees it: silence makes a member suspect, longer silence or a
// process that is certainly gone makes it down, and nobody else's word does. Whoever could not listen for a while
// distrusts itself first. Refuses to know links and messages. Obeys spec/hp-peer.md, section "Members".

import type { MemberTold } from '../../codecs/hp-peer/peer-messages.ts';

export type MemberState = 'up' | 'suspect' | 'down' | 'left';

export interface Member {
  readonly node: string;
  incarnation: number;
  addr: string;
  state: MemberState;
  /** It goes: nothing new is to have its home there. */
  isDraining: boolean;
  /** When anything was heard of it, in the time in which this node could listen; microseconds. */
  heardAt: number;
  /** When it became what it is. */
  changedAt: number;
  /** Calls that were refused since its link closed. */
  refusals: number;
  /** Whom it has links to, by its own last word. */
  links: readonly string[] | undefined;
  /** When it went down lately. */
  downs: readonly number[];
  /** Its machine has said that its process is gone: it is not cut off, it is dead. */
  isCertain: boolean;
  /** Seconds by which its clock is ahead of this node's. */
  skewSeconds: number;
  /** What both can do. */
  caps: readonly string[];
  version: string;
  /** Where clients find it; empty when it says nothing. */
  clients: string;
}

/** Who comes in, as it says itself. */
export interface Comer {
  readonly node: string;
  readonly incarnation: number;
  readonly addr: string;
  readonly version: string;
  readonly caps: readonly string[];
}

export interface MembershipTimes {
  readonly suspectMs: number;
  readonly downMs: number;
  readonly forgetMs: number;
}

export interface Change {
  readonly member: Member;
  readonly from: MemberState;
}

export const TICK_EVERY_MS = 500;
/** [HP-MEMBER-8] A tick that comes later than this says more about this node than about others. */
const LATE_MS = 500;
const REFUSALS_MAX = 2;
/** [HP-MEMBER-7] */
const OTHERS_MIN = 2;
const OTHERS_AFTER_MS = 6_000;
/** [HP-MEMBER-9] */
const FLAPS_MAX = 3;
const FLAPS_WITHIN_MS = 300_000;
const DOWN_MAX_MS = 60_000;
/** [HP-MEMBER-13] */
const LAG_MAX_MS = 200;
const LAGGING_TIMES = 2;

export class Membership {
  readonly self: string;
  readonly #times: MembershipTimes;
  readonly #members = new Map<string, Member>();
  #tickedAt: number;
  #isLagging = false;

  constructor(self: string, times: MembershipTimes, now: number) {
    this.self = self;
    this.#times = times;
    this.#tickedAt = now;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()].toSorted(byNode);
  }

  get(node: string): Member | undefined {
    return this.#members.get(node);
  }

  /** Those that are not known to be gone. */
  get present(): readonly Member[] {
    return this.members.filter(({ state }) => state === 'up' || state === 'suspect');
  }

  /** Names of this node and of those that may be a home beside it, in order. */
  homes(isSelfDraining: boolean): readonly string[] {
    // [HP-PEER-10] A node to which nothing can be forwarded is no home.
    const others = this.present
      .filter(({ isDraining, caps }) => !isDraining && caps.includes('forward'))
      .map(({ node }) => node);
    return (isSelfDraining ? others : [...others, this.self]).toSorted();
  }

  /** [HP-PEER-11] What all that are here can do, this node among them. */
  commonCaps(own: readonly string[]): readonly string[] {
    return own.filter((cap) => this.present.every(({ caps }) => caps.includes(cap)));
  }

  /** [HP-PART-4] Down without a word and without a refusal: dead, or on the other side of a split. */
  get cutOff(): readonly Member[] {
    return this.members.filter(({ state, isCertain }) => state === 'down' && !isCertain);
  }

  /** Others that are up hear it: a link is broken, and no more. */
  isHeardByOthers({ node }: Member): boolean {
    return this.members.some((other) => other.state === 'up' && other.links?.includes(node));
  }

  /** [HP-MEMBER-1] A link to it stands. Says what it was before; undefined when it is new. */
  joined(comer: Comer, now: number): MemberState | undefined {
    const known = this.#members.get(comer.node);
    const before = known?.state;
    const addr = comer.addr === '' ? (known?.addr ?? '') : comer.addr;
    const { downs = [], clients = '', skewSeconds = 0 } = known ?? {};
    this.#members.set(comer.node, {
      ...{
        ...comer,
        addr,
        state: 'up',
        isDraining: false,
        heardAt: now,
        changedAt: now,
        skewSeconds,
      },
      ...{ refusals: 0, links: undefined, downs, isCertain: false, clients },
    });
    return before;
  }

  heard(node: string, now: number): Change | undefined {
    const member = this.#members.get(node);
    if (member === undefined) return undefined;
    member.heardAt = now;
    return member.state === 'suspect' ? this.#become(member, 'up', now) : undefined;
  }

  /** [HP-MEMBER-3] A link that closed without a word. */
  lost(node: string, now: number): Change | undefined {
    const member = this.#members.get(node);
    if (member === undefined) return undefined;
    member.refusals = 0;
    return member.state === 'up' ? this.#become(member, 'suspect', now) : undefined;
  }

  /** [HP-MEMBER-5] Its machine says that nobody listens there: the process is gone. */
  refused(node: string, now: number): Change | undefined {
    const member = this.#members.get(node);
    if (member?.state !== 'suspect' && member?.state !== 'down') return undefined;
    member.refusals += 1;
    if (member.refusals < REFUSALS_MAX) return undefined;
    member.isCertain = true;
    return member.state === 'down' ? undefined : this.#become(member, 'down', now);
  }

  left(node: string, now: number): Change | undefined {
    const member = this.#members.get(node);
    if (member === undefined || member.state === 'left') return undefined;
    return this.#become(member, 'left', now);
  }

  /** [HP-MEMBER-13] How late this node's own thread is, 99 times of 100 at most. True when that changes what it believes. */
  lags(p99Ms: number): boolean {
    const was = this.#isLagging;
    this.#isLagging = p99Ms > LAG_MAX_MS;
    return this.#isLagging !== was;
  }

  get isLagging(): boolean {
    return this.#isLagging;
  }

  /** Looks at everybody; to be called every TICK_EVERY_MS. */
  tick(now: number): readonly Change[] {
    const lateMs = (now - this.#tickedAt) / 1_000 - TICK_EVERY_MS;
    this.#tickedAt = now;
    if (lateMs > LATE_MS) {
      // [HP-MEMBER-8] What was said meanwhile lies unread in the kernel: nobody was silent, this node was deaf.
      for (const member of this.#members.values()) member.heardAt += lateMs * 1_000;
      return [];
    }
    const changes: Change[] = [];
    for (const member of this.#members.values()) {
      const silentMs = (now - member.heardAt) / 1_000;
      if (member.state === 'up' && silentMs >= this.#times.suspectMs * this.#patience)
        changes.push(this.#become(member, 'suspect', now));
      if (member.state !== 'suspect') continue;
      const isOver = silentMs >= this.#downMs(member, now);
      const isLostToAll = silentMs >= OTHERS_AFTER_MS && this.#othersMiss(member) >= OTHERS_MIN;
      if (isOver || isLostToAll) changes.push(this.#become(member, 'down', now));
    }
    return changes;
  }

  /** [HP-MEMBER-10] Those that have been gone for long. */
  forget(now: number): readonly string[] {
    const gone = this.members.filter(
      ({ state, changedAt }) =>
        (state === 'down' || state === 'left') && now - changedAt >= this.#times.forgetMs * 1_000,
    );
    for (const { node } of gone) this.#members.delete(node);
    return gone.map(({ node }) => node);
  }

  told(): readonly MemberTold[] {
    return this.members.map(({ node, incarnation, addr, state }) => {
      return { node, incarnation, addr, state };
    });
  }

  #become(member: Member, state: MemberState, now: number): Change {
    const from = member.state;
    member.state = state;
    member.changedAt = now;
    member.refusals = 0;
    if (state === 'down') {
      const since = now - FLAPS_WITHIN_MS * 1_000;
      member.downs = [...member.downs.filter((at) => at > since), now];
    }
    return { member, from };
  }

  get #patience(): number {
    return this.#isLagging ? LAGGING_TIMES : 1;
  }

  /** [HP-MEMBER-9] Who goes down again and again is waited for longer. */
  #downMs({ downs }: Member, now: number): number {
    const since = now - FLAPS_WITHIN_MS * 1_000;
    const lately = downs.filter((at) => at > since).length;
    const doubled = this.#times.downMs * this.#patience * 2 ** Math.max(0, lately - FLAPS_MAX + 1);
    return Math.max(this.#times.downMs, Math.min(doubled, DOWN_MAX_MS));
  }

  /** [HP-MEMBER-7] How many that are up say that they have no link to it either. */
  #othersMiss(member: Member): number {
    let count = 0;
    for (const other of this.#members.values()) {
      const { links, state } = other;
      if (other === member || state !== 'up' || links === undefined) continue;
      if (!links.includes(member.node)) count += 1;
    }
    return count;
  }
}

function byNode(one: Member, other: Member): number {
  return one.node < other.node ? -1 : one.node > other.node ? 1 : 0;
}
