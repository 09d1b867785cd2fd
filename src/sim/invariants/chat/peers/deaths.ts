// Whoever is silent is noticed in time: suspect, and then dead, when there was no way to him for so long, and not before his
// time, unless two others say so who are heard themselves.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

/** Before its time nobody is dead, unless two others say so who are heard themselves; who was dead lately has more time. */
export const timelyDeaths: Invariant = {
  property: 'timely-deaths',
  requirements: ['HP-MEMBER-3', 'HP-MEMBER-7', 'HP-MEMBER-9'],
  judge(report) {
    const troubles = new Troubles();
    /** By observer: what each other node is. */
    const views = new Map<number, Map<string, Seen>>();
    /** By node: when its process or a thread of it died last. */
    const diedAt = new Map<number, number>();
    const died = ({ node, at }: { readonly node: number; readonly at: number }): void => {
      diedAt.set(node, at);
      views.delete(node);
    };
    return {
      ...troubles.watcher,
      processDied: died,
      // The first thread of a node knows the others; another one may die beside it.
      shardCrashed: ({ node, shard, at }) => {
        if (shard === 0) died({ node, at });
        else diedAt.set(node, at);
      },
      peerSeen(event) {
        const { node, peer, state: told, at, silentMs: heardBefore = 0 } = event;
        if (told === 'linkDown') return;
        const state = told === 'linkUp' ? 'up' : told;
        const view = views.get(node) ?? new Map<string, Seen>();
        views.set(node, view);
        const before = view.get(peer) ?? {
          state: 'up',
          at,
          linkedAt: at,
          downs: 0,
          heardBefore: 0,
        };
        const { linkedAt, downs } = before;
        view.set(peer, {
          ...{ state, at, linkedAt: told === 'linkUp' ? at : linkedAt },
          downs: downs + (state === 'down' ? 1 : 0),
          heardBefore,
        });
        const { suspectMs = 0, downMs = 0 } = troubles.terms ?? {};
        if (state !== 'down' || before.state !== 'suspect') return;
        const silentMs = (at - before.at) / 1_000 + Math.max(suspectMs, before.heardBefore);
        const doubledMs = Math.min(DOWN_MAX_MS, downMs * 2 ** Math.max(0, downs - FLAPS_MAX + 1));
        if (silentMs > Math.max(downMs, doubledMs) - EARLY_MS) return;
        // Of a process that is gone its machine says so.
        if ((diedAt.get(troubles.nodes.indexOf(peer)) ?? -Infinity) > linkedAt - ON_WAY_US) return;
        if (troubles.pausedUs(node, at - PAUSE_MAX_US, at) > 0) return;
        const others = [...view.values()].filter((one) => one.state === 'up').length;
        if (others < OTHERS_MIN)
          report(
            event,
            `node ${node} takes ${peer} for dead after ${silentMs} ms, and hears ${others} others`,
          );
      },
    };
  },
};

interface Seen {
  readonly state: string;
  /** Since when it is that. */
  readonly at: number;
  /** When it has had its last link. */
  readonly linkedAt: number;
  /** How often it was taken for dead. */
  readonly downs: number;
  /** By its own word it was silent for so many milliseconds then: whoever is late himself notices late. */
  readonly heardBefore: number;
}

/** Whoever cannot be heard at all, by a detour or without, is taken for dead when it is time. */
export const silence: Invariant = {
  property: 'silence',
  requirements: ['HP-MEMBER-3', 'HP-MEMBER-8'],
  judge(report) {
    const judge = new Silence(report);
    return {
      ...judge.troubles.watcher,
      chatBegan(event) {
        judge.troubles.watcher.chatBegan?.(event);
        judge.began(event);
      },
      processDied: ({ node }) => judge.views.delete(node),
      shardCrashed: ({ node }) => judge.views.delete(node),
      peerSeen: (event) => judge.seen(event),
      healed: () => judge.healed(),
      sampled: (event) => judge.look(event),
    };
  },
};

/** What a node must have noticed of another one by some time. */
interface Due {
  readonly node: number;
  readonly other: number;
  /** Nothing has come since. */
  readonly from: number;
  readonly at: number;
  readonly isDeath: boolean;
}

