// A session that fails ends alone, and says so: its client is closed with 1011 as soon as its way lets that pass. Nobody else
// fails, and a session fails only of what it cannot bear.

import type { EventOf, TracedFault, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { mayBeTroubled } from '../patience.ts';

export const lastWords: Invariant = {
  property: 'last-words',
  requirements: ['BROKER-CLOSE-1', 'RUN-1', 'RUN-3'],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ faults, shards }) => {
        judge.faults = faults;
        judge.shards = shards;
      },
      joined: ({ client, behaviour, readsPerSecond, windowBytes }) => {
        if (behaviour === 'slow' || behaviour === 'mute' || readsPerSecond > 0)
          judge.idle.add(client);
        if (windowBytes < WIDE_BYTES) judge.narrow.add(client);
      },
      poisoned: (event) => judge.poisoned(event),
      closed: (event) => judge.closed(event),
      shardCrashed: ({ node }) => judge.dead(node),
      nodeKilled: ({ node }) => judge.dead(node),
      sampled: (event) => judge.look(event),
    };
  },
};

class Judge {
  faults: readonly TracedFault[] = [];
  shards = 1;
  /** By connection: those that must be closed. */
  readonly waiting = new Map<number, EventOf<'poisoned'>>();
  /** Whoever does not read at once hears the last words when it does. */
  readonly idle = new Set<number>();
  /** Through a narrow way a whole window of the node's takes its time. */
  readonly narrow = new Set<number>();
  readonly #report: Report;
  /** Connections whose sessions have failed. */
  readonly #failed = new Set<number>();

  constructor(report: Report) {
    this.#report = report;
  }

  poisoned(event: EventOf<'poisoned'>): void {
    if (!this.idle.has(event.client)) this.waiting.set(event.connection, event);
    this.#failed.add(event.connection);
  }

  closed(event: EventOf<'closed'>): void {
    const { client, connection, code, reason, by } = event;
    this.waiting.delete(connection);
    const isForABug = by === 'server' && code === INTERNAL_ERROR && reason === WORDS;
    if (isForABug && !this.#failed.delete(connection))
      this.#report(
        event,
        `client ${client} was closed with ${code} '${reason}', and nothing was wrong`,
      );
  }

  dead(node: number): void {
    for (const [connection, poisoned] of this.waiting)
      if (poisoned.node === node) this.waiting.delete(connection);
  }

  look(event: TraceEvent): void {
    for (const [connection, { at, client, node, how }] of this.waiting) {
      if (event.at - at <= (this.narrow.has(client) ? NARROW_US : CLOSED_US)) continue;
      this.waiting.delete(connection);
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
          `the session of client ${client} failed (${how}), and nobody closed it`,
        );
    }
  }
}

const INTERNAL_ERROR = 1011;
const WORDS = 'internal error';
/** A slow way, and what waits on it. */
const CLOSED_US = 1_500_000;
/** Until the node waits for an answer no longer, and breaks the connection off. */
const NARROW_US = 4_000_000;
const WIDE_BYTES = 65_536;
