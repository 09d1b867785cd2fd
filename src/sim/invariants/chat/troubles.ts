// What a run of the chat was told at its beginning: its terms, its nodes, and which faults may have done something to a node,
// a way between two nodes or a talker within some time: what judges excuse. Refuses to judge.

import type { EventOf, TracedFault, Watcher } from '../../trace.ts';

type ClusterFault = EventOf<'chatBegan'>['clusterFaults'][number];

interface Span {
  readonly from: number;
  readonly to: number;
}

export class Troubles {
  /** Undefined before the run begins. */
  terms: EventOf<'chatBegan'>['terms'] | undefined = undefined;
  /** Names, by number. */
  nodes: readonly string[] = [];
  #shards = 1;
  #faults: readonly TracedFault[] = [];
  #cluster: readonly ClusterFault[] = [];

  /** What it has to see of a run. */
  readonly watcher: Watcher = {
    began: ({ faults, shards }) => {
      this.#faults = faults;
      this.#shards = shards;
    },
    chatBegan: ({ clusterFaults, nodes, terms }) => {
      this.#cluster = clusterFaults;
      this.nodes = nodes;
      this.terms = terms;
    },
    faultPlayed: ({ fault }) => {
      this.#cluster = [...this.#cluster, fault];
    },
  };

  get isCluster(): boolean {
    return this.terms?.isCluster === true;
  }

  /** Something may have held up the threads of the node, or killed them; what is of a kind in `but` does not count. */
  ofNode(node: number, from: number, to: number, but: readonly string[] = []): boolean {
    const isHit = ({ kind, target }: TracedFault): boolean =>
      !but.includes(kind) &&
      (ofShards.includes(kind)
        ? Math.floor(target / this.#shards) === node
        : ofNodes.includes(kind) && target === node);
    return (
      this.#faults.some((fault) => isHit(fault) && overlaps(spanOf(fault), from, to)) ||
      this.#cluster.some(
        (fault) =>
          !but.includes(fault.kind) &&
          ofProcesses.includes(fault.kind) &&
          fault.one === node &&
          overlaps(spanOf(fault), from, to),
      )
    );
  }

  /** Somebody has told it to end. */
  isLeaving(node: number, at: number): boolean {
    const isOver = ({ at: from }: { readonly at: number }): boolean => from <= at;
    return (
      this.#cluster.some((one) => one.kind === 'drainNode' && one.one === node && isOver(one)) ||
      this.#faults.some((one) => one.kind === 'restartNode' && one.target === node && isOver(one))
    );
  }

  /** When it was told so last, until then. */
  toldToEndAt(node: number, at: number): number {
    const all = [
      ...this.#cluster.filter((one) => one.kind === 'drainNode' && one.one === node),
      ...this.#faults.filter((one) => one.kind === 'restartNode' && one.target === node),
    ];
    return Math.max(-Infinity, ...all.map((one) => one.at).filter((from) => from <= at));
  }

