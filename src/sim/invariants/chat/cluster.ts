// How nodes find out who is alive, and what they tell whom: nobody is taken for dead who could be heard, by a node that stalled
// itself least of all; what a node has of another is what that has; in the end there is one link for each pair; and whoever has not proved himself is told nothing.

import type { EventOf } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { Troubles } from './troubles.ts';

export const livePeers: Invariant = {
  property: 'live-peers',
  requirements: ['HP-MEMBER-3', 'HP-MEMBER-5', 'HP-MEMBER-7', 'HP-MEMBER-8'],
  judge(report) {
    const troubles = new Troubles();
    const left = new Map<string, number>();
    const closed = new Map<string, number>();
    return {
      ...troubles.watcher,
      peerSeen(event) {
        const { node, peer, state, at } = event;
        if (state === 'left') left.set(`${node} ${peer}`, at);
        if (state === 'linkDown') closed.set(`${node} ${peer}`, at);
        if (state !== 'down' && state !== 'suspect') return;
        const { nodes, terms } = troubles;
        const other = nodes.indexOf(peer);
        const patienceMs = (state === 'down' ? terms?.downMs : terms?.suspectMs) ?? 0;
        // Whoever stalled has been taken for dead itself, perhaps, and its links with it.
        const since =
          at - (patienceMs + SLACK_MS) * 1_000 - troubles.pausedUs(node, at - PAUSE_MAX_US, at);
        const isExcused =
          troubles.ofNode(other, since, at) ||
          troubles.ofPair(node, other, since, at) ||
          left.has(`${node} ${peer}`);
        const what = state === 'down' ? `takes ${peer} for dead` : `suspects ${peer}`;
        // Who is suspected does not suffer by it: that is forgiven to a node that was in trouble itself, or whose link closed:
        // of two that are made at the same time one is given up.
        const isForgiven =
          state === 'suspect' &&
          (troubles.ofNode(node, since, at) || closed.get(`${node} ${peer}`) === at);
        if (!isExcused && !isForgiven)
          report(event, `node ${node} ${what}, which lives, and could be heard`);
      },
    };
  },
};

/** Whoever is heard by a node that is heard here is reached through that, whatever lies on the way to it. */
export const detours: Invariant = {
  property: 'detours',
  requirements: ['HP-DETOUR-1', 'HP-DETOUR-2', 'HP-DETOUR-3', 'HP-DETOUR-4'],
  judge(report) {
    const troubles = new Troubles();
    /** By pair: what its last link speaks. */
    const spoken = new Map<string, string | undefined>();
    const isWell = (one: number, other: number, since: number, at: number): boolean =>
      spoken.get(pairOf(one, other)) === DETOURS_SINCE && !troubles.ofPair(one, other, since, at);
    return {
      ...troubles.watcher,
      peerSpoke({ node, to, type, version }) {
        if (type === 'SERVER_CHALLENGE') spoken.set(pairOf(node, to), version);
      },
      peerSeen(event) {
        const { node, peer, state, at } = event;
        if (state !== 'down') return;
        const { nodes, terms } = troubles;
        const since = at - ((terms?.downMs ?? 0) + SLACK_MS) * 1_000;
        const other = nodes.indexOf(peer);
        if ([node, other].some((one) => troubles.ofNode(one, since, at))) return;
        const carrier = nodes.findIndex(
          (_, one) =>
            one !== node &&
            one !== other &&
            !troubles.ofNode(one, since, at) &&
            isWell(one, node, since, at) &&
            isWell(one, other, since, at),
        );
        if (carrier >= 0)
          report(event, `node ${node} takes ${peer} for dead, and node ${carrier} hears both`);
      },
    };
  },
};

function pairOf(one: number, other: number): string {
  return `${Math.min(one, other)} ${Math.max(one, other)}`;
}

/** A copy is a beginning of its owner's log: of the same version there is one. */
export const copies: Invariant = {
  property: 'copies',
  requirements: ['HP-REPL-3', 'HP-REPL-4', 'HP-REPL-8'],
  judge: (report) => ({
    digestsDiffered(event) {
      const { node, peer, ver } = event;
      report(event, `node ${node} has another version ${ver} of ${peer} than ${peer} itself`);
    },
    nodesDiffer(event) {
      const { node, peer, what, lacks, tooMuch } = event;
      if (what !== 'sessions') return;
      const [first] = lacks;
      const [more] = tooMuch;
      if (first !== undefined)
        report(event, `node ${node} does not know of ${peer} that it has ${first}`);
      else if (more !== undefined)
        report(event, `node ${node} knows of ${peer} that it has ${more}, and it has not`);
    },
  }),
};

export const mesh: Invariant = {
  property: 'mesh',
  requirements: ['HP-MEMBER-1', 'HP-MEMBER-2', 'HP-MEMBER-3', 'HP-PEER-6', 'HP-PEER-7'],
  judge(report) {
    const judge = new Mesh(report);
    return {
      chatBegan: ({ nodes, terms }) => judge.began(nodes, terms.isCluster),
      peerSeen: (event) => judge.seen(event),
      processDied: ({ node }) => judge.forget(node),
      shardCrashed: ({ node, shard }) => {
        if (shard === 0) judge.forget(node);
      },
      nodeKilled: ({ node }) => judge.dead.add(node),
      linksCounted: (event) => judge.counted(event),
    };
  },
};

class Mesh {
  readonly dead = new Set<number>();
  readonly #report: Report;
  #names: readonly string[] = [];
  /** By observer: who is up, over a link. */
  readonly #linked: Set<string>[] = [];
  /** By observer: whom it suspects. */
  readonly #suspects: Set<string>[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  began(names: readonly string[], isCluster: boolean): void {
    this.#names = isCluster ? names : [];
  }

  seen({ node, peer, state }: EventOf<'peerSeen'>): void {
    const linked = (this.#linked[node] ??= new Set());
    const suspects = (this.#suspects[node] ??= new Set());
    if (state === 'suspect') suspects.add(peer);
    else if (state !== 'linkDown') suspects.delete(peer);
    if (state === 'linkUp') linked.add(peer);
    else if (state !== 'up' && state !== 'suspect') linked.delete(peer);
  }

  forget(node: number): void {
    this.#linked[node] = new Set();
    this.#suspects[node] = new Set();
  }

  counted(event: EventOf<'linksCounted'>): void {
    for (const [one, other, links] of event.pairs)
      if (links !== 1) this.#report(event, `nodes ${one} and ${other} have ${links} links`);
    for (const [node, name] of this.#names.entries()) {
      if (this.dead.has(node)) continue;
      for (const [other, peer] of this.#names.entries()) {
        if (other === node || this.dead.has(other)) continue;
        if (this.#linked[node]?.has(peer) !== true)
          this.#report(event, `${name} has no link to ${peer}, and all is well`);
        if (this.#suspects[node]?.has(peer) === true)
          this.#report(event, `${name} suspects ${peer}, and all is well`);
      }
    }
  }
}

/** A node of an earlier version is told nothing that it cannot know. */
export const versions: Invariant = {
  property: 'versions',
  requirements: ['HP-PEER-10', 'HP-PEER-14', 'HP-BEAT-4'],
  judge(report) {
    return {
      peerSpoke(event) {
        const { node, to, version, hasHave } = event;
        if (version === '1.0' && hasHave === true)
          report(event, `node ${node} says \`have\` to node ${to}, which speaks version 1.0`);
      },
    };
  },
};

/** Ticks, calls and handshakes. */
const SLACK_MS = 6_000;
const PAUSE_MAX_US = 40_000_000;
const DETOURS_SINCE = '1.1';
