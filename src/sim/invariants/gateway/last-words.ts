// Whoever fails leaves nobody waiting: its client is answered with 500, or sees its stream break, or is closed with 1011, at
// once. Refuses to know what made it fail.

import type { EventOf, TracedFault, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { mayBeTroubled } from '../patience.ts';

export const holdersLastWords: Invariant = {
  property: 'holders-last-words',
  requirements: ['RUN-1', 'RUN-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ faults, shards }) => {
        judge.faults = faults;
        judge.shards = shards;
      },
      holdAsked: (event) => judge.asked(event),
      holderPoisoned: (event) => judge.poisoned(event),
      holdAnswered: (event) => judge.answered(event),
      holdEnded: (event) => judge.ended(event),
      shardCrashed: ({ node }) => judge.dead(node),
      nodeKilled: ({ node }) => judge.dead(node),
      sampled: (event) => judge.look(event),
    };
  },
};

class Judge {
  faults: readonly TracedFault[] = [];
  shards = 1;
  readonly #report: Report;
  /** Connections that are not read for a while: they hear of an end when they are read again. */
  readonly #napping = new Set<number>();
  /** By connection: those that must hear of it. */
  readonly #waiting = new Map<number, EventOf<'holderPoisoned'>>();

  constructor(report: Report) {
    this.#report = report;
  }

  asked({ connection, naps }: EventOf<'holdAsked'>): void {
    if (naps === true) this.#napping.add(connection);
  }

  poisoned(event: EventOf<'holderPoisoned'>): void {
    this.#waiting.set(event.connection, event);
  }

  answered({ connection }: EventOf<'holdAnswered'>): void {
    this.#waiting.delete(connection);
  }

  ended({ connection }: EventOf<'holdEnded'>): void {
    this.#waiting.delete(connection);
  }

  dead(node: number): void {
    for (const [connection, poisoned] of this.#waiting)
      if (poisoned.node === node) this.#waiting.delete(connection);
  }

  look(event: TraceEvent): void {
    for (const [connection, { at, client, node, what }] of this.#waiting) {
      const patienceUs = this.#napping.has(connection) ? TOLD_US + NAP_US : TOLD_US;
      if (event.at - at <= patienceUs) continue;
      this.#waiting.delete(connection);
      const isTroubled = mayBeTroubled(
        this.faults,
        { from: at, to: event.at },
        client,
        node,
        this.shards,
      );
      if (!isTroubled)
        this.#report(
          event,
          `whoever answers client ${client} (${what}) failed, and it hears nothing`,
        );
    }
  }
}

/** A slow way, and what waits on it. */
const TOLD_US = 1_500_000;
/** The longest nap. */
const NAP_US = 5_000_000;
