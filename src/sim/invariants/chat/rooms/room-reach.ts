// What is said to be stored in a room reaches everybody who sits there from before it was said until all is at rest,
// wherever its home was and whoever could not hear whom meanwhile.

import type { EventOf } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';

export const roomReach: Invariant = {
  property: 'room-reach',
  requirements: ['HP-MSG-4', 'HP-HOME-4', 'HP-HOME-7', 'HP-HOME-13'],
  judge(report) {
    const judge = new Judge(report);
    return {
      chatBegan(event) {
        judge.nodes = event.nodes.length;
        judge.historyMax = event.terms.historyMax;
      },
      processDied: ({ node, at }) => judge.died(node, at),
      shardCrashed: ({ node, at }) => judge.died(node, at),
      seated(event) {
        judge.placed(event);
        judge.sits(event, event.room, event);
      },
      loggedIn(event) {
        if (event.isResumed)
          for (const room of event.rooms) judge.sits(event, room, judge.lastOf(room));
      },
      unseated: ({ connection, room }) => judge.seats.delete(`${connection} ${room}`),
      talkerEnded: ({ connection }) => judge.ended(connection),
      talkerAsked: (event) => judge.asked(event),
      roomAcked: (event) => judge.acked(event),
      roomHeard(event) {
        judge.heard.add(`${event.client} ${event.room} ${event.message}`);
        judge.placed(event);
      },
      rested: (event) => judge.rest(event),
    };
  },
};

/** Somebody in a room, over one connection. */
interface Seat {
  readonly client: number;
  readonly connection: number;
  readonly node: number;
  readonly room: string;
  /** Since when. */
  readonly at: number;
  /** And since what, in the order of places: who comes in is not told what stands before that. */
  readonly since: RoomPlace;
}

interface Stored {
  readonly client: number;
  readonly room: string;
  readonly message: string;
  /** When it was asked for first. */
  readonly at: number;
  readonly where: RoomPlace;
}

interface RoomPlace {
  readonly epoch: number;
  readonly place: number;
}

class Judge {
  nodes = 0;
  historyMax = 0;
  /** By connection and room. */
  readonly seats = new Map<string, Seat>();
  /** Client, room and message. */
  readonly heard = new Set<string>();
  readonly #report: Report;
  readonly #askedAt = new Map<string, number>();
  /** The highest place of each room that anybody knows. */
  readonly #lasts = new Map<string, RoomPlace>();
  readonly #stored: Stored[] = [];
  readonly #deaths: { readonly node: number; readonly at: number }[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  died(node: number, at: number): void {
    this.#deaths.push({ node, at });
  }

  sits(
    { client, connection, node, at }: EventOf<'seated'> | EventOf<'loggedIn'>,
    room: string,
    { epoch, place }: RoomPlace,
  ): void {
    const key = `${connection} ${room}`;
    const since = { epoch, place };
    if (!this.seats.has(key)) this.seats.set(key, { client, connection, node, room, at, since });
  }

  lastOf(room: string): RoomPlace {
    return this.#lasts.get(room) ?? { epoch: 0, place: 0 };
  }

  placed({ room, epoch, place }: RoomPlace & { readonly room: string }): void {
    if (isAfter({ epoch, place }, this.lastOf(room))) this.#lasts.set(room, { epoch, place });
  }

  ended(connection: number): void {
    for (const [key, seat] of this.seats)
      if (seat.connection === connection) this.seats.delete(key);
  }

  asked({ client, what, room, message, at }: EventOf<'talkerAsked'>): void {
    // Whoever asks to leave hears nothing more that is promised.
    if (what === 'LEAVE' && room !== undefined)
      for (const [key, seat] of this.seats)
        if (seat.client === client && seat.room === room) this.seats.delete(key);
    const key = `${room} ${message}`;
    if (message !== undefined && !this.#askedAt.has(key)) this.#askedAt.set(key, at);
  }

  acked(event: EventOf<'roomAcked'>): void {
    const { client, room, message, status, epoch, place } = event;
    const at = this.#askedAt.get(`${room} ${message}`);
    this.placed(event);
    if (status === 'stored' && at !== undefined)
      this.#stored.push({ client, room, message, at, where: { epoch, place } });
  }

  rest(event: EventOf<'rested'>): void {
    // What is not remembered cannot be told late.
    if (this.historyMax < MANY) return;
    for (const stored of this.#stored)
      for (const seat of this.seats.values())
        if (this.#isMissed(stored, seat))
          this.#report(
            event,
            `client ${seat.client} sits in '${seat.room}' and never heard ${stored.message}, which client ${stored.client} was told is stored`,
          );
  }

  #isMissed({ client, room, message, at, where }: Stored, seat: Seat): boolean {
    if (seat.room !== room || seat.client === client || seat.at >= at) return false;
    if (!isAfter(where, seat.since)) return false;
    return !this.heard.has(`${seat.client} ${room} ${message}`) && !this.#isExcused(seat, at);
  }

  /** Its own node has forgotten who sits there, or too many have died to know what was stored. */
  #isExcused({ node }: Seat, at: number): boolean {
    const since = this.#deaths.filter((death) => death.at >= at - FLIGHT_US);
    const died = new Set(since.map((death) => death.node));
    return died.has(node) || died.size * 2 >= this.nodes;
  }
}

function isAfter(one: RoomPlace, other: RoomPlace): boolean {
  return one.epoch === other.epoch ? one.place > other.place : one.epoch > other.epoch;
}

const MANY = 100;
/** From a deed to its answer. */
const FLIGHT_US = 5_000_000;
