// What an invariant knows of the topic's epoch that a reader reads: found by names once, and found again at the
// reader's place as long as it reads the same, which is almost always. Refuses to know what that is.

import type { EventOf } from '../../trace.ts';

interface Found<T> {
  readonly node: number;
  readonly topic: string;
  readonly epoch: string;
  readonly known: T;
}

export class LastRead<T> {
  readonly #find: (node: number, topic: string, epoch: string) => T;
  /** By following. */
  readonly #found: (Found<T> | undefined)[] = [];

  constructor(find: (node: number, topic: string, epoch: string) => T) {
    this.#find = find;
  }

  of({ following, node, saidTopic: topic }: EventOf<'message'>, epoch: string): T {
    const last = this.#found[following];
    if (last?.epoch === epoch && last.topic === topic && last.node === node) return last.known;
    const known = this.#find(node, topic, epoch);
    this.#found[following] = { node, topic, epoch, known };
    return known;
  }
}
