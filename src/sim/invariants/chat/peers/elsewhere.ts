// Whoever is sent away is told where to go instead: to each node that is up, as far as his own node knows, and that does not go
// itself; and nowhere where nodes have not said where clients find them.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const elsewhere: Invariant = {
  property: 'elsewhere',
  requirements: ['HP-DRAIN-3', 'HP-MEMBER-11'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        judge.troubles.watcher.chatBegan?.(event);
        judge.doors = event.doors;
      },
      processBegan: ({ node, at }) => judge.began(node, at),
      shardCrashed: ({ node, at }) => judge.crashed(node, at),
      peerSeen: (event) => judge.seen(event),
      talkerNoticed: (event) => judge.noticed(event),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  /** By node; undefined where nobody says where clients find it. */
  doors: readonly string[] | undefined = undefined;
  readonly #report: Report;
  readonly #beganAt: number[] = [];
  /** By node, when a thread of it died last. */
  readonly #crashedAt: number[] = [];
  /** By node, and by the other one: what that is to it, and since when. */
  readonly #views = new Map<number, Map<string, { readonly isUp: boolean; readonly at: number }>>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(node: number, at: number): void {
    this.#beganAt[node] = at;
    this.#views.delete(node);
  }

  crashed(node: number, at: number): void {
    this.#crashedAt[node] = at;
    this.#views.delete(node);
  }

  seen({ node, peer, state, at }: EventOf<'peerSeen'>): void {
    const view = this.#views.get(node) ?? new Map<string, { isUp: boolean; at: number }>();
    this.#views.set(node, view);
    // Of two links one closes as the other one stands.
    if (state === 'linkDown') return;
    const isUp = state === 'linkUp' || state === 'up';
    if (view.get(peer)?.isUp !== isUp) view.set(peer, { isUp, at });
  }

  noticed(event: EventOf<'talkerNoticed'>): void {
    const { node, client, code, what, servers = [], at } = event;
    const { terms, nodes } = this.troubles;
    if (what !== 'NOTICE' || code !== 'SERVER_DRAINING' || terms?.isCluster !== true) return;
    const { doors = [] } = this;
    const strange = servers.find((server) => !doors.includes(server));
    if (strange !== undefined)
      this.#report(event, `client ${client} is sent from node ${node} to ${strange}`);
    // [HP-PART-5] On the smaller side it is told of others.
    if (terms.partitionPolicy !== 'serve' || this.#isTroubled(node, at)) return;
    for (const [other, name] of nodes.entries()) {
      const { isUp = false, at: since = -Infinity } = this.#views.get(node)?.get(name) ?? {};
      if (other === node || since > at - KNOWN_US) continue;
      const door = doors[other] ?? '';
      const isTold = servers.includes(door);
      const goesAt = this.troubles.toldToEndAt(other, at);
      const goes = goesAt > (this.#beganAt[other] ?? 0);
      if (doors.length > 0 && isUp && !goes && !isTold)
        this.#report(
          event,
          `client ${client} of node ${node} is not told that it may go to ${door}`,
        );
      const isGoing = goes && goesAt < at - GOES_US && !this.#isApart(node, other, goesAt, at);
      if (isTold && (!isUp || isGoing))
        this.#report(
          event,
          `client ${client} of node ${node} is told to go to ${door}, ${isUp ? 'which goes itself' : 'which is not up'}`,
        );
    }
  }

  #isTroubled(node: number, at: number): boolean {
    const since = at - BEFORE_US;
    const isNew = (this.#crashedAt[node] ?? -Infinity) > since;
    return isNew || this.troubles.ofNode(node, since, at, GOES);
  }

  #isApart(node: number, other: number, from: number, to: number): boolean {
    return (
      this.troubles.ofPair(node, other, from - BEFORE_US, to) ||
      this.#isTroubled(other, to) ||
      (this.#crashedAt[other] ?? -Infinity) > from
    );
  }
}

/** That it goes is no trouble. */
const GOES: readonly string[] = ['drainNode', 'restartNode'];
/** Two looks of the keeper of members, and the way to the doors. */
const KNOWN_US = 1_500_000;
/** Until others have heard that it goes. */
const GOES_US = 3_000_000;
const BEFORE_US = 5_000_000;
