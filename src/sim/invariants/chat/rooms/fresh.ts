// What is said in a room while somebody sits there comes to him as new: where nothing goes wrong between nodes, nothing is on
// its way for so long that it has to be told late.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const fresh: Invariant = {
  property: 'room-fresh',
  requirements: ['HP-MSG-4', 'HP-ROOM-2', 'HP-RELAY-1'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
      loggedIn: (event) => {
        for (const room of event.rooms) judge.sits(event, room);
      },
      // Who joins again reads the last messages once more.
      seated: (event) => judge.sits(event, event.room),
      talkerAsked: (event) => judge.asked(event),
      roomHeard: (event) => judge.heard(event),
    };
  },
};

class Judge {
  readonly troubles = new Troubles();
  readonly #report: Report;
  /** By connection and room. */
  readonly #since = new Map<string, number>();
  readonly #askedAt = new Map<string, number>();
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.#diedAt = at;
  }

  sits({ connection, at }: { readonly connection: number; readonly at: number }, room: string) {
    this.#since.set(`${connection} ${room}`, at);
  }

  asked({ connection, what, room, message, at }: EventOf<'talkerAsked'>): void {
    // Whoever asks again may be answered at any time from now on.
    if (what === 'JOIN') this.#since.delete(`${connection} ${room}`);
    if (message !== undefined && !this.#askedAt.has(message)) this.#askedAt.set(message, at);
  }

  heard(event: EventOf<'roomHeard'>): void {
    const { connection, client, room, message, isDelayed, at } = event;
    const since = this.#since.get(`${connection} ${room}`) ?? Infinity;
    const askedAt = this.#askedAt.get(message) ?? 0;
    if (!isDelayed || askedAt < since) return;
    const from = askedAt - TROUBLE_US;
    if (this.#diedAt > from || (this.troubles.isCluster && this.#isApart(askedAt, at))) return;
    this.#report(
      event,
      `client ${client} sits in '${room}' as ${message} is said there, and is told late of it`,
    );
  }

  #isApart(askedAt: number, at: number): boolean {
    // What two homes have told meanwhile may look like a gap when one of them speaks next, however much later.
    if (askedAt < TOGETHER_US || this.troubles.areApart(0, at)) return true;
    return this.troubles.ofCluster(askedAt - TROUBLE_US, at);
  }
}

/** Until nodes have found each other. */
const TOGETHER_US = 8_000_000;
/** Longer than it takes nodes to be as they were. */
const TROUBLE_US = 30_000_000;
