// What a node counts is what there is, at every instant between turns: memory, queues, subscriptions, who was let in and what
// waits for its rate. Nobody is held
// back for longer than the spec allows, or when no home knows of it, and when everything is at rest nothing is left of
// readers that were behind and of connections that are no more.

import type { EventOf, TracedFault } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';

export const books: Invariant = {
  property: 'books',
  requirements: [
    'BROKER-LIM-4',
    'BROKER-SLOW-2',
    'BROKER-SUB-4',
    'BROKER-PACE-1',
    'BROKER-REC-6',
    'BROKER-DOOR-2',
    'GRIP-LIMIT-4',
    'HP-CONN-2',
    'HP-HIST-4',
    'HP-DM-10',
    'HP-RELAY-13',
    'HP-RES-6',
    'HP-ROOM-6',
  ],
  judge(report) {
    const judge = new Judge(report);
    return {
      began: ({ faults }) => {
        judge.faults = faults;
      },
      booksKept: (event) => judge.books(event),
      publisherWaits: (event) => judge.waits(event),
      rested: () => {
        judge.isRested = true;
      },
    };
  },
};

interface Wait {
  lastAt: number;
  /** Since when no home knows of it; undefined while one does. */
  unknownSince: number | undefined;
}

class Judge {
  faults: readonly TracedFault[] = [];
  isRested = false;
  readonly #report: Report;
  readonly #waits = new Map<string, Wait>();
  /** By shard, the orphans of the look before. */
  readonly #orphans = new Map<string, readonly number[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  books(event: EventOf<'booksKept'>): void {
    const { node, shard, historyBytes, historyBytesThere, wanted, wantedThere, idleBytes } = event;
    const where = `shard ${node}.${shard}`;
    if (historyBytes !== historyBytesThere)
      this.#report(
        event,
        `${where} counts ${historyBytes} bytes of history, and has ${historyBytesThere}`,
      );
    if (wanted !== wantedThere)
      this.#report(
        event,
        `${where} counts ${wanted} subscriptions, and its streams have ${wantedThere}`,
      );
    if (idleBytes > 0)
      this.#report(event, `${where} counts ${idleBytes} bytes in queues in which nothing waits`);
    if (event.keptAliveGone > 0)
      this.#report(event, `${where} keeps ${event.keptAliveGone} streams alive that it has let go`);
    for (const { what, counted, there, most = Infinity } of event.sums)
      if (counted !== there)
        this.#report(event, `${where} counts ${counted} ${what}, and has ${there}`);
      else if (counted > most)
        this.#report(event, `${where} has ${counted} ${what}, of ${most} at most`);
    const lateUs = event.at - (event.pacedUntil ?? event.at);
    if (lateUs > TURN_US && !this.#isExcused(event.at))
      this.#report(event, `${where} keeps an item ${lateUs} µs beyond its turn`);
    const before = this.#orphans.get(where) ?? [];
    this.#orphans.set(where, event.orphans);
    if (!this.isRested) return;
    if (event.lagging > 0)
      this.#report(event, `${where} holds publishers of ${event.lagging} topics back at rest`);
    if (event.orphans.some((orphan) => before.includes(orphan)))
      this.#report(event, `${where} has streams whose connections are no more`);
  }

  waits(event: EventOf<'publisherWaits'>): void {
    const { node, shard, serverConnection, heldSince = event.at, holds, isKnown, at } = event;
    const who = `a publisher of shard ${node}.${shard}`;
    if (holds < 0) this.#report(event, `${who} is held ${holds} times`);
    const key = `${node}.${shard} ${serverConnection}`;
    const known = this.#waits.get(key);
    // One that was let go meanwhile is held anew.
    const isSame = known !== undefined && at - known.lastAt <= LOOK_US && heldSince <= known.lastAt;
    const wait = isSame ? known : { lastAt: at, unknownSince: undefined };
    this.#waits.set(key, wait);
    wait.lastAt = at;
    wait.unknownSince = isKnown ? undefined : (wait.unknownSince ?? at);
    if (this.#isExcused(at)) return;
    if (at - heldSince > HOLD_US)
      this.#report(event, `${who} has been held for ${at - heldSince} µs`);
    else if (at - (wait.unknownSince ?? at) > LET_GO_US)
      this.#report(
        event,
        `${who} is held, and for ${at - (wait.unknownSince ?? at)} µs no home knows why`,
      );
  }

  /** A thread that stands still, or whose home has died, lets nobody go. */
  #isExcused(at: number): boolean {
    return this.faults.some(
      ({ kind, at: from, durationUs }) =>
        EXCUSES.has(kind) && from <= at && at - HOLD_US <= from + durationUs + RESTART_US,
    );
  }
}

/** Between two looks, and a little more. */
const LOOK_US = 300_000;
/** 2 s, and until it is seen. */
const HOLD_US = 2_600_000;
/** A timer, where threads are busy. */
const TURN_US = 500_000;
/** Crossings, and two looks. */
const LET_GO_US = 600_000;
const RESTART_US = 500_000;
const EXCUSES: ReadonlySet<string> = new Set([
  ...['pauseShard', 'pauseNode', 'slowShard', 'lateTimers', 'slowPorts'],
  ...['crashShard', 'crashNode', 'crashLoop', 'killNode', 'restartNode', 'stallMain'],
]);
