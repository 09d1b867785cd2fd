// Who sits in a room is told who comes and goes, in the order of it: each step changes the number of members by the one of
// whom it tells, nobody comes who is there or goes who is not, and in the end the last number is the true one. And of a room
// in which somebody does not sit he hears nothing at all.

import type { EventOf, TraceEvent } from '../../../trace.ts';
import type { Invariant, Report } from '../../invariant.ts';
import { Troubles } from '../troubles.ts';

export const roomEvents: Invariant = {
  property: 'room-events',
  requirements: ['HP-ROOM-1', 'HP-ROOM-4', 'HP-ROOM-5'],
  judge(report) {
    const judge = new Judge(report);
    return {
      ...judge.troubles.watcher,
      talkerJoined: ({ client, rooms }) => {
        judge.plans[client] = new Set(rooms);
      },
      talkerAsked: ({ what, client, room }) => {
        if (what === 'JOIN' && room !== undefined) judge.plans[client]?.add(room);
      },
      shardCrashed: ({ at }) => judge.died(at),
      processDied: ({ at }) => judge.died(at),
      loggedIn: (event) => judge.loggedIn(event),
      seated: (event) => judge.seated(event),
      unseated: ({ client, room }) => judge.seats[client]?.delete(room),
      roomHeard: (event) => judge.sits(event, event.room, 'a message'),
      signHeard: (event) => {
        if (event.room !== undefined) judge.sits(event, event.room, 'a sign');
      },
      roomEventHeard: (event) => judge.heard(event),
      peerSeen: ({ state }) => {
        judge.isAnyGone ||= state === 'down' || state === 'left';
      },
      talkerRests: (event) => judge.rests(event),
      talkerEnded: ({ client }) => judge.ended(client),
      chatProbed: (event) => judge.end(event),
    };
  },
};

/** What one talker was told of a room since it came in, or came back. */
interface Seat {
  /** Undefined until it was told. */
  count: number | undefined;
  /** Whether each of them is there, as it was told last. */
  readonly here: Map<string, boolean>;
  /** When it was told of the number last. */
  at: number;
  /** That was while steps were told anew: the next one may begin elsewhere. */
  isAnew?: boolean;
}

class Judge {
  readonly troubles = new Troubles();
  /** By client: the rooms that it wants, or has passed by. */
  readonly plans: (Set<string> | undefined)[] = [];
  /** By client and room. */
  readonly seats: (Map<string, Seat> | undefined)[] = [];
  readonly resting = new Map<number, EventOf<'talkerRests'>>();
  /** A thread has died, or a node was taken for dead. */
  isAnyGone = false;
  readonly #report: Report;
  #diedAt = Number.NEGATIVE_INFINITY;
  /** Rooms of talkers of which nobody knows whether they sit there. */
  readonly #unsure = new Set<string>();

  constructor(report: Report) {
    this.#report = report;
  }

  died(at: number): void {
    this.isAnyGone = true;
    this.#diedAt = at;
    // Who goes with the home of a room goes without a word.
    for (const seats of this.seats) for (const { here } of seats?.values() ?? []) here.clear();
  }

  loggedIn({ client, isResumed, rooms, at }: EventOf<'loggedIn'>): void {
    // Who was away is not told what he missed of comings and goings.
    const kept = isResumed ? rooms : [];
    this.seats[client] = new Map(
      kept.map((room) => [room, { count: undefined, here: new Map(), at }]),
    );
  }

  seated({ client, room, count, isAlready, at }: EventOf<'seated'>): void {
    const seats = (this.seats[client] ??= new Map());
    // Its answer may have been overtaken where it sits there already.
    if (!isAlready || !seats.has(room))
      seats.set(room, { count: isAlready ? undefined : count, here: new Map(), at });
  }

