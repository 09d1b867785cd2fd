// What an invariant knows of each epoch of each topic on each node, found by their names as they are: a name made of
// several would be a new text for every event, to be made, hashed and compared. Refuses to know what is known.

export class ByEpoch<T> {
  readonly #make: (topic: string, epoch: string) => T;
  /** By node, then by topic and epoch. */
  readonly #known: Map<string, Map<string, T>>[] = [];

  constructor(make: (topic: string, epoch: string) => T) {
    this.#make = make;
  }

  /** Made where nothing is known yet. */
  readonly of = (node: number, topic: string, epoch: string): T => {
    const topics = (this.#known[node] ??= new Map());
    let epochs = topics.get(topic);
    if (epochs === undefined) {
      epochs = new Map();
      topics.set(topic, epochs);
    }
    let known = epochs.get(epoch);
    if (known === undefined) {
      known = this.#make(topic, epoch);
      epochs.set(epoch, known);
    }
    return known;
  };

  /** The epochs of a topic in the order in which they were met. */
  epochsOf(node: number, topic: string): ReadonlyMap<string, T> {
    return this.#known[node]?.get(topic) ?? NONE;
  }
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>();
