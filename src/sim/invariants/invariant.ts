// What an invariant is: it sees the trace's events one by one, keeps what it needs, and says a sentence when the
// spec was broken. It draws no chance, changes nothing, and knows the world from the trace alone.

import type { TraceEvent, Watcher } from '../trace.ts';

export type Report = (event: TraceEvent, sentence: string) => void;

export interface Invariant {
  /** Its name in reports; shrinking keeps to the same property. */
  readonly property: string;
  /** What it judges, by the ids of spec/. */
  readonly requirements: readonly string[];
  /** A fresh judge of one run. `report` may be called any number of times; the first one counts. */
  readonly judge: (report: Report) => Watcher;
}

/** How a publication is called in sentences. */
export function nameOf({
  publisher,
  sequence,
}: {
  readonly publisher: number;
  readonly sequence: number;
}): string {
  return `${publisher}/${sequence}`;
}
