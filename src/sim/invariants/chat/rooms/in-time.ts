// What is said in a room is heard soon by everybody who sits there, where nothing holds up whoever listens, nor anything between
// nodes. Refuses to judge what is lost: that it comes at all, and in which order.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const heardInTime: Invariant = {
  property: 'heard-in-time',
  requirements: ['HP-MSG-4', 'HP-RELAY-4'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, isSlow }) => {
        if (isSlow) judge.slow.add(client);
      },
      seated: (event) => judge.sits(event, event.room),
      loggedIn: (event) => {
        for (const room of event.rooms) judge.sits(event, room);
      },
      talkerAsked: ({ client, what, room = '', message, at }) => {
        if (what === 'LEAVE') judge.rooms.get(room)?.delete(client);
        if (message !== undefined && !judge.saidAt.has(message)) judge.saidAt.set(message, at);
      },
      // It may have been answered that it sits there after it asked to leave.
      unseated: ({ client, room }) => judge.rooms.get(room)?.delete(client),
      talkerEnded: ({ client }) => judge.ended(client),
      roomAcked: (event) => judge.acked(event),
      roomHeard: ({ client, message }) => judge.heard.add(`${client} ${message}`),
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
      sampled: (event) => judge.look(event),
    };
  },
};

/** Somebody in a room, over one connection, and since when. */
interface Seat {
  readonly client: number;
  readonly node: number;
  readonly connection: number;
  readonly at: number;
}

interface Due {
  readonly seat: Seat;
  readonly room: string;
  readonly message: string;
  readonly since: number;
}

class Judge {
  readonly troubles = new Troubles();
  readonly slow = new Set<number>();
  /** By room and client. */
  readonly rooms = new Map<string, Map<number, Seat>>();
  /** Client and message. */
  readonly heard = new Set<string>();
  /** When it was said first, by message. */
  readonly saidAt = new Map<string, number>();
  readonly #report: Report;
  #due: Due[] = [];
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.#diedAt = at;
  }

  sits(
    { client, node, connection, at }: EventOf<'seated'> | EventOf<'loggedIn'>,
    room: string,
  ): void {
    if (this.slow.has(client)) return;
    const seats = this.rooms.get(room) ?? new Map<number, Seat>();
    this.rooms.set(room, seats);
    if (seats.get(client)?.connection !== connection)
      seats.set(client, { client, node, connection, at });
  }

  ended(client: number): void {
    for (const seats of this.rooms.values()) seats.delete(client);
  }

  acked({ client, room, message, at, isDuplicate }: EventOf<'roomAcked'>): void {
    if (isDuplicate) return;
    // Whoever said it may read slowly, and learn late that it was taken.
    const before = Math.min(at - BEFORE_US, this.saidAt.get(message) ?? at);
    for (const seat of this.rooms.get(room)?.values() ?? [])
      if (seat.client !== client && seat.at < before)
        this.#due.push({ seat, room, message, since: at });
  }

  look(event: EventOf<'sampled'>): void {
    const { at } = event;
    const count = this.#due.findIndex(({ since }) => since > at - SOON_US);
    for (const due of this.#due.splice(0, count < 0 ? this.#due.length : count)) {
      const { seat, room, message, since } = due;
      const { client } = seat;
      const isThere = this.rooms.get(room)?.get(client) === seat;
      if (!isThere || this.heard.has(`${client} ${message}`) || this.#isExcused(due, at)) continue;
      this.#report(
        event,
        `client ${client} sits in '${room}', and has not heard ${message} for ${(at - since) / 1e6} s`,
      );
    }
  }

  #isExcused({ seat: { client, node }, since }: Due, at: number): boolean {
    if (this.#diedAt > since - LONG_US) return true;
    if (
      this.troubles.isCluster &&
      (since < TOGETHER_US || this.troubles.ofCluster(since - LONG_US, at))
    )
      return true;
    return this.troubles.ofTalker(client, node, since - LONG_US, at);
  }
}

/** Its answer may be late, and it sits where it does by then. */
const BEFORE_US = 2_000_000;
const SOON_US = 3_000_000;
/** Until all is as it was. */
const LONG_US = 20_000_000;
const TOGETHER_US = 10_000_000;
