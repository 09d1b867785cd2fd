// Who is told that a message is stored, or that it waits, is told so when so many nodes have it that with the one that says it
// they are more than half: each of them has said so to that one before. Told over links that are listened to.
// Refuses to judge what becomes of a message when nodes die.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const promised: Invariant = {
  property: 'promised',
  requirements: ['HP-STORE-1', 'HP-STORE-2', 'HP-STORE-6', 'HP-ACK-1', 'HP-ACK-2'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      chatBegan: (event) => {
        judge.troubles.watcher.chatBegan?.(event);
        judge.begin();
      },
      shardCrashed: ({ node }) => judge.died(node),
      processDied: ({ node }) => judge.died(node),
      peerSeen: (event) => judge.seen(event),
      peerSpoke: (event) => judge.spoke(event),
      talkerAsked: (event) => judge.asked(event),
      roomAcked: (event) => judge.stored(event),
      directAcked: (event) => judge.waits(event),
    };
  },
};

type Place = readonly [epoch: number, seq: number];

/** When something was said, by which id, and where. */
interface Said {
  readonly at: number;
  readonly id: string;
  readonly nodes: Set<number>;
}

/** What a node knows of another one. */
interface View {
  readonly since: number;
  /** Since when that is there. */
  readonly upSince: number | undefined;
}

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  /** By node, and by name. */
  #views: Map<string, View>[] = [];
  /** By room, and by the node that is told: up to where each node has said that it keeps it. */
  readonly #kept = new Map<string, Map<number, Map<number, Place>>>();
  /** By receiver, sender and id, and by the node that is told: who holds it. */
  readonly #held = new Map<string, Map<number, Set<number>>>();
  readonly #said = new Map<string, Said>();

  constructor(report: Report) {
    this.#report = report;
  }

  begin(): void {
    this.#views = this.troubles.nodes.map(() => new Map());
  }

  /** Who begins anew knows nobody. */
  died(node: number): void {
    this.#views[node]?.clear();
  }

  seen({ node, peer, state, at }: EventOf<'peerSeen'>): void {
    const views = this.#views[node];
    if (views === undefined || state === 'linkDown' || state === 'suspect') return;
    const { since = at, upSince } = views.get(peer) ?? {};
    if (state === 'left') views.delete(peer);
    else views.set(peer, { since, upSince: state === 'down' ? undefined : (upSince ?? at) });
  }

  spoke({ node, to, key = '', keeps, holds }: EventOf<'peerSpoke'>): void {
    if (keeps !== undefined) {
      const room = key.slice('room '.length);
      const all = this.#kept.get(room) ?? new Map<number, Map<number, Place>>();
      this.#kept.set(room, all);
      const kept = all.get(to) ?? new Map<number, Place>();
      all.set(to, kept);
      const before = kept.get(node);
      if (before === undefined || isBefore(before, keeps)) kept.set(node, keeps);
    } else if (holds !== undefined) {
      const what = `${key.slice('user '.length).toLowerCase()} ${holds}`;
      const held = this.#held.get(what) ?? new Map<number, Set<number>>();
      this.#held.set(what, held);
      held.set(to, (held.get(to) ?? new Set()).add(node));
    }
  }

  asked({ message, id, node, at }: EventOf<'talkerAsked'>): void {
    if (message === undefined || !this.troubles.isCluster) return;
    const said = this.#said.get(message) ?? { at, id, nodes: new Set() };
    this.#said.set(message, said);
    said.nodes.add(node);
  }

  /** [HP-STORE-2] Whichever node is the room's home. */
  stored(event: EventOf<'roomAcked'>): void {
    const { room, epoch, place, status, message, client } = event;
    if (status !== 'stored' || this.#views.every(({ size }) => size === 0)) return;
    const since = (this.#said.get(message)?.at ?? 0) - KNOWN_US;
    let needed = Number.POSITIVE_INFINITY;
    for (const home of this.troubles.nodes.keys()) {
      const all = [...(this.#kept.get(room)?.get(home)?.values() ?? [])];
      const having = all.filter((to) => !isBefore(to, [epoch, place])).length;
      const more = Math.max(1, this.#sizeFor(home, since, event.at) >> 1);
      if (having >= more) return;
      needed = Math.min(needed, more);
    }
    this.#report(
      event,
      `client ${client} is told that ${message} is stored at ${epoch}:${place} of '${room}', which fewer than ${needed} nodes keep for another one`,
    );
  }

  /** [HP-ACK-2] For two seconds it is waited for all that are there and are to hold it. */
  waits(event: EventOf<'directAcked'>): void {
    const { to, user, message, status, isDuplicate, client, at } = event;
    const said = this.#said.get(message);
    if (status !== 'queued' || isDuplicate || said === undefined || said.nodes.size > 1) return;
    if (at - said.at >= PATIENCE_US) return;
    const [node = 0] = said.nodes;
    const since = said.at - KNOWN_US;
    const there = this.#knownTo(node, at).filter(
      ({ upSince = Number.POSITIVE_INFINITY }) => upSince <= since,
    );
    const needed = Math.min(this.#sizeFor(node, since, at) >> 1, there.length);
    const holders = this.#held.get(`${to} ${user} ${said.id}`)?.get(node)?.size ?? 0;
    if (holders < needed)
      this.#report(
        event,
        `client ${client} is told that ${message} waits for ${to}, and ${holders} nodes hold it, of ${needed}`,
      );
  }

  /** [HP-STORE-1] No more than the node knows of, and has not forgotten. */
  #sizeFor(node: number, since: number, at: number): number {
    const { nodesExpected = 0, forgetMs = 0 } = this.troubles.terms ?? {};
    const isLasting = forgetMs >= LASTING_MS;
    const known = this.#knownTo(node, at).filter(
      (view) => view.since <= since && (isLasting || view.upSince !== undefined),
    );
    return Math.max(known.length + 1, nodesExpected);
  }

  /** But for those that have said that they go. */
  #knownTo(node: number, at: number): readonly View[] {
    return [...(this.#views[node] ?? [])].flatMap(([name, view]) =>
      this.troubles.isLeaving(this.troubles.nodes.indexOf(name), at) ? [] : [view],
    );
  }
}

function isBefore([epoch, seq]: Place, other: Place): boolean {
  return epoch === other[0] ? seq < other[1] : epoch < other[0];
}

/** Until the threads of a node know whom it has found. */
const KNOWN_US = 1_000_000;
/** [HP-STORE-6] Those that do not answer are waited for that long. */
const PATIENCE_US = 2_000_000;
/** Longer than any run. */
const LASTING_MS = 600_000;
