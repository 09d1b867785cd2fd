// What an invariant is: it sees the trace's events one by one, keeps what it needs, and says a sentence when the
// spec was broken. It draws no chance, changes nothing, and knows the world from the trace alone.

import type { TraceEvent } from '../trace.ts';

export type Report = (event: TraceEvent, sentence: string) => void;

export interface Invariant {
  /** Its name in reports; shrinking keeps to the same property. */
  readonly property: string;
  /** What it judges, by the ids of spec/. */
  readonly requirements: readonly string[];
  /** A fresh judge of one run. `report` may be called any number of times; the first one counts. */
  readonly judge: (report: Report) => (event: TraceEvent) => void;
}

/** State per connection and topic; a closed connection is forgotten with all its topics. */
export class PerSubscription<S> {
  readonly #connections = new Map<number, Map<string, S>>();

  get(connection: number, topic: string): S | undefined {
    return this.#connections.get(connection)?.get(topic);
  }

  set(connection: number, topic: string, state: S): void {
    let topics = this.#connections.get(connection);
    if (topics === undefined) {
      topics = new Map();
      this.#connections.set(connection, topics);
    }
    topics.set(topic, state);
  }

  delete(connection: number, topic: string): void {
    this.#connections.get(connection)?.delete(topic);
  }

  forget(connection: number): void {
    this.#connections.delete(connection);
  }
}

/** One number for one publication of one publisher. */
export function numberOf({
  publisher,
  sequence,
}: {
  readonly publisher: number;
  readonly sequence: number;
}): number {
  return publisher * 0x1000000 + sequence;
}
