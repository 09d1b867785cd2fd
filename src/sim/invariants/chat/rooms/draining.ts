// A node that says that it goes takes nothing more: no client, no room, no home. The others go on as if it were gone already:
// what is asked of them is done, and their rooms have other homes. Judged where nothing else goes wrong.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const draining: Invariant = {
  property: 'draining',
  requirements: ['HP-MEMBER-11', 'HP-HOME-1', 'HP-DRAIN-1', 'HP-DRAIN-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ faults }) => {
        judge.isAlone = faults.length === 0;
      },
      chatBegan: (event) => judge.began(event),
      talkerConnected: (event) => judge.connected(event),
      talkerAsked: (event) => judge.asked(event),
      talkerAnswered: (event) => judge.answered(event),
      seated: (event) => judge.seated(event),
      roomHeard: (event) => judge.heard(event),
      peerSeen: (event) => judge.seen(event),
      processBegan: ({ node, at }) => judge.came(node, at),
    };
  },
};

interface Drain {
  readonly node: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

class Judge {
  /** Nothing else goes wrong. */
  isAlone = false;
  readonly #report: Report;
  #drain: Drain | undefined = undefined;
  /** By client: the node that it is on, and the one that it was on before. */
  readonly #on = new Map<number, number>();
  readonly #before = new Map<number, number>();
  /** By client: when it asked to come into rooms, and when for the last that was answered. */
  readonly #joins = new Map<number, number[]>();
  readonly #joinedAt = new Map<number, number>();
  /** It has come back. */
  #isBack = false;
  /** By message, of what was said while the node drained. */
  readonly #askedAt = new Map<string, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  began({ clusterFaults, nodes, terms }: EventOf<'chatBegan'>): void {
    const [fault, ...others] = clusterFaults;
    // [HP-PART-1] The others may be too few without it.
    if (terms.partitionPolicy !== 'serve' && (nodes.length - 1) * 2 <= terms.nodesExpected) return;
    if (!this.isAlone || fault?.kind !== 'drainNode' || others.length > 0) return;
    const { one: node, at: from, durationUs } = fault;
    this.#drain = { node, name: nodes[node] ?? '', from, to: from + durationUs };
  }

  /** So long after it was said that it goes, and still before it has gone. */
  #isWithin({ at }: TraceEvent, afterUs: number): boolean {
    const { from = Infinity, to = 0 } = this.#drain ?? {};
    return at >= from + afterUs && at < to;
  }

  connected({ client, node }: EventOf<'talkerConnected'>): void {
    this.#before.set(client, this.#on.get(client) ?? node);
    this.#on.set(client, node);
    this.#joins.set(client, []);
  }

  asked(event: EventOf<'talkerAsked'>): void {
    const { message, at, client, what } = event;
    if (what === 'JOIN') this.#joins.get(client)?.push(at);
    if (message !== undefined && this.#isWithin(event, 0) && !this.#askedAt.has(message))
      this.#askedAt.set(message, at);
  }

  answered(event: EventOf<'talkerAnswered'>): void {
    const { client, node, asked = '', code = '' } = event;
    if (asked === 'JOIN') this.#joinedAt.set(client, this.#joins.get(client)?.shift() ?? Infinity);
    if (node === this.#drain?.node) {
      const { from, to } = this.#drain;
      if (this.#isWithin(event, (to - from) / 2 + SOON_US))
        this.#report(event, `client ${client} is still served by node ${node}, which goes`);
    } else if (asked === 'RESUME' && this.#before.get(client) !== this.#drain?.node) {
      // [HP-RES-2] Its session is on its way from another node, or has ended there.
    } else if (REFUSALS.includes(code) && this.#isWithin(event, SOON_US + ANSWER_US))
      this.#report(
        event,
        `client ${client} is answered ${code} to ${asked}, because node ${this.#drain?.node ?? 0} goes`,
      );
  }

  seated(event: EventOf<'seated'>): void {
    const { client, node, room, isAlready } = event;
    // What was asked before it was said that it goes may be done.
    const isLate = (this.#joinedAt.get(client) ?? Infinity) >= (this.#drain?.from ?? 0);
    if (node === this.#drain?.node && !isAlready && isLate && this.#isWithin(event, SOON_US))
      this.#report(event, `client ${client} comes into '${room}' on node ${node}, which goes`);
  }

  came(node: number, at: number): void {
    if (node === this.#drain?.node) this.#isBack = at >= this.#drain.from;
  }

  /** Who has said that it goes is not waited for. */
  seen(event: EventOf<'peerSeen'>): void {
    const { node, peer, state, at } = event;
    const isDoubted = state === 'suspect' || state === 'down';
    if (!isDoubted || this.#isBack || peer !== this.#drain?.name || at < this.#drain.from) return;
    this.#report(event, `node ${node} takes ${peer} for ${state}, which has said that it goes`);
  }

  heard(event: EventOf<'roomHeard'>): void {
    const { message, room, home } = event;
    // It comes back under its name.
    if (home !== this.#drain?.name || !this.#isWithin(event, SOON_US)) return;
    if ((this.#askedAt.get(message) ?? 0) >= this.#drain.from + SOON_US)
      this.#report(event, `${home} goes, and gives ${message} a place in '${room}'`);
  }
}

const REFUSALS: readonly string[] = ['TIMEOUT', 'UNAVAILABLE'];
/** Until all have heard it, and what was under way is done. */
const SOON_US = 2_000_000;
/** Until somebody who asked before that gives up. */
const ANSWER_US = 3_000_000;
