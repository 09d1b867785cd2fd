// Which topics are wanted where: by this node, as its homes say, and by each other node, as it has told.
// Refuses to know links and publications. Obeys spec/hp-peer.md, section "Interest".

import type { Topic } from '../../routing/topic.ts';

export interface Shift {
  readonly topic: Topic;
  /** Nodes that want it now. */
  readonly nodes: number;
}

interface Told {
  topics: Set<Topic>;
  /** Those of a whole list of which more is to come. */
  gathered: Set<Topic> | undefined;
}

export class Interest {
  /** Of this node. */
  readonly own = new Set<Topic>();
  /** Of these, what homes wanted that died, and their successors have not wanted again. */
  readonly doubted = new Set<Topic>();
  readonly #nodes = new Map<string, Told>();
  readonly #topics = new Map<Topic, Set<string>>();

  /** Topics that other nodes want. */
  get wanted(): readonly Topic[] {
    return [...this.#topics.keys()];
  }

  /** [HP-RELAY-1] Those who followed at a home that died may have died with it, and nobody has told. */
  doubt(wasThere: (topic: Topic) => boolean): void {
    for (const topic of this.own) if (wasThere(topic)) this.doubted.add(topic);
  }

  nodesFor(topic: Topic): readonly string[] {
    return [...(this.#topics.get(topic) ?? [])];
  }

  count(topic: Topic): number {
    return this.#topics.get(topic)?.size ?? 0;
  }

  /** [HP-RELAY-2] What a node says of itself; says in turn what has changed. */
  told(
    node: string,
    add: readonly Topic[],
    remove: readonly Topic[],
    whole: 'no' | 'begun' | 'ended',
  ): readonly Shift[] {
    const told = this.#nodes.get(node) ?? { topics: new Set(), gathered: undefined };
    this.#nodes.set(node, told);
    if (whole === 'no') {
      const shifts = add.flatMap((topic) => this.#want(node, told, topic));
      return [...shifts, ...remove.flatMap((topic) => this.#unwant(node, told, topic))];
    }
    told.gathered ??= new Set();
    for (const topic of add) told.gathered.add(topic);
    if (whole === 'begun') return [];
    const { gathered } = told;
    told.gathered = undefined;
    const gone = [...told.topics].filter((topic) => !gathered.has(topic));
    const shifts = [...gathered].flatMap((topic) => this.#want(node, told, topic));
    return [...shifts, ...gone.flatMap((topic) => this.#unwant(node, told, topic))];
  }

  /** [HP-RELAY-2] The list begins anew on a new link. */
  relinked(node: string): void {
    const told = this.#nodes.get(node);
    if (told !== undefined) told.gathered = undefined;
  }

  /** [HP-RELAY-3] A node that is gone wants nothing. */
  forget(node: string): readonly Shift[] {
    const told = this.#nodes.get(node);
    this.#nodes.delete(node);
    if (told === undefined) return [];
    return [...told.topics].flatMap((topic) => this.#unwant(node, told, topic));
  }

  #want(node: string, told: Told, topic: Topic): readonly Shift[] {
    if (told.topics.has(topic)) return [];
    told.topics.add(topic);
    const nodes = this.#topics.get(topic) ?? new Set();
    nodes.add(node);
    this.#topics.set(topic, nodes);
    return [{ topic, nodes: nodes.size }];
  }

  #unwant(node: string, told: Told, topic: Topic): readonly Shift[] {
    if (!told.topics.delete(topic)) return [];
    const nodes = this.#topics.get(topic);
    nodes?.delete(node);
    if (nodes?.size === 0) this.#topics.delete(topic);
    return [{ topic, nodes: nodes?.size ?? 0 }];
  }
}

/** So many, and so long, as one line can tell; one at least. */
export function piecesOf<T>(
  all: readonly T[],
  topicOf: (one: T) => Topic,
  most: number,
): readonly T[][] {
  const pieces: T[][] = [];
  let length = 0;
  for (const one of all) {
    const last = pieces.at(-1);
    const own = topicOf(one).length;
    if (last === undefined || last.length >= most || length + own > LENGTH_PER_LINE) {
      pieces.push([one]);
      length = own;
    } else {
      last.push(one);
      length += own;
    }
  }
  return pieces;
}

export const TOPICS_PER_LINE = 1_000;
/** UTF-16 units, at worst six bytes each in a line. */
const LENGTH_PER_LINE = 150_000;