  /** Time in which the node did nothing at all, within some time. */
  pausedUs(node: number, from: number, to: number): number {
    let sum = 0;
    const add = ({ at, durationUs }: { at: number; durationUs: number }): void => {
      sum += Math.max(0, Math.min(to, at + durationUs) - Math.max(from, at));
    };
    for (const fault of this.#cluster)
      if (fault.kind === 'stallNode' && fault.one === node) add(fault);
    for (const fault of this.#faults) {
      const { kind, target } = fault;
      if (kind === 'pauseNode' && target === node) add(fault);
      if (kind === 'pauseShard' && Math.floor(target / this.#shards) === node) add(fault);
    }
    return sum;
  }

  /** Something may have happened to the way between two nodes. */
  ofPair(one: number, other: number, from: number, to: number): boolean {
    return this.#cluster.some((fault) => {
      if (!isOnWay(fault, one, other)) return false;
      return overlaps(spanOf(fault), from, to);
    });
  }

  /** Something may have happened to anything between nodes, or to any node. */
  ofCluster(from: number, to: number): boolean {
    return (
      this.#cluster.some((fault) => overlaps(spanOf(fault), from, to)) ||
      this.nodes.some((_, node) => this.ofNode(node, from, to))
    );
  }

  /** Nodes that live may not have heard each other, or may have been taken for dead. */
  areApart(from: number, to: number): boolean {
    return (
      this.#cluster.some(
        (fault) => !ofNoWay.includes(fault.kind) && overlaps(spanOf(fault), from, to),
      ) ||
      this.#faults.some(
        (fault) =>
          (ofShards.includes(fault.kind) || ofNodes.includes(fault.kind)) &&
          fault.kind !== 'killNode' &&
          overlaps(spanOf(fault), from, to),
      )
    );
  }

  /** The talker's own way, or its node, may have been slow: who notices that somebody has gone notices it at another time. */
  isHeldUp(client: number, node: number, from: number, to: number): boolean {
    const isHit = ({ kind, target }: TracedFault): boolean =>
      ofShards.includes(kind)
        ? Math.floor(target / this.#shards) === node
        : ofNodes.includes(kind) || ofFronts.includes(kind)
          ? target === node
          : target === client;
    return this.#faults.some(
      (fault) => fault.kind !== 'crashShard' && isHit(fault) && overlaps(spanOf(fault), from, to),
    );
  }

  /** Something may have happened to the talker's own way, or to its node. */
  ofTalker(client: number, node: number, from: number, to: number): boolean {
    return (
      this.ofNode(node, from, to) ||
      this.#faults.some(
        ({ kind, target, at, durationUs }) =>
          overlaps({ from: at, to: at + durationUs }, from, to) &&
          (ofFronts.includes(kind) ? target === node : target === client),
      )
    );
  }
}

function isOnWay({ kind, one, other, amount }: ClusterFault, here: number, there: number): boolean {
  if (kind === 'split') return ((amount >> here) & 1) !== ((amount >> there) & 1);
  if (kind === 'cutOff') return one === here || one === there;
  if (!ofWays.includes(kind)) return false;
  return (one === here && other === there) || (one === there && other === here);
}

function spanOf({
  kind,
  at,
  durationUs,
  amount = 0,
}: {
  readonly kind: string;
  readonly at: number;
  readonly durationUs: number;
  readonly amount?: number;
}): Span {
  // It comes back some time after it has gone.
  if (kind === 'drainNode') return { from: at, to: at + durationUs + amount + BACK_AFTER_US };
  if (kind === 'killNode') return { from: at, to: Number.POSITIVE_INFINITY };
  return { from: at, to: at + durationUs + (tailsUs[kind] ?? 0) };
}

function overlaps(span: Span, from: number, to: number): boolean {
  return span.from <= to && from <= span.to;
}

/** How long what a fault has done may last beyond its time. */
const tailsUs: Readonly<Record<string, number>> = {
  halfOpenLink: 20_000_000,
  crashLoop: 4_000_000,
  restartNode: 1_000_000,
};

const BACK_AFTER_US = 2_000_000;

const ofWays: readonly string[] = [
  ...['shutWay', 'flapWay', 'halfOpenLink', 'resetLink', 'slowWay', 'narrowWay'],
  ...['misspeak', 'failLink'],
];
/** Who lives hears all others who do. */
const ofNoWay: readonly string[] = ['killProcess', 'clockJump', 'massReconnect', 'lagNode'];
const ofProcesses: readonly string[] = ['stallNode', 'killProcess', 'drainNode'];
const ofShards: readonly string[] = ['pauseShard', 'lateTimers', 'slowShard', 'crashShard'];
const ofNodes: readonly string[] = [
  ...['pauseNode', 'crashNode', 'crashLoop', 'killNode', 'restartNode', 'stallMain', 'slowPorts'],
];
const ofFronts: readonly string[] = [
  ...['storm', 'partition', 'isolate', 'swizzle', 'refuse', 'blackhole', 'lostAccept'],
  'noDescriptors',
];