  sits(
    event: EventOf<'roomHeard' | 'signHeard' | 'roomEventHeard'>,
    room: string,
    what: string,
  ): Seat | undefined {
    const seat = this.seats[event.client]?.get(room);
    if (seat === undefined)
      this.#report(
        event,
        `client ${event.client} hears ${what} of '${room}', and does not sit there`,
      );
    return seat;
  }

  heard(event: EventOf<'roomEventHeard'>): void {
    const { client, room, event: what, who, count, reason } = event;
    const seat = this.sits(event, room, `a ${what}`);
    // [HP-ROOM-5]
    if (reason === 'node_down' && !this.isAnyGone && !this.#areMoving(event.at))
      this.#report(
        event,
        `client ${client} is told that ${who} leaves '${room}' with a node, and none is gone`,
      );
    if (seat === undefined) return;
    const isExcused = this.#isExcused(event.at);
    const { count: before, here, isAnew = false } = seat;
    Object.assign(seat, { count, at: event.at, isAnew: isExcused });
    if (what === 'count') return;
    const comes = what === 'join';
    const was = here.get(who);
    here.set(who, comes);
    if (isExcused) return;
    const step = comes ? 1 : -1;
    const says = `client ${client} is told that ${who} ${comes ? 'comes into' : 'leaves'} '${room}'`;
    if (was === comes) this.#report(event, `${says} twice`);
    else if (who === event.user) this.#report(event, `${says}, and is ${who} itself`);
    else if (before !== undefined && !isAnew && count !== before + step)
      this.#report(event, `${says}, where ${before} were and ${count} are now`);
  }

  /** Crowds are not told each step, and homes that die or meet tell some steps anew. */
  #isExcused(at: number): boolean {
    const { isCluster = false, roomEventsMax = 0 } = this.troubles.terms ?? {};
    if (roomEventsMax < MANY || at - this.#diedAt < ANEW_US) return true;
    return isCluster && (at < TOGETHER_US || this.troubles.ofCluster(at - APART_US, at));
  }

  /** [HP-STORE-7] A home that is new says so of everybody whom it has not seen. */
  #areMoving(at: number): boolean {
    return (
      this.troubles.isCluster && (at < TOGETHER_US || this.troubles.ofCluster(at - APART_US, at))
    );
  }

  /** Homes that meet tell no numbers of those who were there before. */
  #mayHaveMet(from: number, to: number): boolean {
    if (from - MEETING_US < this.#diedAt) return true;
    if (!this.troubles.isCluster) return false;
    return from < TOGETHER_US || this.troubles.ofCluster(from - MEETING_US, to);
  }

  rests(event: EventOf<'talkerRests'>): void {
    const { client, session } = event;
    if (session !== undefined) this.resting.set(client, event);
    else for (const room of this.plans[client] ?? []) this.#unsure.add(room);
  }

  /** What it asked to see the end was too much for it. */
  ended(client: number): void {
    for (const room of this.resting.get(client)?.rooms ?? []) this.#unsure.add(room);
    this.resting.delete(client);
  }

  /** Whoever was told a number was told every other one since. */
  end(event: TraceEvent): void {
    const truth = new Map<string, Set<string>>();
    for (const { user, rooms } of this.resting.values())
      for (const room of rooms) truth.set(room, (truth.get(room) ?? new Set()).add(user));
    for (const [client, { rooms }] of this.resting)
      for (const room of rooms) {
        const { count, at = 0 } = this.seats[client]?.get(room) ?? {};
        const members = truth.get(room)?.size ?? 0;
        if (count === undefined || count === members || this.#unsure.has(room)) continue;
        if (!this.#mayHaveMet(at, event.at))
          this.#report(
            event,
            `client ${client} was told last that ${count} are in '${room}', where ${members} are`,
          );
      }
  }
}

const MANY = 100;
/** A node that is back, and homes that compare who is there. */
const MEETING_US = 8_000_000;
/** Members sit down again where a home has died. */
const ANEW_US = 10_000_000;
/** Until then nodes have not found each other. */
const TOGETHER_US = 8_000_000;
/** Longer than two homes of one room may know nothing of each other. */
const APART_US = 60_000_000;