interface View {
  state: string;
  /** When it was up last, as far as it was told. */
  upAt: number;
  downs: number;
}

class Silence {
  readonly troubles = new Troubles();
  /** By observer, and by name. */
  readonly views = new Map<number, Map<string, View>>();
  readonly #report: Report;
  #due: Due[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  /** Splits, and nodes that are cut off, while nothing else opens a way between the two. */
  began({ clusterFaults, nodes, terms }: EventOf<'chatBegan'>): void {
    const patience = [terms.suspectMs, terms.downMs] as const;
    for (const fault of clusterFaults) {
      for (const node of nodes.keys())
        for (const other of nodes.keys())
          if (node !== other && isDeaf(fault, node, other) && isOnly(fault, clusterFaults))
            for (const ms of patience) {
              const at = fault.at + (LATE_TIMES * ms + LATE_MS) * 1_000;
              if (at < fault.at + fault.durationUs)
                this.#due.push({ node, other, from: fault.at, at, isDeath: ms === terms.downMs });
            }
    }
    this.#due.sort((one, another) => one.at - another.at);
  }

  seen({ node, peer, state: told, at }: EventOf<'peerSeen'>): void {
    if (told === 'linkDown') return;
    const state = told === 'linkUp' ? 'up' : told;
    const view = this.views.get(node) ?? new Map<string, View>();
    this.views.set(node, view);
    const before = view.get(peer) ?? { state, upAt: at, downs: 0 };
    const downs = before.downs + (state === 'down' ? 1 : 0);
    view.set(peer, { state, upAt: state === 'up' ? at : before.upAt, downs });
  }

  /** All ways are open again. */
  healed(): void {
    this.#due = [];
  }

  look(event: EventOf<'sampled'>): void {
    for (let due = this.#due[0]; due !== undefined && due.at <= event.at; due = this.#due[0]) {
      this.#due.shift();
      this.#judge(event, due);
    }
  }

  #judge(event: TraceEvent, { node, other, from, at, isDeath }: Due): void {
    const peer = this.troubles.nodes[other] ?? '';
    const view = this.views.get(node)?.get(peer);
    if (view === undefined || view.upAt > from + ON_WAY_US || view.downs > DOWNS_MAX) return;
    if (this.troubles.ofNode(node, from - ON_WAY_US, at)) return;
    const { state } = view;
    if (state !== 'up' && (state !== 'suspect' || !isDeath)) return;
    this.#report(
      event,
      `node ${node} has heard nothing of ${peer} for ${(at - from) / 1e6} s, which is ${state} to it`,
    );
  }
}

type ClusterFault = EventOf<'chatBegan'>['clusterFaults'][number];

/** Nothing of the one comes to the node. */
function isDeaf({ kind, one, amount }: ClusterFault, node: number, other: number): boolean {
  if (kind === 'split') return ((amount >> node) & 1) !== ((amount >> other) & 1);
  if (kind !== 'cutOff') return false;
  return (other === one && amount !== 2) || (node === one && amount !== 1);
}

function isOnly(fault: ClusterFault, all: readonly ClusterFault[]): boolean {
  const from = fault.at - BEFORE_US;
  const to = fault.at + fault.durationUs;
  return !all.some(
    (one) =>
      one !== fault &&
      opening.includes(one.kind) &&
      one.at <= to &&
      one.at + one.durationUs >= from,
  );
}

/** When they end, all ways are open that they have to do with; or what was said long ago comes at last. */
const opening: readonly string[] = ['shutWay', 'split', 'cutOff', 'flapWay', 'narrowWay'];
/** [HP-MEMBER-7] */
const OTHERS_MIN = 2;
/** Two ticks, and what lets one come late. */
const EARLY_MS = 1_600;
const PAUSE_MAX_US = 40_000_000;
/** [HP-MEMBER-13] Whoever is late itself waits for twice as long. */
const LATE_TIMES = 2;
/** Ticks, and what was on its way. */
const LATE_MS = 1_500;
const ON_WAY_US = 1_000_000;
const BEFORE_US = 1_000_000;
/** [HP-MEMBER-9] Who is dead again and again is waited for longer, which runs may be too short for. */
const DOWNS_MAX = 1;
const FLAPS_MAX = 3;
const DOWN_MAX_MS = 60_000;
